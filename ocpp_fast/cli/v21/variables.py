"""The variables of the simulated station."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from ..arguments import StationArguments
from ..charging_profiles import MAX_AMPERES, MAX_PERIODS, MAX_PROFILES, MAX_STACK_LEVEL
from ..schedule import PHASES, VOLTAGE
from .device_model import Variable
from .evse import CONNECTOR, MEASURANDS, Evse
from .version import ocpp

__all__ = ["ITEMS_PER_REPORT", "MAX_LIST", "MODEL", "VENDOR", "variables"]

ITEMS_PER_REPORT: Final = 20
MAX_LIST: Final = 1000
"""How many entries the local authorization list may have."""
MODEL: Final = "Simulated"
VENDOR: Final = "ocpp_fast"

_Data = ocpp.DataEnumType
_Mutability = ocpp.MutabilityEnumType

_MEASURANDS: Final = ",".join(MEASURANDS)
_POINTS: Final = (
    "ParkingBayOccupancy",
    "EVConnected",
    "Authorized",
    "DataSigned",
    "PowerPathClosed",
    "EnergyTransfer",
)

_FLAGS: Final = {
    "AlignedDataCtrlr": {"Enabled": "false"},
    "AuthCacheCtrlr": {"Enabled": "true"},
    "AuthCtrlr": {
        "AuthorizeRemoteStart": "false",
        "Enabled": "true",
        "LocalAuthorizeOffline": "true",
        "LocalPreAuthorize": "false",
        "OfflineTxForUnknownIdEnabled": "false",
    },
    "LocalAuthListCtrlr": {"Enabled": "true"},
    "OCPPCommCtrlr": {"QueueAllMessages": "false", "UnlockOnEVSideDisconnect": "true"},
    "SampledDataCtrlr": {"Enabled": "true"},
    "TxCtrlr": {"StopTxOnEVSideDisconnect": "true", "StopTxOnInvalidId": "true"},
}
_NUMBERS: Final = {
    "AlignedDataCtrlr": {"Interval": "0", "TxEndedInterval": "0"},
    "OCPPCommCtrlr": {
        "HeartbeatInterval": "300",
        "NetworkProfileConnectionAttempts": "3",
        "OfflineThreshold": "60",
        "ResetRetries": "1",
        "RetryBackOffRandomRange": "2",
        "RetryBackOffRepeatTimes": "6",
        "RetryBackOffWaitMinimum": "1",
        "WebSocketPingInterval": "0",
    },
    "SampledDataCtrlr": {"TxEndedInterval": "0"},
    "TxCtrlr": {"EVConnectionTimeOut": "60"},
}
_MEASURED: Final = {
    "AlignedDataCtrlr": {"Measurands": "", "TxEndedMeasurands": ""},
    "SampledDataCtrlr": {
        "TxEndedMeasurands": _MEASURANDS,
        "TxStartedMeasurands": _MEASURANDS,
        "TxUpdatedMeasurands": _MEASURANDS,
    },
}
_LIMITS: Final = {
    ("DeviceDataCtrlr", "BytesPerMessage"): ("GetReport", "GetVariables", "SetVariables"),
    ("DeviceDataCtrlr", "ItemsPerMessage"): ("GetReport", "GetVariables", "SetVariables"),
    ("MonitoringCtrlr", "BytesPerMessage"): ("SetVariableMonitoring",),
    ("MonitoringCtrlr", "ItemsPerMessage"): ("SetVariableMonitoring",),
}
_FACTS: Final = {
    "ChargingStation": {"Model": MODEL, "VendorName": VENDOR},
    "ClockCtrlr": {"TimeSource": "Heartbeat"},
    "DisplayMessageCtrlr": {
        "SupportedFormats": "ASCII,UTF8",
        "SupportedPriorities": "AlwaysFront,InFront,NormalCycle",
    },
    "OCPPCommCtrlr": {"FileTransferProtocols": "FTP,HTTP,HTTPS"},
    "SmartChargingCtrlr": {"RateUnit": "A,W"},
}
_COUNTS: Final = {
    "ChargingStation": {"SupplyPhases": PHASES},
    "LocalAuthListCtrlr": {"BytesPerMessage": 65536, "ItemsPerMessage": MAX_LIST, "Storage": 1_000_000},
    "SecurityCtrlr": {"CertificateEntries": 10, "SecurityProfile": 1},
    "SmartChargingCtrlr": {"PeriodsPerSchedule": MAX_PERIODS, "ProfileStackLevel": MAX_STACK_LEVEL},
}
_PRESENT: Final = ("DisplayMessageCtrlr", "MonitoringCtrlr", "ReservationCtrlr", "SmartChargingCtrlr")


def variables(given: StationArguments, evses: Iterable[Evse]) -> Iterator[Variable]:
    """Yield what the station has at its start; values of `evses` are asked when they are wanted."""
    evses = list(evses)
    yield from _settings(given)
    yield from _facts(given)
    yield from _availability("ChargingStation", None, lambda: any(each.operative for each in evses))
    for evse in evses:
        yield from _evse(evse)


def _settings(given: StationArguments) -> Iterator[Variable]:
    for component, flags in _FLAGS.items():
        yield from (_setting(component, name, _Data.BOOLEAN, value) for name, value in flags.items())
    for component, numbers in _NUMBERS.items():
        yield from (_setting(component, name, _Data.INTEGER, value) for name, value in numbers.items())
    for component, measured in _MEASURED.items():
        for name, value in measured.items():
            yield _setting(component, name, _Data.MEMBER_LIST, value, options=tuple(MEASURANDS))
    yield _setting("SampledDataCtrlr", "TxUpdatedInterval", _Data.INTEGER, f"{given.interval:g}")
    for name, value in (("TxStartPoint", "Authorized"), ("TxStopPoint", "Authorized")):
        yield _setting("TxCtrlr", name, _Data.MEMBER_LIST, value, options=_POINTS)
    yield _setting("OCPPCommCtrlr", "MessageTimeout", _Data.INTEGER, "30", instance="Default")
    yield _setting("OCPPCommCtrlr", "MessageAttempts", _Data.INTEGER, "3", instance="TransactionEvent")
    yield _setting("OCPPCommCtrlr", "MessageAttemptInterval", _Data.INTEGER, "10", instance="TransactionEvent")
    yield _setting("OCPPCommCtrlr", "NetworkConfigurationPriority", _Data.SEQUENCE_LIST, "1")
    yield _setting("SecurityCtrlr", "OrganizationName", _Data.STRING, VENDOR)
    yield _setting("SmartChargingCtrlr", "LimitChangeSignificance", _Data.DECIMAL, "1")
    yield Variable(
        component=_component("SecurityCtrlr"),
        variable=ocpp.VariableType(name="BasicAuthPassword"),
        value="",
        kind=_Data.STRING,
        mutability=_Mutability.WRITE_ONLY,
        maximum=64,
    )


def _facts(given: StationArguments) -> Iterator[Variable]:
    for component in _PRESENT:
        yield _fact(component, "Enabled", _Data.BOOLEAN, "true")
    for component, facts in _FACTS.items():
        yield from (_fact(component, name, _Data.STRING, value) for name, value in facts.items())
    for component, counts in _COUNTS.items():
        yield from (_fact(component, name, _Data.INTEGER, str(value)) for name, value in counts.items())
    for (component, name), instances in _LIMITS.items():
        value = "65536" if name.startswith("Bytes") else str(ITEMS_PER_REPORT)
        yield from (_fact(component, name, _Data.INTEGER, value, instance=each) for each in instances)
    yield _fact("SecurityCtrlr", "Identity", _Data.STRING, given.id)
    yield _fact("SmartChargingCtrlr", "Entries", _Data.INTEGER, str(MAX_PROFILES), instance="ChargingProfiles")
    yield _fact("ClockCtrlr", "DateTime", _Data.DATE_TIME, lambda: datetime.now(UTC).isoformat())


def _evse(evse: Evse) -> Iterator[Variable]:
    place = ocpp.EVSEType(id=evse.id)
    plug = ocpp.EVSEType(id=evse.id, connector_id=CONNECTOR)
    for name, where in (("EVSE", place), ("Connector", plug)):
        yield from _availability(name, where, lambda: evse.operative, lambda: evse.status)
        yield _fact(name, "SupplyPhases", _Data.INTEGER, str(PHASES), evse=where)
    yield _fact("Connector", "ConnectorType", _Data.STRING, "cType2", evse=plug)
    power = _fact("EVSE", "Power", _Data.DECIMAL, lambda: f"{evse.watts:.1f}", evse=place)
    power.unit, power.minimum, power.maximum = "W", 0.0, MAX_AMPERES * VOLTAGE * PHASES
    yield power


def _availability(
    name: str,
    evse: ocpp.EVSEType | None,
    operative: Callable[[], bool],
    status: Callable[[], str] | None = None,
) -> Iterator[Variable]:
    def state() -> str:
        return status() if status is not None else "Available" if operative() else "Unavailable"

    yield _fact(name, "Available", _Data.BOOLEAN, lambda: str(operative()).lower(), evse=evse)
    yield _fact(name, "AvailabilityState", _Data.OPTION_LIST, state, evse=evse)
    yield _fact(name, "Problem", _Data.BOOLEAN, "false", evse=evse)


def _component(name: str, evse: ocpp.EVSEType | None = None) -> ocpp.ComponentType:
    return ocpp.ComponentType(name=name, evse=evse)


def _setting(
    component: str,
    name: str,
    kind: ocpp.DataEnumType,
    value: str,
    *,
    instance: str | None = None,
    options: tuple[str, ...] = (),
) -> Variable:
    return Variable(
        component=_component(component),
        variable=ocpp.VariableType(name=name, instance=instance),
        value=value,
        kind=kind,
        mutability=_Mutability.READ_WRITE,
        options=options,
        minimum=0 if kind is _Data.INTEGER else None,
    )


def _fact(
    component: str,
    name: str,
    kind: ocpp.DataEnumType,
    value: str | Callable[[], str],
    *,
    instance: str | None = None,
    evse: ocpp.EVSEType | None = None,
) -> Variable:
    options = tuple(ocpp.ConnectorStatusEnumType) if kind is _Data.OPTION_LIST else ()
    return Variable(
        component=_component(component, evse),
        variable=ocpp.VariableType(name=name, instance=instance),
        value=value,
        kind=kind,
        mutability=_Mutability.READ_ONLY,
        options=options,
    )
