"""A simulated station of 1.6: what it sends, and its commands."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from ocpp_fast import v16

from ..local_list import Verdict
from ..outlet import MEASURANDS, Outlet, Reading, Reservation, Transaction
from ..progress import Progress
from ..settings import Observer, Settings
from ..station import Registration, SimulatedStation
from .configuration import SETTINGS, configuration
from .core import CoreCommands, LocalListCommands, ReservationCommands, verdict_of
from .maintenance import FirmwareCommands, SecurityCommands, TriggerCommands
from .smart_charging import SmartChargingCommands

__all__ = ["Station"]


class Station(SimulatedStation):
    """Answers every command of 1.6, and charges by itself."""

    settings_of = SETTINGS

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
        self.send_station_status()
        await super().begin()

    def token(self, text: str) -> str:
        return text

    def points(self, kind: str) -> frozenset[str]:
        """Return what begins a transaction, and what ends it: 1.6 leaves no choice."""
        return frozenset({"PowerPathClosed" if kind == "start" else "Authorized"})

    def password_of(self, key: str) -> bytes:
        """Return the password of an AuthorizationKey: 40 hexadecimal digits, or text (R34)."""
        return bytes.fromhex(key) if re.fullmatch("[0-9A-Fa-f]{40}", key) else key.encode()

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
        accepted = answer.status is v16.RegistrationStatus.ACCEPTED
        return Registration(accepted, answer.interval, answer.current_time)

    async def heartbeat(self) -> None:
        if (answer := await self.tell(self.calls.heartbeat)) is not None:
            self.timing.set(answer.current_time)

    def word_of(self, outlet: Outlet) -> str:
        return outlet.status

    def send_status(self, outlet: Outlet) -> None:
        self._send_status(outlet.id, outlet.status, outlet.fault)

    def send_station_status(self) -> None:
        """Report the status of the station itself."""
        available = any(each.available for each in self.outlets.values())
        self._send_status(0, "Available" if available else "Unavailable")

    def _send_status(self, connector_id: int, status: str, fault: str = "") -> None:
        status_notification = partial(
            self.calls.status_notification,
            connector_id=connector_id,
            error_code=v16.ChargePointErrorCode(fault or "NoError"),
            status=v16.ChargePointStatus(status),
            timestamp=self.now(),
        )
        self.reports.report(connector_id, partial(self.tell, status_notification))

    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        self.charging.report(outlet)

    # Charging

    async def authorize_remotely(self, token: str) -> Verdict:
        answer = await self.tell(self.calls.authorize, id_tag=token)
        return (verdict_of(answer.id_tag_info) if answer is not None else None) or Verdict(False)

    def send_start(self, outlet: Outlet, transaction: Transaction, cause: str) -> asyncio.Future[Any]:
        assert transaction.token is not None  # one begins when the power path is closed
        request = v16.StartTransactionRequest(
            connector_id=outlet.id,
            id_tag=transaction.token,
            meter_start=round(outlet.energy),
            timestamp=transaction.started,
            reservation_id=transaction.reservation_id,
        )
        answer = self.reports.post(transaction, lambda: request)
        answer.add_done_callback(partial(self._started, transaction))
        return answer

    def _started(self, transaction: Transaction, answered: asyncio.Future[Any]) -> None:
        if answered.cancelled():
            return
        answer = answered.result()
        if answer is not None:
            transaction.number = answer.transaction_id
        self.charging.judge(transaction, None if answer is None else answer.id_tag_info.status == "Accepted")

    def send_update(self, outlet: Outlet, transaction: Transaction, cause: str) -> None:
        """Tell nothing: a StatusNotification does."""
        transaction.state = outlet.state

    def send_sample(self, outlet: Outlet, transaction: Transaction | None, reading: Reading) -> None:
        if not reading.values:
            return
        request = v16.MeterValuesRequest(connector_id=outlet.id, meter_value=[_meter_value(reading)])
        if transaction is None:
            self.jobs.create_task(self.tell(self.charge_point.call, request))
        else:
            self.reports.post(transaction, lambda: request.replace(transaction_id=transaction.number))

    async def report_meter(self, outlet: Outlet) -> None:
        transaction, reading = outlet.transaction, self.charging.read(outlet, "Trigger", "sampled_data")
        known = transaction is not None and transaction.accepted is not None  # else its id would have to be waited for
        self.send_sample(outlet, transaction if known else None, reading)

    def send_end(self, outlet: Outlet, transaction: Transaction) -> None:
        reason = "Other" if transaction.reason == "Timeout" else transaction.reason
        request = v16.StopTransactionRequest(
            transaction_id=0,
            id_tag=transaction.token if reason == "Local" else None,
            meter_stop=round(outlet.energy),
            timestamp=self.now(),
            reason=v16.Reason(reason),
            transaction_data=[_meter_value(each) for each in transaction.kept] or None,
        )
        self.reports.post(transaction, lambda: request.replace(transaction_id=transaction.number))


def _meter_value(reading: Reading) -> v16.MeterValue:
    return v16.MeterValue(
        timestamp=reading.at,
        sampled_value=[
            v16.SampledValue(
                value=f"{value:.1f}",
                context=v16.ReadingContext(reading.context),
                measurand=v16.Measurand(measurand),
                unit=v16.UnitOfMeasure(MEASURANDS[measurand]),
            )
            for measurand, value in reading.values.items()
        ],
    )
