"""Authorization of drivers, and the cache of it (block C)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, STATION, CustomData, Items, Profile, Request, Response, Str5500
from .types import IdTokenInfoType, IdTokenType, OCSPRequestDataType, StatusInfoType

__all__ = [
    "AUTHORIZATION",
    "AuthorizeCertificateStatusEnumType",
    "AuthorizeRequest",
    "AuthorizeResponse",
    "ClearCacheRequest",
    "ClearCacheResponse",
    "ClearCacheStatusEnumType",
]


class AuthorizeCertificateStatusEnumType(StrEnum):
    """What a contract certificate is good for."""

    ACCEPTED = "Accepted"
    SIGNATURE_ERROR = "SignatureError"
    CERTIFICATE_EXPIRED = "CertificateExpired"
    CERTIFICATE_REVOKED = "CertificateRevoked"
    NO_CERTIFICATE_AVAILABLE = "NoCertificateAvailable"
    CERT_CHAIN_ERROR = "CertChainError"
    CONTRACT_CANCELLED = "ContractCancelled"


class AuthorizeResponse(Response):
    """Says what the token, and the contract certificate if one was sent, are good for."""

    id_token_info: IdTokenInfoType
    certificate_status: AuthorizeCertificateStatusEnumType | None = None
    """What the contract certificate is good for."""
    custom_data: CustomData | None = None


class AuthorizeRequest(Request[AuthorizeResponse], action="Authorize", sender=STATION):
    """Asks whether the holder of a token may charge here."""

    id_token: IdTokenType
    certificate: Str5500 | None = None
    """The EV's contract certificate in PEM, when the station can't check it."""
    iso15118_certificate_hash_data: Annotated[list[OCSPRequestDataType], Items(1, 4)] | None = None
    """The contract's chain, to be checked by the CSMS."""
    custom_data: CustomData | None = None


class ClearCacheStatusEnumType(StrEnum):
    """Whether the cache was emptied."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class ClearCacheResponse(Response):
    """Says whether the cache is empty now."""

    status: ClearCacheStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ClearCacheRequest(Request[ClearCacheResponse], action="ClearCache", sender=CENTRAL):
    """Makes the station forget every authorization it has cached."""

    custom_data: CustomData | None = None


AUTHORIZATION = Profile("Authorization", [AuthorizeRequest, ClearCacheRequest])
