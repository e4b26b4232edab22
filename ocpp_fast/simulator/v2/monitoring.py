"""The commands about monitors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ocpp_fast import Router

from .monitors import MAX_SEVERITY
from .provisioning import in_parts, key_of, matching

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_monitoring"]

_KINDS: Final = {
    "ThresholdMonitoring": ("UpperThreshold", "LowerThreshold"),
    "DeltaMonitoring": ("Delta",),
    "PeriodicMonitoring": ("Periodic", "PeriodicClockAligned"),
}
"""The monitors that meet a criterion."""


def handle_monitoring(station: Station, commands: Router) -> None:
    """Set, clear and report monitors."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    monitors, reported = station.monitors, ocpp.GenericDeviceModelStatusEnumType

    @commands.on(ocpp.SetVariableMonitoringRequest)
    def set_monitors(request: ocpp.SetVariableMonitoringRequest) -> ocpp.SetVariableMonitoringResponse:
        results = [_set(station, each) for each in request.set_monitoring_data]
        return ocpp.SetVariableMonitoringResponse(set_monitoring_result=results)

    @commands.on(ocpp.ClearVariableMonitoringRequest)
    def clear_monitors(request: ocpp.ClearVariableMonitoringRequest) -> ocpp.ClearVariableMonitoringResponse:
        status, result = ocpp.ClearMonitoringStatusEnumType, ocpp.ClearMonitoringResultType
        results = [
            result(id=each, status=status.ACCEPTED if monitors.clear(each) else status.NOT_FOUND) for each in request.id
        ]
        return ocpp.ClearVariableMonitoringResponse(clear_monitoring_result=results)

    @commands.on(ocpp.SetMonitoringBaseRequest)
    def set_monitoring_base(request: ocpp.SetMonitoringBaseRequest) -> ocpp.SetMonitoringBaseResponse:
        """Keep the monitors that were set, or only those of the factory, which sets none."""
        if request.monitoring_base != "All":
            for each in list(monitors):
                monitors.clear(each.id)
        return ocpp.SetMonitoringBaseResponse(status=reported.ACCEPTED)

    @commands.on(ocpp.SetMonitoringLevelRequest)
    def set_monitoring_level(request: ocpp.SetMonitoringLevelRequest) -> ocpp.SetMonitoringLevelResponse:
        status = ocpp.GenericStatusEnumType
        if not 0 <= request.severity <= MAX_SEVERITY:
            return ocpp.SetMonitoringLevelResponse(status=status.REJECTED)
        monitors.level = request.severity
        return ocpp.SetMonitoringLevelResponse(status=status.ACCEPTED)

    @commands.on(ocpp.GetMonitoringReportRequest)
    def get_monitoring_report(request: ocpp.GetMonitoringReportRequest) -> ocpp.GetMonitoringReportResponse:
        data = _reported(station, request)
        if not data:
            return ocpp.GetMonitoringReportResponse(status=reported.EMPTY_RESULT_SET)
        station.jobs.create_task(_report(station, request.request_id, data))
        return ocpp.GetMonitoringReportResponse(status=reported.ACCEPTED)


def _set(station: Station, wanted: ocpp.SetMonitoringDataType) -> ocpp.SetMonitoringResultType:
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    found = station.variables.find(key_of(wanted.component, wanted.variable))
    word, number = station.monitors.set(wanted, found)
    return ocpp.SetMonitoringResultType(
        id=number,
        status=ocpp.SetMonitoringStatusEnumType(word),
        type=wanted.type,
        severity=wanted.severity,
        component=wanted.component,
        variable=wanted.variable,
    )


def _reported(station: Station, request: ocpp.GetMonitoringReportRequest) -> list[ocpp.MonitoringDataType]:
    """Return what a report says of the monitors that are asked for, by variable."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    kinds = [kind for each in request.monitoring_criteria or _KINDS for kind in _KINDS[each]]
    data = []
    for variable in matching(station, request.component_variable):
        monitors = [
            ocpp.VariableMonitoringType(
                id=each.id,
                type=each.wanted.type,
                value=each.wanted.value,
                severity=each.wanted.severity,
                transaction=bool(each.wanted.transaction),
                **station.monitor_fields,
            )
            for each in station.monitors
            if each.variable is variable and each.wanted.type in kinds
        ]
        if monitors:
            component, name = station.named(variable)
            data.append(ocpp.MonitoringDataType(component=component, variable=name, variable_monitoring=monitors))
    return data


async def _report(station: Station, number: int, data: Sequence[ocpp.MonitoringDataType]) -> None:
    notify, now = station.calls.notify_monitoring_report, station.now()
    for seq_no, monitors, more in in_parts(data):
        await station.tell(notify, request_id=number, generated_at=now, monitor=monitors, tbc=more, seq_no=seq_no)
