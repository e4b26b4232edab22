"""The simulated charge point itself: its state, and how it speaks to the central system."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ocpp_fast import ChargePoint, v16

from ..arguments import StationArguments
from ..console import Console
from ..progress import Progress
from ..simulation import Registration, Simulation
from .configuration import Configuration
from .connector import Connector
from .profiles import ChargingProfiles

__all__ = ["Machine"]

A = TypeVar("A")


class Machine(Simulation):
    """State that commands read and change, and what the station reports."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        super().__init__(station, given, console)
        self.configuration = Configuration(connectors=given.connectors, interval=given.interval)
        self.connectors = {number: Connector(number) for number in range(1, given.connectors + 1)}
        self.profiles = ChargingProfiles()

    def power_on(self, jobs: asyncio.TaskGroup) -> None:
        """Begin a power cycle."""
        super().power_on(jobs)
        self.firmware = Progress(v16.FirmwareStatus.IDLE)
        self.signed_firmware = Progress(v16.FirmwareStatusEnumType.IDLE)
        self.diagnostics = Progress(v16.DiagnosticsStatus.IDLE)
        self.log = Progress(v16.UploadLogStatusEnumType.IDLE)
        for each in self.connectors.values():
            each.power_off()

    async def restart(self, reason: v16.Reason) -> None:
        """Stop the transactions and start again, after a moment in which the command is answered."""
        await asyncio.sleep(self.given.interval)
        for each in self.connectors.values():
            each.stop(reason)
        await self.finish(each.session for each in self.connectors.values() if each.session is not None)
        self.power_off(None)

    # Speaking to the central system

    async def tell(self, call: Callable[[v16.ChargePointShortcuts], Awaitable[A]]) -> A | None:
        """Make a call, again and again until it is answered; return None when it is refused."""
        return await self.insist(lambda: call(self.station.v16))

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

    # What a simulated station does by itself

    async def boot_notification(self) -> Registration | None:
        answer = await self.tell(
            lambda central: central.boot_notification(
                charge_point_vendor="ocpp_fast",
                charge_point_model="Simulated",
                charge_point_serial_number=self.station.id[:25],
                firmware_version="1.0",
            )
        )
        if answer is None:
            return None
        return Registration(answer.status is v16.RegistrationStatus.ACCEPTED, answer.interval)

    @property
    def heartbeat_interval(self) -> float:
        return self.configuration.number("HeartbeatInterval")

    @heartbeat_interval.setter
    def heartbeat_interval(self, seconds: float) -> None:
        self.configuration.set("HeartbeatInterval", f"{seconds:.0f}")

    async def heartbeat(self) -> None:
        await self.tell(lambda central: central.heartbeat())
