"""The session, by a clock that stands still: R10 to R14, R44, and what its owner may rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from math import nan
from typing import Any

import pytest

import ocpp_fast
from ocpp_fast import (
    CallError,
    CallTimeout,
    Disconnected,
    Fault,
    InvalidResult,
    NotSent,
    OcppError,
    Policy,
    QueueFull,
    ValidationError,
    v16,
)
from ocpp_fast.frames import Call, FrameFault
from ocpp_fast.session import CallEnded
from ocpp_fast.testing import Pair

HEARTBEAT = v16.HeartbeatRequest()
HEARTBEAT_RESPONSE = v16.HeartbeatResponse(current_time=datetime(2024, 1, 1, tzinfo=UTC))
CLEAR_CACHE = v16.ClearCacheRequest()
CLEAR_CACHE_RESPONSE = v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)


@pytest.fixture
def pair() -> Pair:
    return Pair(v16.VERSION)


def heartbeat(unique_id: str) -> bytes:
    return b'[2,"%b","Heartbeat",{}]' % unique_id.encode()


def answered(unique_id: str) -> bytes:
    return b'[3,"%b",{"currentTime":"2024-01-01T00:00:00.000Z"}]' % unique_id.encode()


def cleared(unique_id: str) -> bytes:
    return b'[3,"%b",{"status":"Accepted"}]' % unique_id.encode()


def nothing_is_left(pair: Pair) -> bool:
    sessions = [pair.central.session, pair.station.session]
    return len(pair.table) == 0 and all(
        (session._open, session._queue or None, session._outbox) == (0, None, ()) for session in sessions
    )


# R14: one call at a time


def test_R14_a_call_is_answered(pair: Pair) -> None:
    call = pair.station.call(HEARTBEAT)
    assert pair.station.in_transit == [heartbeat("1")]
    pair.station.deliver()
    assert pair.central.handling is not None
    assert pair.central.handling.payload == HEARTBEAT
    assert pair.central.handling.raw == heartbeat("1")
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [answered("1")]
    assert pair.station.outcome(call) is None
    pair.central.deliver()
    assert pair.station.outcome(call) == HEARTBEAT_RESPONSE
    assert nothing_is_left(pair)


def test_R14_the_second_call_waits_until_the_first_is_answered(pair: Pair) -> None:
    for _ in range(3):
        pair.station.call(HEARTBEAT)
    for number in ("1", "2", "3"):
        assert pair.station.in_transit == [heartbeat(number)]
        pair.station.deliver()
        pair.central.answer(HEARTBEAT_RESPONSE)
        pair.central.deliver()
    assert pair.station.in_transit == []
    assert nothing_is_left(pair)


def test_R14_the_limit_is_adjustable_and_answers_come_in_any_order() -> None:
    pair = Pair(v16.VERSION, station=Policy(max_open_calls=2))
    first, second, third = (pair.station.call(HEARTBEAT) for _ in range(3))
    assert pair.station.in_transit == [heartbeat("1"), heartbeat("2")]
    pair.station.in_transit.clear()
    pair.station.receive(answered("2"))
    assert pair.station.outcome(second) == HEARTBEAT_RESPONSE
    assert pair.station.in_transit == [heartbeat("3")]
    pair.station.receive(answered("3"))
    pair.station.receive(answered("1"))
    assert pair.station.outcome(first) == pair.station.outcome(third) == HEARTBEAT_RESPONSE
    assert pair.station.session.ignored_answers == 0


# Calls of the peer: one after another


def test_calls_of_the_peer_are_handled_in_order_however_each_is_answered(pair: Pair) -> None:
    for unique_id in "abc":
        pair.central.receive(heartbeat(unique_id))
    assert [each.unique_id for each in pair.central.events if isinstance(each, Call)] == ["a"]
    for unique_id, outcome in {"a": CallError("SecurityError", "no"), "b": RuntimeError("secret"), "c": None}.items():
        assert pair.central.handling is not None
        assert pair.central.handling.unique_id == unique_id
        if outcome is None:
            pair.central.answer(HEARTBEAT_RESPONSE)
        else:
            pair.central.fail(outcome)
    assert pair.central.handling is None
    assert pair.central.in_transit == [
        b'[4,"a","SecurityError","no",{}]',
        b'[4,"b","InternalError","the handler failed",{}]',
        answered("c"),
    ]


def test_an_invalid_call_is_answered_in_its_turn(pair: Pair) -> None:
    pair.central.receive(heartbeat("a"))
    pair.central.receive(b'[2,"b","Heartbeat",{"x":1}]')
    assert pair.central.in_transit == []
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [
        answered("a"),
        b'[4,"b","FormationViolation","x: expected no property of this name",{}]',
    ]
    (notice,) = (each for each in pair.central.events if isinstance(each, FrameFault))
    assert notice.fault is Fault.ADDITIONAL


@pytest.mark.parametrize(("policy", "most"), [(Policy(), 16), (Policy(max_waiting_calls=1), 1)], ids=["default", "one"])
def test_so_many_calls_wait_and_then_it_is_full(policy: Policy, most: int) -> None:
    central = Pair(v16.VERSION, central=policy).central
    for number in range(most):
        central.receive(heartbeat(f"{number}"))
    assert not central.session.is_full
    central.receive(heartbeat("last"))
    assert central.session.is_full
    central.answer(HEARTBEAT_RESPONSE)
    assert not central.session.is_full


def test_an_invalid_answer_leaves_the_call_to_be_answered(pair: Pair) -> None:
    pair.central.receive(heartbeat("a"))
    pair.central.receive(heartbeat("b"))
    for wrong in (None, CLEAR_CACHE_RESPONSE, v16.HeartbeatResponse(current_time="now")):  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(ValidationError):
            pair.central.answer(wrong)
    assert pair.central.in_transit == []
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [answered("a")]


@pytest.mark.parametrize(
    "error",
    [
        CallError("GenericError", details={"x": object()}),
        CallError("GenericError", details={"x": float("nan")}),
        CallError("GenericError", details={1: 2}),  # type: ignore[dict-item]  # wrong on purpose
        CallError("GenericError", details=5),  # type: ignore[arg-type]
        CallError("GenericError", details=[("x", 1)]),  # type: ignore[arg-type]
        CallError("GenericError", "\ud800"),
        CallError("GenericError", None),  # type: ignore[arg-type]
        CallError("\ud800"),
        CallError(500),  # type: ignore[arg-type]
    ],
    ids=lambda error: repr(error.args) + repr(error.details)[:20],
)
def test_an_error_that_cannot_be_written_becomes_a_constant_one(pair: Pair, error: CallError) -> None:
    pair.central.receive(heartbeat("a"))
    pair.central.fail(error)
    assert pair.central.in_transit == [b'[4,"a","InternalError","the handler failed",{}]']


# R12: late and unknown answers


def test_R12_ten_thousand_unknown_answers_leave_nothing_behind(pair: Pair) -> None:
    for number in range(5_000):
        pair.central.receive(b'[3,"%d",{}]' % number)
        pair.central.receive(b'[4,"%d","GenericError","",{}]' % number)
    assert pair.central.session.ignored_answers == 10_000
    assert pair.central.in_transit == []
    assert len(pair.table) == 0
    call = pair.central.call(CLEAR_CACHE)
    pair.central.receive(cleared("1"))
    assert pair.central.outcome(call) == CLEAR_CACHE_RESPONSE


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["timeout", "cancelled"])
def test_R12_R44_the_next_call_is_sent_at_once_and_a_late_answer_is_ignored(pair: Pair, is_cancelled: bool) -> None:
    first, second = pair.central.call(CLEAR_CACHE), pair.central.call(CLEAR_CACHE, timeout=60)
    pair.central.in_transit.clear()
    if is_cancelled:
        pair.central.cancel(first)
    else:
        pair.advance(30)
    end = pair.central.outcome(first)
    assert isinstance(end, type(None) if is_cancelled else CallTimeout)
    assert pair.central.in_transit == [b'[2,"2","ClearCache",{}]']
    pair.central.receive(cleared("1"))
    assert pair.central.session.ignored_answers == 1
    assert pair.central.outcome(second) is None
    pair.central.receive(cleared("2"))
    assert pair.central.outcome(second) == CLEAR_CACHE_RESPONSE
    assert pair.central.outcome(first) is end
    assert len(pair.table) == 0


def test_R12_an_answer_to_a_call_that_still_waits_for_its_turn_is_ignored(pair: Pair) -> None:
    pair.central.call(CLEAR_CACHE)
    waiting = pair.central.call(CLEAR_CACHE)
    pair.central.receive(cleared("2"))
    assert pair.central.outcome(waiting) is None
    assert pair.central.session.ignored_answers == 1


# How a call of ours ends


@pytest.mark.parametrize(
    ("answer", "path", "rule", "expected"),
    [
        (b'[3,"1",{"status":"?"}]', "status", "enum", "one of Accepted, Rejected"),
        (b'[3,"1",5]', "", "type", "object"),
        (b'[3,"1"]', "frame", "items", "3 elements"),
        (b'[4,"1",5,5,5]', "errorCode", "type", "string"),
    ],
)
def test_R10_an_invalid_answer_is_an_InvalidResult_that_says_why_and_is_not_answered(
    pair: Pair, answer: bytes, path: str, rule: str, expected: str
) -> None:
    call = pair.central.call(CLEAR_CACHE)
    pair.central.in_transit.clear()
    pair.central.receive(answer)
    error = pair.central.outcome(call)
    assert isinstance(error, InvalidResult)
    assert (error.path, error.rule, error.expected) == (path, rule, expected)
    assert str(error) == f"{path or 'payload'}: expected {expected}"
    assert nothing_is_left(pair)
    assert pair.central.in_transit == []


# Timeouts


def test_a_call_ends_when_its_time_is_over_and_not_before(pair: Pair) -> None:
    call = pair.central.call(CLEAR_CACHE, timeout=30)
    pair.advance(29.9)
    assert pair.central.outcome(call) is None
    pair.advance(0.1)
    error = pair.central.outcome(call)
    assert isinstance(error, CallTimeout)
    assert str(error) == "ClearCache was not answered in time"
    assert nothing_is_left(pair)


# The end


def test_after_the_end_nothing_is_sent_or_taken(pair: Pair) -> None:
    for unique_id in "ab":
        pair.central.receive(heartbeat(unique_id))
    call = pair.central.handling
    assert call is not None
    session = pair.central.session
    session.call("x", CLEAR_CACHE, 30.0)  # sent, but not taken out before the end
    session.close()
    assert session.take_outbox() == ()
    session.answer(call, HEARTBEAT_RESPONSE)
    assert session.fail(call, CallError("GenericError")) is None
    assert session.next_call() is None
    assert session.receive(heartbeat("c")) is None
    assert session.receive(b"nonsense") is None
    assert not session.is_full
    with pytest.raises(Disconnected, match=r"^the connection is closed$"):
        session.call("y", CLEAR_CACHE, 30.0)
    assert session.take_outbox() == ()
    assert len(pair.table) == 0


def test_R44_a_disconnect_fails_every_pending_call_at_once(pair: Pair) -> None:
    calls = [pair.central.call(CLEAR_CACHE), pair.central.call(v16.ResetRequest(type=v16.ResetType.HARD))]
    theirs = pair.station.call(HEARTBEAT)
    pair.disconnect()
    for call, action in zip(calls, ("ClearCache", "Reset"), strict=True):
        error = pair.central.outcome(call)
        assert isinstance(error, Disconnected)
        assert str(error) == f"the connection closed before {action} was answered"
    assert isinstance(pair.station.outcome(theirs), Disconnected)
    assert len(pair.table) == 0


# Our own faults: raised before a byte is sent


@pytest.mark.parametrize(
    ("request_", "timeout", "error", "told"),
    [
        (v16.AuthorizeRequest(id_tag="x" * 21), 30.0, ValidationError, "^idTag: expected at most 20 characters$"),
        (HEARTBEAT, nan, ValueError, "^deadline "),
    ],
)
def test_an_invalid_request_or_deadline_raises_and_nothing_is_sent(
    pair: Pair, request_: Any, timeout: float, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        pair.station.call(request_, timeout=timeout)
    assert pair.station.in_transit == []
    assert nothing_is_left(pair)


def test_an_id_that_is_in_use_raises_and_the_first_call_goes_on(pair: Pair) -> None:
    call = pair.central.call(CLEAR_CACHE, unique_id="a")
    with pytest.raises(KeyError):
        pair.central.call(CLEAR_CACHE, unique_id="a")
    pair.central.receive(cleared("a"))
    assert pair.central.outcome(call) == CLEAR_CACHE_RESPONSE
    assert nothing_is_left(pair)


# What the owner may rely on


def test_the_outbox_is_forgotten_when_it_is_taken(pair: Pair) -> None:
    session = pair.central.session
    taken = session.take_outbox()
    session.call("a", CLEAR_CACHE, 30.0)
    assert taken == ()
    taken = session.take_outbox()
    session.call("b", CLEAR_CACHE, 30.0)
    session.close()
    assert taken == (b'[2,"a","ClearCache",{}]',)


def test_the_waiter_of_a_call_comes_back_untouched(pair: Pair) -> None:
    waiter: Any = object()
    session = pair.central.session
    call = session.call("a", CLEAR_CACHE, 30.0, waiter)
    assert call.waiter is waiter
    event = session.receive(cleared("a"))
    assert isinstance(event, CallEnded)
    assert event.open_call is call


def test_a_side_without_a_call_to_answer_says_so(pair: Pair) -> None:
    with pytest.raises(LookupError, match=r"^no call is being handled$"):
        pair.central.answer(HEARTBEAT_RESPONSE)


# How many calls of ours wait, and what is known of a call that failed


def test_R14_so_many_calls_wait_and_one_more_is_refused_before_anything_is_written() -> None:
    central = Pair(v16.VERSION, central=Policy(max_queued_calls=2)).central
    first, second, _ = (central.call(CLEAR_CACHE) for _ in range(3))
    with pytest.raises(QueueFull, match=r"^2 calls wait for their turn already$"):
        central.call(CLEAR_CACHE)
    central.cancel(second)
    central.call(CLEAR_CACHE)
    central.receive(cleared("1"))
    central.call(CLEAR_CACHE)
    assert central.outcome(first) == CLEAR_CACHE_RESPONSE


def test_R44_an_expired_call_frees_its_place_in_the_queue_at_once() -> None:
    pair = Pair(v16.VERSION, central=Policy(max_queued_calls=1))
    pair.central.call(CLEAR_CACHE, timeout=60)
    pair.central.call(CLEAR_CACHE, timeout=5)
    pair.advance(5)
    assert not pair.central.session._queue
    pair.central.call(CLEAR_CACHE)


@pytest.mark.parametrize("end", ["timeout", "disconnect"])
def test_a_call_whose_turn_never_came_was_not_delivered_and_of_one_that_was_sent_nobody_knows(
    pair: Pair, end: str
) -> None:
    calls = [pair.central.call(CLEAR_CACHE, timeout=5) for _ in range(2)]
    if end == "timeout":
        pair.advance(5)
    else:
        pair.disconnect()
    errors = [pair.central.outcome(each) for each in calls]
    assert [each.delivered for each in errors if isinstance(each, OcppError)] == [None, False]


def test_may_send_is_asked_when_the_turn_has_come(pair: Pair) -> None:
    asked: list[str] = []

    def may_send() -> bool:
        asked.append("now")
        return len(asked) == 1

    session = pair.central.session
    first = session.call("first", CLEAR_CACHE, 5.0, may_send=may_send)
    assert (first.frame, asked) == (None, ["now"])
    second, third = (session.call(each, CLEAR_CACHE, 5.0, may_send=may_send) for each in ("second", "third"))
    assert asked == ["now"]
    session.cancel(first)
    ended = [each for each in session.take_events() if isinstance(each, CallEnded)]
    assert [each.open_call for each in ended] == [second, third]
    assert [(type(each.outcome), each.outcome.delivered) for each in ended if isinstance(each.outcome, OcppError)] == [
        (NotSent, False)
    ] * 2


def test_a_call_that_must_not_be_sent_raises_at_once(pair: Pair) -> None:
    for may_send in (bool, lambda: 1 / 0):
        with pytest.raises(NotSent):
            pair.central.session.call("id", CLEAR_CACHE, 5.0, may_send=may_send)
    assert pair.central.session.take_outbox() == ()
    assert not pair.central.session.has_open_calls


def test_every_error_says_what_became_of_the_call() -> None:
    kinds = {each for each in vars(ocpp_fast).values() if isinstance(each, type) and issubclass(each, OcppError)}
    not_sent = (
        "ValidationError MessageDropped NotConnected NotRegistered NotSent SigningFailed HandshakeFailed QueueFull"
        " NoCommonVersion QueueInUse Unreachable VersionMismatch"
    )
    answered = "CallError InvalidResult TransferRefused"
    said = {value: {each.__name__ for each in kinds if each.delivered is value} for value in (True, False)}
    assert said == {True: set(answered.split()), False: {*not_sent.split(), "UnhandledActions"}}
