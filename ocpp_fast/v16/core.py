"""The Core profile: what every station can do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from ..schema import (
    BOTH,
    CENTRAL,
    STATION,
    DateTime,
    Profile,
    Response,
    Str20,
    Str25,
    Str50,
    Str255,
    Str500,
    Struct,
)
from ._draft4 import Request
from .types import ChargingProfile, IdTagInfo

__all__ = [
    "CORE",
    "AuthorizeRequest",
    "AuthorizeResponse",
    "AvailabilityStatus",
    "AvailabilityType",
    "BootNotificationRequest",
    "BootNotificationResponse",
    "ChangeAvailabilityRequest",
    "ChangeAvailabilityResponse",
    "ChangeConfigurationRequest",
    "ChangeConfigurationResponse",
    "ChargePointErrorCode",
    "ChargePointStatus",
    "ClearCacheRequest",
    "ClearCacheResponse",
    "ClearCacheStatus",
    "ConfigurationStatus",
    "DataTransferRequest",
    "DataTransferResponse",
    "DataTransferStatus",
    "GetConfigurationRequest",
    "GetConfigurationResponse",
    "HeartbeatRequest",
    "HeartbeatResponse",
    "KeyValue",
    "Location",
    "Measurand",
    "MeterValue",
    "MeterValuesRequest",
    "MeterValuesResponse",
    "Phase",
    "ReadingContext",
    "Reason",
    "RegistrationStatus",
    "RemoteStartStopStatus",
    "RemoteStartTransactionRequest",
    "RemoteStartTransactionResponse",
    "RemoteStopTransactionRequest",
    "RemoteStopTransactionResponse",
    "ResetRequest",
    "ResetResponse",
    "ResetStatus",
    "ResetType",
    "SampledValue",
    "StartTransactionRequest",
    "StartTransactionResponse",
    "StatusNotificationRequest",
    "StatusNotificationResponse",
    "StopTransactionRequest",
    "StopTransactionResponse",
    "UnitOfMeasure",
    "UnlockConnectorRequest",
    "UnlockConnectorResponse",
    "UnlockStatus",
    "ValueFormat",
]


class AuthorizeResponse(Response):
    """Says whether the id tag may charge."""

    id_tag_info: IdTagInfo


class AuthorizeRequest(Request[AuthorizeResponse], action="Authorize", sender=STATION):
    """Asks whether an id tag may start or stop charging."""

    id_tag: Str20
    """Upper and lower case are one."""


class RegistrationStatus(StrEnum):
    """Whether the central system takes the station in (R40)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class BootNotificationResponse(Response):
    """Says whether the station is accepted, and what time it is."""

    status: RegistrationStatus
    current_time: DateTime
    interval: int
    """Seconds between heartbeats when accepted, else until the next try."""


class BootNotificationRequest(Request[BootNotificationResponse], action="BootNotification", sender=STATION):
    """Announces a start of the station, which sends nothing else until this is answered (R40)."""

    charge_point_vendor: Str20
    charge_point_model: Str20
    charge_point_serial_number: Str25 | None = None
    charge_box_serial_number: Str25 | None = None
    firmware_version: Str50 | None = None
    iccid: Str20 | None = None
    imsi: Str20 | None = None
    meter_type: Str25 | None = None
    meter_serial_number: Str25 | None = None


class AvailabilityType(StrEnum):
    """Whether a connector shall be open for charging."""

    INOPERATIVE = "Inoperative"
    OPERATIVE = "Operative"


class AvailabilityStatus(StrEnum):
    """Whether an availability changes; scheduled means after the running transaction."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


class ChangeAvailabilityResponse(Response):
    """Says whether the availability changes."""

    status: AvailabilityStatus


class ChangeAvailabilityRequest(Request[ChangeAvailabilityResponse], action="ChangeAvailability", sender=CENTRAL):
    """Takes a connector into or out of operation."""

    connector_id: int
    """0 is the station with all its connectors."""
    type: AvailabilityType


class ConfigurationStatus(StrEnum):
    """The outcome of a change of configuration."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    REBOOT_REQUIRED = "RebootRequired"
    NOT_SUPPORTED = "NotSupported"


