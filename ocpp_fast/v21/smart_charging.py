"""Smart charging: profiles, limits, schedules and the needs of EVs (block K)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id36,
    Items,
    Profile,
    Range,
    Request,
    Response,
    Str20,
    Struct,
    field,
)
from .charging_needs import ChargingNeedsType
from .charging_profiles import (
    ChargingProfilePurposeEnumType,
    ChargingProfileType,
    ChargingRateUnitEnumType,
    ChargingSchedulePeriodType,
    ChargingScheduleType,
)
from .types import GenericStatusEnumType, StatusInfoType

__all__ = [
    "SMART_CHARGING",
    "ChargingLimitType",
    "ChargingProfileCriterionType",
    "ChargingProfileStatusEnumType",
    "ChargingScheduleUpdateType",
    "ClearChargingProfileRequest",
    "ClearChargingProfileResponse",
    "ClearChargingProfileStatusEnumType",
    "ClearChargingProfileType",
    "ClearedChargingLimitRequest",
    "ClearedChargingLimitResponse",
    "CompositeScheduleType",
    "GetChargingProfileStatusEnumType",
    "GetChargingProfilesRequest",
    "GetChargingProfilesResponse",
    "GetCompositeScheduleRequest",
    "GetCompositeScheduleResponse",
    "NotifyChargingLimitRequest",
    "NotifyChargingLimitResponse",
    "NotifyEVChargingNeedsRequest",
    "NotifyEVChargingNeedsResponse",
    "NotifyEVChargingNeedsStatusEnumType",
    "NotifyEVChargingScheduleRequest",
    "NotifyEVChargingScheduleResponse",
    "NotifyPriorityChargingRequest",
    "NotifyPriorityChargingResponse",
    "PriorityChargingStatusEnumType",
    "PullDynamicScheduleUpdateRequest",
    "PullDynamicScheduleUpdateResponse",
    "ReportChargingProfilesRequest",
    "ReportChargingProfilesResponse",
    "SetChargingProfileRequest",
    "SetChargingProfileResponse",
    "UpdateDynamicScheduleRequest",
    "UpdateDynamicScheduleResponse",
    "UsePriorityChargingRequest",
    "UsePriorityChargingResponse",
]


class ChargingProfileStatusEnumType(StrEnum):
    """Whether a profile was taken."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class SetChargingProfileResponse(Response):
    """Says whether the profile was installed."""

    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class SetChargingProfileRequest(Request[SetChargingProfileResponse], action="SetChargingProfile", sender=CENTRAL):
    """Installs or replaces a charging profile."""

    evse_id: Annotated[int, Range(0, None)]
    """0 is the whole station or, for a default profile, each of its EVSEs."""
    charging_profile: ChargingProfileType
    custom_data: CustomData | None = None


class GetChargingProfileStatusEnumType(StrEnum):
    """Whether profiles will be reported."""

    ACCEPTED = "Accepted"
    NO_PROFILES = "NoProfiles"


class GetChargingProfilesResponse(Response):
    """Says whether there is anything to report; it follows in `ReportChargingProfilesRequest`s."""

    status: GetChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ChargingProfileCriterionType(Struct):
    """Which charging profiles to report."""

    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: Annotated[int, Range(0, None)] | None = None
    charging_profile_id: Annotated[list[int], Items(1, None)] | None = None
    """No value means any."""
    charging_limit_source: Annotated[list[Str20], Items(1, 4)] | None = None
    custom_data: CustomData | None = None


class GetChargingProfilesRequest(Request[GetChargingProfilesResponse], action="GetChargingProfiles", sender=CENTRAL):
    """Asks the station to report its charging profiles."""

    request_id: int
    """Comes back in every part of the report."""
    evse_id: Annotated[int, Range(0, None)] | None = None
    """0 means those of the station as a whole, no value all."""
    charging_profile: ChargingProfileCriterionType
    custom_data: CustomData | None = None


class ReportChargingProfilesResponse(Response):
    """Acknowledges a part of the profile report."""

    custom_data: CustomData | None = None


class ReportChargingProfilesRequest(
    Request[ReportChargingProfilesResponse], action="ReportChargingProfiles", sender=STATION
):
    """Carries some of the profiles that were asked for."""

    request_id: int
    """The one of the request for this report."""
    charging_limit_source: Str20
    """A source from the appendices, such as `EMS` or `CSO`, or one's own."""
    charging_profile: Annotated[list[ChargingProfileType], Items(1, None)]
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    evse_id: Annotated[int, Range(0, None)]
    """0 means the station as a whole."""
    custom_data: CustomData | None = None


