"""Signed frames between two sessions (R17): calls, results, SENDs; what is required; what fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import pytest

from ocpp_fast import v16, v21, v201
from ocpp_fast.errors import InvalidResult, SigningFailed, ValidationError
from ocpp_fast.frames import Call, FrameFault, Send
from ocpp_fast.signing import UNCHECKED, Signature, Signing, thumbprint
from ocpp_fast.testing import Pair

from .attacks import ATTACKS, OTHER_ACTION, OTHER_TYPE
from .keys import (
    EC_OWNER,
    HEADER,
    NOW,
    RSA_OWNER,
    Chip,
    Owner,
    by_hand,
    checked,
    der_encoded,
    raw_signature,
    signer_of,
    with_,
)

Options: TypeAlias = dict[str, Any]

NONE: Options = {}
HEARTBEAT: Final = v201.HeartbeatRequest()
HEARTBEAT_RESPONSE: Final = v201.HeartbeatResponse(current_time=NOW)
UNSIGNED: Final = b'[2,"1","Heartbeat",{}]'
HEARTBEAT_JSON: Final = b'{"currentTime":"2026-01-01T00:00:00.000Z"}'
STREAM: Final = v21.NotifyPeriodicEventStreamRequest(
    data=[v21.StreamDataElementType(t=1.0, v="1")], id=1, pending=0, basetime=NOW
)


def believes(owner: Owner) -> Callable[[str, Mapping[str, Any]], Any]:
    named = thumbprint(owner.certificate)
    return lambda station, header: owner.certificate if header.get("x5t#S256") == named else None


def always(station: str, payload: Any) -> bool:
    return True


def failing(*_: Any) -> Any:
    raise LookupError("the database is away")


def signed_pair(version: Any = v201, *, central: Options = NONE, station: Options = NONE, **options: Any) -> Pair:
    """A station that signs all, and a central system that signs its answers; with more options of their `Signing`."""
    of_central: Options = {"keys": believes(EC_OWNER), "signer": signer_of(RSA_OWNER), **central}
    of_station: Options = {"keys": believes(RSA_OWNER), "signer": signer_of(EC_OWNER), "signs": always, **station}
    options |= {"central_signing": Signing(**of_central), "station_signing": Signing(**of_station)}
    return Pair(version.VERSION, **options)


def signed_frame(action: str = "Heartbeat", payload: bytes = b"{}", **changes: Any) -> bytes:
    """A CALL of a station, by hand; `changes` are of the header."""
    header = {"x5t#S256": thumbprint(EC_OWNER.certificate)} | HEADER | {"OCPPAction": action} | changes
    return json.dumps([2, "1", f"{action}-Signed", by_hand(header, payload)]).encode()


def answer(pair: Pair) -> Any:
    """What the central system has answered."""
    assert len(pair.central.in_transit) == 1
    return json.loads(pair.central.in_transit.pop())


def refusal(raw: bytes, pair: Pair | None = None, **central: Any) -> tuple[str, str]:
    """The code and description by which a central system, maybe with options of its `Signing`, refuses a frame."""
    pair = pair or signed_pair(central=central)
    pair.central.receive(raw)
    assert pair.central.handling is None
    kind, unique_id, code, description, details = answer(pair)
    assert (kind, unique_id, details) == (4, "1", {})
    return code, description


def invalid_result(raw: bytes, pair: Pair | None = None, version: Any = v201) -> InvalidResult:
    """The error in which a call of the station ends that is answered by a frame."""
    pair = pair or signed_pair(version)
    call = pair.station.call(version.HeartbeatRequest())
    pair.station.in_transit.clear()
    pair.station.receive(raw)
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    return outcome


def exchange_heartbeat(pair: Pair) -> None:
    pair.station.call(HEARTBEAT)
    pair.station.deliver()
    pair.central.answer(HEARTBEAT_RESPONSE)


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
    assert handling.signature.key == EC_OWNER.certificate
    pair.central.answer(version.HeartbeatResponse(current_time=NOW))
    (result,) = pair.central.in_transit
    kind, unique_id, jws = json.loads(result)
    assert (kind, unique_id) == (3, "1")
    assert checked(jws, key=RSA_OWNER.public, message_type=3) == HEARTBEAT_JSON
    pair.central.deliver()
    assert pair.station.outcome(call) == version.HeartbeatResponse(current_time=NOW)


def test_R17_what_is_not_to_be_signed_is_as_ever() -> None:
    pair = signed_pair(station={"signs": None})
    call = pair.station.call(HEARTBEAT)
    assert pair.station.in_transit == [UNSIGNED]
    pair.station.deliver()
    assert pair.central.handling is not None
    assert pair.central.handling.signature is None
    pair.central.answer(HEARTBEAT_RESPONSE)
    assert pair.central.in_transit == [b'[3,"1",' + HEARTBEAT_JSON + b"]"]
    pair.central.deliver()
    assert pair.station.outcome(call) == HEARTBEAT_RESPONSE


@pytest.mark.parametrize(
    ("options", "signs"),
    [({}, True), ({"answers": False}, False), ({"answers": False, "signs": always}, True), ({"signer": None}, False)],
)
def test_R17_the_answer_to_a_signed_call_is_signed_if_it_may_be(options: Options, signs: bool) -> None:
    pair = signed_pair(central=options)
    exchange_heartbeat(pair)
    assert ("signature" in answer(pair)[2]) is signs


def test_R17_functions_are_told_the_station_and_the_payload() -> None:
    told: list[Any] = []

    def note(value: Any) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            told.append(given)
            return value

        return noted

    pair = signed_pair(
        central={"keys": note(EC_OWNER.public), "signs": note(False), "requires": note(False), "answers": False}
    )
    exchange_heartbeat(pair)
    pair.central.receive(b'[2,"2","Heartbeat",{}]')
    header = {"x5t#S256": thumbprint(EC_OWNER.certificate), **HEADER}
    assert told == [("CP1", header), ("CP1", HEARTBEAT_RESPONSE), ("CP1", HEARTBEAT)]


# What is refused


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"base64 of a surrogate"}))  # which no frame can hold (R26)
def test_R17_attacks_are_answered_with_SecurityError(attack: str) -> None:
    make, expected = ATTACKS[attack]
    frame = json.dumps([2, "1", "Heartbeat-Signed", make()]).encode()
    code, description = refusal(frame, keys=lambda *_: EC_OWNER.public)
    assert code == "SecurityError"
    assert description.startswith("signature: expected ")
    assert expected in description


def unchecked(*_: Any) -> Any:
    return UNCHECKED


CHECKED: Final = "the message to have one that was checked"
FALSE_CALLS: Final[dict[str, tuple[dict[str, Any], dict[str, Any], str]]] = {
    "another's": ({"x5t#S256": "another's"}, {}, "a key that is known here"),
    "unchecked, but required": ({}, {"keys": unchecked, "requires": always}, CHECKED),
    "alg, unchecked": ({"alg": "none"}, {"keys": unchecked}, "alg to be one of ES256, RS256, RS384"),
    "action, unchecked": ({"OCPPAction": "Reset"}, {"keys": unchecked}, OTHER_ACTION),
    "crit, unchecked": ({"crit": ["x"]}, {"keys": unchecked}, "a header without crit and b64"),
}
"""Changes of the header, options of the central system's `Signing`, and what was expected."""


