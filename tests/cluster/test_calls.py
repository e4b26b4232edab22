"""What a caller does with the answers of a node, without a node."""

from __future__ import annotations

from typing import Any

import orjson

from ocpp_fast import CallTimeout, DeliveryUnknown, Unreachable
from ocpp_fast.cluster.bus import BusLost
from ocpp_fast.cluster.calls import Caller, OutgoingCall, Target

READY = b'{"t":7.5}'


class Asked:
    """A caller that begins a call at 0 s, and what it has sent."""

    def __init__(self, *, first: bool = True) -> None:
        self.sent: list[tuple[dict[str, Any], int]] = []
        """Messages, and the numbers of their answers."""
        self.outcomes: list[Any] = []
        self.calls: list[OutgoingCall] = []
        self.is_connected = True
        self.nodes: dict[str, str] = {}
        """Where stations are that are not at n0."""
        self.caller = Caller(self._locate, self._publish, lambda _: True)
        if first:
            self.begin(0.0)

    def _locate(self, identity: str) -> Target:
        node = self.nodes.get(identity, "n0")
        return Target(node, f"i-{node}", 1, "1.6")

    def begin(self, now: float, identity: str = "CP1", timeout: float = 30.0) -> None:
        """Begin a call."""
        ended = self.outcomes.append
        self.calls.append(OutgoingCall(identity, "1.6", "Reset", b"{}", now=now, deadline=now + timeout, ended=ended))
        self.caller.start(self.calls[-1], now)

    def _publish(self, inbox: str, payload: bytes, number: int) -> None:
        if not self.is_connected:
            raise BusLost("the bus is not connected")
        self.sent.append((orjson.loads(payload.partition(b"\n")[0]), number))

    @property
    def words(self) -> list[str]:
        """What it has said."""
        return [message["op"] for message, _ in self.sent]

    def ready(self, now: float) -> None:
        """The node answers the last question."""
        self.caller.answered(self.sent[-1][1], READY, now)


def test_a_node_that_answers_is_told_to_go() -> None:
    asked = Asked()
    asked.ready(0.1)
    assert asked.words == ["ask", "go"]


def test_a_node_that_does_not_answer_is_unreachable_after_two_seconds() -> None:
    asked = Asked()
    asked.caller.tick(1.99)
    assert not asked.outcomes
    asked.caller.tick(2.0)
    (outcome,) = asked.outcomes
    assert isinstance(outcome, Unreachable) and outcome.delivered is False
    assert not len(asked.caller)


def test_a_call_that_goes_has_time_left() -> None:
    asked = Asked(first=False)
    asked.begin(0.0, timeout=0.1)
    asked.ready(0.0996)
    assert asked.sent[-1][0]["T"] > 0


def test_a_node_that_has_answered_just_now_is_not_asked() -> None:
    asked = Asked()
    asked.ready(0.1)
    asked.begin(0.109)
    asked.begin(0.12)
    assert asked.words == ["ask", "go", "go", "ask"]


class Late(Asked):
    """A caller to whom a node is ready 0.3 s after it was asked for some calls to each of some stations."""

    def __init__(self, stations: int, calls: int = 3, nodes: int = 1) -> None:
        super().__init__(first=False)
        self.nodes = {f"CP{station}": f"n{station % nodes}" for station in range(stations)}
        for _ in range(calls):
            for station in range(stations):
                self.begin(0.0, f"CP{station}")
        for _, number in list(self.sent):
            self.caller.answered(number, READY, 0.3)

    @property
    def gone(self) -> list[tuple[str, int]]:
        """The stations and the numbers of the calls that have gone."""
        return [(message["id"], number) for message, number in self.sent if message["op"] == "go"]

    def answer(self, number: int, now: float) -> None:
        """A station answers."""
        self.caller.answered(number, b'{"t":7.6}\n{}', now)


def test_after_late_answers_four_calls_go_at_once_and_three_in_place_of_each_that_has_ended() -> None:
    late = Late(10, calls=1)
    assert len(late.gone) == 4
    late.answer(late.gone[0][1], 0.31)
    assert len(late.gone) == 7
    late.answer(late.gone[1][1], 0.32)
    assert len(late.gone) == 10
    assert len({identity for identity, _ in late.gone}) == 10


