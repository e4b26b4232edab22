"""Things that must be over within the same time, on one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

__all__ = ["Timeouts"]

T = TypeVar("T")

_AT_ONCE = 20


class Timeouts(Generic[T]):
    """Calls `late` with what was started and not stopped within `seconds`, and with the note that was left.

    All of one kind take the same time, so they come due in the order in which they were started. Of many that are due,
    no more than 20 are told of in one turn of the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, late: Callable[[T, Any], object]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._late = late
        self._due: dict[T, tuple[float, Any]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self, each: T, note: Any = None) -> None:
        """Begin, or begin anew."""
        self._due.pop(each, None)
        self._due[each] = self._loop.time() + self._seconds, note
        self._arm()

    def add(self, each: T, more: Any) -> None:
        """Add to the note of what was started; its time goes on."""
        if (begun := self._due.get(each)) is not None:
            self._due[each] = begun[0], begun[1] + more

    def _arm(self) -> None:
        if self._timer is None and self._due:
            self._timer = self._loop.call_at(next(iter(self._due.values()))[0], self._ring)

    def stop(self, each: T) -> None:
        """It is over, if it was started at all."""
        self._due.pop(each, None)

    def close(self) -> None:
        """Forget all."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __contains__(self, each: object) -> bool:
        return each in self._due

    def __iter__(self) -> Iterator[T]:
        return iter(self._due)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for each, (due, note) in list(islice(self._due.items(), _AT_ONCE)):
            if due > now:
                break
            if self._due.pop(each, None) is not None:
                self._late(each, note)
        self._arm()
