"""The Smart Charging profile: limits over time, per station, connector or transaction."""

from __future__ import annotations

from enum import StrEnum

from ..schema import CENTRAL, DateTime, Profile, Response
from ._draft4 import Request
from .types import ChargingProfile, ChargingProfilePurposeType, ChargingRateUnitType, ChargingSchedule

__all__ = [
    "SMART_CHARGING",
    "ChargingProfileStatus",
    "ClearChargingProfileRequest",
    "ClearChargingProfileResponse",
    "ClearChargingProfileStatus",
    "GetCompositeScheduleRequest",
    "GetCompositeScheduleResponse",
    "GetCompositeScheduleStatus",
    "SetChargingProfileRequest",
    "SetChargingProfileResponse",
]


class ClearChargingProfileStatus(StrEnum):
    """Whether any profile matched."""

    ACCEPTED = "Accepted"
    UNKNOWN = "Unknown"


class ClearChargingProfileResponse(Response):
    """Says whether any profile was removed."""

    status: ClearChargingProfileStatus


class ClearChargingProfileRequest(Request[ClearChargingProfileResponse], action="ClearChargingProfile", sender=CENTRAL):
    """Removes the one profile of an id, or all that match the other fields."""

    id: int | None = None
    connector_id: int | None = None
    charging_profile_purpose: ChargingProfilePurposeType | None = None
    stack_level: int | None = None
    """No value means any."""


class GetCompositeScheduleStatus(StrEnum):
    """Whether the station can tell."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class GetCompositeScheduleResponse(Response):
    """Tells the limits that all profiles together amount to."""

    status: GetCompositeScheduleStatus
    connector_id: int | None = None
    schedule_start: DateTime | None = None
    charging_schedule: ChargingSchedule | None = None


class GetCompositeScheduleRequest(Request[GetCompositeScheduleResponse], action="GetCompositeSchedule", sender=CENTRAL):
    """Asks for the limits that will hold from now on."""

    connector_id: int
    """0 is the grid connection of the station."""
    duration: int
    """Seconds."""
    charging_rate_unit: ChargingRateUnitType | None = None


class ChargingProfileStatus(StrEnum):
    """Whether the station took the profile."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"


class SetChargingProfileResponse(Response):
    """Says whether the station took the profile."""

    status: ChargingProfileStatus


class SetChargingProfileRequest(Request[SetChargingProfileResponse], action="SetChargingProfile", sender=CENTRAL):
    """Installs a charging profile."""

    connector_id: int
    """0: for the whole station, or a default for every connector."""
    cs_charging_profiles: ChargingProfile


SMART_CHARGING = Profile(
    "SmartCharging",
    [ClearChargingProfileRequest, GetCompositeScheduleRequest, SetChargingProfileRequest],
)
