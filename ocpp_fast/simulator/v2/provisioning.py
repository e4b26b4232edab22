"""The commands about the device model and its reports, and the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from ocpp_fast import Router

from ..variables import Key, Variable
from .device_model import ITEMS_PER_REPORT

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_provisioning", "in_parts", "key_of", "matching"]

T = TypeVar("T")

_ABSENT: Final = {"Active": True, "Available": True, "Enabled": True, "Problem": False}
"""What holds of a component without a variable of that name."""
_SUMMARY: Final = ("AvailabilityState", "Available", "Problem")
_SLOTS: Final = range(1, 4)
"""Where network profiles may be kept."""


def key_of(component: ocpp.ComponentType, variable: ocpp.VariableType | None) -> Key:
    """Return where a variable is found, or every variable of a component."""
    name = "/".join(each for each in (component.name, component.instance) if each)
    place = component.evse
    return Key.of(
        name,
        "" if variable is None else variable.name,
        None if variable is None else variable.instance,
        None if place is None else place.id,
        None if place is None else place.connector_id,
    )


def matching(station: Station, wanted: Iterable[ocpp.ComponentVariableType] | None) -> list[Variable]:
    """Return the variables that a list names; all without a list."""
    keys = [Key.of("", "")] if wanted is None else [key_of(each.component, each.variable) for each in wanted]
    return [each for each in station.variables if any(each.key.matches(key) for key in keys)]


def handle_provisioning(station: Station, commands: Router) -> None:
    """Read and set variables, and report them."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp

    @commands.on(ocpp.GetVariablesRequest)
    def get_variables(request: ocpp.GetVariablesRequest) -> ocpp.GetVariablesResponse:
        results = [_get(station, each) for each in request.get_variable_data]
        return ocpp.GetVariablesResponse(get_variable_result=results)

    @commands.on(ocpp.SetVariablesRequest)
    def set_variables(request: ocpp.SetVariablesRequest) -> ocpp.SetVariablesResponse:
        results = [
            ocpp.SetVariableResultType(
                attribute_status=ocpp.SetVariableStatusEnumType(_set(station, each)),
                attribute_type=each.attribute_type,
                component=each.component,
                variable=each.variable,
            )
            for each in request.set_variable_data
        ]
        station.monitors.look()
        return ocpp.SetVariablesResponse(set_variable_result=results)

    @commands.on(ocpp.GetBaseReportRequest)
    def get_base_report(request: ocpp.GetBaseReportRequest) -> ocpp.GetBaseReportResponse:
        variables = list(station.variables)
        if request.report_base == "ConfigurationInventory":
            variables = [each for each in variables if each.mutability != "ReadOnly"]
        elif request.report_base == "SummaryInventory":
            variables = [each for each in variables if each.name in _SUMMARY]
        word = _begin_report(station, request.request_id, variables)
        return ocpp.GetBaseReportResponse(status=ocpp.GenericDeviceModelStatusEnumType(word))

    @commands.on(ocpp.GetReportRequest)
    def get_report(request: ocpp.GetReportRequest) -> ocpp.GetReportResponse:
        variables = matching(station, request.component_variable)
        if (criteria := request.component_criteria) is not None:
            variables = [each for each in variables if any(_is_met(station, name, each) for name in criteria)]
        word = _begin_report(station, request.request_id, variables)
        return ocpp.GetReportResponse(status=ocpp.GenericDeviceModelStatusEnumType(word))

    @commands.on(ocpp.SetNetworkProfileRequest)
    def set_network_profile(request: ocpp.SetNetworkProfileRequest) -> ocpp.SetNetworkProfileResponse:
        """Take a profile that the station can dial, once NetworkConfigurationPriority has its slot."""
        status, profile = ocpp.SetNetworkProfileStatusEnumType, request.connection_data
        secure = profile.security_profile >= station.variables.number("SecurityCtrlr", "SecurityProfile")
        possible = profile.ocpp_transport == "JSON" and profile.apn is None and profile.vpn is None
        if not (request.configuration_slot in _SLOTS and possible and secure):
            return ocpp.SetNetworkProfileResponse(status=status.REJECTED)
        password, identity = (getattr(profile, each, None) for each in ("basic_auth_password", "identity"))
        taken = identity in (None, station.settings.id) and station.uplink.take_profile(
            request.configuration_slot,
            profile.ocpp_csms_url,
            None if password is None else password.encode(),
            profile.security_profile,
        )
        return ocpp.SetNetworkProfileResponse(status=status.ACCEPTED if taken else status.FAILED)


