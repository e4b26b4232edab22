"""Types that several functional blocks use."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CustomData,
    DateTime,
    Id40,
    Id50,
    Id128,
    Id255,
    Items,
    Range,
    Str8,
    Str20,
    Str50,
    Str128,
    Str1024,
    Str2000,
    Str2500,
    Str32768,
    Struct,
    field,
)

__all__ = [
    "AdditionalInfoType",
    "AuthorizationStatusEnumType",
    "CertificateHashDataType",
    "ComponentType",
    "ComponentVariableType",
    "DERControlEnumType",
    "EVSEType",
    "EnergyTransferModeEnumType",
    "GenericDeviceModelStatusEnumType",
    "GenericStatusEnumType",
    "HashAlgorithmEnumType",
    "IdTokenInfoType",
    "IdTokenType",
    "LocationEnumType",
    "MeasurandEnumType",
    "MessageContentType",
    "MessageFormatEnumType",
    "MeterValueType",
    "OCSPRequestDataType",
    "PhaseEnumType",
    "ReadingContextEnumType",
    "SampledValueType",
    "SignedMeterValueType",
    "StatusInfoType",
    "UnitOfMeasureType",
    "VariableType",
]


class GenericStatusEnumType(StrEnum):
    """Whether a request is accepted."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class StatusInfoType(Struct):
    """Why a status is what it is."""

    reason_code: Str20
    """A code from the appendices, or a vendor's own; case does not matter."""
    additional_info: Str1024 | None = None
    custom_data: CustomData | None = None


class GenericDeviceModelStatusEnumType(StrEnum):
    """Whether a request on the device model is taken."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    EMPTY_RESULT_SET = "EmptyResultSet"


class EVSEType(Struct):
    """An EVSE, or one connector of it."""

    id: Annotated[int, Range(0, None)]
    """Counted from 1."""
    connector_id: Annotated[int, Range(0, None)] | None = None
    """Counted from 1 on each EVSE."""
    custom_data: CustomData | None = None


class ComponentType(Struct):
    """A component of the device model: a part of the station, of an EVSE or of a connector."""

    evse: EVSEType | None = None
    """Missing when the component belongs to the station as a whole."""
    name: Id50
    instance: Id50 | None = None
    """Tells components of one name apart."""
    custom_data: CustomData | None = None


class VariableType(Struct):
    """A variable of a component."""

    name: Id50
    instance: Id50 | None = None
    """Tells variables of one name apart."""
    custom_data: CustomData | None = None


class ComponentVariableType(Struct):
    """A variable of a component; all of them when no variable is named."""

    component: ComponentType
    variable: VariableType | None = None
    custom_data: CustomData | None = None


class AdditionalInfoType(Struct):
    """A further identifier that comes with a token."""

    additional_id_token: Id255
    type: Str50
    """What the additional token is; agreed between the two sides."""
    custom_data: CustomData | None = None


class IdTokenType(Struct):
    """A token by which someone, or an EV, is known."""

    additional_info: Annotated[list[AdditionalInfoType], Items(1, None)] | None = None
    id_token: Id255
    """Case does not matter."""
    type: Str20
    """A kind from the appendices, such as `ISO14443` or `eMAID`, or a vendor's own."""
    custom_data: CustomData | None = None


class AuthorizationStatusEnumType(StrEnum):
    """What a token is good for."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT_TX = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"


class MessageFormatEnumType(StrEnum):
    """How the content of a message is to be read."""

    ASCII = "ASCII"
    HTML = "HTML"
    URI = "URI"
    UTF8 = "UTF8"
    QRCODE = "QRCODE"


class MessageContentType(Struct):
    """A text for a display."""

    format: MessageFormatEnumType
    language: Str8 | None = None
    """RFC 5646."""
    content: Str1024
    custom_data: CustomData | None = None


class IdTokenInfoType(Struct):
    """What a token is good for, and how to treat its holder."""

    status: AuthorizationStatusEnumType
    cache_expiry_date_time: DateTime | None = None
    """When a cached entry stops to count; the cache's own rule without it."""
    charging_priority: int | None = None
    """-9 to 9: the highest goes first; usually 0."""
    group_id_token: IdTokenType | None = None
    """Those of one group may stop each other's transactions."""
    language1: Str8 | None = None
    """What the holder likes to read (RFC 5646)."""
    language2: Str8 | None = None
    """The second choice (RFC 5646)."""
    evse_id: Annotated[list[Annotated[int, Range(0, None)]], Items(1, None)] | None = None
    """The only EVSEs the token is good for; all without a value."""
    personal_message: MessageContentType | None = None
    """For the display, to the holder."""
    custom_data: CustomData | None = None


