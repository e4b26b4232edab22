"""The seam below a connection: a `Transport` carries whole text messages, and tells its owner what happens.

`websocket` is its first implementation; nothing above it knows of WebSocket frames, or of the library that makes them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .events import Limit

__all__ = ["CloseCode", "Transport", "TransportOwner"]


class CloseCode(IntEnum):
    """Why a connection ends (RFC 6455, 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL = 1006
    """There was no clean close; never sent."""
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


class TransportOwner(Protocol):
    """The owner of an open transport, which the transport calls."""

    def message_received(self, raw: bytes) -> None:
        """A whole text message has come, in valid UTF-8."""
        ...

    def transport_closed(self, code: int, reason: str) -> None:
        """The connection has ended; nothing follows. Code 1006 says that there was no clean close."""
        ...

    def limit_reached(self, limit: Limit, detail: str = "") -> None:
        """The peer has met a limit of the transport, which does what it must."""
        ...


class Transport(Protocol):
    """Carries whole text messages for a connection."""

    def send(self, raw: bytes) -> None:
        """Send a text message, in UTF-8. Does nothing when the connection is closing."""
        ...

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Start the closing handshake."""
        ...

    def abort(self) -> None:
        """Cut the connection."""
        ...

    def pause(self) -> None:
        """Hand over no more messages, until `resume`."""
        ...

    def resume(self) -> None:
        """Hand over messages again, those that came meanwhile first."""
        ...

    def trust(self) -> None:
        """Take messages of any size from now on that is allowed at all: the station was accepted."""
        ...

    async def answers(self, seconds: float) -> bool:
        """Whether the peer gives a sign of life within so many seconds, asked for one now; False if it can't be."""
        ...

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        ...

    @property
    def failed(self) -> bool:
        """Whether it ends because the peer broke the rules of the transport."""
        ...

    @property
    def peer(self) -> Any:
        """The peer's address, as the operating system tells it."""
        ...

    @property
    def certificate(self) -> bytes | None:
        """The peer's TLS certificate in DER; None if it showed none."""
        ...
