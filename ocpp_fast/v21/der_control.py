"""Control of distributed energy resources, as grid codes demand it (block R)."""

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
    Str200,
    Struct,
    field,
)
from .types import DERControlEnumType, StatusInfoType

__all__ = [
    "DER_CONTROL",
    "ClearDERControlRequest",
    "ClearDERControlResponse",
    "DERControlStatusEnumType",
    "DERCurveGetType",
    "DERCurvePointsType",
    "DERCurveType",
    "DERUnitEnumType",
    "EnterServiceGetType",
    "EnterServiceType",
    "FixedPFGetType",
    "FixedPFType",
    "FixedVarGetType",
    "FixedVarType",
    "FreqDroopGetType",
    "FreqDroopType",
    "GetDERControlRequest",
    "GetDERControlResponse",
    "GradientGetType",
    "GradientType",
    "GridEventFaultEnumType",
    "HysteresisType",
    "LimitMaxDischargeGetType",
    "LimitMaxDischargeType",
    "NotifyDERAlarmRequest",
    "NotifyDERAlarmResponse",
    "NotifyDERStartStopRequest",
    "NotifyDERStartStopResponse",
    "PowerDuringCessationEnumType",
    "ReactivePowerParamsType",
    "ReportDERControlRequest",
    "ReportDERControlResponse",
    "SetDERControlRequest",
    "SetDERControlResponse",
    "VoltageParamsType",
]


class DERControlStatusEnumType(StrEnum):
    """How an operation on DER settings went."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    NOT_FOUND = "NotFound"


class SetDERControlResponse(Response):
    """Says whether the setting was installed, and which ones it displaces."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    superseded_ids: Annotated[list[Id36], Items(1, 24)] | None = None
    """The settings that this one displaces."""
    custom_data: CustomData | None = None


class DERCurvePointsType(Struct):
    """A point of a DER curve."""

    x: float
    """What the curve depends on, by its kind."""
    y: float
    """In the unit of the curve."""
    custom_data: CustomData | None = None


class HysteresisType(Struct):
    """When and how the inverter leaves a curve after a grid event."""

    hysteresis_high: float | None = None
    """In the unit of the curve."""
    hysteresis_low: float | None = None
    """In the unit of the curve."""
    hysteresis_delay: float | None = None
    """In seconds."""
    hysteresis_gradient: float | None = None
    """In percent per second."""
    custom_data: CustomData | None = None


class ReactivePowerParamsType(Struct):
    """What a volt-var curve needs beside its points."""

    v_ref: float | None = None
    """In percent."""
    autonomous_v_ref_enable: bool | None = None
    autonomous_v_ref_time_constant: float | None = None
    custom_data: CustomData | None = None


class PowerDuringCessationEnumType(StrEnum):
    """The power to feed while riding through a fault."""

    ACTIVE = "Active"
    REACTIVE = "Reactive"


class VoltageParamsType(Struct):
    """What a voltage curve needs beside its points."""

    hv10_min_mean_value: float | None = None
    """The voltage that the mean of ten minutes must not exceed for long (EN 50549-1, 4.9.3.4)."""
    hv10_min_mean_trip_delay: float | None = None
    """How long the mean may exceed it before the EV trips."""
    power_during_cessation: PowerDuringCessationEnumType | None = None
    custom_data: CustomData | None = None


class DERUnitEnumType(StrEnum):
    """What the values of a DER setting are a share of."""

    NOT_APPLICABLE = "Not_Applicable"
    PCT_MAX_W = "PctMaxW"
    PCT_MAX_VAR = "PctMaxVar"
    PCT_W_AVAIL = "PctWAvail"
    PCT_VAR_AVAIL = "PctVarAvail"
    PCT_EFFECTIVE_V = "PctEffectiveV"


class DERCurveType(Struct):
    """A DER setting that is a curve."""

    curve_data: Annotated[list[DERCurvePointsType], Items(1, 10)]
    hysteresis: HysteresisType | None = None
    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    reactive_power_params: ReactivePowerParamsType | None = None
    voltage_params: VoltageParamsType | None = None
    y_unit: DERUnitEnumType
    response_time: float | None = None
    """Seconds to get to 90 % of a new target."""
    start_time: DateTime | None = None
    """Missing for a default curve."""
    duration: float | None = None
    """In seconds; missing for a default curve."""
    custom_data: CustomData | None = None


