"""The commands about whether EVSEs can be used."""

from __future__ import annotations

from ocpp_fast import on

from .evse import CONNECTOR
from .machine import Machine
from .version import ocpp

__all__ = ["AvailabilityCommands"]

_Change = ocpp.ChangeAvailabilityStatusEnumType
_Unlock = ocpp.UnlockStatusEnumType


class AvailabilityCommands:
    """Takes EVSEs out of service and back, and unlocks their connectors."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.ChangeAvailabilityRequest)
    def change(self, request: ocpp.ChangeAvailabilityRequest) -> ocpp.ChangeAvailabilityResponse:
        """Change one EVSE or all; one that charges changes when it is free again."""
        machine = self._machine
        evses = machine.at(request.evse)
        if not evses:
            return ocpp.ChangeAvailabilityResponse(status=_Change.REJECTED)
        operative = request.operational_status is ocpp.OperationalStatusEnumType.OPERATIVE
        for each in evses:
            each.operative = operative
        idle = [each for each in evses if each.session is None]
        machine.jobs.create_task(machine.report_all(idle))
        scheduled = len(idle) < len(evses) and not operative
        return ocpp.ChangeAvailabilityResponse(status=_Change.SCHEDULED if scheduled else _Change.ACCEPTED)

    @on(ocpp.UnlockConnectorRequest)
    def unlock(self, request: ocpp.UnlockConnectorRequest) -> ocpp.UnlockConnectorResponse:
        evse = self._machine.evses.get(request.evse_id)
        if evse is None or request.connector_id != CONNECTOR:
            return ocpp.UnlockConnectorResponse(status=_Unlock.UNKNOWN_CONNECTOR)
        if evse.transaction is not None:
            return ocpp.UnlockConnectorResponse(status=_Unlock.ONGOING_AUTHORIZED_TRANSACTION)
        return ocpp.UnlockConnectorResponse(status=_Unlock.UNLOCKED)
