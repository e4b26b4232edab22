"""The bus that carries a cluster: what the cluster needs of one, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

__all__ = ["Bus", "BusLost", "Deliver"]

Deliver: TypeAlias = Callable[[str, str, bytes], None]
"""Takes a message: its subject, the subject for an answer ("" if none is wanted), its payload. Never waits.

Payloads of a cluster are never empty: an empty one that arrives at the subject for an answer says that nobody listens
where the question went.
"""


class BusLost(ConnectionError):
    """Nothing was published: the bus is not connected now."""


class Bus(Protocol):
    """Publishes and delivers messages by subject, at most once each, in the order of each publisher.

    Subscriptions are few; they may be made at any time, also before `start`, and live as long as the bus, through every
    loss of the connection, which it restores by itself, for ever. Nothing is kept for later: what can't be sent now is
    not sent.
    """

    @property
    def trouble(self) -> str:
        """Why the last try to connect failed; empty where none has, or once one succeeded."""
        ...

    @property
    def connected(self) -> bool:
        """Whether messages can be sent, as far as it is known."""
        ...

    def subscribe(self, subject: str, deliver: Deliver, *, queue: str = "") -> Callable[[], None]:
        """Deliver the messages of a subject (`*`: one token, `>`: the rest), shared with others of a queue.

        Returns a function that ends it.
        """
        ...

    async def start(self, *, on_lost: Callable[[], None], on_back: Callable[[], None]) -> None:
        """Connect, and stay connected until `close`; returns once connected, or goes on trying after some seconds.

        `on_back` is called each time when it is connected, `on_lost` when it is not any more. Raises `PermissionError`
        for credentials that are refused at the first try.
        """
        ...

    def publish(self, subject: str, payload: bytes, *, reply: str = "") -> None:
        """Send a message now. Raises `BusLost` when that is impossible; what was sent may still be lost."""
        ...

    def reset(self) -> None:
        """Drop the connection, which is deaf though it looks alive, and make a new one."""
        ...

    async def close(self) -> None:
        """Send what was published, and disconnect for good."""
        ...
