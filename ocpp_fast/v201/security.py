"""Security: certificates of the station and security events (block A)."""

from enum import StrEnum

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Profile,
    Request,
    Response,
    Str50,
    Str255,
    Str5500,
    Str10000,
)
from .types import GenericStatusEnumType, StatusInfoType

__all__ = [
    "SECURITY",
    "CertificateSignedRequest",
    "CertificateSignedResponse",
    "CertificateSignedStatusEnumType",
    "CertificateSigningUseEnumType",
    "SecurityEventNotificationRequest",
    "SecurityEventNotificationResponse",
    "SignCertificateRequest",
    "SignCertificateResponse",
]


class SignCertificateResponse(Response):
    """Says whether signing goes ahead; the certificate itself follows in a `CertificateSignedRequest`."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class CertificateSigningUseEnumType(StrEnum):
    """What a certificate to be signed is for."""

    CHARGING_STATION_CERTIFICATE = "ChargingStationCertificate"
    V2G_CERTIFICATE = "V2GCertificate"


class SignCertificateRequest(Request[SignCertificateResponse], action="SignCertificate", sender=STATION):
    """Asks for a certificate: the station made a key pair and sends the signing request."""

    csr: Str5500
    """A PKCS #10 request in PEM (RFC 2986)."""
    certificate_type: CertificateSigningUseEnumType | None = None
    """No value means a `CHARGING_STATION_CERTIFICATE`."""
    custom_data: CustomData | None = None


class CertificateSignedStatusEnumType(StrEnum):
    """Whether the station took a signed certificate."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class CertificateSignedResponse(Response):
    """Says whether the station took the certificate into use."""

    status: CertificateSignedStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class CertificateSignedRequest(Request[CertificateSignedResponse], action="CertificateSigned", sender=CENTRAL):
    """Delivers the certificate that a `SignCertificateRequest` asked for."""

    certificate_chain: Str10000
    """PEM, the station's own certificate first."""
    certificate_type: CertificateSigningUseEnumType | None = None
    """No value means a `CHARGING_STATION_CERTIFICATE`."""
    custom_data: CustomData | None = None


class SecurityEventNotificationResponse(Response):
    """Acknowledges the security event."""

    custom_data: CustomData | None = None


class SecurityEventNotificationRequest(
    Request[SecurityEventNotificationResponse], action="SecurityEventNotification", sender=STATION
):
    """Reports an event that matters to the station's security."""

    type: Str50
    """A name from the list of security events in the appendices, or a vendor's own."""
    timestamp: DateTime
    tech_info: Str255 | None = None
    custom_data: CustomData | None = None


SECURITY = Profile("Security", [SignCertificateRequest, CertificateSignedRequest, SecurityEventNotificationRequest])