@pytest.mark.parametrize("case", FALSE_CALLS)
def test_R17_a_call_without_a_signature_that_counts_is_refused(case: str) -> None:
    header, options, expected = FALSE_CALLS[case]
    assert refusal(signed_frame(**header), **options) == ("SecurityError", f"signature: expected {expected}")


def test_R17_a_signature_is_no_good_for_another_action() -> None:
    moved = signed_frame("Heartbeat").replace(b"Heartbeat-Signed", b"BootNotification-Signed")
    assert refusal(moved) == ("SecurityError", f"signature: expected {OTHER_ACTION}")


UNTAKEN: Final[dict[str, tuple[bytes, str]]] = {
    "an unknown action": (signed_frame("Nonsense"), "NotImplemented"),
    "an action signed twice": (signed_frame("Heartbeat-Signed"), "NotImplemented"),
    "no action": (signed_frame(""), "NotImplemented"),
    "the wrong direction": (signed_frame("Reset"), "NotSupported"),
    "small letters": (b'[2,"1","Heartbeat-signed",{}]', "NotImplemented"),
    "three elements": (b'[2,"1","Heartbeat-Signed"]', "FormatViolation"),
    "five elements": (b'[2,"1","Heartbeat-Signed",{},{}]', "FormatViolation"),
}


@pytest.mark.parametrize("case", UNTAKEN)
def test_R17_no_key_is_looked_up_for_a_frame_that_is_not_taken_anyway(case: str) -> None:
    frame, code = UNTAKEN[case]
    assert refusal(frame, keys=failing)[0] == code


def test_R17_an_action_that_nobody_handles_is_not_supported() -> None:
    assert refusal(signed_frame(), signed_pair(has_handler=lambda _: False))[0] == "NotSupported"


@pytest.mark.parametrize("version", [v16, v201, v21])
def test_R17_without_signing_it_is_an_unknown_action(version: Any) -> None:
    assert refusal(signed_frame(), Pair(version.VERSION)) == ("NotImplemented", "no such action in this version")


