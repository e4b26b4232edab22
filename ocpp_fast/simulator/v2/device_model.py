"""The device model of a simulated station of 2.x."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from ..local_list import MAX_LIST
from ..outlet import FACTS, MEASURANDS, Outlet
from ..settings import Settings
from ..variables import Variable

__all__ = ["CONNECTOR", "ITEMS_PER_REPORT", "MODEL", "VENDOR", "device_model", "status_of"]

CONNECTOR: Final = 1
"""The id of the connector of every EVSE."""
ITEMS_PER_REPORT: Final = 20
MODEL: Final = "Simulated"
VENDOR: Final = "ocpp_fast"

_ALL: Final = ",".join(MEASURANDS)
_STATES: Final = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
_POINTS: Final = ("ParkingBayOccupancy", "EVConnected", "Authorized", "DataSigned", "PowerPathClosed", "EnergyTransfer")

_FLAGS: Final = {
    "AlignedDataCtrlr": "Enabled=false",
    "AuthCacheCtrlr": "Enabled=true",
    "AuthCtrlr": "Enabled=true AuthorizeRemoteStart=false LocalAuthorizeOffline=true LocalPreAuthorize=false "
    "OfflineTxForUnknownIdEnabled=false",
    "LocalAuthListCtrlr": "Enabled=true",
    "OCPPCommCtrlr": "QueueAllMessages=false UnlockOnEVSideDisconnect=true",
    "SampledDataCtrlr": "Enabled=true",
    "TxCtrlr": "StopTxOnEVSideDisconnect=true StopTxOnInvalidId=true",
}
_NUMBERS: Final = {
    "AlignedDataCtrlr": "Interval=0 TxEndedInterval=0",
    "OCPPCommCtrlr": "HeartbeatInterval=300 NetworkProfileConnectionAttempts=3 OfflineThreshold=60 ResetRetries=1 "
    "RetryBackOffRandomRange=2 RetryBackOffRepeatTimes=6 RetryBackOffWaitMinimum=1 WebSocketPingInterval=0 "
    "MessageTimeout.Default=30 MessageAttempts.TransactionEvent=3 MessageAttemptInterval.TransactionEvent=10",
    "SampledDataCtrlr": "TxEndedInterval=0",
    "TxCtrlr": "EVConnectionTimeOut=60",
}
_MEASURED: Final = {
    "AlignedDataCtrlr": "Measurands= TxEndedMeasurands=",
    "SampledDataCtrlr": f"TxEndedMeasurands={_ALL} TxStartedMeasurands={_ALL} TxUpdatedMeasurands={_ALL}",
}
_TEXTS: Final = {
    "OCPPCommCtrlr": "NetworkConfigurationPriority=1",
    "SecurityCtrlr": f"OrganizationName={VENDOR}",
}
_PRESENT: Final[Mapping[str, str]] = dict.fromkeys(
    ("DisplayMessageCtrlr", "MonitoringCtrlr", "ReservationCtrlr", "SmartChargingCtrlr"), "Enabled=true"
)
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
    "SecurityCtrlr": "CertificateEntries=10 SecurityProfile=1",
    "SmartChargingCtrlr": f"PeriodsPerSchedule={FACTS.max_periods} ProfileStackLevel={FACTS.max_stack_level} "
    f"Entries.ChargingProfiles={FACTS.max_profiles}",
}
"""Each component with its variables, as `Name=value` or `Name.Instance=value`."""


def device_model(settings: Settings, evses: Iterable[Outlet]) -> Iterator[Variable]:
    """Yield the variables of a new station; the state of `evses` is read when it is asked for."""
    evses = list(evses)
    for kind, table, minimum, options in (
        ("boolean", _FLAGS, None, ()),
        ("integer", _NUMBERS, 0, ()),
        ("integer", {"SampledDataCtrlr": f"TxUpdatedInterval={settings.interval:g}"}, 0, ()),
        ("decimal", {"SmartChargingCtrlr": "LimitChangeSignificance=1"}, None, ()),
        ("MemberList", _MEASURED, None, tuple(MEASURANDS)),
        ("MemberList", {"TxCtrlr": "TxStartPoint=Authorized TxStopPoint=Authorized"}, None, _POINTS),
        ("string", _TEXTS, None, ()),
    ):
        for each in _variables(kind, table):
            each.mutability, each.minimum, each.options = "ReadWrite", minimum, options
            yield each
    yield Variable(component="SecurityCtrlr", name="BasicAuthPassword", value="", mutability="WriteOnly", maximum=64)
    yield Variable(component="SecurityCtrlr", name="Identity", value=settings.id)
    yield from _variables("boolean", _PRESENT)
    yield from _variables("string", _FACTS)
    yield from _variables("integer", _COUNTS)
    yield Variable(
        component="ClockCtrlr", name="DateTime", kind="dateTime", value=lambda: f"{datetime.now(UTC):%FT%TZ}"
    )
    yield from _availability("ChargingStation", evses)
    for evse in evses:
        yield from _evse(evse)


def status_of(evse: Outlet) -> str:
    """Return the status of the connector of an EVSE: 2.x does not say how far a session is."""
    return "Occupied" if evse.phase else evse.status


def _variables(kind: str, table: Mapping[str, str]) -> Iterator[Variable]:
    for component, line in table.items():
        for item in line.split():
            name, _, value = item.partition("=")
            name, _, instance = name.partition(".")
            yield Variable(component=component, name=name, instance=instance or None, kind=kind, value=value)


def _availability(component: str, evses: Sequence[Outlet]) -> Iterator[Variable]:
    """Yield the state of a component, of one EVSE or of all."""

    def available() -> bool:
        return any(each.operative for each in evses)

    def state() -> str:
        one = evses[0] if component != "ChargingStation" else Outlet(0, operative=available())
        return status_of(one)

    yield Variable(component=component, name="Available", kind="boolean", value=lambda: str(available()).lower())
    yield Variable(component=component, name="AvailabilityState", kind="OptionList", options=_STATES, value=state)
    yield from _variables("boolean", {component: "Problem=false"})
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
