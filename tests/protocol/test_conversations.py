"""What takes more than one frame: R10, R12, R13 and R44 of OCPP 1.6, by both sides of a connection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ocpp_fast import CallTimeout, Disconnected, InvalidResult, v16
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


# R10: what answers a call of ours is never answered


@pytest.mark.parametrize("end", [b'[3,"1",{"status":"?"}]', b'[3,"1",5]', b'[3,"1"]', b'[4,"1",5,5,5]'])
def test_R10_an_answer_that_is_not_right_is_an_InvalidResult_and_not_answered(pair: Pair, end: bytes) -> None:
    call = pair.central.call(CLEAR_CACHE)
    pair.central.in_transit.clear()
    pair.central.receive(end)
    assert isinstance(pair.central.outcome(call), InvalidResult)
    assert pair.central.in_transit == []
    assert len(pair.table) == 0


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