class ChangeConfigurationResponse(Response):
    """Says whether the configuration key took the value."""

    status: ConfigurationStatus


class ChangeConfigurationRequest(Request[ChangeConfigurationResponse], action="ChangeConfiguration", sender=CENTRAL):
    """Sets one configuration key."""

    key: Str50
    value: Str500


class ClearCacheStatus(StrEnum):
    """Whether the cache was emptied."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class ClearCacheResponse(Response):
    """Says whether the cache was emptied."""

    status: ClearCacheStatus


class ClearCacheRequest(Request[ClearCacheResponse], action="ClearCache", sender=CENTRAL):
    """Empties the station's authorization cache."""


class DataTransferStatus(StrEnum):
    """The outcome of a vendor's message."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_MESSAGE_ID = "UnknownMessageId"
    UNKNOWN_VENDOR_ID = "UnknownVendorId"


class DataTransferResponse(Response):
    """Answers a vendor's message."""

    status: DataTransferStatus
    data: str | None = None


class DataTransferRequest(Request[DataTransferResponse], action="DataTransfer", sender=BOTH):
    """Carries a vendor's own message; the one action that both sides send."""

    vendor_id: Str255
    message_id: Str50 | None = None
    data: str | None = None
    """Text; anything structured is JSON within it."""


class KeyValue(Struct):
    """A configuration key and what it is set to."""

    key: Str50
    readonly: bool
    value: Str500 | None = None


class GetConfigurationResponse(Response):
    """Lists the configuration keys asked for, and those the station does not know."""

    configuration_key: list[KeyValue] | None = None
    unknown_key: list[Str50] | None = None


class GetConfigurationRequest(Request[GetConfigurationResponse], action="GetConfiguration", sender=CENTRAL):
    """Asks for configuration keys."""

    key: list[Str50] | None = None
    """Empty or missing: all keys."""


class HeartbeatResponse(Response):
    """Tells the station the time."""

    current_time: DateTime


class HeartbeatRequest(Request[HeartbeatResponse], action="Heartbeat", sender=STATION):
    """Shows that the station is alive, and asks for the time."""


class ReadingContext(StrEnum):
    """Why a value was read."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    SAMPLE_CLOCK = "Sample.Clock"
    SAMPLE_PERIODIC = "Sample.Periodic"
    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    TRIGGER = "Trigger"
    OTHER = "Other"


class ValueFormat(StrEnum):
    """Whether a value is a plain number or signed binary data in hex."""

    RAW = "Raw"
    SIGNED_DATA = "SignedData"


class Measurand(StrEnum):
    """The quantity that is measured."""

    ENERGY_ACTIVE_EXPORT_REGISTER = "Energy.Active.Export.Register"
    ENERGY_ACTIVE_IMPORT_REGISTER = "Energy.Active.Import.Register"
    ENERGY_REACTIVE_EXPORT_REGISTER = "Energy.Reactive.Export.Register"
    ENERGY_REACTIVE_IMPORT_REGISTER = "Energy.Reactive.Import.Register"
    ENERGY_ACTIVE_EXPORT_INTERVAL = "Energy.Active.Export.Interval"
    ENERGY_ACTIVE_IMPORT_INTERVAL = "Energy.Active.Import.Interval"
    ENERGY_REACTIVE_EXPORT_INTERVAL = "Energy.Reactive.Export.Interval"
    ENERGY_REACTIVE_IMPORT_INTERVAL = "Energy.Reactive.Import.Interval"
    POWER_ACTIVE_EXPORT = "Power.Active.Export"
    POWER_ACTIVE_IMPORT = "Power.Active.Import"
    POWER_OFFERED = "Power.Offered"
    POWER_REACTIVE_EXPORT = "Power.Reactive.Export"
    POWER_REACTIVE_IMPORT = "Power.Reactive.Import"
    POWER_FACTOR = "Power.Factor"
    CURRENT_IMPORT = "Current.Import"
    CURRENT_EXPORT = "Current.Export"
    CURRENT_OFFERED = "Current.Offered"
    VOLTAGE = "Voltage"
    FREQUENCY = "Frequency"
    TEMPERATURE = "Temperature"
    SOC = "SoC"
    RPM = "RPM"


class Phase(StrEnum):
    """The phase, or the pair of conductors, that a value was measured on."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    N = "N"
    L1_N = "L1-N"
    L2_N = "L2-N"
    L3_N = "L3-N"
    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L1 = "L3-L1"


