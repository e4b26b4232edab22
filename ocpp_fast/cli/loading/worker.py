"""A process of a load test: some of the stations, told what to do over a pipe, over which it sends its tally."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from time import monotonic, process_time
from typing import Any, Final

from ocpp_fast import BackOff, ChargePoint

from ..load import LoadArguments
from .mix import mix_of
from .station import Course, LoadStation
from .tally import Tally

__all__ = ["charge_point_of", "version_of", "work"]

_TICK: Final = 0.02
"""Seconds between two looks at the pipe."""
_INTERVAL: Final = 0.2
"""Seconds between two tallies."""
_GRACE: Final = 5.0
"""Seconds for the calls that are due when the test ends."""
_NEVER: Final = BackOff(minimum=1e9)
"""Here the station itself connects again."""


def work(given: LoadArguments, number: int, pipe: Connection) -> None:
    """Be the process of this number, from 0 on, until told to stop or the other end of the pipe is closed."""
    gc.disable()  # it would show in the latencies, and nothing of a closed connection is a cycle
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_Worker(given, number, pipe).run())


def version_of(given: LoadArguments) -> Any:
    """Return the version that the stations speak."""
    return import_module(f"ocpp_fast.v{given.version.replace('.', '')}").VERSION


def charge_point_of(given: LoadArguments, index: int, context: ssl.SSLContext | None) -> ChargePoint:
    """Return the charge point of a station. Raises `ValueError` for an unusable identity, URL or password."""
    return ChargePoint(
        f"{given.prefix}{index:05}",
        given.url,
        versions=[version_of(given)],
        password=given.password,
        local_address=given.sources[index % len(given.sources)] if given.sources else None,
        back_off=_NEVER,
        ssl=context,
        ping_interval=0,
        call_timeout=given.timeout,
        open_timeout=given.timeout,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    return import_module("uvloop").new_event_loop if find_spec("uvloop") else None


class _Worker:
    """Every `given.processes`-th station, and what they have in common."""

    def __init__(self, given: LoadArguments, number: int, pipe: Connection) -> None:
        self._given = given
        self._pipe = pipe
        self._tally = Tally()
        self._course = Course()
        self._mix = mix_of(version_of(given), given.mix)
        self._ssl = ssl.create_default_context() if given.url.startswith("wss:") else None
        self._cpu = self._due = 0.0
        self._indices = range(number, given.stations, given.processes)

    async def run(self) -> None:
        """Connect the stations, obey, and send the last tally when all have left."""
        stations = [self._station(index) for index in self._indices]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(station.live(index / self._given.connect_rate))
                for index, station in zip(self._indices, stations, strict=True)
            ]
            try:
                await self._obey(stations)
            finally:
                for task in tasks:
                    task.cancel()
        self._send()

    def _station(self, index: int) -> LoadStation:
        given = self._given
        charge_point = charge_point_of(given, index, self._ssl)
        period = given.period
        phase = 0.0 if period is None else period * index / given.stations
        return LoadStation(charge_point, self._mix, self._tally, self._course, period=period, phase=phase)

    async def _obey(self, stations: list[LoadStation]) -> None:
        """Carry out what the pipe says, until that is to stop; the calls end when their time is over."""
        while (command := self._command()) != "stop":
            if command == "start":
                self._start()
            elif command == "storm":
                self._course.storm = monotonic()
                for station in stations:
                    station.drop()
            elif self._course.now >= self._course.length and not self._tally.obeyed["end"]:
                command = "end"
                await self._end(stations)
            if command:
                self._tally.obeyed[command] += 1
            await self._tick()
        if self._course.started.is_set() and not self._tally.obeyed["end"]:
            await self._end(stations)

    def _command(self) -> str:
        try:
            command: str = self._pipe.recv() if self._pipe.poll() else ""
        except EOFError:
            return "stop"
        return command

    async def _tick(self) -> None:
        """Wait a moment; send the tally, if that is due."""
        if monotonic() >= self._due:
            self._due = monotonic() + _INTERVAL
            self._send()
        await asyncio.sleep(_TICK)

    def _send(self) -> None:
        with suppress(OSError):  # nobody is left to read it, which `_command` will notice
            self._pipe.send(self._tally)

    def _start(self) -> None:
        self._cpu = process_time()
        self._course.begin(self._given.duration)

    async def _end(self, stations: list[LoadStation]) -> None:
        """Make no more calls; wait for those that are due, but not for ever."""
        course, tally = self._course, self._tally
        course.length = min(course.length, course.now)
        tally.cpu = (process_time() - self._cpu) / course.now
        while any(each.connected and each.owed() for each in stations) and course.now < course.length + _GRACE:
            await self._tick()
        tally.talking = max(tally.talking, course.length)
        if owed := sum(station.owed() for station in stations):
            tally.errors["call: due, but not answered before the end"] += owed
