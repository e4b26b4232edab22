"""A simulated station of 1.6: what it sends, and its commands."""

from __future__ import annotations

from datetime import UTC, datetime

from ocpp_fast import v16

from ..outlet import MEASURANDS, Outlet, Reservation, Transaction
from ..progress import Progress
from ..settings import Observer, Settings
from ..station import Registration, SimulatedStation
from .configuration import configuration
from .core import CoreCommands, LocalListCommands, ReservationCommands
from .maintenance import FirmwareCommands, SecurityCommands, TriggerCommands
from .smart_charging import SmartChargingCommands

__all__ = ["Station"]

_ACCEPTED = v16.AuthorizationStatus.ACCEPTED


class Station(SimulatedStation):
    """Answers every command of 1.6, and charges by itself."""

    heartbeat_interval = ("HeartbeatInterval",)
    sample_interval = ("MeterValueSampleInterval",)

    def __init__(self, settings: Settings, observer: Observer) -> None:
        super().__init__(v16, settings, observer, configuration)
        self.calls = v16.ChargePointShortcuts(self.charge_point.call, self.charge_point.send)
        tell, calls = self.tell, self.calls
        for action, report in {
            "FirmwareStatusNotification": lambda stage, _: tell(
                calls.firmware_status_notification, status=v16.FirmwareStatus(stage)
            ),
            "DiagnosticsStatusNotification": lambda stage, _: tell(
                calls.diagnostics_status_notification, status=v16.DiagnosticsStatus(stage)
            ),
            "SignedFirmwareStatusNotification": lambda stage, number: tell(
                calls.signed_firmware_status_notification, status=v16.FirmwareStatusEnumType(stage), request_id=number
            ),
            "LogStatusNotification": lambda stage, number: tell(
                calls.log_status_notification, status=v16.UploadLogStatusEnumType(stage), request_id=number
            ),
        }.items():
            self.progress[action] = Progress(self, report)
        for profile, commands in (
            (v16.CORE, CoreCommands),
            (v16.FIRMWARE_MANAGEMENT, FirmwareCommands),
            (v16.LOCAL_AUTH_LIST, LocalListCommands),
            (v16.RESERVATION, ReservationCommands),
            (v16.SMART_CHARGING, SmartChargingCommands),
            (v16.REMOTE_TRIGGER, TriggerCommands),
            (v16.SECURITY, SecurityCommands),
        ):
            self.charge_point.include(commands(self), profile=profile)

    async def begin(self) -> None:
        await self.report_station()
        await super().begin()

    # Being there

    async def boot_notification(self) -> Registration | None:
        answer = await self.tell(
            self.calls.boot_notification,
            charge_point_vendor="ocpp_fast",
            charge_point_model="Simulated",
            charge_point_serial_number=self.settings.id[:25],
            firmware_version="1.0",
        )
        if answer is None:
            return None
        return Registration(answer.status is v16.RegistrationStatus.ACCEPTED, answer.interval)

    async def heartbeat(self) -> None:
        await self.tell(self.calls.heartbeat)

    async def report(self, outlet: Outlet) -> None:
        await self._report(outlet.id, outlet.status)

    async def report_station(self) -> None:
        """Send the status of the station itself."""
        operative = any(each.operative for each in self.outlets.values())
        await self._report(0, "Available" if operative else "Unavailable")

    async def _report(self, connector_id: int, status: str) -> None:
        await self.tell(
            self.calls.status_notification,
            connector_id=connector_id,
            error_code=v16.ChargePointErrorCode.NO_ERROR,
            status=v16.ChargePointStatus(status),
        )

    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        await self.report(outlet)

    # Charging

    async def authorize(self, token: str) -> bool:
        answer = await self.tell(self.calls.authorize, id_tag=token)
        return answer is not None and answer.id_tag_info.status is _ACCEPTED

    async def start(self, outlet: Outlet, transaction: Transaction) -> bool | None:
        answer = await self.tell(
            self.calls.start_transaction,
            connector_id=outlet.id,
            id_tag=transaction.token,
            meter_start=round(outlet.energy),
            timestamp=transaction.started,
            reservation_id=transaction.reservation_id,
        )
        if answer is None:
            return None
        transaction.number = answer.transaction_id
        accepted = answer.id_tag_info.status is _ACCEPTED
        if not accepted and self.variables.flag("StopTransactionOnInvalidId"):
            transaction.stop("DeAuthorized")
        return accepted

    async def report_phase(self, outlet: Outlet, transaction: Transaction) -> None:
        await self.report(outlet)

    async def sample(self, outlet: Outlet, transaction: Transaction) -> None:
        await self._report_meter(outlet, v16.ReadingContext.SAMPLE_PERIODIC)

    async def report_meter(self, outlet: Outlet) -> None:
        await self._report_meter(outlet, v16.ReadingContext.TRIGGER)

    async def _report_meter(self, outlet: Outlet, context: v16.ReadingContext) -> None:
        sampled = [
            v16.SampledValue(
                value=f"{outlet.read(each):.1f}",
                context=context,
                measurand=v16.Measurand(each),
                unit=v16.UnitOfMeasure(MEASURANDS[each]),
            )
            for each in self.variables.items("MeterValuesSampledData")
        ]
        if sampled:
            await self.tell(
                self.calls.meter_values,
                connector_id=outlet.id,
                transaction_id=outlet.transaction.number if outlet.transaction is not None else None,
                meter_value=[v16.MeterValue(timestamp=datetime.now(UTC), sampled_value=sampled)],
            )

    async def finish(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        assert transaction.number is not None  # it was started
        await self.tell(
            self.calls.stop_transaction,
            transaction_id=transaction.number,
            id_tag=transaction.token if reason == "Local" else None,
            meter_stop=round(outlet.energy),
            timestamp=datetime.now(UTC),
            reason=v16.Reason(reason),
        )
        await self.report(outlet)
