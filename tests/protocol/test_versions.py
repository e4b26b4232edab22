"""Repeated calls, damaged answers, refused results, SENDs and the registration gate, in every version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ocpp_fast import CallError, ErrorCode, Fault, Policy, v21
from ocpp_fast.errors import InvalidResult, NotRegistered
from ocpp_fast.frames import CallResultError, FrameFault, Send
from ocpp_fast.registration import CentralGate, StationGate
from ocpp_fast.session import OpenCall
from ocpp_fast.testing import Side

from .cases import HEARTBEAT, NOON, SETUPS, TIME, Setup, answers, each_version, error, pair_of, since_2

ANSWER = b'[3,"a",%b]' % TIME
SPACED = b'[2,"a","Heartbeat", {}]'
TRIGGER = b'[2,"t","TriggerMessage",{"requestedMessage":"Heartbeat"}]'
TRIGGERED = b'[3,"t",{"status":"Accepted"}]'
OF_21 = SETUPS["2.1"]


def boot_of(setup: Setup) -> Any:
    if setup.number == "1.6":
        return setup.module.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M")
    station = setup.module.ChargingStationType(model="M", vendor_name="V")
    return setup.module.BootNotificationRequest(reason="PowerUp", charging_station=station)


def triggered(setup: Setup, unique_id: str = "") -> tuple[Side, OpenCall]:
    """Return a central system, and its open call of TriggerMessage, which is on its way."""
    central = pair_of(setup).central
    call = central.call(setup.module.TriggerMessageRequest(requested_message="Heartbeat"), unique_id=unique_id)
    central.in_transit.clear()
    return central, call


@each_version
def test_R20_an_integer_with_a_fraction(setup: Setup) -> None:
    place = b'{"evseId":1,"timestamp":"2024-02-29T12:00:00Z","connectorStatus":"Available","connectorId":1.0}'
    expected: bytes | None = b'[3,"a",{}]'
    if setup.number == "1.6":
        place = b'{"connectorId":1.0,"errorCode":"NoError","status":"Available"}'
        expected = error("TypeConstraintViolation", "connectorId: expected integer")["1.6"]
    assert answers(setup, pair_of(setup).central, b'[2,"a","StatusNotification",%b]' % place) == [expected]


@each_version
def test_R13_an_id_that_is_still_being_handled_under_other_bytes(setup: Setup) -> None:
    central = pair_of(setup).central
    central.receive(HEARTBEAT)
    central.receive(SPACED)
    refusal = error(("GenericError", "RpcFrameworkError"), "unique id: still being handled")[setup.number]
    assert central.in_transit == [refusal]
    central.answer(setup.module.HeartbeatResponse(current_time=NOON))
    assert central.in_transit[1:] == [ANSWER]


@each_version
def test_R13_the_same_bytes_while_they_are_handled_or_wait_get_the_one_answer(setup: Setup) -> None:
    central = pair_of(setup).central
    for unique_id in (b"a", b"b", b"a", b"b"):
        central.receive(HEARTBEAT.replace(b"a", unique_id, 1))
    assert answers(setup, central, HEARTBEAT.replace(b"a", b"b", 1)) == [ANSWER, ANSWER.replace(b"a", b"b", 1)]


@each_version
def test_R13_by_default_the_same_bytes_are_handled_again_after_their_answer(setup: Setup) -> None:
    central = pair_of(setup).central
    for _ in range(2):
        assert answers(setup, central, HEARTBEAT) == [ANSWER]


@each_version
def test_R13_within_the_repeat_window_the_same_bytes_get_the_same_answer_again(setup: Setup) -> None:
    pair = pair_of(setup, Policy(repeat_window=10.0))
    central = pair.central
    first = answers(setup, central, HEARTBEAT)
    answers(setup, central, b'[2,"b","Unknown",{}]')
    pair.advance(10.0)
    central.receive(HEARTBEAT)
    assert (central.in_transit, central.handling) == (first, None)
    central.receive(SPACED)
    assert central.handling is not None
    central.fail(CallError("GenericError"))
    refused = central.in_transit[1:]
    central.receive(SPACED)
    assert central.in_transit == [*first, *refused, *refused]
    pair.advance(10.1)
    central.receive(SPACED)
    assert central.handling is not None


@each_version
def test_R13_a_repeat_window_keeps_a_bounded_number_of_answers(setup: Setup) -> None:
    central = pair_of(setup, Policy(repeat_window=1e6)).central
    for each in range(100):
        answers(setup, central, b'[2,"%d","Heartbeat",{}]' % each)
    central.receive(b'[2,"99","Heartbeat",{}]')
    assert central.handling is None
    central.receive(b'[2,"0","Heartbeat",{}]')
    assert central.handling is not None


DAMAGES = [b"", b",", b',{"status":"Acc', b",{}]]", b',"\xff",{}]', b",NaN]", b"," + b"[" * 65 + b"]" * 66]


@each_version
@pytest.mark.parametrize("message_type", [3, 4])
@pytest.mark.parametrize("rest", DAMAGES)
def test_R10a_a_damaged_answer_ends_its_call_and_is_not_answered(setup: Setup, message_type: int, rest: bytes) -> None:
    central, call = triggered(setup, 'é"1')
    following = central.call(setup.module.TriggerMessageRequest(requested_message="Heartbeat"), unique_id="2")
    damaged = b' [ %d , "\\u00e9\\"1"%b' % (message_type, rest)
    central.receive(damaged)
    outcome = central.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.path, outcome.rule, outcome.raw, outcome.payload) == ("frame", "format", damaged, None)
    assert [frame[:6] for frame in central.in_transit] == [b'[2,"2"']
    assert central.outcome(following) is None


@each_version
@pytest.mark.parametrize("raw", [b'[3,"unknown"', b'[3,"1', b'[5,"1"', b'[2,"1"', b'["3","1"', b"[3,1", b'x[3,"1"'])
def test_R10a_other_broken_text_is_answered_by_R01_and_ends_no_call(setup: Setup, raw: bytes) -> None:
    central, call = triggered(setup)
    (answer,) = answers(setup, central, raw)
    assert answer.startswith(b'[4,"-1",')
    assert central.outcome(call) is None


@each_version
def test_R10_a_bad_result_is_told_with_its_frame_and_answered_in_2_1_alone(setup: Setup) -> None:
    central, call = triggered(setup)
    raw = b'[3,"1",{"status":"Perhaps"}]'
    description = b"status: expected one of Accepted, Rejected, NotImplemented"
    refusal = b'[5,"1","PropertyConstraintViolation","%b",{}]' % description
    assert answers(setup, central, raw) == ([refusal] if setup is OF_21 else [])
    outcome = central.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.raw, outcome.payload) == (raw, {"status": "Perhaps"})


@each_version
def test_R10_a_bad_error_is_never_answered(setup: Setup) -> None:
    central, call = triggered(setup)
    assert answers(setup, central, b'[4,"1",7,"",{}]') == []
    assert isinstance(central.outcome(call), InvalidResult)


# 2.1's two frames


EVENT = b'{"data":[{"t":1,"v":"x"}],"id":1,"pending":0,"basetime":"2024-02-29T12:00:00Z"}'


def test_R11_a_SEND_is_delivered_while_a_call_is_handled_and_never_answered() -> None:
    central = pair_of(OF_21).central
    central.receive(HEARTBEAT)
    central.receive(b'[6,"b","NotifyPeriodicEventStream",%b]' % EVENT)
    assert isinstance(central.events[-1], Send)
    assert central.in_transit == []


BAD_SENDS = b"""
    [6,"b","NotifyPeriodicEventStream",{}] [6,"b","NotifyPeriodicEventStream"] [6,"b","Heartbeat",{}]
    [6,"b","Nonsense",{}] [6,"","NotifyPeriodicEventStream",{}]
