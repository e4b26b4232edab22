"""The commands of the Core profile."""

from __future__ import annotations

from ocpp_fast import on, v16

from .machine import Machine
from .session import begin_session

__all__ = ["CoreCommands"]

_Remote = v16.RemoteStartStopStatus


class CoreCommands:
    """What the machine does when it is told to."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    # Availability

    @on(v16.ChangeAvailabilityRequest)
    def change_availability(self, request: v16.ChangeAvailabilityRequest) -> v16.ChangeAvailabilityResponse:
        """Change one connector or all; one that charges changes when it is free again."""
        machine = self._machine
        if request.connector_id and request.connector_id not in machine.connectors:
            return v16.ChangeAvailabilityResponse(status=v16.AvailabilityStatus.REJECTED)
        numbers = [request.connector_id] if request.connector_id else list(machine.connectors)
        busy = False
        for number in numbers:
            connector = machine.connectors[number]
            connector.operative = request.type is v16.AvailabilityType.OPERATIVE
            busy = busy or connector.session is not None
            if connector.session is None:
                machine.jobs.create_task(machine.report(number))
        if not request.connector_id:
            machine.jobs.create_task(machine.report(0))
        scheduled = busy and request.type is v16.AvailabilityType.INOPERATIVE
        status = v16.AvailabilityStatus.SCHEDULED if scheduled else v16.AvailabilityStatus.ACCEPTED
        return v16.ChangeAvailabilityResponse(status=status)

    @on(v16.UnlockConnectorRequest)
    def unlock_connector(self, request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
        connector = self._machine.connectors.get(request.connector_id)
        if connector is None:
            return v16.UnlockConnectorResponse(status=v16.UnlockStatus.NOT_SUPPORTED)
        connector.stop(v16.Reason.UNLOCK_COMMAND)
        return v16.UnlockConnectorResponse(status=v16.UnlockStatus.UNLOCKED)

    @on(v16.ResetRequest)
    def reset(self, request: v16.ResetRequest) -> v16.ResetResponse:
        soft = request.type is v16.ResetType.SOFT
        reason = v16.Reason.SOFT_RESET if soft else v16.Reason.HARD_RESET
        self._machine.jobs.create_task(self._machine.restart(reason))
        return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

    # Configuration

    @on(v16.ChangeConfigurationRequest)
    def change_configuration(self, request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
        status = self._machine.configuration.change(request.key, request.value)
        if status is v16.ConfigurationStatus.ACCEPTED:
            self._configured(request.key.lower(), request.value)
        return v16.ChangeConfigurationResponse(status=status)

    def _configured(self, key: str, value: str) -> None:
        if key == "heartbeatinterval":
            self._machine.heartbeat_changed.set()
        elif key == "authorizationkey":  # shown at the next connection
            try:
                self._machine.station.password = bytes.fromhex(value)
            except ValueError:
                self._machine.station.password = value.encode()

    @on(v16.GetConfigurationRequest)
    def get_configuration(self, request: v16.GetConfigurationRequest) -> v16.GetConfigurationResponse:
        known, unknown = self._machine.configuration.listed(request.key or [])
        return v16.GetConfigurationResponse(configuration_key=known, unknown_key=unknown or None)

    # Transactions

    @on(v16.RemoteStartTransactionRequest)
    def remote_start(self, request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
        """Begin a session on the connector named, or on any that is free; it runs until it is stopped."""
        machine, profile = self._machine, request.charging_profile
        free = [each for each in machine.connectors.values() if each.is_free_for(request.id_tag)]
        connector = next((each for each in free if request.connector_id in (None, each.id)), None)
        if connector is None or not machine.accepted.is_set():
            return v16.RemoteStartTransactionResponse(status=_Remote.REJECTED)
        if profile is not None and (
            profile.charging_profile_purpose is not v16.ChargingProfilePurposeType.TX_PROFILE
            or not machine.profiles.install(connector.id, profile)
        ):
            return v16.RemoteStartTransactionResponse(status=_Remote.REJECTED)
        authorize = machine.configuration.flag("AuthorizeRemoteTxRequests")
        begin_session(machine, connector, request.id_tag, authorize=authorize)
        return v16.RemoteStartTransactionResponse(status=_Remote.ACCEPTED)

    @on(v16.RemoteStopTransactionRequest)
    def remote_stop(self, request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
        for connector in self._machine.connectors.values():
            if connector.transaction is not None and connector.transaction.id == request.transaction_id:
                connector.stop(v16.Reason.REMOTE)
                return v16.RemoteStopTransactionResponse(status=_Remote.ACCEPTED)
        return v16.RemoteStopTransactionResponse(status=_Remote.REJECTED)

    # The rest

    @on(v16.ClearCacheRequest)
    def clear_cache(self, request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        """Agree: the station keeps nothing in its cache."""
        return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)

    @on(v16.DataTransferRequest)
    def data_transfer(self, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        return v16.DataTransferResponse(status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID)
