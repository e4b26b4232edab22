"""WebSocket pings for all connections with one interval, on one timer (R38)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final, Generic, Protocol, TypeVar

__all__ = ["Keepalive"]

_MOST_SLICES: Final = 256
_SLICES_A_SECOND: Final = 4


class Pinged(Protocol):
    """A connection that can be asked for a sign of life."""

    def ping(self) -> None:
        """Ask, and close the connection if the last question was not answered."""
        ...


P = TypeVar("P", bound=Pinged)


class Keepalive(Generic[P]):
    """Pings every connection once in `interval` seconds, a slice of them at a time; 0 is off.

    Slices without connections cost nothing: neither memory nor a turn of the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._count = min(_MOST_SLICES, int(interval * _SLICES_A_SECOND) + 2) if interval else 1
        self._slices: dict[int, set[P]] = {}
        self._wait = interval / self._count
        self._last = 0
        self._at = loop.time()
        """When the last slice had its turn."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, each: P) -> None:
        """Ping a connection from now on."""
        index = self._index(each)
        if index not in self._slices:
            if not self._slices:
                self._at = self._loop.time()
            self._slices[index] = set()
            self._plan()
        self._slices[index].add(each)

    def discard(self, each: P) -> None:
        """A connection has ended."""
        index = self._index(each)
        if index in self._slices:
            self._slices[index].discard(each)
            if not self._slices[index]:
                del self._slices[index]

    def __iter__(self) -> Iterator[P]:
        for each in self._slices.values():
            yield from each

    def close(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    def _index(self, each: P) -> int:
        return (id(each) >> 6) % self._count

    def _plan(self) -> None:
        """Wait for the next slice that has connections."""
        self.close()
        if self._wait and self._slices:
            turns, index = min(((each - self._last - 1) % self._count + 1, each) for each in self._slices)
            self._timer = self._loop.call_at(self._at + turns * self._wait, self._ping_slice, index)

    def _ping_slice(self, index: int) -> None:
        self._last, self._at = index, self._loop.time()  # what the loop was late for is not made up for
        self._plan()  # first: who is told of a ping may `close`
        for each in tuple(self._slices.get(index, ())):
            each.ping()
