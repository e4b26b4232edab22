"""The waits between two tries to connect (R42)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from ocpp_fast import BackOff


def fixed(*numbers: float) -> Callable[[], float]:
    """A source of these random numbers."""
    return iter(numbers).__next__


def test_R42_first_wait_is_minimum_and_a_random_part() -> None:
    back_off = BackOff(minimum=5, random_range=10, repeat_times=3)
    assert [next(back_off.waits(fixed(number))) for number in (0, 0.5, 1)] == [5, 10, 15]


def test_R42_each_next_is_twice_the_last_and_a_new_random_part_then_constant() -> None:
    waits = BackOff(minimum=1, random_range=2, repeat_times=3).waits(fixed(0.5, 0, 1, 0.25))
    assert list(islice(waits, 7)) == [2, 4, 10, 20.5, 20.5, 20.5, 20.5]


@pytest.mark.parametrize(("repeat_times", "waits"), [(0, [3, 3, 3]), (1, [3, 6, 6]), (2, [3, 6, 12, 12])])
def test_R42_doubled_at_most_so_many_times(repeat_times: int, waits: list[float]) -> None:
    back_off = BackOff(minimum=3, random_range=0, repeat_times=repeat_times)
    assert list(islice(back_off.waits(lambda: 0), len(waits))) == waits
