"""Charging profiles and their schedules, as smart charging and remote control use them."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CustomData,
    DateTime,
    Id36,
    Items,
    Range,
    Str3,
    Str8,
    Str32,
    Str80,
    Str88,
    Str100,
    Str160,
    Str256,
    Str2000,
    Struct,
    field,
)

__all__ = [
    "AbsolutePriceScheduleType",
    "AdditionalSelectedServicesType",
    "ChargingProfileKindEnumType",
    "ChargingProfilePurposeEnumType",
    "ChargingProfileType",
    "ChargingRateUnitEnumType",
    "ChargingSchedulePeriodType",
    "ChargingScheduleType",
    "ConsumptionCostType",
    "CostKindEnumType",
    "CostType",
    "LimitAtSoCType",
    "OperationModeEnumType",
    "OverstayRuleListType",
    "OverstayRuleType",
    "PriceLevelScheduleEntryType",
    "PriceLevelScheduleType",
    "PriceRuleStackType",
    "PriceRuleType",
    "RationalNumberType",
    "RecurrencyKindEnumType",
    "RelativeTimeIntervalType",
    "SalesTariffEntryType",
    "SalesTariffType",
    "TaxRuleType",
    "V2XFreqWattPointType",
    "V2XSignalWattPointType",
]


class ChargingProfilePurposeEnumType(StrEnum):
    """What a profile is for, and so how it combines with others."""

    CHARGING_STATION_EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    CHARGING_STATION_MAX_PROFILE = "ChargingStationMaxProfile"
    TX_DEFAULT_PROFILE = "TxDefaultProfile"
    TX_PROFILE = "TxProfile"
    PRIORITY_CHARGING = "PriorityCharging"
    LOCAL_GENERATION = "LocalGeneration"


class ChargingProfileKindEnumType(StrEnum):
    """What the times of a profile are counted from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"


class RecurrencyKindEnumType(StrEnum):
    """How often a recurring profile starts anew."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class LimitAtSoCType(Struct):
    """A lower limit for a nearly full battery."""

    soc: Annotated[int, Range(0, 100)]
    """In percent."""
    limit: float
    """In the unit of the schedule."""
    custom_data: CustomData | None = None


class ChargingRateUnitEnumType(StrEnum):
    """Whether rates are watts or amperes."""

    W = "W"
    A = "A"


class OperationModeEnumType(StrEnum):
    """Who steers the power of a period, and by what."""

    IDLE = "Idle"
    CHARGING_ONLY = "ChargingOnly"
    CENTRAL_SETPOINT = "CentralSetpoint"
    EXTERNAL_SETPOINT = "ExternalSetpoint"
    EXTERNAL_LIMITS = "ExternalLimits"
    CENTRAL_FREQUENCY = "CentralFrequency"
    LOCAL_FREQUENCY = "LocalFrequency"
    LOCAL_LOAD_BALANCING = "LocalLoadBalancing"


class V2XFreqWattPointType(Struct):
    """A point of a curve from grid frequency to power."""

    frequency: float
    """In Hz."""
    power: float
    """In W; negative means discharging."""
    custom_data: CustomData | None = None


class V2XSignalWattPointType(Struct):
    """A point of a curve from AFRR signal to power."""

    signal: int
    """The signal of an `AFRRSignalRequest`."""
    power: float
    """In W; negative means discharging."""
    custom_data: CustomData | None = None


class ChargingSchedulePeriodType(Struct):
    """One step of a schedule; it holds until the next one starts."""

    start_period: int
    """Seconds since the schedule began."""
    limit: float | None = None
    """In the schedule's unit: W over all phases, or A on each."""
    limit_l2: float | None = field(json="limit_L2", default=None)
    limit_l3: float | None = field(json="limit_L3", default=None)
    number_phases: Annotated[int, Range(0, 3)] | None = None
    """No value means 3 for AC; DC has none."""
    phase_to_use: Annotated[int, Range(0, 3)] | None = None
    """From 1 to 3, when only one phase is used and the EVSE can switch."""
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
    preconditioning_request: bool | None = None
    """Whether the EV should keep its battery at charging temperature."""
    evse_sleep: bool | None = None
    """Whether to switch off the power electronics; no value means no."""
    v2x_baseline: float | None = None
    """What the values of the curves are added to."""
    operation_mode: OperationModeEnumType | None = None
    v2x_freq_watt_curve: Annotated[list[V2XFreqWattPointType], Items(1, 20)] | None = None
    v2x_signal_watt_curve: Annotated[list[V2XSignalWattPointType], Items(1, 20)] | None = None
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

    id: Annotated[int, Range(0, None)]
    sales_tariff_description: Str32 | None = None
    num_e_price_levels: Annotated[int, Range(0, None)] | None = None
    """How many price levels there are in all."""
    sales_tariff_entry: Annotated[list[SalesTariffEntryType], Items(1, 1024)]
    custom_data: CustomData | None = None


