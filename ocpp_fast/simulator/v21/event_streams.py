"""Periodic event streams: monitors that speak in messages without an answer, and the commands about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from ocpp_fast import OcppError, on, v21

from .. import v2
from ..v2.monitors import Monitor

__all__ = ["EventStreamCommands", "run_stream", "stream_of"]

_DEFAULT_INTERVAL: Final = 60


def stream_of(monitor: Monitor) -> v21.PeriodicEventStreamParamsType | None:
    """Return the parameters of a monitor's stream, None without one or if the CSMS has refused it."""
    speaks = monitor.task is not None and not monitor.task.done()
    return monitor.wanted.periodic_event_stream if speaks else None


async def run_stream(station: v2.Station, monitor: Monitor, params: v21.PeriodicEventStreamParamsType) -> None:
    """Open the stream of a monitor, and speak in it if the CSMS agrees."""
    open_stream = station.calls.open_periodic_event_stream
    opened = await station.tell(open_stream, constant_stream_data=_constant(monitor, params))
    if opened is not None and opened.status == "Accepted":
        await _speak(station, monitor, params)


async def _speak(station: v2.Station, monitor: Monitor, params: v21.PeriodicEventStreamParamsType) -> None:
    """Send the value again and again; one that can't be sent is lost."""
    interval = params.interval if params.interval is not None and params.interval > 0 else _DEFAULT_INTERVAL
    while True:
        await asyncio.sleep(interval)
        element = v21.StreamDataElementType(t=0.0, v=monitor.variable.read())
        now = station.now()
        try:
            station.charge_point.send(
                v21.NotifyPeriodicEventStreamRequest(id=monitor.id, pending=0, basetime=now, data=[element])
            )
        except OcppError as error:
            station.observer.note(str(error.at(station.settings.id)))


def _constant(monitor: Monitor, params: v21.PeriodicEventStreamParamsType) -> v21.ConstantStreamDataType:
    return v21.ConstantStreamDataType(id=monitor.id, params=params, variable_monitoring_id=monitor.id)


class EventStreamCommands:
    """Tells the streams, which have the ids of their monitors, and changes how often they speak."""

    def __init__(self, station: v2.Station) -> None:
        self._station = station

    def _streams(self) -> Iterator[tuple[Monitor, v21.PeriodicEventStreamParamsType]]:
        for each in self._station.monitors:
            if (params := stream_of(each)) is not None:
                yield each, params

    @on(v21.GetPeriodicEventStreamRequest)
    def get_streams(self, request: v21.GetPeriodicEventStreamRequest) -> v21.GetPeriodicEventStreamResponse:
        data = [_constant(monitor, params) for monitor, params in self._streams()]
        return v21.GetPeriodicEventStreamResponse(constant_stream_data=data or None)

    @on(v21.AdjustPeriodicEventStreamRequest)
    def adjust(self, request: v21.AdjustPeriodicEventStreamRequest) -> v21.AdjustPeriodicEventStreamResponse:
        status = v21.GenericStatusEnumType
        for monitor, _ in self._streams():
            if monitor.id == request.id:
                monitor.wanted = monitor.wanted.replace(periodic_event_stream=request.params)
                self._station.monitors.start(monitor, _speak(self._station, monitor, request.params))
                return v21.AdjustPeriodicEventStreamResponse(status=status.ACCEPTED)
        return v21.AdjustPeriodicEventStreamResponse(status=status.REJECTED)
