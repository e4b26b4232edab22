"""The commands that restart a station, change its availability and its local list, and few others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_fast import Router

from .charging import key_of, verdict_of
from .device_model import CONNECTOR

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_operation"]


def handle_operation(station: Station, commands: Router) -> None:
    """Restart, take EVSEs out of service and back, unlock connectors, keep the local list, and know no vendor."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp

    @commands.on(ocpp.ResetRequest)
    def reset(request: ocpp.ResetRequest) -> ocpp.ResetResponse:
        """Restart the station, or end the transaction of an EVSE, now or when nobody charges."""
        status, when_idle = ocpp.ResetStatusEnumType, request.type == "OnIdle"
        evses = [each for each in station.outlets.values() if request.evse_id in (None, 0, each.id)]
        if not evses or request.type not in ("Immediate", "OnIdle"):
            return ocpp.ResetResponse(status=status.REJECTED)
        if not request.evse_id:
            station.jobs.create_task(station.restart("ImmediateReset", when_idle=when_idle))
        elif not when_idle:
            station.jobs.create_task(station.stop_all(evses, "ImmediateReset"))
        busy = any(each.transaction is not None for each in evses)
        return ocpp.ResetResponse(status=status.SCHEDULED if when_idle and busy else status.ACCEPTED)

    @commands.on(ocpp.ChangeAvailabilityRequest)
    def change_availability(request: ocpp.ChangeAvailabilityRequest) -> ocpp.ChangeAvailabilityResponse:
        """Change one EVSE, or the station, which leaves that of each EVSE as it is; who charges may go on."""
        status, evses = ocpp.ChangeAvailabilityStatusEnumType, station.at(request.evse)
        operative = request.operational_status == "Operative"
        whole = request.evse is None
        changed = station.change_availability(evses, operative=operative, station=whole) if evses else "Rejected"
        return ocpp.ChangeAvailabilityResponse(status=status(changed))

    @commands.on(ocpp.UnlockConnectorRequest)
    def unlock_connector(request: ocpp.UnlockConnectorRequest) -> ocpp.UnlockConnectorResponse:
        evse, status = station.outlets.get(request.evse_id), ocpp.UnlockStatusEnumType
        if evse is None or request.connector_id != CONNECTOR:
            return ocpp.UnlockConnectorResponse(status=status.UNKNOWN_CONNECTOR)
        busy = evse.transaction is not None
        return ocpp.UnlockConnectorResponse(status=status.ONGOING_AUTHORIZED_TRANSACTION if busy else status.UNLOCKED)

    @commands.on(ocpp.GetLocalListVersionRequest)
    def get_local_list_version(request: ocpp.GetLocalListVersionRequest) -> ocpp.GetLocalListVersionResponse:
        return ocpp.GetLocalListVersionResponse(version_number=station.local_list.version)

    @commands.on(ocpp.SendLocalListRequest)
    def send_local_list(request: ocpp.SendLocalListRequest) -> ocpp.SendLocalListResponse:
        word = "Failed"
        if station.variables.flag("LocalAuthListCtrlr", "Enabled"):
            entries = request.local_authorization_list or []
            changes = [(key_of(each.id_token), verdict_of(each.id_token_info)) for each in entries]
            full = request.update_type == "Full"
            word = station.local_list.update(request.version_number, changes, full=full)
        return ocpp.SendLocalListResponse(status=ocpp.SendLocalListStatusEnumType(word))

    @commands.on(ocpp.ClearCacheRequest)
    def clear_cache(request: ocpp.ClearCacheRequest) -> ocpp.ClearCacheResponse:
        """Refuse: there is no cache (C11.FR.04)."""
        return ocpp.ClearCacheResponse(status=ocpp.ClearCacheStatusEnumType.REJECTED)

    @commands.on(ocpp.DataTransferRequest)
    def data_transfer(request: ocpp.DataTransferRequest) -> ocpp.DataTransferResponse:
        return ocpp.DataTransferResponse(status=ocpp.DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)
