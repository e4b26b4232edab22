"""Every call of OCPP 2.1 as a method: what a central system and what a charging station may ask."""

from ..schema import Shortcuts, notice, shortcut
from .authorization import (
    AuthorizeRequest,
    ClearCacheRequest,
    NotifySettlementRequest,
    NotifyWebPaymentStartedRequest,
    VatNumberValidationRequest,
)
from .availability import ChangeAvailabilityRequest, HeartbeatRequest, StatusNotificationRequest
from .battery_swap import BatterySwapRequest, RequestBatterySwapRequest
from .bidirectional_power_transfer import AFRRSignalRequest, NotifyAllowedEnergyTransferRequest
from .data_transfer import DataTransferRequest
from .der_control import (
    ClearDERControlRequest,
    GetDERControlRequest,
    NotifyDERAlarmRequest,
    NotifyDERStartStopRequest,
    ReportDERControlRequest,
    SetDERControlRequest,
)
from .diagnostics import (
    AdjustPeriodicEventStreamRequest,
    ClearVariableMonitoringRequest,
    ClosePeriodicEventStreamRequest,
    CustomerInformationRequest,
    GetLogRequest,
    GetMonitoringReportRequest,
    GetPeriodicEventStreamRequest,
    LogStatusNotificationRequest,
    NotifyCustomerInformationRequest,
    NotifyEventRequest,
    NotifyMonitoringReportRequest,
    NotifyPeriodicEventStreamRequest,
    OpenPeriodicEventStreamRequest,
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
    GetCertificateChainStatusRequest,
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
    NotifyPriorityChargingRequest,
    PullDynamicScheduleUpdateRequest,
    ReportChargingProfilesRequest,
    SetChargingProfileRequest,
    UpdateDynamicScheduleRequest,
    UsePriorityChargingRequest,
)
from .tariff_and_cost import (
    ChangeTransactionTariffRequest,
    ClearTariffsRequest,
    CostUpdatedRequest,
    GetTariffsRequest,
    SetDefaultTariffRequest,
)
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
    notify_web_payment_started = shortcut(NotifyWebPaymentStartedRequest)

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
    set_default_tariff = shortcut(SetDefaultTariffRequest)
    get_tariffs = shortcut(GetTariffsRequest)
    clear_tariffs = shortcut(ClearTariffsRequest)
    change_transaction_tariff = shortcut(ChangeTransactionTariffRequest)

    set_charging_profile = shortcut(SetChargingProfileRequest)
    get_charging_profiles = shortcut(GetChargingProfilesRequest)
    clear_charging_profile = shortcut(ClearChargingProfileRequest)
    get_composite_schedule = shortcut(GetCompositeScheduleRequest)
    use_priority_charging = shortcut(UsePriorityChargingRequest)
    update_dynamic_schedule = shortcut(UpdateDynamicScheduleRequest)

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
    adjust_periodic_event_stream = shortcut(AdjustPeriodicEventStreamRequest)
    get_periodic_event_stream = shortcut(GetPeriodicEventStreamRequest)

    set_display_message = shortcut(SetDisplayMessageRequest)
    get_display_messages = shortcut(GetDisplayMessagesRequest)
    clear_display_message = shortcut(ClearDisplayMessageRequest)

    data_transfer = shortcut(DataTransferRequest)

    notify_allowed_energy_transfer = shortcut(NotifyAllowedEnergyTransferRequest)
    afrr_signal = shortcut(AFRRSignalRequest)

    set_der_control = shortcut(SetDERControlRequest)
    get_der_control = shortcut(GetDERControlRequest)
    clear_der_control = shortcut(ClearDERControlRequest)

    request_battery_swap = shortcut(RequestBatterySwapRequest)


class ChargePointShortcuts(Shortcuts):
    """The calls of a charging station to its central system."""

    sign_certificate = shortcut(SignCertificateRequest)
    security_event_notification = shortcut(SecurityEventNotificationRequest)

    boot_notification = shortcut(BootNotificationRequest)
    notify_report = shortcut(NotifyReportRequest)

    authorize = shortcut(AuthorizeRequest)
    notify_settlement = shortcut(NotifySettlementRequest)
    vat_number_validation = shortcut(VatNumberValidationRequest)

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
    notify_priority_charging = shortcut(NotifyPriorityChargingRequest)
    pull_dynamic_schedule_update = shortcut(PullDynamicScheduleUpdateRequest)

    firmware_status_notification = shortcut(FirmwareStatusNotificationRequest)
    publish_firmware_status_notification = shortcut(PublishFirmwareStatusNotificationRequest)

    get_15118_ev_certificate = shortcut(Get15118EVCertificateRequest)
    get_certificate_status = shortcut(GetCertificateStatusRequest)
    get_certificate_chain_status = shortcut(GetCertificateChainStatusRequest)

    log_status_notification = shortcut(LogStatusNotificationRequest)
    notify_event = shortcut(NotifyEventRequest)
    notify_monitoring_report = shortcut(NotifyMonitoringReportRequest)
    notify_customer_information = shortcut(NotifyCustomerInformationRequest)
    open_periodic_event_stream = shortcut(OpenPeriodicEventStreamRequest)
    close_periodic_event_stream = shortcut(ClosePeriodicEventStreamRequest)
    notify_periodic_event_stream = notice(NotifyPeriodicEventStreamRequest)

    notify_display_messages = shortcut(NotifyDisplayMessagesRequest)

    data_transfer = shortcut(DataTransferRequest)

    report_der_control = shortcut(ReportDERControlRequest)
    notify_der_alarm = shortcut(NotifyDERAlarmRequest)
    notify_der_start_stop = shortcut(NotifyDERStartStopRequest)

    battery_swap = shortcut(BatterySwapRequest)
