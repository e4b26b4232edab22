"""The security extension (white paper, edition 3): certificates, signed firmware, logs, security events.

Its messages follow draft-06 (R20), and its types have the names of 2.0.1.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    DateTime,
    Items,
    Profile,
    Request,
    Response,
    Str40,
    Str50,
    Str128,
    Str255,
    Str512,
    Str800,
    Str5500,
    Str10000,
    Struct,
)

__all__ = [
    "SECURITY",
    "CertificateHashDataType",
    "CertificateSignedRequest",
    "CertificateSignedResponse",
    "CertificateSignedStatusEnumType",
    "CertificateUseEnumType",
    "DeleteCertificateRequest",
    "DeleteCertificateResponse",
    "DeleteCertificateStatusEnumType",
    "ExtendedTriggerMessageRequest",
    "ExtendedTriggerMessageResponse",
    "FirmwareStatusEnumType",
    "FirmwareType",
    "GenericStatusEnumType",
    "GetInstalledCertificateIdsRequest",
    "GetInstalledCertificateIdsResponse",
    "GetInstalledCertificateStatusEnumType",
    "GetLogRequest",
    "GetLogResponse",
    "HashAlgorithmEnumType",
    "InstallCertificateRequest",
    "InstallCertificateResponse",
    "InstallCertificateStatusEnumType",
    "LogEnumType",
    "LogParametersType",
    "LogStatusEnumType",
    "LogStatusNotificationRequest",
    "LogStatusNotificationResponse",
    "MessageTriggerEnumType",
    "SecurityEventNotificationRequest",
    "SecurityEventNotificationResponse",
    "SignCertificateRequest",
    "SignCertificateResponse",
    "SignedFirmwareStatusNotificationRequest",
    "SignedFirmwareStatusNotificationResponse",
    "SignedUpdateFirmwareRequest",
    "SignedUpdateFirmwareResponse",
    "TriggerMessageStatusEnumType",
    "UpdateFirmwareStatusEnumType",
    "UploadLogStatusEnumType",
]


class CertificateSignedStatusEnumType(StrEnum):
    """Whether the station takes the certificate."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class CertificateSignedResponse(Response):
    """Says whether the station takes the certificate."""

    status: CertificateSignedStatusEnumType


class CertificateSignedRequest(Request[CertificateSignedResponse], action="CertificateSigned", sender=CENTRAL):
    """Brings the station its signed certificate, in answer to SignCertificate."""

    certificate_chain: Str10000
    """PEM, the station's certificate first."""


class HashAlgorithmEnumType(StrEnum):
    """The hash in a certificate's identification."""

    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class CertificateHashDataType(Struct):
    """Identifies a certificate by hashes of its issuer and by its serial number."""

    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: Str128
    issuer_key_hash: Str128
    serial_number: Str40


class DeleteCertificateStatusEnumType(StrEnum):
    """The outcome of a deletion."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_FOUND = "NotFound"


class DeleteCertificateResponse(Response):
    """Says whether the certificate was deleted."""

    status: DeleteCertificateStatusEnumType


class DeleteCertificateRequest(Request[DeleteCertificateResponse], action="DeleteCertificate", sender=CENTRAL):
    """Deletes an installed certificate."""

    certificate_hash_data: CertificateHashDataType


class MessageTriggerEnumType(StrEnum):
    """The messages that can be asked for."""

    BOOT_NOTIFICATION = "BootNotification"
    LOG_STATUS_NOTIFICATION = "LogStatusNotification"
    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    SIGN_CHARGE_POINT_CERTIFICATE = "SignChargePointCertificate"
    STATUS_NOTIFICATION = "StatusNotification"


class TriggerMessageStatusEnumType(StrEnum):
    """Whether the message will come."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_IMPLEMENTED = "NotImplemented"


class ExtendedTriggerMessageResponse(Response):
    """Says whether the message will come."""

    status: TriggerMessageStatusEnumType


class ExtendedTriggerMessageRequest(
    Request[ExtendedTriggerMessageResponse], action="ExtendedTriggerMessage", sender=CENTRAL
):
    """Asks the station to send a message now, those of the security extension included."""

    requested_message: MessageTriggerEnumType
    connector_id: int | None = None


class CertificateUseEnumType(StrEnum):
    """What a root certificate vouches for."""

    CENTRAL_SYSTEM_ROOT_CERTIFICATE = "CentralSystemRootCertificate"
    MANUFACTURER_ROOT_CERTIFICATE = "ManufacturerRootCertificate"


class GetInstalledCertificateStatusEnumType(StrEnum):
    """Whether any certificate of the kind is installed."""

    ACCEPTED = "Accepted"
    NOT_FOUND = "NotFound"


class GetInstalledCertificateIdsResponse(Response):
    """Lists the installed certificates of the kind asked for."""

    certificate_hash_data: Annotated[list[CertificateHashDataType], Items(1)] | None = None
    status: GetInstalledCertificateStatusEnumType


class GetInstalledCertificateIdsRequest(
    Request[GetInstalledCertificateIdsResponse], action="GetInstalledCertificateIds", sender=CENTRAL
):
    """Asks which root certificates are installed."""

    certificate_type: CertificateUseEnumType


