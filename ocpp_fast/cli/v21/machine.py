"""The simulated station itself: its state, and how it speaks to the CSMS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, TypeVar

from ocpp_fast import ChargePoint

from ..arguments import StationArguments
from ..charging_profiles import InstalledProfiles
from ..console import Console
from ..progress import Progress
from ..simulation import Registration, Simulation
from .device_model import DeviceModel
from .evse import CONNECTOR, Evse
from .monitors import Monitors
from .variables import ITEMS_PER_REPORT, MODEL, VENDOR, variables
from .version import ocpp, shortcuts

__all__ = ["Machine", "Part", "in_parts"]

A = TypeVar("A")
T = TypeVar("T")

_HEARTBEAT: Final = ("OCPPCommCtrlr", "HeartbeatInterval")


class Machine(Simulation):
    """State that commands read and change, and what the station reports."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        super().__init__(station, given, console)
        self.evses = {number: Evse(number) for number in range(1, given.connectors + 1)}
        self.model = DeviceModel(variables(given, self.evses.values()))
        self.monitors = Monitors(self)
        self.profiles: InstalledProfiles[ocpp.ChargingProfileType] = InstalledProfiles()
        self.boot_reason = ocpp.BootReasonEnumType.POWER_UP

    # Power

    def power_on(self, jobs: asyncio.TaskGroup) -> None:
        """Begin a power cycle."""
        super().power_on(jobs)
        self.firmware = Progress(ocpp.FirmwareStatusEnumType.IDLE)
        self.publication = Progress(ocpp.PublishFirmwareStatusEnumType.IDLE)
        self.log = Progress(ocpp.UploadLogStatusEnumType.IDLE)
        for each in self.evses.values():
            each.power_off()

    async def restart(self, *, when_idle: bool) -> None:
        """Start again, after a moment in which the command is answered.

        Transactions are stopped for it, or waited for.
        """
        reason = ocpp.BootReasonEnumType
        await asyncio.sleep(self.given.interval)
        while when_idle and (sessions := list(self.sessions(self.evses.values()))):
            await asyncio.wait(sessions)
        await self.reset(self.evses.values())
        self.boot_reason = reason.SCHEDULED_RESET if when_idle else reason.REMOTE_RESET
        self.power_off(None)

    async def reset(self, evses: Iterable[Evse]) -> None:
        """Stop the transactions of some EVSEs, and wait until they have ended."""
        evses = list(evses)
        for each in evses:
            each.stop(ocpp.ReasonEnumType.IMMEDIATE_RESET, ocpp.TriggerReasonEnumType.RESET_COMMAND)
        await self.finish(self.sessions(evses))

    def sessions(self, evses: Iterable[Evse]) -> Iterator[asyncio.Task[bool]]:
        """Yield the sessions that go on at some EVSEs."""
        yield from (each.session for each in evses if each.session is not None)

    # What commands name

    def at(self, place: ocpp.EVSEType | None) -> list[Evse]:
        """Return the EVSE at a place, all without one, and none where there is no such place."""
        if place is None:
            return list(self.evses.values())
        known = place.id in self.evses and place.connector_id in (None, CONNECTOR)
        return [self.evses[place.id]] if known else []

    def charging(self, transaction_id: str | None) -> Evse | None:
        """Return the EVSE that runs a transaction."""
        running = (each for each in self.evses.values() if each.transaction is not None)
        return next((each for each in running if each.transaction and each.transaction.id == transaction_id), None)

    # Speaking to the CSMS

    async def tell(self, call: Callable[[ocpp.ChargePointShortcuts], Awaitable[A]]) -> A | None:
        """Make a call, again and again until it is answered; return None when it is refused."""
        return await self.insist(lambda: call(shortcuts(self.station)))

    async def report(self, evse: Evse) -> None:
        """Send the status of an EVSE's connector."""
        now, status = datetime.now(UTC), evse.status
        await self.tell(
            lambda csms: csms.status_notification(
                timestamp=now, connector_status=status, evse_id=evse.id, connector_id=CONNECTOR
            )
        )

    async def report_all(self, evses: Iterable[Evse]) -> None:
        """Send the status of several."""
        for each in evses:
            await self.report(each)

    async def report_meter(self, evse: Evse, context: ocpp.ReadingContextEnumType) -> None:
        """Send what an EVSE's meter shows."""
        reading = evse.read(self.model.measurands("SampledDataCtrlr", "TxUpdatedMeasurands"), context)
        if reading is not None:
            await self.tell(lambda csms: csms.meter_values(evse_id=evse.id, meter_value=reading))

    # What a simulated station does by itself

    async def boot_notification(self) -> Registration | None:
        answer = await self.tell(
            lambda csms: csms.boot_notification(
                reason=self.boot_reason,
                charging_station=ocpp.ChargingStationType(
                    model=MODEL,
                    vendor_name=VENDOR,
                    serial_number=self.station.id[:25],
                    firmware_version="1.0",
                ),
            )
        )
        if answer is None:
            return None
        return Registration(answer.status is ocpp.RegistrationStatusEnumType.ACCEPTED, answer.interval)

    @property
    def heartbeat_interval(self) -> float:
        return self.model.number(*_HEARTBEAT)

    @heartbeat_interval.setter
    def heartbeat_interval(self, seconds: float) -> None:
        self.model.put(*_HEARTBEAT, f"{seconds:.0f}")

    async def heartbeat(self) -> None:
        await self.tell(lambda csms: csms.heartbeat())


class Part(NamedTuple, Generic[T]):
    """What one message of a report holds, which one it is, and whether more follow."""

    number: int
    items: list[T]
    more: bool


def in_parts(items: Sequence[T]) -> Iterator[Part[T]]:
    """Cut a report into what its messages hold."""
    for number, begin in enumerate(range(0, len(items), ITEMS_PER_REPORT)):
        end = begin + ITEMS_PER_REPORT
        yield Part(number, list(items[begin:end]), end < len(items))
