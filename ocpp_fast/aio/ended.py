"""What stands in place of a transport that has ended."""

from __future__ import annotations

import asyncio
from typing import Final

__all__ = ["ENDED"]


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
