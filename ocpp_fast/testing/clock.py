"""A clock for event loops: what waits for a time to pass, waits no longer than a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

__all__ = ["FakeClock"]

_PASSES = 20
"""So often the event loop goes round for what a timer has set off."""


class FakeClock:
    """The time of an event loop, which `advance` puts forward; else it goes on as ever.

    It moves all that waits by the loop: `asyncio.sleep` and `timeout`, around a test as well, time-outs of calls,
    back-offs, hooks that are late; but not `time.time` or `datetime.now`. It needs asyncio's own event loop.
    """

    def __init__(self) -> None:
        self._loop: Any = None
        self._ahead = 0.0

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be the clock of the running event loop while the context lasts. Raises `TypeError` if it is not asyncio's."""
        loop: Any = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.BaseEventLoop):
            raise TypeError(f"a fake clock needs asyncio's own event loop, not {type(loop).__name__}")
        if self._loop is loop:  # it is there already
            yield
            return
        real = loop.time
        self._loop = loop
        loop.time = lambda: real() + self._ahead  # type: ignore[method-assign]  # as long as the context lasts
        try:
            yield
        finally:
            del loop.time
            self._loop = None

    async def advance(self, seconds: float) -> None:
        """Let time pass at once; timers that are due on the way go off one after another, in their order."""
        loop = self._loop
        if loop is None:
            raise RuntimeError("the clock is not installed: pass it to connect(clock=...), or use `installed()`")
        until = loop.time() + seconds
        await _settle()
        while (due := self._next_timer()) <= until:
            self._ahead += max(0.0, due - loop.time())
            await _settle()
        self._ahead += max(0.0, until - loop.time())
        await _settle()

    def _next_timer(self) -> float:
        timers = (each.when() for each in self._loop._scheduled if not each.cancelled())
        return min(timers, default=inf)


async def _settle() -> None:
    for _ in range(_PASSES):
        await asyncio.sleep(0)
