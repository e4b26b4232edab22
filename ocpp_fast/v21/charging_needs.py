"""What an EV needs and offers: the types of `NotifyEVChargingNeedsRequest`."""

from enum import StrEnum
from typing import Annotated

from ..schema import CustomData, DateTime, Items, Range, Str3, Str50, Str2000, Struct, field
from .types import DERControlEnumType, EnergyTransferModeEnumType

__all__ = [
    "ACChargingParametersType",
    "ChargingNeedsType",
    "ControlModeEnumType",
    "DCChargingParametersType",
    "DERChargingParametersType",
    "EVAbsolutePriceScheduleEntryType",
    "EVAbsolutePriceScheduleType",
    "EVEnergyOfferType",
    "EVPowerScheduleEntryType",
    "EVPowerScheduleType",
    "EVPriceRuleType",
    "IslandingDetectionEnumType",
    "MobilityNeedsModeEnumType",
    "V2XChargingParametersType",
]


class ACChargingParametersType(Struct):
    """What an EV asks for when it charges by AC (ISO 15118-2)."""

    energy_amount: float
    """In Wh."""
    ev_min_current: float
    """In A per phase."""
    ev_max_current: float
    """In A per phase."""
    ev_max_voltage: float
    """In V."""
    custom_data: CustomData | None = None


class IslandingDetectionEnumType(StrEnum):
    """How the EV notices that it feeds an island of the grid."""

    NO_ANTI_ISLANDING_SUPPORT = "NoAntiIslandingSupport"
    ROCOF = "RoCoF"
    UVP_OVP = "UVP_OVP"
    UFP_OFP = "UFP_OFP"
    VOLTAGE_VECTOR_SHIFT = "VoltageVectorShift"
    ZERO_CROSSING_DETECTION = "ZeroCrossingDetection"
    OTHER_PASSIVE = "OtherPassive"
    IMPEDANCE_MEASUREMENT = "ImpedanceMeasurement"
    IMPEDANCE_AT_FREQUENCY = "ImpedanceAtFrequency"
    SLIP_MODE_FREQUENCY_SHIFT = "SlipModeFrequencyShift"
    SANDIA_FREQUENCY_SHIFT = "SandiaFrequencyShift"
    SANDIA_VOLTAGE_SHIFT = "SandiaVoltageShift"
    FREQUENCY_JUMP = "FrequencyJump"
    RCL_Q_FACTOR = "RCLQFactor"
    OTHER_ACTIVE = "OtherActive"


