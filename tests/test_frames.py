"""Frames beyond the table of `tests/protocol`: what the decoder tells of a frame, and all that the encoder writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast import CallError, Fault, Policy, ValidationError, v16, v21, v201
from ocpp_fast.frames import Call, CallResult, Decoder, Encoder, FrameFault
from ocpp_fast.schema import CENTRAL, STATION, Action, Sender, Version

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
HEARTBEAT = b'[2,"a","Heartbeat",{}]'
VERSIONS: list[Version] = [v16.VERSION, v201.VERSION, v21.VERSION]
each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)

Waiting = Callable[[str], Action | None]


def nothing_waits(unique_id: str) -> None:
    return None


def waits(message: Action) -> Waiting:
    """Return what says that a call of `message` with the id `a` waits for its answer."""
    return {"a": message}.get


def decoder(receiver: Sender = CENTRAL) -> Decoder:
    return Decoder(v16.VERSION, receiver, lambda message: True)


def fault_of(raw: bytes, reader: Decoder | None = None, waiting: Waiting = nothing_waits) -> FrameFault:
    with pytest.raises(FrameFault) as raised:
        (reader or decoder()).decode(raw, waiting)
    return raised.value


# What the decoder tells


def test_a_call_has_its_id_message_payload_and_the_frame_as_it_came() -> None:
    reader = decoder()
    raw = b' [2, "a", "Authorize", {"idTag": "T"}]'
    for _ in range(2):  # a compiled core reads what the other has read before it
        call = reader.decode(raw, nothing_waits)
        assert isinstance(call, Call)
        assert call.unique_id == "a"
        assert call.action is v16.AuthorizeRequest.__action__
        assert call.payload == v16.AuthorizeRequest(id_tag="T")
        assert call.raw is raw
        assert repr(call) == "Call('a', AuthorizeRequest(id_tag='T'))"


def test_a_result_has_its_id_and_payload() -> None:
    reader, waiting = decoder(), waits(v16.ClearCacheRequest.__action__)
    for _ in range(2):
        result = reader.decode(b'[3,"a",{"status":"Accepted"}]', waiting)
        assert isinstance(result, CallResult)
        assert result.unique_id == "a"
        assert result.payload == v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
        assert repr(result) == f"CallResult('a', {result.payload!r})"


def test_an_error_is_a_CallError_with_its_id() -> None:
    waiting = waits(v16.ClearCacheRequest.__action__)
    error = decoder().decode(b'[4,"a","FormationViolation","why",{"x":[1]}]', waiting)
    assert isinstance(error, CallError)
    assert (error.unique_id, error.code, error.description) == ("a", "FormatViolation", "why")
    assert error.details == {"x": [1]}


@pytest.mark.parametrize("raw", [b'[3,"%b",{}]', b'[4,"%b","GenericError","",{}]', b'[3,"%b"]', b'[4,"%b",5]'])
@pytest.mark.parametrize("unique_id", ["a", "é😀", "-1", "x" * 50])
def test_an_answer_is_asked_for_by_its_id(raw: bytes, unique_id: str) -> None:
    asked = []

    def nothing_waits(unique_id: str) -> None:
        asked.append(unique_id)

    fault = fault_of(raw % unique_id.encode(), waiting=nothing_waits)
    assert set(asked) == {unique_id}
    assert (fault.fault, fault.unique_id, fault.answered) == (Fault.UNKNOWN_ID, unique_id, False)
    assert fault.message_type == int(raw[1:2])


def test_whether_a_call_is_handled_is_asked_for_its_message() -> None:
    asked = []

    def has_handler(action: Action) -> bool:
        asked.append(action.name)
        return action.name == "Heartbeat"

    reader = Decoder(v16.VERSION, CENTRAL, has_handler)
    assert isinstance(reader.decode(HEARTBEAT, nothing_waits), Call)
    fault = fault_of(b'[2,"a","Authorize",{"idTag":"T"}]', reader)
    assert fault.fault is Fault.NOT_HANDLED
    assert set(asked) == {"Heartbeat", "Authorize"}


@pytest.mark.parametrize(
    ("raw", "fault", "unique_id", "message_type", "answered"),
    [
        (b"", Fault.MALFORMED, "-1", None, True),
        (b"{}", Fault.MALFORMED, "-1", None, True),
        (b"[2]", Fault.MALFORMED, "-1", 2, True),
        (b"[3]", Fault.MALFORMED, "-1", 3, False),
        (b"[9]", Fault.MALFORMED, "-1", None, True),
        (b'[9,"a"]', Fault.UNKNOWN_TYPE, "a", None, False),
        (b'[2,"%b"]' % (b"x" * 37), Fault.LONG_ID, "x" * 37, 2, True),
        (b'[2,"a"]', Fault.WRONG_SHAPE, "a", 2, True),
        (b'[2,"a",5,{}]', Fault.WRONG_SHAPE, "a", 2, True),
        (b'[2,"a","X",{}]', Fault.UNKNOWN_ACTION, "a", 2, True),
        (b'[2,"a","Reset",{}]', Fault.WRONG_SENDER, "a", 2, True),
        (b'[2,"a","Heartbeat",[]]', Fault.NOT_AN_OBJECT, "a", 2, True),
        (b'[2,"a","Heartbeat",{"x":1}]', Fault.ADDITIONAL, "a", 2, True),
        (b'[2,"a","Authorize",{}]', Fault.OCCURRENCE, "a", 2, True),
        (b'[2,"a","Authorize",{"idTag":[]}]', Fault.WRONG_TYPE, "a", 2, True),
        (b'[2,"a","Authorize",{"idTag":"%b"}]' % (b"T" * 21), Fault.PROPERTY, "a", 2, True),
    ],
)
def test_a_fault_tells_what_whose_and_whether_to_answer(
    raw: bytes, fault: Fault, unique_id: str, message_type: int | None, answered: bool
) -> None:
    told = fault_of(raw)
    assert (told.fault, told.unique_id) == (fault, unique_id)
    assert (told.message_type, told.answered) == (message_type, answered)


def test_a_fault_of_a_payload_has_the_violation_and_no_fault_holds_another_exception() -> None:
    told = fault_of(b'[2,"a","Authorize",{"idTag":5}]')
    assert told.violation is not None
    assert (told.violation.path, told.violation.rule, told.violation.expected) == ("idTag", "type", "string")
    for each in (told, fault_of(b"[")):
        assert each.__cause__ is None
        assert each.__suppress_context__


@pytest.mark.parametrize(("receiver", "sent"), [(CENTRAL, STATION), (STATION, CENTRAL)])
@each_version
def test_R08_a_side_takes_what_the_other_sends_and_nothing_else(
    version: Version, receiver: Sender, sent: Sender
) -> None:
    reader = Decoder(version, receiver, lambda message: False)
    for action in version.actions.values():
        raw = b'[%d,"a","%b",{}]' % (6 if action.response is None else 2, action.name.encode())
        expected = Fault.NOT_HANDLED if action.sender & sent else Fault.WRONG_SENDER
        assert fault_of(raw, reader).fault is expected


# What the encoder writes


def a_call(unique_id: str = "a", request: Any = None) -> Call:
    request = request or v16.HeartbeatRequest()
    return Call(unique_id, request.__action__, request, b"")


IDS_WRITTEN = {
    "a": b'"a"',
    "é😀": '"é😀"'.encode(),
    '"\\\n\x00': b'"\\"\\\\\\n\\u0000"',
    "x" * 36: b'"%b"' % (b"x" * 36),
}


@pytest.mark.parametrize(("unique_id", "written"), IDS_WRITTEN.items())
def test_ids_are_written_as_JSON(unique_id: str, written: bytes) -> None:
    encoder = Encoder(v16.VERSION)
    assert encoder.call(unique_id, v16.HeartbeatRequest()) == b'[2,%b,"Heartbeat",{}]' % written
    response = v16.HeartbeatResponse(current_time=NOON)
    assert encoder.result(a_call(unique_id), response) == b'[3,%b,{"currentTime":"2024-02-29T12:00:00.000Z"}]' % written
    assert encoder.error(unique_id, CallError("GenericError")) == b'[4,%b,"GenericError","",{}]' % written


def test_a_payload_is_written_in_declared_order_without_blanks() -> None:
    samples = [v16.SampledValue(unit=v16.UnitOfMeasure.WH, value="é")]
    request = v16.MeterValuesRequest(
        meter_value=[v16.MeterValue(sampled_value=samples, timestamp=NOON)], connector_id=1
    )
    value = '{"timestamp":"2024-02-29T12:00:00.000Z","sampledValue":[{"value":"é","unit":"Wh"}]}'
    expected = f'[2,"a","MeterValues",{{"connectorId":1,"meterValue":[{value}]}}]'
    assert Encoder(v16.VERSION).call("a", request) == expected.encode()


def period(limit: Any) -> Any:
    return v16.ChargingSchedulePeriod(start_period=0, limit=limit)


def profile(**changes: Any) -> v16.SetChargingProfileRequest:
    fields = {"charging_rate_unit": v16.ChargingRateUnitType.A, "charging_schedule_period": [period(1)]}
    charging_profile = v16.ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose=v16.ChargingProfilePurposeType.TX_PROFILE,
        charging_profile_kind=v16.ChargingProfileKindType.ABSOLUTE,
        charging_schedule=v16.ChargingSchedule(**(fields | changes)),
    )
    return v16.SetChargingProfileRequest(connector_id=1, cs_charging_profiles=charging_profile)


OPERATIVE = v16.AvailabilityType.OPERATIVE
SCHEDULE = "csChargingProfiles.chargingSchedule"
PERIOD = f"{SCHEDULE}.chargingSchedulePeriod"
WRONG: list[tuple[Any, str, str]] = [
    (v16.AuthorizeRequest(id_tag="T" * 21), "idTag", "maxLength"),
    (v16.AuthorizeRequest(id_tag="😀" * 21), "idTag", "maxLength"),
    (v16.AuthorizeRequest(id_tag="\ud800"), "idTag", "type"),
    (v16.AuthorizeRequest(id_tag=b"T"), "idTag", "type"),  # type: ignore[arg-type]  # wrong, as all that follows
    (v16.AuthorizeRequest(id_tag=None), "idTag", "required"),  # type: ignore[arg-type]
    (v16.ChangeAvailabilityRequest(connector_id=1.0, type=OPERATIVE), "connectorId", "type"),  # type: ignore[arg-type]
    (v16.ChangeAvailabilityRequest(connector_id=True, type=OPERATIVE), "connectorId", "type"),
    (v16.ChangeAvailabilityRequest(connector_id=10**256, type=OPERATIVE), "connectorId", "type"),
    (v16.ChangeAvailabilityRequest(connector_id=1, type="operative"), "type", "enum"),  # type: ignore[arg-type]
    (v16.ChangeAvailabilityRequest(connector_id=1, type=v16.ResetType.HARD), "type", "enum"),  # type: ignore[arg-type]
    (v16.GetDiagnosticsRequest(location="no uri"), "location", "format"),
    (v16.GetDiagnosticsRequest(location="a:", start_time="now"), "startTime", "type"),  # type: ignore[arg-type]
    (v16.GetDiagnosticsRequest(location="a:", stop_time=datetime(2024, 1, 1)), "stopTime", "format"),
    (v16.GetConfigurationRequest(key="abc"), "key", "type"),  # type: ignore[arg-type]
    (v16.GetConfigurationRequest(key=["k", None]), "key[1]", "type"),  # type: ignore[list-item]
    (v16.GetConfigurationRequest(key=["k", "k" * 51]), "key[1]", "maxLength"),
    (v16.MeterValuesRequest(connector_id=1, meter_value=[None]), "meterValue[0]", "type"),  # type: ignore[list-item]
    (profile(charging_schedule_period=[period(8.1), period(21.41)]), f"{PERIOD}[1].limit", "multipleOf"),
    (profile(min_charging_rate=float("nan")), f"{SCHEDULE}.minChargingRate", "type"),
    (profile(min_charging_rate="1"), f"{SCHEDULE}.minChargingRate", "type"),
    (profile(min_charging_rate=True), f"{SCHEDULE}.minChargingRate", "type"),
    (profile(duration=b"1"), f"{SCHEDULE}.duration", "type"),
]


@pytest.mark.parametrize(("request_", "path", "rule"), WRONG, ids=lambda each: str(each)[:70])
def test_an_invalid_call_is_not_written(request_: Any, path: str, rule: str) -> None:
    encoder = Encoder(v16.VERSION)
    with pytest.raises(ValidationError) as raised:
        encoder.call("a", request_)
    assert (raised.value.path, raised.value.rule) == (path, rule)
    assert str(raised.value).startswith(f"{path}: expected ")
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("response", [None, {}, "x", v16.ClearCacheRequest(), v16.HeartbeatResponse], ids=repr)
def test_an_answer_of_another_class_is_not_written(response: Any) -> None:
    with pytest.raises(ValidationError, match=r"^payload: expected HeartbeatResponse$"):
        Encoder(v16.VERSION).result(a_call(), response)


# Errors


@each_version
def test_a_fault_is_answered_by_its_code_or_the_policys(version: Version) -> None:
    for fault in Fault:
        for policy in (Policy(), Policy(codes={fault: "MyError"})):
            error = orjson.loads(Encoder(version, policy).error("a", FrameFault(fault, "why", unique_id="a")))
            assert error[:2] == [4, "a"]
            assert (error[2] == "MyError") is bool(policy.codes)
            assert error[3:] == ["why", {}]


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 10_000])
@pytest.mark.parametrize("letter", ["x", "é", "😀", '"', "\n"])
def test_R15_a_description_has_at_most_255_characters(letter: str, length: int) -> None:
    error = orjson.loads(Encoder(v16.VERSION).error("a", CallError("GenericError", letter * length)))
    assert error[3] == letter * min(length, 255)


@pytest.mark.parametrize("details", [None, {}, {"a": [1, {"b": None}]}, MappingProxyType({"x": 2**70})], ids=repr)
def test_R15_details_are_an_object(details: Any) -> None:
    written = Encoder(v16.VERSION).error("a", CallError("GenericError", "", details))
    assert written.endswith(b"}]")
    assert decoder().decode(written, waits(v16.ClearCacheRequest.__action__)).details == dict(details or {})  # type: ignore[union-attr]  # a CallError


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_R26_details_nest_no_deeper_than_a_frame_may() -> None:
    encoder = Encoder(v16.VERSION)
    fault_of(encoder.error("a", CallError("GenericError", "", nested(63))))  # which is read: it answers no call
    with pytest.raises(ValidationError, match=r"^errorDetails: expected a JSON value: nested deeper than 64$"):
        encoder.error("a", CallError("GenericError", "", nested(64)))


# Both ways

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=36)
REQUESTS = st.builds(
    v16.StartTransactionRequest,
    connector_id=st.integers(),
    id_tag=st.text(st.characters(codec="utf-8"), max_size=20),
    meter_start=st.integers(-(2**70), 2**70),
    reservation_id=st.none() | st.integers(),
    timestamp=st.datetimes(timezones=st.just(UTC)),
) | st.builds(
    lambda limits: profile(charging_schedule_period=[period(each / 10) for each in limits]),
    st.lists(st.integers(-(10**12), 10**12)),
)


def test_what_is_written_is_read_again() -> None:
    encoder = Encoder(v16.VERSION, Policy(timespec="microseconds"))
    readers = {STATION: decoder(CENTRAL), CENTRAL: decoder(STATION)}

    @given(IDS, REQUESTS)
    def both_ways(unique_id: str, request: Any) -> None:
        raw = encoder.call(unique_id, request)
        assert raw == b"[2,%b,%b" % (orjson.dumps(unique_id), raw.split(orjson.dumps(unique_id) + b",", 1)[1])
        call = readers[request.__action__.sender].decode(raw, nothing_waits)
        assert isinstance(call, Call)
        assert (call.unique_id, call.payload) == (unique_id, request)

    both_ways()