def nested(depth: int) -> bytes:
    return b'{"customData":{"vendorId":"v","x":' + b"[" * depth + b"]" * depth + b"}}"


@pytest.mark.parametrize("payload", [nested(61), b"null", b" {} \n"])
def test_R17_what_was_signed_is_read_as_ever(payload: bytes) -> None:
    pair = signed_pair()
    pair.central.receive(signed_frame(payload=payload))
    assert isinstance(pair.central.handling, Call)


WRONG_TYPE: Final = "TypeConstraintViolation"
MISSING: Final = "OccurrenceConstraintViolation"
INVALID_PAYLOADS: Final[dict[str, list[bytes]]] = {
    MISSING: [b'{"customData":{}}'],
    WRONG_TYPE: [b'{"customData":1}'],
    "FormatViolation": [
        *(b'{"reason":1}', b"[]", b'"text"', b"1", b"", b"{", b"\xff", b"null,null", nested(62), nested(9000)),
        *(b'{},"more"', b'{}],"more"', b'{}][2,"2","Heartbeat",{}'),
    ],
}


@pytest.mark.parametrize(
    ("code", "payload"),
    [(code, payload) for code, payloads in INVALID_PAYLOADS.items() for payload in payloads],
    ids=lambda value: repr(value[:48]),
)
def test_R17_what_was_signed_is_validated_as_ever(code: str, payload: bytes) -> None:
    assert refusal(signed_frame(payload=payload))[0] == code


def test_R13_an_id_that_is_being_handled_is_refused_signed_or_not() -> None:
    pair = signed_pair()
    pair.central.receive(signed_frame())
    pair.central.receive(signed_frame())
    assert answer(pair)[2] == "RpcFrameworkError"


# Results


def result_frame(payload: bytes = HEARTBEAT_JSON, **changes: Any) -> bytes:
    header = with_(**({"OCPPMessageTypedId": 3, "alg": "RS256"} | changes))
    header["x5t#S256"] = thumbprint(RSA_OWNER.certificate)
    return json.dumps([3, "1", by_hand(header, payload, partial(raw_signature, owner=RSA_OWNER))]).encode()


def by_members(value: str) -> bytes:
    return f'[3,"1",{{"payload":{value},"protected":{value},"signature":{value}}}]'.encode()


SIGNATURE: Final = ("signature", "signature", "SecurityError")
OBJECT: Final = ("", "type", "FormatViolation")
FALSE_RESULTS: Final[dict[str, tuple[bytes, tuple[str, str, str], str]]] = {
    "another action": (result_frame(OCPPAction="Reset"), SIGNATURE, OTHER_ACTION),
    "the CALL itself": (result_frame(OCPPMessageTypedId=2), SIGNATURE, OTHER_TYPE),
    "another algorithm": (result_frame(alg="RS384"), SIGNATURE, "one that verifies"),
    "a list": (result_frame(b"[]"), OBJECT, "object"),
    "two payloads": (result_frame(HEARTBEAT_JSON + b",{}"), OBJECT, "object"),
    "no JSON": (result_frame(b"["), OBJECT, "object"),
    "a number": (result_frame(b'{"currentTime":1}'), ("currentTime", "type", WRONG_TYPE), "string"),
    "empty members": (by_members('""'), SIGNATURE, "as protected header"),
    "numbers": (by_members("1"), SIGNATURE, "a flattened JWS"),
    "no JWS": (b'[3,"1",{"payload":"","signature":""}]', ("currentTime", "required", MISSING), "a value"),
}
"""Results, where and how they are false, the code of the CALLRESULTERROR, and what was expected."""


@pytest.mark.parametrize("case", FALSE_RESULTS)
@pytest.mark.parametrize("version", [v201, v21])
def test_R17_a_false_result_ends_the_call(case: str, version: Any) -> None:
    frame, (path, rule, code), expected = FALSE_RESULTS[case]
    pair = signed_pair(version)
    outcome = invalid_result(frame, pair, version)
    assert (outcome.path, outcome.rule) == (path, rule)
    assert expected in outcome.expected
    assert len(pair.table) == 0
    refusals = [json.loads(each)[:3] for each in pair.station.in_transit]
    assert refusals == ([[5, "1", code]] if version is v21 else [])


def test_R12_R17_a_signed_result_that_answers_nothing_is_ignored() -> None:
    pair = signed_pair()
    pair.station.receive(result_frame())
    assert pair.station.session.ignored_answers == 1


# What must be signed


