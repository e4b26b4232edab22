"""The command of the Remote Trigger profile."""

from __future__ import annotations

from ocpp_fast import on, v16

from .machine import Machine

__all__ = ["RemoteTriggerCommands", "report_meters", "report_statuses"]


class RemoteTriggerCommands:
    """Sends what is asked for, after the answer."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v16.TriggerMessageRequest)
    def trigger(self, request: v16.TriggerMessageRequest) -> v16.TriggerMessageResponse:
        if request.connector_id and request.connector_id not in self._machine.connectors:
            return v16.TriggerMessageResponse(status=v16.TriggerMessageStatus.REJECTED)
        self._machine.jobs.create_task(self._send(request.requested_message, request.connector_id))
        return v16.TriggerMessageResponse(status=v16.TriggerMessageStatus.ACCEPTED)

    async def _send(self, message: v16.MessageTrigger, connector_id: int | None) -> None:
        machine = self._machine
        match message:
            case v16.MessageTrigger.BOOT_NOTIFICATION:
                await machine.announce()
            case v16.MessageTrigger.HEARTBEAT:
                await machine.tell(lambda central: central.heartbeat())
            case v16.MessageTrigger.METER_VALUES:
                await report_meters(machine, connector_id)
            case v16.MessageTrigger.STATUS_NOTIFICATION:
                await report_statuses(machine, connector_id)
            case v16.MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION:
                await machine.report_diagnostics()
            case v16.MessageTrigger.FIRMWARE_STATUS_NOTIFICATION:
                await machine.report_firmware()


async def report_meters(machine: Machine, connector_id: int | None) -> None:
    """Send the meter values of a connector, or of all."""
    for each in machine.connectors.values():
        if not connector_id or each.id == connector_id:
            await machine.report_meter(each, v16.ReadingContext.TRIGGER)


async def report_statuses(machine: Machine, connector_id: int | None) -> None:
    """Send the status of a connector, or of all."""
    if connector_id is None:
        await machine.report_all()
    else:
        await machine.report(connector_id)
