"""A method for every action of 1.6: `await station.v16.reset(type=...)`."""

from ..schema import Shortcuts, shortcut
from .core import (
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
)
from .firmware_management import (
    DiagnosticsStatusNotificationRequest,
    FirmwareStatusNotificationRequest,
    GetDiagnosticsRequest,
    UpdateFirmwareRequest,
)
from .local_auth_list import GetLocalListVersionRequest, SendLocalListRequest
from .remote_trigger import TriggerMessageRequest
from .reservation import CancelReservationRequest, ReserveNowRequest
from .security import (
    CertificateSignedRequest,
    DeleteCertificateRequest,
    ExtendedTriggerMessageRequest,
    GetInstalledCertificateIdsRequest,
    GetLogRequest,
    InstallCertificateRequest,
    LogStatusNotificationRequest,
    SecurityEventNotificationRequest,
    SignCertificateRequest,
    SignedFirmwareStatusNotificationRequest,
    SignedUpdateFirmwareRequest,
)
from .smart_charging import (
    ClearChargingProfileRequest,
    GetCompositeScheduleRequest,
    SetChargingProfileRequest,
)

__all__ = ["CentralSystemShortcuts", "ChargePointShortcuts"]


class CentralSystemShortcuts(Shortcuts):
    """The actions that a central system sends."""

    cancel_reservation = shortcut(CancelReservationRequest)
    certificate_signed = shortcut(CertificateSignedRequest)
    change_availability = shortcut(ChangeAvailabilityRequest)
    change_configuration = shortcut(ChangeConfigurationRequest)
    clear_cache = shortcut(ClearCacheRequest)
    clear_charging_profile = shortcut(ClearChargingProfileRequest)
    data_transfer = shortcut(DataTransferRequest)
    delete_certificate = shortcut(DeleteCertificateRequest)
    extended_trigger_message = shortcut(ExtendedTriggerMessageRequest)
    get_composite_schedule = shortcut(GetCompositeScheduleRequest)
    get_configuration = shortcut(GetConfigurationRequest)
    get_diagnostics = shortcut(GetDiagnosticsRequest)
    get_installed_certificate_ids = shortcut(GetInstalledCertificateIdsRequest)
    get_local_list_version = shortcut(GetLocalListVersionRequest)
    get_log = shortcut(GetLogRequest)
    install_certificate = shortcut(InstallCertificateRequest)
    remote_start_transaction = shortcut(RemoteStartTransactionRequest)
    remote_stop_transaction = shortcut(RemoteStopTransactionRequest)
    reserve_now = shortcut(ReserveNowRequest)
    reset = shortcut(ResetRequest)
    send_local_list = shortcut(SendLocalListRequest)
    set_charging_profile = shortcut(SetChargingProfileRequest)
    signed_update_firmware = shortcut(SignedUpdateFirmwareRequest)
    trigger_message = shortcut(TriggerMessageRequest)
    unlock_connector = shortcut(UnlockConnectorRequest)
    update_firmware = shortcut(UpdateFirmwareRequest)


class ChargePointShortcuts(Shortcuts):
    """The actions that a charge point sends."""

    authorize = shortcut(AuthorizeRequest)
    boot_notification = shortcut(BootNotificationRequest)
    data_transfer = shortcut(DataTransferRequest)
    diagnostics_status_notification = shortcut(DiagnosticsStatusNotificationRequest)
    firmware_status_notification = shortcut(FirmwareStatusNotificationRequest)
    heartbeat = shortcut(HeartbeatRequest)
    log_status_notification = shortcut(LogStatusNotificationRequest)
    meter_values = shortcut(MeterValuesRequest)
    security_event_notification = shortcut(SecurityEventNotificationRequest)
    sign_certificate = shortcut(SignCertificateRequest)
    signed_firmware_status_notification = shortcut(SignedFirmwareStatusNotificationRequest)
    start_transaction = shortcut(StartTransactionRequest)
    status_notification = shortcut(StatusNotificationRequest)
    stop_transaction = shortcut(StopTransactionRequest)
