"""The commands about the driver's display: messages, and the cost of the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_fast import Router

from .provisioning import in_parts

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_display"]


def handle_display(station: Station, commands: Router) -> None:
    """Keep messages for the display, by their ids."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    messages: dict[int, ocpp.MessageInfoType] = {}

    @commands.on(ocpp.SetDisplayMessageRequest)
    def set_display_message(request: ocpp.SetDisplayMessageRequest) -> ocpp.SetDisplayMessageResponse:
        message, status = request.message, ocpp.DisplayMessageStatusEnumType
        if message.message.format not in ("ASCII", "UTF8"):
            return ocpp.SetDisplayMessageResponse(status=status.NOT_SUPPORTED_MESSAGE_FORMAT)
        if message.transaction_id is not None and station.charges(message.transaction_id) is None:
            return ocpp.SetDisplayMessageResponse(status=status.UNKNOWN_TRANSACTION)
        if message.end_date_time is not None and message.end_date_time <= station.now():
            return ocpp.SetDisplayMessageResponse(status=status.REJECTED)
        messages[message.id] = message
        return ocpp.SetDisplayMessageResponse(status=status.ACCEPTED)

    @commands.on(ocpp.ClearDisplayMessageRequest)
    def clear_display_message(request: ocpp.ClearDisplayMessageRequest) -> ocpp.ClearDisplayMessageResponse:
        status, found = ocpp.ClearMessageStatusEnumType, messages.pop(request.id, None) is not None
        return ocpp.ClearDisplayMessageResponse(status=status.ACCEPTED if found else status.UNKNOWN)

    @commands.on(ocpp.GetDisplayMessagesRequest)
    def get_display_messages(request: ocpp.GetDisplayMessagesRequest) -> ocpp.GetDisplayMessagesResponse:
        status = ocpp.GetDisplayMessagesStatusEnumType
        found = [
            each
            for each in messages.values()
            if (request.id is None or each.id in request.id)
            and request.priority in (None, each.priority)
            and request.state in (None, each.state)
        ]
        if not found:
            return ocpp.GetDisplayMessagesResponse(status=status.UNKNOWN)
        station.jobs.create_task(_report(station, request.request_id, found))
        return ocpp.GetDisplayMessagesResponse(status=status.ACCEPTED)

    @commands.on(ocpp.CostUpdatedRequest)
    def cost_updated(request: ocpp.CostUpdatedRequest) -> ocpp.CostUpdatedResponse:
        """Show the cost of a running transaction."""
        if station.charges(request.transaction_id) is not None:
            station.observer.note(f"{station.settings.id} shows the cost {request.total_cost:.2f}")
        return ocpp.CostUpdatedResponse()


async def _report(station: Station, number: int, found: list[ocpp.MessageInfoType]) -> None:
    notify = station.calls.notify_display_messages
    for _, messages, more in in_parts(found):
        await station.tell(notify, request_id=number, message_info=messages, tbc=more)
