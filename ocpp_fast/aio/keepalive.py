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
    """Pings every connection once in `interval` seconds, a slice of them at a time; 0 is off."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        count = min(_MOST_SLICES, int(interval * _SLICES_A_SECOND) + 2) if interval else 1
        self._slices: list[set[P]] = [set() for _ in range(count)]
        self._wait = interval / count
        self._next = 0
        self._timer = loop.call_later(self._wait, self._ping_slice) if interval else None

    def add(self, each: P) -> None:
        """Ping a connection from now on."""
        self._slice_of(each).add(each)

    def discard(self, each: P) -> None:
        """A connection has ended."""
        self._slice_of(each).discard(each)

    def __iter__(self) -> Iterator[P]:
        for each in self._slices:
            yield from each

    def close(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    def _slice_of(self, each: P) -> set[P]:
        return self._slices[(id(each) >> 6) % len(self._slices)]

    def _ping_slice(self) -> None:
        self._timer = self._loop.call_later(self._wait, self._ping_slice)  # first: who is told of a ping may `close`
        self._next = (self._next + 1) % len(self._slices)
        for each in tuple(self._slices[self._next]):
            each.ping()
