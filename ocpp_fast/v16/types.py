"""The types of 1.6 that more than one profile uses."""

from __future__ import annotations

from enum import StrEnum

from ..schema import DateTime, Str20, Struct, Tenths

__all__ = [
    "AuthorizationStatus",
    "ChargingProfile",
    "ChargingProfileKindType",
    "ChargingProfilePurposeType",
    "ChargingRateUnitType",
    "ChargingSchedule",
    "ChargingSchedulePeriod",
    "IdTagInfo",
    "RecurrencyKindType",
]


class AuthorizationStatus(StrEnum):
    """Whether an id tag may charge, and why not."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


class IdTagInfo(Struct):
    """What the central system knows of an id tag."""

    expiry_date: DateTime | None = None
    """When the entry leaves the station's authorization cache."""
    parent_id_tag: Str20 | None = None
    status: AuthorizationStatus


class ChargingRateUnitType(StrEnum):
    """What a schedule limits: amperes per phase, or watts in all."""

    A = "A"
    W = "W"


class ChargingSchedulePeriod(Struct):
    """One step of a schedule: the limit that holds until the next step starts."""

    start_period: int
    """Seconds from the start of the schedule."""
    limit: Tenths
    """In the schedule's `charging_rate_unit`."""
    number_phases: int | None = None
    """Without it: 3."""


class ChargingSchedule(Struct):
    """A course of limits over time."""

    duration: int | None = None
    """Seconds; without it the last period never ends."""
    start_schedule: DateTime | None = None
    charging_rate_unit: ChargingRateUnitType
    charging_schedule_period: list[ChargingSchedulePeriod]
    min_charging_rate: Tenths | None = None
    """In `charging_rate_unit`: below it the car charges inefficiently."""


class ChargingProfilePurposeType(StrEnum):
    """What a profile limits: the whole station, any transaction, or one transaction."""

    CHARGE_POINT_MAX_PROFILE = "ChargePointMaxProfile"
    TX_DEFAULT_PROFILE = "TxDefaultProfile"
    TX_PROFILE = "TxProfile"


class ChargingProfileKindType(StrEnum):
    """What the periods of a profile's schedule are counted from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class RecurrencyKindType(StrEnum):
    """How often a recurring schedule starts again."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class ChargingProfile(Struct):
    """A schedule and when, where and with which priority it holds."""

    charging_profile_id: int
    transaction_id: int | None = None
    stack_level: int
    """The higher level wins."""
    charging_profile_purpose: ChargingProfilePurposeType
    charging_profile_kind: ChargingProfileKindType
    recurrency_kind: RecurrencyKindType | None = None
    valid_from: DateTime | None = None
    valid_to: DateTime | None = None
    charging_schedule: ChargingSchedule
