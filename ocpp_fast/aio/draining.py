"""Drain: the stations of a listener leave it, some each second, for another node to take them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, TypeVar

from .admission import DRAINING
from .arguments import check_seconds, check_size
from .logs import write
from .stations import Station
from .transport import CloseCode

if TYPE_CHECKING:
    from .endpoint import Runtime
    from .sockets import Sockets

__all__ = ["DEFAULT_RATE", "Busy", "Code", "DrainOptions", "Draining", "drain_options", "drain_share"]

T = TypeVar("T")

DEFAULT_RATE: Final = 100
"""Stations a second."""

_TICKS: Final = 50
_TICK: Final = 1.0 / _TICKS
_TELL_SECONDS: Final = 10.0

Busy: TypeAlias = Callable[[Station], object]
Code: TypeAlias = int | Callable[[Station], int]


class DrainOptions(TypedDict, total=False):
    """The options of `Server.drain`, which has their defaults."""

    rate: int
    timeout: float
    busy: Busy | None
    code: Code


def drain_options(given: int | DrainOptions | None) -> DrainOptions | None:
    """Return the options of a drain of which the rate may be all that is told. Raises `ValueError`."""
    return {"rate": check_size("drain", given)} if isinstance(given, int) else given


def drain_share(options: DrainOptions | None, count: int) -> DrainOptions | None:
    """Return the options for one of several processes that drain together, so that all keep to the rate."""
    return options and {**options, "rate": max(1, options.get("rate", DEFAULT_RATE) // count)}


class Draining:
    """Closes the stations of a listener; see `Server.drain`. Nothing of it is there before.

    A second has ticks: a station that leaves in it is due at one of them, at random, and leaves then, or as soon as
    nothing of it is open.
    """

    def __init__(
        self, runtime: Runtime, sockets: Sockets, *, rate: int, timeout: float, busy: Busy | None, code: Code
    ) -> None:
        self._runtime = runtime
        self._sockets = sockets
        self._rate = check_size("rate", rate)
        self._timeout = check_seconds("timeout", timeout, most=float("inf"))
        self._busy = busy
        self._code = code
        self._due: set[Station] = set()

    async def run(self) -> int:
        """Return how many stations are left when all have gone, or the time is over."""
        loop = asyncio.get_running_loop()
        begin = told = loop.time()
        self._log("draining: %d stations, %d a second", len(self._connected()), self._rate)
        try:
            while (left := self._connected()) and loop.time() < begin + self._timeout:
                if loop.time() >= told + _TELL_SECONDS:
                    told = loop.time()
                    self._log("draining: %d stations are left", len(left))
                await self._drain_for_a_second(left, begin + self._timeout)
        finally:
            self._runtime.leaving -= self._due
        level = logging.WARNING if left else logging.INFO
        self._log("drained within %.1f s: %d stations are left", loop.time() - begin, len(left), level=level)
        return len(left)

    def _log(self, message: str, *values: object, level: int = logging.INFO) -> None:
        write(self._runtime.log, level, message, *values)

    def _connected(self) -> list[Station]:
        return [each.owner for each in self._sockets if isinstance(each.owner, Station)]

    async def _drain_for_a_second(self, left: list[Station], deadline: float) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        following = sorted((each for each in left if each not in self._due), key=self._is_busy)[: self._rate]
        ticks: defaultdict[int, list[Station]] = defaultdict(list)
        for each in following:
            ticks[random.randrange(_TICKS)].append(each)
        is_last = len(following) + len(self._due) == len(left)
        for tick in range(_TICKS):
            await asyncio.sleep(begin + tick * _TICK - loop.time())
            self._due.update(ticks.pop(tick, ()))
            for each in [*self._due]:
                self._try(each)
            if (is_last and not self._due and not ticks) or loop.time() >= deadline:
                return
        await asyncio.sleep(begin + 1 - loop.time())

    def _try(self, station: Station) -> None:
        """Close a station whose moment has come, unless a call is open; new ones are refused meanwhile."""
        leaving = self._runtime.leaving
        if not station.connected:
            self._due.discard(station)
            leaving.discard(station)
        elif station.has_open_calls:
            leaving.add(station)
        elif not station.is_handling:
            self._due.discard(station)
            leaving.discard(station)
            station.leave(self._code_of(station), DRAINING)

    def _is_busy(self, station: Station) -> bool:
        if station.has_open_calls or station.is_handling:
            return True
        return self._busy is not None and bool(self._asked("busy", self._busy, station, None))

    def _code_of(self, station: Station) -> int:
        if callable(self._code):
            return self._asked("code", self._code, station, int(CloseCode.SERVICE_RESTART))
        return self._code

    def _asked(self, name: str, function: Callable[[Station], T], station: Station, otherwise: T) -> T:
        try:
            return function(station)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's code
            write(self._runtime.log, logging.ERROR, "%s: `%s` of the drain failed", station.id, name, exc_info=error)
            return otherwise