class HashAlgorithmEnumType(StrEnum):
    """The algorithm of a hash."""

    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class CertificateHashDataType(Struct):
    """A certificate, identified by hashes."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Id128
    """Of the issuing CA's name (DER), in hex."""
    issuer_key_hash: Str128
    """Of the issuing CA's public key, in hex."""
    serial_number: Id40
    """Hex, without `0x` and leading zeros."""
    custom_data: CustomData | None = None


class OCSPRequestDataType(Struct):
    """A certificate, and whom to ask about its revocation."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Id128
    """Of the issuing CA's name (DER), in hex."""
    issuer_key_hash: Str128
    """Of the issuing CA's public key, in hex."""
    serial_number: Id40
    """Hex, without `0x` and leading zeros."""
    responder_url: Str2000 = field(json="responderURL")
    """Where to ask for the status."""
    custom_data: CustomData | None = None


class EnergyTransferModeEnumType(StrEnum):
    """How energy goes between EVSE and EV; BPT is both ways."""

    AC_SINGLE_PHASE = "AC_single_phase"
    AC_TWO_PHASE = "AC_two_phase"
    AC_THREE_PHASE = "AC_three_phase"
    DC = "DC"
    AC_BPT = "AC_BPT"
    AC_BPT_DER = "AC_BPT_DER"
    AC_DER = "AC_DER"
    DC_BPT = "DC_BPT"
    DC_ACDP = "DC_ACDP"
    DC_ACDP_BPT = "DC_ACDP_BPT"
    WPT = "WPT"


class DERControlEnumType(StrEnum):
    """The kinds of DER setting."""

    ENTER_SERVICE = "EnterService"
    FREQ_DROOP = "FreqDroop"
    FREQ_WATT = "FreqWatt"
    FIXED_PF_ABSORB = "FixedPFAbsorb"
    FIXED_PF_INJECT = "FixedPFInject"
    FIXED_VAR = "FixedVar"
    GRADIENTS = "Gradients"
    HF_MUST_TRIP = "HFMustTrip"
    HF_MAY_TRIP = "HFMayTrip"
    HV_MUST_TRIP = "HVMustTrip"
    HV_MOM_CESS = "HVMomCess"
    HV_MAY_TRIP = "HVMayTrip"
    LIMIT_MAX_DISCHARGE = "LimitMaxDischarge"
    LF_MUST_TRIP = "LFMustTrip"
    LV_MUST_TRIP = "LVMustTrip"
    LV_MOM_CESS = "LVMomCess"
    LV_MAY_TRIP = "LVMayTrip"
    POWER_MONITORING_MUST_TRIP = "PowerMonitoringMustTrip"
    VOLT_VAR = "VoltVar"
    VOLT_WATT = "VoltWatt"
    WATT_PF = "WattPF"
    WATT_VAR = "WattVar"