class ClearChargingProfileStatusEnumType(StrEnum):
    """Whether any profile was found and removed."""

    ACCEPTED = "Accepted"
    UNKNOWN = "Unknown"


class ClearChargingProfileResponse(Response):
    """Says whether any profile was removed."""

    status: ClearChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ClearChargingProfileType(Struct):
    """Which charging profiles to remove."""

    evse_id: Annotated[int, Range(0, None)] | None = None
    """0 means the station as a whole."""
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: Annotated[int, Range(0, None)] | None = None
    custom_data: CustomData | None = None


class ClearChargingProfileRequest(Request[ClearChargingProfileResponse], action="ClearChargingProfile", sender=CENTRAL):
    """Removes charging profiles, by id or by criteria."""

    charging_profile_id: int | None = None
    charging_profile_criteria: ClearChargingProfileType | None = None
    """Used when there is no id."""
    custom_data: CustomData | None = None


class CompositeScheduleType(Struct):
    """What all profiles and limits of an EVSE amount to."""

    evse_id: Annotated[int, Range(0, None)]
    """0 means the station's grid connection."""
    duration: int
    """In seconds."""
    schedule_start: DateTime
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Items(1, None)]
    custom_data: CustomData | None = None


class GetCompositeScheduleResponse(Response):
    """Carries the schedule that results from all profiles and limits."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    schedule: CompositeScheduleType | None = None
    custom_data: CustomData | None = None


class GetCompositeScheduleRequest(Request[GetCompositeScheduleResponse], action="GetCompositeSchedule", sender=CENTRAL):
    """Asks what all profiles and limits together amount to."""

    duration: int
    """In seconds."""
    charging_rate_unit: ChargingRateUnitEnumType | None = None
    """To have the rates in this unit."""
    evse_id: Annotated[int, Range(0, None)]
    """0 means the station's grid connection."""
    custom_data: CustomData | None = None


class NotifyChargingLimitResponse(Response):
    """Acknowledges an outside limit."""

    custom_data: CustomData | None = None


class ChargingLimitType(Struct):
    """Where a limit comes from and how serious it is."""

    charging_limit_source: Str20
    """A source from the appendices, such as `EMS` or `CSO`, or one's own."""
    is_local_generation: bool | None = None
    """Whether this is no limit but power won on the site."""
    is_grid_critical: bool | None = None
    custom_data: CustomData | None = None


class NotifyChargingLimitRequest(Request[NotifyChargingLimitResponse], action="NotifyChargingLimit", sender=STATION):
    """Tells that someone other than the CSMS has limited charging."""

    charging_schedule: Annotated[list[ChargingScheduleType], Items(1, None)] | None = None
    evse_id: Annotated[int, Range(0, None)] | None = None
    """0, or no value: the whole station."""
    charging_limit: ChargingLimitType
    custom_data: CustomData | None = None


class ClearedChargingLimitResponse(Response):
    """Acknowledges that an outside limit is gone."""

    custom_data: CustomData | None = None


class ClearedChargingLimitRequest(Request[ClearedChargingLimitResponse], action="ClearedChargingLimit", sender=STATION):
    """Tells that an outside limit is gone."""

    charging_limit_source: Str20
    """A source from the appendices, such as `EMS` or `CSO`, or one's own."""
    evse_id: Annotated[int, Range(0, None)] | None = None
    custom_data: CustomData | None = None


class NotifyEVChargingNeedsStatusEnumType(StrEnum):
    """Whether a charging profile for the EV will come."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    PROCESSING = "Processing"
    NO_CHARGING_PROFILE = "NoChargingProfile"


class NotifyEVChargingNeedsResponse(Response):
    """Says whether a charging profile for the EV's needs is to be expected."""

    status: NotifyEVChargingNeedsStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class NotifyEVChargingNeedsRequest(
    Request[NotifyEVChargingNeedsResponse], action="NotifyEVChargingNeeds", sender=STATION
):
    """Passes on what an EV asks for when charging by ISO 15118."""

    evse_id: Annotated[int, Range(1, None)]
    max_schedule_tuples: Annotated[int, Range(0, None)] | None = None
    """How many entries of a schedule the EV can take."""
    charging_needs: ChargingNeedsType
    timestamp: DateTime | None = None
    """When the EV asked, if that was while offline."""
    custom_data: CustomData | None = None


