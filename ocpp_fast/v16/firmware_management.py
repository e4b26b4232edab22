"""The Firmware Management profile: new firmware for a station, diagnostics from it."""

from __future__ import annotations

from enum import StrEnum

from ..schema import CENTRAL, STATION, DateTime, Profile, Response, Str255, Uri
from ._draft4 import Request

__all__ = [
    "FIRMWARE_MANAGEMENT",
    "DiagnosticsStatus",
    "DiagnosticsStatusNotificationRequest",
    "DiagnosticsStatusNotificationResponse",
    "FirmwareStatus",
    "FirmwareStatusNotificationRequest",
    "FirmwareStatusNotificationResponse",
    "GetDiagnosticsRequest",
    "GetDiagnosticsResponse",
    "UpdateFirmwareRequest",
    "UpdateFirmwareResponse",
]


class DiagnosticsStatus(StrEnum):
    """The progress of an upload of diagnostics."""

    IDLE = "Idle"
    UPLOADED = "Uploaded"
    UPLOAD_FAILED = "UploadFailed"
    UPLOADING = "Uploading"


class DiagnosticsStatusNotificationResponse(Response):
    """Acknowledges the progress of an upload."""


class DiagnosticsStatusNotificationRequest(
    Request[DiagnosticsStatusNotificationResponse], action="DiagnosticsStatusNotification", sender=STATION
):
    """Reports the progress of an upload of diagnostics."""

    status: DiagnosticsStatus


class FirmwareStatus(StrEnum):
    """The progress of an update of firmware."""

    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOADING = "Downloading"
    IDLE = "Idle"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLING = "Installing"
    INSTALLED = "Installed"


class FirmwareStatusNotificationResponse(Response):
    """Acknowledges the progress of an update."""


class FirmwareStatusNotificationRequest(
    Request[FirmwareStatusNotificationResponse], action="FirmwareStatusNotification", sender=STATION
):
    """Reports the progress of an update of firmware."""

    status: FirmwareStatus


class GetDiagnosticsResponse(Response):
    """Names the file that will be uploaded; no name means there is nothing to upload."""

    file_name: Str255 | None = None


class GetDiagnosticsRequest(Request[GetDiagnosticsResponse], action="GetDiagnostics", sender=CENTRAL):
    """Asks the station to upload its diagnostics."""

    location: Uri
    """The directory to upload to."""
    retries: int | None = None
    """How often to try; no value leaves it to the station."""
    retry_interval: int | None = None
    """Seconds."""
    start_time: DateTime | None = None
    stop_time: DateTime | None = None


class UpdateFirmwareResponse(Response):
    """Acknowledges that an update was asked for."""


class UpdateFirmwareRequest(Request[UpdateFirmwareResponse], action="UpdateFirmware", sender=CENTRAL):
    """Tells the station to fetch and install firmware."""

    location: Uri
    retries: int | None = None
    """How often to try; no value leaves it to the station."""
    retrieve_date: DateTime
    """Not to be fetched before."""
    retry_interval: int | None = None
    """Seconds."""


FIRMWARE_MANAGEMENT = Profile(
    "FirmwareManagement",
    [
        DiagnosticsStatusNotificationRequest,
        FirmwareStatusNotificationRequest,
        GetDiagnosticsRequest,
        UpdateFirmwareRequest,
    ],
)
