"""Smart charging: profiles, limits, schedules and the needs of EVs (block K)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Items,
    Profile,
    Range,
    Request,
    Response,
    Struct,
    field,
)
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
    "ACChargingParametersType",
    "ChargingLimitSourceEnumType",
    "ChargingLimitType",
    "ChargingNeedsType",
    "ChargingProfileCriterionType",
    "ChargingProfileStatusEnumType",
    "ClearChargingProfileRequest",
    "ClearChargingProfileResponse",
    "ClearChargingProfileStatusEnumType",
    "ClearChargingProfileType",
    "ClearedChargingLimitRequest",
    "ClearedChargingLimitResponse",
    "CompositeScheduleType",
    "DCChargingParametersType",
    "EnergyTransferModeEnumType",
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
    "ReportChargingProfilesRequest",
    "ReportChargingProfilesResponse",
    "SetChargingProfileRequest",
    "SetChargingProfileResponse",
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

    evse_id: int
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


class ChargingLimitSourceEnumType(StrEnum):
    """Who limits the charging."""

    EMS = "EMS"
    OTHER = "Other"
    SO = "SO"
    CSO = "CSO"


class ChargingProfileCriterionType(Struct):
    """Which charging profiles to report."""

    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None
    charging_profile_id: Annotated[list[int], Items(1, None)] | None = None
    """No value means any."""
    charging_limit_source: Annotated[list[ChargingLimitSourceEnumType], Items(1, 4)] | None = None
    custom_data: CustomData | None = None


class GetChargingProfilesRequest(Request[GetChargingProfilesResponse], action="GetChargingProfiles", sender=CENTRAL):
    """Asks the station to report its charging profiles."""

    request_id: int
    """Comes back in every part of the report."""
    evse_id: int | None = None
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
    charging_limit_source: ChargingLimitSourceEnumType
    charging_profile: Annotated[list[ChargingProfileType], Items(1, None)]
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    evse_id: int
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

    evse_id: int | None = None
    """0 means the station as a whole."""
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None
    custom_data: CustomData | None = None


class ClearChargingProfileRequest(Request[ClearChargingProfileResponse], action="ClearChargingProfile", sender=CENTRAL):
    """Removes charging profiles, by id or by criteria."""

    charging_profile_id: int | None = None
    charging_profile_criteria: ClearChargingProfileType | None = None
    """Used when there is no id."""
    custom_data: CustomData | None = None


class CompositeScheduleType(Struct):
    """What all profiles and limits of an EVSE amount to."""

    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Items(1, None)]
    evse_id: int
    """0 means the station's grid connection."""
    duration: int
    """In seconds."""
    schedule_start: DateTime
    charging_rate_unit: ChargingRateUnitEnumType
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
    evse_id: int
    """0 means the station's grid connection."""
    custom_data: CustomData | None = None


class NotifyChargingLimitResponse(Response):
    """Acknowledges an outside limit."""

    custom_data: CustomData | None = None


class ChargingLimitType(Struct):
    """Where a limit comes from and how serious it is."""

    charging_limit_source: ChargingLimitSourceEnumType
    is_grid_critical: bool | None = None
    custom_data: CustomData | None = None


class NotifyChargingLimitRequest(Request[NotifyChargingLimitResponse], action="NotifyChargingLimit", sender=STATION):
    """Tells that someone other than the CSMS has limited charging."""

    charging_schedule: Annotated[list[ChargingScheduleType], Items(1, None)] | None = None
    evse_id: int | None = None
    """No value means the whole station."""
    charging_limit: ChargingLimitType
    custom_data: CustomData | None = None


class ClearedChargingLimitResponse(Response):
    """Acknowledges that an outside limit is gone."""

    custom_data: CustomData | None = None


class ClearedChargingLimitRequest(Request[ClearedChargingLimitResponse], action="ClearedChargingLimit", sender=STATION):
    """Tells that an outside limit is gone."""

    charging_limit_source: ChargingLimitSourceEnumType
    evse_id: int | None = None
    custom_data: CustomData | None = None


class NotifyEVChargingNeedsStatusEnumType(StrEnum):
    """Whether a charging profile for the EV will come."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    PROCESSING = "Processing"


class NotifyEVChargingNeedsResponse(Response):
    """Says whether a charging profile for the EV's needs is to be expected."""

    status: NotifyEVChargingNeedsStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ACChargingParametersType(Struct):
    """What an EV asks for when it charges by AC."""

    energy_amount: int
    """In Wh."""
    ev_min_current: int
    """In A per phase."""
    ev_max_current: int
    """In A per phase."""
    ev_max_voltage: int
    """In V."""
    custom_data: CustomData | None = None


class DCChargingParametersType(Struct):
    """What an EV asks for when it charges by DC."""

    ev_max_current: int
    """In A."""
    ev_max_voltage: int
    """In V."""
    energy_amount: int | None = None
    """In Wh."""
    ev_max_power: int | None = None
    """In W."""
    state_of_charge: Annotated[int, Range(0, 100)] | None = None
    """In percent."""
    ev_energy_capacity: int | None = None
    """Of the battery, in Wh."""
    full_soc: Annotated[int, Range(0, 100)] | None = field(json="fullSoC", default=None)
    """The percentage at which the EV calls its battery full."""
    bulk_soc: Annotated[int, Range(0, 100)] | None = field(json="bulkSoC", default=None)
    """The percentage up to which the EV charges fast."""
    custom_data: CustomData | None = None


class EnergyTransferModeEnumType(StrEnum):
    """How energy goes between EVSE and EV."""

    DC = "DC"
    AC_SINGLE_PHASE = "AC_single_phase"
    AC_TWO_PHASE = "AC_two_phase"
    AC_THREE_PHASE = "AC_three_phase"


class ChargingNeedsType(Struct):
    """What an EV asks for."""

    ac_charging_parameters: ACChargingParametersType | None = None
    dc_charging_parameters: DCChargingParametersType | None = None
    requested_energy_transfer: EnergyTransferModeEnumType
    departure_time: DateTime | None = None
    """When the EV means to leave."""
    custom_data: CustomData | None = None


class NotifyEVChargingNeedsRequest(
    Request[NotifyEVChargingNeedsResponse], action="NotifyEVChargingNeeds", sender=STATION
):
    """Passes on what an EV asks for when charging by ISO 15118."""

    max_schedule_tuples: int | None = None
    """How many entries of a schedule the EV can take."""
    charging_needs: ChargingNeedsType
    evse_id: int
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
    evse_id: int
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
    ],
)
