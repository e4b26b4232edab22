"""Monitors of variables, and when they speak."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ..variables import Variable

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["MAX_SEVERITY", "Monitor", "Monitors"]

MAX_SEVERITY: Final = 9

_THRESHOLDS: Final = ("UpperThreshold", "LowerThreshold")
_PERIODIC: Final = ("Periodic", "PeriodicClockAligned")


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
    """The job that speaks periodically."""

    def is_due(self, value: str) -> bool:
        """Whether a threshold has been crossed, either way, or a value is as far from the last as the delta says."""
        limit = self.wanted.value
        match self.wanted.type:
            case "UpperThreshold":
                return (float(value) > limit) is not self.crossed
            case "LowerThreshold":
                return (float(value) < limit) is not self.crossed
            case "Delta":
                far = not self.variable.is_number or abs(float(value) - float(self.seen)) >= limit
                return value != self.seen and far
            case _:
                return False


class Monitors:
    """All monitors of a station, which says how each speaks."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._monitors: dict[int, Monitor] = {}
        self._new_ids = count(1)
        self.level = MAX_SEVERITY
        """Events of a higher number are not told."""

    def __iter__(self) -> Iterator[Monitor]:
        return iter(self._monitors.values())

    def set(self, wanted: ocpp.SetMonitoringDataType, found: Variable | str) -> tuple[str, int | None]:
        """Add a monitor, or change the one with its id; return the status in OCPP's words, and the id."""
        if isinstance(found, str):
            return found, wanted.id
        status = self._judge(wanted, found)
        if status != "Accepted":
            return status, wanted.id
        number = next(self._new_ids) if wanted.id is None else wanted.id
        self.clear(number)
        monitor = self._monitors[number] = Monitor(number, found, wanted, seen=found.read())
        self.begin(monitor)
        self.look()
        return status, number

    def _judge(self, wanted: ocpp.SetMonitoringDataType, variable: Variable) -> str:
        threshold = wanted.type in _THRESHOLDS
        if wanted.type not in (*_THRESHOLDS, "Delta", *_PERIODIC) or (threshold and not variable.is_number):
            return "UnsupportedMonitorType"
        present = self._monitors.get(wanted.id) if wanted.id is not None else None
        if wanted.id is not None and (present is None or present.variable is not variable):
            return "Rejected"
        if not 0 <= wanted.severity <= MAX_SEVERITY or (not threshold and wanted.value <= 0):
            return "Rejected"
        for each in self:
            same = each.variable is variable and each.wanted.type == wanted.type
            if same and each is not present and each.wanted.severity == wanted.severity:
                return "Duplicate"
        return "Accepted"

    def clear(self, number: int) -> bool:
        """Remove a monitor; return whether it was found."""
        monitor = self._monitors.pop(number, None)
        if monitor is None:
            return False
        self._station.cleared(monitor)
        if monitor.task is not None:
            monitor.task.cancel()
        return True

    def begin(self, monitor: Monitor) -> None:
        """Let a periodic monitor speak, from now on or after a restart."""
        if monitor.wanted.type in _PERIODIC:
            self.start(monitor, self._station.speak(monitor))

    def start(self, monitor: Monitor, speech: Coroutine[Any, Any, None]) -> None:
        """Begin the job of a monitor, in place of the one that it may have."""
        if monitor.task is not None:
            monitor.task.cancel()
        monitor.task = self._station.jobs.create_task(speech)

    def look(self) -> None:
        """Compare values with thresholds and deltas; tell what there is to tell."""
        for each in self:
            if each.is_due(value := each.variable.read()):
                delta = each.wanted.type == "Delta"
                each.seen, each.crossed = value, not delta and not each.crossed
                self._station.jobs.create_task(
                    self._station.tell_monitor(each, value, "Delta" if delta else "Alerting")
                )
