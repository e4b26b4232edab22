"""Which central system is dialled next, and when: no socket, no clock."""

from __future__ import annotations

from bisect import bisect_right
from itertools import count, islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast import BackOff
from ocpp_fast.aio.dialling import Dialling


def dialling(places: str = "ABC", attempts: int = 2, at: int = 0) -> Dialling[str]:
    """Its waits are 1, 2, 3... from the beginning of a back-off."""
    return Dialling(places, attempts, lambda: map(float, count(1)), at)


def fail(tries: Dialling[str], times: int, *, final: str = "") -> str:
    """Fail so many times, for good at those that are `final`; who was dialled."""
    dialled = ""
    for _ in range(times):
        dialled += tries.current
        if not tries.failed(final=tries.current in final):
            return dialled + "."
    return dialled


@pytest.mark.parametrize(
    ("tries", "final", "dialled"),
    [
        (dialling("A"), "", "AAAAAAAA"),
        (dialling("ABC"), "", "AABBCCAA"),
        (dialling("ABC", at=1), "", "BBCCAABB"),
        (dialling("ABC", attempts=1), "", "ABCABCAB"),
        (dialling("AAB"), "", "AAAABBAA"),
        (dialling("A"), "A", "A."),
        (dialling("ABC"), "B", "AABCCAAC"),
        (dialling("ABC"), "AC", "ABBCBBBB"),
        (dialling("ABC"), "ABC", "ABC."),
    ],
)
def test_each_is_dialled_so_often_and_never_again_if_that_was_for_good(
    tries: Dialling[str], final: str, dialled: str
) -> None:
    assert fail(tries, 8, final=final) == dialled


def test_waits_go_on_from_one_central_system_to_the_next() -> None:
    tries = dialling("AB", attempts=1)
    waits = []
    for _ in range(3):
        waits.append(tries.wait())
        fail(tries, 1)
    assert waits == [1, 2, 3]


@pytest.mark.parametrize(
    ("lived", "answered", "is_good"), [(0, False, False), (9.9, False, False), (10, False, True), (0, True, True)]
)
def test_R42_only_a_good_connection_starts_the_back_off_anew(lived: float, answered: bool, is_good: bool) -> None:
    tries = dialling("AB", attempts=2)
    assert (tries.wait(), tries.wait()) == (1, 2)
    fail(tries, 1)
    tries.connected()
    tries.ended(lived=lived, answered=answered)
    assert tries.wait() == (1 if is_good else 3)
    assert tries.current == ("A" if is_good else "B")  # a connection that was not good was one more failure


def test_what_was_refused_for_good_is_dialled_again_after_a_connection() -> None:
    tries = dialling("AB", attempts=1)
    assert fail(tries, 1, final="A") == "A"
    tries.connected()
    tries.ended(lived=0, answered=False)
    assert fail(tries, 3) == "ABA"


def test_places_that_are_dropped_are_dialled_no_more_but_the_current_one_is() -> None:
    tries = dialling("ABCD", attempts=1)
    assert fail(tries, 1) == "A"
    tries.only("CD".__contains__)
    assert (tries.places, tries.current) == (("B", "C", "D"), "B")
    assert fail(tries, 4) == "BCDB"


@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.lists(st.sampled_from(["fails", "refused for good", "short", "long"]), max_size=40),
)
def test_R42_whatever_happens_waits_double_and_who_has_refused_for_good_is_left_alone(
    size: int, attempts: int, story: list[str]
) -> None:
    tries = Dialling(range(size), attempts, lambda: BackOff(1, 0, 10).waits(lambda: 0))
    refused: set[int] = set()
    waits = 0
    for what in story:
        assert tries.current not in refused
        assert tries.wait() == 2 ** min(waits, 10)
        waits += 1
        if what == "fails":
            assert tries.failed()
        elif what == "refused for good":
            refused.add(tries.current)
            if not tries.failed(final=True):
                assert refused == set(range(size))
                break
        else:
            tries.connected()
            refused.clear()
            tries.ended(lived=60.0 * (what == "long"), answered=False)
            waits = 0 if what == "long" else waits


# How stations spread that have all lost their central system at once


@pytest.mark.parametrize("seed", range(3))
def test_R42_by_default_a_tenth_of_10_000_stations_dials_within_a_second_at_most(seed: int) -> None:
    random, dials = Random(seed).random, []
    for _ in range(10_000):
        now = 0.0
        for wait in islice(BackOff().waits(random), 8):
            now += wait
            dials.append(now)
    dials.sort()
    most = max(bisect_right(dials, second + 1) - at for at, second in enumerate(dials))
    assert 10_000 / 25 < most <= 1000
