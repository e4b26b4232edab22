"""Charging profiles and their schedules, as smart charging and remote control use them."""

from enum import StrEnum
from typing import Annotated

from ..schema import CustomData, DateTime, Id36, Items, Places, Range, Str32, Struct

__all__ = [
    "ChargingProfileKindEnumType",
    "ChargingProfilePurposeEnumType",
    "ChargingProfileType",
    "ChargingRateUnitEnumType",
    "ChargingSchedulePeriodType",
    "ChargingScheduleType",
    "ConsumptionCostType",
    "CostKindEnumType",
    "CostType",
    "RecurrencyKindEnumType",
    "RelativeTimeIntervalType",
    "SalesTariffEntryType",
    "SalesTariffType",
]


class ChargingProfilePurposeEnumType(StrEnum):
    """What a profile is for, and so how it combines with others."""

    CHARGING_STATION_EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    CHARGING_STATION_MAX_PROFILE = "ChargingStationMaxProfile"
    TX_DEFAULT_PROFILE = "TxDefaultProfile"
    TX_PROFILE = "TxProfile"


class ChargingProfileKindEnumType(StrEnum):
    """What the times of a profile are counted from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class RecurrencyKindEnumType(StrEnum):
    """How often a recurring profile starts anew."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class ChargingRateUnitEnumType(StrEnum):
    """Whether rates are watts or amperes."""

    W = "W"
    A = "A"


class ChargingSchedulePeriodType(Struct):
    """One step of a schedule; it holds until the next one starts."""

    start_period: int
    """Seconds since the schedule began."""
    limit: Annotated[float, Places(1)]
    """In the schedule's unit: W over all phases, or A on each."""
    number_phases: int | None = None
    """No value means 3."""
    phase_to_use: int | None = None
    """From 1 to 3, when only one phase is used and the EVSE can switch."""
    custom_data: CustomData | None = None


class RelativeTimeIntervalType(Struct):
    """A stretch of time that starts some seconds from now."""

    start: int
    """Seconds from now."""
    duration: int | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class CostKindEnumType(StrEnum):
    """What a cost is measured in."""

    CARBON_DIOXIDE_EMISSION = "CarbonDioxideEmission"
    RELATIVE_PRICE_PERCENTAGE = "RelativePricePercentage"
    RENEWABLE_GENERATION_PERCENTAGE = "RenewableGenerationPercentage"


class CostType(Struct):
    """A cost for an EV to weigh, not necessarily money."""

    cost_kind: CostKindEnumType
    amount: int
    """Per kWh."""
    amount_multiplier: int | None = None
    """From -3 to 3: the power of ten that `amount` is multiplied by."""
    custom_data: CustomData | None = None


class ConsumptionCostType(Struct):
    """What consumption costs from a certain level on."""

    start_value: float
    """The consumption from which on these costs hold."""
    cost: Annotated[list[CostType], Items(1, 3)]
    custom_data: CustomData | None = None


class SalesTariffEntryType(Struct):
    """What charging costs for a stretch of time."""

    relative_time_interval: RelativeTimeIntervalType
    e_price_level: Annotated[int, Range(0, None)] | None = None
    """The lower, the cheaper."""
    consumption_cost: Annotated[list[ConsumptionCostType], Items(1, 3)] | None = None
    custom_data: CustomData | None = None


class SalesTariffType(Struct):
    """Relative prices over time for an EV to plan by (ISO 15118-2)."""

    id: int
    sales_tariff_description: Str32 | None = None
    num_e_price_levels: int | None = None
    """How many price levels there are in all."""
    sales_tariff_entry: Annotated[list[SalesTariffEntryType], Items(1, 1024)]
    custom_data: CustomData | None = None


class ChargingScheduleType(Struct):
    """A course of limits over time."""

    id: int
    start_schedule: DateTime | None = None
    """For `ABSOLUTE` and `RECURRING` profiles."""
    duration: int | None = None
    """In seconds; without a value the last period has no end."""
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Items(1, 1024)]
    min_charging_rate: Annotated[float, Places(1)] | None = None
    """Below this the EV charges badly or not at all."""
    sales_tariff: SalesTariffType | None = None
    custom_data: CustomData | None = None


class ChargingProfileType(Struct):
    """How much power or current may flow and when."""

    id: int
    stack_level: int
    """Among profiles of one purpose the highest level wins; 0 is the lowest."""
    charging_profile_purpose: ChargingProfilePurposeEnumType
    charging_profile_kind: ChargingProfileKindEnumType
    recurrency_kind: RecurrencyKindEnumType | None = None
    """Only for `RECURRING` profiles."""
    valid_from: DateTime | None = None
    """No value means at once."""
    valid_to: DateTime | None = None
    """No value means until replaced."""
    charging_schedule: Annotated[list[ChargingScheduleType], Items(1, 3)]
    transaction_id: Id36 | None = None
    """Only for a `TX_PROFILE`."""
    custom_data: CustomData | None = None