def test_R17_what_must_be_signed_is_taken_in_if_it_is() -> None:
    pair = signed_pair(central={"requires": lambda _, payload: isinstance(payload, v201.HeartbeatRequest)})
    assert refusal(UNSIGNED, pair) == ("SecurityError", f"signature: expected {CHECKED}")
    pair.central.receive(signed_frame())
    assert pair.central.handling is not None


def test_R17_a_result_that_must_be_signed_is_refused_without_a_signature() -> None:
    pair = signed_pair(station={"requires": always})
    assert invalid_result(b'[3,"1",' + HEARTBEAT_JSON + b"]", pair).rule == "signature"


def test_R17_errors_need_no_signature() -> None:
    pair = signed_pair(v21, station={"requires": always})
    call = pair.station.call(v21.HeartbeatRequest())
    pair.station.receive(b'[4,"1","InternalError","",{}]')
    assert "InternalError" in str(pair.station.outcome(call))
    pair.station.receive(b'[5,"1","InternalError","",{}]')
    assert len(pair.station.events) == 2


def test_R17_what_nobody_checks_is_taken_in_but_does_not_count_as_signed() -> None:
    pair = signed_pair(central={"keys": unchecked})
    pair.central.receive(signed_frame().replace(b'"signature": "', b'"signature": "AAAA'))
    assert pair.central.handling is not None
    signature = pair.central.handling.signature
    assert isinstance(signature, Signature)
    assert (signature.checked, signature.key) == (False, UNCHECKED)


# SEND


def test_R11_R17_a_send_is_signed_and_opened() -> None:
    pair = signed_pair(v21)
    pair.station.session.send("1", STREAM)
    (raw,) = pair.station.session.take_outbox()
    assert json.loads(raw)[:3] == [6, "1", "NotifyPeriodicEventStream-Signed"]
    pair.central.receive(raw)
    (event,) = pair.central.events
    assert isinstance(event, Send)
    assert (event.payload, event.raw) == (STREAM, raw)
    assert event.signature is not None
    assert event.signature.key == EC_OWNER.certificate


@pytest.mark.parametrize("required", [False, True])
def test_R11_R17_a_send_with_a_false_signature_or_none_is_never_answered(required: bool) -> None:
    pair = signed_pair(v21, central={"requires": always if required else None})
    sender = Pair(v21.VERSION) if required else pair
    sender.station.session.send("1", STREAM)
    (raw,) = sender.station.session.take_outbox()
    pair.central.receive(raw.replace(b'"signature":"', b'"signature":"AAAA'))
    (event,) = pair.central.events
    assert isinstance(event, FrameFault)
    assert event.fault.name == "SIGNATURE"
    assert pair.central.in_transit == []


# When a function of the user's own fails


def test_R45_a_key_lookup_that_fails_is_an_internal_error() -> None:
    pair = signed_pair(central={"keys": failing})
    assert refusal(signed_frame(), pair) == ("InternalError", "signature: expected a key lookup that works")
    (event,) = pair.central.events
    assert isinstance(event, FrameFault)
    assert isinstance(event.__cause__, LookupError)


def test_R45_a_key_that_can_not_be_used_and_a_rule_that_fails_are_internal_errors() -> None:
    assert refusal(signed_frame(), keys=lambda *_: "key")[0] == "InternalError"
    assert refusal(UNSIGNED, requires=failing)[0] == "InternalError"


def test_R45_a_key_lookup_that_fails_for_a_result_ends_the_call() -> None:
    pair = signed_pair(station={"keys": failing})
    assert isinstance(invalid_result(result_frame(), pair).__cause__, LookupError)


@pytest.mark.parametrize("options", [{"signs": failing}, {"signer": Chip(failing)}, {"signer": Chip(der_encoded)}])
def test_R17_what_can_not_be_signed_is_not_sent(options: Options) -> None:
    pair = signed_pair(station=options)
    with pytest.raises(SigningFailed, match="Heartbeat could not be signed") as failure:
        pair.station.call(HEARTBEAT)
    assert isinstance(failure.value.__cause__, LookupError | ValueError)
    assert (pair.station.in_transit, len(pair.table)) == ([], 0)


def test_R17_an_answer_that_can_not_be_signed_is_still_to_be_given() -> None:
    pair = signed_pair(central={"signer": Chip(failing)})
    pair.central.receive(signed_frame())
    with pytest.raises(SigningFailed):
        pair.central.answer(HEARTBEAT_RESPONSE)
    pair.central.fail(RuntimeError("sorry"))
    assert answer(pair)[2] == "InternalError"


def test_R17_an_invalid_payload_is_not_signed() -> None:
    pair = signed_pair(station={"signs": failing})
    with pytest.raises(ValidationError):
        pair.station.call(v201.HeartbeatRequest(custom_data={}))
