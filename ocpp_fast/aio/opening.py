"""The seam between a WebSocket and its opening handshake, and the end of the Sans-I/O layers of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from websockets.protocol import Protocol as Layer

if TYPE_CHECKING:
    from .websocket import WebSocket

__all__ = ["Opening", "release"]


class Opening(Protocol):
    """The opening handshake of one side."""

    def begin(self, websocket: WebSocket) -> None:
        """TCP is connected."""
        ...

    def receive(self, data: bytes) -> None:
        """Take bytes of the peer."""
        ...

    def too_late(self) -> None:
        """It takes too long."""
        ...

    def eof(self) -> None:
        """The peer writes no more."""
        ...

    def lost(self) -> None:
        """TCP has ended."""
        ...


def release(layer: Layer) -> None:
    """Cut what keeps a Sans-I/O layer alive that is needed no more: its parser knows it, and so do its errors."""
    layer.parser.close()
    for error in (layer.parser_exc, layer.handshake_exc):
        if error is not None:  # a request or a response knows it, too, and it knows those
            error.__traceback__ = error.__context__ = error.__cause__ = None
            error.args = ()
            vars(error).clear()
    layer.parser_exc = layer.handshake_exc = None
