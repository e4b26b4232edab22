"""What every simulated station does, whatever its version: it lives, registers, sends heartbeats, and insists."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, NamedTuple, TypeVar

from ocpp_fast import CallError, CallTimeout, ChargePoint, Disconnected, InvalidResult, NotRegistered

from .arguments import StationArguments
from .console import Console

__all__ = ["Registration", "Simulation"]

A = TypeVar("A")

_DEFAULT_INTERVAL: Final = 60
"""Seconds, where the central system leaves an interval to the station."""
_TIME_TO_STOP: Final = 5.0


class Registration(NamedTuple):
    """How a BootNotification was answered."""

    accepted: bool
    interval: int


class _PowerOff(Exception):
    """Ends the jobs of a power cycle."""


class Simulation(ABC):
    """A simulated station.

    `jobs` are the tasks of this power cycle, and `end` ends it: with the exit code of the program, or None to
    start again. A `def` handler is answered before a job that it creates begins.
    """

    jobs: asyncio.TaskGroup
    end: asyncio.Future[int | None]

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        self.station = station
        self.given = given
        self.console = console
        self.sessions_left = 1 if given.once else given.sessions

    # Power

    def power_on(self, jobs: asyncio.TaskGroup) -> None:
        """Begin a power cycle."""
        self.jobs = jobs
        self.end = asyncio.get_running_loop().create_future()
        self.accepted = asyncio.Event()
        self.heartbeat_changed = asyncio.Event()

    def power_off(self, code: int | None) -> None:
        """End the power cycle."""
        if not self.end.done():
            self.end.set_result(code)

    async def power_cycle(
        self, connection: AbstractAsyncContextManager[object], live: Callable[[], Coroutine[Any, Any, None]]
    ) -> int | None:
        """Live, while the connection lasts, until power off; return the exit code, or None to start again."""
        try:
            async with asyncio.TaskGroup() as jobs:
                self.power_on(jobs)
                async with connection:
                    jobs.create_task(live())
                    await self.end
                raise _PowerOff
        except* _PowerOff:
            pass
        return self.end.result()

    async def finish(self, sessions: Iterable[asyncio.Task[bool]]) -> None:
        """Wait for charging sessions that have been stopped, though not for ever."""
        if running := list(sessions):
            await asyncio.wait(running, timeout=_TIME_TO_STOP)

    # Speaking to the central system

    async def insist(self, call: Callable[[], Awaitable[A]]) -> A | None:
        """Make a call, again and again until it is answered; return None when it is refused."""
        while True:
            await self.station.wait_connected()
            try:
                return await call()
            except (Disconnected, CallTimeout, NotRegistered) as error:
                self.console.note(f"{self.station.id}: {error}")
                await asyncio.sleep(self.given.interval)
            except InvalidResult as error:
                self.console.note(f"{self.station.id}: the answer is not valid: {error}")
                return None
            except CallError:  # printed with the other traffic
                return None

    # Being registered

    @abstractmethod
    async def boot_notification(self) -> Registration | None:
        """Send one BootNotification; return its answer, None when it was refused."""

    async def boot(self) -> None:
        """Announce the station until it is accepted."""
        while not self.accepted.is_set():
            await self._await_acceptance(await self.announce())

    async def announce(self) -> float:
        """Send one BootNotification; return after how many seconds the next would be due."""
        answer = await self.boot_notification()
        interval = (answer.interval if answer is not None else 0) or _DEFAULT_INTERVAL
        if answer is not None and answer.accepted:
            self.heartbeat_interval = interval
            self.heartbeat_changed.set()
            self.accepted.set()
        else:
            self.console.note(f"{self.station.id} is not accepted; it boots again in {interval} s")
            if self.accepted.is_set():
                self.accepted.clear()
                self.jobs.create_task(self._boot_again(interval))
        return interval

    async def _await_acceptance(self, seconds: float) -> None:
        """Wait, for so long at most, until a BootNotification that was asked for has been accepted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.accepted.wait()

    async def _boot_again(self, seconds: float) -> None:
        """Announce the station when the central system has taken its acceptance back."""
        await self._await_acceptance(seconds)
        await self.boot()

    # Heartbeats

    @property
    @abstractmethod
    def heartbeat_interval(self) -> float:
        """Seconds between heartbeats, 0 for none; a setting of the station."""

    @heartbeat_interval.setter
    @abstractmethod
    def heartbeat_interval(self, seconds: float) -> None: ...

    @abstractmethod
    async def heartbeat(self) -> None:
        """Send a heartbeat."""

    async def heartbeats(self) -> None:
        """Send heartbeats, at the interval that may change at any time."""
        while True:
            try:
                async with asyncio.timeout(self.heartbeat_interval or None):
                    await self.heartbeat_changed.wait()
                self.heartbeat_changed.clear()
            except TimeoutError:
                await self.heartbeat()
