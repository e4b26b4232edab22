"""What holds for charging profiles of any kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_fast import v16
from ocpp_fast.smart_charging import Installed, Limit, Period

from .profiles import (
    MAXIMUM,
    NOW,
    SECOND,
    TWO,
    TX,
    Kind,
    Profiles,
    Purpose,
    Recurrency,
    Unit,
    installed,
    profile,
    running,
)


@st.composite
def profiles(draw: st.DrawFn) -> tuple[int, v16.ChargingProfile]:
    """A place, and a profile that is sound there."""
    place = draw(st.integers(0, 2))
    purpose = draw(st.sampled_from([MAXIMUM, Purpose.TX_DEFAULT_PROFILE] if place == 0 else [TX, *Purpose][:3]))
    place = 0 if purpose is MAXIMUM else place or (1 if purpose is TX else 0)
    kind, around = draw(st.sampled_from(Kind)), st.integers(-7200, 7200).map(lambda each: NOW + each * SECOND)
    offsets = sorted({0, *draw(st.lists(st.integers(1, 5000), max_size=3))})
    unit = draw(st.sampled_from(Unit))
    rates = st.integers(0, 320 if unit is Unit.A else 220000).map(lambda tenths: tenths / 10)
    return place, profile(
        *((each, draw(rates), draw(st.integers(1, 3))) for each in offsets),
        purpose=purpose,
        kind=kind,
        recurrency_kind=draw(st.sampled_from(Recurrency)) if kind is Kind.RECURRING else None,
        stack_level=draw(st.integers(0, 2)),
        start=draw(around) if kind is not Kind.RELATIVE else None,
        duration=draw(st.none() | st.integers(60, 9000)),
        unit=unit,
        valid_from=draw(st.none() | around),
        valid_to=draw(st.none() | around),
        least=draw(st.none() | rates),
    )


stations = st.lists(profiles(), max_size=5).map(
    lambda drawn: installed(
        *((place, each.replace(charging_profile_id=number)) for number, (place, each) in enumerate(drawn)),
        facts=replace(TWO, max_periods=1000),
    )
)
BOTH: Final = running(1, 2)
SPAN: Final = 10_000


def at(periods: list[Period], second: int) -> Period:
    return next(each for each in reversed(periods) if each.start <= second)


def leading(station: Profiles, place: int, moment: datetime) -> list[tuple[str, Installed[Any], Limit]]:
    """Return the profile of each purpose with the highest level that holds for a place, and what it allows."""
    found = {}
    for each in sorted(station, key=lambda each: (each.stack_level, each.place)):
        allowed = each.at(moment, BOTH[place])
        if each.place in (0, place) and allowed is not None:
            found[each.purpose] = (each, allowed)
    if "TxProfile" in found:
        found.pop("TxDefaultProfile", None)
    return [(purpose, *pair) for purpose, pair in found.items()]


@settings(max_examples=30)
@given(stations, st.integers(1, 2), st.integers(0, SPAN), st.sampled_from("AW"))
def test_the_composite_schedule_never_exceeds_what_leads_its_purpose(
    station: Profiles, place: int, second: int, unit: str
) -> None:
    period = at(station.composite(place, NOW, SPAN, unit, BOTH).periods, second)
    for _, each, allowed in leading(station, place, NOW + second * SECOND):
        assert period.phases <= allowed.phases
        same = each.schedule.charging_rate_unit == unit
        factor = 1.0 if same else 690 / 3 * period.phases if unit == "A" else 1 / (690 / 3 * period.phases)
        assert period.limit * factor <= min(allowed.amperes, allowed.watts) + 1e-6 * max(1, factor)


@settings(max_examples=30)
@given(stations, st.integers(0, 2), st.integers(1, SPAN - 1), st.sampled_from("AW"))
def test_splitting_the_horizon_changes_nothing(station: Profiles, place: int, second: int, unit: str) -> None:
    whole = station.composite(place, NOW, SPAN, unit, BOTH)
    first = station.composite(place, NOW, second, unit, BOTH)
    rest = station.composite(place, NOW + second * SECOND, SPAN - second, unit, BOTH)
    joined = [*first.periods, *(each._replace(start=each.start + second) for each in rest.periods)]
    changes = [joined[0], *(new for old, new in pairwise(joined) if old[1:] != new[1:])]
    assert changes == whole.periods
    assert first.duration + rest.duration == whole.duration


@settings(max_examples=30)
@given(stations, st.integers(0, SPAN))
def test_the_composite_schedule_is_the_limit_at_each_second_of_it(station: Profiles, second: int) -> None:
    for place in (0, 1, 2):
        limit = station.limit(place, NOW + second * SECOND, BOTH)
        told = at(station.composite(place, NOW, SPAN, "A", BOTH).periods, second)
        assert told.phases == limit.phases
        assert told.limit <= limit.amperes + 1e-6 < told.limit + 0.1 + 2e-6


@settings(max_examples=30)
@given(stations, st.integers(0, SPAN))
def test_together_the_transactions_draw_no_more_than_the_station_may(station: Profiles, second: int) -> None:
    moment = NOW + second * SECOND
    shares = [station.limit(place, moment, BOTH) for place in BOTH]
    grid = station.limit(0, moment, BOTH)
    if len({each.phases for each in shares}) == 1:  # watts are told as if the phases were balanced
        assert sum(each.amperes for each in shares) <= grid.amperes + 1e-6
    assert sum(each.watts for each in shares) <= grid.watts + 1e-6
