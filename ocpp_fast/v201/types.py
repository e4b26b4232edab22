"""Types that several functional blocks use."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CustomData,
    DateTime,
    Id36,
    Id40,
    Id50,
    Id128,
    Items,
    Str8,
    Str20,
    Str50,
    Str128,
    Str512,
    Str2500,
    Struct,
    field,
)

__all__ = [
    "AdditionalInfoType",
    "AuthorizationStatusEnumType",
    "CertificateHashDataType",
    "ComponentType",
    "ComponentVariableType",
    "EVSEType",
    "GenericDeviceModelStatusEnumType",
    "GenericStatusEnumType",
    "HashAlgorithmEnumType",
    "IdTokenEnumType",
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
    additional_info: Str512 | None = None
    custom_data: CustomData | None = None


class GenericDeviceModelStatusEnumType(StrEnum):
    """Whether a request on the device model is taken."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    EMPTY_RESULT_SET = "EmptyResultSet"


class EVSEType(Struct):
    """An EVSE, or one connector of it."""

    id: int
    """Counted from 1."""
    connector_id: int | None = None
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

    additional_id_token: Id36
    type: Str50
    """What the additional token is; agreed between the two sides."""
    custom_data: CustomData | None = None


class IdTokenEnumType(StrEnum):
    """The kind of a token."""

    CENTRAL = "Central"
    EMAID = "eMAID"
    ISO14443 = "ISO14443"
    ISO15693 = "ISO15693"
    KEY_CODE = "KeyCode"
    LOCAL = "Local"
    MAC_ADDRESS = "MacAddress"
    NO_AUTHORIZATION = "NoAuthorization"


class IdTokenType(Struct):
    """A token by which someone, or an EV, is known."""

    additional_info: Annotated[list[AdditionalInfoType], Items(1, None)] | None = None
    id_token: Id36
    """Case does not matter."""
    type: IdTokenEnumType
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


class MessageContentType(Struct):
    """A text for a display."""

    format: MessageFormatEnumType
    language: Str8 | None = None
    """RFC 5646."""
    content: Str512
    custom_data: CustomData | None = None


class IdTokenInfoType(Struct):
    """What a token is good for, and how to treat its holder."""

    status: AuthorizationStatusEnumType
    cache_expiry_date_time: DateTime | None = None
    """When a cached entry stops to count; the cache's own rule without it."""
    charging_priority: int | None = None
    """-9 to 9: the highest goes first; usually 0."""
    language1: Str8 | None = None
    """What the holder likes to read (RFC 5646)."""
    evse_id: Annotated[list[int], Items(1, None)] | None = None
    """The only EVSEs the token is good for; all without a value."""
    group_id_token: IdTokenType | None = None
    """Those of one group may stop each other's transactions."""
    language2: Str8 | None = None
    """The second choice (RFC 5646)."""
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
    responder_url: Str512 = field(json="responderURL")
    """Where to ask for the status."""
    custom_data: CustomData | None = None


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


class MeasurandEnumType(StrEnum):
    """What was measured; no value means `ENERGY_ACTIVE_IMPORT_REGISTER`."""

    CURRENT_EXPORT = "Current.Export"
    CURRENT_IMPORT = "Current.Import"
    CURRENT_OFFERED = "Current.Offered"
    ENERGY_ACTIVE_EXPORT_REGISTER = "Energy.Active.Export.Register"
    ENERGY_ACTIVE_IMPORT_REGISTER = "Energy.Active.Import.Register"
    ENERGY_REACTIVE_EXPORT_REGISTER = "Energy.Reactive.Export.Register"
    ENERGY_REACTIVE_IMPORT_REGISTER = "Energy.Reactive.Import.Register"
    ENERGY_ACTIVE_EXPORT_INTERVAL = "Energy.Active.Export.Interval"
    ENERGY_ACTIVE_IMPORT_INTERVAL = "Energy.Active.Import.Interval"
    ENERGY_ACTIVE_NET = "Energy.Active.Net"
    ENERGY_REACTIVE_EXPORT_INTERVAL = "Energy.Reactive.Export.Interval"
    ENERGY_REACTIVE_IMPORT_INTERVAL = "Energy.Reactive.Import.Interval"
    ENERGY_REACTIVE_NET = "Energy.Reactive.Net"
    ENERGY_APPARENT_NET = "Energy.Apparent.Net"
    ENERGY_APPARENT_IMPORT = "Energy.Apparent.Import"
    ENERGY_APPARENT_EXPORT = "Energy.Apparent.Export"
    FREQUENCY = "Frequency"
    POWER_ACTIVE_EXPORT = "Power.Active.Export"
    POWER_ACTIVE_IMPORT = "Power.Active.Import"
    POWER_FACTOR = "Power.Factor"
    POWER_OFFERED = "Power.Offered"
    POWER_REACTIVE_EXPORT = "Power.Reactive.Export"
    POWER_REACTIVE_IMPORT = "Power.Reactive.Import"
    SOC = "SoC"
    VOLTAGE = "Voltage"


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


class SignedMeterValueType(Struct):
    """A meter's own signature on a value."""

    signed_meter_data: Str2500
    """Base64."""
    signing_method: Str50
    encoding_method: Str50
    """The format of the signed data, such as `OCMF`."""
    public_key: Str2500
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
    context: ReadingContextEnumType | None = None
    measurand: MeasurandEnumType | None = None
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
