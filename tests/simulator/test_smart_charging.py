"""What charging profiles allow together, over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest

from ocpp_fast import v16
from ocpp_fast.simulator.smart_charging import MAX_PROFILES, InstalledProfiles
from ocpp_fast.simulator.v16.smart_charging import installable

Profiles: TypeAlias = "InstalledProfiles[v16.ChargingProfile]"
Kind = v16.ChargingProfileKindType
Purpose = v16.ChargingProfilePurposeType
Unit = v16.ChargingRateUnitType

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def profile(
    *periods: tuple[int, float],
    number: int = 1,
    purpose: Purpose = Purpose.TX_DEFAULT_PROFILE,
    kind: Kind = Kind.ABSOLUTE,
    stack_level: int = 0,
    start: datetime | None = NOW,
    duration: int | None = None,
    unit: Unit = Unit.A,
    **fields: Any,
) -> v16.ChargingProfile:
    steps = [v16.ChargingSchedulePeriod(start_period=begin, limit=limit) for begin, limit in periods]
    return v16.ChargingProfile(
        charging_profile_id=number,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=v16.ChargingSchedule(
            duration=duration, start_schedule=start, charging_rate_unit=unit, charging_schedule_period=steps
        ),
        **fields,
    )


def installed(*profiles: tuple[int, v16.ChargingProfile]) -> Profiles:
    all_profiles: Profiles = InstalledProfiles()
    for connector_id, each in profiles:
        assert all_profiles.add(installable(connector_id, each))
    return all_profiles


def composite(
    profiles: Profiles, seconds: int = 7200, unit: Unit = Unit.A, started: datetime = NOW
) -> list[tuple[int, float]]:
    return profiles.composite(1, NOW, seconds, unit, started)[1]


def test_without_a_profile_the_station_limits_itself() -> None:
    assert composite(InstalledProfiles()) == [(0, 32.0)]
    assert composite(InstalledProfiles(), unit=Unit.W) == [(0, 22080.0)]


def test_the_periods_of_one_profile_follow_each_other_until_it_ends() -> None:
    steps = profile((0, 16.0), (600, 10.0), duration=3600)
    assert composite(installed((1, steps))) == [(0, 16.0), (600, 10.0), (3600, 32.0)]


def test_a_higher_stack_level_wins_while_it_says_something() -> None:
    low = profile((0, 16.0))
    high = profile((0, 6.0), number=2, stack_level=1, start=NOW + HOUR / 2, duration=600)
    assert composite(installed((1, low), (1, high))) == [(0, 16.0), (1800, 6.0), (2400, 16.0)]


def test_the_profile_of_the_transaction_replaces_the_default() -> None:
    default, own = profile((0, 10.0)), profile((0, 20.0), number=2, purpose=Purpose.TX_PROFILE)
    both = installed((1, default), (1, own))
    assert composite(both) == [(0, 20.0)]
    both.end_transaction(1)
    assert composite(both) == [(0, 10.0)]


def test_a_default_of_the_station_yields_to_that_of_the_connector() -> None:
    everywhere, here = profile((0, 10.0)), profile((0, 12.0), number=2)
    assert composite(installed((0, everywhere))) == [(0, 10.0)]
    assert composite(installed((0, everywhere), (1, here))) == [(0, 12.0)]


def test_the_maximum_of_the_station_always_holds() -> None:
    own = profile((0, 20.0), (60, 5.0), purpose=Purpose.TX_PROFILE)
    ceiling = profile((0, 6900.0), number=2, purpose=Purpose.CHARGE_POINT_MAX_PROFILE, unit=Unit.W)
    assert composite(installed((1, own), (0, ceiling))) == [(0, 10.0), (60, 5.0)]


def test_a_relative_profile_counts_from_the_start_of_the_transaction() -> None:
    relative = profile((0, 16.0), (3600, 8.0), kind=Kind.RELATIVE, start=None)
    assert composite(installed((1, relative)), started=NOW - HOUR / 2) == [(0, 16.0), (1800, 8.0)]


def test_a_daily_profile_begins_anew_each_day() -> None:
    daily, began, day = v16.RecurrencyKindType.DAILY, NOW - timedelta(days=3) + HOUR, 24 * 3600
    night = profile((0, 8.0), (3600, 24.0), kind=Kind.RECURRING, recurrency_kind=daily, start=began)
    limits = composite(installed((1, night)), seconds=day + 7200)
    assert limits == [(0, 24.0), (3600, 8.0), (7200, 24.0), (3600 + day, 8.0)]


def test_a_profile_holds_only_while_it_is_valid() -> None:
    bounded = profile((0, 6.0), valid_from=NOW + HOUR / 4, valid_to=NOW + HOUR / 2, start=NOW - HOUR)
    assert composite(installed((1, bounded))) == [(0, 32.0), (900, 6.0), (1800, 32.0)]


@pytest.mark.parametrize(
    ("connector_id", "unsound"),
    [
        (1, profile()),
        (1, profile((60, 5.0))),
        (1, profile((0, 5.0), stack_level=11)),
        (1, profile((0, 5.0), kind=Kind.RECURRING)),
        (1, profile((0, 5.0), purpose=Purpose.CHARGE_POINT_MAX_PROFILE)),
        (0, profile((0, 5.0), purpose=Purpose.TX_PROFILE)),
        (1, profile(*((60 * each, 5.0) for each in range(25)))),
    ],
)
def test_an_unsound_profile_is_not_installed(connector_id: int, unsound: v16.ChargingProfile) -> None:
    assert not InstalledProfiles[v16.ChargingProfile]().add(installable(connector_id, unsound))


def test_the_same_id_or_the_same_place_replaces_a_profile() -> None:
    profiles = installed((1, profile((0, 5.0))), (1, profile((0, 6.0), number=2)))
    assert composite(profiles) == [(0, 6.0)]
    assert profiles.add(installable(1, profile((0, 7.0), number=2, stack_level=3)))
    assert composite(profiles) == [(0, 7.0)]


def test_only_so_many_profiles_are_kept() -> None:
    profiles: Profiles = InstalledProfiles()
    taken = [profiles.add(installable(each, profile((0, 5.0), number=each))) for each in range(1, MAX_PROFILES + 2)]
    assert taken == [*[True] * MAX_PROFILES, False]


def test_profiles_are_removed_by_what_they_match() -> None:
    profiles = installed((1, profile((0, 5.0))), (2, profile((0, 6.0), number=2, stack_level=3)))
    assert not profiles.remove(lambda each: each.matches(1, None, 3))
    assert profiles.remove(lambda each: each.matches(2, "TxDefaultProfile", 3))
    assert profiles.remove(lambda each: each.matches(None, None, None))
    assert not profiles.remove(lambda each: each.matches(None, None, None))