class Location(StrEnum):
    """Where a value was measured."""

    CABLE = "Cable"
    EV = "EV"
    INLET = "Inlet"
    OUTLET = "Outlet"
    BODY = "Body"


class UnitOfMeasure(StrEnum):
    """The unit of a value; the schema has two spellings of Celsius, and lacks Hertz."""

    __additions__: ClassVar[Mapping[str, str]] = {"Hertz": "OCPP 1.6, 7.31"}

    WH = "Wh"
    KWH = "kWh"
    VARH = "varh"
    KVARH = "kvarh"
    W = "W"
    KW = "kW"
    VA = "VA"
    KVA = "kVA"
    VAR = "var"
    KVAR = "kvar"
    A = "A"
    V = "V"
    K = "K"
    CELCIUS = "Celcius"
    CELSIUS = "Celsius"
    FAHRENHEIT = "Fahrenheit"
    PERCENT = "Percent"
    HERTZ = "Hertz"


class SampledValue(Struct):
    """One value and what it means."""

    value: str
    """A decimal number, or hex when `format` is SignedData."""
    context: ReadingContext | None = None
    """Without it: Sample.Periodic."""
    format: ValueFormat | None = None
    """Without it: Raw."""
    measurand: Measurand | None = None
    """Without it: Energy.Active.Import.Register."""
    phase: Phase | None = None
    location: Location | None = None
    """Without it: Outlet."""
    unit: UnitOfMeasure | None = None
    """Without it: Wh, if it is energy."""


class MeterValue(Struct):
    """The values read at one moment."""

    timestamp: DateTime
    sampled_value: list[SampledValue]


class MeterValuesResponse(Response):
    """Acknowledges meter values."""


class MeterValuesRequest(Request[MeterValuesResponse], action="MeterValues", sender=STATION):
    """Reports readings of a connector's meter."""

    connector_id: int
    """0 is the main meter of the station."""
    transaction_id: int | None = None
    meter_value: list[MeterValue]


class RemoteStartStopStatus(StrEnum):
    """Whether the station will try."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class RemoteStartTransactionResponse(Response):
    """Says whether the station will try to start a transaction."""

    status: RemoteStartStopStatus


class RemoteStartTransactionRequest(
    Request[RemoteStartTransactionResponse], action="RemoteStartTransaction", sender=CENTRAL
):
    """Asks the station to start a transaction as if the id tag had been presented."""

    connector_id: int | None = None
    id_tag: Str20
    charging_profile: ChargingProfile | None = None
    """Its purpose must be TxProfile."""


class RemoteStopTransactionResponse(Response):
    """Says whether the station will stop the transaction."""

    status: RemoteStartStopStatus


class RemoteStopTransactionRequest(
    Request[RemoteStopTransactionResponse], action="RemoteStopTransaction", sender=CENTRAL
):
    """Asks the station to stop a transaction."""

    transaction_id: int


class ResetType(StrEnum):
    """Whether to restart the hardware or to end transactions and restart the software."""

    HARD = "Hard"
    SOFT = "Soft"


class ResetStatus(StrEnum):
    """Whether the station will restart."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class ResetResponse(Response):
    """Says whether the station will restart."""

    status: ResetStatus


class ResetRequest(Request[ResetResponse], action="Reset", sender=CENTRAL):
    """Restarts the station."""

    type: ResetType


