"""Exchange of data that vendors have agreed on among themselves (block P)."""

from enum import StrEnum

from ..schema import BOTH, CustomData, Json, Profile, Request, Response, Str50, Str255
from .types import StatusInfoType

__all__ = [
    "DATA_TRANSFER",
    "DataTransferRequest",
    "DataTransferResponse",
    "DataTransferStatusEnumType",
]


class DataTransferStatusEnumType(StrEnum):
    """Whether a vendor's message was understood."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_MESSAGE_ID = "UnknownMessageId"
    UNKNOWN_VENDOR_ID = "UnknownVendorId"


class DataTransferResponse(Response):
    """Says whether the vendor's message was understood, and carries its answer."""

    status: DataTransferStatusEnumType
    status_info: StatusInfoType | None = None
    data: Json | None = None
    """Any JSON."""
    custom_data: CustomData | None = None


class DataTransferRequest(Request[DataTransferResponse], action="DataTransfer", sender=BOTH):
    """Carries a vendor's own message; either side may send it."""

    message_id: Str50 | None = None
    """Tells the vendor's messages apart."""
    data: Json | None = None
    """Any JSON."""
    vendor_id: Str255
    """Whose message this is."""
    custom_data: CustomData | None = None


DATA_TRANSFER = Profile("DataTransfer", [DataTransferRequest])
