"""The commands about firmware, logs, customers and certificates; nothing is really moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_fast import Router

from ..certificates import Fingerprint, is_certificate
from ..progress import UPLOAD, update_stages

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_certificates", "handle_files"]


def handle_files(station: Station, commands: Router) -> None:
    """Go through the stages of an update or an upload, and report each; nothing is known of customers."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    firmware_progress, log = (station.progress[f"{each}StatusNotification"] for each in ("Firmware", "Log"))

    @commands.on(ocpp.UpdateFirmwareRequest)
    def update_firmware(request: ocpp.UpdateFirmwareRequest) -> ocpp.UpdateFirmwareResponse:
        firmware, status = request.firmware, ocpp.UpdateFirmwareStatusEnumType
        signed = firmware.signing_certificate is not None
        if signed and not is_certificate(firmware.signing_certificate):
            return ocpp.UpdateFirmwareResponse(status=status.INVALID_CERTIFICATE)
        stages = update_stages(firmware.retrieve_date_time, firmware.install_date_time, signed=signed)
        replaced = firmware_progress.begin(stages, request.request_id)
        return ocpp.UpdateFirmwareResponse(status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED)

    @commands.on(ocpp.PublishFirmwareRequest)
    def publish_firmware(request: ocpp.PublishFirmwareRequest) -> ocpp.PublishFirmwareResponse:
        """Refuse: local controllers publish, not stations."""
        return ocpp.PublishFirmwareResponse(status=ocpp.GenericStatusEnumType.REJECTED)

    @commands.on(ocpp.UnpublishFirmwareRequest)
    def unpublish_firmware(request: ocpp.UnpublishFirmwareRequest) -> ocpp.UnpublishFirmwareResponse:
        return ocpp.UnpublishFirmwareResponse(status=ocpp.UnpublishFirmwareStatusEnumType.NO_FIRMWARE)

    @commands.on(ocpp.GetLogRequest)
    def get_log(request: ocpp.GetLogRequest) -> ocpp.GetLogResponse:
        """Upload a log; an upload that still runs is given up for it."""
        status, given_up, number = ocpp.LogStatusEnumType, log.request_id, request.request_id
        replaced = log.begin(UPLOAD, number)
        if replaced:
            station.jobs.create_task(station.tell_log("AcceptedCanceled", given_up))
        return ocpp.GetLogResponse(
            status=status.ACCEPTED_CANCELED if replaced else status.ACCEPTED,
            filename=f"{request.log_type}-{number}.log",
        )

    @commands.on(ocpp.CustomerInformationRequest)
    def customer_information(request: ocpp.CustomerInformationRequest) -> ocpp.CustomerInformationResponse:
        """Report that nothing is known of the customer, who must be named in one way."""
        status = ocpp.CustomerInformationStatusEnumType
        named = (request.id_token, request.customer_certificate, request.customer_identifier)
        if sum(each is not None for each in named) != 1:
            return ocpp.CustomerInformationResponse(status=status.INVALID)
        if not request.report and not request.clear:
            return ocpp.CustomerInformationResponse(status=status.REJECTED)
        notify, now, number = station.calls.notify_customer_information, station.now(), request.request_id
        station.jobs.create_task(
            station.tell(notify, data="", seq_no=0, generated_at=now, request_id=number, tbc=False)
        )
        return ocpp.CustomerInformationResponse(status=status.ACCEPTED)


def handle_certificates(station: Station, commands: Router) -> None:
    """Keep root certificates, and take those that were signed."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    store, sha256 = station.certificates, ocpp.HashAlgorithmEnumType.SHA256

    @commands.on(ocpp.CertificateSignedRequest)
    def certificate_signed(request: ocpp.CertificateSignedRequest) -> ocpp.CertificateSignedResponse:
        status, taken = ocpp.CertificateSignedStatusEnumType, store.take(request.certificate_chain)
        return ocpp.CertificateSignedResponse(status=status.ACCEPTED if taken else status.REJECTED)

    @commands.on(ocpp.InstallCertificateRequest)
    def install_certificate(request: ocpp.InstallCertificateRequest) -> ocpp.InstallCertificateResponse:
        status = store.install(request.certificate_type, request.certificate)
        return ocpp.InstallCertificateResponse(status=ocpp.InstallCertificateStatusEnumType(status))

    @commands.on(ocpp.DeleteCertificateRequest)
    def delete_certificate(request: ocpp.DeleteCertificateRequest) -> ocpp.DeleteCertificateResponse:
        data, status = request.certificate_hash_data, ocpp.DeleteCertificateStatusEnumType
        deleted = store.delete(Fingerprint(data.issuer_name_hash, data.issuer_key_hash, data.serial_number))
        return ocpp.DeleteCertificateResponse(status=status.ACCEPTED if deleted else status.NOT_FOUND)

    @commands.on(ocpp.GetInstalledCertificateIdsRequest)
    def get_installed(request: ocpp.GetInstalledCertificateIdsRequest) -> ocpp.GetInstalledCertificateIdsResponse:
        status, kinds = ocpp.GetInstalledCertificateStatusEnumType, ocpp.GetCertificateIdUseEnumType
        chains = [
            ocpp.CertificateHashDataChainType(
                certificate_type=kinds(use),
                certificate_hash_data=ocpp.CertificateHashDataType(hash_algorithm=sha256, **each._asdict()),
            )
            for use, each in store.installed(request.certificate_type or list(kinds))
        ]
        return ocpp.GetInstalledCertificateIdsResponse(
            status=status.ACCEPTED if chains else status.NOT_FOUND, certificate_hash_data_chain=chains or None
        )