class StartTransactionResponse(Response):
    """Gives the transaction its id, and says whether the id tag may charge."""

    id_tag_info: IdTagInfo
    transaction_id: int


class StartTransactionRequest(Request[StartTransactionResponse], action="StartTransaction", sender=STATION):
    """Reports the start of a transaction."""

    connector_id: int
    id_tag: Str20
    meter_start: int
    """Wh."""
    reservation_id: int | None = None
    timestamp: DateTime


class ChargePointErrorCode(StrEnum):
    """The fault of a connector, or NoError."""

    CONNECTOR_LOCK_FAILURE = "ConnectorLockFailure"
    EV_COMMUNICATION_ERROR = "EVCommunicationError"
    GROUND_FAILURE = "GroundFailure"
    HIGH_TEMPERATURE = "HighTemperature"
    INTERNAL_ERROR = "InternalError"
    LOCAL_LIST_CONFLICT = "LocalListConflict"
    NO_ERROR = "NoError"
    OTHER_ERROR = "OtherError"
    OVER_CURRENT_FAILURE = "OverCurrentFailure"
    POWER_METER_FAILURE = "PowerMeterFailure"
    POWER_SWITCH_FAILURE = "PowerSwitchFailure"
    READER_FAILURE = "ReaderFailure"
    RESET_FAILURE = "ResetFailure"
    UNDER_VOLTAGE = "UnderVoltage"
    OVER_VOLTAGE = "OverVoltage"
    WEAK_SIGNAL = "WeakSignal"


class ChargePointStatus(StrEnum):
    """The state of a connector; of connector 0 only Available, Unavailable and Faulted."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class StatusNotificationResponse(Response):
    """Acknowledges a state."""


class StatusNotificationRequest(Request[StatusNotificationResponse], action="StatusNotification", sender=STATION):
    """Reports the state of a connector, or an error."""

    connector_id: int
    """0 is the station's main controller."""
    error_code: ChargePointErrorCode
    info: Str50 | None = None
    status: ChargePointStatus
    timestamp: DateTime | None = None
    vendor_id: Str255 | None = None
    vendor_error_code: Str50 | None = None


class Reason(StrEnum):
    """Why a transaction ended."""

    EMERGENCY_STOP = "EmergencyStop"
    EV_DISCONNECTED = "EVDisconnected"
    HARD_RESET = "HardReset"
    LOCAL = "Local"
    OTHER = "Other"
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    UNLOCK_COMMAND = "UnlockCommand"
    DE_AUTHORIZED = "DeAuthorized"


class StopTransactionResponse(Response):
    """Acknowledges the end of a transaction."""

    id_tag_info: IdTagInfo | None = None


class StopTransactionRequest(Request[StopTransactionResponse], action="StopTransaction", sender=STATION):
    """Reports the end of a transaction."""

    id_tag: Str20 | None = None
    meter_stop: int
    """Wh."""
    timestamp: DateTime
    transaction_id: int
    reason: Reason | None = None
    """Without it: Local."""
    transaction_data: list[MeterValue] | None = None


class UnlockStatus(StrEnum):
    """Whether the connector is unlocked now."""

    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    NOT_SUPPORTED = "NotSupported"


class UnlockConnectorResponse(Response):
    """Says whether the connector is unlocked now."""

    status: UnlockStatus


class UnlockConnectorRequest(Request[UnlockConnectorResponse], action="UnlockConnector", sender=CENTRAL):
    """Unlocks a connector; a transaction on it ends."""

    connector_id: int


CORE = Profile(
    "Core",
    [
        AuthorizeRequest,
        BootNotificationRequest,
        ChangeAvailabilityRequest,
        ChangeConfigurationRequest,
        ClearCacheRequest,
        DataTransferRequest,
        GetConfigurationRequest,
        HeartbeatRequest,
        MeterValuesRequest,
        RemoteStartTransactionRequest,
        RemoteStopTransactionRequest,
        ResetRequest,
        StartTransactionRequest,
        StatusNotificationRequest,
        StopTransactionRequest,
        UnlockConnectorRequest,
    ],
)