def test_calls_that_are_made_later_stand_behind_those_that_had_to_wait() -> None:
    late = Late(1, calls=2)
    late.begin(0.305, "CP0")
    assert len(late.gone) == 1 and len(late.sent) == 3
    late.answer(late.gone[0][1], 0.31)
    late.answer(late.gone[1][1], 0.32)
    assert late.outcomes == [b"{}"] * 2
    late.answer(late.gone[2][1], 0.33)
    assert late.outcomes == [b"{}"] * 3
    late.begin(0.335, "CP0")
    assert len(late.gone) == 4


def test_after_late_answers_one_call_at_a_time_goes_to_a_station() -> None:
    late = Late(1)
    for begun in range(1, 4):
        assert len(late.gone) == begun
        late.answer(late.gone[-1][1], 0.3 + begun / 100)
    assert late.outcomes == [b"{}"] * 3
    assert not len(late.caller) and not late.caller._backlogs


def test_a_call_that_waits_for_its_turn_is_certain_to_be_not_delivered() -> None:
    late = Late(1)
    late.caller.bus_lost()
    late.is_connected = False
    late.caller.tick(0.31)
    assert [(type(each), each.delivered) for each in late.outcomes] == [
        (DeliveryUnknown, None),
        *[(Unreachable, False)] * 2,
    ]
    assert not late.caller._backlogs


def test_a_call_that_waits_for_its_turn_ends_with_its_time() -> None:
    late = Late(1)
    late.caller.tick(30.0)
    assert [(type(each), each.delivered) for each in late.outcomes] == [(CallTimeout, False)] * 2
    late.answer(late.gone[0][1], 30.1)
    assert len(late.outcomes) == 3 and len(late.gone) == 1
    assert not late.caller._backlogs


def test_a_call_whose_turn_comes_after_its_time_does_not_go() -> None:
    late = Late(1, calls=2)
    late.answer(late.gone[0][1], 30.001)  # before any tick
    assert [type(each) for each in late.outcomes] == [bytes, CallTimeout]
    assert late.outcomes[1].delivered is False and len(late.gone) == 1


def test_stations_that_do_not_answer_keep_no_others_waiting() -> None:
    late = Late(20, calls=1)
    assert len(late.gone) == 4
    for moment, gone in ((0.39, 4), (0.41, 16), (0.52, 20)):
        sent = len(late.sent)
        late.caller.tick(moment)
        for _, number in late.sent[sent:]:
            late.caller.answered(number, READY, moment)
        assert len(late.gone) == gone


def test_new_calls_go_at_once_a_second_later_but_to_stations_that_others_wait_for() -> None:
    late = Late(2, calls=2)
    late.begin(1.4, "CP0")
    late.begin(1.4, "CP2")
    for _, number in late.sent[-2:]:
        late.caller.answered(number, READY, 1.45)
    assert [identity for identity, _ in late.gone] == ["CP0", "CP1", "CP2"]


def test_a_turn_that_is_refused_is_tried_again_for_two_seconds() -> None:
    late = Late(1, calls=2)
    late.answer(late.gone[0][1], 5.0)
    late.caller.answered(late.gone[1][1], b'{"e":"stale"}', 5.1)
    assert len(late.outcomes) == 1
    late.caller.tick(5.2)
    late.ready(5.35)
    assert len(late.gone) == 3
    late.answer(late.gone[2][1], 5.4)
    assert late.outcomes == [b"{}"] * 2 and not late.caller._backlogs


def test_each_node_has_a_backlog_of_its_own() -> None:
    late = Late(20, calls=1, nodes=2)
    assert sorted({late.nodes[identity] for identity, _ in late.gone}) == ["n0", "n1"]
    assert len(late.gone) == 8
    late.caller.peer_lost("i-n0")
    late.caller.tick(0.31)
    assert sum(isinstance(each, DeliveryUnknown) for each in late.outcomes) == 4


def test_a_call_that_nobody_waits_for_gets_no_turn() -> None:
    late = Late(1, calls=2)
    late.caller.cancel(late.calls[1])
    late.answer(late.gone[0][1], 0.4)
    assert len(late.gone) == 1
    assert not len(late.caller) and not late.caller._backlogs