class NotifyEVChargingScheduleResponse(Response):
    """Says whether the EV's schedule is fine."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class NotifyEVChargingScheduleRequest(
    Request[NotifyEVChargingScheduleResponse], action="NotifyEVChargingSchedule", sender=STATION
):
    """Passes on the schedule that an EV means to follow."""

    time_base: DateTime
    """What the periods of the schedule are counted from."""
    charging_schedule: ChargingScheduleType
    evse_id: Annotated[int, Range(1, None)]
    selected_charging_schedule_id: Annotated[int, Range(0, None)] | None = None
    """The schedule of the profile that the EV has chosen."""
    power_tolerance_acceptance: bool | None = None
    """Whether the EV agrees to the power tolerance."""
    custom_data: CustomData | None = None


class PriorityChargingStatusEnumType(StrEnum):
    """Whether priority charging is switched."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NO_PROFILE = "NoProfile"


class UsePriorityChargingResponse(Response):
    """Says whether the station has a profile for priority charging and switches to it."""

    status: PriorityChargingStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class UsePriorityChargingRequest(Request[UsePriorityChargingResponse], action="UsePriorityCharging", sender=CENTRAL):
    """Turns priority charging of a transaction on or off."""

    transaction_id: Id36
    activate: bool
    custom_data: CustomData | None = None


class NotifyPriorityChargingResponse(Response):
    """Acknowledges the switch of priority charging."""

    custom_data: CustomData | None = None


class NotifyPriorityChargingRequest(
    Request[NotifyPriorityChargingResponse], action="NotifyPriorityCharging", sender=STATION
):
    """Tells that priority charging was turned on or off at the station."""

    transaction_id: Id36
    activated: bool
    custom_data: CustomData | None = None


class ChargingScheduleUpdateType(Struct):
    """Fresh limits and setpoints of a dynamic profile."""

    limit: float | None = None
    """In the unit of the schedule that is updated."""
    limit_l2: float | None = field(json="limit_L2", default=None)
    limit_l3: float | None = field(json="limit_L3", default=None)
    discharge_limit: Annotated[float, Range(None, 0)] | None = None
    """Not positive: discharging counts below zero."""
    discharge_limit_l2: Annotated[float, Range(None, 0)] | None = field(json="dischargeLimit_L2", default=None)
    discharge_limit_l3: Annotated[float, Range(None, 0)] | None = field(json="dischargeLimit_L3", default=None)
    setpoint: float | None = None
    """What to keep to; negative means discharging."""
    setpoint_l2: float | None = field(json="setpoint_L2", default=None)
    setpoint_l3: float | None = field(json="setpoint_L3", default=None)
    setpoint_reactive: float | None = None
    """Positive is inductive, negative capacitive."""
    setpoint_reactive_l2: float | None = field(json="setpointReactive_L2", default=None)
    setpoint_reactive_l3: float | None = field(json="setpointReactive_L3", default=None)
    custom_data: CustomData | None = None


class PullDynamicScheduleUpdateResponse(Response):
    """Carries the fresh limits and setpoints of a dynamic profile."""

    schedule_update: ChargingScheduleUpdateType | None = None
    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class PullDynamicScheduleUpdateRequest(
    Request[PullDynamicScheduleUpdateResponse], action="PullDynamicScheduleUpdate", sender=STATION
):
    """Asks for fresh limits and setpoints of a dynamic profile."""

    charging_profile_id: int
    custom_data: CustomData | None = None


class UpdateDynamicScheduleResponse(Response):
    """Says whether the dynamic profile was updated."""

    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class UpdateDynamicScheduleRequest(
    Request[UpdateDynamicScheduleResponse], action="UpdateDynamicSchedule", sender=CENTRAL
):
    """Pushes fresh limits and setpoints of a dynamic profile."""

    charging_profile_id: int
    schedule_update: ChargingScheduleUpdateType
    custom_data: CustomData | None = None


SMART_CHARGING = Profile(
    "SmartCharging",
    [
        SetChargingProfileRequest,
        GetChargingProfilesRequest,
        ReportChargingProfilesRequest,
        ClearChargingProfileRequest,
        GetCompositeScheduleRequest,
        NotifyChargingLimitRequest,
        ClearedChargingLimitRequest,
        NotifyEVChargingNeedsRequest,
        NotifyEVChargingScheduleRequest,
        UsePriorityChargingRequest,
        NotifyPriorityChargingRequest,
        PullDynamicScheduleUpdateRequest,
        UpdateDynamicScheduleRequest,
    ],
)
