"""Diagnostics: logs, monitoring, events and customer information (block N)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id36,
    Items,
    Profile,
    Request,
    Response,
    Str50,
    Str64,
    Str255,
    Str500,
    Str512,
    Str2500,
    Struct,
)
from .types import (
    CertificateHashDataType,
    ComponentType,
    ComponentVariableType,
    GenericDeviceModelStatusEnumType,
    GenericStatusEnumType,
    IdTokenType,
    StatusInfoType,
    VariableType,
)

__all__ = [
    "DIAGNOSTICS",
    "ClearMonitoringResultType",
    "ClearMonitoringStatusEnumType",
    "ClearVariableMonitoringRequest",
    "ClearVariableMonitoringResponse",
    "CustomerInformationRequest",
    "CustomerInformationResponse",
    "CustomerInformationStatusEnumType",
    "EventDataType",
    "EventNotificationEnumType",
    "EventTriggerEnumType",
    "GetLogRequest",
    "GetLogResponse",
    "GetMonitoringReportRequest",
    "GetMonitoringReportResponse",
    "LogEnumType",
    "LogParametersType",
    "LogStatusEnumType",
    "LogStatusNotificationRequest",
    "LogStatusNotificationResponse",
    "MonitorEnumType",
    "MonitoringBaseEnumType",
    "MonitoringCriterionEnumType",
    "MonitoringDataType",
    "NotifyCustomerInformationRequest",
    "NotifyCustomerInformationResponse",
    "NotifyEventRequest",
    "NotifyEventResponse",
    "NotifyMonitoringReportRequest",
    "NotifyMonitoringReportResponse",
    "SetMonitoringBaseRequest",
    "SetMonitoringBaseResponse",
    "SetMonitoringDataType",
    "SetMonitoringLevelRequest",
    "SetMonitoringLevelResponse",
    "SetMonitoringResultType",
    "SetMonitoringStatusEnumType",
    "SetVariableMonitoringRequest",
    "SetVariableMonitoringResponse",
    "UploadLogStatusEnumType",
    "VariableMonitoringType",
]


class LogStatusEnumType(StrEnum):
    """Whether a log will be uploaded."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    ACCEPTED_CANCELED = "AcceptedCanceled"


class GetLogResponse(Response):
    """Says whether a log will be uploaded, and under which name."""

    status: LogStatusEnumType
    status_info: StatusInfoType | None = None
    filename: Str255 | None = None
    """Missing when there is nothing to upload."""
    custom_data: CustomData | None = None


class LogParametersType(Struct):
    """Where to upload a log, and which part of it."""

    remote_location: Str512
    """A URL."""
    oldest_timestamp: DateTime | None = None
    latest_timestamp: DateTime | None = None
    custom_data: CustomData | None = None


class LogEnumType(StrEnum):
    """The logs a station keeps."""

    DIAGNOSTICS_LOG = "DiagnosticsLog"
    SECURITY_LOG = "SecurityLog"


class GetLogRequest(Request[GetLogResponse], action="GetLog", sender=CENTRAL):
    """Makes the station upload one of its logs."""

    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    """Comes back in every status notification."""
    retries: int | None = None
    """How often to try again after a failure; without a value, as the station sees fit."""
    retry_interval: int | None = None
    """Seconds between two tries; without a value, as the station sees fit."""
    custom_data: CustomData | None = None


class LogStatusNotificationResponse(Response):
    """Acknowledges the progress of an upload."""

    custom_data: CustomData | None = None


class UploadLogStatusEnumType(StrEnum):
    """The progress of the upload of a log."""

    BAD_MESSAGE = "BadMessage"
    IDLE = "Idle"
    NOT_SUPPORTED_OPERATION = "NotSupportedOperation"
    PERMISSION_DENIED = "PermissionDenied"
    UPLOADED = "Uploaded"
    UPLOAD_FAILURE = "UploadFailure"
    UPLOADING = "Uploading"
    ACCEPTED_CANCELED = "AcceptedCanceled"


class LogStatusNotificationRequest(
    Request[LogStatusNotificationResponse], action="LogStatusNotification", sender=STATION
):
    """Tells how far the upload of a log has come."""

    status: UploadLogStatusEnumType
    request_id: int | None = None
    """The one of the `GetLogRequest`; missing only when idle and triggered."""
    custom_data: CustomData | None = None


class NotifyEventResponse(Response):
    """Acknowledges the events."""

    custom_data: CustomData | None = None


class EventTriggerEnumType(StrEnum):
    """What kind of change raised an event."""

    ALERTING = "Alerting"
    DELTA = "Delta"
    PERIODIC = "Periodic"


