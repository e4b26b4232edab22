"""Reservations of EVSEs (block H)."""

from enum import StrEnum

from ..schema import CENTRAL, STATION, CustomData, DateTime, Profile, Request, Response
from .types import IdTokenType, StatusInfoType

__all__ = [
    "RESERVATION",
    "CancelReservationRequest",
    "CancelReservationResponse",
    "CancelReservationStatusEnumType",
    "ConnectorEnumType",
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


class ConnectorEnumType(StrEnum):
    """The kind of a connector: cables start with c, sockets with s, wireless with w."""

    C_CCS1 = "cCCS1"
    C_CCS2 = "cCCS2"
    C_G105 = "cG105"
    C_TESLA = "cTesla"
    C_TYPE1 = "cType1"
    C_TYPE2 = "cType2"
    S_309_1P_16A = "s309-1P-16A"
    S_309_1P_32A = "s309-1P-32A"
    S_309_3P_16A = "s309-3P-16A"
    S_309_3P_32A = "s309-3P-32A"
    S_BS1361 = "sBS1361"
    S_CEE_7_7 = "sCEE-7-7"
    S_TYPE2 = "sType2"
    S_TYPE3 = "sType3"
    OTHER_1PH_MAX_16A = "Other1PhMax16A"
    OTHER_1PH_OVER_16A = "Other1PhOver16A"
    OTHER_3PH = "Other3Ph"
    PAN = "Pan"
    W_INDUCTIVE = "wInductive"
    W_RESONANT = "wResonant"
    UNDETERMINED = "Undetermined"
    UNKNOWN = "Unknown"


class ReserveNowRequest(Request[ReserveNowResponse], action="ReserveNow", sender=CENTRAL):
    """Keeps an EVSE free for the holder of a token."""

    id: int
    """Reusing an id replaces that reservation."""
    expiry_date_time: DateTime
    connector_type: ConnectorEnumType | None = None
    id_token: IdTokenType
    evse_id: int | None = None
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

    reservation_id: int
    custom_data: CustomData | None = None


class ReservationStatusUpdateResponse(Response):
    """Acknowledges the end of a reservation."""

    custom_data: CustomData | None = None


class ReservationUpdateStatusEnumType(StrEnum):
    """How a reservation ended."""

    EXPIRED = "Expired"
    REMOVED = "Removed"


class ReservationStatusUpdateRequest(
    Request[ReservationStatusUpdateResponse], action="ReservationStatusUpdate", sender=STATION
):
    """Tells that a reservation came to its end without being used."""

    reservation_id: int
    reservation_update_status: ReservationUpdateStatusEnumType
    custom_data: CustomData | None = None


RESERVATION = Profile("Reservation", [ReserveNowRequest, CancelReservationRequest, ReservationStatusUpdateRequest])
