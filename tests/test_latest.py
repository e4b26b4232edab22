"""What is remembered, and of how many."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast import CentralSystem, NoAuth, v16
from ocpp_fast.latest import Latest
from ocpp_fast.registration import MemoryRegistrations
from ocpp_fast.tolerance import Peer


def test_what_was_set_last_is_remembered() -> None:
    latest = Latest[str, int](most=3)
    for value, key in enumerate("abcad"):
        latest[key] = value
    assert list(latest.items()) == [("c", 2), ("a", 3), ("d", 4)]


def test_the_stations_that_booted_last_are_remembered() -> None:
    registrations, peers = MemoryRegistrations(), CentralSystem(auth=NoAuth(), versions=[v16])._runtime.peers
    for number in range(100_001):
        registrations.store(f"CP{number}", "Accepted")
        peers[f"CP{number}"] = Peer(f"CP{number}")
    assert [registrations.load(f"CP{number}") for number in (0, 1, 100_000)] == [None, "Accepted", "Accepted"]
    assert [f"CP{number}" in peers for number in (0, 1, 100_000)] == [False, True, True]


@pytest.mark.parametrize("most", [0, -1, 1.0, True, None])
def test_an_unusable_number_is_refused(most: Any) -> None:
    with pytest.raises(ValueError, match=r"^most: expected an integer greater than 0"):
        Latest[str, int](most)
