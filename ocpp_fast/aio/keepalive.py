"""WebSocket pings for all connections of an endpoint, on one timer (R38)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

__all__ = ["Keepalive"]

_SLICES: Final = 32


class Pinged(Protocol):
    """A connection that can be asked for a sign of life."""

    def ping(self) -> None:
        """Ask, and close the connection if the last question was not answered."""
        ...


class Keepalive:
    """Pings every connection once in `interval` seconds, a slice of them at a time; 0 is off."""

    def __init__(self, interval: float, connections: Callable[[], Iterable[Pinged]]) -> None:
        self._interval = interval
        self._connections = connections
        self._slice = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; the event loop must run."""
        if self._interval > 0:
            self._timer = asyncio.get_running_loop().call_later(self._interval / _SLICES, self._ping_slice)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    def _ping_slice(self) -> None:
        self._slice = (self._slice + 1) % _SLICES
        for each in [each for each in self._connections() if (id(each) >> 6) % _SLICES == self._slice]:
            each.ping()
        self.start()