class DERChargingParametersType(Struct):
    """What the inverter of an EV can do for the grid (ISO 15118-20)."""

    ev_supported_der_control: Annotated[list[DERControlEnumType], Items(1, None)] | None = field(
        json="evSupportedDERControl", default=None
    )
    ev_over_excited_max_discharge_power: float | None = None
    """In W, at `ev_over_excited_power_factor`."""
    ev_over_excited_power_factor: float | None = None
    ev_under_excited_max_discharge_power: float | None = None
    """In W, at `ev_under_excited_power_factor`."""
    ev_under_excited_power_factor: float | None = None
    max_apparent_power: float | None = None
    """In VA."""
    max_charge_apparent_power: float | None = None
    """In VA: over all phases, or on L1 when the others have values of their own."""
    max_charge_apparent_power_l2: float | None = field(json="maxChargeApparentPower_L2", default=None)
    max_charge_apparent_power_l3: float | None = field(json="maxChargeApparentPower_L3", default=None)
    max_discharge_apparent_power: float | None = None
    """In VA; phases as for charging."""
    max_discharge_apparent_power_l2: float | None = field(json="maxDischargeApparentPower_L2", default=None)
    max_discharge_apparent_power_l3: float | None = field(json="maxDischargeApparentPower_L3", default=None)
    max_charge_reactive_power: float | None = None
    """In var; phases as above."""
    max_charge_reactive_power_l2: float | None = field(json="maxChargeReactivePower_L2", default=None)
    max_charge_reactive_power_l3: float | None = field(json="maxChargeReactivePower_L3", default=None)
    min_charge_reactive_power: float | None = None
    """In var; phases as above."""
    min_charge_reactive_power_l2: float | None = field(json="minChargeReactivePower_L2", default=None)
    min_charge_reactive_power_l3: float | None = field(json="minChargeReactivePower_L3", default=None)
    max_discharge_reactive_power: float | None = None
    """In var; phases as above."""
    max_discharge_reactive_power_l2: float | None = field(json="maxDischargeReactivePower_L2", default=None)
    max_discharge_reactive_power_l3: float | None = field(json="maxDischargeReactivePower_L3", default=None)
    min_discharge_reactive_power: float | None = None
    """In var; phases as above."""
    min_discharge_reactive_power_l2: float | None = field(json="minDischargeReactivePower_L2", default=None)
    min_discharge_reactive_power_l3: float | None = field(json="minDischargeReactivePower_L3", default=None)
    nominal_voltage: float | None = None
    """In V."""
    nominal_voltage_offset: float | None = None
    """In V, from the station's connection to the utility's."""
    max_nominal_voltage: float | None = None
    """In V."""
    min_nominal_voltage: float | None = None
    """In V."""
    ev_inverter_manufacturer: Str50 | None = None
    ev_inverter_model: Str50 | None = None
    ev_inverter_serial_number: Str50 | None = None
    ev_inverter_sw_version: Str50 | None = None
    ev_inverter_hw_version: Str50 | None = None
    ev_islanding_detection_method: Annotated[list[IslandingDetectionEnumType], Items(1, None)] | None = None
    ev_islanding_trip_time: float | None = None
    """How long the EV goes on once it has noticed an island."""
    ev_maximum_level1_dc_injection: float | None = field(json="evMaximumLevel1DCInjection", default=None)
    ev_duration_level1_dc_injection: float | None = field(json="evDurationLevel1DCInjection", default=None)
    ev_maximum_level2_dc_injection: float | None = field(json="evMaximumLevel2DCInjection", default=None)
    ev_duration_level2_dc_injection: float | None = field(json="evDurationLevel2DCInjection", default=None)
    ev_reactive_susceptance: float | None = None
    """In siemens."""
    ev_session_total_discharge_energy_available: float | None = None
    """In Wh."""
    custom_data: CustomData | None = None


class EVPriceRuleType(Struct):
    """A price of discharging, from a certain power on."""

    energy_fee: float
    """Per kWh."""
    power_range_start: float
    """The power from which on this rule holds."""
    custom_data: CustomData | None = None


class EVAbsolutePriceScheduleEntryType(Struct):
    """What the EV charges for a stretch of discharging."""

    duration: int
    """In seconds."""
    ev_price_rule: Annotated[list[EVPriceRuleType], Items(1, 8)]
    custom_data: CustomData | None = None


class EVAbsolutePriceScheduleType(Struct):
    """What the EV wants to be paid for discharging."""

    time_anchor: DateTime
    """What its durations are counted from."""
    currency: Str3
    """ISO 4217."""
    ev_absolute_price_schedule_entries: Annotated[list[EVAbsolutePriceScheduleEntryType], Items(1, 1024)]
    price_algorithm: Str2000
    """A URN of ISO 15118-20: how fees add up."""
    custom_data: CustomData | None = None


class EVPowerScheduleEntryType(Struct):
    """How much the EV would discharge for a while."""

    duration: int
    """In seconds."""
    power: float
    """In W; a negative value empties the battery."""
    custom_data: CustomData | None = None


class EVPowerScheduleType(Struct):
    """How much the EV would discharge and when."""

    ev_power_schedule_entries: Annotated[list[EVPowerScheduleEntryType], Items(1, 1024)]
    time_anchor: DateTime
    """What its durations are counted from."""
    custom_data: CustomData | None = None


class EVEnergyOfferType(Struct):
    """The energy an EV offers to give back, and at what price."""

    ev_absolute_price_schedule: EVAbsolutePriceScheduleType | None = None
    ev_power_schedule: EVPowerScheduleType
    custom_data: CustomData | None = None


