"""The device model of a simulated station of 2.x."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from ..local_list import MAX_LIST
from ..outlet import FACTS, MEASURANDS, Outlet
from ..settings import Settings
from ..variables import Variable

__all__ = ["CONNECTOR", "ITEMS_PER_REPORT", "MODEL", "SETTINGS", "VENDOR", "device_model", "status_of"]

CONNECTOR: Final = 1
"""The id of the connector of every EVSE."""
ITEMS_PER_REPORT: Final = 20
MODEL: Final = "Simulated"
VENDOR: Final = "ocpp_fast"

_ALL: Final = ",".join(MEASURANDS)
_STATES: Final = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
_POINTS: Final = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")

_FLAGS: Final = {
    "AlignedDataCtrlr": "Enabled=true",
    "AuthCtrlr": "AuthorizeRemoteStart=false LocalAuthorizeOffline=true LocalPreAuthorize=false "
    "OfflineTxForUnknownIdEnabled=false",
    "LocalAuthListCtrlr": "Enabled=true",
    "SampledDataCtrlr": "Enabled=true",
    "TxCtrlr": "StopTxOnEVSideDisconnect=true StopTxOnInvalidId=true",
}
_NUMBERS: Final = {
    "AlignedDataCtrlr": "Interval=0 TxEndedInterval=0",
    "OCPPCommCtrlr": "HeartbeatInterval=300 OfflineThreshold=60 RetryBackOffRandomRange=2 RetryBackOffRepeatTimes=6 "
    "RetryBackOffWaitMinimum=1 WebSocketPingInterval=60 "
    "MessageAttempts.TransactionEvent=3 MessageAttemptInterval.TransactionEvent=10",
    "SampledDataCtrlr": "TxEndedInterval=0",
    "TxCtrlr": "EVConnectionTimeOut=60",
}
_MEASURED: Final = {
    "AlignedDataCtrlr": f"Measurands={_ALL} TxEndedMeasurands=",
    "SampledDataCtrlr": f"TxEndedMeasurands={_ALL} TxStartedMeasurands={_ALL} TxUpdatedMeasurands={_ALL}",
}
_PRESENT: Final = {
    "AuthCtrlr": "Enabled=true",
    "AuthCacheCtrlr": "Enabled=false",
    "OCPPCommCtrlr": "QueueAllMessages=false UnlockOnEVSideDisconnect=true",
    **dict.fromkeys(
        ("DisplayMessageCtrlr", "MonitoringCtrlr", "ReservationCtrlr", "SmartChargingCtrlr"), "Enabled=true"
    ),
}
_FACTS: Final = {
    "ChargingStation": f"Model={MODEL} VendorName={VENDOR}",
    "ClockCtrlr": "TimeSource=Heartbeat",
    "DisplayMessageCtrlr": "SupportedFormats=ASCII,UTF8 SupportedPriorities=AlwaysFront,InFront,NormalCycle",
    "OCPPCommCtrlr": "FileTransferProtocols=FTP,HTTP,HTTPS",
    "SmartChargingCtrlr": "RateUnit=A,W",
}
_COUNTS: Final = {
    "DeviceDataCtrlr": " ".join(
        f"BytesPerMessage.{each}=65536 ItemsPerMessage.{each}={ITEMS_PER_REPORT}"
        for each in ("GetReport", "GetVariables", "SetVariables")
    ),
    "LocalAuthListCtrlr": f"BytesPerMessage=65536 ItemsPerMessage={MAX_LIST} Storage=1000000",
    "MonitoringCtrlr": f"BytesPerMessage.SetVariableMonitoring=65536 "
    f"ItemsPerMessage.SetVariableMonitoring={ITEMS_PER_REPORT}",
    "OCPPCommCtrlr": "MessageTimeout.Default=30 NetworkProfileConnectionAttempts=1 ResetRetries=0",
    "SecurityCtrlr": "CertificateEntries=10",
    "SmartChargingCtrlr": f"PeriodsPerSchedule={FACTS.max_periods} ProfileStackLevel={FACTS.max_stack_level} "
    f"Entries.ChargingProfiles={FACTS.max_profiles}",
}
"""Each component with its variables, as `Name=value` or `Name.Instance=value`."""

_COMM: Final = "OCPPCommCtrlr"
SETTINGS: Final[Mapping[str, Sequence[str]]] = {
    "aligned": ["AlignedDataCtrlr", "Interval"],
    "aligned_data": ["AlignedDataCtrlr", "Measurands"],
    "aligned_enabled": ["AlignedDataCtrlr", "Enabled"],
    "aligned_ended": ["AlignedDataCtrlr", "TxEndedInterval"],
    "attempts": [_COMM, "MessageAttempts", "TransactionEvent"],
    "authorize_offline": ["AuthCtrlr", "LocalAuthorizeOffline"],
    "authorize_remote": ["AuthCtrlr", "AuthorizeRemoteStart"],
    "back_off_minimum": [_COMM, "RetryBackOffWaitMinimum"],
    "back_off_range": [_COMM, "RetryBackOffRandomRange"],
    "back_off_times": [_COMM, "RetryBackOffRepeatTimes"],
    "ended_aligned_data": ["AlignedDataCtrlr", "TxEndedMeasurands"],
    "ended_sampled_data": ["SampledDataCtrlr", "TxEndedMeasurands"],
    "heartbeat": [_COMM, "HeartbeatInterval"],
    "list": ["LocalAuthListCtrlr", "Enabled"],
    "network_priority": [_COMM, "NetworkConfigurationPriority"],
    "offline_threshold": [_COMM, "OfflineThreshold"],
    "offline_unknown": ["AuthCtrlr", "OfflineTxForUnknownIdEnabled"],
    "organization": ["SecurityCtrlr", "OrganizationName"],
    "ping": [_COMM, "WebSocketPingInterval"],
    "plug_timeout": ["TxCtrlr", "EVConnectionTimeOut"],
    "pre_authorize": ["AuthCtrlr", "LocalPreAuthorize"],
    "retry_interval": [_COMM, "MessageAttemptInterval", "TransactionEvent"],
    "sample": ["SampledDataCtrlr", "TxUpdatedInterval"],
    "sample_ended": ["SampledDataCtrlr", "TxEndedInterval"],
    "sample_enabled": ["SampledDataCtrlr", "Enabled"],
    "sampled_data": ["SampledDataCtrlr", "TxUpdatedMeasurands"],
    "start": ["TxCtrlr", "TxStartPoint"],
    "started_data": ["SampledDataCtrlr", "TxStartedMeasurands"],
    "stop": ["TxCtrlr", "TxStopPoint"],
    "stop_on_invalid": ["TxCtrlr", "StopTxOnInvalidId"],
    "stop_on_unplug": ["TxCtrlr", "StopTxOnEVSideDisconnect"],
}
"""The variables of the settings that every station follows: component, name, and instance."""


def device_model(settings: Settings, evses: Iterable[Outlet], now: Callable[[], datetime]) -> Iterator[Variable]:
    """Yield the variables of a new station; the state of `evses` and its clock are read when they are asked for.

    All that can be set act.
    """
    evses = list(evses)
    for kind, table, minimum, options in (
        ("boolean", _FLAGS, None, ()),
        ("integer", _NUMBERS, 0, ()),
        ("integer", {"SampledDataCtrlr": f"TxUpdatedInterval={settings.interval:g}"}, 0, ()),
        ("MemberList", _MEASURED, None, tuple(MEASURANDS)),
        ("MemberList", {"TxCtrlr": "TxStartPoint=Authorized TxStopPoint=Authorized"}, 1, _POINTS),
        ("SequenceList", {"OCPPCommCtrlr": "NetworkConfigurationPriority=1"}, 1, ("1",)),
    ):
        for each in _variables(kind, table):
            each.mutability, each.minimum, each.options = "ReadWrite", minimum, options
            yield each
    organization = Variable(component="SecurityCtrlr", name="OrganizationName", value=VENDOR, mutability="ReadWrite")
    organization.minimum, organization.maximum = 1, 64  # in certificates (RFC 5280)
    yield organization
    yield Variable(component="SecurityCtrlr", name="BasicAuthPassword", value="", mutability="WriteOnly", maximum=64)
    yield Variable(component="SecurityCtrlr", name="Identity", value=settings.id)
    profile = settings.security_profile
    yield Variable(component="SecurityCtrlr", name="SecurityProfile", kind="integer", value=profile)
    yield from _variables("boolean", _PRESENT)
    yield from _variables("string", _FACTS)
    yield from _variables("integer", _COUNTS)
    yield Variable(component="ClockCtrlr", name="DateTime", kind="dateTime", value=lambda: f"{now():%FT%TZ}")
    yield from _availability("ChargingStation", evses)
    for evse in evses:
        yield from _evse(evse)


def status_of(evse: Outlet) -> str:
    """Return the status of the connector of an EVSE: 2.x does not say how far a session is."""
    if evse.plugged and not evse.fault:
        return "Occupied"
    return evse.status if evse.status in _STATES else evse.idle_status


@cache
def _items(line: str) -> Sequence[tuple[str, str | None, str]]:
    """Return name, instance and value of each variable of a component."""
    cut = [item.partition("=") for item in line.split()]
    return [(name.partition(".")[0], name.partition(".")[2] or None, value) for name, _, value in cut]


def _variables(kind: str, table: Mapping[str, str]) -> Iterator[Variable]:
    for component, line in table.items():
        for name, instance, value in _items(line):
            yield Variable(component=component, name=name, instance=instance, kind=kind, value=value)


def _availability(component: str, evses: Sequence[Outlet]) -> Iterator[Variable]:
    """Yield the state of a component, of one EVSE or of all."""

    whole = component == "ChargingStation"

    def available() -> bool:
        return any(not each.closed if whole else each.available for each in evses)

    def state() -> str:
        if whole:
            return "Available" if available() else "Unavailable"
        return status_of(evses[0])

    def problem() -> bool:
        return any(each.fault for each in evses)

    yield Variable(component=component, name="Available", kind="boolean", value=lambda: str(available()).lower())
    yield Variable(component=component, name="AvailabilityState", kind="OptionList", options=_STATES, value=state)
    yield Variable(component=component, name="Problem", kind="boolean", value=lambda: str(problem()).lower())
    yield from _variables("integer", {component: f"SupplyPhases={FACTS.phases}"})


def _evse(evse: Outlet) -> Iterator[Variable]:
    power = Variable(
        component="EVSE", name="Power", kind="decimal", value=lambda: f"{evse.flowing.watts:.1f}", unit="W"
    )
    power.minimum, power.maximum = 0.0, FACTS.amperes * FACTS.voltage * FACTS.phases
    plug = Variable(component="Connector", name="ConnectorType", value="cType2")
    for each in (*_availability("EVSE", [evse]), power, *_availability("Connector", [evse]), plug):
        each.evse = evse.id
        each.connector = CONNECTOR if each.component == "Connector" else None
        yield each