class EventNotificationEnumType(StrEnum):
    """Who set up the monitor that raised an event."""

    HARD_WIRED_NOTIFICATION = "HardWiredNotification"
    HARD_WIRED_MONITOR = "HardWiredMonitor"
    PRECONFIGURED_MONITOR = "PreconfiguredMonitor"
    CUSTOM_MONITOR = "CustomMonitor"


class EventDataType(Struct):
    """One event: what happened to which variable."""

    event_id: int
    timestamp: DateTime
    trigger: EventTriggerEnumType
    cause: int | None = None
    """The id of the event that led to this one."""
    actual_value: Str2500
    tech_code: Str50 | None = None
    tech_info: Str500 | None = None
    cleared: bool | None = None
    """Whether things are back to normal."""
    transaction_id: Id36 | None = None
    """The transaction that the event is about."""
    component: ComponentType
    variable_monitoring_id: int | None = None
    """The monitor that raised the event."""
    event_notification_type: EventNotificationEnumType
    variable: VariableType
    custom_data: CustomData | None = None


class NotifyEventRequest(Request[NotifyEventResponse], action="NotifyEvent", sender=STATION):
    """Reports events that monitors or the hardware raised."""

    generated_at: DateTime
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    seq_no: int
    """Counts the parts from 0."""
    event_data: Annotated[list[EventDataType], Items(1, None)]
    custom_data: CustomData | None = None


class SetMonitoringBaseResponse(Response):
    """Says whether the station took the monitoring base."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class MonitoringBaseEnumType(StrEnum):
    """The sets of monitors to start from."""

    ALL = "All"
    FACTORY_DEFAULT = "FactoryDefault"
    HARD_WIRED_ONLY = "HardWiredOnly"


class SetMonitoringBaseRequest(Request[SetMonitoringBaseResponse], action="SetMonitoringBase", sender=CENTRAL):
    """Chooses which set of monitors the station starts from."""

    monitoring_base: MonitoringBaseEnumType
    custom_data: CustomData | None = None


class SetMonitoringLevelResponse(Response):
    """Says whether the station took the level."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class SetMonitoringLevelRequest(Request[SetMonitoringLevelResponse], action="SetMonitoringLevel", sender=CENTRAL):
    """Sets how severe an event must be for the station to report it."""

    severity: int
    """From 0, danger, to 9, debug; events of a greater number stay unreported."""
    custom_data: CustomData | None = None


class SetMonitoringStatusEnumType(StrEnum):
    """Whether a monitor was installed, or why not."""

    ACCEPTED = "Accepted"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    UNSUPPORTED_MONITOR_TYPE = "UnsupportedMonitorType"
    REJECTED = "Rejected"
    DUPLICATE = "Duplicate"


class MonitorEnumType(StrEnum):
    """What a monitor watches for."""

    UPPER_THRESHOLD = "UpperThreshold"
    LOWER_THRESHOLD = "LowerThreshold"
    DELTA = "Delta"
    PERIODIC = "Periodic"
    PERIODIC_CLOCK_ALIGNED = "PeriodicClockAligned"


class SetMonitoringResultType(Struct):
    """How the installation of one monitor went."""

    id: int | None = None
    """Given when the monitor was installed."""
    status_info: StatusInfoType | None = None
    status: SetMonitoringStatusEnumType
    type: MonitorEnumType
    component: ComponentType
    variable: VariableType
    severity: int
    """From 0, danger, to 9, debug."""
    custom_data: CustomData | None = None


class SetVariableMonitoringResponse(Response):
    """Tells, monitor by monitor, whether it was installed."""

    set_monitoring_result: Annotated[list[SetMonitoringResultType], Items(1, None)]
    custom_data: CustomData | None = None


class SetMonitoringDataType(Struct):
    """A monitor to install."""

    id: int | None = None
    """The monitor to replace; none for a new one."""
    transaction: bool | None = None
    """Whether it watches during transactions only; no value means no."""
    value: float
    """The threshold or difference or, for periodic ones, the seconds in between."""
    type: MonitorEnumType
    severity: int
    """From 0, danger, to 9, debug."""
    component: ComponentType
    variable: VariableType
    custom_data: CustomData | None = None


class SetVariableMonitoringRequest(
    Request[SetVariableMonitoringResponse], action="SetVariableMonitoring", sender=CENTRAL
):
    """Installs or replaces monitors on variables."""

    set_monitoring_data: Annotated[list[SetMonitoringDataType], Items(1, None)]
    custom_data: CustomData | None = None


