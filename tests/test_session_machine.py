"""Both sides of a connection against a plain model: calls, answers and ends in every order we can think of."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ocpp_fast import CallError, CallTimeout, Disconnected, Policy, v16
from ocpp_fast.session import CallEnded, OpenCall
from ocpp_fast.testing import Pair, Side

KINDS = {2: "call", 3: "result", 4: "error"}
ENDS: dict[type, str] = {
    v16.ClearCacheResponse: "result",
    v16.HeartbeatResponse: "result",
    CallError: "error",
    CallTimeout: "timeout",
    Disconnected: "disconnect",
}
NOW = datetime(2024, 1, 1, tzinfo=UTC)

Frame = tuple[str, str]
"""A kind and a unique id."""


class Model:
    """What one side should be like; ids stand for calls."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open: list[str] = []
        self.queue: list[str] = []
        self.deadlines: dict[str, float] = {}
        self.ends: dict[str, str] = {}
        self.sent: list[Frame] = []
        self.handling: list[str] = []
        self.ignored = 0
        self.peer: Model

    @property
    def pending(self) -> list[str]:
        return [*self.open, *self.queue]

    def call(self, unique_id: str, deadline: float) -> None:
        self.queue.append(unique_id)
        self.deadlines[unique_id] = deadline
        self.fill()

    def end(self, unique_id: str, how: str) -> None:
        (self.open if unique_id in self.open else self.queue).remove(unique_id)
        assert unique_id not in self.ends
        self.ends[unique_id] = how

    def fill(self) -> None:
        while self.queue and len(self.open) < self.limit:
            self.open.append(self.queue.pop(0))
            self.sent.append(("call", self.open[-1]))

    def receive(self, frame: Frame) -> None:
        kind, unique_id = frame
        if kind == "call":
            if unique_id not in self.handling:  # else it is the same call again (R13)
                self.handling.append(unique_id)
        elif unique_id in self.open:
            self.end(unique_id, kind)
            self.fill()
        else:
            self.ignored += 1

    def advance(self, now: float) -> None:
        for time in sorted({self.deadlines[each] for each in self.pending}):
            for each in self.pending:
                if self.deadlines[each] == time <= now:
                    self.end(each, "timeout")
            self.fill()


something_is_sent = precondition(lambda self: any(each.sent for each in self.models.values()))
while_connected = precondition(lambda self: self.connected)


