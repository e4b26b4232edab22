"""The commands that start and stop transactions, and ask for them."""

from __future__ import annotations

from ocpp_fast import on

from .evse import Evse
from .machine import Machine
from .session import begin_session
from .smart_charging import installable
from .version import ocpp

__all__ = ["RemoteControlCommands"]

_Status = ocpp.RequestStartStopStatusEnumType


class RemoteControlCommands:
    """Begins sessions that last until they are stopped."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.RequestStartTransactionRequest)
    def start(self, request: ocpp.RequestStartTransactionRequest) -> ocpp.RequestStartTransactionResponse:
        """Begin at the EVSE named, or at any that is free."""
        machine = self._machine
        evse = self._free(request)
        if evse is None or not machine.accepted.is_set() or not self._takes(evse, request.charging_profile):
            return ocpp.RequestStartTransactionResponse(status=_Status.REJECTED)
        authorize = machine.model.flag("AuthCtrlr", "AuthorizeRemoteStart")
        begin_session(machine, evse, request.id_token, authorize=authorize, remote_start_id=request.remote_start_id)
        return ocpp.RequestStartTransactionResponse(status=_Status.ACCEPTED)

    def _free(self, request: ocpp.RequestStartTransactionRequest) -> Evse | None:
        tokens = request.id_token, request.group_id_token
        free = (each for each in self._machine.evses.values() if each.is_free_for(*tokens))
        return next((each for each in free if request.evse_id in (None, each.id)), None)

    def _takes(self, evse: Evse, profile: ocpp.ChargingProfileType | None) -> bool:
        """Whether there is no charging profile, or it is one of a transaction and can be installed."""
        if profile is None:
            return True
        if profile.charging_profile_purpose is not ocpp.ChargingProfilePurposeEnumType.TX_PROFILE:
            return False
        return self._machine.profiles.add(installable(evse.id, profile))

    @on(ocpp.RequestStopTransactionRequest)
    def stop(self, request: ocpp.RequestStopTransactionRequest) -> ocpp.RequestStopTransactionResponse:
        evse = self._machine.charging(request.transaction_id)
        if evse is None:
            return ocpp.RequestStopTransactionResponse(status=_Status.REJECTED)
        evse.stop(ocpp.ReasonEnumType.REMOTE, ocpp.TriggerReasonEnumType.REMOTE_STOP)
        return ocpp.RequestStopTransactionResponse(status=_Status.ACCEPTED)

    @on(ocpp.GetTransactionStatusRequest)
    def get_status(self, request: ocpp.GetTransactionStatusRequest) -> ocpp.GetTransactionStatusResponse:
        """Tell whether a transaction goes on; what is to be told of it is never kept in a queue."""
        if request.transaction_id is None:
            return ocpp.GetTransactionStatusResponse(messages_in_queue=False)
        goes_on = self._machine.charging(request.transaction_id) is not None
        return ocpp.GetTransactionStatusResponse(ongoing_indicator=goes_on, messages_in_queue=False)
