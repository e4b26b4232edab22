"""A simulated station of 2.0.1 or 2.1: what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ocpp_fast import Router

from ..local_list import Verdict
from ..outlet import MEASURANDS, Outlet, Reading, Reservation, Transaction
from ..progress import Progress
from ..settings import Observer, Settings
from ..station import Registration, SimulatedStation
from ..variables import Variable
from .charging import handle_charging, verdict_of
from .device_model import CONNECTOR, MODEL, SETTINGS, VENDOR, device_model, status_of
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
    "EVDisconnected": "EVCommunicationLost",
    "ImmediateReset": "ResetCommand",
    "Other": "AbnormalCondition",
    "Timeout": "EVConnectTimeout",
    "UnlockCommand": "UnlockCommand",
}
"""The trigger of an event of a transaction, by the reason of its end."""
_REASONS: Final = {"UnlockCommand": "Other"}
"""Reasons of 1.6 that 2.x does not have."""


class Station(SimulatedStation):
    """Answers every command of its version, and charges by itself; `ocpp` is the module of the version."""

    settings_of = SETTINGS
    monitor_fields: Mapping[str, Any] = {}
    """What a report of monitors says in 2.1 alone."""

    def __init__(self, spoken: ModuleType, settings: Settings, observer: Observer) -> None:
        self.ocpp = spoken
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        super().__init__(ocpp, settings, observer, partial(device_model, now=self.now))
        self.calls = ocpp.ChargePointShortcuts(self.charge_point.call, self.charge_point.send)
        self.monitors = Monitors(self)
        self._event_ids = count(1)
        self.boot_reason = "PowerUp"
        self.progress |= {
            "FirmwareStatusNotification": Progress(self, self._tell_firmware),
            "LogStatusNotification": Progress(self, self.tell_log),
        }
        self.handle(self.charge_point)

    def handle(self, commands: Router) -> None:
        """Register the handlers of every command."""
        for handle in (
            *(handle_certificates, handle_charging, handle_display, handle_files, handle_monitoring),
            *(handle_operation, handle_profiles, handle_provisioning, handle_trigger),
        ):
            handle(self, commands)

    def at(self, place: ocpp.EVSEType | None) -> list[Outlet]:
        """Return the EVSE at a place, all without one, and none where the place is unknown."""
        if place is None:
            return list(self.outlets.values())
        known = place.id in self.outlets and place.connector_id in (None, CONNECTOR)
        return [self.outlets[place.id]] if known else []

    def charges(self, transaction_id: str | None) -> Outlet | None:
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

    def token(self, text: str) -> str:
        return text if "/" in text else f"Central/{text}"

    def points(self, kind: str) -> frozenset[str]:
        return frozenset(self.items(kind))

    def interval(self, name: str) -> float:
        """Return seconds, 0 for never: where the component of a setting can be off, and is."""
        switch = f"{name.partition('_')[0]}_enabled"
        return 0.0 if switch in self.settings_of and not self.flag(switch) else self.number(name)

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
        if answer is None:
            return None
        return Registration(answer.status == "Accepted", answer.interval, answer.current_time)

    async def heartbeat(self) -> None:
        if (answer := await self.tell(self.calls.heartbeat)) is not None:
            self.timing.set(answer.current_time)

    async def restart(self, reason: str, *, when_idle: bool = False) -> None:
        self.boot_reason = "ScheduledReset" if when_idle else "RemoteReset"
        await super().restart(reason, when_idle=when_idle)

    async def begin(self) -> None:
        await super().begin()
        for each in self.monitors:
            self.monitors.begin(each)

    def word_of(self, outlet: Outlet) -> str:
        return status_of(outlet)

    def send_status(self, outlet: Outlet) -> None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        status_notification = partial(
            self.calls.status_notification,
            timestamp=self.now(),
            connector_status=ocpp.ConnectorStatusEnumType(status_of(outlet)),
            evse_id=outlet.id,
            connector_id=CONNECTOR,
        )
        self.reports.report(outlet.id, partial(self.tell, status_notification))

    async def report_expired(self, outlet: Outlet, reservation: Reservation) -> None:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        self.charging.report(outlet)
        await self.told()
        expired = ocpp.ReservationUpdateStatusEnumType.EXPIRED
        await self.tell(
            self.calls.reservation_status_update, reservation_id=reservation.id, reservation_update_status=expired
        )

    # Charging

    async def authorize_remotely(self, token: str) -> Verdict:
        answer = await self.tell(self.calls.authorize, id_token=self._id_token(token))
        return (verdict_of(answer.id_token_info) if answer is not None else None) or Verdict(False)

    def _id_token(self, token: str) -> ocpp.IdTokenType:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        kind: Any  # an enumeration in 2.0.1, text in 2.1
        kind, _, text = token.partition("/")
        return ocpp.IdTokenType(id_token=text, type=kind)

    def send_start(self, outlet: Outlet, transaction: Transaction, cause: str) -> asyncio.Future[Any]:
        cause = "RemoteStart" if transaction.remote_start_id is not None else cause
        reading = self.charging.read(outlet, "Transaction.Begin", "started_data")
        return self.send_event(outlet, transaction, "Started", cause, [reading])

    def send_update(self, outlet: Outlet, transaction: Transaction, cause: str) -> None:
        if cause == "Authorized" and transaction.remote_start_id is not None:
            cause = "RemoteStart"
        self.send_event(outlet, transaction, "Updated", _TRIGGERS.get(cause, cause))

    def send_sample(self, outlet: Outlet, transaction: Transaction | None, reading: Reading) -> None:
        self.monitors.look()
        if not reading.values:
            return
        if transaction is None:
            values = [self._meter_value(reading)]
            self.jobs.create_task(self.tell(self.calls.meter_values, evse_id=outlet.id, meter_value=values))
        else:
            trigger = "MeterValueClock" if reading.context == "Sample.Clock" else "MeterValuePeriodic"
            self.send_event(outlet, transaction, "Updated", trigger, [reading])

    def send_end(self, outlet: Outlet, transaction: Transaction) -> None:
        self.send_event(outlet, transaction, "Ended", _TRIGGERS[transaction.reason], transaction.kept)

    def send_event(
        self, outlet: Outlet, transaction: Transaction, kind: str, trigger: str, readings: Sequence[Reading] = ()
    ) -> asyncio.Future[Any]:
        """Send a TransactionEvent; the future is done when it is answered, or given up."""
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        number, transaction.events, transaction.state = transaction.events, transaction.events + 1, outlet.state
        token = transaction.token if transaction.told != transaction.token or trigger == "StopAuthorized" else None
        transaction.told = transaction.token
        request = ocpp.TransactionEventRequest(
            event_type=ocpp.TransactionEventEnumType(kind),
            trigger_reason=ocpp.TriggerReasonEnumType(trigger),
            timestamp=self.now(),
            seq_no=number,
            transaction_info=ocpp.TransactionType(
                transaction_id=transaction.id,
                charging_state=ocpp.ChargingStateEnumType(outlet.state),
                remote_start_id=transaction.remote_start_id,
                time_spent_charging=round((self.now() - transaction.started).total_seconds()),
                stopped_reason=ocpp.ReasonEnumType(_REASONS.get(transaction.reason, transaction.reason))
                if transaction.ended
                else None,
            ),
            evse=ocpp.EVSEType(id=outlet.id, connector_id=CONNECTOR),
            id_token=None if token is None else self._id_token(token),
            meter_value=[self._meter_value(each) for each in readings if each.values] or None,
            reservation_id=transaction.reservation_id if token is not None else None,
        )
        answer = self.reports.post(transaction, lambda: request)
        answer.add_done_callback(partial(self._answered, transaction))
        return answer

    def _answered(self, transaction: Transaction, answered: asyncio.Future[Any]) -> None:
        if answered.cancelled():
            return
        answer = answered.result()
        info = None if answer is None else answer.id_token_info
        self.charging.judge(transaction, None if answer is None else info is None or info.status == "Accepted")

    def _meter_value(self, reading: Reading) -> ocpp.MeterValueType:
        if not TYPE_CHECKING:
            ocpp = self.ocpp
        return ocpp.MeterValueType(
            timestamp=reading.at,
            sampled_value=[
                ocpp.SampledValueType(
                    value=round(value, 3),
                    context=ocpp.ReadingContextEnumType(reading.context),
                    measurand=ocpp.MeasurandEnumType(measurand),
                    unit_of_measure=ocpp.UnitOfMeasureType(unit=MEASURANDS[measurand]),
                )
                for measurand, value in reading.values.items()
            ],
        )

    async def report_meter(self, outlet: Outlet) -> None:
        if (reading := self.charging.read(outlet, "Trigger", "sampled_data")).values:
            await self.tell(self.calls.meter_values, evse_id=outlet.id, meter_value=[self._meter_value(reading)])

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
        now = self.now()
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