class Connection(RuleBasedStateMachine):
    """A pair of sessions and the model of each."""

    @initialize(limits=st.tuples(st.integers(1, 3), st.integers(1, 2)))
    def connect(self, limits: tuple[int, int]) -> None:
        policies = [Policy(max_open_calls=limit) for limit in limits]
        self.pair = Pair(v16.VERSION, central=policies[0], station=policies[1])
        self.sides: dict[bool, Side] = {True: self.pair.central, False: self.pair.station}
        central, station = (Model(limit) for limit in limits)
        self.models = {True: central, False: station}
        central.peer, station.peer = station, central
        self.calls: dict[tuple[bool, str], OpenCall] = {}
        self.connected = True

    # What users do

    @while_connected
    @rule(central=st.booleans(), timeout=st.sampled_from([5.0, 10.0, 30.0]))
    def call(self, central: bool, timeout: float) -> None:
        request = v16.ClearCacheRequest() if central else v16.HeartbeatRequest()
        call = self.sides[central].call(request, timeout=timeout)
        self.calls[central, call.unique_id] = call
        self.models[central].call(call.unique_id, self.pair.clock.now + timeout)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel a call, open, waiting or ended."""
        central, unique_id = data.draw(st.sampled_from(sorted(self.calls)))
        self.sides[central].cancel(self.calls[central, unique_id])
        model = self.models[central]
        if unique_id in model.pending:
            model.end(unique_id, "cancelled")
            model.fill()

    @precondition(lambda self: any(each.handling for each in self.models.values()))
    @rule(data=st.data(), how=st.sampled_from(["answer", "reject", "fail"]))
    def answer(self, data: st.DataObject, how: str) -> None:
        central = data.draw(st.sampled_from([each for each, model in self.models.items() if model.handling]))
        side, model = self.sides[central], self.models[central]
        unique_id = model.handling.pop(0)
        if how == "answer":
            accepted = v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
            side.answer(v16.HeartbeatResponse(current_time=NOW) if central else accepted)
        else:
            side.fail(CallError() if how == "reject" else RuntimeError("it failed"))
        model.sent.append(("result" if how == "answer" else "error", unique_id))

    # What the network does

    def choose_frame(self, data: st.DataObject) -> tuple[bool, int]:
        choices = [(central, index) for central, model in self.models.items() for index in range(len(model.sent))]
        return data.draw(st.sampled_from(choices))

    @something_is_sent
    @rule(data=st.data(), in_order=st.booleans())
    def deliver(self, data: st.DataObject, in_order: bool) -> None:
        central, index = self.choose_frame(data)
        index = 0 if in_order else index
        frame = self.models[central].sent.pop(index)
        self.sides[central].deliver(index)
        self.models[central].peer.receive(frame)

    @something_is_sent
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        central, index = self.choose_frame(data)
        del self.models[central].sent[index]
        del self.sides[central].in_transit[index]

    @something_is_sent
    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        central, index = self.choose_frame(data)
        for frames in (self.models[central].sent, self.sides[central].in_transit):
            copies: list[Any] = frames
            copies.append(copies[index])

    @while_connected
    @rule(central=st.booleans(), data=st.data())
    def forge_a_result(self, central: bool, data: st.DataObject) -> None:
        """Bring a result that the peer never sent: of an open, waiting or ended call, or of none."""
        ids = [unique_id for whose, unique_id in self.calls if whose is central]
        unique_id = data.draw(st.sampled_from(["-1", *ids]))
        payload = b'{"status":"Accepted"}' if central else b'{"currentTime":"2024-01-01T00:00:00Z"}'
        self.sides[central].receive(b'[3,"%b",%b]' % (unique_id.encode(), payload))
        self.models[central].receive(("result", unique_id))

    @while_connected
    @rule(central=st.booleans(), raw=st.sampled_from([b"", b'[9,"1"]', b'[3.0,"1",{}]', b"[3]"]))
    def forge_nonsense(self, central: bool, raw: bytes) -> None:
        self.sides[central].receive(raw)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 31.0]))
    def advance(self, seconds: float) -> None:
        self.pair.advance(seconds)
        for model in self.models.values():
            model.advance(self.pair.clock.now)

    @precondition(lambda self: self.connected and len(self.calls) > 5)
    @rule()
    def disconnect(self) -> None:
        self.connected = False
        self.pair.disconnect()
        for model in self.models.values():
            for unique_id in model.pending:
                model.end(unique_id, "disconnect")
            model.sent.clear()
            model.handling.clear()

    # What must hold

    @invariant()
    def frames_are_sent_in_order(self) -> None:
        for central, side in self.sides.items():
            frames = [json.loads(frame) for frame in side.in_transit]
            assert [(KINDS[frame[0]], frame[1]) for frame in frames] == self.models[central].sent

    @invariant()
    def no_more_calls_are_in_flight_than_may_be(self) -> None:
        for central, model in self.models.items():
            assert len(model.open) <= model.limit
            if self.connected:
                assert self.sides[central].session._open == len(model.open)

    @invariant()
    def each_call_ends_once_and_as_it_should(self) -> None:
        for central, side in self.sides.items():
            ended = Counter(each.open_call for each in side.events if isinstance(each, CallEnded))
            assert all(times == 1 for times in ended.values())
            model = self.models[central]
            for (whose, unique_id), call in self.calls.items():
                outcome = side.outcome(call)
                if whose is central and unique_id in model.ends:
                    expected = model.ends[unique_id]
                    assert expected == ("cancelled" if outcome is None else ENDS[type(outcome)])
                else:
                    assert outcome is None

    @invariant()
    def one_call_of_the_peer_is_handled_at_a_time(self) -> None:
        for central, side in self.sides.items():
            handling = self.models[central].handling
            assert (side.handling and side.handling.unique_id) == (handling[0] if handling else None)

    @invariant()
    def nothing_is_left_of_what_has_ended(self) -> None:
        assert len(self.pair.table) == sum(len(model.pending) for model in self.models.values())
        for central, side in self.sides.items():
            assert side.session.ignored_answers == self.models[central].ignored

    def teardown(self) -> None:
        """Let everything run out of time."""
        if hasattr(self, "pair"):
            self.advance(1000.0)
            assert len(self.pair.table) == 0
            assert self.pair.table.next_deadline() is None


def test_both_sides_agree_with_their_models() -> None:
    run_state_machine_as_test(Connection, settings=settings(max_examples=200, stateful_step_count=60))