class MeasurandEnumType(StrEnum):
    """What was measured; no value means `ENERGY_ACTIVE_IMPORT_REGISTER`."""

    CURRENT_EXPORT = "Current.Export"
    CURRENT_EXPORT_OFFERED = "Current.Export.Offered"
    CURRENT_EXPORT_MINIMUM = "Current.Export.Minimum"
    CURRENT_IMPORT = "Current.Import"
    CURRENT_IMPORT_OFFERED = "Current.Import.Offered"
    CURRENT_IMPORT_MINIMUM = "Current.Import.Minimum"
    CURRENT_OFFERED = "Current.Offered"
    DISPLAY_PRESENT_SOC = "Display.PresentSOC"
    DISPLAY_MINIMUM_SOC = "Display.MinimumSOC"
    DISPLAY_TARGET_SOC = "Display.TargetSOC"
    DISPLAY_MAXIMUM_SOC = "Display.MaximumSOC"
    DISPLAY_REMAINING_TIME_TO_MINIMUM_SOC = "Display.RemainingTimeToMinimumSOC"
    DISPLAY_REMAINING_TIME_TO_TARGET_SOC = "Display.RemainingTimeToTargetSOC"
    DISPLAY_REMAINING_TIME_TO_MAXIMUM_SOC = "Display.RemainingTimeToMaximumSOC"
    DISPLAY_CHARGING_COMPLETE = "Display.ChargingComplete"
    DISPLAY_BATTERY_ENERGY_CAPACITY = "Display.BatteryEnergyCapacity"
    DISPLAY_INLET_HOT = "Display.InletHot"
    ENERGY_ACTIVE_EXPORT_INTERVAL = "Energy.Active.Export.Interval"
    ENERGY_ACTIVE_EXPORT_REGISTER = "Energy.Active.Export.Register"
    ENERGY_ACTIVE_IMPORT_INTERVAL = "Energy.Active.Import.Interval"
    ENERGY_ACTIVE_IMPORT_REGISTER = "Energy.Active.Import.Register"
    ENERGY_ACTIVE_IMPORT_CABLE_LOSS = "Energy.Active.Import.CableLoss"
    ENERGY_ACTIVE_IMPORT_LOCAL_GENERATION_REGISTER = "Energy.Active.Import.LocalGeneration.Register"
    ENERGY_ACTIVE_NET = "Energy.Active.Net"
    ENERGY_ACTIVE_SETPOINT_INTERVAL = "Energy.Active.Setpoint.Interval"
    ENERGY_APPARENT_EXPORT = "Energy.Apparent.Export"
    ENERGY_APPARENT_IMPORT = "Energy.Apparent.Import"
    ENERGY_APPARENT_NET = "Energy.Apparent.Net"
    ENERGY_REACTIVE_EXPORT_INTERVAL = "Energy.Reactive.Export.Interval"
    ENERGY_REACTIVE_EXPORT_REGISTER = "Energy.Reactive.Export.Register"
    ENERGY_REACTIVE_IMPORT_INTERVAL = "Energy.Reactive.Import.Interval"
    ENERGY_REACTIVE_IMPORT_REGISTER = "Energy.Reactive.Import.Register"
    ENERGY_REACTIVE_NET = "Energy.Reactive.Net"
    ENERGY_REQUEST_TARGET = "EnergyRequest.Target"
    ENERGY_REQUEST_MINIMUM = "EnergyRequest.Minimum"
    ENERGY_REQUEST_MAXIMUM = "EnergyRequest.Maximum"
    ENERGY_REQUEST_MINIMUM_V2X = "EnergyRequest.Minimum.V2X"
    ENERGY_REQUEST_MAXIMUM_V2X = "EnergyRequest.Maximum.V2X"
    ENERGY_REQUEST_BULK = "EnergyRequest.Bulk"
    FREQUENCY = "Frequency"
    POWER_ACTIVE_EXPORT = "Power.Active.Export"
    POWER_ACTIVE_IMPORT = "Power.Active.Import"
    POWER_ACTIVE_SETPOINT = "Power.Active.Setpoint"
    POWER_ACTIVE_RESIDUAL = "Power.Active.Residual"
    POWER_EXPORT_MINIMUM = "Power.Export.Minimum"
    POWER_EXPORT_OFFERED = "Power.Export.Offered"
    POWER_FACTOR = "Power.Factor"
    POWER_IMPORT_OFFERED = "Power.Import.Offered"
    POWER_IMPORT_MINIMUM = "Power.Import.Minimum"
    POWER_OFFERED = "Power.Offered"
    POWER_REACTIVE_EXPORT = "Power.Reactive.Export"
    POWER_REACTIVE_IMPORT = "Power.Reactive.Import"
    SOC = "SoC"
    VOLTAGE = "Voltage"
    VOLTAGE_MINIMUM = "Voltage.Minimum"
    VOLTAGE_MAXIMUM = "Voltage.Maximum"


class ReadingContextEnumType(StrEnum):
    """On which occasion a value was read; no value means `SAMPLE_PERIODIC`."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    OTHER = "Other"
    SAMPLE_CLOCK = "Sample.Clock"
    SAMPLE_PERIODIC = "Sample.Periodic"
    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    TRIGGER = "Trigger"


class PhaseEnumType(StrEnum):
    """The conductors a value was measured on."""

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


class LocationEnumType(StrEnum):
    """Where a value was measured; no value means `OUTLET`."""

    BODY = "Body"
    CABLE = "Cable"
    EV = "EV"
    INLET = "Inlet"
    OUTLET = "Outlet"
    UPSTREAM = "Upstream"


class SignedMeterValueType(Struct):
    """A meter's own signature on a value."""

    signed_meter_data: Str32768
    """Base64."""
    signing_method: Str50 | None = None
    encoding_method: Str50
    """The format of the signed data, such as `OCMF`."""
    public_key: Str2500 | None = None
    """Base64; when it is sent depends on `PublicKeyWithSignedMeterValue`."""
    custom_data: CustomData | None = None


class UnitOfMeasureType(Struct):
    """The unit of a measured value; without one it is Wh."""

    unit: Str20 | None = None
    """A unit from the appendices, or one's own."""
    multiplier: int | None = None
    """The power of ten that the value is multiplied by; no value means 0."""
    custom_data: CustomData | None = None


class SampledValueType(Struct):
    """One measured value."""

    value: float
    """In the unit of `unit_of_measure`, and times its power of ten; without it, energy is in Wh."""
    measurand: MeasurandEnumType | None = None
    context: ReadingContextEnumType | None = None
    phase: PhaseEnumType | None = None
    """No value means all, taken together."""
    location: LocationEnumType | None = None
    signed_meter_value: SignedMeterValueType | None = None
    unit_of_measure: UnitOfMeasureType | None = None
    custom_data: CustomData | None = None


class MeterValueType(Struct):
    """Everything that was measured at one moment."""

    sampled_value: Annotated[list[SampledValueType], Items(1, None)]
    timestamp: DateTime
    custom_data: CustomData | None = None
