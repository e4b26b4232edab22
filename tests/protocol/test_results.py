"""What ends a call of ours, and how: the call `a` is open at the central system; a frame comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from ocpp_fast import LENIENT, STRICT, OcppError, Policy

from .cases import SETUPS, Setup, pair_of

STILL_OPEN = "still open"


@dataclass(frozen=True, slots=True)
class Row:
    """A frame and the end that it brings to the call in every version that knows it."""

    name: str
    rule: str
    frame: bytes
    ends: Mapping[str, str]
    policy: Policy = STRICT


def _row(rule: str, name: str, frame: bytes, end: str, policy: Policy = STRICT) -> Row:
    return Row(name, rule, frame, {"1.6": end}, policy)


def _error(name: str, code: str, understood: str) -> Row:
    return _row("R09", name, b'[4,"a","%b","why",{}]' % code.encode(), f"CallError: {understood}: why")


ROWS = [
    # Results
    _row("R06", "no_fields", b'[3,"a",{}]', "GetConfigurationResponse()"),
    _row("R06", "fields", b'[3,"a",{"unknownKey":["k"]}]', "GetConfigurationResponse(unknown_key=['k'])"),
    _row("R25", "an_empty_list_stays", b'[3,"a",{"unknownKey":[]}]', "GetConfigurationResponse(unknown_key=[])"),
    _row("R07", "null", b'[3,"a",null]', "GetConfigurationResponse()"),
    _row("R26", "blanks", b' [ 3 , "a" , { } ] ', "GetConfigurationResponse()"),
    _row("R03", "an_escaped_id", b'[3,"\\u0061",{}]', "GetConfigurationResponse()"),
    _row("R10", "a_list", b'[3,"a",[]]', "InvalidResult: payload: expected object"),
    _row("R10", "a_text", b'[3,"a","Accepted"]', "InvalidResult: payload: expected object"),
    _row(
        "R10", "an_unknown_field", b'[3,"a",{"status":1}]', "InvalidResult: status: expected no property of this name"
    ),
    _row("R10", "a_wrong_type", b'[3,"a",{"unknownKey":[5]}]', "InvalidResult: unknownKey[0]: expected string"),
    _row(
        "R10",
        "a_missing_field",
        b'[3,"a",{"configurationKey":[{"key":"k"}]}]',
        "InvalidResult: configurationKey[0].readonly: expected a value",
    ),
    _row(
        "R10",
        "a_long_text",
        b'[3,"a",{"unknownKey":["%b"]}]' % (b"k" * 51),
        "InvalidResult: unknownKey[0]: expected at most 50 characters",
    ),
    _row(
        "R25",
        "null_in_strict_mode",
        b'[3,"a",{"unknownKey":null}]',
        "InvalidResult: unknownKey: expected array",
    ),
    _row("R25", "null_in_lenient_mode", b'[3,"a",{"unknownKey":null}]', "GetConfigurationResponse()", LENIENT),
    _row(
        "R25",
        "null_in_a_mode_that_is_lenient_here",
        b'[3,"a",{"unknownKey":null}]',
        "GetConfigurationResponse()",
        Policy(lenient={"GetConfiguration"}),
    ),
    _row("R06", "a_result_of_2", b'[3,"a"]', "InvalidResult: frame: expected 3 elements"),
    _row("R06", "a_result_of_4", b'[3,"a",{},{}]', "InvalidResult: frame: expected 3 elements"),
    # Errors
    _row("R06", "an_error", b'[4,"a","GenericError","",{}]', "CallError: GenericError"),
    _row(
        "R06",
        "an_error_with_details",
        b'[4,"a","GenericError","why",{"x":1}]',
        "CallError: GenericError: why",
    ),
    _row("R06", "an_error_of_4", b'[4,"a","GenericError",""]', "InvalidResult: frame: expected 5 elements"),
    _row("R06", "an_error_of_6", b'[4,"a","GenericError","",{},1]', "InvalidResult: frame: expected 5 elements"),
    _row("R06", "an_error_without_code", b'[4,"a",null,"",{}]', "InvalidResult: errorCode: expected string"),
    _row("R06", "an_error_without_description", b'[4,"a","GenericError",null,{}]', "CallError: GenericError"),
    _row(
        "R06",
        "an_error_whose_details_are_a_text",
        b'[4,"a","GenericError","why","x"]',
        "CallError: GenericError: why",
    ),
    _error("the_spelling_of_1.6", "FormationViolation", "FormatViolation"),
    _error("the_spelling_of_2.x", "FormatViolation", "FormatViolation"),
    _error("one_r_of_1.6", "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    _error("two_rs_of_2.x", "OccurrenceConstraintViolation", "OccurrenceConstraintViolation"),
    _error("a_code_of_2.x", "RpcFrameworkError", "RpcFrameworkError"),
    _error("a_vendors_code", "MyError", "MyError"),
    _error("a_code_in_small_letters", "notSupported", "notSupported"),
    _error("an_empty_code", "", ""),
    # What does not answer it
    _row("R12", "a_result_of_another_id", b'[3,"b",{}]', STILL_OPEN),
    _row("R12", "an_error_of_another_id", b'[4,"A","GenericError","",{}]', STILL_OPEN),
    _row("R03", "a_result_with_a_number_as_id", b"[3,1,{}]", STILL_OPEN),
    _row("R03", "a_result_with_an_empty_id", b'[3,"",{}]', STILL_OPEN),
    _row("R03", "a_result_without_id", b"[3]", STILL_OPEN),
    _row("R04", "3.0", b'[3.0,"a",{}]', STILL_OPEN),
    _row("R04", "the_text_3", b'["3","a",{}]', STILL_OPEN),
    _row("R05", "5", b'[5,"a","GenericError","",{}]', STILL_OPEN),
    _row("R05", "9", b'[9,"a",{}]', STILL_OPEN),
    _row("R16", "an_empty_text", b"", STILL_OPEN),
]


@pytest.mark.parametrize(
    ("setup", "row"),
    [pytest.param(SETUPS[number], row, id=f"{row.rule}-{row.name}-{number}") for row in ROWS for number in row.ends],
)
def test_end_of_a_call(setup: Setup, row: Row) -> None:
    pair = pair_of(setup, row.policy)
    for _ in range(2):  # a compiled core reads what the other has read before it
        call = pair.central.call(setup.requests[0], unique_id="a")
        pair.central.in_transit.clear()
        pair.central.receive(row.frame)
        end = pair.central.outcome(call)
        shown = f"{type(end).__name__}: {end}" if isinstance(end, OcppError) else repr(end)
        assert (STILL_OPEN if end is None else shown) == row.ends[setup.version.number]
        assert pair.central.in_transit == []  # R10
        pair.central.cancel(call)
        assert len(pair.table) == 0


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS.keys())
def test_R14_a_call_of_the_peer_with_the_id_of_ours_is_another_call(setup: Setup) -> None:
    pair = pair_of(setup)
    call = pair.central.call(setup.requests[0], unique_id="after")
    pair.central.receive(b'[2,"after","Heartbeat",{}]')
    assert pair.central.outcome(call) is None
    assert pair.central.handling is not None
