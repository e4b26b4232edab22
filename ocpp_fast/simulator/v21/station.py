"""A simulated station of 2.1."""

from __future__ import annotations

from ocpp_fast import Router, v21

from .. import v2
from ..settings import Observer, Settings
from ..v2.monitors import Monitor
from .energy import EnergyCommands, UnsupportedCommands
from .event_streams import EventStreamCommands, run_stream, stream_of
from .tariffs import TariffCommands

__all__ = ["Station"]


class Station(v2.Station):
    """Answers every command of 2.1, and charges by itself."""

    monitor_fields = {"event_notification_type": v21.EventNotificationEnumType.CUSTOM_MONITOR}  # noqa: RUF012

    def __init__(self, settings: Settings, observer: Observer) -> None:
        super().__init__(v21, settings, observer)

    def handle(self, commands: Router) -> None:
        super().handle(commands)
        for each in (EnergyCommands, EventStreamCommands, TariffCommands, UnsupportedCommands):
            commands.include(each(self))

    async def speak(self, monitor: Monitor) -> None:
        params = monitor.wanted.periodic_event_stream
        await (super().speak(monitor) if params is None else run_stream(self, monitor, params))

    def cleared(self, monitor: Monitor) -> None:
        if stream_of(monitor) is not None:
            self.jobs.create_task(self.tell(self.calls.close_periodic_event_stream, id=monitor.id))
