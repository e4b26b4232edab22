"""The commands about the device model and its reports, the network, and a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on

from .device_model import Variable
from .machine import Machine, Part, in_parts
from .version import ocpp

__all__ = ["ProvisioningCommands"]

_Base = ocpp.ReportBaseEnumType
_Reported = ocpp.GenericDeviceModelStatusEnumType

_SUMMARY: Final = ("availabilitystate", "available", "problem")
_SLOTS: Final = range(1, 4)
"""Where network profiles may be kept."""


class ProvisioningCommands:
    """Reads and sets variables, and tells them in reports."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._networks: dict[int, ocpp.NetworkConnectionProfileType] = {}

    # Variables

    @on(ocpp.GetVariablesRequest)
    def get_variables(self, request: ocpp.GetVariablesRequest) -> ocpp.GetVariablesResponse:
        results = [self._machine.model.get(each) for each in request.get_variable_data]
        return ocpp.GetVariablesResponse(get_variable_result=results)

    @on(ocpp.SetVariablesRequest)
    def set_variables(self, request: ocpp.SetVariablesRequest) -> ocpp.SetVariablesResponse:
        results = [self._machine.model.set(each) for each in request.set_variable_data]
        for wanted, result in zip(request.set_variable_data, results, strict=True):
            if result.attribute_status is ocpp.SetVariableStatusEnumType.ACCEPTED:
                self._changed(wanted.variable.name.lower(), wanted.attribute_value)
        self._machine.monitors.look()
        return ocpp.SetVariablesResponse(set_variable_result=results)

    def _changed(self, name: str, value: str) -> None:
        if name == "heartbeatinterval":
            self._machine.heartbeat_changed.set()
        elif name == "basicauthpassword":  # shown at the next connection
            self._machine.station.password = value.encode()

    # Reports

    @on(ocpp.GetBaseReportRequest)
    def get_base_report(self, request: ocpp.GetBaseReportRequest) -> ocpp.GetBaseReportResponse:
        variables = list(self._machine.model)
        if request.report_base is _Base.CONFIGURATION_INVENTORY:
            variables = [each for each in variables if each.mutability is not ocpp.MutabilityEnumType.READ_ONLY]
        elif request.report_base is _Base.SUMMARY_INVENTORY:
            variables = [each for each in variables if each.key.variable in _SUMMARY]
        return ocpp.GetBaseReportResponse(status=self._begin_report(request.request_id, variables))

    @on(ocpp.GetReportRequest)
    def get_report(self, request: ocpp.GetReportRequest) -> ocpp.GetReportResponse:
        model = self._machine.model
        variables = model.matching(request.component_variable)
        if criteria := request.component_criteria:
            variables = [each for each in variables if any(model.is_met(criterion, each) for criterion in criteria)]
        return ocpp.GetReportResponse(status=self._begin_report(request.request_id, variables))

    def _begin_report(self, request_id: int, variables: Sequence[Variable]) -> ocpp.GenericDeviceModelStatusEnumType:
        if not variables:
            return _Reported.EMPTY_RESULT_SET
        self._machine.jobs.create_task(self._report(request_id, variables))
        return _Reported.ACCEPTED

    async def _report(self, request_id: int, variables: Sequence[Variable]) -> None:
        now = datetime.now(UTC)
        for part in in_parts([each.report() for each in variables]):
            await self._report_part(request_id, now, part)

    async def _report_part(self, request_id: int, now: datetime, part: Part[ocpp.ReportDataType]) -> None:
        await self._machine.tell(
            lambda csms: csms.notify_report(
                request_id=request_id, generated_at=now, report_data=part.items, tbc=part.more, seq_no=part.number
            )
        )

    # The network

    @on(ocpp.SetNetworkProfileRequest)
    def set_network_profile(self, request: ocpp.SetNetworkProfileRequest) -> ocpp.SetNetworkProfileResponse:
        """Keep a profile that could be used; nothing connects with it."""
        status, profile = ocpp.SetNetworkProfileStatusEnumType, request.connection_data
        present = self._machine.model.number("SecurityCtrlr", "SecurityProfile")
        usable = profile.ocpp_transport is ocpp.OCPPTransportEnumType.JSON and profile.security_profile >= present
        if request.configuration_slot not in _SLOTS or not usable:
            return ocpp.SetNetworkProfileResponse(status=status.REJECTED)
        self._networks[request.configuration_slot] = profile
        return ocpp.SetNetworkProfileResponse(status=status.ACCEPTED)

    # Restart

    @on(ocpp.ResetRequest)
    def reset(self, request: ocpp.ResetRequest) -> ocpp.ResetResponse:
        """Restart the station, or an EVSE, now or when nobody charges; no transaction is resumed."""
        machine, status = self._machine, ocpp.ResetStatusEnumType
        when_idle = request.type is ocpp.ResetEnumType.ON_IDLE
        place = ocpp.EVSEType(id=request.evse_id) if request.evse_id else None
        evses = machine.at(place)
        if not evses or (not when_idle and request.type is not ocpp.ResetEnumType.IMMEDIATE):
            return ocpp.ResetResponse(status=status.REJECTED)
        busy = any(machine.sessions(evses))
        if place is None:
            machine.jobs.create_task(machine.restart(when_idle=when_idle))
        elif not when_idle:
            machine.jobs.create_task(machine.reset(evses))
        return ocpp.ResetResponse(status=status.SCHEDULED if when_idle and busy else status.ACCEPTED)
