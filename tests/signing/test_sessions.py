"""Signed frames between two sessions (R17): calls, results, SENDs; what is required; what fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pytest

from ocpp_fast import v16, v21, v201
from ocpp_fast.errors import InvalidResult, SigningFailed, ValidationError
from ocpp_fast.frames import Call, Send
from ocpp_fast.session import FaultNoticed, SendReceived
from ocpp_fast.signing import UNCHECKED, Signature, Signing, thumbprint
from ocpp_fast.testing import Pair

from .attacks import ATTACKS
from .keys import (
    HEADER,
    NOW,
    Chip,
    Owner,
    by_hand,
    checked,
    der_encoded,
    ec_owner,
    raw_signature,
    rsa_owner,
    signer_of,
    stranger,
    with_,
)

HEARTBEAT: Final = v201.HeartbeatRequest()
HEARTBEAT_RESPONSE: Final = v201.HeartbeatResponse(current_time=NOW)
HEARTBEAT_JSON: Final = b'{"currentTime":"2026-01-01T00:00:00.000Z"}'
STREAM: Final = v21.NotifyPeriodicEventStreamRequest(
    data=[v21.StreamDataElementType(t=1.0, v="1")], id=1, pending=0, basetime=NOW
)


def believes(*owners: Owner) -> Callable[[str, Mapping[str, Any]], Any]:
    known = {thumbprint(each.certificate): each.certificate for each in owners}
    return lambda station, header: known.get(header.get("x5t#S256", ""))


def always(station: str, payload: Any) -> bool:
    return True


def failing(*_: Any) -> Any:
    raise LookupError("the database is away")


def central_signing(**options: Any) -> Signing:
    """Believes the station, and signs the answers to what it signs."""
    given: dict[str, Any] = {"keys": believes(ec_owner()), "signer": signer_of(rsa_owner())}
    return Signing(**(given | options))


def station_signing(**options: Any) -> Signing:
    """Believes the central system, and signs all it sends."""
    given: dict[str, Any] = {"keys": believes(rsa_owner()), "signer": signer_of(ec_owner()), "signs": always}
    return Signing(**(given | options))


def signed_pair(version: Any = v201, **options: Any) -> Pair:
    return Pair(
        version.VERSION,
        **({"central_signing": central_signing(), "station_signing": station_signing()} | options),
    )


def signed_frame(action: str = "Heartbeat", payload: bytes = b"{}", **changes: Any) -> bytes:
    """A CALL of a station, by hand; `changes` are of the header."""
    header = {"x5t#S256": thumbprint(ec_owner().certificate)} | HEADER | {"OCPPAction": action} | changes
    return json.dumps([2, "1", f"{action}-Signed", by_hand(header, payload)]).encode()


def answer(pair: Pair) -> Any:
    """What the central system has answered."""
    assert len(pair.central.in_transit) == 1
    return json.loads(pair.central.in_transit.pop())


def refusal(raw: bytes, pair: Pair | None = None) -> tuple[str, str]:
    """The code and description with which the central system refuses a frame, which reaches no handler."""
    pair = pair or signed_pair()
    pair.central.receive(raw)
    assert pair.central.handling is None
    kind, unique_id, code, description, details = answer(pair)
    assert (kind, unique_id, details) == (4, "1", {})
    return code, description


@pytest.mark.parametrize("version", [v201, v21])
def test_R17_a_signed_call_is_handled_and_answered_signed(version: Any) -> None:
    pair = signed_pair(version)
    call = pair.station.call(version.HeartbeatRequest())
    (raw,) = pair.station.in_transit
    assert json.loads(raw)[:3] == [2, "1", "Heartbeat-Signed"]
    pair.station.deliver()
    handling = pair.central.handling
    assert handling is not None
    assert (handling.payload, handling.action.name, handling.raw) == (version.HeartbeatRequest(), "Heartbeat", raw)
    assert handling.signature.header["OCPPAction"] == "Heartbeat"
    assert handling.signature.key == ec_owner().certificate
    pair.central.answer(version.HeartbeatResponse(current_time=NOW))
    (result,) = pair.central.in_transit
    kind, unique_id, jws = json.loads(result)
    assert (kind, unique_id) == (3, "1")
    assert checked(jws, key=rsa_owner().public, message_type=3) == HEARTBEAT_JSON
    pair.central.deliver()
    assert pair.station.outcome(call) == version.HeartbeatResponse(current_time=NOW)


def test_R17_what_is_not_to_be_signed_is_as_ever() -> None:
    pair = signed_pair(station_signing=station_signing(signs=None))
    call = pair.station.call(HEARTBEAT)
    assert pair.station.in_transit == [b'[2,"1","Heartbeat",{}]']
    pair.station.deliver()
    assert pair.central.handling is not None
    assert pair.central.handling.signature is None
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [b'[3,"1",' + HEARTBEAT_JSON + b"]"]
    pair.central.deliver()
    assert pair.station.outcome(call) == HEARTBEAT_RESPONSE


@pytest.mark.parametrize(
    ("options", "signs"),
    [
        ({}, True),
        ({"answers": False}, False),
        ({"answers": False, "signs": always}, True),
        ({"signer": None}, False),
    ],
)
def test_R17_the_answer_to_a_signed_call_is_signed_if_it_may_be(options: Mapping[str, Any], signs: bool) -> None:
    pair = signed_pair(central_signing=central_signing(**options))
    pair.station.call(HEARTBEAT)
    pair.station.deliver()
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert ("signature" in answer(pair)[2]) is signs


def test_R17_functions_are_told_the_station_and_the_payload() -> None:
    told: list[Any] = []

    def note(value: Any) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            told.append(given)
            return value

        return noted

    central = central_signing(keys=note(ec_owner().public), signs=note(False), requires=note(False), answers=False)
    pair = signed_pair(central_signing=central)
    pair.station.call(HEARTBEAT)
    pair.station.deliver()
    pair.central.answer(HEARTBEAT_RESPONSE)
    pair.central.receive(b'[2,"2","Heartbeat",{}]')
    assert told == [
        ("CP1", {"x5t#S256": thumbprint(ec_owner().certificate), **HEADER}),
        ("CP1", HEARTBEAT_RESPONSE),
        ("CP1", HEARTBEAT),
    ]


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"base64 of a surrogate"}))  # which no frame can hold (R26)
def test_R17_attacks_are_answered_with_SecurityError(attack: str) -> None:
    make, expected = ATTACKS[attack]
    pair = signed_pair(central_signing=central_signing(keys=lambda *_: ec_owner().public))
    code, description = refusal(json.dumps([2, "1", "Heartbeat-Signed", make()]).encode(), pair)
    assert code == "SecurityError"
    assert description.startswith("signature: expected ")
    assert expected in description


def test_R17_a_call_by_a_stranger_is_refused() -> None:
    stranger_named: dict[str, Any] = {"x5t#S256": thumbprint(stranger().certificate)}
    assert refusal(signed_frame(**stranger_named)) == (
        "SecurityError",
        "signature: expected a key that is known here",
    )


def test_R17_a_signature_is_no_good_for_another_action_or_message_type() -> None:
    frame = signed_frame("Heartbeat").replace(b"Heartbeat-Signed", b"BootNotification-Signed")
    assert refusal(frame)[1] == "signature: expected OCPPAction to be the action of the frame"
    frame = signed_frame("Heartbeat", OCPPMessageTypedId=3)
    assert refusal(frame)[1] == "signature: expected OCPPMessageTypedId to be the message type of the frame"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("Nonsense", "NotImplemented"),
        ("Heartbeat-Signed", "NotImplemented"),
        ("", "NotImplemented"),
        ("Reset", "NotSupported"),
    ],
)
def test_R17_no_key_is_looked_up_for_an_action_that_is_not_taken_anyway(action: str, code: str) -> None:
    pair = signed_pair(central_signing=central_signing(keys=failing))
    assert refusal(signed_frame(action), pair)[0] == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'[2,"1","Heartbeat-signed",{}]', "NotImplemented"),
        (b'[2,"1","Heartbeat-Signed"]', "FormatViolation"),
        (b'[2,"1","Heartbeat-Signed",{},{}]', "FormatViolation"),
        (b'[2,"1","Heartbeat-Signed",{}]', "SecurityError"),
        (b'[2,"1","Heartbeat-Signed",null]', "SecurityError"),
        (b'[2,"1","Heartbeat-Signed","e30"]', "SecurityError"),
    ],
)
def test_R17_frames_that_are_not_signed_at_all(raw: bytes, code: str) -> None:
    assert refusal(raw)[0] == code


def test_R17_an_action_that_nobody_handles_is_not_supported() -> None:
    assert refusal(signed_frame(), signed_pair(has_handler=lambda _: False))[0] == "NotSupported"


@pytest.mark.parametrize("number", ["1.6", "2.0.1", "2.1"])
def test_R17_without_signing_it_is_an_unknown_action(number: str) -> None:
    pair = Pair({"1.6": v16, "2.0.1": v201, "2.1": v21}[number].VERSION)
    assert refusal(signed_frame(), pair) == ("NotImplemented", "no such action in this version")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"customData":{}}', "OccurrenceConstraintViolation"),
        (b'{"customData":1}', "TypeConstraintViolation"),
        (b'{"reason":1}', "FormatViolation"),
        (b"[]", "FormatViolation"),
        (b'"text"', "FormatViolation"),
        (b"1", "FormatViolation"),
        (b"", "FormatViolation"),
        (b"{", "FormatViolation"),
        (b"\xff", "FormatViolation"),
        (b'{},"more"', "FormatViolation"),
        (b'{}],"more"', "FormatViolation"),
        (b'{}][2,"2","Heartbeat",{}', "FormatViolation"),
        (b"null,null", "FormatViolation"),
        (b'{"customData":{"vendorId":"v","x":' + b"[" * 61 + b"]" * 61 + b"}}", ""),
        (b'{"customData":{"vendorId":"v","x":' + b"[" * 62 + b"]" * 62 + b"}}", "FormatViolation"),
        (b'{"customData":{"vendorId":"v","x":' + b"[" * 9000 + b"]" * 9000 + b"}}", "FormatViolation"),
        (b"null", ""),
        (b" {} \n", ""),
    ],
    ids=lambda value: repr(value[:48]),
)
def test_R17_what_was_signed_is_validated_as_ever(payload: bytes, code: str) -> None:
    pair = signed_pair()
    if code:
        assert refusal(signed_frame(payload=payload), pair)[0] == code
    else:
        pair.central.receive(signed_frame(payload=payload))
        assert isinstance(pair.central.handling, Call)


def test_R13_an_id_that_is_being_handled_is_refused_signed_or_not() -> None:
    pair = signed_pair()
    pair.central.receive(signed_frame())
    pair.central.receive(signed_frame())
    assert answer(pair)[2] == "RpcFrameworkError"


# Results


def result_frame(payload: bytes = HEARTBEAT_JSON, **changes: Any) -> bytes:
    header = with_(**({"OCPPMessageTypedId": 3, "alg": "RS256"} | changes))
    header["x5t#S256"] = thumbprint(rsa_owner().certificate)
    return json.dumps([3, "1", by_hand(header, payload, partial(raw_signature, owner=rsa_owner()))]).encode()


def test_R17_a_signed_result_is_believed() -> None:
    pair = signed_pair()
    call = pair.station.call(HEARTBEAT)
    pair.station.receive(result_frame())
    assert pair.station.outcome(call) == HEARTBEAT_RESPONSE


FALSE_RESULTS: Final[dict[str, tuple[Callable[[], bytes], str]]] = {
    "another action": (lambda: result_frame(OCPPAction="Reset"), "OCPPAction to be the action of the frame"),
    "the CALL itself": (lambda: result_frame(OCPPMessageTypedId=2), "OCPPMessageTypedId to be the message type"),
    "another algorithm": (lambda: result_frame(alg="RS384"), "one that verifies"),
    "a list": (lambda: result_frame(b"[]"), "object"),
    "two payloads": (lambda: result_frame(HEARTBEAT_JSON + b",{}"), "object"),
    "no JSON": (lambda: result_frame(b"["), "object"),
    "empty members": (lambda: b'[3,"1",{"payload":"","protected":"","signature":""}]', "as protected header"),
    "numbers": (lambda: b'[3,"1",{"payload":1,"protected":1,"signature":1}]', "a flattened JWS"),
}


@pytest.mark.parametrize("case", FALSE_RESULTS)
@pytest.mark.parametrize("version", [v201, v21])
def test_R17_a_falsely_signed_result_ends_the_call(case: str, version: Any) -> None:
    make, expected = FALSE_RESULTS[case]
    pair = signed_pair(version)
    call = pair.station.call(version.HeartbeatRequest())
    pair.station.in_transit.clear()
    pair.station.receive(make())
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.path, outcome.rule) in (("signature", "signature"), ("", "type"))
    assert expected in outcome.expected
    assert len(pair.table) == 0
    if version is v21:
        kind, unique_id, code, _, _ = json.loads(pair.station.in_transit.pop())
        assert (kind, unique_id) == (5, "1")
        assert code == ("FormatViolation" if expected == "object" else "SecurityError")
    assert pair.station.in_transit == []


def test_R17_what_a_signed_result_holds_is_validated_as_ever() -> None:
    pair = signed_pair()
    call = pair.station.call(HEARTBEAT)
    pair.station.receive(result_frame(b'{"currentTime":1}'))
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert (outcome.path, outcome.rule) == ("currentTime", "type")


def test_R12_R17_a_signed_result_that_answers_nothing_is_ignored() -> None:
    pair = signed_pair()
    pair.station.receive(result_frame())
    assert pair.station.session.ignored_answers == 1


def test_R17_a_result_that_is_no_jws_breaks_the_rule_it_breaks() -> None:
    pair = signed_pair()
    call = pair.station.call(HEARTBEAT)
    pair.station.receive(b'[3,"1",{"payload":"","signature":""}]')
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert outcome.rule == "required"


# What must be signed


def test_R17_what_must_be_signed_is_refused_without_a_signature() -> None:
    central = central_signing(requires=lambda _, payload: isinstance(payload, v201.HeartbeatRequest))
    pair = signed_pair(central_signing=central)
    assert refusal(b'[2,"1","Heartbeat",{}]', pair) == (
        "SecurityError",
        "signature: expected the message to have one that was checked",
    )
    pair.central.receive(signed_frame())
    assert pair.central.handling is not None


def test_R17_a_result_that_must_be_signed_is_refused_without_a_signature() -> None:
    pair = signed_pair(station_signing=station_signing(requires=always))
    call = pair.station.call(HEARTBEAT)
    pair.station.receive(b'[3,"1",' + HEARTBEAT_JSON + b"]")
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert outcome.rule == "signature"


def test_R17_errors_need_no_signature() -> None:
    pair = signed_pair(v21, station_signing=station_signing(requires=always))
    call = pair.station.call(v21.HeartbeatRequest())
    pair.station.receive(b'[4,"1","InternalError","",{}]')
    assert "InternalError" in str(pair.station.outcome(call))
    pair.station.receive(b'[5,"1","InternalError","",{}]')
    assert len(pair.station.events) == 2


def test_R17_what_nobody_checks_is_taken_in_but_does_not_count_as_signed() -> None:
    pair = signed_pair(central_signing=central_signing(keys=lambda *_: UNCHECKED))
    pair.central.receive(signed_frame().replace(b'"signature": "', b'"signature": "AAAA'))
    assert pair.central.handling is not None
    signature = pair.central.handling.signature
    assert isinstance(signature, Signature)
    assert (signature.checked, signature.key) == (False, UNCHECKED)
    central = central_signing(keys=lambda *_: UNCHECKED, requires=always)
    assert refusal(signed_frame(), signed_pair(central_signing=central))[0] == "SecurityError"


@pytest.mark.parametrize("changes", [{"alg": "none"}, {"OCPPAction": "Reset"}, {"crit": ["x"]}])
def test_R17_what_nobody_checks_must_still_be_of_the_right_form(changes: Mapping[str, Any]) -> None:
    pair = signed_pair(central_signing=central_signing(keys=lambda *_: UNCHECKED))
    frame = json.dumps([2, "1", "Heartbeat-Signed", by_hand(with_(**changes))]).encode()
    assert refusal(frame, pair)[0] == "SecurityError"


# SEND


def test_R11_R17_a_send_is_signed_and_opened() -> None:
    pair = signed_pair(v21)
    pair.station.session.send("1", STREAM)
    (raw,) = pair.station.session.take_outbox()
    assert json.loads(raw)[:3] == [6, "1", "NotifyPeriodicEventStream-Signed"]
    pair.central.receive(raw)
    (event,) = pair.central.events
    assert isinstance(event, SendReceived)
    assert isinstance(event.send, Send)
    assert (event.send.payload, event.send.raw) == (STREAM, raw)
    assert event.send.signature is not None
    assert event.send.signature.key == ec_owner().certificate


@pytest.mark.parametrize("required", [False, True])
def test_R11_R17_a_send_with_a_false_signature_or_none_is_never_answered(required: bool) -> None:
    requires = always if required else None
    pair = signed_pair(v21, central_signing=central_signing(requires=requires))
    pair.station.session.send("1", STREAM)
    (raw,) = pair.station.session.take_outbox()
    if required:
        unsigned = Pair(v21.VERSION).station.session
        unsigned.send("1", STREAM)
        (raw,) = unsigned.take_outbox()
    else:
        raw = raw.replace(b'"signature":"', b'"signature":"AAAA')
    pair.central.receive(raw)
    (event,) = pair.central.events
    assert isinstance(event, FaultNoticed)
    assert event.fault.fault.name == "SIGNATURE"
    assert pair.central.in_transit == []


# When a function of the user's own fails


def test_R45_a_key_lookup_that_fails_is_an_internal_error() -> None:
    pair = signed_pair(central_signing=central_signing(keys=failing))
    assert refusal(signed_frame(), pair) == ("InternalError", "signature: expected a key lookup that works")
    (event,) = pair.central.events
    assert isinstance(event, FaultNoticed)
    assert isinstance(event.fault.__cause__, LookupError)


def test_R45_a_key_that_can_not_be_used_is_an_internal_error() -> None:
    pair = signed_pair(central_signing=central_signing(keys=lambda *_: "key"))
    assert refusal(signed_frame(), pair)[0] == "InternalError"


def test_R45_a_rule_that_fails_is_an_internal_error() -> None:
    pair = signed_pair(central_signing=central_signing(requires=failing))
    assert refusal(b'[2,"1","Heartbeat",{}]', pair)[0] == "InternalError"


def test_R45_a_key_lookup_that_fails_for_a_result_ends_the_call() -> None:
    pair = signed_pair(station_signing=station_signing(keys=failing))
    call = pair.station.call(HEARTBEAT)
    pair.station.receive(result_frame())
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert isinstance(outcome.__cause__, LookupError)


@pytest.mark.parametrize("options", [{"signs": failing}, {"signer": Chip(failing)}, {"signer": Chip(der_encoded)}])
def test_R17_what_can_not_be_signed_is_not_sent(options: Mapping[str, Any]) -> None:
    pair = signed_pair(station_signing=station_signing(**options))
    with pytest.raises(SigningFailed, match="Heartbeat could not be signed") as failure:
        pair.station.call(HEARTBEAT)
    assert isinstance(failure.value.__cause__, LookupError | ValueError)
    assert (pair.station.in_transit, len(pair.table)) == ([], 0)


def test_R17_an_answer_that_can_not_be_signed_is_still_to_be_given() -> None:
    pair = signed_pair(central_signing=central_signing(signer=Chip(failing)))
    pair.central.receive(signed_frame())
    with pytest.raises(SigningFailed):
        pair.central.answer(HEARTBEAT_RESPONSE)
    pair.central.fail(RuntimeError("sorry"))
    assert answer(pair)[2] == "InternalError"


def test_R17_an_invalid_payload_is_not_signed() -> None:
    pair = signed_pair(station_signing=station_signing(signs=failing))
    boot = v201.BootNotificationRequest(
        reason=v201.BootReasonEnumType.POWER_UP,
        charging_station=v201.ChargingStationType(model="M" * 21, vendor_name="V"),
    )
    with pytest.raises(ValidationError):
        pair.station.call(boot)