class RationalNumberType(Struct):
    """The number `value * 10 ** exponent`."""

    exponent: int
    value: int
    custom_data: CustomData | None = None


class PriceRuleType(Struct):
    """What energy and parking cost from a certain power on."""

    parking_fee_period: int | None = None
    """Seconds that one parking fee lasts."""
    carbon_dioxide_emission: Annotated[int, Range(0, None)] | None = None
    """Grams of CO2 for each kWh."""
    renewable_generation_percentage: Annotated[int, Range(0, 100)] | None = None
    """How much of the power is renewable."""
    energy_fee: RationalNumberType
    parking_fee: RationalNumberType | None = None
    power_range_start: RationalNumberType
    """The power from which on this rule holds."""
    custom_data: CustomData | None = None


class PriceRuleStackType(Struct):
    """The prices that hold side by side for a while, each from its own power on."""

    duration: int
    """In seconds."""
    price_rule: Annotated[list[PriceRuleType], Items(1, 8)]
    custom_data: CustomData | None = None


class TaxRuleType(Struct):
    """A tax, and the fees it is put on (ISO 15118-20)."""

    tax_rule_id: Annotated[int, Range(0, None)] = field(json="taxRuleID")
    tax_rule_name: Str100 | None = None
    tax_included_in_price: bool | None = None
    applies_to_energy_fee: bool
    applies_to_parking_fee: bool
    applies_to_overstay_fee: bool
    applies_to_minimum_maximum_cost: bool
    tax_rate: RationalNumberType
    custom_data: CustomData | None = None


class OverstayRuleType(Struct):
    """A fee for staying after charging."""

    overstay_fee: RationalNumberType
    overstay_rule_description: Str32 | None = None
    start_time: int
    """Seconds after the rules have begun to count."""
    overstay_fee_period: int
    """Seconds after which the fee falls due again."""
    custom_data: CustomData | None = None


class OverstayRuleListType(Struct):
    """What staying after charging costs."""

    overstay_power_threshold: RationalNumberType | None = None
    overstay_rule: Annotated[list[OverstayRuleType], Items(1, 5)]
    overstay_time_threshold: int | None = None
    """Seconds until the rules begin to count."""
    custom_data: CustomData | None = None


class AdditionalSelectedServicesType(Struct):
    """A service beside charging, and its fee."""

    service_fee: RationalNumberType
    service_name: Str80
    custom_data: CustomData | None = None


class AbsolutePriceScheduleType(Struct):
    """Prices over time, in a currency, as ISO 15118-20 puts them."""

    time_anchor: DateTime
    """What its durations are counted from."""
    price_schedule_id: Annotated[int, Range(0, None)] = field(json="priceScheduleID")
    price_schedule_description: Str160 | None = None
    currency: Str3
    """ISO 4217."""
    language: Str8
    """Of its texts (ISO 639)."""
    price_algorithm: Str2000
    """A URN of ISO 15118-20: how fees add up."""
    minimum_cost: RationalNumberType | None = None
    maximum_cost: RationalNumberType | None = None
    price_rule_stacks: Annotated[list[PriceRuleStackType], Items(1, 1024)]
    tax_rules: Annotated[list[TaxRuleType], Items(1, 10)] | None = None
    overstay_rule_list: OverstayRuleListType | None = None
    additional_selected_services: Annotated[list[AdditionalSelectedServicesType], Items(1, 5)] | None = None
    custom_data: CustomData | None = None


