"""Availability of stations, EVSEs and connectors (block G)."""

from enum import StrEnum

from ..schema import CENTRAL, STATION, CustomData, DateTime, Profile, Request, Response
from .types import EVSEType, StatusInfoType

__all__ = [
    "AVAILABILITY",
    "ChangeAvailabilityRequest",
    "ChangeAvailabilityResponse",
    "ChangeAvailabilityStatusEnumType",
    "ConnectorStatusEnumType",
    "HeartbeatRequest",
    "HeartbeatResponse",
    "OperationalStatusEnumType",
    "StatusNotificationRequest",
    "StatusNotificationResponse",
]


class StatusNotificationResponse(Response):
    """Acknowledges the new status."""

    custom_data: CustomData | None = None


class ConnectorStatusEnumType(StrEnum):
    """The status of a connector."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class StatusNotificationRequest(Request[StatusNotificationResponse], action="StatusNotification", sender=STATION):
    """Tells the new status of a connector."""

    timestamp: DateTime
    connector_status: ConnectorStatusEnumType
    evse_id: int
    connector_id: int
    custom_data: CustomData | None = None


class HeartbeatResponse(Response):
    """Tells the time of the CSMS."""

    current_time: DateTime
    custom_data: CustomData | None = None


class HeartbeatRequest(Request[HeartbeatResponse], action="Heartbeat", sender=STATION):
    """Shows that the station is alive and asks for the time."""

    custom_data: CustomData | None = None


class ChangeAvailabilityStatusEnumType(StrEnum):
    """Whether and when the availability changes."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


class ChangeAvailabilityResponse(Response):
    """Says whether the availability changes at once, later or not at all."""

    status: ChangeAvailabilityStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class OperationalStatusEnumType(StrEnum):
    """In service or out of it."""

    INOPERATIVE = "Inoperative"
    OPERATIVE = "Operative"


class ChangeAvailabilityRequest(Request[ChangeAvailabilityResponse], action="ChangeAvailability", sender=CENTRAL):
    """Takes a station, an EVSE or a connector out of service or back into it."""

    evse: EVSEType | None = None
    """No value means the whole station."""
    operational_status: OperationalStatusEnumType
    custom_data: CustomData | None = None


AVAILABILITY = Profile("Availability", [StatusNotificationRequest, HeartbeatRequest, ChangeAvailabilityRequest])
