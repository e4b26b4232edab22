"""Why a WebSocket hands over no messages for a while, and what happens to those that come meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from .._core import Wire

if TYPE_CHECKING:
    from .sockets import Sockets

__all__ = ["DECIDING", "MOST_UNTRUSTED", "OWNER", "TURN", "WRITING", "PausingWire"]

MOST_UNTRUSTED: Final = 64 * 1024
"""The bytes that a message may have, and that are kept, until the peer is trusted."""

DECIDING: Final = 1  # the handshake is being decided, and more has come already
WRITING: Final = 2  # the peer does not read what it is sent
OWNER: Final = 4  # the owner wants no more messages: too many of the peer's calls wait
TURN: Final = 8  # others have their turn


class PausingWire(Wire):
    """A wire that is paused for reasons, and goes on when all of them are taken back."""

    __slots__ = ("_lost", "_pauses", "_sockets")

    transport: asyncio.Transport

    def __init__(self, sockets: Sockets, *, masks: bool) -> None:
        super().__init__(sockets.buffer, 0, not masks)
        self._sockets = sockets
        self._pauses = 0
        self._lost = False

    def pause(self, reason: int = OWNER) -> None:
        """Hand over no more messages, and read no more, until every reason has been taken back by `resume`."""
        self._pauses |= reason
        self.paused = True
        if reason != DECIDING:
            self.transport.pause_reading()

    def resume(self, reason: int = OWNER) -> None:
        """Take a reason back; what came meanwhile is handed over first."""
        if not self._pauses & reason:
            return
        self._pauses &= ~reason
        if self._pauses or self._lost:
            return
        if reason in (OWNER, WRITING):
            self.heard = True  # the pong may be behind what was not read
        self.paused = False
        self.feed(b"")
        if not self.paused and not self._lost:
            self.transport.resume_reading()

    def spent(self) -> None:
        """Let others have their turn; or keep what has come while all is paused."""
        if not self.paused:
            self.pause(TURN)
            self._sockets.loop.call_soon(self.resume, TURN)
        elif self._pauses != DECIDING or self.kept > MOST_UNTRUSTED:
            self.transport.pause_reading()

    def _read_on(self) -> None:
        """Take all reasons back, or the end of the stream would not be noticed; a Close frame may have been kept."""
        if self._pauses and not self._lost:
            self._pauses = 0
            self.paused = False
            self.transport.resume_reading()
            self._sockets.loop.call_soon(self._feed_rest)

    def _feed_rest(self) -> None:
        if not self._lost and self.kept:
            self.feed(b"")
