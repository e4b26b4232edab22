"""The device model of a simulated station of 2.0.1 or 2.1: variables, reports and monitors."""

from __future__ import annotations

from typing import Any

from .csms import Commanded, in_2x

# Variables


@in_2x
async def test_a_variable_takes_what_fits(station: Commanded) -> None:
    cases = {
        ("SampledDataCtrlr", "TxUpdatedInterval", "5"): "Accepted",
        ("sampleddatactrlr", "TXUPDATEDINTERVAL", "6"): "Accepted",
        ("SampledDataCtrlr", "TxUpdatedInterval", "-5"): "Rejected",
        ("SampledDataCtrlr", "TxUpdatedInterval", "often"): "Rejected",
        ("AuthCtrlr", "LocalPreAuthorize", "TRUE"): "Accepted",
        ("AuthCtrlr", "LocalPreAuthorize", "yes"): "Rejected",
        ("SampledDataCtrlr", "TxEndedMeasurands", "Voltage, Current.Import"): "Accepted",
        ("SampledDataCtrlr", "TxEndedMeasurands", "Weather"): "Rejected",
        ("SecurityCtrlr", "OrganizationName", "x" * 64): "Accepted",
        ("SecurityCtrlr", "OrganizationName", "x" * 65): "Rejected",
        ("TxCtrlr", "TxStartPoint", "EVConnected,Authorized"): "Accepted",
        ("TxCtrlr", "TxStartPoint", ""): "Rejected",
        ("TxCtrlr", "TxStopPoint", "ParkingBayOccupancy"): "Rejected",
        ("SecurityCtrlr", "Identity", "other"): "Rejected",
        ("SecurityCtrlr", "Nonsense", "other"): "UnknownVariable",
        ("Nonsense", "Identity", "other"): "UnknownComponent",
    }

    for (component, variable, value), status in cases.items():
        assert await station.set(component, variable, value=value) == status, (component, variable, value)
        read, present = await station.get(component, variable)
        assert (present == value) is (status == "Accepted")
        assert read == (status if status.startswith("Unknown") else "Accepted")


@in_2x
async def test_variables_tell_what_the_station_does(station: Commanded) -> None:
    place, plug = station.evse(1), station.evse(1, 1)
    assert await station.get("Connector", "AvailabilityState", evse=plug) == ("Accepted", "Available")
    await station.charge(1)
    assert await station.get("Connector", "AvailabilityState", evse=plug) == ("Accepted", "Occupied")
    assert await station.get("EVSE", "Power", evse=place) == ("Accepted", "22080.0")
    assert await station.get("EVSE", "Power", evse=station.evse(3)) == ("UnknownComponent", None)
    await station.set("SecurityCtrlr", "BasicAuthPassword", value="a long enough one")
    assert await station.get("SecurityCtrlr", "BasicAuthPassword") == ("Rejected", None)


@in_2x
async def test_only_the_actual_value_of_a_variable_is_there(station: Commanded) -> None:
    ocpp = station.ocpp
    where = {
        "component": ocpp.ComponentType(name="OCPPCommCtrlr"),
        "variable": ocpp.VariableType(name="HeartbeatInterval"),
        "attribute_type": ocpp.AttributeEnumType.TARGET,
    }
    asked = [ocpp.GetVariableDataType(**where)]
    got = (await station.calls.get_variables(get_variable_data=asked)).get_variable_result
    assert [each.attribute_status for each in got] == ["NotSupportedAttributeType"]
    wanted = [ocpp.SetVariableDataType(**where, attribute_value="5")]
    had = (await station.calls.set_variables(set_variable_data=wanted)).set_variable_result
    assert [each.attribute_status for each in had] == ["NotSupportedAttributeType"]


# Reports


async def reported(station: Commanded, request_id: int) -> list[Any]:
    """Return all that a report says, from its parts."""
    rows: list[Any] = []
    for seq_no in range(100):
        part = await station.csms.next(station.ocpp.NotifyReportRequest, request_id=request_id, seq_no=seq_no)
        rows += part.report_data
        if not part.tbc:
            return rows
    raise AssertionError("the report never ends")


