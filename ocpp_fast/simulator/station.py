"""What every simulated station does, whatever its version: it connects, registers, sends heartbeats, and insists."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple, ParamSpec, Self, TypeVar

from ocpp_fast import CallError, CallTimeout, Disconnected, InvalidResult, NotRegistered
from ocpp_fast.smart_charging import ChargingProfiles, ProfileRefused
from ocpp_fast.smart_charging import Transaction as Running

from .certificates import CertificateStore
from .charging import Charging
from .events import Event, EventKind, Watch
from .local_list import LocalList, Verdict
from .outlet import FACTS, Outlet, Reading, Reservation, Transaction
from .progress import Progress
from .reports import Reports
from .reservations import Reservations
from .script import Script
from .settings import Observer, Settings
from .timing import Timing
from .uplink import Uplink
from .variables import MAX_NUMBER, Variable, Variables

__all__ = ["Registration", "SimulatedStation"]

P = ParamSpec("P")
A = TypeVar("A")

_DEFAULT_INTERVAL: Final = 60
"""Seconds, where the central system leaves an interval to the station."""
_TIME_TO_STOP: Final = 5.0
_FOLLOWED: Final = 1.0
"""Seconds between two looks at the charging profiles."""


class Registration(NamedTuple):
    """The answer to a BootNotification."""

    accepted: bool
    interval: int
    current_time: datetime


class _PowerOff(Exception):
    """Ends the jobs of a power cycle."""


class SimulatedStation(Script, ABC):
    """A station that boots, charges and answers every command of its version; `run` is its life.

    Enter it, or await `run`, and say what happens at it: `plug`, `authorize`, `start`... `charge_point` is its
    connection, `outlets` are its connectors (1.6) or EVSEs, by number; `jobs` are the tasks of this power cycle.
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
        self.watch = Watch()
        self.timing = Timing()
        self.outlets = {number: Outlet(number) for number in range(1, settings.connectors + 1)}
        self.variables = Variables(variables(settings, self.outlets.values()))
        self.uplink = Uplink(self, version)
        self.charge_point = self.uplink.charge_point
        self.accepted = asyncio.Event()
        self.profiles: ChargingProfiles[Any] = ChargingProfiles(replace(FACTS, outlets=settings.connectors))
        self.reservations = Reservations(self)
        self.charging = Charging(self)
        self.reports = Reports(self)
        self.local_list = LocalList()
        self.certificates = CertificateStore()
        self.progress: dict[str, Progress] = {}
        """The jobs with stages, by the action that reports them; a power cycle ends them."""
        self._life: asyncio.Task[int] | None = None

    # Power

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._life is not None
        self._life.cancel()
        await asyncio.wait([self._life])
        if not self._life.cancelled():
            self._life.result()

    async def run(self) -> int:
        """Live until cancelled or, if the settings say so, until one session is over; return 0 if it charged, or 1."""
        try:
            while (code := await self._power_cycle()) is None:
                self.observer.note(f"{self.settings.id} restarts")
        finally:
            if self.uplink.relay is not None:
                self.uplink.relay.close()
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
                self.reports.power_off()
                for outlet in self.outlets.values():
                    outlet.power_off()
                for progress in self.progress.values():
                    progress.power_off()
                if self.uplink.relay is not None:
                    self.jobs.create_task(self.uplink.relay.run())
                async with self.charge_point:
                    await self.uplink.power_on()
                    for job in (self._live(), self.reports.run()):
                        self.jobs.create_task(job)
                    await self._end
                raise _PowerOff
        except* _PowerOff:
            pass
        finally:
            self.uplink.power_off()
        return self._end.result()

    async def _live(self) -> None:
        await self._boot()
        self.happened("Booted")
        await self.begin()
        self.jobs.create_task(self.every("heartbeat", lambda: self.jobs.create_task(self.heartbeat())))
        self.jobs.create_task(self.every("aligned", self.charging.read_aligned, aligned=True))
        self.jobs.create_task(self.every("aligned_ended", self.charging.keep_aligned, aligned=True))
        self.jobs.create_task(self._follow_profiles())
        await self._charge_by_itself()

    async def begin(self) -> None:
        """Report the status of every outlet, and take up what has outlived a restart."""
        for outlet in self.outlets.values():
            self.charging.settle(outlet, "CablePluggedIn")
        self.reservations.resume()
        await self.told()

    async def restart(self, reason: str, *, when_idle: bool = False) -> None:
        """Start again, after a moment in which the command is answered; stop transactions for it or wait for them."""
        await asyncio.sleep(self.settings.interval)
        if when_idle:
            await self.until(lambda: all(each.transaction is None for each in self.outlets.values()), timeout=None)
        await self.stop_all(self.outlets.values(), reason)
        self.power_off(None)

    async def stop_all(self, outlets: Iterable[Outlet], reason: str) -> None:
        """Stop the transactions of some outlets, and wait until that is told, though not for ever."""
        for each in outlets:
            if each.transaction is not None or each.token is not None:
                self.charging.stop(each, reason)
        with suppress(TimeoutError):
            await self.told(timeout=_TIME_TO_STOP)

    async def _charge_by_itself(self) -> None:
        """Play the scenario or, without one, charge as often as the settings say, one session after another."""
        if self.settings.scenario is not None:
            await self.settings.scenario.play(self)
            await self.told()
            self.power_off(0)
            return
        left = 1 if self.settings.once else self.settings.sessions
        token = self.token(self.settings.id_tag)
        while left:
            free = (each for each in self.outlets.values() if each.is_free_for(token) and not each.busy)
            if (outlet := next(free, None)) is not None:
                charged = await self._charge(outlet, token)
                left -= 1
                if self.settings.once:
                    self.power_off(0 if charged else 1)
            await asyncio.sleep(self.settings.interval)

    async def _charge(self, outlet: Outlet, token: str) -> bool:
        """Run a session; return whether the central system let it happen."""
        if not await self.charging.request(outlet, token, visit=True):
            return False
        if (transaction := outlet.transaction) is not None:
            if not self.interval("sample"):
                await asyncio.sleep(self.settings.samples * self.settings.interval)
            else:
                await self.until(
                    lambda: transaction.samples >= self.settings.samples or transaction.ended, timeout=None
                )
        self.charging.stop(outlet, "Local")
        self.charging.unplug(outlet)
        await self.told(timeout=None)
        return transaction is not None and transaction.accepted is True

    # The connection

    async def ready(self) -> None:
        """Wait until the central system can be told anything."""
        while not (self.online and self.accepted.is_set()):
            await self.charge_point.wait_connected()
            await self.accepted.wait()

    async def unless_offline(self, answer: asyncio.Future[Any]) -> None:
        """Wait for an answer, as long as there is a connection."""
        await self.until(lambda: answer.done() or not self.online, timeout=None)

    # Time

    def now(self) -> datetime:
        """Return the time of its clock."""
        return self.timing.now()

    async def every(self, name: str, act: Callable[[], object], *, aligned: bool = False) -> None:
        """Act at the interval of a setting; if aligned, when the clock shows a multiple of it."""
        await self.timing.every(partial(self.interval, name), act, aligned=aligned)

    async def _follow_profiles(self) -> None:
        while True:
            await asyncio.sleep(_FOLLOWED)
            if any(True for _ in self.profiles):
                self.charging.balance()

    # Settings

    settings_of: ClassVar[Mapping[str, Sequence[str]]]
    """Where the version has the settings that the station follows: the names of each variable."""

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a setting that is a number."""
        return self.variables.number(*where) if (where := self.settings_of.get(name)) else default

    def interval(self, name: str) -> float:
        """Return seconds, 0 for never."""
        return self.number(name)

    def flag(self, name: str) -> bool:
        """Return a setting that is true or false."""
        return self.variables.flag(*self.settings_of[name])

    def items(self, name: str) -> Sequence[str]:
        """Return a setting that is a list; nothing where the version does not have it."""
        return self.variables.items(*where) if (where := self.settings_of.get(name)) else ()

    def set(self, variable: Variable, text: str) -> bool:
        """Change a setting, and act accordingly; return whether it takes the text."""
        if not variable.set(text):
            return False
        self.uplink.follow(variable)
        self.timing.wake()
        for outlet in self.outlets.values():
            self.charging.report(outlet)
        return True

    # What happens

    def changed(self) -> None:
        """Wake those who wait for a condition."""
        self.watch.look()

    def happened(self, kind: EventKind, outlet: int = 0, detail: str = "") -> None:
        """Wake those who wait for an event."""
        self.watch.tell(Event(kind, outlet, detail))

    # Availability and smart charging

    def change_availability(self, outlets: Iterable[Outlet], *, operative: bool, station: bool = False) -> str:
        """Take outlets, or the station with all, into service or out of it; return the status in OCPP's words."""
        outlets = list(outlets)
        for each in outlets:
            if station:
                each.closed = not operative
            else:
                each.operative = operative
        asyncio.get_running_loop().call_soon(self._report_all, outlets)
        return "Scheduled" if not operative and any(each.busy for each in outlets) else "Accepted"

    def _report_all(self, outlets: Iterable[Outlet]) -> None:
        for each in outlets:
            self.charging.report(each)

    def may_be_free(self, outlet: Outlet, *tokens: str) -> bool:
        """Whether a token can be authorized at an outlet, if that is kept for a group that it may belong to."""
        group = None if outlet.reservation is None else outlet.reservation.group
        return outlet.is_free_for(*tokens, *([] if group is None else [group]))

    def start_remotely(
        self, outlet: Outlet, token: str, *, transaction_id: str, remote_start_id: int | None = None, group: str = ""
    ) -> None:
        """Begin a session that was asked for, after the answer; who may belong to a group is asked about."""
        known = outlet.is_free_for(token, group)
        begun = self.charging.request(
            outlet,
            token,
            group=group,
            ask=self.flag("authorize_remote") or not known,
            transaction_id=transaction_id,
            remote_start_id=remote_start_id,
            visit=self.settings.cars,
        )
        self.jobs.create_task(begun)

    @property
    def running(self) -> Mapping[int, Running]:
        """The transactions that energy may flow for, by outlet."""
        going_on = ((each.id, each.transaction) for each in self.outlets.values())
        return {
            place: Running(each.id, each.started, each.priority)
            for place, each in going_on
            if each is not None and each.accepted is not False
        }

    def install(self, place: int, profile: Any, transaction_id: int | str | None = None) -> bool:
        """Install a charging profile; a TxProfile is that of a transaction, by our own id for it."""
        try:
            self.profiles.install(place, profile, self.now(), transaction_id=transaction_id)
        except ProfileRefused as error:
            self.observer.note(f"{self.settings.id} refuses a charging profile: {error}")
            return False
        self.charging.balance()
        return True

    def signing_request(self) -> str:
        """Return a certificate signing request."""
        return self.certificates.request(self.settings.id, self.variables.own(*self.settings_of["organization"]).read())

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
                for each in outlets:
                    self.send_status(each)
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
        interval = _DEFAULT_INTERVAL
        if answer is not None and answer.interval > 0:
            interval = min(answer.interval, MAX_NUMBER)
        if answer is not None and answer.accepted:
            self.variables.own(*self.settings_of["heartbeat"]).value = str(interval)
            self.timing.wake()
            self.accepted.set()
        else:
            self.observer.note(f"{self.settings.id} is not accepted; it boots again in {interval} s")
            if self.accepted.is_set():
                self.accepted.clear()
                self.jobs.create_task(self._boot_again(interval))
        if answer is not None:
            self.timing.set(answer.current_time)
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

    # How a version says it

    def password_of(self, key: str) -> bytes:
        """Return the password that a setting stands for."""
        return key.encode()

    @abstractmethod
    def points(self, kind: str) -> frozenset[str]:
        """Return TxStartPoint or TxStopPoint; `kind` is start or stop."""

    @abstractmethod
    async def boot_notification(self) -> Registration | None:
        """Send one BootNotification; return its answer, None if it was refused."""

    @abstractmethod
    async def heartbeat(self) -> None:
        """Send a heartbeat, and follow the clock in its answer."""

    @abstractmethod
    def word_of(self, outlet: Outlet) -> str:
        """Return the status of an outlet, in the terms of the version."""

    @abstractmethod
    def send_status(self, outlet: Outlet) -> None:
        """Report the status that an outlet has now."""

    @abstractmethod
    async def report_meter(self, outlet: Outlet) -> None:
        """Send what the meter of an outlet shows, as it was asked for."""

    @abstractmethod
    async def authorize_remotely(self, token: str) -> Verdict:
        """Ask the central system whether an id token may charge."""

    @abstractmethod
    def send_start(self, outlet: Outlet, transaction: Transaction, cause: str) -> asyncio.Future[Any]:
        """Tell that a transaction starts; the future is done when that is answered, or given up."""

    @abstractmethod
    def send_update(self, outlet: Outlet, transaction: Transaction, cause: str) -> None:
        """Tell what has changed in a transaction."""

    @abstractmethod
    def send_sample(self, outlet: Outlet, transaction: Transaction | None, reading: Reading) -> None:
        """Send what the meter showed."""

    @abstractmethod
    def send_end(self, outlet: Outlet, transaction: Transaction) -> None:
        """Tell that a transaction has ended."""

    @abstractmethod
    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        """Tell that a reservation has expired."""
