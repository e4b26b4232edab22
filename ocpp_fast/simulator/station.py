"""What every simulated station does, whatever its version: it connects, registers, sends heartbeats, and insists."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, NamedTuple, ParamSpec, TypeVar

from ocpp_fast import (
    BackOff,
    CallError,
    CallTimeout,
    ChargePoint,
    Disconnected,
    HandshakeFailed,
    InvalidResult,
    NotRegistered,
)
from ocpp_fast.smart_charging import ChargingProfiles, ProfileRefused
from ocpp_fast.smart_charging import Transaction as Running

from .certificates import CertificateStore
from .local_list import LocalList
from .outlet import FACTS, Outlet, Reservation, Transaction
from .progress import Progress
from .reservations import Reservations
from .session import Sessions
from .settings import Observer, Settings
from .variables import Variable, Variables

__all__ = ["Registration", "SimulatedStation"]

P = ParamSpec("P")
A = TypeVar("A")

_DEFAULT_INTERVAL: Final = 60
"""Seconds, where the central system leaves an interval to the station."""
_TIME_TO_STOP: Final = 5.0


class Registration(NamedTuple):
    """The answer to a BootNotification."""

    accepted: bool
    interval: int


class _PowerOff(Exception):
    """Ends the jobs of a power cycle."""


class SimulatedStation(ABC):
    """A station that boots, charges and answers every command of its version; `run` is its life.

    `charge_point` is its connection, `jobs` are the tasks of this power cycle. A `def` handler is answered before a
    job that it creates begins.
    """

    jobs: asyncio.TaskGroup

    def __init__(
        self,
        version: Any,
        settings: Settings,
        observer: Observer,
        variables: Callable[[Settings, Iterable[Outlet]], Iterable[Variable]],
    ) -> None:
        self.settings = settings
        self.observer = observer
        self.own_token = settings.id_tag
        self.charge_point = ChargePoint(
            settings.id,
            settings.url,
            versions=[version],
            password=settings.password,
            ssl=settings.ssl,
            back_off=BackOff(minimum=settings.retry, random_range=settings.retry / 2),
        )
        self.outlets = {number: Outlet(number) for number in range(1, settings.connectors + 1)}
        self.variables = Variables(variables(settings, self.outlets.values()))
        self.accepted = asyncio.Event()
        self.heartbeat_changed = asyncio.Event()
        self.profiles: ChargingProfiles[Any] = ChargingProfiles(replace(FACTS, outlets=settings.connectors))
        self.reservations = Reservations(self)
        self.sessions = Sessions(self)
        self.local_list = LocalList()
        self.certificates = CertificateStore()
        self.progress: dict[str, Progress] = {}
        """The jobs with stages, by the action that reports them; a power cycle ends them."""

    # Power

    async def run(self) -> int:
        """Live until cancelled or, if the settings say so, until one session is over; return 0 if it charged, or 1."""
        while (code := await self._power_cycle()) is None:
            self.observer.note(f"{self.settings.id} restarts")
        return code

    def power_off(self, code: int | None) -> None:
        """End the power cycle: `run` returns the code, or starts again if it is None."""
        if not self._end.done():
            self._end.set_result(code)

    async def _power_cycle(self) -> int | None:
        try:
            async with asyncio.TaskGroup() as self.jobs:
                self._end: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
                self.accepted.clear()
                for outlet in self.outlets.values():
                    outlet.power_off()
                for progress in self.progress.values():
                    progress.power_off()
                async with self._connected():
                    self.jobs.create_task(self._live())
                    await self._end
                raise _PowerOff
        except* _PowerOff:
            pass
        return self._end.result()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        """Connect, however long it takes, and stay connected."""
        async with AsyncExitStack() as stack:
            for wait in self.charge_point.back_off.waits(random.random):
                try:
                    await stack.enter_async_context(self.charge_point)
                    break
                except OSError as error:
                    url, reason = self.charge_point.url, _reason(error)
                    self.observer.note(f"cannot connect to {url}: {reason}; next try in {wait:.1f} s")
                await asyncio.sleep(wait)
            yield

    async def _live(self) -> None:
        await self._boot()
        await self.begin()
        self.jobs.create_task(self._heartbeats())
        await self.sessions.own()

    async def begin(self) -> None:
        """Send the status of every outlet, and take up what has outlived a restart."""
        await self.report_all(self.outlets.values())
        self.reservations.resume()

    async def restart(self, reason: str, *, when_idle: bool = False) -> None:
        """Start again, after a moment in which the command is answered; stop transactions for it or wait for them."""
        await asyncio.sleep(self.settings.interval)
        while when_idle and (running := [each.session for each in self.outlets.values() if each.session]):
            await asyncio.wait(running)
        await self.stop(self.outlets.values(), reason)
        self.power_off(None)

    async def stop(self, outlets: Iterable[Outlet], reason: str) -> None:
        """Stop the transactions of some outlets, and wait until they have ended, though not for ever."""
        busy = [each for each in outlets if each.session is not None]
        for each in busy:
            each.stop(reason)
        if running := [each.session for each in busy if each.session is not None]:
            await asyncio.wait(running, timeout=_TIME_TO_STOP)

    def change_availability(self, outlets: Iterable[Outlet], *, operative: bool) -> str:
        """Take outlets into service or out of it, busy ones when they are free; return the status in OCPP's words."""
        outlets = list(outlets)
        for each in outlets:
            each.operative = operative
        idle = [each for each in outlets if each.session is None]
        self.jobs.create_task(self.report_all(idle))
        return "Accepted" if operative or len(idle) == len(outlets) else "Scheduled"

    # Smart charging

    @property
    def running(self) -> Mapping[int, Running]:
        """The transactions that energy may flow for, by outlet."""
        going_on = ((each.id, each.transaction) for each in self.outlets.values())
        return {
            place: Running(each.id, each.started, each.priority)
            for place, each in going_on
            if each is not None and not each.end.done()
        }

    def install(self, place: int, profile: Any, transaction_id: int | str | None = None) -> bool:
        """Install a charging profile; a TxProfile is that of a transaction, by our own id for it."""
        try:
            self.profiles.install(place, profile, datetime.now(UTC), transaction_id=transaction_id)
        except ProfileRefused as error:
            self.observer.note(f"{self.settings.id} refuses a charging profile: {error}")
            return False
        return True

    # Speaking to the central system

    async def tell(self, call: Callable[P, Awaitable[A]], *args: P.args, **kwargs: P.kwargs) -> A | None:
        """Make a call, again and again until it is answered; return None if it is refused."""
        while True:
            await self.charge_point.wait_connected()
            try:
                return await call(*args, **kwargs)
            except (Disconnected, CallTimeout, NotRegistered) as error:
                self.observer.note(str(error.at(self.settings.id)))
                await asyncio.sleep(self.settings.interval)
            except InvalidResult as error:
                self.observer.note(f"{error.at(self.settings.id)} (the answer is invalid)")
                return None
            except CallError:  # seen by whoever watches the frames
                return None

    async def send(self, action: str, outlets: Iterable[Outlet]) -> None:
        """Send a message that was asked for, of each of these outlets if it is about one."""
        match action:
            case "BootNotification":
                await self.announce()
            case "Heartbeat":
                await self.heartbeat()
            case "MeterValues":
                for each in outlets:
                    await self.report_meter(each)
            case "StatusNotification":
                await self.report_all(outlets)
            case _:
                await self.progress[action].report()

    # Being registered

    async def _boot(self) -> None:
        """Announce the station until it is accepted."""
        while not self.accepted.is_set():
            await self._await_acceptance(await self.announce())

    async def announce(self) -> float:
        """Send one BootNotification; return after how many seconds the next would be due."""
        answer = await self.boot_notification()
        interval = (answer.interval if answer is not None else 0) or _DEFAULT_INTERVAL
        if answer is not None and answer.accepted:
            self.variables.own(*self.heartbeat_interval).value = str(interval)
            self.heartbeat_changed.set()
            self.accepted.set()
        else:
            self.observer.note(f"{self.settings.id} is not accepted; it boots again in {interval} s")
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
        """Announce the station after the central system has taken its acceptance back."""
        await self._await_acceptance(seconds)
        await self._boot()

    async def _heartbeats(self) -> None:
        """Send heartbeats, at the interval that may change at any time."""
        while True:
            try:
                async with asyncio.timeout(self.variables.number(*self.heartbeat_interval) or None):
                    await self.heartbeat_changed.wait()
                self.heartbeat_changed.clear()
            except TimeoutError:
                await self.heartbeat()

    # How a version says it

    heartbeat_interval: ClassVar[Sequence[str]]
    """The variable of the seconds between heartbeats, 0 for none; the central system may change it."""
    sample_interval: ClassVar[Sequence[str]]
    """The variable of the seconds between meter values, 0 for none."""

    @abstractmethod
    async def boot_notification(self) -> Registration | None:
        """Send one BootNotification; return its answer, None if it was refused."""

    @abstractmethod
    async def heartbeat(self) -> None:
        """Send a heartbeat."""

    @abstractmethod
    async def report(self, outlet: Outlet) -> None:
        """Send the status of an outlet."""

    async def report_all(self, outlets: Iterable[Outlet]) -> None:
        """Send the status of some outlets."""
        for each in outlets:
            await self.report(each)

    @abstractmethod
    async def report_meter(self, outlet: Outlet) -> None:
        """Send what the meter of an outlet shows, as it was asked for."""

    @abstractmethod
    async def authorize(self, token: str) -> bool:
        """Ask whether an id token may charge."""

    @abstractmethod
    async def start(self, outlet: Outlet, transaction: Transaction) -> bool | None:
        """Tell that a transaction starts; return whether its token is accepted, None if the message was refused."""

    @abstractmethod
    async def report_phase(self, outlet: Outlet, transaction: Transaction) -> None:
        """Tell that a charging session has come to another phase."""

    @abstractmethod
    async def sample(self, outlet: Outlet, transaction: Transaction) -> None:
        """Send what the meter shows while energy flows."""

    @abstractmethod
    async def finish(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        """Tell that a transaction has ended."""

    @abstractmethod
    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        """Tell that a reservation has expired."""


def _reason(error: OSError) -> str:
    if isinstance(error, HandshakeFailed):
        return f"the server refuses with HTTP status {error.status}" if (error.status or 0) >= 300 else error.reason
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return error.strerror or str(error) or type(error).__name__
