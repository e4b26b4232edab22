"""Periodic event streams: monitors that speak in messages without an answer, and the commands about them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Final

from ocpp_fast import OcppError, on, v21

from ..machine import Machine
from ..monitors import Monitor

__all__ = ["EventStreamCommands"]

_Status = v21.GenericStatusEnumType

_DEFAULT_INTERVAL: Final = 60


@dataclass(slots=True, eq=False)
class _Stream:
    """A stream; `changed` interrupts its wait."""

    id: int
    monitor: Monitor
    params: v21.PeriodicEventStreamParamsType
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def interval(self) -> float:
        """Seconds between messages."""
        return self.params.interval or _DEFAULT_INTERVAL


class EventStreamCommands:
    """Opens a stream for each monitor that wants one, and sends the value in it again and again."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._streams: dict[int, _Stream] = {}
        self._new_ids = count(1)
        machine.monitors.takes_over = self._open
        machine.monitors.removed = self._close

    @on(v21.GetPeriodicEventStreamRequest)
    def get_streams(self, request: v21.GetPeriodicEventStreamRequest) -> v21.GetPeriodicEventStreamResponse:
        data = [_constant(each) for each in self._streams.values()]
        return v21.GetPeriodicEventStreamResponse(constant_stream_data=data or None)

    @on(v21.AdjustPeriodicEventStreamRequest)
    def adjust(self, request: v21.AdjustPeriodicEventStreamRequest) -> v21.AdjustPeriodicEventStreamResponse:
        stream = self._streams.get(request.id)
        if stream is None:
            return v21.AdjustPeriodicEventStreamResponse(status=_Status.REJECTED)
        stream.params = request.params
        stream.changed.set()
        return v21.AdjustPeriodicEventStreamResponse(status=_Status.ACCEPTED)

    # The streams

    def _open(self, monitor: Monitor) -> bool:
        """Take a monitor over that wants a stream."""
        params = monitor.wanted.periodic_event_stream
        if params is None:
            return False
        self._forget(monitor)
        stream = _Stream(next(self._new_ids), monitor, params)
        self._streams[stream.id] = stream
        stream.task = self._machine.jobs.create_task(self._run(stream))
        return True

    def _forget(self, monitor: Monitor) -> _Stream | None:
        """End the stream of a monitor, if it has one."""
        stream = next((each for each in self._streams.values() if each.monitor is monitor), None)
        if stream is not None:
            del self._streams[stream.id]
            if stream.task is not None:
                stream.task.cancel()
        return stream

    def _close(self, monitor: Monitor) -> None:
        """End the stream of a monitor, and say so."""
        if (stream := self._forget(monitor)) is not None:
            self._machine.jobs.create_task(self._tell_closed(stream.id))

    async def _tell_closed(self, number: int) -> None:
        await self._machine.tell(lambda csms: csms.close_periodic_event_stream(id=number))

    async def _run(self, stream: _Stream) -> None:
        opened = await self._machine.tell(
            lambda csms: csms.open_periodic_event_stream(constant_stream_data=_constant(stream))
        )
        if opened is None or opened.status is not _Status.ACCEPTED:
            del self._streams[stream.id]
            return
        while True:
            try:
                async with asyncio.timeout(stream.interval):
                    await stream.changed.wait()
                stream.changed.clear()
            except TimeoutError:
                self._send(stream)

    def _send(self, stream: _Stream) -> None:
        """Send the value that there is now; one that can't be sent is lost."""
        element = v21.StreamDataElementType(t=0.0, v=stream.monitor.variable.read())
        try:
            self._machine.station.send(
                v21.NotifyPeriodicEventStreamRequest(
                    id=stream.id, pending=0, basetime=datetime.now(UTC), data=[element]
                )
            )
        except OcppError as error:
            self._machine.console.note(f"{self._machine.station.id}: {error}")


def _constant(stream: _Stream) -> v21.ConstantStreamDataType:
    return v21.ConstantStreamDataType(id=stream.id, params=stream.params, variable_monitoring_id=stream.monitor.id)