class EnterServiceType(Struct):
    """When, after a disturbance, the inverter may feed the grid again."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    high_voltage: float
    low_voltage: float
    high_freq: float
    low_freq: float
    delay: float | None = None
    random_delay: float | None = None
    ramp_rate: float | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class FixedPFType(Struct):
    """A DER setting that fixes the power factor."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    displacement: float
    """The power factor, from 0 to 1."""
    excitation: bool
    """True takes reactive power in (under-excited), false feeds it."""
    start_time: DateTime | None = None
    duration: float | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class FixedVarType(Struct):
    """A DER setting that fixes the reactive power."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    setpoint: float
    """From -100 to 100 percent; negative means charging."""
    unit: DERUnitEnumType
    start_time: DateTime | None = None
    duration: float | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class FreqDroopType(Struct):
    """A DER setting that lets power follow the grid's frequency."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    over_freq: float
    """In Hz: power goes down above it."""
    under_freq: float
    """In Hz: power goes up below it."""
    over_droop: float
    under_droop: float
    response_time: float
    """In seconds."""
    start_time: DateTime | None = None
    duration: float | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class GradientType(Struct):
    """A DER setting that bounds how fast power changes."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    gradient: float
    """In seconds; 0 when it does not apply."""
    soft_gradient: float
    """At a soft start, in seconds; 0 when it does not apply."""
    custom_data: CustomData | None = None


class LimitMaxDischargeType(Struct):
    """A DER setting that limits discharging."""

    priority: Annotated[int, Range(0, None)]
    """0 is the highest."""
    pct_max_discharge_power: float | None = None
    """From 0 to 100."""
    power_monitoring_must_trip: DERCurveType | None = None
    start_time: DateTime | None = None
    duration: float | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class SetDERControlRequest(Request[SetDERControlResponse], action="SetDERControl", sender=CENTRAL):
    """Installs a setting by which the EV's inverter supports the grid."""

    is_default: bool
    """Whether this holds whenever no scheduled setting does."""
    control_id: Id36
    """Chosen by the CSMS, such as a UUID."""
    control_type: DERControlEnumType
    """Says which one of the fields below is set."""
    curve: DERCurveType | None = None
    enter_service: EnterServiceType | None = None
    fixed_pf_absorb: FixedPFType | None = field(json="fixedPFAbsorb", default=None)
    fixed_pf_inject: FixedPFType | None = field(json="fixedPFInject", default=None)
    fixed_var: FixedVarType | None = None
    freq_droop: FreqDroopType | None = None
    gradient: GradientType | None = None
    limit_max_discharge: LimitMaxDischargeType | None = None
    custom_data: CustomData | None = None


