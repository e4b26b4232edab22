"""Monitors of variables, and the events that they give rise to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Final

from .device_model import Variable
from .version import custom_monitor, ocpp

if TYPE_CHECKING:
    from .machine import Machine

__all__ = ["MAX_SEVERITY", "Monitor", "Monitors"]

MAX_SEVERITY: Final = 9

_Clear = ocpp.ClearMonitoringStatusEnumType
_Kind = ocpp.MonitorEnumType
_Set = ocpp.SetMonitoringStatusEnumType
_Trigger = ocpp.EventTriggerEnumType

_THRESHOLDS: Final = (_Kind.UPPER_THRESHOLD, _Kind.LOWER_THRESHOLD)
_PERIODIC: Final = (_Kind.PERIODIC, _Kind.PERIODIC_CLOCK_ALIGNED)
_SUPPORTED: Final = (*_THRESHOLDS, _Kind.DELTA, *_PERIODIC)
_CRITERIA: Final = {
    ocpp.MonitoringCriterionEnumType.THRESHOLD_MONITORING: _THRESHOLDS,
    ocpp.MonitoringCriterionEnumType.DELTA_MONITORING: (_Kind.DELTA,),
    ocpp.MonitoringCriterionEnumType.PERIODIC_MONITORING: _PERIODIC,
}


@dataclass(slots=True, eq=False)
class Monitor:
    """One monitor, as the CSMS has set it."""

    id: int
    variable: Variable
    wanted: ocpp.SetMonitoringDataType
    seen: str
    """The value at which it spoke last, or which it began with."""
    crossed: bool = False
    """Whether the value is beyond the threshold."""
    task: asyncio.Task[None] | None = None
    """What speaks periodically."""
    elsewhere: bool = False
    """Whether something else speaks for it."""

    @property
    def kind(self) -> ocpp.MonitorEnumType:
        """When it speaks."""
        return self.wanted.type

    def is_beyond(self, value: str) -> bool:
        """Whether a value is beyond the threshold."""
        if self.kind is _Kind.UPPER_THRESHOLD:
            return float(value) > self.wanted.value
        return float(value) < self.wanted.value

    def differs(self, value: str) -> bool:
        """Whether a value is as far from the last as the delta says."""
        if not self.variable.is_number:
            return value != self.seen
        return value != self.seen and abs(float(value) - float(self.seen)) >= self.wanted.value


class Monitors:
    """All that are set. They speak in NotifyEvent, unless `takes_over` sees to one."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._monitors: dict[int, Monitor] = {}
        self._new_ids = count(1)
        self._new_event_ids = count(1)
        self.level = MAX_SEVERITY
        """Events of a higher number are not told."""
        self.takes_over: Callable[[Monitor], bool] = lambda _: False
        """Told of each new monitor; whether it will be spoken for elsewhere."""
        self.removed: Callable[[Monitor], None] = lambda _: None
        """Told of each that is no more."""

    # What commands ask

    def set(self, wanted: ocpp.SetMonitoringDataType) -> ocpp.SetMonitoringResultType:
        """Add a monitor, or change the one with its id, where that makes sense."""
        found = self._machine.model.find(wanted.component, wanted.variable)
        number = wanted.id
        if isinstance(found, str):
            status = _Set(found)
        else:
            status = self._judge(wanted, found)
            if status is _Set.ACCEPTED:
                number = self._add(wanted, found)
        return ocpp.SetMonitoringResultType(
            id=number,
            status=status,
            type=wanted.type,
            severity=wanted.severity,
            component=wanted.component,
            variable=wanted.variable,
        )

    def _judge(self, wanted: ocpp.SetMonitoringDataType, variable: Variable) -> ocpp.SetMonitoringStatusEnumType:
        if wanted.type not in _SUPPORTED or (wanted.type in _THRESHOLDS and not variable.is_number):
            return _Set.UNSUPPORTED_MONITOR_TYPE
        present = self._monitors.get(wanted.id) if wanted.id is not None else None
        if wanted.id is not None and (present is None or present.variable is not variable):
            return _Set.REJECTED
        if not 0 <= wanted.severity <= MAX_SEVERITY or (wanted.type not in _THRESHOLDS and wanted.value <= 0):
            return _Set.REJECTED
        for each in self._monitors.values():
            same = each.variable is variable and each.kind is wanted.type
            if same and each is not present and each.wanted.severity == wanted.severity:
                return _Set.DUPLICATE
        return _Set.ACCEPTED

    def _add(self, wanted: ocpp.SetMonitoringDataType, variable: Variable) -> int:
        number = next(self._new_ids) if wanted.id is None else wanted.id
        self.clear(number)
        monitor = self._monitors[number] = Monitor(number, variable, wanted, seen=variable.read())
        self._begin(monitor)
        self.look()
        return number

    def clear(self, number: int) -> ocpp.ClearMonitoringStatusEnumType:
        """Remove a monitor."""
        monitor = self._monitors.pop(number, None)
        if monitor is None:
            return _Clear.NOT_FOUND
        if monitor.task is not None:
            monitor.task.cancel()
        self.removed(monitor)
        return _Clear.ACCEPTED

    def clear_all(self) -> None:
        """Remove every monitor."""
        for number in list(self._monitors):
            self.clear(number)

    def report(
        self, variables: Collection[Variable], criteria: Iterable[ocpp.MonitoringCriterionEnumType] | None
    ) -> list[ocpp.MonitoringDataType]:
        """Return the monitors of some variables, of some kinds."""
        kinds = _SUPPORTED if criteria is None else [kind for each in criteria for kind in _CRITERIA[each]]
        reported = []
        for variable in variables:
            monitors = [each for each in self._monitors.values() if each.variable is variable and each.kind in kinds]
            if monitors:
                reported.append(
                    ocpp.MonitoringDataType(
                        component=variable.component,
                        variable=variable.variable,
                        variable_monitoring=[_told(each) for each in monitors],
                    )
                )
        return reported

    # What monitors do

    def resume(self) -> None:
        """Begin anew after a restart."""
        for each in self._monitors.values():
            self._begin(each)

    def _begin(self, monitor: Monitor) -> None:
        monitor.elsewhere = self.takes_over(monitor)
        if not monitor.elsewhere and monitor.kind in _PERIODIC:
            monitor.task = self._machine.jobs.create_task(self._speak(monitor))

    async def _speak(self, monitor: Monitor) -> None:
        while True:
            await asyncio.sleep(monitor.wanted.value)
            await self._tell(monitor, monitor.variable.read(), _Trigger.PERIODIC)

    def look(self) -> None:
        """Compare values with thresholds and deltas; tell what there is to tell."""
        for each in self._monitors.values():
            if each.elsewhere:
                continue
            value = each.variable.read()
            if each.kind in _THRESHOLDS and each.is_beyond(value) is not each.crossed:
                each.crossed = not each.crossed
                self._machine.jobs.create_task(self._tell(each, value, _Trigger.ALERTING))
            elif each.kind is _Kind.DELTA and each.differs(value):
                each.seen = value
                self._machine.jobs.create_task(self._tell(each, value, _Trigger.DELTA))

    async def _tell(self, monitor: Monitor, value: str, trigger: ocpp.EventTriggerEnumType) -> None:
        if monitor.wanted.severity > self.level:
            return
        event = ocpp.EventDataType(
            event_id=next(self._new_event_ids),
            timestamp=datetime.now(UTC),
            trigger=trigger,
            actual_value=value,
            cleared=True if trigger is _Trigger.ALERTING and not monitor.crossed else None,
            component=monitor.variable.component,
            variable=monitor.variable.variable,
            variable_monitoring_id=monitor.id,
            event_notification_type=ocpp.EventNotificationEnumType.CUSTOM_MONITOR,
        )
        await self._machine.tell(
            lambda csms: csms.notify_event(generated_at=event.timestamp, seq_no=0, event_data=[event])
        )


def _told(monitor: Monitor) -> ocpp.VariableMonitoringType:
    wanted = monitor.wanted
    return custom_monitor(monitor.id, wanted.type, wanted.value, wanted.severity, transaction=bool(wanted.transaction))
