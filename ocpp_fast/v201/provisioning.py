"""Provisioning: boot, the device model, network profiles and resets (block B)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id6,
    Id20,
    Items,
    Profile,
    Request,
    Response,
    Str16,
    Str20,
    Str25,
    Str50,
    Str255,
    Str512,
    Str1000,
    Str2500,
    Struct,
)
from .types import (
    ComponentType,
    ComponentVariableType,
    GenericDeviceModelStatusEnumType,
    StatusInfoType,
    VariableType,
)

__all__ = [
    "PROVISIONING",
    "APNAuthenticationEnumType",
    "APNType",
    "AttributeEnumType",
    "BootNotificationRequest",
    "BootNotificationResponse",
    "BootReasonEnumType",
    "ChargingStationType",
    "ComponentCriterionEnumType",
    "DataEnumType",
    "GetBaseReportRequest",
    "GetBaseReportResponse",
    "GetReportRequest",
    "GetReportResponse",
    "GetVariableDataType",
    "GetVariableResultType",
    "GetVariableStatusEnumType",
    "GetVariablesRequest",
    "GetVariablesResponse",
    "ModemType",
    "MutabilityEnumType",
    "NetworkConnectionProfileType",
    "NotifyReportRequest",
    "NotifyReportResponse",
    "OCPPInterfaceEnumType",
    "OCPPTransportEnumType",
    "OCPPVersionEnumType",
    "RegistrationStatusEnumType",
    "ReportBaseEnumType",
    "ReportDataType",
    "ResetEnumType",
    "ResetRequest",
    "ResetResponse",
    "ResetStatusEnumType",
    "SetNetworkProfileRequest",
    "SetNetworkProfileResponse",
    "SetNetworkProfileStatusEnumType",
    "SetVariableDataType",
    "SetVariableResultType",
    "SetVariableStatusEnumType",
    "SetVariablesRequest",
    "SetVariablesResponse",
    "VPNEnumType",
    "VPNType",
    "VariableAttributeType",
    "VariableCharacteristicsType",
]


class RegistrationStatusEnumType(StrEnum):
    """Whether the CSMS accepts the station."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class BootNotificationResponse(Response):
    """Says whether the station is accepted, and what time it is."""

    current_time: DateTime
    interval: int
    """Seconds between heartbeats when accepted, else until the next try."""
    status: RegistrationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ModemType(Struct):
    """The SIM card of the station's modem."""

    iccid: Id20 | None = None
    imsi: Id20 | None = None
    custom_data: CustomData | None = None


class ChargingStationType(Struct):
    """What a station says of itself."""

    serial_number: Str25 | None = None
    model: Str20
    modem: ModemType | None = None
    vendor_name: Str50
    firmware_version: Str50 | None = None
    custom_data: CustomData | None = None


class BootReasonEnumType(StrEnum):
    """Why the station started."""

    APPLICATION_RESET = "ApplicationReset"
    FIRMWARE_UPDATE = "FirmwareUpdate"
    LOCAL_RESET = "LocalReset"
    POWER_UP = "PowerUp"
    REMOTE_RESET = "RemoteReset"
    SCHEDULED_RESET = "ScheduledReset"
    TRIGGERED = "Triggered"
    UNKNOWN = "Unknown"
    WATCHDOG = "Watchdog"


class BootNotificationRequest(Request[BootNotificationResponse], action="BootNotification", sender=STATION):
    """Announces a start of the station; the first message of every session."""

    charging_station: ChargingStationType
    reason: BootReasonEnumType
    custom_data: CustomData | None = None


class AttributeEnumType(StrEnum):
    """Which attribute of a variable is meant; no value means `ACTUAL`."""

    ACTUAL = "Actual"
    TARGET = "Target"
    MIN_SET = "MinSet"
    MAX_SET = "MaxSet"


class SetVariableStatusEnumType(StrEnum):
    """Whether an attribute was written, or why not."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE_TYPE = "NotSupportedAttributeType"
    REBOOT_REQUIRED = "RebootRequired"


class SetVariableResultType(Struct):
    """How the writing of one attribute went."""

    attribute_type: AttributeEnumType | None = None
    """No value means `ACTUAL`."""
    attribute_status: SetVariableStatusEnumType
    attribute_status_info: StatusInfoType | None = None
    component: ComponentType
    variable: VariableType
    custom_data: CustomData | None = None


class SetVariablesResponse(Response):
    """Tells, variable by variable, how the writing went."""

    set_variable_result: Annotated[list[SetVariableResultType], Items(1, None)]
    custom_data: CustomData | None = None


class SetVariableDataType(Struct):
    """An attribute to write."""

    attribute_type: AttributeEnumType | None = None
    """No value means `ACTUAL`."""
    attribute_value: Str1000
    component: ComponentType
    variable: VariableType
    custom_data: CustomData | None = None


class SetVariablesRequest(Request[SetVariablesResponse], action="SetVariables", sender=CENTRAL):
    """Writes attributes of variables in the station's device model."""

    set_variable_data: Annotated[list[SetVariableDataType], Items(1, None)]
    custom_data: CustomData | None = None


