"""The command that asks for a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocpp_fast import Router

from ..outlet import Outlet

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_trigger"]

_CERTIFICATES: Final = {
    "SignChargingStationCertificate": "ChargingStationCertificate",
    "SignV2GCertificate": "V2GCertificate",
}
_KNOWN: Final = (
    *_CERTIFICATES,
    *("BootNotification", "FirmwareStatusNotification", "Heartbeat", "LogStatusNotification", "MeterValues"),
    *("StatusNotification", "TransactionEvent"),
)


def handle_trigger(station: Station, commands: Router) -> None:
    """Send the message that is asked for, after the answer."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    status = ocpp.TriggerMessageStatusEnumType

    @commands.on(ocpp.TriggerMessageRequest)
    def trigger_message(request: ocpp.TriggerMessageRequest) -> ocpp.TriggerMessageResponse:
        if request.requested_message not in _KNOWN:
            return ocpp.TriggerMessageResponse(status=status.NOT_IMPLEMENTED)
        if not _makes_sense(station, request):
            return ocpp.TriggerMessageResponse(status=status.REJECTED)
        station.jobs.create_task(_send(station, request.requested_message, station.at(request.evse)))
        return ocpp.TriggerMessageResponse(status=status.ACCEPTED)


def _makes_sense(station: Station, request: ocpp.TriggerMessageRequest) -> bool:
    evses = station.at(request.evse)
    match request.requested_message:
        case "StatusNotification":  # of one connector (F06.FR.12)
            return bool(evses) and request.evse is not None and request.evse.connector_id is not None
        case "BootNotification":  # of a station that is still to be accepted (F06.FR.17)
            return not station.accepted.is_set()
        case "TransactionEvent":
            return any(each.transaction is not None for each in evses)
        case _:
            return bool(evses)


async def _send(station: Station, message: str, evses: list[Outlet]) -> None:
    if message in _CERTIFICATES:
        await _ask_to_sign(station, _CERTIFICATES[message])
    elif message == "TransactionEvent":
        for evse in evses:
            if evse.transaction is not None:
                reading = station.charging.read(evse, "Trigger", "sampled_data")
                station.send_event(evse, evse.transaction, "Updated", "Trigger", [reading])
    else:
        if message == "BootNotification":
            station.boot_reason = "Triggered"
        await station.send(message, evses)


async def _ask_to_sign(station: Station, use: str) -> None:
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    kind, request = ocpp.CertificateSigningUseEnumType(use), station.signing_request()
    await station.tell(station.calls.sign_certificate, csr=request, certificate_type=kind)
