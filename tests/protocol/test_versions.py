"""Repeated calls, damaged answers, refused results, SENDs and the registration gate, in every version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CallError, ErrorCode, Fault, Policy, ValidationError, v16, v21, v201
from ocpp_fast.errors import InvalidResult, NotRegistered
from ocpp_fast.registration import CentralGate, StationGate
from ocpp_fast.schema import Version
from ocpp_fast.session import FaultNoticed, ResultRefused, SendReceived
from ocpp_fast.testing import Pair, Side

VERSIONS: dict[str, Any] = {"1.6": v16, "2.0.1": v201, "2.1": v21}
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
TIME = b'{"currentTime":"2024-02-29T12:00:00.000Z"}'
each_version = pytest.mark.parametrize("number", VERSIONS)
since_2 = pytest.mark.parametrize("number", ["2.0.1", "2.1"])


def handlers_of(number: str, boot: str = "Accepted") -> dict[str, Callable[[Any], Any]]:
    module = VERSIONS[number]
    return {
        "BootNotification": lambda _: module.BootNotificationResponse(current_time=NOON, interval=60, status=boot),
        "DataTransfer": lambda _: module.DataTransferResponse(status="Accepted"),
        "Heartbeat": lambda _: module.HeartbeatResponse(current_time=NOON),
        "StatusNotification": lambda _: module.StatusNotificationResponse(),
        "NotifyPeriodicEventStream": lambda _: None,
        "NotifyReport": lambda _: module.NotifyReportResponse(),
        "TriggerMessage": lambda _: module.TriggerMessageResponse(status="Accepted"),
    }


def pair_of(number: str, **options: Any) -> Pair:
    version: Version = VERSIONS[number].VERSION
    return Pair(version, has_handler=lambda action: action.name in handlers_of(number), **options)


def answers(side: Side, number: str, frame: bytes, boot: str = "Accepted") -> list[bytes]:
    """Return what a side sends when a frame comes, and forget it."""
    handlers = handlers_of(number, boot)
    side.receive(frame)
    while (call := side.handling) is not None:
        try:
            side.answer(handlers[call.action.name](call.payload))
        except (ValidationError, CallError, RuntimeError) as error:
            side.fail(error)
    sent = side.in_transit[:]
    side.in_transit.clear()
    return sent


def error(unique_id: bytes, code: bytes, description: bytes) -> bytes:
    return b'[4,"%b","%b","%b",{}]' % (unique_id, code, description)


BOOT = {
    "1.6": b'{"chargePointVendor":"V","chargePointModel":"M"}',
    "2.0.1": b'{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}',
    "2.1": b'{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}',
}
STATUS = {
    "1.6": b'{"connectorId":%b,"errorCode":"NoError","status":"Available"}',
    "2.0.1": b'{"evseId":1,"timestamp":"2024-02-29T12:00:00Z","connectorStatus":"Available","connectorId":%b}',
    "2.1": b'{"evseId":1,"timestamp":"2024-02-29T12:00:00Z","connectorStatus":"Available","connectorId":%b}',
}
FRAMEWORK = b"RpcFrameworkError"


@each_version
def test_R20_an_integer_with_a_fraction(number: str) -> None:
    expected = {
        "1.6": error(b"a", b"TypeConstraintViolation", b"connectorId: expected integer"),
        "2.0.1": b'[3,"a",{}]',
        "2.1": b'[3,"a",{}]',
    }
    frame = b'[2,"a","StatusNotification",%b]' % (STATUS[number] % b"1.0")
    assert answers(pair_of(number).central, number, frame) == [expected[number]]


@each_version
def test_R13_an_id_that_is_still_being_handled_under_other_bytes(number: str) -> None:
    code = {"1.6": b"GenericError", "2.0.1": FRAMEWORK, "2.1": FRAMEWORK}
    central = pair_of(number).central
    central.receive(b'[2,"a","Heartbeat",{}]')
    central.receive(b'[2,"a","Heartbeat", {}]')
    assert central.in_transit == [error(b"a", code[number], b"unique id: still being handled")]
    central.answer(VERSIONS[number].HeartbeatResponse(current_time=NOON))
    assert central.in_transit[1:] == [b'[3,"a",%b]' % TIME]


@each_version
def test_R13_the_same_bytes_while_they_are_handled_or_wait_get_the_one_answer(number: str) -> None:
    central = pair_of(number).central
    for unique_id in (b"a", b"b", b"a", b"b", b"b"):
        central.receive(b'[2,"%b","Heartbeat",{}]' % unique_id)
    for _ in range(2):
        central.answer(VERSIONS[number].HeartbeatResponse(current_time=NOON))
    assert central.in_transit == [b'[3,"a",%b]' % TIME, b'[3,"b",%b]' % TIME]
    assert central.handling is None


@each_version
def test_R13_by_default_the_same_bytes_are_handled_again_after_their_answer(number: str) -> None:
    central = pair_of(number).central
    assert answers(central, number, b'[2,"a","Heartbeat",{}]') == [b'[3,"a",%b]' % TIME]
    central.receive(b'[2,"a","Heartbeat",{}]')
    assert central.handling is not None


@each_version
def test_R13_within_the_repeat_window_the_same_bytes_get_the_same_answer_again(number: str) -> None:
    pair = pair_of(number, central=Policy(repeat_window=10.0))
    central = pair.central
    first = answers(central, number, b'[2,"a","Heartbeat",{}]')
    central.receive(b'[2,"b","Unknown",{}]')
    central.in_transit.clear()
    pair.advance(10.0)
    central.receive(b'[2,"a","Heartbeat",{}]')
    assert (central.in_transit, central.handling) == (first, None)
    central.receive(b'[2,"a","Heartbeat", {}]')
    assert central.handling is not None
    central.fail(CallError("GenericError"))
    refused = central.in_transit[1:]
    central.receive(b'[2,"a","Heartbeat", {}]')
    assert central.in_transit == [*first, *refused, *refused]
    pair.advance(10.1)
    central.receive(b'[2,"a","Heartbeat", {}]')
    assert central.handling is not None


@each_version
def test_R13_a_repeat_window_keeps_a_bounded_number_of_answers(number: str) -> None:
    central = pair_of(number, central=Policy(repeat_window=1e6)).central
    for each in range(100):
        answers(central, number, b'[2,"%d","Heartbeat",{}]' % each)
    central.receive(b'[2,"99","Heartbeat",{}]')
    assert central.handling is None
    central.receive(b'[2,"0","Heartbeat",{}]')
    assert central.handling is not None


DAMAGES = [b"", b",", b',{"status":"Acc', b",{}]]", b',"\xff",{}]', b",NaN]", b"," + b"[" * 65 + b"]" * 66]


@each_version
@pytest.mark.parametrize("message_type", [3, 4])
@pytest.mark.parametrize(
    "rest", [b"", b",", b',{"status":"Acc', b",{}]]", b',"\xff",{}]', b",NaN]", b"," + b"[" * 65 + b"]" * 66]
)
def test_R10a_a_damaged_answer_ends_its_call_and_is_not_answered(number: str, message_type: int, rest: bytes) -> None:
    central = pair_of(number).central
    call = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"), unique_id='é"1')
    following = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"), unique_id="2")
    central.in_transit.clear()
    damaged = b' [ %d , "\\u00e9\\"1"%b' % (message_type, rest)
    central.receive(damaged)
    outcome = central.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.path, outcome.rule, outcome.raw, outcome.payload) == ("frame", "format", damaged, None)
    assert [frame[:6] for frame in central.in_transit] == [b'[2,"2"']
    assert central.outcome(following) is None


@each_version
@pytest.mark.parametrize("raw", [b'[3,"unknown"', b'[3,"1', b'[5,"1"', b'[2,"1"', b'["3","1"', b"[3,1", b'x[3,"1"'])
def test_R10a_other_broken_text_is_answered_by_R01_and_ends_no_call(number: str, raw: bytes) -> None:
    central = pair_of(number).central
    call = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"))
    central.in_transit.clear()
    (answer,) = answers(central, number, raw)
    assert answer.startswith(b'[4,"-1",')
    assert central.outcome(call) is None


@each_version
def test_R10_an_invalid_result_carries_its_frame_and_payload(number: str) -> None:
    central = pair_of(number).central
    call = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"))
    raw = b'[3,"1",{"status":"Perhaps"}]'
    central.receive(raw)
    outcome = central.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.raw, outcome.payload) == (raw, {"status": "Perhaps"})


@each_version
def test_R10_a_bad_result_is_answered_in_2_1_alone(number: str) -> None:
    central = pair_of(number).central
    call = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"))
    central.in_transit.clear()
    description = b"status: expected one of Accepted, Rejected, NotImplemented"
    refusal = b'[5,"1","PropertyConstraintViolation","%b",{}]' % description
    assert answers(central, number, b'[3,"1",{"status":"Perhaps"}]') == ([refusal] if number == "2.1" else [])
    assert isinstance(central.outcome(call), InvalidResult)


@each_version
def test_R10_a_bad_error_is_never_answered(number: str) -> None:
    central = pair_of(number).central
    call = central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"))
    central.in_transit.clear()
    assert answers(central, number, b'[4,"1",7,"",{}]') == []
    assert isinstance(central.outcome(call), InvalidResult)


# 2.1's two frames


EVENT = b'{"data":[{"t":1,"v":"x"}],"id":1,"pending":0,"basetime":"2024-02-29T12:00:00Z"}'


def test_R11_a_SEND_is_delivered_while_a_call_is_handled_and_never_answered() -> None:
    central = pair_of("2.1").central
    central.receive(b'[2,"a","Heartbeat",{}]')
    central.receive(b'[6,"b","NotifyPeriodicEventStream",%b]' % EVENT)
    assert isinstance(central.events[-1], SendReceived)
    assert central.in_transit == []


@pytest.mark.parametrize(
    "frame",
    [
        b'[6,"b","NotifyPeriodicEventStream",{}]',
        b'[6,"b","NotifyPeriodicEventStream"]',
        b'[6,"b","Heartbeat",{}]',
        b'[6,"b","Nonsense",{}]',
        b'[6,"","NotifyPeriodicEventStream",{}]',
    ],
)
def test_R11_a_bad_SEND_is_noticed_and_never_answered(frame: bytes) -> None:
    central = pair_of("2.1").central
    assert answers(central, "2.1", frame) == []
    assert isinstance(central.events[-1], FaultNoticed)


def test_R08_an_unconfirmed_message_can_not_be_called() -> None:
    frame = b'[2,"a","NotifyPeriodicEventStream",%b]' % EVENT
    (answer,) = answers(pair_of("2.1").central, "2.1", frame)
    assert answer.startswith(b'[4,"a","NotSupported",')


def test_R14_a_SEND_passes_calls_that_wait() -> None:
    station = pair_of("2.1").station
    for _ in range(2):
        station.call(v21.HeartbeatRequest())
    stream = v21.NotifyPeriodicEventStreamRequest(
        data=[v21.StreamDataElementType(t=1, v="x")], id=1, pending=0, basetime=NOON
    )
    station.session.send("s", stream)
    assert [frame[:4] for frame in station.session.take_outbox()] == [b'[6,"']


@pytest.mark.parametrize("code", [b"FormatViolation", b"FormationViolation"])
def test_R10_a_refused_result_is_told(code: bytes) -> None:
    central = pair_of("2.1").central
    answers(central, "2.1", b'[5,"a","%b","no",{"x":1}]' % code)
    event = central.events[-1]
    assert isinstance(event, ResultRefused)
    assert (event.error.unique_id, event.error.code, event.error.description, event.error.details) == (
        "a",
        ErrorCode.FORMAT_VIOLATION,
        "no",
        {"x": 1},
    )


# R40: registration


def gated(number: str, status: str | None = None, *, lets_strangers: bool = True) -> Side:
    gate = CentralGate(status, lets_strangers=lets_strangers)
    return pair_of(number, central_gate=gate).central


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@each_version
def test_R40_a_station_that_is_not_accepted_gets_SecurityError(number: str, status: str) -> None:
    central = gated(number)
    boot = b'[2,"a","BootNotification",%b]' % BOOT[number]
    assert answers(central, number, b'[2,"h","Heartbeat",{}]') == [b'[3,"h",%b]' % TIME]
    assert answers(central, number, boot, status)[0].startswith(b'[3,"a",')
    refused = error(b"h", b"SecurityError", b"the station is not registered")
    assert answers(central, number, b'[2,"h","Heartbeat",{}]') == [refused]
    assert answers(central, number, boot, "Accepted")[0].startswith(b'[3,"a",')
    assert answers(central, number, b'[2,"h","Heartbeat",{}]') == [b'[3,"h",%b]' % TIME]


@each_version
def test_R40_what_was_triggered_is_let_in(number: str) -> None:
    central = gated(number, "Pending")
    central.call(VERSIONS[number].TriggerMessageRequest(requested_message="Heartbeat"))
    central.in_transit.clear()
    assert answers(central, number, b'[2,"h","Heartbeat",{}]') == [b'[3,"h",%b]' % TIME]
    assert b"SecurityError" in answers(central, number, b'[2,"d","DataTransfer",{"vendorId":"v"}]')[0]


@since_2
def test_R40_a_report_that_was_asked_for_is_let_in(number: str) -> None:
    central = gated(number, "Pending")
    module = VERSIONS[number]
    central.call(module.GetBaseReportRequest(request_id=1, report_base=module.ReportBaseEnumType.FULL_INVENTORY))
    central.in_transit.clear()
    report = b'{"requestId":1,"generatedAt":"2024-02-29T12:00:00Z","seqNo":0}'
    assert answers(central, number, b'[2,"r","NotifyReport",%b]' % report) == [b'[3,"r",{}]']


@each_version
def test_R40_a_stranger_may_be_held_back(number: str) -> None:
    central = gated(number, lets_strangers=False)
    assert b"SecurityError" in answers(central, number, b'[2,"h","Heartbeat",{}]')[0]


@each_version
@pytest.mark.parametrize("status", ["Pending", "Accepted"])
def test_R40_the_gate_decides_when_a_calls_turn_comes(number: str, status: str) -> None:
    """A def handler answers the first call before the second arrives, an async one after: the answers are the same."""
    frames = [b'[2,"a","BootNotification",%b]' % BOOT[number], b'[2,"h","Heartbeat",{}]', b'[2,"i","Heartbeat",{}]']
    at_once, later = gated(number, lets_strangers=False), gated(number, lets_strangers=False)
    sent = [answer for frame in frames for answer in answers(at_once, number, frame, status)]
    for frame in frames:
        later.receive(frame)
    assert later.in_transit == []
    assert answers(later, number, b"", status) == sent
    refused = [each.fault.fault for each in later.events if isinstance(each, FaultNoticed)]
    assert refused == ([Fault.NOT_REGISTERED] * 2 if status == "Pending" else [])


def booted(number: str, status: str) -> tuple[Side, StationGate, list[float]]:
    """Return a station whose BootNotification was answered so."""
    silences: list[float] = []
    gate = StationGate(silences.append)
    pair = pair_of(number, station_gate=gate)
    payload = {"charge_point_vendor": "V", "charge_point_model": "M"}
    if number != "1.6":
        station_type = VERSIONS[number].ChargingStationType(model="M", vendor_name="V")
        payload = {"reason": "PowerUp", "charging_station": station_type}
    pair.station.call(VERSIONS[number].BootNotificationRequest(**payload), unique_id="boot")
    pair.station.in_transit.clear()
    pair.station.receive(
        b'[3,"boot",{"currentTime":"2024-02-29T12:00:00Z","interval":60,"status":"%b"}]' % status.encode()
    )
    return pair.station, gate, silences


@each_version
def test_R40_a_pending_station_sends_only_what_is_asked_for(number: str) -> None:
    station, _, silences = booted(number, "Pending")
    with pytest.raises(NotRegistered):
        station.call(VERSIONS[number].HeartbeatRequest())
    trigger = b'[2,"t","TriggerMessage",{"requestedMessage":"Heartbeat"}]'
    assert answers(station, number, trigger) == [b'[3,"t",{"status":"Accepted"}]']
    station.call(VERSIONS[number].HeartbeatRequest())
    assert silences == []


@each_version
def test_R40_a_rejected_station_is_silent_until_the_interval_ends(number: str) -> None:
    station, gate, silences = booted(number, "Rejected")
    assert silences == [60.0]
    for _ in range(2):
        with pytest.raises(NotRegistered):
            station.call(VERSIONS[number].HeartbeatRequest())
        assert answers(station, number, b'[2,"t","TriggerMessage",{"requestedMessage":"Heartbeat"}]') == []
    gate.end_silence()
    with pytest.raises(NotRegistered):
        station.call(VERSIONS[number].HeartbeatRequest())
    assert answers(station, number, b'[2,"t","TriggerMessage",{"requestedMessage":"Heartbeat"}]') != []


@each_version
def test_R40_a_call_that_waited_is_not_sent_after_a_rejection(number: str) -> None:
    gate = StationGate(lambda seconds: None)
    station = pair_of(number, station_gate=gate).station
    first = station.call(VERSIONS[number].HeartbeatRequest(), unique_id="1")
    waiting = station.call(VERSIONS[number].HeartbeatRequest(), unique_id="2")
    gate.status = "Rejected"
    station.in_transit.clear()
    assert answers(station, number, b'[3,"1",%b]' % TIME) == []
    assert station.outcome(first) == VERSIONS[number].HeartbeatResponse(current_time=NOON)
    assert isinstance(station.outcome(waiting), NotRegistered)