class GetVariableStatusEnumType(StrEnum):
    """Whether an attribute could be read."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE_TYPE = "NotSupportedAttributeType"


class GetVariableResultType(Struct):
    """How the reading of one attribute went."""

    attribute_status_info: StatusInfoType | None = None
    attribute_status: GetVariableStatusEnumType
    attribute_type: AttributeEnumType | None = None
    """No value means `ACTUAL`."""
    attribute_value: Str2500 | None = None
    """Present whenever the status is accepted."""
    component: ComponentType
    variable: VariableType
    custom_data: CustomData | None = None


class GetVariablesResponse(Response):
    """Carries the values asked for, or why there is none, variable by variable."""

    get_variable_result: Annotated[list[GetVariableResultType], Items(1, None)]
    custom_data: CustomData | None = None


class GetVariableDataType(Struct):
    """An attribute to read."""

    attribute_type: AttributeEnumType | None = None
    """No value means `ACTUAL`."""
    component: ComponentType
    variable: VariableType
    custom_data: CustomData | None = None


class GetVariablesRequest(Request[GetVariablesResponse], action="GetVariables", sender=CENTRAL):
    """Reads attributes of variables from the station's device model."""

    get_variable_data: Annotated[list[GetVariableDataType], Items(1, None)]
    custom_data: CustomData | None = None


class GetBaseReportResponse(Response):
    """Says whether the report will come, as `NotifyReportRequest`s."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ReportBaseEnumType(StrEnum):
    """The predefined reports."""

    CONFIGURATION_INVENTORY = "ConfigurationInventory"
    FULL_INVENTORY = "FullInventory"
    SUMMARY_INVENTORY = "SummaryInventory"


class GetBaseReportRequest(Request[GetBaseReportResponse], action="GetBaseReport", sender=CENTRAL):
    """Orders one of the predefined reports on the device model."""

    request_id: int
    """Comes back in every part of the report."""
    report_base: ReportBaseEnumType
    custom_data: CustomData | None = None


class GetReportResponse(Response):
    """Says whether the report will come, as `NotifyReportRequest`s."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ComponentCriterionEnumType(StrEnum):
    """Which condition a component must be in to be reported."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


class GetReportRequest(Request[GetReportResponse], action="GetReport", sender=CENTRAL):
    """Orders a report on chosen parts of the device model."""

    component_variable: Annotated[list[ComponentVariableType], Items(1, None)] | None = None
    """No value means all."""
    request_id: int
    """Comes back in every part of the report."""
    component_criteria: Annotated[list[ComponentCriterionEnumType], Items(1, 4)] | None = None
    custom_data: CustomData | None = None


class NotifyReportResponse(Response):
    """Acknowledges a part of a report."""

    custom_data: CustomData | None = None


class MutabilityEnumType(StrEnum):
    """Whether an attribute can be read and written; no value means `READ_WRITE`."""

    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


class VariableAttributeType(Struct):
    """An attribute of a variable: its value and how it may be used."""

    type: AttributeEnumType | None = None
    """No value means `ACTUAL`."""
    value: Str2500 | None = None
    """Missing only where the attribute can't be read."""
    mutability: MutabilityEnumType | None = None
    persistent: bool | None = None
    """Whether the value outlives a restart; no value means no."""
    constant: bool | None = None
    """Whether the station itself never changes the value; no value means no."""
    custom_data: CustomData | None = None


class DataEnumType(StrEnum):
    """The data type of a variable."""

    STRING = "string"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BOOLEAN = "boolean"
    OPTION_LIST = "OptionList"
    SEQUENCE_LIST = "SequenceList"
    MEMBER_LIST = "MemberList"


class VariableCharacteristicsType(Struct):
    """What values a variable can take."""

    unit: Str16 | None = None
    data_type: DataEnumType
    min_limit: float | None = None
    """The smallest value, in `unit`."""
    """The smallest value, in `unit`."""
    max_limit: float | None = None
    """The largest value; for strings and lists, the greatest length."""
    values_list: Str1000 | None = None
    """Comma-separated: what a list type may hold."""
    supports_monitoring: bool
    custom_data: CustomData | None = None


