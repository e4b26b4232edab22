"""Transports that have ended: what stands in place of one, and how to notice one that nobody reads."""

from __future__ import annotations

import asyncio
import select
from typing import Final

__all__ = ["ENDED", "has_hung_up"]

_HANG_UP: Final = getattr(select, "POLLRDHUP", 0)


class Ended(asyncio.Transport):
    """A transport that does nothing; a WebSocket that kept its own would be a cycle with asyncio's TLS."""

    def is_closing(self) -> bool:
        """Return True."""
        return True

    def get_write_buffer_size(self) -> int:
        """Return 0."""
        return 0

    def _ignore(self, data: object = None) -> None:
        pass

    write = abort = close = pause_reading = resume_reading = _ignore


ENDED: Final = Ended()


def has_hung_up(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer has ended its stream, behind what is not read; False where the system can't tell."""
    sock = transport.get_extra_info("socket")
    if not _HANG_UP or sock is None:
        return False
    poll = select.poll()
    poll.register(sock.fileno(), _HANG_UP)
    return bool(poll.poll(0))