@in_2x
async def test_base_reports_tell_all_what_can_be_set_or_the_summary(station: Commanded) -> None:
    kind, told = station.ocpp.ReportBaseEnumType, {}
    for request_id, base in enumerate(kind):
        answer = await station.calls.get_base_report(request_id=request_id, report_base=base)
        assert answer.status == "Accepted"
        told[base] = await reported(station, request_id)
    everything = told[kind.FULL_INVENTORY]
    assert len(everything) > 80
    settable = [each for each in everything if each.variable_attribute[0].mutability != "ReadOnly"]
    assert told[kind.CONFIGURATION_INVENTORY] == settable
    summary = {each.variable.name for each in told[kind.SUMMARY_INVENTORY]}
    assert summary == {"Available", "AvailabilityState", "Problem"}
    secret = next(each for each in everything if each.variable.name == "BasicAuthPassword")
    assert secret.variable_attribute[0].value is None


@in_2x
async def test_a_report_tells_what_is_asked_for(station: Commanded) -> None:
    ocpp, get = station.ocpp, station.calls.get_report
    component = ocpp.ComponentType(name="EVSE")
    wanted = [ocpp.ComponentVariableType(component=component, variable=ocpp.VariableType(name="Power"))]
    assert (await get(request_id=1, component_variable=wanted)).status == "Accepted"
    assert [each.component.evse.id for each in await reported(station, 1)] == [1, 2]
    problem = [ocpp.ComponentCriterionEnumType.PROBLEM]
    assert (await get(request_id=2, component_criteria=problem)).status == "EmptyResultSet"
    nothing = [ocpp.ComponentVariableType(component=ocpp.ComponentType(name="Nonsense"))]
    assert (await get(request_id=3, component_variable=nothing)).status == "EmptyResultSet"
    available = [ocpp.ComponentCriterionEnumType.AVAILABLE]
    assert (await get(request_id=4, component_criteria=available, component_variable=wanted)).status == "Accepted"
    assert len(await reported(station, 4)) == 2


@in_2x
async def test_a_flag_is_on_in_whatever_case_it_was_set(station: Commanded) -> None:
    ocpp = station.ocpp
    place = {"component": ocpp.ComponentType(name="LocalAuthListCtrlr"), "variable": ocpp.VariableType(name="Enabled")}
    await station.calls.set_variables(set_variable_data=[ocpp.SetVariableDataType(attribute_value="TRUE", **place)])
    enabled, wanted = [ocpp.ComponentCriterionEnumType.ENABLED], [ocpp.ComponentVariableType(**place)]
    answer = await station.calls.get_report(request_id=1, component_criteria=enabled, component_variable=wanted)
    assert answer.status == "Accepted"


# Monitors


async def monitor(
    station: Commanded,
    kind: str,
    value: float,
    component: str = "SampledDataCtrlr",
    variable: str = "TxUpdatedInterval",
    **fields: Any,
) -> tuple[str, int | None]:
    """Set a monitor; return how that went, and its id."""
    ocpp = station.ocpp
    data = ocpp.SetMonitoringDataType(
        component=ocpp.ComponentType(name=component),
        variable=ocpp.VariableType(name=variable),
        type=ocpp.MonitorEnumType(kind),
        value=value,
        severity=fields.pop("severity", 5),
        **fields,
    )
    result = (await station.calls.set_variable_monitoring(set_monitoring_data=[data])).set_monitoring_result[0]
    return result.status, result.id


async def event(station: Commanded, monitor_id: int | None) -> Any:
    """Return the next event of a monitor."""
    while True:
        data = (await station.csms.next(station.ocpp.NotifyEventRequest)).event_data[0]
        if data.variable_monitoring_id == monitor_id:
            return data


