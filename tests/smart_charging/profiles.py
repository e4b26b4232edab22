"""Charging profiles, and stations that have installed them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from ocpp_fast import v16, v21
from ocpp_fast.smart_charging import ChargingProfiles, StationFacts, Transaction

__all__ = [
    *(
        "DAY",
        "EXTERNAL",
        "HOUR",
        "MAXIMUM",
        "NOW",
        "SECOND",
        "TWO",
        "TX",
        "Kind",
        "Profiles",
        "Purpose",
        "Recurrency",
        "Unit",
    ),
    *("installed", "profile", "profile_2x", "running"),
]

Profiles: TypeAlias = ChargingProfiles[Any]
Kind = v16.ChargingProfileKindType
Purpose = v16.ChargingProfilePurposeType
Unit = v16.ChargingRateUnitType
Recurrency = v16.RecurrencyKindType

NOW: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)  # a Tuesday
HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)
DAY: Final = 24 * 3600
TWO: Final = StationFacts(outlets=2)
MAXIMUM: Final = Purpose.CHARGE_POINT_MAX_PROFILE
TX: Final = Purpose.TX_PROFILE
EXTERNAL: Final = "ChargingStationExternalConstraints"


def running(*places: int, **fields: Any) -> Mapping[int, Transaction]:
    """Return transactions, each with its place as its id; a later place has started later."""
    return {each: Transaction(each, NOW - HOUR + each * SECOND)._replace(**fields) for each in places}


def profile(
    *periods: tuple[Any, ...],
    number: int = 1,
    purpose: Purpose = Purpose.TX_DEFAULT_PROFILE,
    kind: Kind = Kind.ABSOLUTE,
    stack_level: int = 0,
    start: datetime | None = NOW,
    duration: int | None = None,
    unit: Unit = Unit.A,
    least: float | None = None,
    **fields: Any,
) -> v16.ChargingProfile:
    """Return a profile of 1.6; a period is its start, its limit and, maybe, its number of phases."""
    steps = [
        v16.ChargingSchedulePeriod(**dict(zip(("start_period", "limit", "number_phases"), each, strict=False)))
        for each in periods
    ]
    return v16.ChargingProfile(
        charging_profile_id=number,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=v16.ChargingSchedule(
            duration=duration,
            start_schedule=start,
            charging_rate_unit=unit,
            charging_schedule_period=steps,
            min_charging_rate=least,
        ),
        **fields,
    )


def profile_2x(
    ocpp: Any = v21,
    *,
    purpose: str = "TxDefaultProfile",
    limit: float | None = 10.0,
    number: int = 1,
    stack_level: int = 0,
    kind: str = "Absolute",
    schedule: Mapping[str, Any] | None = None,
    period: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Any:
    """Return a profile of 2.x with one period."""
    step = ocpp.ChargingSchedulePeriodType(start_period=0, limit=limit, **period or {})
    return ocpp.ChargingProfileType(
        id=number,
        stack_level=stack_level,
        charging_profile_purpose=ocpp.ChargingProfilePurposeEnumType(purpose),
        charging_profile_kind=ocpp.ChargingProfileKindEnumType(kind),
        charging_schedule=[
            ocpp.ChargingScheduleType(
                **{"id": 1, "charging_rate_unit": ocpp.ChargingRateUnitEnumType.A, "charging_schedule_period": [step]}
                | ({"start_schedule": NOW} if kind != "Relative" else {})
                | dict(schedule or {})
            )
        ],
        **fields,
    )


def installed(*profiles: tuple[int, Any], facts: StationFacts = TWO) -> Profiles:
    """Return profiles that were installed two hours ago at their places; a TxProfile is of the transaction there."""
    station: Profiles = ChargingProfiles(facts)
    for place, each in profiles:
        station.install(place, each, NOW - 2 * HOUR, transaction_id=place)
    return station
