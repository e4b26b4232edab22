"""The commands about what is shown to the driver: messages, and the cost of the transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on

from .machine import Machine, Part, in_parts
from .version import ocpp

__all__ = ["DisplayCommands"]

_Format = ocpp.MessageFormatEnumType
_Status = ocpp.DisplayMessageStatusEnumType

_FORMATS: Final = (_Format.ASCII, _Format.UTF8)


class DisplayCommands:
    """Keeps messages for the display, by their ids."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._messages: dict[int, ocpp.MessageInfoType] = {}

    @on(ocpp.SetDisplayMessageRequest)
    def set_message(self, request: ocpp.SetDisplayMessageRequest) -> ocpp.SetDisplayMessageResponse:
        message = request.message
        if message.message.format not in _FORMATS:
            return ocpp.SetDisplayMessageResponse(status=_Status.NOT_SUPPORTED_MESSAGE_FORMAT)
        if message.transaction_id is not None and self._machine.charging(message.transaction_id) is None:
            return ocpp.SetDisplayMessageResponse(status=_Status.UNKNOWN_TRANSACTION)
        if message.end_date_time is not None and message.end_date_time <= datetime.now(UTC):
            return ocpp.SetDisplayMessageResponse(status=_Status.REJECTED)
        self._messages[message.id] = message
        return ocpp.SetDisplayMessageResponse(status=_Status.ACCEPTED)

    @on(ocpp.ClearDisplayMessageRequest)
    def clear_message(self, request: ocpp.ClearDisplayMessageRequest) -> ocpp.ClearDisplayMessageResponse:
        status = ocpp.ClearMessageStatusEnumType
        found = self._messages.pop(request.id, None) is not None
        return ocpp.ClearDisplayMessageResponse(status=status.ACCEPTED if found else status.UNKNOWN)

    @on(ocpp.GetDisplayMessagesRequest)
    def get_messages(self, request: ocpp.GetDisplayMessagesRequest) -> ocpp.GetDisplayMessagesResponse:
        status = ocpp.GetDisplayMessagesStatusEnumType
        found = [
            each
            for each in self._messages.values()
            if (request.id is None or each.id in request.id)
            and request.priority in (None, each.priority)
            and request.state in (None, each.state)
        ]
        if not found:
            return ocpp.GetDisplayMessagesResponse(status=status.UNKNOWN)
        self._machine.jobs.create_task(self._report(request.request_id, found))
        return ocpp.GetDisplayMessagesResponse(status=status.ACCEPTED)

    async def _report(self, request_id: int, found: list[ocpp.MessageInfoType]) -> None:
        for part in in_parts(found):
            await self._report_part(request_id, part)

    async def _report_part(self, request_id: int, part: Part[ocpp.MessageInfoType]) -> None:
        await self._machine.tell(
            lambda csms: csms.notify_display_messages(request_id=request_id, message_info=part.items, tbc=part.more)
        )

    @on(ocpp.CostUpdatedRequest)
    def cost_updated(self, request: ocpp.CostUpdatedRequest) -> ocpp.CostUpdatedResponse:
        """Show the cost, where the transaction goes on."""
        if self._machine.charging(request.transaction_id) is not None:
            cost = f"{self._machine.station.id} shows the cost {request.total_cost:.2f}"
            self._machine.console.note(cost)
        return ocpp.CostUpdatedResponse()
