"""The command that asks for a message."""

from __future__ import annotations

from typing import Final

from ocpp_fast import on

from ..certificates import signing_request
from .diagnostics import report_log
from .evse import Evse
from .firmware import report_firmware, report_publication
from .machine import Machine
from .session import tell_event
from .version import ocpp

__all__ = ["TriggerCommands"]

_Context = ocpp.ReadingContextEnumType
_Message = ocpp.MessageTriggerEnumType
_Status = ocpp.TriggerMessageStatusEnumType

_CERTIFICATES: Final = {
    _Message.SIGN_CHARGING_STATION_CERTIFICATE: ocpp.CertificateSigningUseEnumType.CHARGING_STATION_CERTIFICATE,
    _Message.SIGN_V2G_CERTIFICATE: ocpp.CertificateSigningUseEnumType.V2G_CERTIFICATE,
}
_KNOWN: Final = (
    *_CERTIFICATES,
    _Message.BOOT_NOTIFICATION,
    _Message.FIRMWARE_STATUS_NOTIFICATION,
    _Message.HEARTBEAT,
    _Message.LOG_STATUS_NOTIFICATION,
    _Message.METER_VALUES,
    _Message.PUBLISH_FIRMWARE_STATUS_NOTIFICATION,
    _Message.STATUS_NOTIFICATION,
    _Message.TRANSACTION_EVENT,
)


class TriggerCommands:
    """Sends what is asked for, after the answer."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.TriggerMessageRequest)
    def trigger(self, request: ocpp.TriggerMessageRequest) -> ocpp.TriggerMessageResponse:
        message = request.requested_message
        if message not in _KNOWN:
            return ocpp.TriggerMessageResponse(status=_Status.NOT_IMPLEMENTED)
        evses = self._machine.at(request.evse)
        if not self._makes_sense(message, request.evse, evses):
            return ocpp.TriggerMessageResponse(status=_Status.REJECTED)
        self._machine.jobs.create_task(self._send(message, evses))
        return ocpp.TriggerMessageResponse(status=_Status.ACCEPTED)

    def _makes_sense(
        self, message: ocpp.MessageTriggerEnumType, place: ocpp.EVSEType | None, evses: list[Evse]
    ) -> bool:
        match message:
            case _Message.STATUS_NOTIFICATION:  # of one connector (F06.FR.12)
                return bool(evses) and place is not None and place.connector_id is not None
            case _Message.BOOT_NOTIFICATION:  # of a station that is still to be accepted (F06.FR.17)
                return not self._machine.accepted.is_set()
            case _Message.TRANSACTION_EVENT:
                return any(each.transaction is not None for each in evses)
            case _:
                return bool(evses)

    async def _send(self, message: ocpp.MessageTriggerEnumType, evses: list[Evse]) -> None:
        machine = self._machine
        match message:
            case _Message.BOOT_NOTIFICATION:
                machine.boot_reason = ocpp.BootReasonEnumType.TRIGGERED
                await machine.announce()
            case _Message.HEARTBEAT:
                await machine.heartbeat()
            case _Message.METER_VALUES:
                for evse in evses:
                    await machine.report_meter(evse, _Context.TRIGGER)
            case _Message.STATUS_NOTIFICATION:
                await machine.report_all(evses)
            case _Message.TRANSACTION_EVENT:
                await self._tell_transactions(evses)
            case _Message.LOG_STATUS_NOTIFICATION:
                await report_log(machine, machine.log.stage, machine.log.request_id)
            case _Message.FIRMWARE_STATUS_NOTIFICATION:
                await report_firmware(machine)
            case _Message.PUBLISH_FIRMWARE_STATUS_NOTIFICATION:
                await report_publication(machine)
            case _:
                await self._ask_to_sign(_CERTIFICATES[message])

    async def _tell_transactions(self, evses: list[Evse]) -> None:
        kind, reason = ocpp.TransactionEventEnumType.UPDATED, ocpp.TriggerReasonEnumType.TRIGGER
        for evse in evses:
            if (transaction := evse.transaction) is not None:
                await tell_event(self._machine, evse, transaction, kind, reason, context=_Context.TRIGGER)

    async def _ask_to_sign(self, use: ocpp.CertificateSigningUseEnumType) -> None:
        request = signing_request(self._machine.station.id)
        await self._machine.tell(lambda csms: csms.sign_certificate(csr=request, certificate_type=use))
