"""Authorization of drivers, the cache of it, and payment on the spot (block C)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id36,
    Id255,
    Items,
    Profile,
    Range,
    Request,
    Response,
    Str20,
    Str50,
    Str100,
    Str500,
    Str2000,
    Str10000,
    Struct,
)
from .tariffs import TariffType
from .types import (
    EnergyTransferModeEnumType,
    GenericStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    OCSPRequestDataType,
    StatusInfoType,
)

__all__ = [
    "AUTHORIZATION",
    "AddressType",
    "AuthorizeCertificateStatusEnumType",
    "AuthorizeRequest",
    "AuthorizeResponse",
    "ClearCacheRequest",
    "ClearCacheResponse",
    "ClearCacheStatusEnumType",
    "NotifySettlementRequest",
    "NotifySettlementResponse",
    "NotifyWebPaymentStartedRequest",
    "NotifyWebPaymentStartedResponse",
    "PaymentStatusEnumType",
    "VatNumberValidationRequest",
    "VatNumberValidationResponse",
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
    allowed_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Items(1, None)] | None = None
    """No value means charging only."""
    tariff: TariffType | None = None
    """The driver's own tariff."""
    custom_data: CustomData | None = None


class AuthorizeRequest(Request[AuthorizeResponse], action="Authorize", sender=STATION):
    """Asks whether the holder of a token may charge here."""

    id_token: IdTokenType
    certificate: Str10000 | None = None
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


class NotifySettlementResponse(Response):
    """Acknowledges the settlement, with the receipt if the CSMS writes it."""

    receipt_url: Str2000 | None = None
    """Where the CSMS's receipt is found, to be shown as a QR code."""
    receipt_id: Str50 | None = None
    custom_data: CustomData | None = None


class PaymentStatusEnumType(StrEnum):
    """How a settlement ended."""

    SETTLED = "Settled"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    FAILED = "Failed"


class AddressType(Struct):
    """A postal address."""

    name: Str50
    address1: Str100
    address2: Str100 | None = None
    city: Str100
    postal_code: Str20 | None = None
    country: Str50
    custom_data: CustomData | None = None


class NotifySettlementRequest(Request[NotifySettlementResponse], action="NotifySettlement", sender=STATION):
    """Reports how the settling of a payment made at the station went."""

    transaction_id: Id36 | None = None
    """Missing when the payment was called off before a transaction began."""
    psp_ref: Id255
    """The payment service's reference; it served as the id token."""
    status: PaymentStatusEnumType
    status_info: Str500 | None = None
    """Free text of the payment terminal."""
    settlement_amount: float
    """What was settled, or was to be."""
    settlement_time: DateTime
    receipt_id: Str50 | None = None
    receipt_url: Str2000 | None = None
    """Where the station's or terminal's receipt is found."""
    vat_company: AddressType | None = None
    """To whom a company receipt goes."""
    vat_number: Str20 | None = None
    custom_data: CustomData | None = None


class NotifyWebPaymentStartedResponse(Response):
    """Acknowledges that a web payment is under way."""

    custom_data: CustomData | None = None


class NotifyWebPaymentStartedRequest(
    Request[NotifyWebPaymentStartedResponse], action="NotifyWebPaymentStarted", sender=CENTRAL
):
    """Tells that a driver has begun to pay for an EVSE in a browser."""

    evse_id: Annotated[int, Range(0, None)]
    timeout: int
    """Seconds to wait for the payment's result."""
    custom_data: CustomData | None = None


class VatNumberValidationResponse(Response):
    """Says whether the VAT number is valid and names its company."""

    company: AddressType | None = None
    status_info: StatusInfoType | None = None
    vat_number: Str20
    evse_id: Annotated[int, Range(0, None)] | None = None
    status: GenericStatusEnumType
    custom_data: CustomData | None = None


class VatNumberValidationRequest(Request[VatNumberValidationResponse], action="VatNumberValidation", sender=STATION):
    """Asks whether a VAT number exists and whose it is."""

    vat_number: Str20
    evse_id: Annotated[int, Range(0, None)] | None = None
    custom_data: CustomData | None = None


AUTHORIZATION = Profile(
    "Authorization",
    [
        AuthorizeRequest,
        ClearCacheRequest,
        NotifySettlementRequest,
        NotifyWebPaymentStartedRequest,
        VatNumberValidationRequest,
    ],
)
