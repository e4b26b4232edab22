"""The seam between a WebSocket and its opening handshake, and what both need around their Sans-I/O layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from websockets.protocol import Protocol as Layer

if TYPE_CHECKING:
    from .websocket import WebSocket

__all__ = ["COMPRESSION", "Opening", "has_long_length", "release"]

COMPRESSION: Final[dict[str, Any]] = {
    "server_no_context_takeover": True,
    "client_no_context_takeover": True,
    "compress_settings": {"level": 1, "memLevel": 5},
}
"""permessage-deflate as both sides speak it: an idle connection keeps no compressor (R37)."""


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

    def lost(self, error: Exception | None) -> None:
        """TCP has ended, by an error or not."""
        ...


def has_long_length(frame: bytes, *, masked: bool) -> bool:
    """Whether all that is wrong with a frame's head is a length not written as short as can be (RFC 6455, 5.2)."""
    if len(frame) < 2 or frame[0] & 0x30 or frame[0] & 0x07 > 2 or (frame[1] >= 0x80) is not masked:
        return False
    if frame[0] & 0x88 == 0x08:  # a control frame in pieces
        return False
    mark = frame[1] & 0x7F
    width, least = (2, 126) if mark == 126 else (8, 65536) if mark == 127 else (0, 0)
    return len(frame) >= 2 + width and int.from_bytes(frame[2 : 2 + width]) < least


def release(layer: Layer) -> None:
    """Cut what keeps a Sans-I/O layer alive that is needed no more: its parser knows it, and so do its errors."""
    layer.parser.close()
    for error in (layer.parser_exc, layer.handshake_exc):
        if error is not None:  # a request or a response knows it, too, and it knows those
            error.__traceback__ = error.__context__ = error.__cause__ = None
            error.args = ()
            vars(error).clear()
    layer.parser_exc = layer.handshake_exc = None