class ReportDataType(Struct):
    """What the device model says of one variable."""

    component: ComponentType
    variable: VariableType
    variable_attribute: Annotated[list[VariableAttributeType], Items(1, 4)]
    variable_characteristics: VariableCharacteristicsType | None = None
    custom_data: CustomData | None = None


class NotifyReportRequest(Request[NotifyReportResponse], action="NotifyReport", sender=STATION):
    """Carries one part of a report on the device model."""

    request_id: int
    """The one of the request for this report."""
    generated_at: DateTime
    report_data: Annotated[list[ReportDataType], Items(1, None)] | None = None
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    seq_no: int
    """Counts the parts from 0."""
    custom_data: CustomData | None = None


class SetNetworkProfileStatusEnumType(StrEnum):
    """Whether a network profile was stored."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    FAILED = "Failed"


class SetNetworkProfileResponse(Response):
    """Says whether the station stored the profile."""

    status: SetNetworkProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class APNAuthenticationEnumType(StrEnum):
    """How the modem proves itself to the access point."""

    CHAP = "CHAP"
    NONE = "NONE"
    PAP = "PAP"
    AUTO = "AUTO"


class APNType(Struct):
    """How to reach the internet through a mobile network."""

    apn: Str512
    apn_user_name: Str20 | None = None
    apn_password: Str20 | None = None
    sim_pin: int | None = None
    preferred_network: Id6 | None = None
    """MCC and MNC, one after the other."""
    use_only_preferred_network: bool | None = None
    """No value means no."""
    apn_authentication: APNAuthenticationEnumType
    custom_data: CustomData | None = None


class OCPPVersionEnumType(StrEnum):
    """A version of OCPP."""

    OCPP12 = "OCPP12"
    OCPP15 = "OCPP15"
    OCPP16 = "OCPP16"
    OCPP20 = "OCPP20"


class OCPPTransportEnumType(StrEnum):
    """How OCPP messages are carried; 2.0.1 itself knows JSON only."""

    JSON = "JSON"
    SOAP = "SOAP"


class OCPPInterfaceEnumType(StrEnum):
    """A network interface of the station."""

    WIRED0 = "Wired0"
    WIRED1 = "Wired1"
    WIRED2 = "Wired2"
    WIRED3 = "Wired3"
    WIRELESS0 = "Wireless0"
    WIRELESS1 = "Wireless1"
    WIRELESS2 = "Wireless2"
    WIRELESS3 = "Wireless3"


class VPNEnumType(StrEnum):
    """The kind of a VPN."""

    IKEV2 = "IKEv2"
    IPSEC = "IPSec"
    L2TP = "L2TP"
    PPTP = "PPTP"


class VPNType(Struct):
    """How to enter a VPN."""

    server: Str512
    user: Str20
    group: Str20 | None = None
    password: Str20
    key: Str255
    """The shared secret."""
    type: VPNEnumType
    custom_data: CustomData | None = None


class NetworkConnectionProfileType(Struct):
    """A way of reaching the CSMS."""

    apn: APNType | None = None
    ocpp_version: OCPPVersionEnumType
    ocpp_transport: OCPPTransportEnumType
    ocpp_csms_url: Str512
    """Without the station's identity, which is added to its path."""
    message_timeout: int
    """Seconds to wait for an answer."""
    security_profile: int
    """From 0, none at all, to 3, mutual TLS."""
    ocpp_interface: OCPPInterfaceEnumType
    vpn: VPNType | None = None
    custom_data: CustomData | None = None


class SetNetworkProfileRequest(Request[SetNetworkProfileResponse], action="SetNetworkProfile", sender=CENTRAL):
    """Stores a way of reaching the CSMS in one of the station's slots."""

    configuration_slot: int
    """One of the slots in the variable `NetworkConfigurationPriority`."""
    connection_data: NetworkConnectionProfileType
    custom_data: CustomData | None = None


class ResetStatusEnumType(StrEnum):
    """Whether and when the station restarts."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


class ResetResponse(Response):
    """Says whether and when the restart takes place."""

    status: ResetStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ResetEnumType(StrEnum):
    """How patient a reset is with running transactions."""

    IMMEDIATE = "Immediate"
    ON_IDLE = "OnIdle"


class ResetRequest(Request[ResetResponse], action="Reset", sender=CENTRAL):
    """Makes the station, or one EVSE of it, restart."""

    type: ResetEnumType
    evse_id: int | None = None
    """No value means the whole station."""
    custom_data: CustomData | None = None


PROVISIONING = Profile(
    "Provisioning",
    [
        BootNotificationRequest,
        SetVariablesRequest,
        GetVariablesRequest,
        GetBaseReportRequest,
        GetReportRequest,
        NotifyReportRequest,
        SetNetworkProfileRequest,
        ResetRequest,
    ],
)