class LogParametersType(Struct):
    """Where a log goes, and which part of it."""

    remote_location: Str512
    """A URL."""
    oldest_timestamp: DateTime | None = None
    latest_timestamp: DateTime | None = None


class LogEnumType(StrEnum):
    """The logs of a station."""

    DIAGNOSTICS_LOG = "DiagnosticsLog"
    SECURITY_LOG = "SecurityLog"


class LogStatusEnumType(StrEnum):
    """Whether the station will upload; canceled means that an earlier upload was given up for it."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    ACCEPTED_CANCELED = "AcceptedCanceled"


class GetLogResponse(Response):
    """Says whether the log will be uploaded, and names the file."""

    status: LogStatusEnumType
    filename: Str255 | None = None


class GetLogRequest(Request[GetLogResponse], action="GetLog", sender=CENTRAL):
    """Asks the station to upload a log."""

    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    retries: int | None = None
    """How often to try; no value leaves it to the station."""
    retry_interval: int | None = None
    """Seconds."""


class InstallCertificateStatusEnumType(StrEnum):
    """Whether the certificate is installed; failed means valid but not stored."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    REJECTED = "Rejected"


class InstallCertificateResponse(Response):
    """Says whether the certificate is installed."""

    status: InstallCertificateStatusEnumType


class InstallCertificateRequest(Request[InstallCertificateResponse], action="InstallCertificate", sender=CENTRAL):
    """Installs a root certificate."""

    certificate_type: CertificateUseEnumType
    certificate: Str5500
    """PEM."""


class UploadLogStatusEnumType(StrEnum):
    """The progress of an upload of a log, or why it failed."""

    BAD_MESSAGE = "BadMessage"
    IDLE = "Idle"
    NOT_SUPPORTED_OPERATION = "NotSupportedOperation"
    PERMISSION_DENIED = "PermissionDenied"
    UPLOADED = "Uploaded"
    UPLOAD_FAILURE = "UploadFailure"
    UPLOADING = "Uploading"


class LogStatusNotificationResponse(Response):
    """Acknowledges the progress of an upload."""


class LogStatusNotificationRequest(
    Request[LogStatusNotificationResponse], action="LogStatusNotification", sender=STATION
):
    """Reports the progress of an upload of a log."""

    status: UploadLogStatusEnumType
    request_id: int | None = None


class SecurityEventNotificationResponse(Response):
    """Acknowledges a security event."""


class SecurityEventNotificationRequest(
    Request[SecurityEventNotificationResponse], action="SecurityEventNotification", sender=STATION
):
    """Reports a security event of the station."""

    type: Str50
    """One of the white paper's list of security events."""
    timestamp: DateTime
    tech_info: Str255 | None = None


class GenericStatusEnumType(StrEnum):
    """Yes or no."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class SignCertificateResponse(Response):
    """Says whether the request for a certificate is taken; the certificate comes by CertificateSigned."""

    status: GenericStatusEnumType


class SignCertificateRequest(Request[SignCertificateResponse], action="SignCertificate", sender=STATION):
    """Asks for a certificate for the station's own key."""

    csr: Str5500
    """PEM."""


class FirmwareStatusEnumType(StrEnum):
    """The progress of a signed update."""

    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOADING = "Downloading"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOAD_PAUSED = "DownloadPaused"
    IDLE = "Idle"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLING = "Installing"
    INSTALLED = "Installed"
    INSTALL_REBOOTING = "InstallRebooting"
    INSTALL_SCHEDULED = "InstallScheduled"
    INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed"
    INVALID_SIGNATURE = "InvalidSignature"
    SIGNATURE_VERIFIED = "SignatureVerified"


class SignedFirmwareStatusNotificationResponse(Response):
    """Acknowledges the progress of an update."""


class SignedFirmwareStatusNotificationRequest(
    Request[SignedFirmwareStatusNotificationResponse],
    action="SignedFirmwareStatusNotification",
    sender=STATION,
):
    """Reports the progress of a signed update."""

    status: FirmwareStatusEnumType
    request_id: int | None = None


class FirmwareType(Struct):
    """A firmware file, its signature, and when to fetch and install it."""

    location: Str512
    """A URL."""
    retrieve_date_time: DateTime
    install_date_time: DateTime | None = None
    signing_certificate: Str5500
    """PEM."""
    signature: Str800
    """Base64."""


class UpdateFirmwareStatusEnumType(StrEnum):
    """Whether the station will update; canceled means that an earlier update was given up for it."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    ACCEPTED_CANCELED = "AcceptedCanceled"
    INVALID_CERTIFICATE = "InvalidCertificate"
    REVOKED_CERTIFICATE = "RevokedCertificate"


class SignedUpdateFirmwareResponse(Response):
    """Says whether the station will update."""

    status: UpdateFirmwareStatusEnumType


class SignedUpdateFirmwareRequest(Request[SignedUpdateFirmwareResponse], action="SignedUpdateFirmware", sender=CENTRAL):
    """Tells the station to fetch, verify and install signed firmware."""

    retries: int | None = None
    """How often to try; no value leaves it to the station."""
    retry_interval: int | None = None
    """Seconds."""
    request_id: int
    firmware: FirmwareType


SECURITY = Profile(
    "Security",
    [
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
    ],
)