@in_2x
async def test_a_threshold_tells_when_it_is_crossed_and_when_that_is_over(station: Commanded) -> None:
    status, upper = await monitor(station, "UpperThreshold", 100)
    assert status == "Accepted"
    _, lower = await monitor(station, "LowerThreshold", 2)
    _, delta = await monitor(station, "Delta", 50)
    await station.set("SampledDataCtrlr", "TxUpdatedInterval", value="120")
    above = await event(station, upper)
    assert (above.trigger, above.actual_value, above.cleared) == ("Alerting", "120", None)
    assert (await event(station, delta)).trigger == "Delta"
    await station.set("SampledDataCtrlr", "TxUpdatedInterval", value="99")
    assert (await event(station, upper)).cleared is True
    await station.set("SampledDataCtrlr", "TxUpdatedInterval", value="1")
    assert (await event(station, lower)).actual_value == "1"


@in_2x
async def test_a_periodic_monitor_speaks_until_it_is_cleared(station: Commanded) -> None:
    clear = station.calls.clear_variable_monitoring
    _, periodic = await monitor(station, "Periodic", 0.01)
    for _ in range(2):
        assert (await event(station, periodic)).trigger == "Periodic"
    cleared = (await clear(id=[periodic, 99])).clear_monitoring_result
    assert [(each.id, each.status) for each in cleared] == [(periodic, "Accepted"), (99, "NotFound")]


@in_2x
async def test_a_monitor_is_set_where_it_makes_sense(station: Commanded) -> None:
    _, first = await monitor(station, "UpperThreshold", 1000)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (("UpperThreshold", 2000), {}, "Duplicate"),
        (("UpperThreshold", 2000), {"severity": 4}, "Accepted"),
        (("UpperThreshold", 2000), {"id": first}, "Accepted"),
        (("UpperThreshold", 2000), {"id": 99}, "Rejected"),
        (("UpperThreshold", 2000), {"severity": 10}, "Rejected"),
        (("Delta", -1), {}, "Rejected"),
        (("UpperThreshold", 1), {"variable": "TxUpdatedMeasurands"}, "UnsupportedMonitorType"),
        (("UpperThreshold", 1), {"variable": "Nonsense"}, "UnknownVariable"),
        (("UpperThreshold", 1), {"component": "Nonsense"}, "UnknownComponent"),
    ]
    for arguments, fields, status in cases:
        assert (await monitor(station, *arguments, **fields))[0] == status, (arguments, fields)


@in_2x
async def test_monitors_are_reported(station: Commanded) -> None:
    ocpp, get = station.ocpp, station.calls.get_monitoring_report
    assert (await get(request_id=1)).status == "EmptyResultSet"
    _, upper = await monitor(station, "UpperThreshold", 100)
    _, periodic = await monitor(station, "Periodic", 3600, severity=8)
    assert (await get(request_id=2)).status == "Accepted"
    report = await station.csms.next(ocpp.NotifyMonitoringReportRequest, request_id=2, seq_no=0, tbc=False)
    assert [each.id for each in report.monitor[0].variable_monitoring] == [upper, periodic]
    kind = ocpp.MonitoringCriterionEnumType
    only = await get(request_id=3, monitoring_criteria=[kind.PERIODIC_MONITORING])
    assert only.status == "Accepted"
    report = await station.csms.next(ocpp.NotifyMonitoringReportRequest, request_id=3)
    assert [each.value for each in report.monitor[0].variable_monitoring] == [3600]
    base = await station.calls.set_monitoring_base(monitoring_base=ocpp.MonitoringBaseEnumType.HARD_WIRED_ONLY)
    assert base.status == "Accepted"
    assert (await get(request_id=4)).status == "EmptyResultSet"


@in_2x
async def test_what_is_less_severe_than_the_level_is_not_told(station: Commanded) -> None:
    level = station.calls.set_monitoring_level
    assert (await level(severity=10)).status == "Rejected"
    assert (await level(severity=5)).status == "Accepted"
    await monitor(station, "UpperThreshold", 100, severity=6)
    _, told = await monitor(station, "UpperThreshold", 100, severity=5)
    await station.set("SampledDataCtrlr", "TxUpdatedInterval", value="120")
    first = await station.csms.next(station.ocpp.NotifyEventRequest)
    assert first.event_data[0].variable_monitoring_id == told
