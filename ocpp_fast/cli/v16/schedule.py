"""When a charging profile limits what flows, and to how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ocpp_fast import v16

from .connector import PHASES, VOLTAGE

__all__ = ["amperes", "changes", "in_unit", "limit_at"]

_RECURS: Final = {
    v16.RecurrencyKindType.DAILY: timedelta(days=1),
    v16.RecurrencyKindType.WEEKLY: timedelta(weeks=1),
}


def limit_at(profile: v16.ChargingProfile, moment: datetime, started: datetime) -> float | None:
    """Return how many amperes per phase a profile allows, or None when it says nothing of the moment.

    `started` is when the transaction did.
    """
    begin = _begin(profile, moment, started)
    if begin is None or not _is_valid(profile, moment):
        return None
    schedule = profile.charging_schedule
    elapsed = (moment - begin).total_seconds()
    if elapsed < 0 or (schedule.duration is not None and elapsed >= schedule.duration):
        return None
    reached = [each for each in schedule.charging_schedule_period if each.start_period <= elapsed]
    if not reached:
        return None
    period = max(reached, key=lambda each: each.start_period)
    return amperes(period.limit, schedule.charging_rate_unit)


def changes(profile: v16.ChargingProfile, begin: datetime, end: datetime, started: datetime) -> Iterator[datetime]:
    """Yield the moments between `begin` and `end` at which a profile's limit may change, in no order."""
    schedule = profile.charging_schedule
    offsets = [each.start_period for each in schedule.charging_schedule_period]
    if schedule.duration is not None:
        offsets.append(schedule.duration)
    candidates = [each for each in (profile.valid_from, profile.valid_to) if each is not None]
    for start in _beginnings(profile, begin, end, started):
        candidates += [start, *(start + timedelta(seconds=offset) for offset in offsets)]
    yield from (each for each in candidates if begin < each < end)


def amperes(limit: float, unit: v16.ChargingRateUnitType) -> float:
    """Return a limit in amperes per phase."""
    return limit if unit is v16.ChargingRateUnitType.A else limit / (VOLTAGE * PHASES)


def in_unit(limit: float, unit: v16.ChargingRateUnitType) -> float:
    """Return a limit, given in amperes per phase, in a unit and with one decimal."""
    return round(limit if unit is v16.ChargingRateUnitType.A else limit * VOLTAGE * PHASES, 1)


def _is_valid(profile: v16.ChargingProfile, moment: datetime) -> bool:
    if profile.valid_from is not None and moment < profile.valid_from:
        return False
    return profile.valid_to is None or moment < profile.valid_to


def _begin(profile: v16.ChargingProfile, moment: datetime, started: datetime) -> datetime | None:
    """Return what the periods are counted from at a moment."""
    start = profile.charging_schedule.start_schedule
    if profile.charging_profile_kind is v16.ChargingProfileKindType.RELATIVE or start is None:
        return started
    if profile.charging_profile_kind is v16.ChargingProfileKindType.ABSOLUTE:
        return start
    if profile.recurrency_kind is None or moment < start:
        return None
    every = _RECURS[profile.recurrency_kind]
    return start + (moment - start) // every * every


def _beginnings(profile: v16.ChargingProfile, begin: datetime, end: datetime, started: datetime) -> Iterator[datetime]:
    start = _begin(profile, begin, started) or profile.charging_schedule.start_schedule
    if start is None:
        return
    yield start
    if profile.charging_profile_kind is v16.ChargingProfileKindType.RECURRING and profile.recurrency_kind:
        every = _RECURS[profile.recurrency_kind]
        while (start := start + every) < end:
            yield start
