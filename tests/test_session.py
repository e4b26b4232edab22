"""The session, by a clock that stands still: R10 to R14, R44, and what its owner may rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from math import nan
from typing import Any

import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    Disconnected,
    Fault,
    InvalidResult,
    Policy,
    ValidationError,
    v16,
)
from ocpp_fast.session import CallEnded, CallReceived, FaultNoticed, OpenCall
from ocpp_fast.testing import Pair, Side

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
        (session._open, session._queue or None, session._outbox) == (0, None, []) for session in sessions
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


def test_R14_a_handler_may_call_its_station(pair: Pair) -> None:
    outer = pair.station.call(HEARTBEAT)
    pair.station.deliver()
    inner = pair.central.call(CLEAR_CACHE)
    pair.central.deliver()
    pair.station.answer(CLEAR_CACHE_RESPONSE)
    pair.station.deliver()
    assert pair.central.outcome(inner) == CLEAR_CACHE_RESPONSE
    pair.central.answer(HEARTBEAT_RESPONSE)
    pair.central.deliver()
    assert pair.station.outcome(outer) == HEARTBEAT_RESPONSE


# Calls of the peer: one after another


def test_calls_of_the_peer_are_handled_in_order(pair: Pair) -> None:
    for number in "abc":
        pair.central.receive(heartbeat(number))
    assert [each.call.unique_id for each in pair.central.events if isinstance(each, CallReceived)] == ["a"]
    for number in "abc":
        assert pair.central.handling is not None
        assert pair.central.handling.unique_id == number
        pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.handling is None
    assert pair.central.in_transit == [answered("a"), answered("b"), answered("c")]


def test_however_a_call_is_answered_the_next_is_handled(pair: Pair) -> None:
    for number in "abc":
        pair.central.receive(heartbeat(number))
    pair.central.fail(CallError("SecurityError", "no"))
    pair.central.fail(RuntimeError("secret"))
    pair.central.answer(HEARTBEAT_RESPONSE)
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
    (notice,) = (each for each in pair.central.events if isinstance(each, FaultNoticed))
    assert notice.fault.fault is Fault.ADDITIONAL


def test_16_calls_wait_and_then_it_is_full(pair: Pair) -> None:
    pair.central.receive(heartbeat("handled"))
    for number in range(15):
        pair.central.receive(heartbeat(f"{number}"))
    assert not pair.central.session.is_full
    pair.central.receive(heartbeat("15"))
    assert pair.central.session.is_full
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert not pair.central.session.is_full


def test_how_many_calls_wait_is_adjustable() -> None:
    pair = Pair(v16.VERSION, central=Policy(max_waiting_calls=1))
    pair.central.receive(heartbeat("a"))
    assert not pair.central.session.is_full
    pair.central.receive(heartbeat("b"))
    assert pair.central.session.is_full


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


# R13: an id that is still being handled


def test_R13_an_id_may_come_again_once_it_was_answered(pair: Pair) -> None:
    for _ in range(2):
        pair.central.receive(heartbeat("a"))
        pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [answered("a"), answered("a")]


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


def test_R12_a_late_answer_is_ignored_and_the_next_call_is_not_disturbed(pair: Pair) -> None:
    first, second = pair.central.call(CLEAR_CACHE), pair.central.call(CLEAR_CACHE, timeout=60)
    pair.advance(30)
    assert isinstance(pair.central.outcome(first), CallTimeout)
    pair.central.receive(cleared("1"))
    assert pair.central.session.ignored_answers == 1
    assert pair.central.outcome(second) is None
    pair.central.receive(cleared("2"))
    assert pair.central.outcome(second) == CLEAR_CACHE_RESPONSE
    assert isinstance(pair.central.outcome(first), CallTimeout)


def test_R12_an_answer_to_a_call_that_still_waits_for_its_turn_is_ignored(pair: Pair) -> None:
    pair.central.call(CLEAR_CACHE)
    waiting = pair.central.call(CLEAR_CACHE)
    pair.central.receive(cleared("2"))
    assert pair.central.outcome(waiting) is None
    assert pair.central.session.ignored_answers == 1


# How a call of ours ends


def test_an_InvalidResult_says_what_is_wrong_and_where(pair: Pair) -> None:
    call = pair.central.call(CLEAR_CACHE)
    pair.central.receive(b'[3,"1",{"status":"?"}]')
    error = pair.central.outcome(call)
    assert isinstance(error, InvalidResult)
    assert (error.path, error.rule, error.expected) == ("status", "enum", "one of Accepted, Rejected")
    assert str(error) == "status: expected one of Accepted, Rejected"


def test_a_CallError_has_what_the_peer_said(pair: Pair) -> None:
    call = pair.central.call(CLEAR_CACHE)
    pair.central.receive(b'[4,"1","OccurenceConstraintViolation","too few",{"x":1}]')
    error = pair.central.outcome(call)
    assert isinstance(error, CallError)
    assert (error.code, error.description) == ("OccurrenceConstraintViolation", "too few")
    assert (error.details, error.unique_id) == ({"x": 1}, "1")


@pytest.mark.parametrize("end", [b'[3,"1",{"status":"?"}]', b'[3,"1",5]', b'[3,"1"]', b'[4,"1",5,5,5]'])
def test_R10_an_invalid_answer_is_an_InvalidResult_and_not_answered(pair: Pair, end: bytes) -> None:
    call = pair.central.call(CLEAR_CACHE)
    pair.central.in_transit.clear()
    pair.central.receive(end)
    assert isinstance(pair.central.outcome(call), InvalidResult)
    assert pair.central.in_transit == []
    assert len(pair.table) == 0


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
    assert session.take_outbox() == []
    session.answer(call, HEARTBEAT_RESPONSE)
    assert session.fail(call, CallError("GenericError")) is None
    assert session.next_call() is None
    assert session.receive(heartbeat("c")) is None
    assert session.receive(b"nonsense") is None
    assert not session.is_full
    assert session.take_outbox() == []


def test_after_the_end_calls_are_refused(pair: Pair) -> None:
    pair.disconnect()
    with pytest.raises(Disconnected, match=r"^the connection is closed$"):
        pair.central.call(CLEAR_CACHE)
    assert nothing_is_left(pair)


# R44: cancellation and disconnects


def test_R44_a_cancelled_call_frees_its_place_at_once(pair: Pair) -> None:
    first, second = pair.central.call(CLEAR_CACHE), pair.central.call(CLEAR_CACHE)
    pair.central.in_transit.clear()
    pair.central.cancel(first)
    assert pair.central.in_transit == [b'[2,"2","ClearCache",{}]']
    pair.central.receive(cleared("1"))
    assert pair.central.session.ignored_answers == 1
    pair.central.receive(cleared("2"))
    assert pair.central.outcome(second) == CLEAR_CACHE_RESPONSE
    assert pair.central.outcome(first) is None
    assert len(pair.table) == 0


def test_R44_a_disconnect_fails_every_pending_call_at_once(pair: Pair) -> None:
    calls = [pair.central.call(CLEAR_CACHE), pair.central.call(v16.ResetRequest(type=v16.ResetType.HARD))]
    theirs = pair.station.call(HEARTBEAT)
    pair.disconnect()
    errors = [pair.central.outcome(call) for call in calls]
    assert [type(error) for error in errors] == [Disconnected, Disconnected]
    assert [str(error) for error in errors] == [
        "the connection closed before ClearCache was answered",
        "the connection closed before Reset was answered",
    ]
    assert isinstance(pair.station.outcome(theirs), Disconnected)
    assert len(pair.table) == 0


# Our own faults: raised before a byte is sent


def wrong_calls() -> list[Any]:
    return [
        pytest.param(v16.AuthorizeRequest(id_tag="x" * 21), "idTag", "maxLength", id="too long"),
        pytest.param(v16.AuthorizeRequest(id_tag=None), "idTag", "required", id="missing"),  # type: ignore[arg-type]
        pytest.param(v16.AuthorizeRequest(id_tag=5), "idTag", "type", id="type"),  # type: ignore[arg-type]
        pytest.param(
            v16.FirmwareStatusNotificationRequest(status="?"),  # type: ignore[arg-type]
            "status",
            "enum",
            id="enum",
        ),
        pytest.param(
            v16.MeterValuesRequest(
                connector_id=1,
                meter_value=[v16.MeterValue(timestamp=datetime(2024, 1, 1), sampled_value=[])],
            ),
            "meterValue[0].timestamp",
            "format",
            id="naive",
        ),
    ]


@pytest.mark.parametrize(("request_", "path", "rule"), wrong_calls())
def test_an_invalid_request_raises_and_nothing_is_sent(pair: Pair, request_: Any, path: str, rule: str) -> None:
    with pytest.raises(ValidationError) as raised:
        pair.station.call(request_)
    assert (raised.value.path, raised.value.rule) == (path, rule)
    assert pair.station.in_transit == []
    assert nothing_is_left(pair)


def test_an_id_that_is_in_use_raises_and_the_first_call_goes_on(pair: Pair) -> None:
    call = pair.central.call(CLEAR_CACHE, unique_id="a")
    with pytest.raises(KeyError):
        pair.central.call(CLEAR_CACHE, unique_id="a")
    pair.central.receive(cleared("a"))
    assert pair.central.outcome(call) == CLEAR_CACHE_RESPONSE
    assert nothing_is_left(pair)


def test_an_invalid_deadline_raises_and_nothing_is_sent(pair: Pair) -> None:
    with pytest.raises(ValueError, match="deadline"):
        pair.central.call(CLEAR_CACHE, timeout=nan)
    assert pair.central.in_transit == []
    assert nothing_is_left(pair)


# What the owner may rely on


def test_the_outbox_is_forgotten_when_it_is_taken(pair: Pair) -> None:
    session = pair.central.session
    taken = session.take_outbox()
    session.call("a", CLEAR_CACHE, 30.0)
    assert taken == []
    taken = session.take_outbox()
    session.call("b", CLEAR_CACHE, 30.0)
    session.close()
    assert taken == [b'[2,"a","ClearCache",{}]']


class Nobody:
    def expired(self, open_call: OpenCall) -> None:
        raise AssertionError


def test_the_waiter_of_a_call_comes_back_untouched(pair: Pair) -> None:
    waiter = Nobody()
    session = pair.central.session
    call = session.call("a", CLEAR_CACHE, 30.0, waiter)
    assert call.waiter is waiter
    event = session.receive(cleared("a"))
    assert isinstance(event, CallEnded)
    assert event.open_call is call


def test_a_side_without_a_call_to_answer_says_so(pair: Pair) -> None:
    side: Side = pair.central
    with pytest.raises(LookupError, match=r"^no call is being handled$"):
        side.answer(HEARTBEAT_RESPONSE)