class ClearMonitoringStatusEnumType(StrEnum):
    """Whether a monitor was removed."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_FOUND = "NotFound"


class ClearMonitoringResultType(Struct):
    """How the removal of one monitor went."""

    status: ClearMonitoringStatusEnumType
    id: int
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ClearVariableMonitoringResponse(Response):
    """Tells, monitor by monitor, whether it was removed."""

    clear_monitoring_result: Annotated[list[ClearMonitoringResultType], Items(1, None)]
    custom_data: CustomData | None = None


class ClearVariableMonitoringRequest(
    Request[ClearVariableMonitoringResponse], action="ClearVariableMonitoring", sender=CENTRAL
):
    """Removes monitors."""

    id: Annotated[list[int], Items(1, None)]
    """Of the monitors to remove."""
    custom_data: CustomData | None = None


class GetMonitoringReportResponse(Response):
    """Says whether the report will come, as `NotifyMonitoringReportRequest`s."""

    status: GenericDeviceModelStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class MonitoringCriterionEnumType(StrEnum):
    """Which monitors to report."""

    THRESHOLD_MONITORING = "ThresholdMonitoring"
    DELTA_MONITORING = "DeltaMonitoring"
    PERIODIC_MONITORING = "PeriodicMonitoring"


class GetMonitoringReportRequest(Request[GetMonitoringReportResponse], action="GetMonitoringReport", sender=CENTRAL):
    """Orders a report on the monitors that are set."""

    component_variable: Annotated[list[ComponentVariableType], Items(1, None)] | None = None
    """No value means all."""
    request_id: int
    """Comes back in every part of the report."""
    monitoring_criteria: Annotated[list[MonitoringCriterionEnumType], Items(1, 3)] | None = None
    custom_data: CustomData | None = None


class NotifyMonitoringReportResponse(Response):
    """Acknowledges a part of a monitoring report."""

    custom_data: CustomData | None = None


class VariableMonitoringType(Struct):
    """A monitor that is set."""

    id: int
    transaction: bool
    """Whether it watches during transactions only."""
    value: float
    """The threshold or difference or, for periodic ones, the seconds in between."""
    type: MonitorEnumType
    severity: int
    """From 0, danger, to 9, debug."""
    custom_data: CustomData | None = None


class MonitoringDataType(Struct):
    """The monitors of one variable."""

    component: ComponentType
    variable: VariableType
    variable_monitoring: Annotated[list[VariableMonitoringType], Items(1, None)]
    custom_data: CustomData | None = None


class NotifyMonitoringReportRequest(
    Request[NotifyMonitoringReportResponse], action="NotifyMonitoringReport", sender=STATION
):
    """Carries one part of a report on monitors."""

    monitor: Annotated[list[MonitoringDataType], Items(1, None)] | None = None
    request_id: int
    """The one of the request for this report."""
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    seq_no: int
    """Counts the parts from 0."""
    generated_at: DateTime
    custom_data: CustomData | None = None


class CustomerInformationStatusEnumType(StrEnum):
    """Whether a customer's data will be reported or erased."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    INVALID = "Invalid"


class CustomerInformationResponse(Response):
    """Says whether the station will report or erase."""

    status: CustomerInformationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class CustomerInformationRequest(Request[CustomerInformationResponse], action="CustomerInformation", sender=CENTRAL):
    """Makes the station report or erase what it knows of a customer."""

    customer_certificate: CertificateHashDataType | None = None
    id_token: IdTokenType | None = None
    request_id: int
    """Comes back in every part of the report."""
    report: bool
    """Whether to send what is known of the customer."""
    clear: bool
    """Whether to erase what is known of the customer."""
    customer_identifier: Str64 | None = None
    """Names the customer otherwise than by token or certificate."""
    custom_data: CustomData | None = None


class NotifyCustomerInformationResponse(Response):
    """Acknowledges a part of the customer's data."""

    custom_data: CustomData | None = None


class NotifyCustomerInformationRequest(
    Request[NotifyCustomerInformationResponse], action="NotifyCustomerInformation", sender=STATION
):
    """Carries one part of what the station knows of a customer."""

    data: Str512
    """For humans to read."""
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    seq_no: int
    """Counts the parts from 0."""
    generated_at: DateTime
    request_id: int
    """The one of the request for this report."""
    custom_data: CustomData | None = None


DIAGNOSTICS = Profile(
    "Diagnostics",
    [
        GetLogRequest,
        LogStatusNotificationRequest,
        NotifyEventRequest,
        SetMonitoringBaseRequest,
        SetMonitoringLevelRequest,
        SetVariableMonitoringRequest,
        ClearVariableMonitoringRequest,
        GetMonitoringReportRequest,
        NotifyMonitoringReportRequest,
        CustomerInformationRequest,
        NotifyCustomerInformationRequest,
    ],
)
