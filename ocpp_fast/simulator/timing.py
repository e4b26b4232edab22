"""The clock of a simulated station, and what it does at intervals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["Timing"]

_LEFT_ALONE: Final = 1.0
"""A difference between clocks in seconds that may be the time that a message takes."""


class Timing:
    """A clock that can be set, and intervals that may change at any time."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._news: asyncio.Future[None] | None = None

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self._ahead

    def set(self, current_time: datetime) -> None:
        """Follow the clock of the central system, unless they differ by no more than a message takes."""
        if abs((current_time - self.now()).total_seconds()) > _LEFT_ALONE:
            self._ahead = current_time - datetime.now(UTC)
            self.wake()

    def wake(self) -> None:
        """Look at the intervals again."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def every(self, interval: Callable[[], float], act: Callable[[], object], *, aligned: bool = False) -> None:
        """Act at an interval in seconds, 0 for never; if aligned, when the clock shows a multiple of it."""

        def read() -> float:
            return self.now().timestamp() if aligned else asyncio.get_running_loop().time()

        last = read()
        while True:
            seconds, now = interval(), read()
            if last - now > seconds:  # the clock was set back
                last = now
            due = (last // seconds + 1) * seconds if aligned and seconds else last + seconds
            if await self._woken(max(0.0, due - now) if seconds else None):
                continue
            last = due if aligned else read()
            act()

    async def _woken(self, seconds: float | None) -> bool:
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._news], timeout=seconds)
        return bool(done)
