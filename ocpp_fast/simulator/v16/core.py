"""The commands of the profiles Core, Local Auth List Management and Reservation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ocpp_fast import on, v16

from ..local_list import Verdict
from ..outlet import Outlet, Reservation
from ..variables import Key

if TYPE_CHECKING:
    from .station import Station

__all__ = ["CoreCommands", "LocalListCommands", "ReservationCommands", "verdict_of"]

_Remote = v16.RemoteStartStopStatus


class CoreCommands:
    """What the station does when it is told to."""

    def __init__(self, station: Station) -> None:
        self._station = station

    # Availability

    @on(v16.ChangeAvailabilityRequest)
    def change_availability(self, request: v16.ChangeAvailabilityRequest) -> v16.ChangeAvailabilityResponse:
        """Change one connector or all; one that charges changes when it is free again."""
        station, status = self._station, v16.AvailabilityStatus
        outlets = [each for each in station.outlets.values() if request.connector_id in (0, each.id)]
        if not outlets:
            return v16.ChangeAvailabilityResponse(status=status.REJECTED)
        operative = request.type is v16.AvailabilityType.OPERATIVE
        changed = station.change_availability(outlets, operative=operative)
        if request.connector_id == 0:
            station.send_station_status()
        return v16.ChangeAvailabilityResponse(status=status(changed))

    @on(v16.UnlockConnectorRequest)
    def unlock_connector(self, request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
        connector = self._station.outlets.get(request.connector_id)
        if connector is None:
            return v16.UnlockConnectorResponse(status=v16.UnlockStatus.NOT_SUPPORTED)
        self._station.charging.stop(connector, "UnlockCommand")
        return v16.UnlockConnectorResponse(status=v16.UnlockStatus.UNLOCKED)

    @on(v16.ResetRequest)
    def reset(self, request: v16.ResetRequest) -> v16.ResetResponse:
        self._station.jobs.create_task(self._station.restart(f"{request.type}Reset"))
        return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

    # Configuration

    @on(v16.ChangeConfigurationRequest)
    def change_configuration(self, request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
        status, found = v16.ConfigurationStatus, self._station.variables.find(Key.of("", request.key))
        if isinstance(found, str):
            return v16.ChangeConfigurationResponse(status=status.NOT_SUPPORTED)
        done = self._station.set(found, request.value)
        return v16.ChangeConfigurationResponse(status=status.ACCEPTED if done else status.REJECTED)

    @on(v16.GetConfigurationRequest)
    def get_configuration(self, request: v16.GetConfigurationRequest) -> v16.GetConfigurationResponse:
        variables = self._station.variables
        names = request.key or [each.name for each in variables]
        found = {name: variables.find(Key.of("", name)) for name in names}
        known = [
            v16.KeyValue(
                key=each.name,
                readonly=each.mutability == "ReadOnly",
                value=None if each.mutability == "WriteOnly" else each.read(),
            )
            for each in found.values()
            if not isinstance(each, str)
        ]
        unknown = [name for name, each in found.items() if isinstance(each, str)]
        return v16.GetConfigurationResponse(configuration_key=known, unknown_key=unknown or None)

    # Transactions

    @on(v16.RemoteStartTransactionRequest)
    def remote_start(self, request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
        """Begin a session on the connector named, or on any that is free; it runs until it is stopped."""
        station, tag = self._station, request.id_tag
        free = [each for each in station.outlets.values() if station.may_be_free(each, tag)]
        connector = next((each for each in free if request.connector_id in (None, each.id)), None)
        number, profile = str(uuid4()), request.charging_profile
        if connector is None or not station.accepted.is_set() or not self._takes(connector, profile, number):
            return v16.RemoteStartTransactionResponse(status=_Remote.REJECTED)
        station.start_remotely(connector, tag, transaction_id=number)
        return v16.RemoteStartTransactionResponse(status=_Remote.ACCEPTED)

    def _takes(self, connector: Outlet, profile: v16.ChargingProfile | None, transaction_id: str) -> bool:
        """Whether there is no charging profile, or one of a transaction that is now installed."""
        if profile is None:
            return True
        of_transaction = profile.charging_profile_purpose is v16.ChargingProfilePurposeType.TX_PROFILE
        return of_transaction and self._station.install(connector.id, profile, transaction_id)

    @on(v16.RemoteStopTransactionRequest)
    def remote_stop(self, request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
        for connector in self._station.outlets.values():
            if connector.transaction is not None and connector.transaction.number == request.transaction_id:
                self._station.charging.stop(connector, "Remote")
                return v16.RemoteStopTransactionResponse(status=_Remote.ACCEPTED)
        return v16.RemoteStopTransactionResponse(status=_Remote.REJECTED)

    # The rest

    @on(v16.ClearCacheRequest)
    def clear_cache(self, request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        """Refuse: the station has no cache."""
        return v16.ClearCacheResponse(status=v16.ClearCacheStatus.REJECTED)

    @on(v16.DataTransferRequest)
    def data_transfer(self, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        return v16.DataTransferResponse(status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID)


def verdict_of(info: v16.IdTagInfo | None) -> Verdict | None:
    """Return what is said of an id tag."""
    return None if info is None else Verdict(info.status is v16.AuthorizationStatus.ACCEPTED, info.parent_id_tag)


class LocalListCommands:
    """Keeps the list and its version."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.GetLocalListVersionRequest)
    def get_version(self, request: v16.GetLocalListVersionRequest) -> v16.GetLocalListVersionResponse:
        return v16.GetLocalListVersionResponse(list_version=self._station.local_list.version)

    @on(v16.SendLocalListRequest)
    def send_list(self, request: v16.SendLocalListRequest) -> v16.SendLocalListResponse:
        if not self._station.variables.flag("LocalAuthListEnabled"):
            return v16.SendLocalListResponse(status=v16.UpdateStatus.NOT_SUPPORTED)
        changes = [(each.id_tag, verdict_of(each.id_tag_info)) for each in request.local_authorization_list or []]
        full = request.update_type is v16.UpdateType.FULL
        status = self._station.local_list.update(request.list_version, changes, full=full)
        return v16.SendLocalListResponse(status=v16.UpdateStatus(status))


class ReservationCommands:
    """Keeps connectors free for id tags."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.ReserveNowRequest)
    def reserve(self, request: v16.ReserveNowRequest) -> v16.ReserveNowResponse:
        connector = self._station.outlets.get(request.connector_id)
        tokens = frozenset(each for each in (request.id_tag, request.parent_id_tag) if each is not None)
        reservation = Reservation(request.reservation_id, tokens, request.expiry_date, request.parent_id_tag)
        status = self._station.reservations.reserve([connector] if connector else [], reservation)
        return v16.ReserveNowResponse(status=v16.ReservationStatus(status))

    @on(v16.CancelReservationRequest)
    def cancel(self, request: v16.CancelReservationRequest) -> v16.CancelReservationResponse:
        status, cancelled = v16.CancelReservationStatus, self._station.reservations.cancel(request.reservation_id)
        return v16.CancelReservationResponse(status=status.ACCEPTED if cancelled else status.REJECTED)
