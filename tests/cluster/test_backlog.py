"""Who has a turn, of calls that had to wait."""

from __future__ import annotations

from ocpp_fast.cluster.backlog import Backlog
from ocpp_fast.cluster.calls import OutgoingCall


class Waiting:
    """A backlog that began at 0 s, with a call to each of some stations."""

    def __init__(self, identities: str) -> None:
        self.backlog = Backlog(0.0)
        self.alive: set[OutgoingCall] = set()
        self.calls = [self.add(each) for each in identities]

    def add(self, identity: str) -> OutgoingCall:
        """Queue a call."""
        call = OutgoingCall(identity, "1.6", "Reset", b"{}", now=0.0, deadline=30.0, ended=lambda _: None)
        self.alive.add(call)
        self.backlog.add(call)
        return call

    def turns(self, now: float) -> str:
        """Return the stations whose turn it is now."""
        given = ""
        while (call := self.backlog.pop(now, self.alive)) is not None:
            given += call.identity
        return given


def test_four_go_first_and_three_in_place_of_each_that_has_ended() -> None:
    waiting = Waiting("abcdefghijkl")
    assert waiting.turns(0.0) == "abcd"
    waiting.backlog.ended(waiting.calls[2])
    assert waiting.turns(0.0) == "efg"
    assert waiting.turns(0.09) == ""


def test_a_turn_is_over_after_a_tenth_of_a_second_and_only_once() -> None:
    waiting = Waiting("abcdefghijklmnopqrstuvwxyz")
    assert waiting.turns(0.0) == "abcd"
    assert waiting.turns(0.1) == "efghijklmnop"
    waiting.backlog.ended(waiting.calls[0])
    assert waiting.turns(0.19) == ""
    assert waiting.turns(0.2) == "qrstuvwxyz"


def test_the_calls_to_a_station_go_one_after_another_and_stations_take_turns() -> None:
    waiting = Waiting("aabab")
    assert waiting.turns(0.0) == "ab"
    assert waiting.turns(0.5) == ""
    waiting.backlog.ended(waiting.calls[0])
    assert waiting.turns(0.5) == "a"
    waiting.backlog.ended(waiting.calls[2])
    waiting.backlog.ended(waiting.calls[1])
    assert waiting.turns(0.5) == "ba"
    waiting.backlog.ended(waiting.calls[4])
    waiting.backlog.ended(waiting.calls[3])
    assert waiting.backlog.is_over(0.5)


def test_calls_that_have_ended_meanwhile_take_no_turn() -> None:
    waiting = Waiting("aabcdef")
    waiting.alive.difference_update(waiting.calls[:3])
    assert waiting.turns(0.0) == "cdef"
    for each in waiting.calls[3:]:
        waiting.backlog.ended(each)
    assert waiting.turns(0.0) == "" and waiting.backlog.is_over(0.0)


def test_it_is_open_for_a_second_and_longer_where_calls_wait() -> None:
    waiting = Waiting("aab")
    assert waiting.turns(0.0) == "ab"
    assert waiting.backlog.takes("c", 0.9)
    assert not waiting.backlog.takes("c", 1.0) and not waiting.backlog.takes("b", 1.0)
    assert waiting.backlog.takes("a", 1.0)
    waiting.backlog.ended(waiting.calls[0])
    assert waiting.backlog.takes("a", 1.0) and not waiting.backlog.is_over(1.0)
    assert waiting.turns(1.0) == "a"
    assert not waiting.backlog.is_over(0.9) and waiting.backlog.is_over(1.0)
