"""The commands of the security extension; nothing is really verified, fetched or uploaded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on, v16

from ..certificates import CertificateStore, Fingerprint, is_certificate, signing_request
from .machine import Machine
from .remote_trigger import report_meters, report_statuses

__all__ = ["SecurityCommands"]

_Firmware = v16.FirmwareStatusEnumType
_Log = v16.UploadLogStatusEnumType
_Trigger = v16.MessageTriggerEnumType
_UPLOAD: Final = (_Log.UPLOADING, _Log.UPLOADED)


class SecurityCommands:
    """Keeps certificates, and goes through the stages of a signed update or of an upload."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._certificates = CertificateStore()

    # Certificates

    @on(v16.CertificateSignedRequest)
    def certificate_signed(self, request: v16.CertificateSignedRequest) -> v16.CertificateSignedResponse:
        status = v16.CertificateSignedStatusEnumType
        taken = is_certificate(request.certificate_chain)
        return v16.CertificateSignedResponse(status=status.ACCEPTED if taken else status.REJECTED)

    @on(v16.InstallCertificateRequest)
    def install_certificate(self, request: v16.InstallCertificateRequest) -> v16.InstallCertificateResponse:
        status = self._certificates.install(request.certificate_type, request.certificate)
        return v16.InstallCertificateResponse(status=v16.InstallCertificateStatusEnumType(status))

    @on(v16.DeleteCertificateRequest)
    def delete_certificate(self, request: v16.DeleteCertificateRequest) -> v16.DeleteCertificateResponse:
        status = v16.DeleteCertificateStatusEnumType
        deleted = self._certificates.delete(_fingerprint(request.certificate_hash_data))
        return v16.DeleteCertificateResponse(status=status.ACCEPTED if deleted else status.NOT_FOUND)

    @on(v16.GetInstalledCertificateIdsRequest)
    def get_installed(self, request: v16.GetInstalledCertificateIdsRequest) -> v16.GetInstalledCertificateIdsResponse:
        status = v16.GetInstalledCertificateStatusEnumType
        installed = [_hash_data(each) for _, each in self._certificates.installed([request.certificate_type])]
        return v16.GetInstalledCertificateIdsResponse(
            status=status.ACCEPTED if installed else status.NOT_FOUND, certificate_hash_data=installed or None
        )

    # Logs

    @on(v16.GetLogRequest)
    def get_log(self, request: v16.GetLogRequest) -> v16.GetLogResponse:
        machine, status = self._machine, v16.LogStatusEnumType
        replaced = machine.log.begin(machine.jobs, lambda: self._upload(request.request_id), request.request_id)
        return v16.GetLogResponse(
            status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED,
            filename=f"{request.log_type}-{request.request_id}.log",
        )

    async def _upload(self, request_id: int) -> None:
        for stage in _UPLOAD:
            self._machine.log.stage = stage
            await self._report_log(stage, request_id)
            await asyncio.sleep(self._machine.given.interval)
        self._machine.log.end()

    async def _report_log(self, stage: _Log, request_id: int | None) -> None:
        await self._machine.tell(lambda central: central.log_status_notification(status=stage, request_id=request_id))

    # Firmware

    @on(v16.SignedUpdateFirmwareRequest)
    def update_firmware(self, request: v16.SignedUpdateFirmwareRequest) -> v16.SignedUpdateFirmwareResponse:
        machine, status = self._machine, v16.UpdateFirmwareStatusEnumType
        if not is_certificate(request.firmware.signing_certificate):
            return v16.SignedUpdateFirmwareResponse(status=status.INVALID_CERTIFICATE)
        replaced = machine.signed_firmware.begin(
            machine.jobs, lambda: self._update(request.firmware, request.request_id), request.request_id
        )
        return v16.SignedUpdateFirmwareResponse(status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED)

    async def _update(self, firmware: v16.FirmwareType, request_id: int) -> None:
        await self._wait(firmware.retrieve_date_time, _Firmware.DOWNLOAD_SCHEDULED, request_id)
        for stage in (_Firmware.DOWNLOADING, _Firmware.DOWNLOADED, _Firmware.SIGNATURE_VERIFIED):
            await self._reach(stage, request_id)
        await self._wait(firmware.install_date_time, _Firmware.INSTALL_SCHEDULED, request_id)
        for stage in (_Firmware.INSTALLING, _Firmware.INSTALLED):
            await self._reach(stage, request_id)
        self._machine.signed_firmware.end()

    async def _wait(self, until: datetime | None, stage: _Firmware, request_id: int) -> None:
        """Wait for a moment; report that, if it is still to come."""
        seconds = 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            await self._reach(stage, request_id)
            await asyncio.sleep(seconds)

    async def _reach(self, stage: _Firmware, request_id: int) -> None:
        self._machine.signed_firmware.stage = stage
        await self._report_firmware(stage, request_id)
        await asyncio.sleep(self._machine.given.interval)

    async def _report_firmware(self, stage: _Firmware, request_id: int | None) -> None:
        await self._machine.tell(
            lambda central: central.signed_firmware_status_notification(status=stage, request_id=request_id)
        )

    # Trigger

    @on(v16.ExtendedTriggerMessageRequest)
    def trigger(self, request: v16.ExtendedTriggerMessageRequest) -> v16.ExtendedTriggerMessageResponse:
        status = v16.TriggerMessageStatusEnumType
        if request.connector_id and request.connector_id not in self._machine.connectors:
            return v16.ExtendedTriggerMessageResponse(status=status.REJECTED)
        self._machine.jobs.create_task(self._send(request.requested_message, request.connector_id))
        return v16.ExtendedTriggerMessageResponse(status=status.ACCEPTED)

    async def _send(self, message: _Trigger, connector_id: int | None) -> None:
        machine = self._machine
        match message:
            case _Trigger.BOOT_NOTIFICATION:
                await machine.announce()
            case _Trigger.HEARTBEAT:
                await machine.tell(lambda central: central.heartbeat())
            case _Trigger.METER_VALUES:
                await report_meters(machine, connector_id)
            case _Trigger.STATUS_NOTIFICATION:
                await report_statuses(machine, connector_id)
            case _Trigger.LOG_STATUS_NOTIFICATION:
                await self._report_log(machine.log.stage, machine.log.request_id)
            case _Trigger.FIRMWARE_STATUS_NOTIFICATION:
                progress = machine.signed_firmware
                await self._report_firmware(progress.stage, progress.request_id)
            case _Trigger.SIGN_CHARGE_POINT_CERTIFICATE:
                await machine.tell(lambda central: central.sign_certificate(csr=signing_request(machine.station.id)))


def _hash_data(fingerprint: Fingerprint) -> v16.CertificateHashDataType:
    return v16.CertificateHashDataType(hash_algorithm=v16.HashAlgorithmEnumType.SHA256, **fingerprint._asdict())


def _fingerprint(data: v16.CertificateHashDataType) -> Fingerprint:
    return Fingerprint(data.issuer_name_hash, data.issuer_key_hash, data.serial_number)
