"""What is remembered of stations that have booted, and of how many."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast.registration import MemoryRegistrations


def test_the_stations_that_booted_last_are_remembered() -> None:
    registrations = MemoryRegistrations(most=3)
    for identity in ("a", "b", "c", "a", "d"):
        registrations.store(identity, "Accepted")
    assert [registrations.load(each) for each in "abcd"] == ["Accepted", None, "Accepted", "Accepted"]


@pytest.mark.parametrize("most", [0, -1, 1.0, True, None])
def test_an_unusable_number_is_refused(most: Any) -> None:
    with pytest.raises(ValueError, match=r"^most: expected an integer greater than 0"):
        MemoryRegistrations(most)
