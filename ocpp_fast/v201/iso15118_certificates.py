"""Certificates for ISO 15118 and of roots of trust (block M)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    Items,
    Profile,
    Request,
    Response,
    Str50,
    Str5500,
    Str5600,
    Struct,
)
from .types import CertificateHashDataType, OCSPRequestDataType, StatusInfoType

__all__ = [
    "ISO15118_CERTIFICATES",
    "CertificateActionEnumType",
    "CertificateHashDataChainType",
    "DeleteCertificateRequest",
    "DeleteCertificateResponse",
    "DeleteCertificateStatusEnumType",
    "Get15118EVCertificateRequest",
    "Get15118EVCertificateResponse",
    "GetCertificateIdUseEnumType",
    "GetCertificateStatusEnumType",
    "GetCertificateStatusRequest",
    "GetCertificateStatusResponse",
    "GetInstalledCertificateIdsRequest",
    "GetInstalledCertificateIdsResponse",
    "GetInstalledCertificateStatusEnumType",
    "InstallCertificateRequest",
    "InstallCertificateResponse",
    "InstallCertificateStatusEnumType",
    "InstallCertificateUseEnumType",
    "Iso15118EVCertificateStatusEnumType",
]


class Iso15118EVCertificateStatusEnumType(StrEnum):
    """Whether the EV's request could be answered."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"


class Get15118EVCertificateResponse(Response):
    """Carries what the EV is to be answered."""

    status: Iso15118EVCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    exi_response: Str5600
    """What to send to the EV (EXI), in Base64."""
    custom_data: CustomData | None = None


class CertificateActionEnumType(StrEnum):
    """Whether an EV wants a new certificate or a renewed one."""

    INSTALL = "Install"
    UPDATE = "Update"


class Get15118EVCertificateRequest(
    Request[Get15118EVCertificateResponse], action="Get15118EVCertificate", sender=STATION
):
    """Passes on an EV's request for a contract certificate."""

    iso15118_schema_version: Str50
    """The schema that the EV speaks; it tells how to read `exi_request`."""
    action: CertificateActionEnumType
    exi_request: Str5600
    """What the EV sent (EXI), in Base64."""
    custom_data: CustomData | None = None


class GetCertificateStatusEnumType(StrEnum):
    """Whether the OCSP status could be had."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"


class GetCertificateStatusResponse(Response):
    """Carries the OCSP answer."""

    status: GetCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    ocsp_result: Str5500 | None = None
    """The OCSP response (RFC 6960): DER in Base64."""
    custom_data: CustomData | None = None


class GetCertificateStatusRequest(Request[GetCertificateStatusResponse], action="GetCertificateStatus", sender=STATION):
    """Asks for the OCSP status of a certificate."""

    ocsp_request_data: OCSPRequestDataType
    custom_data: CustomData | None = None


class GetInstalledCertificateStatusEnumType(StrEnum):
    """Whether such certificates are installed."""

    ACCEPTED = "Accepted"
    NOT_FOUND = "NotFound"


class GetCertificateIdUseEnumType(StrEnum):
    """What an installed certificate is for."""

    V2G_ROOT_CERTIFICATE = "V2GRootCertificate"
    MO_ROOT_CERTIFICATE = "MORootCertificate"
    CSMS_ROOT_CERTIFICATE = "CSMSRootCertificate"
    V2G_CERTIFICATE_CHAIN = "V2GCertificateChain"
    MANUFACTURER_ROOT_CERTIFICATE = "ManufacturerRootCertificate"


class CertificateHashDataChainType(Struct):
    """An installed certificate, and the ones below it in its chain."""

    certificate_hash_data: CertificateHashDataType
    certificate_type: GetCertificateIdUseEnumType
    child_certificate_hash_data: Annotated[list[CertificateHashDataType], Items(1, 4)] | None = None
    custom_data: CustomData | None = None


class GetInstalledCertificateIdsResponse(Response):
    """Lists the installed certificates by their hashes."""

    status: GetInstalledCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    certificate_hash_data_chain: Annotated[list[CertificateHashDataChainType], Items(1, None)] | None = None
    custom_data: CustomData | None = None


class GetInstalledCertificateIdsRequest(
    Request[GetInstalledCertificateIdsResponse], action="GetInstalledCertificateIds", sender=CENTRAL
):
    """Asks which certificates are installed on the station."""

    certificate_type: Annotated[list[GetCertificateIdUseEnumType], Items(1, None)] | None = None
    """No value means all."""
    custom_data: CustomData | None = None


class InstallCertificateStatusEnumType(StrEnum):
    """Whether a certificate was installed."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    FAILED = "Failed"


class InstallCertificateResponse(Response):
    """Says whether the certificate was installed."""

    status: InstallCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class InstallCertificateUseEnumType(StrEnum):
    """What a certificate to install is for."""

    V2G_ROOT_CERTIFICATE = "V2GRootCertificate"
    MO_ROOT_CERTIFICATE = "MORootCertificate"
    CSMS_ROOT_CERTIFICATE = "CSMSRootCertificate"
    MANUFACTURER_ROOT_CERTIFICATE = "ManufacturerRootCertificate"


class InstallCertificateRequest(Request[InstallCertificateResponse], action="InstallCertificate", sender=CENTRAL):
    """Installs a root certificate on the station."""

    certificate_type: InstallCertificateUseEnumType
    certificate: Str5500
    """X.509 in PEM."""
    custom_data: CustomData | None = None


class DeleteCertificateStatusEnumType(StrEnum):
    """Whether a certificate was removed."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_FOUND = "NotFound"


class DeleteCertificateResponse(Response):
    """Says whether the certificate was removed."""

    status: DeleteCertificateStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class DeleteCertificateRequest(Request[DeleteCertificateResponse], action="DeleteCertificate", sender=CENTRAL):
    """Removes an installed certificate from the station."""

    certificate_hash_data: CertificateHashDataType
    custom_data: CustomData | None = None


ISO15118_CERTIFICATES = Profile(
    "ISO15118CertificateManagement",
    [
        Get15118EVCertificateRequest,
        GetCertificateStatusRequest,
        GetInstalledCertificateIdsRequest,
        InstallCertificateRequest,
        DeleteCertificateRequest,
    ],
)
