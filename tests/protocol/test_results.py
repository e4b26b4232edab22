"""What ends a call of ours, and how: the call `a` is open at the central system of 1.6; a frame comes in."""

from __future__ import annotations

import pytest

from ocpp_fast import LENIENT, STRICT, OcppError, Policy

from .cases import HEARTBEAT, SETUPS, Setup, each_version, pair_of

STILL_OPEN = "still open"
EMPTY = "GetConfigurationResponse()"
KEYS = "GetConfigurationResponse(unknown_key={})"
NO_OBJECT = "InvalidResult: payload: expected object"
NO_VALUE = "InvalidResult: configurationKey[0].readonly: expected a value"
TOO_LONG = "InvalidResult: unknownKey[0]: expected at most 50 characters"

ROWS: list[tuple[str, bytes, str]] = [
    # Results
    ("R06", b'[3,"a",{}]', EMPTY),
    ("R06", b'[3,"a",{"unknownKey":["k"]}]', KEYS.format(["k"])),
    ("R25", b'[3,"a",{"unknownKey":[]}]', KEYS.format([])),
    ("R07", b'[3,"a",null]', EMPTY),
    ("R26", b' [ 3 , "a" , { } ] ', EMPTY),
    ("R03", rb'[3,"\u0061",{}]', EMPTY),
    ("R10", b'[3,"a",[]]', NO_OBJECT),
    ("R10", b'[3,"a","Accepted"]', NO_OBJECT),
    ("R10", b'[3,"a",{"status":1}]', "InvalidResult: status: expected no property of this name"),
    ("R10", b'[3,"a",{"unknownKey":[5]}]', "InvalidResult: unknownKey[0]: expected string"),
    ("R10", b'[3,"a",{"configurationKey":[{"key":"k"}]}]', NO_VALUE),
    ("R10", b'[3,"a",{"unknownKey":["%b"]}]' % (b"k" * 51), TOO_LONG),
    ("R25", b'[3,"a",{"unknownKey":null}]', "InvalidResult: unknownKey: expected array"),
    ("R06", b'[3,"a"]', "InvalidResult: frame: expected 3 elements"),
    ("R06", b'[3,"a",{},{}]', "InvalidResult: frame: expected 3 elements"),
    # Errors
    ("R06", b'[4,"a","GenericError","",{}]', "CallError: GenericError"),
    ("R06", b'[4,"a","GenericError","why",{"x":1}]', "CallError: GenericError: why"),
    ("R06", b'[4,"a","GenericError",""]', "InvalidResult: frame: expected 5 elements"),
    ("R06", b'[4,"a","GenericError","",{},1]', "InvalidResult: frame: expected 5 elements"),
    ("R06", b'[4,"a",null,"",{}]', "InvalidResult: errorCode: expected string"),
    ("R06", b'[4,"a","GenericError",null,{}]', "CallError: GenericError"),
    ("R06", b'[4,"a","GenericError","why","x"]', "CallError: GenericError: why"),
    # Codes: the spelling of 1.6, that of 2.x, and what is no code
    ("R09", b'[4,"a","FormationViolation","why",{}]', "CallError: FormatViolation: why"),
    ("R09", b'[4,"a","FormatViolation","why",{}]', "CallError: FormatViolation: why"),
    ("R09", b'[4,"a","OccurenceConstraintViolation","why",{}]', "CallError: OccurrenceConstraintViolation: why"),
    ("R09", b'[4,"a","OccurrenceConstraintViolation","why",{}]', "CallError: OccurrenceConstraintViolation: why"),
    ("R09", b'[4,"a","RpcFrameworkError","why",{}]', "CallError: RpcFrameworkError: why"),
    ("R09", b'[4,"a","MyError","why",{}]', "CallError: MyError: why"),
    ("R09", b'[4,"a","notSupported","why",{}]', "CallError: notSupported: why"),
    ("R09", b'[4,"a","","why",{}]', "CallError: : why"),
    # What does not answer it
    ("R12", b'[3,"b",{}]', STILL_OPEN),
    ("R12", b'[4,"A","GenericError","",{}]', STILL_OPEN),
    ("R03", b"[3,1,{}]", STILL_OPEN),
    ("R03", b'[3,"",{}]', STILL_OPEN),
    ("R03", b"[3]", STILL_OPEN),
    ("R04", b'[3.0,"a",{}]', STILL_OPEN),
    ("R04", b'["3","a",{}]', STILL_OPEN),
    ("R05", b'[5,"a","GenericError","",{}]', STILL_OPEN),
    ("R05", b'[9,"a",{}]', STILL_OPEN),
    ("R16", b"", STILL_OPEN),
]


def check_end(frame: bytes, end: str, policy: Policy = STRICT) -> None:
    """Assert that a frame ends the call so, or leaves it open."""
    pair = pair_of(SETUPS["1.6"], policy)
    for _ in range(2):  # a compiled core reads what the other has read before it
        call = pair.central.call(SETUPS["1.6"].requests[0], unique_id="a")
        pair.central.in_transit.clear()
        pair.central.receive(frame)
        outcome = pair.central.outcome(call)
        shown = f"{type(outcome).__name__}: {outcome}" if isinstance(outcome, OcppError) else repr(outcome)
        assert (STILL_OPEN if outcome is None else shown) == end
        assert pair.central.in_transit == []  # R10
        pair.central.cancel(call)
        assert len(pair.table) == 0


@pytest.mark.parametrize(("rule", "frame", "end"), ROWS)
def test_end_of_a_call(rule: str, frame: bytes, end: str) -> None:
    check_end(frame, end)


@pytest.mark.parametrize("policy", [LENIENT, Policy(lenient={"GetConfiguration"})], ids=["everywhere", "here"])
def test_R25_null_in_lenient_mode(policy: Policy) -> None:
    check_end(b'[3,"a",{"unknownKey":null}]', EMPTY, policy)


@each_version
def test_R14_a_call_of_the_peer_with_the_id_of_ours_is_another_call(setup: Setup) -> None:
    pair = pair_of(setup)
    call = pair.central.call(setup.requests[0], unique_id="a")
    pair.central.receive(HEARTBEAT)
    assert pair.central.outcome(call) is None
    assert pair.central.handling is not None
