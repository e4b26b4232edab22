"""Which charging profiles are installed, which they replace, and what removes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from ocpp_fast import v16, v21, v201
from ocpp_fast.smart_charging import ChargingProfiles, ProfileRefused

from .profiles import (
    EXTERNAL,
    HOUR,
    MAXIMUM,
    NOW,
    TWO,
    TX,
    Kind,
    Recurrency,
    Unit,
    installed,
    profile,
    profile_2x,
    running,
)

REFUSED: Final = [
    ("K01.FR.28", 3, profile((0, 5.0))),
    ("K01.FR.28", -1, profile((0, 5.0))),
    ("for place 0 only", 1, profile((0, 5.0), purpose=MAXIMUM)),
    ("for place 0 only", 1, profile_2x(purpose="ChargingStationMaxProfile")),
    ("K01.FR.16", 0, profile((0, 5.0), purpose=TX, transaction_id=1)),
    ("K01.FR.03", 1, profile((0, 5.0), purpose=TX)),
    ("K01.FR.38", 0, profile_2x(purpose="ChargingStationMaxProfile", kind="Relative")),
    ("stack level 11", 1, profile((0, 5.0), stack_level=11)),
    ("stack level -1", 1, profile((0, 5.0), stack_level=-1)),
    ("K01.FR.26", 1, profile((0, 5.0), unit=Unit.W)),
    ("expected 1 to 24 periods", 1, profile()),
    ("expected 1 to 24 periods", 1, profile(*((60 * each, 5.0) for each in range(25)))),
    ("K01.FR.31", 1, profile((60, 5.0))),
    ("K01.FR.35", 1, profile((0, 5.0), (60, 6.0), (60, 7.0))),
    ("K01.FR.35", 1, profile((0, 5.0), (60, 6.0), (30, 7.0))),
    ("negative", 1, profile((0, -5.0))),
    ("1 to 3 phases", 1, profile((0, 5.0, 4))),
    ("recurs without", 1, profile((0, 5.0), kind=Kind.RECURRING)),
    ("recurs without", 1, profile((0, 5.0), kind=Kind.RECURRING, recurrency_kind=Recurrency.DAILY, start=None)),
    ("K01.FR.120", 0, profile_2x(purpose="LocalGeneration")),
    ("use_local_time", 1, profile_2x(schedule={"use_local_time": True})),
    ("randomized_delay", 1, profile_2x(schedule={"randomized_delay": 60})),
    ("limit_at_soc", 1, profile_2x(schedule={"limit_at_soc": v21.LimitAtSoCType(soc=80, limit=6.0)})),
    ("limit_l2", 1, profile_2x(period={"limit_l2": 6.0})),
    ("mode", 1, profile_2x(limit=None, period={"operation_mode": v21.OperationModeEnumType.EXTERNAL_LIMITS})),
]


@pytest.mark.parametrize(("why", "place", "refused"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
def test_a_profile_that_makes_no_sense_where_it_is_is_refused(why: str, place: int, refused: Any) -> None:
    station = installed((2, profile((0, 6.0))), facts=replace(TWO, rate_units=("A",)))
    with pytest.raises(ProfileRefused, match=why):
        station.install(place, refused, NOW)
    assert station.composite(2, NOW, 60).periods == [(0, 6.0, 3)]


def test_a_limit_that_is_left_out_limits_nothing() -> None:
    assert installed((1, profile_2x(limit=None))).limit(1, NOW).amperes == 32.0


@pytest.mark.parametrize("ocpp", [v201, v21])
def test_a_profile_of_the_same_id_is_replaced_wherever_it_is(ocpp: Any) -> None:
    """1.6 5.16, K01.FR.05."""
    station = installed((0, profile_2x(ocpp)), (1, profile_2x(ocpp, purpose="TxProfile", stack_level=3)))
    assert [(each.place, each.purpose) for each in station] == [(1, "TxProfile")]
    of_16 = installed((0, profile((0, 5.0))), (1, profile((0, 6.0), stack_level=3)))
    assert [(each.place, each.stack_level) for each in of_16] == [(1, 3)]


def test_in_16_a_profile_replaces_that_of_the_same_place_purpose_and_level() -> None:
    """1.6 5.16."""
    station = installed((1, profile((0, 5.0))), (2, profile((0, 5.0), number=2)), (1, profile((0, 6.0), number=3)))
    assert [(each.place, each.id) for each in station] == [(2, 2), (1, 3)]


@pytest.mark.parametrize(("purpose", "place"), [("TxDefaultProfile", 1), ("TxProfile", 1), (EXTERNAL, 0)])
def test_in_2x_one_level_has_one_valid_profile_at_a_time(purpose: str, place: int) -> None:
    """K01.FR.06, K01.FR.39."""
    station = installed((place, profile_2x(purpose=purpose, valid_to=NOW + HOUR)))
    later = profile_2x(purpose=purpose, number=2, limit=6.0, valid_from=NOW + HOUR)
    station.install(place, later, NOW, transaction_id=place)
    told = station.composite(1, NOW, 7200, running=running(1))
    assert told.periods == [(0, 10.0, 3), (3600, 6.0, 3)]
    with pytest.raises(ProfileRefused, match="the profile 1 has the same purpose and stack level"):
        station.install(place, profile_2x(purpose=purpose, number=3, valid_to=NOW), NOW, transaction_id=place)


def test_the_id_of_an_external_constraint_is_not_for_others() -> None:
    """K01.FR.05."""
    station = installed((0, profile_2x(purpose=EXTERNAL)))
    with pytest.raises(ProfileRefused, match="external constraint"):
        station.install(1, profile_2x(), NOW)
    station.install(0, profile_2x(purpose=EXTERNAL, limit=6.0), NOW)
    assert station.limit(1, NOW).amperes == 6.0


def test_only_so_many_profiles_are_kept() -> None:
    """1.6 9.4, MaxChargingProfilesInstalled."""
    station = installed(*((1, profile((0, 5.0), number=each, stack_level=each)) for each in (1, 2)))
    station.facts = replace(TWO, max_profiles=2)
    with pytest.raises(ProfileRefused, match="2 profiles already"):
        station.install(1, profile((0, 5.0), number=3, stack_level=3), NOW)
    station.install(1, profile((0, 5.0), number=2, stack_level=3), NOW)


CLEARED: Final[list[tuple[dict[str, Any], set[int]]]] = [
    ({}, {1, 2, 3}),
    ({"profile_id": 2}, {2}),
    ({"profile_id": 2, "place": 1}, {2}),
    ({"profile_id": 9}, set()),
    ({"profile_id": 4}, set()),
    ({"place": 0}, {1}),
    ({"place": 1}, {2}),
    ({"purpose": "TxDefaultProfile"}, {1, 2}),
    ({"stack_level": 3}, {2, 3}),
    ({"place": 1, "stack_level": 0}, set()),
]


@pytest.mark.parametrize(("wanted", "gone"), CLEARED)
def test_what_is_cleared(wanted: dict[str, Any], gone: set[int]) -> None:
    """1.6 5.5, K10: an id, or whatever matches; never external constraints (K10.FR.04)."""
    station = installed(
        (0, profile_2x()),
        (1, profile_2x(number=2, stack_level=3)),
        (2, profile_2x(number=3, stack_level=3, purpose="TxProfile")),
        (0, profile_2x(number=4, purpose=EXTERNAL)),
    )
    assert station.clear(**wanted) is bool(gone)
    assert {each.id for each in station} == {1, 2, 3, 4} - gone


def test_an_external_constraint_is_withdrawn_by_who_has_set_it() -> None:
    station = installed((0, profile_2x(purpose=EXTERNAL)))
    assert station.remove(lambda each: each.purpose == EXTERNAL)
    assert not station.remove(lambda each: each.purpose == EXTERNAL)


def test_the_end_of_a_transaction_takes_its_profiles_along_and_no_others() -> None:
    station: ChargingProfiles[v16.ChargingProfile] = ChargingProfiles(TWO)
    own = profile((0, 6.0), purpose=TX, transaction_id=7)
    station.install(1, own, NOW)
    station.install(2, profile((0, 7.0), number=2, purpose=TX), NOW, transaction_id=8)
    station.install(1, profile((0, 8.0), number=3), NOW)
    assert [each.transaction_id for each in station] == [7, 8, None]
    station.end_transaction(7)
    assert [each.id for each in station] == [2, 3]