class DCChargingParametersType(Struct):
    """What an EV asks for when it charges by DC (ISO 15118-2)."""

    ev_max_current: float
    """In A."""
    ev_max_voltage: float
    """In V."""
    ev_max_power: float | None = None
    """In W."""
    ev_energy_capacity: float | None = None
    """Of the battery, in Wh."""
    energy_amount: float | None = None
    """In Wh."""
    state_of_charge: Annotated[int, Range(0, 100)] | None = None
    """In percent."""
    full_soc: Annotated[int, Range(0, 100)] | None = field(json="fullSoC", default=None)
    """The percentage at which the EV calls its battery full."""
    bulk_soc: Annotated[int, Range(0, 100)] | None = field(json="bulkSoC", default=None)
    """The percentage up to which the EV charges fast."""
    custom_data: CustomData | None = None


class V2XChargingParametersType(Struct):
    """What an EV can take and give by ISO 15118-20."""

    min_charge_power: float | None = None
    """In W: over all phases, or on L1 when the others have values of their own."""
    min_charge_power_l2: float | None = field(json="minChargePower_L2", default=None)
    min_charge_power_l3: float | None = field(json="minChargePower_L3", default=None)
    max_charge_power: float | None = None
    """In W: over all phases, or on L1 when the others have values of their own."""
    max_charge_power_l2: float | None = field(json="maxChargePower_L2", default=None)
    max_charge_power_l3: float | None = field(json="maxChargePower_L3", default=None)
    min_discharge_power: float | None = None
    """In W, not negative; phases as for charging."""
    min_discharge_power_l2: float | None = field(json="minDischargePower_L2", default=None)
    min_discharge_power_l3: float | None = field(json="minDischargePower_L3", default=None)
    max_discharge_power: float | None = None
    """In W, not negative; phases as for charging."""
    max_discharge_power_l2: float | None = field(json="maxDischargePower_L2", default=None)
    max_discharge_power_l3: float | None = field(json="maxDischargePower_L3", default=None)
    min_charge_current: float | None = None
    """In A."""
    max_charge_current: float | None = None
    """In A."""
    min_discharge_current: float | None = None
    """In A, not negative."""
    max_discharge_current: float | None = None
    """In A, not negative."""
    min_voltage: float | None = None
    """In V."""
    max_voltage: float | None = None
    """In V."""
    ev_target_energy_request: float | None = None
    """In Wh."""
    ev_min_energy_request: float | None = None
    """In Wh."""
    ev_max_energy_request: float | None = None
    """In Wh."""
    ev_min_v2x_energy_request: float | None = field(json="evMinV2XEnergyRequest", default=None)
    """In Wh; positive means that the battery is too empty for V2X."""
    ev_max_v2x_energy_request: float | None = field(json="evMaxV2XEnergyRequest", default=None)
    """In Wh; negative means that the battery is too full for V2X."""
    target_soc: Annotated[int, Range(0, 100)] | None = field(json="targetSoC", default=None)
    """At departure, in percent."""
    custom_data: CustomData | None = None


class ControlModeEnumType(StrEnum):
    """Whether the EV plans by itself or follows the station."""

    SCHEDULED_CONTROL = "ScheduledControl"
    DYNAMIC_CONTROL = "DynamicControl"


class MobilityNeedsModeEnumType(StrEnum):
    """Who decides on departure and state of charge: the EV alone, or the station too."""

    EVCC = "EVCC"
    EVCC_SECC = "EVCC_SECC"


class ChargingNeedsType(Struct):
    """What an EV asks for."""

    ac_charging_parameters: ACChargingParametersType | None = None
    der_charging_parameters: DERChargingParametersType | None = None
    ev_energy_offer: EVEnergyOfferType | None = None
    requested_energy_transfer: EnergyTransferModeEnumType
    dc_charging_parameters: DCChargingParametersType | None = None
    v2x_charging_parameters: V2XChargingParametersType | None = None
    available_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Items(1, None)] | None = None
    """What the EV can do; the one it wants is `requested_energy_transfer`."""
    control_mode: ControlModeEnumType | None = None
    mobility_needs_mode: MobilityNeedsModeEnumType | None = None
    departure_time: DateTime | None = None
    """When the EV means to leave."""
    custom_data: CustomData | None = None
