"""The commands about certificates; nothing is really verified."""

from __future__ import annotations

from ocpp_fast import on

from ..certificates import CertificateStore, Fingerprint, is_certificate
from .machine import Machine
from .version import ocpp

__all__ = ["CertificateCommands"]

_Delete = ocpp.DeleteCertificateStatusEnumType
_Get = ocpp.GetInstalledCertificateStatusEnumType
_Signed = ocpp.CertificateSignedStatusEnumType
_Use = ocpp.GetCertificateIdUseEnumType


class CertificateCommands:
    """Keeps root certificates, and takes what was signed."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._store = CertificateStore()

    @on(ocpp.CertificateSignedRequest)
    def signed(self, request: ocpp.CertificateSignedRequest) -> ocpp.CertificateSignedResponse:
        taken = is_certificate(request.certificate_chain)
        return ocpp.CertificateSignedResponse(status=_Signed.ACCEPTED if taken else _Signed.REJECTED)

    @on(ocpp.InstallCertificateRequest)
    def install(self, request: ocpp.InstallCertificateRequest) -> ocpp.InstallCertificateResponse:
        status = self._store.install(request.certificate_type, request.certificate)
        return ocpp.InstallCertificateResponse(status=ocpp.InstallCertificateStatusEnumType(status))

    @on(ocpp.DeleteCertificateRequest)
    def delete(self, request: ocpp.DeleteCertificateRequest) -> ocpp.DeleteCertificateResponse:
        data = request.certificate_hash_data
        deleted = self._store.delete(Fingerprint(data.issuer_name_hash, data.issuer_key_hash, data.serial_number))
        return ocpp.DeleteCertificateResponse(status=_Delete.ACCEPTED if deleted else _Delete.NOT_FOUND)

    @on(ocpp.GetInstalledCertificateIdsRequest)
    def installed(self, request: ocpp.GetInstalledCertificateIdsRequest) -> ocpp.GetInstalledCertificateIdsResponse:
        chains = [
            ocpp.CertificateHashDataChainType(certificate_type=_Use(use), certificate_hash_data=_hash_data(each))
            for use, each in self._store.installed(request.certificate_type or list(_Use))
        ]
        return ocpp.GetInstalledCertificateIdsResponse(
            status=_Get.ACCEPTED if chains else _Get.NOT_FOUND, certificate_hash_data_chain=chains or None
        )


def _hash_data(fingerprint: Fingerprint) -> ocpp.CertificateHashDataType:
    return ocpp.CertificateHashDataType(hash_algorithm=ocpp.HashAlgorithmEnumType.SHA256, **fingerprint._asdict())
