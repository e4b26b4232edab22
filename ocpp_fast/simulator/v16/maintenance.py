"""The commands about files, certificates and triggers, with those of the security extension.

Nothing is really fetched or uploaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_fast import on, v16

from ..certificates import Fingerprint, is_certificate
from ..progress import UPLOAD, Stage, update_stages

if TYPE_CHECKING:
    from .station import Station

__all__ = ["FirmwareCommands", "SecurityCommands", "TriggerCommands"]


class SecurityCommands:
    """Keeps certificates, and goes through the stages of a signed update or of an upload."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._certificates = station.certificates

    @on(v16.CertificateSignedRequest)
    def certificate_signed(self, request: v16.CertificateSignedRequest) -> v16.CertificateSignedResponse:
        status, taken = v16.CertificateSignedStatusEnumType, self._certificates.take(request.certificate_chain)
        return v16.CertificateSignedResponse(status=status.ACCEPTED if taken else status.REJECTED)

    @on(v16.InstallCertificateRequest)
    def install_certificate(self, request: v16.InstallCertificateRequest) -> v16.InstallCertificateResponse:
        status = self._certificates.install(request.certificate_type, request.certificate)
        return v16.InstallCertificateResponse(status=v16.InstallCertificateStatusEnumType(status))

    @on(v16.DeleteCertificateRequest)
    def delete_certificate(self, request: v16.DeleteCertificateRequest) -> v16.DeleteCertificateResponse:
        status, data = v16.DeleteCertificateStatusEnumType, request.certificate_hash_data
        wanted = Fingerprint(data.issuer_name_hash, data.issuer_key_hash, data.serial_number)
        deleted = self._certificates.delete(wanted)
        return v16.DeleteCertificateResponse(status=status.ACCEPTED if deleted else status.NOT_FOUND)

    @on(v16.GetInstalledCertificateIdsRequest)
    def get_installed(self, request: v16.GetInstalledCertificateIdsRequest) -> v16.GetInstalledCertificateIdsResponse:
        status, algorithm = v16.GetInstalledCertificateStatusEnumType, v16.HashAlgorithmEnumType.SHA256
        installed = [
            v16.CertificateHashDataType(hash_algorithm=algorithm, **each._asdict())
            for _, each in self._certificates.installed([request.certificate_type])
        ]
        return v16.GetInstalledCertificateIdsResponse(
            status=status.ACCEPTED if installed else status.NOT_FOUND, certificate_hash_data=installed or None
        )

    @on(v16.GetLogRequest)
    def get_log(self, request: v16.GetLogRequest) -> v16.GetLogResponse:
        log, status = self._station.progress["LogStatusNotification"], v16.LogStatusEnumType
        replaced = log.begin(UPLOAD, request.request_id)
        return v16.GetLogResponse(
            status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED,
            filename=f"{request.log_type}-{request.request_id}.log",
        )

    @on(v16.SignedUpdateFirmwareRequest)
    def update_firmware(self, request: v16.SignedUpdateFirmwareRequest) -> v16.SignedUpdateFirmwareResponse:
        status, firmware = v16.UpdateFirmwareStatusEnumType, request.firmware
        if not is_certificate(firmware.signing_certificate):
            return v16.SignedUpdateFirmwareResponse(status=status.INVALID_CERTIFICATE)
        stages = update_stages(firmware.retrieve_date_time, firmware.install_date_time, signed=True)
        replaced = self._station.progress["SignedFirmwareStatusNotification"].begin(stages, request.request_id)
        return v16.SignedUpdateFirmwareResponse(status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED)


class FirmwareCommands:
    """Goes through the stages of an update or an upload, and reports each."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.UpdateFirmwareRequest)
    def update_firmware(self, request: v16.UpdateFirmwareRequest) -> v16.UpdateFirmwareResponse:
        stages: list[Stage] = [("", request.retrieve_date)]
        stages += [(each, None) for each in ("Downloading", "Downloaded", "Installing", "Installed")]
        self._station.progress["FirmwareStatusNotification"].begin(stages)
        return v16.UpdateFirmwareResponse()

    @on(v16.GetDiagnosticsRequest)
    def get_diagnostics(self, request: v16.GetDiagnosticsRequest) -> v16.GetDiagnosticsResponse:
        self._station.progress["DiagnosticsStatusNotification"].begin(UPLOAD)
        return v16.GetDiagnosticsResponse(file_name="diagnostics.log")


class TriggerCommands:
    """Sends the message that is asked for, after the answer."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.TriggerMessageRequest)
    def trigger(self, request: v16.TriggerMessageRequest) -> v16.TriggerMessageResponse:
        status, known = v16.TriggerMessageStatus, self._send_later(request.requested_message, request.connector_id)
        return v16.TriggerMessageResponse(status=status.ACCEPTED if known else status.REJECTED)

    @on(v16.ExtendedTriggerMessageRequest)
    def extended_trigger(self, request: v16.ExtendedTriggerMessageRequest) -> v16.ExtendedTriggerMessageResponse:
        message = str(request.requested_message)
        if message == "FirmwareStatusNotification":
            message = "SignedFirmwareStatusNotification"
        status, known = v16.TriggerMessageStatusEnumType, self._send_later(message, request.connector_id)
        return v16.ExtendedTriggerMessageResponse(status=status.ACCEPTED if known else status.REJECTED)

    def _send_later(self, message: str, connector_id: int | None) -> bool:
        """Send a message after the answer; return whether the connector is known."""
        station = self._station
        if connector_id and connector_id not in station.outlets:
            return False
        station.jobs.create_task(self._send(message, connector_id))
        return True

    async def _send(self, message: str, connector_id: int | None) -> None:
        station = self._station
        if message == "SignChargePointCertificate":
            await station.tell(station.calls.sign_certificate, csr=station.signing_request())
            return
        if message == "StatusNotification" and not connector_id:
            station.send_station_status()
            if connector_id == 0:
                return
        outlets = [each for each in station.outlets.values() if connector_id in (None, 0, each.id)]
        await station.send(message, outlets)
