"""What charging profiles allow together: cases worked by hand, with their source in the OCPP documents.

Sources: 1.6 by section, 2.0.1 and 2.1 by requirement (K01.FR.31), "issue" and "ours" where the documents leave it open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ocpp_fast import v201
from ocpp_fast.smart_charging import Limit, Period, StationFacts, Transaction

from .profiles import (
    DAY,
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


@dataclass(frozen=True)
class Case:
    """What is installed where, what runs, and the periods that are told: start, limit, and phases if not 3."""

    fact: str
    profiles: list[tuple[int, Any]]
    periods: list[tuple[Any, ...]]
    place: int = 1
    seconds: int = 7200
    unit: str = "A"
    runs: Mapping[int, Transaction] | None = None
    facts: StationFacts = TWO
    duration: int | None = None
    """If it is not what was asked for."""


NIGHT: Final = profile(
    *((0, 8.0), (3600, 24.0)), kind=Kind.RECURRING, recurrency_kind=Recurrency.DAILY, start=NOW - 71 * HOUR, number=7
)
WEEKEND: Final = profile(
    (0, 6.0), kind=Kind.RECURRING, recurrency_kind=Recurrency.WEEKLY, start=NOW - 166 * HOUR, duration=3600
)
RELATIVE: Final = profile((0, 16.0), (3600, 8.0), kind=Kind.RELATIVE, start=None)

CASES: Final = [
    Case("no profile: what an outlet is built for", [], [(0, 32.0)]),
    Case("no profile, in watts: 32 A x 230 V x 3", [], [(0, 22080.0)], unit="W"),
    # one schedule
    Case(
        "1.6 7.13, 7.14: a period ends where the next starts, the last with the duration",
        [(1, profile((0, 16.0), (600, 10.0), duration=3600))],
        [(0, 16.0), (600, 10.0), (3600, 32.0)],
    ),
    Case(
        "1.6 7.8, K01: valid from, and not at validTo any more",
        [(1, profile((0, 6.0), valid_from=NOW + HOUR / 4, valid_to=NOW + HOUR / 2, start=NOW - HOUR))],
        [(0, 32.0), (900, 6.0), (1800, 32.0)],
    ),
    Case(
        "1.6 7.9: an absolute schedule that starts later",
        [(1, profile((0, 6.0), start=NOW + HOUR))],
        [(0, 32.0), (3600, 6.0)],
    ),
    Case(
        "1.6 7.9: relative to the start of the transaction, half an hour ago",
        [(1, RELATIVE)],
        [(0, 16.0), (1800, 8.0)],
        runs=running(1, started=NOW - HOUR / 2),
    ),
    Case("1.6 7.9: relative where none runs: one may start now", [(1, RELATIVE)], [(0, 16.0), (3600, 8.0)]),
    Case(
        "1.6 7.13: absolute without a start is relative to the start of charging",
        [(1, profile((0, 16.0), (3600, 8.0), start=None))],
        [(0, 16.0), (1800, 8.0)],
        runs=running(1, started=NOW - HOUR / 2),
    ),
    Case(
        "ours: a relative maximum of the station counts from its installation, two hours ago",
        [(0, profile((0, 16.0), (3 * 3600, 8.0), kind=Kind.RELATIVE, start=None, purpose=MAXIMUM))],
        [(0, 16.0), (3600, 8.0)],
        runs=running(1),
    ),
    Case(
        "1.6 7.9: daily: 13:00 8 A, 14:00 24 A until 13:00",
        [(1, NIGHT)],
        [(0, 24.0), (3600, 8.0), (7200, 24.0), (3600 + DAY, 8.0)],
        seconds=DAY + 7200,
    ),
    Case(
        "1.6 7.9: weekly, an hour long: from 14:00 on this day of the week",
        [(1, WEEKEND)],
        [(0, 32.0), (7200, 6.0), (10800, 32.0)],
        seconds=4 * 3600,
    ),
    Case(
        "1.6 7.9: a recurring schedule does not hold before its first start",
        [(1, profile((0, 8.0), kind=Kind.RECURRING, recurrency_kind=Recurrency.DAILY, start=NOW + HOUR))],
        [(0, 32.0), (3600, 8.0)],
    ),
    # stacks
    Case(
        "1.6 3.13.2: the higher level leads while it says something",
        [
            (1, profile((0, 16.0))),
            (1, profile((0, 26.0), number=2, stack_level=1, start=NOW + HOUR / 2, duration=600)),
        ],
        [(0, 16.0), (1800, 26.0), (2400, 16.0)],
    ),
    Case(
        "1.6 3.13.1: the default of the station is for each connector",
        [(0, profile((0, 10.0)))],
        [(0, 10.0)],
        place=2,
    ),
    Case(
        "1.6 3.13.1: that of the connector leads at the same level",
        [(0, profile((0, 10.0))), (1, profile((0, 12.0), number=2))],
        [(0, 12.0)],
    ),
    Case(
        "1.6 3.13.2, K01.FR.52: both are one stack: the higher level leads",
        [(0, profile((0, 10.0), stack_level=1)), (1, profile((0, 12.0), number=2))],
        [(0, 10.0)],
    ),
    Case(
        "1.6 3.13.1: the TxProfile replaces the default, also by a higher limit",
        [(1, profile((0, 10.0), stack_level=5)), (1, profile((0, 20.0), number=2, purpose=TX))],
        [(0, 20.0)],
        runs=running(1),
    ),
    Case(
        "1.6 3.13.1: where the TxProfile ends, the default is back",
        [(1, profile((0, 10.0))), (1, profile((0, 20.0), number=2, purpose=TX, duration=600))],
        [(0, 20.0), (600, 10.0)],
        runs=running(1),
    ),
    Case(
        "1.6 3.13.1: a TxProfile is nothing to another transaction",
        [(1, profile((0, 10.0))), (1, profile((0, 20.0), number=2, purpose=TX))],
        [(0, 10.0)],
        runs=running(1, id=99),
    ),
    # purposes together
    Case(
        "1.6 3.13.3, K08.FR.04: the lowest of all purposes, at each moment",
        [
            (1, profile((0, 20.0), (60, 5.0), purpose=TX)),
            (0, profile((0, 6900.0), number=2, purpose=MAXIMUM, unit=Unit.W)),
        ],
        [(0, 10.0), (60, 5.0)],
        runs=running(1),
    ),
    Case(
        "K01, K11: external constraints of the station and of an EVSE hold as well",
        [
            (0, profile_2x(purpose="ChargingStationMaxProfile", limit=20.0)),
            (0, profile_2x(purpose=EXTERNAL, limit=16.0, number=2, schedule={"duration": 600})),
            (1, profile_2x(purpose=EXTERNAL, limit=6.0, number=3, schedule={"start_schedule": NOW + HOUR})),
        ],
        [(0, 16.0), (600, 20.0), (3600, 6.0)],
    ),
    Case(
        "K01 (2.1): priority stands in for the TxProfile",
        [
            (1, profile_2x(purpose="TxProfile", limit=8.0)),
            (0, profile_2x(purpose="PriorityCharging", limit=30.0, number=2)),
        ],
        [(0, 30.0)],
        runs=running(1, priority=True),
    ),
    # units and phases
    Case(
        "1.6 7.14: 3680 W on one phase are 16 A",
        [(1, profile((0, 3680.0, 1), unit=Unit.W))],
        [(0, 16.0, 1)],
    ),
    Case(
        "1.6 7.14: 3680 W without a number of phases are 5.33 A on three, rounded down",
        [(1, profile((0, 3680.0), unit=Unit.W))],
        [(0, 5.3)],
    ),
    Case("1.6 7.14: 16 A on one phase are 3680 W", [(1, profile((0, 16.0, 1)))], [(0, 3680.0, 1)], unit="W"),
    Case(
        "1.6 7.14: the number of phases is that of the period",
        [(1, profile((0, 16.0, 1), (600, 16.0, 3)))],
        [(0, 3680.0, 1), (600, 11040.0)],
        unit="W",
    ),
    Case(
        "K01.FR.45: a station has the phases that it has",
        [(1, profile((0, 16.0, 3)))],
        [(0, 3680.0, 1)],
        unit="W",
        facts=StationFacts(phases=1),
    ),
    Case(
        "K01.FR.140: the fewest phases of all that apply",
        [
            (0, profile((0, 22080.0, 1), number=2, purpose=MAXIMUM, unit=Unit.W)),
            (1, profile((0, 16.0), purpose=TX)),
        ],
        [(0, 3680.0, 1)],
        unit="W",
        runs=running(1),
    ),
    Case(
        "2.0.1: the voltage of the station: 11 kW at 240 V are 15.27 A",
        [(1, profile_2x(v201, limit=11000.0, schedule={"charging_rate_unit": v201.ChargingRateUnitEnumType.W}))],
        [(0, 15.2)],
        facts=StationFacts(voltage=240.0),
    ),
    # the station's maximum, shared
    Case(
        "issue; 1.6 3.13.1: two transactions share the station's maximum",
        [(0, profile((0, 20.0), purpose=MAXIMUM))],
        [(0, 10.0)],
        runs=running(1, 2),
    ),
    Case(
        "issue: a transaction alone has all of it",
        [(0, profile((0, 20.0), purpose=MAXIMUM))],
        [(0, 20.0)],
        runs=running(1),
    ),
    Case(
        "issue: one that may come would have to share",
        [(0, profile((0, 20.0), purpose=MAXIMUM))],
        [(0, 10.0)],
        place=2,
        runs=running(1),
    ),
    Case(
        "issue: what one may not use is for the other",
        [(0, profile((0, 20.0), purpose=MAXIMUM)), (2, profile((0, 6.0), number=2, purpose=TX))],
        [(0, 14.0)],
        runs=running(1, 2),
    ),
    Case(
        "issue: 11 040 W shared by a car on one phase, that may have 16 A, and one on three",
        [
            (0, profile((0, 11040.0), purpose=MAXIMUM, unit=Unit.W)),
            (2, profile((0, 16.0, 1), number=2, purpose=TX)),
        ],
        [(0, 7360.0)],
        unit="W",
        runs=running(1, 2),
    ),
    Case(
        "1.6 7.13, minChargingRate: 10 A are too little for two cars that need 6 A: the first has them",
        [(0, profile((0, 10.0), purpose=MAXIMUM)), (0, profile((0, 32.0), number=2, least=6.0))],
        [(0, 10.0)],
        runs=running(1, 2),
    ),
    Case(
        "1.6 7.13, minChargingRate, in watts: the second one waits until there is enough",
        [
            (0, profile((0, 10.0), (600, 12.0), purpose=MAXIMUM)),
            (0, profile((0, 22080.0), number=2, unit=Unit.W, least=4140.0)),
        ],
        [(0, 0.0), (600, 6.0)],
        place=2,
        runs=running(1, 2),
    ),
    Case(
        "1.6 7.13, minChargingRate: one that waits has the phases that it would have",
        [(0, profile((0, 10.0), purpose=MAXIMUM)), (0, profile((0, 32.0, 1), number=2, least=6.0))],
        [(0, 0.0, 1)],
        place=2,
        runs=running(1, 2),
    ),
    Case(
        "1.6 7.13, minChargingRate: a profile may go below it",
        [(1, profile((0, 5.0), least=6.0))],
        [(0, 5.0)],
        runs=running(1, 2),
    ),
    # the grid connection
    Case("issue; K08: connector 0 is the sum of the connectors", [(0, profile((0, 10.0)))], [(0, 20.0)], place=0),
    Case(
        "issue; K08: ...or what the station may draw, if that is less",
        [(0, profile((0, 10.0))), (0, profile((0, 32.0), (600, 16.0), number=2, purpose=MAXIMUM))],
        [(0, 20.0), (600, 16.0)],
        place=0,
    ),
    Case(
        "issue: each connector by its own profiles: 6 A for the transaction, 32 A for a car that may come",
        [(1, profile((0, 6.0), purpose=TX))],
        [(0, 38.0)],
        place=0,
        runs=running(1),
    ),
    Case(
        "issue: in watts, 16 A on one phase and 10 A on three: 3680 + 6900",
        [(1, profile((0, 16.0, 1))), (2, profile((0, 10.0), number=2))],
        [(0, 10580.0)],
        place=0,
        unit="W",
    ),
    Case(
        "ours: amperes add up as if all cars used the same phase",
        [(1, profile((0, 16.0, 1))), (2, profile((0, 10.0), number=2))],
        [(0, 26.0)],
        place=0,
    ),
    Case("ours: a station without outlets draws nothing", [], [(0, 0.0)], place=0, facts=StationFacts(outlets=0)),
    Case("ours: the grid connection has its fuse", [], [(0, 40.0)], place=0, facts=replace(TWO, grid_amperes=40.0)),
    Case("ours: ...that is shared", [], [(0, 20.0)], runs=running(1, 2), facts=replace(TWO, grid_amperes=40.0)),
    # how much is told
    Case(
        "issue; 1.6 9.4, ChargingScheduleMaxPeriods: the schedule ends before the period that there is no room for",
        [(1, profile((0, 6.0), (60, 7.0))), (1, profile((0, 8.0), number=2, stack_level=1, start=NOW + HOUR))],
        [(0, 6.0), (60, 7.0)],
        duration=3600,
        facts=StationFacts(max_periods=2),
    ),
    Case(
        "1.6 9.4: as many periods as there is room for are no reason to",
        [(1, profile((0, 6.0), (60, 7.0)))],
        [(0, 6.0), (60, 7.0)],
        facts=StationFacts(max_periods=2),
    ),
    Case("ours: a week at most", [], [(0, 32.0)], seconds=10**15, duration=7 * DAY),
    Case("1.6 5.7: no time at all", [(1, profile((0, 6.0), (60, 7.0)))], [(0, 6.0)], seconds=0),
    Case(
        "ours: what would be the same in the answer is one period",
        [(1, profile((0, 6.0), (60, 6.04), (120, 6.0)))],
        [(0, 6.0)],
    ),
    Case(
        "ours: a start between two seconds is told on the next one",
        [(1, profile((0, 6.0), start=NOW + timedelta(milliseconds=1500)))],
        [(0, 32.0), (2, 6.0)],
    ),
    Case(
        "ours: numbers that no clock counts to do no harm",
        [(1, profile((0, 6.0), (10**15, 7.0), duration=10**16))],
        [(0, 6.0)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fact)
def test_hand_worked_cases(case: Case) -> None:
    station = installed(*case.profiles, facts=case.facts)
    told = station.composite(case.place, NOW, case.seconds, case.unit, case.runs or {})
    assert told.periods == [Period(*each, *[3][len(each) - 2 :]) for each in case.periods]
    assert told[:3] == (NOW, case.seconds if case.duration is None else case.duration, case.unit)


def test_the_limit_now_is_exact_and_in_both_units() -> None:
    station = installed((1, profile((0, 3680.0), unit=Unit.W)))
    assert station.limit(1, NOW) == Limit(3680 / 690, 3680.0, 3)
    assert station.limit(1, NOW - HOUR) == Limit(32.0, 22080.0, 3)


def test_without_a_unit_the_station_takes_its_own() -> None:
    station = installed(facts=StationFacts(rate_units=("W",)))
    assert station.composite(1, NOW, 60).unit == "W"
    with pytest.raises(ValueError, match=r"expected a duration and one of \('W',\), not 60 and 'A'"):
        station.composite(1, NOW, 60, "A")  # K08.FR.07


@pytest.mark.parametrize(("place", "seconds"), [(3, 60), (-1, 60), (1, -1)])
def test_there_is_no_schedule_of_another_place_or_for_less_than_no_time(place: int, seconds: int) -> None:
    with pytest.raises(ValueError, match=r"no place|expected a duration"):
        installed().composite(place, NOW, seconds)