""".split()


@pytest.mark.parametrize("frame", BAD_SENDS)
def test_R11_a_bad_SEND_is_noticed_and_never_answered(frame: bytes) -> None:
    central = pair_of(OF_21).central
    assert answers(OF_21, central, frame) == []
    assert isinstance(central.events[-1], FrameFault)


def test_R08_an_unconfirmed_message_can_not_be_called() -> None:
    (answer,) = answers(OF_21, pair_of(OF_21).central, b'[2,"a","NotifyPeriodicEventStream",%b]' % EVENT)
    assert answer.startswith(b'[4,"a","NotSupported",')


def test_R14_a_SEND_passes_calls_that_wait() -> None:
    station = pair_of(OF_21).station
    for _ in range(2):
        station.call(v21.HeartbeatRequest())
    data = [v21.StreamDataElementType(t=1, v="x")]
    station.session.send("s", v21.NotifyPeriodicEventStreamRequest(data=data, id=1, pending=0, basetime=NOON))
    assert [frame[:4] for frame in station.session.take_outbox()] == [b'[6,"']


@pytest.mark.parametrize("code", [b"FormatViolation", b"FormationViolation"])
def test_R10_a_refused_result_is_told_once(code: bytes) -> None:
    central = pair_of(OF_21).central
    refusal = b'[5,"a","%b","no",{"x":1}]' % code
    answers(OF_21, central, b'[2,"a","Heartbeat",{}]')
    answers(OF_21, central, refusal)
    event = central.events[-1]
    assert isinstance(event, CallResultError)
    told = (event.error.unique_id, event.error.code, event.error.description, event.error.details)
    assert told == ("a", ErrorCode.FORMAT_VIOLATION, "no", {"x": 1})
    assert ignores(central, refusal)


@pytest.mark.parametrize(("later", "is_told"), [(0, True), (15, True), (16, False)])
def test_R10_a_result_can_be_refused_for_as_long_as_fifteen_follow_it(later: int, is_told: bool) -> None:
    central = pair_of(OF_21).central
    for number in range(later + 1):
        answers(OF_21, central, b'[2,"%d","Heartbeat",{}]' % number)
    assert ignores(central, b'[5,"0","GenericError","",{}]') is not is_told


def test_R10_R12_what_refuses_no_result_is_ignored() -> None:
    central = pair_of(OF_21).central
    answers(OF_21, central, b'[2,"a","Nonsense",{}]')
    for unique_id in (b"a", b"b"):
        assert ignores(central, b'[5,"%b","GenericError","",{}]' % unique_id)


def ignores(central: Side, frame: bytes) -> bool:
    """Whether a frame counts as an answer to nothing."""
    before = central.session.ignored_answers
    assert answers(OF_21, central, frame) == []
    event = central.events[-1]
    return isinstance(event, FrameFault) and central.session.ignored_answers == before + 1


# R40: registration


def gated(setup: Setup, status: str | None = None, *, lets_strangers: bool = True) -> Side:
    return pair_of(setup, central_gate=CentralGate(status, lets_strangers=lets_strangers)).central


def booting(setup: Setup, status: str) -> tuple[Setup, bytes]:
    """Return a setup whose central system answers a BootNotification with a status, and the frame of one."""
    module = setup.module
    answer = module.BootNotificationResponse(current_time=NOON, interval=60, status=status)
    station = pair_of(setup).station
    station.call(boot_of(setup), unique_id="a")
    handlers = {**setup.handlers, module.BootNotificationRequest: lambda request: answer}
    return replace(setup, handlers=handlers), station.in_transit[0]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@each_version
def test_R40_a_station_that_is_not_accepted_gets_SecurityError(setup: Setup, status: str) -> None:
    central = gated(setup)
    refusal = error("SecurityError", "the station is not registered")[setup.number]
    assert answers(setup, central, HEARTBEAT) == [ANSWER]
    for answered, then in ((status, refusal), ("Accepted", ANSWER)):
        answering, boot = booting(setup, answered)
        assert answers(answering, central, boot)[0].startswith(b'[3,"a",')
        assert answers(setup, central, HEARTBEAT) == [then]


@each_version
def test_R40_what_was_triggered_is_let_in(setup: Setup) -> None:
    central = gated(setup, "Pending")
    central.call(setup.module.TriggerMessageRequest(requested_message="Heartbeat"))
    central.in_transit.clear()
    assert answers(setup, central, HEARTBEAT) == [ANSWER]
    assert b"SecurityError" in answers(setup, central, b'[2,"d","DataTransfer",{"vendorId":"v"}]')[0]


@since_2
def test_R40_a_report_that_was_asked_for_is_let_in(setup: Setup) -> None:
    central = gated(setup, "Pending")
    central.call(setup.module.GetBaseReportRequest(request_id=1, report_base="FullInventory"))
    central.in_transit.clear()
    report = b'{"requestId":1,"generatedAt":"2024-02-29T12:00:00Z","seqNo":0}'
    assert answers(setup, central, b'[2,"r","NotifyReport",%b]' % report) == [b'[3,"r",{}]']


@each_version
def test_R40_a_stranger_may_be_held_back(setup: Setup) -> None:
    assert b"SecurityError" in answers(setup, gated(setup, lets_strangers=False), HEARTBEAT)[0]


@each_version
@pytest.mark.parametrize("status", ["Pending", "Accepted"])
def test_R40_the_gate_decides_when_a_calls_turn_comes(setup: Setup, status: str) -> None:
    """A def handler answers the first call before the second arrives, an async one after: the answers are the same."""
    setup, boot = booting(setup, status)
    frames = [boot, b'[2,"h","Heartbeat",{}]', b'[2,"i","Heartbeat",{}]']
    at_once, later = gated(setup, lets_strangers=False), gated(setup, lets_strangers=False)
    sent = [answer for frame in frames for answer in answers(setup, at_once, frame)]
    for frame in frames:
        later.receive(frame)
    assert later.in_transit == []
    assert answers(setup, later, b"") == sent
    refused = [each.fault for each in later.events if isinstance(each, FrameFault)]
    assert refused == ([Fault.NOT_REGISTERED] * 2 if status == "Pending" else [])


def booted(setup: Setup, status: str) -> tuple[Side, StationGate, list[float]]:
    """Return a station whose BootNotification was answered so."""
    silences: list[float] = []
    gate = StationGate(silences.append)
    station = pair_of(setup, station_gate=gate).station
    station.call(boot_of(setup), unique_id="boot")
    station.in_transit.clear()
    result = b'{"currentTime":"2024-02-29T12:00:00Z","interval":60,"status":"%b"}' % status.encode()
    station.receive(b'[3,"boot",%b]' % result)
    return station, gate, silences


def check_held_back(station: Side, setup: Setup) -> None:
    with pytest.raises(NotRegistered):
        station.call(setup.module.HeartbeatRequest())


@each_version
def test_R40_a_pending_station_sends_only_what_is_asked_for(setup: Setup) -> None:
    station, _, silences = booted(setup, "Pending")
    check_held_back(station, setup)
    assert answers(setup, station, TRIGGER) == [TRIGGERED]
    station.call(setup.module.HeartbeatRequest())
    assert silences == []


@each_version
def test_R40_a_rejected_station_is_silent_until_the_interval_ends(setup: Setup) -> None:
    station, gate, silences = booted(setup, "Rejected")
    assert silences == [60.0]
    for _ in range(2):
        check_held_back(station, setup)
        assert answers(setup, station, TRIGGER) == []
    gate.end_silence()
    check_held_back(station, setup)
    assert answers(setup, station, TRIGGER) != []


@each_version
def test_R40_a_call_that_waited_is_not_sent_after_a_rejection(setup: Setup) -> None:
    gate = StationGate(lambda seconds: None)
    station = pair_of(setup, station_gate=gate).station
    first, waiting = (station.call(setup.module.HeartbeatRequest(), unique_id=each) for each in "ab")
    gate.status = "Rejected"
    station.in_transit.clear()
    assert answers(setup, station, ANSWER) == []
    in_milliseconds = NOON.replace(microsecond=123000)
    assert station.outcome(first) == setup.module.HeartbeatResponse(current_time=in_milliseconds)
    assert isinstance(station.outcome(waiting), NotRegistered)
