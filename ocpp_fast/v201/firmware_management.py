"""Firmware: updates, and publishing on a local controller (block L)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id32,
    Items,
    Profile,
    Request,
    Response,
    Str512,
    Str800,
    Str5500,
    Struct,
)
from .types import GenericStatusEnumType, StatusInfoType

__all__ = [
    "FIRMWARE_MANAGEMENT",
    "FirmwareStatusEnumType",
    "FirmwareStatusNotificationRequest",
    "FirmwareStatusNotificationResponse",
    "FirmwareType",
    "PublishFirmwareRequest",
    "PublishFirmwareResponse",
    "PublishFirmwareStatusEnumType",
    "PublishFirmwareStatusNotificationRequest",
    "PublishFirmwareStatusNotificationResponse",
    "UnpublishFirmwareRequest",
    "UnpublishFirmwareResponse",
    "UnpublishFirmwareStatusEnumType",
    "UpdateFirmwareRequest",
    "UpdateFirmwareResponse",
    "UpdateFirmwareStatusEnumType",
]


class UpdateFirmwareStatusEnumType(StrEnum):
    """Whether a firmware update will take place."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    ACCEPTED_CANCELED = "AcceptedCanceled"
    INVALID_CERTIFICATE = "InvalidCertificate"
    REVOKED_CERTIFICATE = "RevokedCertificate"


class UpdateFirmwareResponse(Response):
    """Says whether the station will update itself."""

    status: UpdateFirmwareStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class FirmwareType(Struct):
    """A firmware, where it is and when to take it."""

    location: Str512
    """A URI."""
    retrieve_date_time: DateTime
    install_date_time: DateTime | None = None
    """No value means right after the download."""
    signing_certificate: Str5500 | None = None
    """X.509 in PEM."""
    signature: Str800 | None = None
    """Base64."""
    custom_data: CustomData | None = None


class UpdateFirmwareRequest(Request[UpdateFirmwareResponse], action="UpdateFirmware", sender=CENTRAL):
    """Makes the station fetch and install a firmware."""

    retries: int | None = None
    """How often to try again after a failure; without a value, as the station sees fit."""
    retry_interval: int | None = None
    """Seconds between two tries; without a value, as the station sees fit."""
    request_id: int
    """Comes back in every status notification."""
    firmware: FirmwareType
    custom_data: CustomData | None = None


class FirmwareStatusNotificationResponse(Response):
    """Acknowledges the progress of an update."""

    custom_data: CustomData | None = None


class FirmwareStatusEnumType(StrEnum):
    """The progress of a firmware update."""

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


class FirmwareStatusNotificationRequest(
    Request[FirmwareStatusNotificationResponse], action="FirmwareStatusNotification", sender=STATION
):
    """Tells how far a firmware update has come."""

    status: FirmwareStatusEnumType
    request_id: int | None = None
    """The one of the `UpdateFirmwareRequest`; missing only when idle and triggered."""
    custom_data: CustomData | None = None


class PublishFirmwareResponse(Response):
    """Says whether the local controller will publish the firmware."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class PublishFirmwareRequest(Request[PublishFirmwareResponse], action="PublishFirmware", sender=CENTRAL):
    """Makes a local controller fetch a firmware and offer it to its stations."""

    location: Str512
    """A URI."""
    retries: int | None = None
    """How often to try again after a failure; without a value, as the station sees fit."""
    checksum: Id32
    """MD5 of the whole file, in hex."""
    request_id: int
    """Comes back in every status notification."""
    retry_interval: int | None = None
    """Seconds between two tries; without a value, as the station sees fit."""
    custom_data: CustomData | None = None


class PublishFirmwareStatusNotificationResponse(Response):
    """Acknowledges the progress of publishing."""

    custom_data: CustomData | None = None


class PublishFirmwareStatusEnumType(StrEnum):
    """The progress of the publishing of a firmware."""

    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOADED = "Downloaded"
    PUBLISHED = "Published"
    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOAD_PAUSED = "DownloadPaused"
    INVALID_CHECKSUM = "InvalidChecksum"
    CHECKSUM_VERIFIED = "ChecksumVerified"
    PUBLISH_FAILED = "PublishFailed"


class PublishFirmwareStatusNotificationRequest(
    Request[PublishFirmwareStatusNotificationResponse],
    action="PublishFirmwareStatusNotification",
    sender=STATION,
):
    """Tells how far the publishing of a firmware has come."""

    status: PublishFirmwareStatusEnumType
    location: Annotated[list[Str512], Items(1, None)] | None = None
    """The URIs to fetch it from, once it is published."""
    request_id: int | None = None
    """The one of the `PublishFirmwareRequest`."""
    custom_data: CustomData | None = None


class UnpublishFirmwareStatusEnumType(StrEnum):
    """Whether a firmware is no longer offered."""

    DOWNLOAD_ONGOING = "DownloadOngoing"
    NO_FIRMWARE = "NoFirmware"
    UNPUBLISHED = "Unpublished"


class UnpublishFirmwareResponse(Response):
    """Says whether the firmware is no longer offered."""

    status: UnpublishFirmwareStatusEnumType
    custom_data: CustomData | None = None


class UnpublishFirmwareRequest(Request[UnpublishFirmwareResponse], action="UnpublishFirmware", sender=CENTRAL):
    """Makes a local controller offer a firmware no longer."""

    checksum: Id32
    """MD5 of the whole file, in hex."""
    custom_data: CustomData | None = None


FIRMWARE_MANAGEMENT = Profile(
    "FirmwareManagement",
    [
        UpdateFirmwareRequest,
        FirmwareStatusNotificationRequest,
        PublishFirmwareRequest,
        PublishFirmwareStatusNotificationRequest,
        UnpublishFirmwareRequest,
    ],
)
