"""Reservations of EVSEs (block H)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, STATION, CustomData, DateTime, Profile, Range, Request, Response, Str20
from .types import IdTokenType, StatusInfoType

__all__ = [
    "RESERVATION",
    "CancelReservationRequest",
    "CancelReservationResponse",
    "CancelReservationStatusEnumType",
    "ReservationStatusUpdateRequest",
    "ReservationStatusUpdateResponse",
    "ReservationUpdateStatusEnumType",
    "ReserveNowRequest",
    "ReserveNowResponse",
    "ReserveNowStatusEnumType",
]


class ReserveNowStatusEnumType(StrEnum):
    """Whether a reservation was made, or what stands in its way."""

    ACCEPTED = "Accepted"
    FAULTED = "Faulted"
    OCCUPIED = "Occupied"
    REJECTED = "Rejected"
    UNAVAILABLE = "Unavailable"


class ReserveNowResponse(Response):
    """Says whether the reservation was made."""

    status: ReserveNowStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ReserveNowRequest(Request[ReserveNowResponse], action="ReserveNow", sender=CENTRAL):
    """Keeps an EVSE free for the holder of a token."""

    id: Annotated[int, Range(0, None)]
    """Reusing an id replaces that reservation."""
    expiry_date_time: DateTime
    connector_type: Str20 | None = None
    """A kind from the appendices, such as `cCCS2`."""
    id_token: IdTokenType
    evse_id: Annotated[int, Range(0, None)] | None = None
    """No value means any EVSE."""
    group_id_token: IdTokenType | None = None
    """Whose members may use the reservation, too."""
    custom_data: CustomData | None = None


class CancelReservationStatusEnumType(StrEnum):
    """Whether a reservation was given up."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class CancelReservationResponse(Response):
    """Says whether there was such a reservation to give up."""

    status: CancelReservationStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class CancelReservationRequest(Request[CancelReservationResponse], action="CancelReservation", sender=CENTRAL):
    """Gives up a reservation."""

    reservation_id: Annotated[int, Range(0, None)]
    custom_data: CustomData | None = None


class ReservationStatusUpdateResponse(Response):
    """Acknowledges the end of a reservation."""

    custom_data: CustomData | None = None


class ReservationUpdateStatusEnumType(StrEnum):
    """How a reservation ended."""

    EXPIRED = "Expired"
    REMOVED = "Removed"
    NO_TRANSACTION = "NoTransaction"


class ReservationStatusUpdateRequest(
    Request[ReservationStatusUpdateResponse], action="ReservationStatusUpdate", sender=STATION
):
    """Tells that a reservation came to its end without being used."""

    reservation_id: Annotated[int, Range(0, None)]
    reservation_update_status: ReservationUpdateStatusEnumType
    custom_data: CustomData | None = None


RESERVATION = Profile("Reservation", [ReserveNowRequest, CancelReservationRequest, ReservationStatusUpdateRequest])