class PriceLevelScheduleEntryType(Struct):
    """How long a price level lasts."""

    duration: int
    """In seconds."""
    price_level: Annotated[int, Range(0, None)]
    """The lower, the cheaper."""
    custom_data: CustomData | None = None


class PriceLevelScheduleType(Struct):
    """Relative prices over time, without a currency (ISO 15118-20)."""

    price_level_schedule_entries: Annotated[list[PriceLevelScheduleEntryType], Items(1, 100)]
    time_anchor: DateTime
    """What its durations are counted from."""
    price_schedule_id: Annotated[int, Range(0, None)]
    price_schedule_description: Str32 | None = None
    number_of_price_levels: Annotated[int, Range(0, None)]
    custom_data: CustomData | None = None


class ChargingScheduleType(Struct):
    """A course of limits over time, and what charging then costs."""

    id: int
    limit_at_soc: LimitAtSoCType | None = field(json="limitAtSoC", default=None)
    """A further limit for a nearly full battery."""
    start_schedule: DateTime | None = None
    """For `ABSOLUTE` and `RECURRING` profiles."""
    duration: int | None = None
    """In seconds; without a value the last period has no end."""
    charging_rate_unit: ChargingRateUnitEnumType
    min_charging_rate: float | None = None
    """Below this the EV charges badly or not at all."""
    power_tolerance: float | None = None
    """How far the EV may be off its power profile."""
    signature_id: Annotated[int, Range(0, None)] | None = None
    """By which a signature refers to this schedule."""
    digest_value: Str88 | None = None
    """Hash of the price schedule for a signature, in Base64."""
    use_local_time: bool | None = None
    """Whether to ignore offsets and read times as local; no value means no."""
    charging_schedule_period: Annotated[list[ChargingSchedulePeriodType], Items(1, 1024)]
    randomized_delay: Annotated[int, Range(0, None)] | None = None
    """Each period starts up to this many seconds late, at random."""
    sales_tariff: SalesTariffType | None = None
    absolute_price_schedule: AbsolutePriceScheduleType | None = None
    price_level_schedule: PriceLevelScheduleType | None = None
    custom_data: CustomData | None = None


class ChargingProfileType(Struct):
    """How much power or current may flow and when."""

    id: int
    stack_level: Annotated[int, Range(0, None)]
    """Among profiles of one purpose the highest level wins; 0 is the lowest."""
    charging_profile_purpose: ChargingProfilePurposeEnumType
    charging_profile_kind: ChargingProfileKindEnumType
    recurrency_kind: RecurrencyKindEnumType | None = None
    """Only for `RECURRING` profiles."""
    valid_from: DateTime | None = None
    """No value means at once."""
    valid_to: DateTime | None = None
    """No value means until replaced."""
    transaction_id: Id36 | None = None
    """Only for a `TX_PROFILE`."""
    max_offline_duration: int | None = None
    """Seconds without a connection after which the profile no longer counts."""
    charging_schedule: Annotated[list[ChargingScheduleType], Items(1, 3)]
    invalid_after_offline_duration: bool | None = None
    """Whether it stays invalid once the connection is back; no value means no."""
    dyn_update_interval: int | None = None
    """Seconds between requests for an update; only for `DYNAMIC` profiles."""
    dyn_update_time: DateTime | None = None
    """When the profile was last updated."""
    price_schedule_signature: Str256 | None = None
    """Of all price schedules (ISO 15118-20)."""
    custom_data: CustomData | None = None
