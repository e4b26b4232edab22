"""The Reservation profile: a connector kept free for an id tag."""

from __future__ import annotations

from enum import StrEnum

from ..schema import CENTRAL, DateTime, Profile, Response, Str20
from ._draft4 import Request

__all__ = [
    "RESERVATION",
    "CancelReservationRequest",
    "CancelReservationResponse",
    "CancelReservationStatus",
    "ReservationStatus",
    "ReserveNowRequest",
    "ReserveNowResponse",
]


class CancelReservationStatus(StrEnum):
    """Whether there was such a reservation to cancel."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class CancelReservationResponse(Response):
    """Says whether the reservation was cancelled."""

    status: CancelReservationStatus


class CancelReservationRequest(Request[CancelReservationResponse], action="CancelReservation", sender=CENTRAL):
    """Cancels a reservation."""

    reservation_id: int


class ReservationStatus(StrEnum):
    """Whether the connector is reserved, and why not."""

    ACCEPTED = "Accepted"
    FAULTED = "Faulted"
    OCCUPIED = "Occupied"
    REJECTED = "Rejected"
    UNAVAILABLE = "Unavailable"


class ReserveNowResponse(Response):
    """Says whether the connector is reserved."""

    status: ReservationStatus


class ReserveNowRequest(Request[ReserveNowResponse], action="ReserveNow", sender=CENTRAL):
    """Reserves a connector until a moment; a known reservation id replaces that reservation."""

    connector_id: int
    """0 is any one connector."""
    expiry_date: DateTime
    id_tag: Str20
    parent_id_tag: Str20 | None = None
    reservation_id: int


RESERVATION = Profile("Reservation", [CancelReservationRequest, ReserveNowRequest])
