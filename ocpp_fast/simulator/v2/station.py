"""A simulated station of 2.0.1 or 2.1: what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ocpp_fast import Router

from ..outlet import MEASURANDS, Outlet, Reservation, Transaction
from ..progress import Progress
from ..settings import Observer, Settings
from ..station import Registration, SimulatedStation
from ..variables import Variable
from .charging import handle_charging
from .device_model import CONNECTOR, MODEL, VENDOR, device_model, status_of
from .display import handle_display
from .files import handle_certificates, handle_files
from .monitoring import handle_monitoring
from .monitors import Monitor, Monitors
from .operation import handle_operation
from .profiles import handle_profiles
from .provisioning import handle_provisioning
from .trigger import handle_trigger

if TYPE_CHECKING:
    from .version import ocpp

__all__ = ["Station"]

_TRIGGERS: Final = {
    "Local": "StopAuthorized",
    "Remote": "RemoteStop",
    "DeAuthorized": "Deauthorized",
    "ImmediateReset": "ResetCommand",
}
"""The trigger of the event that ends a transaction, by the reason of its end."""


class Station(SimulatedStation):
    """Answers every command of its version, and charges by itself; `ocpp` is the module of the version."""

    heartbeat_interval = ("OCPPCommCtrlr", "HeartbeatInterval")
    sample_interval = ("SampledDataCtrlr", "TxUpdatedInterval")
    monitor_fields: Mapping[str, Any] = {}
    """What a report of monitors says in 2.1 alone."""

    def __init__(self, spoken: ModuleType, settings: Settings, observer: Observer) -> None:
        self.ocpp = spoken
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        super().__init__(ocpp, settings, observer, device_model)
        self.own_token = f"Central/{settings.id_tag}"
        self.calls = ocpp.ChargePointShortcuts(self.charge_point.call, self.charge_point.send)
        self.monitors = Monitors(self)
        self._event_ids = count(1)
        self.boot_reason = "PowerUp"
        self.progress |= {
            "FirmwareStatusNotification": Progress(self, self._tell_firmware),
            "LogStatusNotification": Progress(self, self.tell_log),
        }
        commands = self.commands()
        for profile in ocpp.VERSION.profiles:
            self.charge_point.include(commands, profile=profile)

    def commands(self) -> Router:
        """Return the handlers of every command."""
        commands = Router()
        for handle in (
            *(handle_certificates, handle_charging, handle_display, handle_files, handle_monitoring),
            *(handle_operation, handle_profiles, handle_provisioning, handle_trigger),
        ):
            handle(self, commands)
        return commands

    def at(self, place: ocpp.EVSEType | None) -> list[Outlet]:
        """Return the EVSE at a place, all without one, and none where the place is unknown."""
        if place is None:
            return list(self.outlets.values())
        known = place.id in self.outlets and place.connector_id in (None, CONNECTOR)
        return [self.outlets[place.id]] if known else []

    def charging(self, transaction_id: str | None) -> Outlet | None:
        """Return the EVSE that runs a transaction."""
        for each in self.outlets.values():
            if each.transaction is not None and each.transaction.id == transaction_id:
                return each
        return None

    def named(self, variable: Variable) -> tuple[ocpp.ComponentType, ocpp.VariableType]:
        """Return a variable by the names of OCPP."""
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        place = None if variable.evse is None else ocpp.EVSEType(id=variable.evse, connector_id=variable.connector)
        component = ocpp.ComponentType(name=variable.component, evse=place)
        return component, ocpp.VariableType(name=variable.name, instance=variable.instance)

    # Being there

    async def boot_notification(self) -> Registration | None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        serial_number = self.settings.id[:25]
        answer = await self.tell(
            self.calls.boot_notification,
            reason=ocpp.BootReasonEnumType(self.boot_reason),
            charging_station=ocpp.ChargingStationType(
                model=MODEL, vendor_name=VENDOR, serial_number=serial_number, firmware_version="1.0"
            ),
        )
        return None if answer is None else Registration(answer.status == "Accepted", answer.interval)

    async def heartbeat(self) -> None:
        await self.tell(self.calls.heartbeat)

    async def restart(self, reason: str, *, when_idle: bool = False) -> None:
        self.boot_reason = "ScheduledReset" if when_idle else "RemoteReset"
        await super().restart(reason, when_idle=when_idle)

    async def begin(self) -> None:
        await super().begin()
        for each in self.monitors:
            self.monitors.begin(each)

    async def report(self, outlet: Outlet) -> None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        await self.tell(
            self.calls.status_notification,
            timestamp=datetime.now(UTC),
            connector_status=ocpp.ConnectorStatusEnumType(status_of(outlet)),
            evse_id=outlet.id,
            connector_id=CONNECTOR,
        )

    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        await self.report(outlet)
        expired = ocpp.ReservationUpdateStatusEnumType.EXPIRED
        await self.tell(
            self.calls.reservation_status_update, reservation_id=reservation.id, reservation_update_status=expired
        )

    # Charging

    async def authorize(self, token: str) -> bool:
        answer = await self.tell(self.calls.authorize, id_token=self._id_token(token))
        return answer is not None and answer.id_token_info.status == "Accepted"

    def _id_token(self, token: str) -> ocpp.IdTokenType:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        kind: Any  # an enumeration in 2.0.1, text in 2.1
        kind, _, text = token.partition("/")
        return ocpp.IdTokenType(id_token=text, type=kind)

    async def start(self, outlet: Outlet, transaction: Transaction) -> bool | None:
        remote = transaction.remote_start_id is not None
        trigger = "RemoteStart" if remote else "Authorized"
        return await self.tell_event(outlet, transaction, "Started", trigger, context="Transaction.Begin")

    async def report_phase(self, outlet: Outlet, transaction: Transaction) -> None:
        await self.tell_event(outlet, transaction, "Updated", "ChargingStateChanged")

    async def sample(self, outlet: Outlet, transaction: Transaction) -> None:
        self.monitors.look()
        await self.tell_event(outlet, transaction, "Updated", "MeterValuePeriodic", context="Sample.Periodic")

    async def finish(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        await self.tell_event(
            outlet, transaction, "Ended", _TRIGGERS[reason], context="Transaction.End", stopped=reason
        )

    async def tell_event(
        self,
        outlet: Outlet,
        transaction: Transaction,
        kind: str,
        trigger: str,
        *,
        context: str | None = None,
        stopped: str | None = None,
    ) -> bool | None:
        """Send a TransactionEvent, with the meter if a context is given; return whether the token is still accepted.

        None if the message was refused. A token that is not accepted ends the transaction, if the settings say so.
        """
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        number, transaction.events = transaction.events, transaction.events + 1
        state = outlet.phase if outlet.phase in ("Charging", "SuspendedEVSE") else "EVConnected"
        with_token = number == 0 or trigger == "StopAuthorized"
        answer = await self.tell(
            self.calls.transaction_event,
            event_type=ocpp.TransactionEventEnumType(kind),
            trigger_reason=ocpp.TriggerReasonEnumType(trigger),
            timestamp=datetime.now(UTC),
            seq_no=number,
            transaction_info=ocpp.TransactionType(
                transaction_id=transaction.id,
                charging_state=ocpp.ChargingStateEnumType(state),
                remote_start_id=transaction.remote_start_id,
                time_spent_charging=round((datetime.now(UTC) - transaction.started).total_seconds()),
                stopped_reason=None if stopped is None else ocpp.ReasonEnumType(stopped),
            ),
            evse=ocpp.EVSEType(id=outlet.id, connector_id=CONNECTOR),
            id_token=self._id_token(transaction.token) if with_token else None,
            meter_value=None if context is None else self._read(outlet, f"Tx{kind}Measurands", context),
            reservation_id=transaction.reservation_id if number == 0 else None,
        )
        if answer is None:
            return None
        accepted = answer.id_token_info is None or answer.id_token_info.status == "Accepted"
        if not accepted and self.variables.flag("TxCtrlr", "StopTxOnInvalidId"):
            transaction.stop("DeAuthorized")
        return accepted

    def _read(self, outlet: Outlet, measurands: str, context: str) -> list[ocpp.MeterValueType] | None:
        """Return what the meter of an EVSE shows, None if nothing is to be told."""
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        sampled = [
            ocpp.SampledValueType(
                value=round(outlet.read(each), 3),
                context=ocpp.ReadingContextEnumType(context),
                measurand=ocpp.MeasurandEnumType(each),
                unit_of_measure=ocpp.UnitOfMeasureType(unit=MEASURANDS[each]),
            )
            for each in self.variables.items("SampledDataCtrlr", measurands)
        ]
        return [ocpp.MeterValueType(timestamp=datetime.now(UTC), sampled_value=sampled)] if sampled else None

    async def report_meter(self, outlet: Outlet) -> None:
        if (reading := self._read(outlet, "TxUpdatedMeasurands", "Trigger")) is not None:
            await self.tell(self.calls.meter_values, evse_id=outlet.id, meter_value=reading)

    # Progress and events

    async def _tell_firmware(self, stage: str, request_id: int | None) -> None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        status = ocpp.FirmwareStatusEnumType(stage)
        await self.tell(self.calls.firmware_status_notification, status=status, request_id=request_id)

    async def tell_log(self, stage: str, request_id: int | None) -> None:
        """Send how far the upload of a log is."""
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        status = ocpp.UploadLogStatusEnumType(stage)
        await self.tell(self.calls.log_status_notification, status=status, request_id=request_id)

    async def speak(self, monitor: Monitor) -> None:
        """Send the events of a periodic monitor."""
        while True:
            await asyncio.sleep(monitor.wanted.value)
            await self.tell_monitor(monitor, monitor.variable.read(), "Periodic")

    async def tell_monitor(self, monitor: Monitor, value: str, trigger: str) -> None:
        """Send an event of a monitor, unless it is less severe than the level."""
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        if monitor.wanted.severity > self.monitors.level:
            return
        now = datetime.now(UTC)
        event = ocpp.EventDataType(
            event_id=next(self._event_ids),
            timestamp=now,
            trigger=ocpp.EventTriggerEnumType(trigger),
            actual_value=value,
            cleared=True if trigger == "Alerting" and not monitor.crossed else None,
            component=monitor.wanted.component,
            variable=monitor.wanted.variable,
            variable_monitoring_id=monitor.id,
            event_notification_type=ocpp.EventNotificationEnumType.CUSTOM_MONITOR,
        )
        await self.tell(self.calls.notify_event, generated_at=now, seq_no=0, event_data=[event])

    def cleared(self, monitor: Monitor) -> None:
        """Take note that a monitor is about to be removed."""
