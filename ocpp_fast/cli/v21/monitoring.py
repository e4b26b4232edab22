"""The commands about monitors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ocpp_fast import on

from .machine import Machine, Part, in_parts
from .monitors import MAX_SEVERITY
from .version import ocpp

__all__ = ["MonitoringCommands"]

_Reported = ocpp.GenericDeviceModelStatusEnumType


class MonitoringCommands:
    """Sets, clears and tells monitors."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.SetVariableMonitoringRequest)
    def set_monitoring(self, request: ocpp.SetVariableMonitoringRequest) -> ocpp.SetVariableMonitoringResponse:
        results = [self._machine.monitors.set(each) for each in request.set_monitoring_data]
        return ocpp.SetVariableMonitoringResponse(set_monitoring_result=results)

    @on(ocpp.ClearVariableMonitoringRequest)
    def clear_monitoring(self, request: ocpp.ClearVariableMonitoringRequest) -> ocpp.ClearVariableMonitoringResponse:
        results = [
            ocpp.ClearMonitoringResultType(id=each, status=self._machine.monitors.clear(each)) for each in request.id
        ]
        return ocpp.ClearVariableMonitoringResponse(clear_monitoring_result=results)

    @on(ocpp.SetMonitoringBaseRequest)
    def set_base(self, request: ocpp.SetMonitoringBaseRequest) -> ocpp.SetMonitoringBaseResponse:
        """Keep the monitors that were set, or only those of the factory, of which there are none."""
        if request.monitoring_base is not ocpp.MonitoringBaseEnumType.ALL:
            self._machine.monitors.clear_all()
        return ocpp.SetMonitoringBaseResponse(status=_Reported.ACCEPTED)

    @on(ocpp.SetMonitoringLevelRequest)
    def set_level(self, request: ocpp.SetMonitoringLevelRequest) -> ocpp.SetMonitoringLevelResponse:
        status = ocpp.GenericStatusEnumType
        if not 0 <= request.severity <= MAX_SEVERITY:
            return ocpp.SetMonitoringLevelResponse(status=status.REJECTED)
        self._machine.monitors.level = request.severity
        return ocpp.SetMonitoringLevelResponse(status=status.ACCEPTED)

    @on(ocpp.GetMonitoringReportRequest)
    def get_report(self, request: ocpp.GetMonitoringReportRequest) -> ocpp.GetMonitoringReportResponse:
        machine = self._machine
        variables = machine.model.matching(request.component_variable)
        reported = machine.monitors.report(variables, request.monitoring_criteria)
        if not reported:
            return ocpp.GetMonitoringReportResponse(status=_Reported.EMPTY_RESULT_SET)
        machine.jobs.create_task(self._report(request.request_id, reported))
        return ocpp.GetMonitoringReportResponse(status=_Reported.ACCEPTED)

    async def _report(self, request_id: int, reported: Sequence[ocpp.MonitoringDataType]) -> None:
        now = datetime.now(UTC)
        for part in in_parts(reported):
            await self._report_part(request_id, now, part)

    async def _report_part(self, request_id: int, now: datetime, part: Part[ocpp.MonitoringDataType]) -> None:
        await self._machine.tell(
            lambda csms: csms.notify_monitoring_report(
                request_id=request_id, generated_at=now, monitor=part.items, tbc=part.more, seq_no=part.number
            )
        )