class GetDERControlResponse(Response):
    """Says whether there is anything to report; it follows in `ReportDERControlRequest`s."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class GetDERControlRequest(Request[GetDERControlResponse], action="GetDERControl", sender=CENTRAL):
    """Asks the station to report its DER settings."""

    request_id: int
    """Comes back in every part of the report."""
    is_default: bool | None = None
    """Default or scheduled settings; both without a value."""
    control_type: DERControlEnumType | None = None
    control_id: Id36 | None = None
    """No value means all of the type."""
    custom_data: CustomData | None = None


class ReportDERControlResponse(Response):
    """Acknowledges a part of the DER report."""

    custom_data: CustomData | None = None


class DERCurveGetType(Struct):
    """A DER curve as it is installed."""

    curve: DERCurveType
    id: Id36
    curve_type: DERControlEnumType
    is_default: bool
    """Whether this is a default setting rather than a scheduled one."""
    is_superseded: bool
    """Whether a setting of higher priority displaces this one."""
    custom_data: CustomData | None = None


class EnterServiceGetType(Struct):
    """An `EnterServiceType` as it is installed."""

    enter_service: EnterServiceType
    id: Id36
    custom_data: CustomData | None = None


class FixedPFGetType(Struct):
    """A `FixedPFType` as it is installed."""

    fixed_pf: FixedPFType = field(json="fixedPF")
    id: Id36
    is_default: bool
    """Whether this is a default setting rather than a scheduled one."""
    is_superseded: bool
    """Whether a setting of higher priority displaces this one."""
    custom_data: CustomData | None = None


class FixedVarGetType(Struct):
    """A `FixedVarType` as it is installed."""

    fixed_var: FixedVarType
    id: Id36
    is_default: bool
    """Whether this is a default setting rather than a scheduled one."""
    is_superseded: bool
    """Whether a setting of higher priority displaces this one."""
    custom_data: CustomData | None = None


class FreqDroopGetType(Struct):
    """A `FreqDroopType` as it is installed."""

    freq_droop: FreqDroopType
    id: Id36
    is_default: bool
    """Whether this is a default setting rather than a scheduled one."""
    is_superseded: bool
    """Whether a setting of higher priority displaces this one."""
    custom_data: CustomData | None = None


class GradientGetType(Struct):
    """A `GradientType` as it is installed."""

    gradient: GradientType
    id: Id36
    custom_data: CustomData | None = None


class LimitMaxDischargeGetType(Struct):
    """A `LimitMaxDischargeType` as it is installed."""

    id: Id36
    is_default: bool
    """Whether this is a default setting rather than a scheduled one."""
    is_superseded: bool
    """Whether a setting of higher priority displaces this one."""
    limit_max_discharge: LimitMaxDischargeType
    custom_data: CustomData | None = None


class ReportDERControlRequest(Request[ReportDERControlResponse], action="ReportDERControl", sender=STATION):
    """Carries some of the DER settings that were asked for."""

    curve: Annotated[list[DERCurveGetType], Items(1, 24)] | None = None
    enter_service: Annotated[list[EnterServiceGetType], Items(1, 24)] | None = None
    fixed_pf_absorb: Annotated[list[FixedPFGetType], Items(1, 24)] | None = field(json="fixedPFAbsorb", default=None)
    fixed_pf_inject: Annotated[list[FixedPFGetType], Items(1, 24)] | None = field(json="fixedPFInject", default=None)
    fixed_var: Annotated[list[FixedVarGetType], Items(1, 24)] | None = None
    freq_droop: Annotated[list[FreqDroopGetType], Items(1, 24)] | None = None
    gradient: Annotated[list[GradientGetType], Items(1, 24)] | None = None
    limit_max_discharge: Annotated[list[LimitMaxDischargeGetType], Items(1, 24)] | None = None
    request_id: int
    """The one of the request for this report."""
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    custom_data: CustomData | None = None


class ClearDERControlResponse(Response):
    """Says whether DER settings were removed."""

    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ClearDERControlRequest(Request[ClearDERControlResponse], action="ClearDERControl", sender=CENTRAL):
    """Removes DER settings."""

    is_default: bool
    """Default or scheduled settings."""
    control_type: DERControlEnumType | None = None
    control_id: Id36 | None = None
    """No value means all of the type."""
    custom_data: CustomData | None = None


class NotifyDERAlarmResponse(Response):
    """Acknowledges the alarm."""

    custom_data: CustomData | None = None


class GridEventFaultEnumType(StrEnum):
    """What was wrong with the grid."""

    CURRENT_IMBALANCE = "CurrentImbalance"
    LOCAL_EMERGENCY = "LocalEmergency"
    LOW_INPUT_POWER = "LowInputPower"
    OVER_CURRENT = "OverCurrent"
    OVER_FREQUENCY = "OverFrequency"
    OVER_VOLTAGE = "OverVoltage"
    PHASE_ROTATION = "PhaseRotation"
    REMOTE_EMERGENCY = "RemoteEmergency"
    UNDER_FREQUENCY = "UnderFrequency"
    UNDER_VOLTAGE = "UnderVoltage"
    VOLTAGE_IMBALANCE = "VoltageImbalance"


class NotifyDERAlarmRequest(Request[NotifyDERAlarmResponse], action="NotifyDERAlarm", sender=STATION):
    """Tells that a DER setting met a fault of the grid, or that the fault is over."""

    control_type: DERControlEnumType
    grid_event_fault: GridEventFaultEnumType | None = None
    alarm_ended: bool | None = None
    """No value means that it has begun."""
    timestamp: DateTime
    extra_info: Str200 | None = None
    custom_data: CustomData | None = None


class NotifyDERStartStopResponse(Response):
    """Acknowledges the start or stop of a DER setting."""

    custom_data: CustomData | None = None


class NotifyDERStartStopRequest(Request[NotifyDERStartStopResponse], action="NotifyDERStartStop", sender=STATION):
    """Tells that a scheduled DER setting took effect or ran out."""

    control_id: Id36
    """The one of the `SetDERControlRequest`."""
    started: bool
    """False when it has ended."""
    timestamp: DateTime
    superseded_ids: Annotated[list[Id36], Items(1, 24)] | None = None
    """The settings that give way to this one."""
    custom_data: CustomData | None = None


DER_CONTROL = Profile(
    "DERControl",
    [
        SetDERControlRequest,
        GetDERControlRequest,
        ReportDERControlRequest,
        ClearDERControlRequest,
        NotifyDERAlarmRequest,
        NotifyDERStartStopRequest,
    ],
)
