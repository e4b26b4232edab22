"""Every call of OCPP 2.0.1 as a method: what a central system and what a charging station may ask."""

from ..schema import Shortcuts, shortcut
from .authorization import AuthorizeRequest, ClearCacheRequest
from .availability import ChangeAvailabilityRequest, HeartbeatRequest, StatusNotificationRequest
from .data_transfer import DataTransferRequest
from .diagnostics import (
    ClearVariableMonitoringRequest,
    CustomerInformationRequest,
    GetLogRequest,
    GetMonitoringReportRequest,
    LogStatusNotificationRequest,
    NotifyCustomerInformationRequest,
    NotifyEventRequest,
    NotifyMonitoringReportRequest,
    SetMonitoringBaseRequest,
    SetMonitoringLevelRequest,
    SetVariableMonitoringRequest,
)
from .display_message import (
    ClearDisplayMessageRequest,
    GetDisplayMessagesRequest,
    NotifyDisplayMessagesRequest,
    SetDisplayMessageRequest,
)
from .firmware_management import (
    FirmwareStatusNotificationRequest,
    PublishFirmwareRequest,
    PublishFirmwareStatusNotificationRequest,
    UnpublishFirmwareRequest,
    UpdateFirmwareRequest,
)
from .iso15118_certificates import (
    DeleteCertificateRequest,
    Get15118EVCertificateRequest,
    GetCertificateStatusRequest,
    GetInstalledCertificateIdsRequest,
    InstallCertificateRequest,
)
from .local_authorization_list import GetLocalListVersionRequest, SendLocalListRequest
from .meter_values import MeterValuesRequest
from .provisioning import (
    BootNotificationRequest,
    GetBaseReportRequest,
    GetReportRequest,
    GetVariablesRequest,
    NotifyReportRequest,
    ResetRequest,
    SetNetworkProfileRequest,
    SetVariablesRequest,
)
from .remote_control import (
    RequestStartTransactionRequest,
    RequestStopTransactionRequest,
    TriggerMessageRequest,
    UnlockConnectorRequest,
)
from .reservation import CancelReservationRequest, ReservationStatusUpdateRequest, ReserveNowRequest
from .security import CertificateSignedRequest, SecurityEventNotificationRequest, SignCertificateRequest
from .smart_charging import (
    ClearChargingProfileRequest,
    ClearedChargingLimitRequest,
    GetChargingProfilesRequest,
    GetCompositeScheduleRequest,
    NotifyChargingLimitRequest,
    NotifyEVChargingNeedsRequest,
    NotifyEVChargingScheduleRequest,
    ReportChargingProfilesRequest,
    SetChargingProfileRequest,
)
from .tariff_and_cost import CostUpdatedRequest
from .transactions import GetTransactionStatusRequest, TransactionEventRequest

__all__ = ["CentralSystemShortcuts", "ChargePointShortcuts"]


class CentralSystemShortcuts(Shortcuts):
    """The calls of a central system to a charging station."""

    certificate_signed = shortcut(CertificateSignedRequest)

    set_variables = shortcut(SetVariablesRequest)
    get_variables = shortcut(GetVariablesRequest)
    get_base_report = shortcut(GetBaseReportRequest)
    get_report = shortcut(GetReportRequest)
    set_network_profile = shortcut(SetNetworkProfileRequest)
    reset = shortcut(ResetRequest)

    clear_cache = shortcut(ClearCacheRequest)

    send_local_list = shortcut(SendLocalListRequest)
    get_local_list_version = shortcut(GetLocalListVersionRequest)

    get_transaction_status = shortcut(GetTransactionStatusRequest)

    request_start_transaction = shortcut(RequestStartTransactionRequest)
    request_stop_transaction = shortcut(RequestStopTransactionRequest)
    unlock_connector = shortcut(UnlockConnectorRequest)
    trigger_message = shortcut(TriggerMessageRequest)

    change_availability = shortcut(ChangeAvailabilityRequest)

    reserve_now = shortcut(ReserveNowRequest)
    cancel_reservation = shortcut(CancelReservationRequest)

    cost_updated = shortcut(CostUpdatedRequest)

    set_charging_profile = shortcut(SetChargingProfileRequest)
    get_charging_profiles = shortcut(GetChargingProfilesRequest)
    clear_charging_profile = shortcut(ClearChargingProfileRequest)
    get_composite_schedule = shortcut(GetCompositeScheduleRequest)

    update_firmware = shortcut(UpdateFirmwareRequest)
    publish_firmware = shortcut(PublishFirmwareRequest)
    unpublish_firmware = shortcut(UnpublishFirmwareRequest)

    get_installed_certificate_ids = shortcut(GetInstalledCertificateIdsRequest)
    install_certificate = shortcut(InstallCertificateRequest)
    delete_certificate = shortcut(DeleteCertificateRequest)

    get_log = shortcut(GetLogRequest)
    set_monitoring_base = shortcut(SetMonitoringBaseRequest)
    set_monitoring_level = shortcut(SetMonitoringLevelRequest)
    set_variable_monitoring = shortcut(SetVariableMonitoringRequest)
    clear_variable_monitoring = shortcut(ClearVariableMonitoringRequest)
    get_monitoring_report = shortcut(GetMonitoringReportRequest)
    customer_information = shortcut(CustomerInformationRequest)

    set_display_message = shortcut(SetDisplayMessageRequest)
    get_display_messages = shortcut(GetDisplayMessagesRequest)
    clear_display_message = shortcut(ClearDisplayMessageRequest)

    data_transfer = shortcut(DataTransferRequest)


class ChargePointShortcuts(Shortcuts):
    """The calls of a charging station to its central system."""

    sign_certificate = shortcut(SignCertificateRequest)
    security_event_notification = shortcut(SecurityEventNotificationRequest)

    boot_notification = shortcut(BootNotificationRequest)
    notify_report = shortcut(NotifyReportRequest)

    authorize = shortcut(AuthorizeRequest)

    transaction_event = shortcut(TransactionEventRequest)

    status_notification = shortcut(StatusNotificationRequest)
    heartbeat = shortcut(HeartbeatRequest)

    reservation_status_update = shortcut(ReservationStatusUpdateRequest)

    meter_values = shortcut(MeterValuesRequest)

    report_charging_profiles = shortcut(ReportChargingProfilesRequest)
    notify_charging_limit = shortcut(NotifyChargingLimitRequest)
    cleared_charging_limit = shortcut(ClearedChargingLimitRequest)
    notify_ev_charging_needs = shortcut(NotifyEVChargingNeedsRequest)
    notify_ev_charging_schedule = shortcut(NotifyEVChargingScheduleRequest)

    firmware_status_notification = shortcut(FirmwareStatusNotificationRequest)
    publish_firmware_status_notification = shortcut(PublishFirmwareStatusNotificationRequest)

    get_15118_ev_certificate = shortcut(Get15118EVCertificateRequest)
    get_certificate_status = shortcut(GetCertificateStatusRequest)

    log_status_notification = shortcut(LogStatusNotificationRequest)
    notify_event = shortcut(NotifyEventRequest)
    notify_monitoring_report = shortcut(NotifyMonitoringReportRequest)
    notify_customer_information = shortcut(NotifyCustomerInformationRequest)

    notify_display_messages = shortcut(NotifyDisplayMessagesRequest)

    data_transfer = shortcut(DataTransferRequest)