def _get(station: Station, asked: ocpp.GetVariableDataType) -> ocpp.GetVariableResultType:
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    found, value = station.variables.find(key_of(asked.component, asked.variable)), None
    if isinstance(found, str):
        word = found
    elif asked.attribute_type not in (None, "Actual"):
        word = "NotSupportedAttributeType"
    elif found.mutability == "WriteOnly":
        word = "Rejected"
    else:
        word, value = "Accepted", found.read()
    return ocpp.GetVariableResultType(
        attribute_status=ocpp.GetVariableStatusEnumType(word),
        attribute_type=asked.attribute_type,
        attribute_value=value,
        component=asked.component,
        variable=asked.variable,
    )


def _set(station: Station, wanted: ocpp.SetVariableDataType) -> str:
    """Set a variable, where that can be done; return the status in OCPP's words."""
    found, value = station.variables.find(key_of(wanted.component, wanted.variable)), wanted.attribute_value
    if isinstance(found, str):
        return found
    if wanted.attribute_type not in (None, "Actual"):
        return "NotSupportedAttributeType"
    return "Accepted" if station.set(found, value) else "Rejected"


def _is_met(station: Station, criterion: str, of: Variable) -> bool:
    """Whether Active, Available, Enabled or Problem holds of a variable's component."""
    found = station.variables.find(of.key._replace(name=criterion.lower(), instance=""))
    return _ABSENT[criterion] if isinstance(found, str) else found.read().lower() == "true"


def _begin_report(station: Station, request_id: int, variables: Sequence[Variable]) -> str:
    if not variables:
        return "EmptyResultSet"
    station.jobs.create_task(_report(station, request_id, variables))
    return "Accepted"


async def _report(station: Station, number: int, variables: Sequence[Variable]) -> None:
    notify, now = station.calls.notify_report, station.now()
    for seq_no, data, more in in_parts([_reported(station, each) for each in variables]):
        await station.tell(notify, request_id=number, generated_at=now, report_data=data, tbc=more, seq_no=seq_no)


def _reported(station: Station, variable: Variable) -> ocpp.ReportDataType:
    """Return what a report says of a variable."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    secret = variable.mutability == "WriteOnly"
    attribute = ocpp.VariableAttributeType(
        type=ocpp.AttributeEnumType.ACTUAL,
        value=None if secret else variable.read(),
        mutability=ocpp.MutabilityEnumType(variable.mutability),
    )
    characteristics = ocpp.VariableCharacteristicsType(
        data_type=ocpp.DataEnumType(variable.kind),
        unit=variable.unit,
        min_limit=variable.minimum,
        max_limit=variable.maximum,
        values_list=",".join(variable.options) or None,
        supports_monitoring=True,
    )
    component, name = station.named(variable)
    return ocpp.ReportDataType(
        component=component,
        variable=name,
        variable_attribute=[attribute],
        variable_characteristics=characteristics,
    )


def in_parts(items: Sequence[T]) -> Iterator[tuple[int, list[T], bool]]:
    """Cut a report into the contents of its messages; yield the number of each, and whether more follow."""
    for number, begin in enumerate(range(0, len(items), ITEMS_PER_REPORT)):
        end = begin + ITEMS_PER_REPORT
        yield number, list(items[begin:end]), end < len(items)
