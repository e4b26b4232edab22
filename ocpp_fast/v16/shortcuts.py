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

    change_availability = shortcut(ChangeAvailabilityRequest)
    change_configuration = shortcut(ChangeConfigurationRequest)
    clear_cache = shortcut(ClearCacheRequest)
    data_transfer = shortcut(DataTransferRequest)
    get_configuration = shortcut(GetConfigurationRequest)
    remote_start_transaction = shortcut(RemoteStartTransactionRequest)
    remote_stop_transaction = shortcut(RemoteStopTransactionRequest)
    reset = shortcut(ResetRequest)
    unlock_connector = shortcut(UnlockConnectorRequest)

    get_diagnostics = shortcut(GetDiagnosticsRequest)
    update_firmware = shortcut(UpdateFirmwareRequest)

    get_local_list_version = shortcut(GetLocalListVersionRequest)
    send_local_list = shortcut(SendLocalListRequest)

    cancel_reservation = shortcut(CancelReservationRequest)
    reserve_now = shortcut(ReserveNowRequest)

    clear_charging_profile = shortcut(ClearChargingProfileRequest)
    get_composite_schedule = shortcut(GetCompositeScheduleRequest)
    set_charging_profile = shortcut(SetChargingProfileRequest)

    trigger_message = shortcut(TriggerMessageRequest)

    certificate_signed = shortcut(CertificateSignedRequest)
    delete_certificate = shortcut(DeleteCertificateRequest)
    extended_trigger_message = shortcut(ExtendedTriggerMessageRequest)
    get_installed_certificate_ids = shortcut(GetInstalledCertificateIdsRequest)
    get_log = shortcut(GetLogRequest)
    install_certificate = shortcut(InstallCertificateRequest)
    signed_update_firmware = shortcut(SignedUpdateFirmwareRequest)


class ChargePointShortcuts(Shortcuts):
    """The actions that a charge point sends."""

    authorize = shortcut(AuthorizeRequest)
    boot_notification = shortcut(BootNotificationRequest)
    data_transfer = shortcut(DataTransferRequest)
    heartbeat = shortcut(HeartbeatRequest)
    meter_values = shortcut(MeterValuesRequest)
    start_transaction = shortcut(StartTransactionRequest)
    status_notification = shortcut(StatusNotificationRequest)
    stop_transaction = shortcut(StopTransactionRequest)

    diagnostics_status_notification = shortcut(DiagnosticsStatusNotificationRequest)
    firmware_status_notification = shortcut(FirmwareStatusNotificationRequest)

    log_status_notification = shortcut(LogStatusNotificationRequest)
    security_event_notification = shortcut(SecurityEventNotificationRequest)
    sign_certificate = shortcut(SignCertificateRequest)
    signed_firmware_status_notification = shortcut(SignedFirmwareStatusNotificationRequest)
