"""The simulated charge point itself: its state, and how it speaks to the central system."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from ocpp_fast import CallError, CallTimeout, ChargePoint, Disconnected, InvalidResult, NotRegistered, v16

from ..arguments import StationArguments
from ..console import Console
from .configuration import Configuration
from .connector import Connector
from .profiles import ChargingProfiles
from .progress import Progress

__all__ = ["Machine"]

A = TypeVar("A")

_DEFAULT_INTERVAL: Final = 60
"""Seconds, where the central system leaves an interval to the station."""
_TIME_TO_STOP: Final = 5.0


class Machine:
    """State that commands read and change, and what the station does by itself.

    `jobs` are the tasks of this power cycle, and `end` ends it: with the exit code of the program, or None to
    start again. A `def` handler is answered before a job that it creates begins.
    """

    jobs: asyncio.TaskGroup
    end: asyncio.Future[int | None]

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        self.station = station
        self.given = given
        self.console = console
        self.configuration = Configuration(connectors=given.connectors, interval=given.interval)
        self.connectors = {number: Connector(number) for number in range(1, given.connectors + 1)}
        self.profiles = ChargingProfiles()
        self.sessions_left = 1 if given.once else given.sessions

    def power_on(self, jobs: asyncio.TaskGroup) -> None:
        """Begin a power cycle."""
        self.jobs = jobs
        self.end = asyncio.get_running_loop().create_future()
        self.accepted = asyncio.Event()
        self.heartbeat_changed = asyncio.Event()
        self.firmware = Progress(v16.FirmwareStatus.IDLE)
        self.signed_firmware = Progress(v16.FirmwareStatusEnumType.IDLE)
        self.diagnostics = Progress(v16.DiagnosticsStatus.IDLE)
        self.log = Progress(v16.UploadLogStatusEnumType.IDLE)
        for each in self.connectors.values():
            each.power_off()

    def power_off(self, code: int | None) -> None:
        """End the power cycle."""
        if not self.end.done():
            self.end.set_result(code)

    async def restart(self, reason: v16.Reason) -> None:
        """Stop the transactions and start again, after a moment in which the command is answered."""
        await asyncio.sleep(self.given.interval)
        sessions = [each.session for each in self.connectors.values() if each.session is not None]
        for each in self.connectors.values():
            each.stop(reason)
        if sessions:
            await asyncio.wait(sessions, timeout=_TIME_TO_STOP)
        self.power_off(None)

    # Speaking to the central system

    async def tell(self, call: Callable[[v16.ChargePointShortcuts], Awaitable[A]]) -> A | None:
        """Make a call, again and again until it is answered; return None when it is refused."""
        while True:
            await self.station.wait_connected()
            try:
                return await call(self.station.v16)
            except (Disconnected, CallTimeout, NotRegistered) as error:
                self.console.note(f"{self.station.id}: {error}")
                await asyncio.sleep(self.given.interval)
            except InvalidResult as error:
                self.console.note(f"{self.station.id}: the answer is not valid: {error}")
                return None
            except CallError:  # printed with the other traffic
                return None

    async def report(self, connector_id: int) -> None:
        """Send the status of a connector; 0 is the station."""
        status = v16.ChargePointStatus.AVAILABLE
        if connector_id:
            status = self.connectors[connector_id].status
        elif not any(each.operative for each in self.connectors.values()):
            status = v16.ChargePointStatus.UNAVAILABLE
        error = v16.ChargePointErrorCode.NO_ERROR
        await self.tell(
            lambda central: central.status_notification(connector_id=connector_id, error_code=error, status=status)
        )

    async def report_all(self) -> None:
        """Send the status of the station and of every connector."""
        for connector_id in (0, *self.connectors):
            await self.report(connector_id)

    async def report_meter(self, connector: Connector, context: v16.ReadingContext) -> None:
        """Send what a connector's meter shows."""
        measurands = self.configuration.measurands()
        if not measurands:
            return
        transaction_id = connector.transaction.id if connector.transaction is not None else None
        reading = connector.read(measurands, context)
        await self.tell(
            lambda central: central.meter_values(
                connector_id=connector.id, transaction_id=transaction_id, meter_value=[reading]
            )
        )

    async def report_firmware(self) -> None:
        """Send how far an update of firmware is."""
        stage = self.firmware.stage
        await self.tell(lambda central: central.firmware_status_notification(status=stage))

    async def report_diagnostics(self) -> None:
        """Send how far an upload of diagnostics is."""
        stage = self.diagnostics.stage
        await self.tell(lambda central: central.diagnostics_status_notification(status=stage))

    # Being registered

    async def boot(self) -> None:
        """Announce the station until it is accepted."""
        while not self.accepted.is_set():
            await self._await_acceptance(await self.announce())

    async def _await_acceptance(self, seconds: float) -> None:
        """Wait, for so long at most, until a BootNotification that was asked for has been accepted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.accepted.wait()

    async def _boot_again(self, seconds: float) -> None:
        """Announce the station when the central system has taken its acceptance back."""
        await self._await_acceptance(seconds)
        await self.boot()

    async def announce(self) -> float:
        """Send one BootNotification; return after how many seconds the next would be due."""
        answer = await self.tell(
            lambda central: central.boot_notification(
                charge_point_vendor="ocpp_fast",
                charge_point_model="Simulated",
                charge_point_serial_number=self.station.id[:25],
                firmware_version="1.0",
            )
        )
        interval = (answer.interval if answer is not None else 0) or _DEFAULT_INTERVAL
        if answer is not None and answer.status is v16.RegistrationStatus.ACCEPTED:
            self.configuration.set("HeartbeatInterval", str(interval))
            self.heartbeat_changed.set()
            self.accepted.set()
        else:
            self.console.note(f"{self.station.id} is not accepted; it boots again in {interval} s")
            if self.accepted.is_set():
                self.accepted.clear()
                self.jobs.create_task(self._boot_again(interval))
        return interval

    async def heartbeats(self) -> None:
        """Send heartbeats, at the interval that may change at any time."""
        while True:
            try:
                async with asyncio.timeout(self.configuration.number("HeartbeatInterval") or None):
                    await self.heartbeat_changed.wait()
                self.heartbeat_changed.clear()
            except TimeoutError:
                await self.tell(lambda central: central.heartbeat())
