"""Frames (R1 to R16), and what a central system answers to each in all three versions."""

from __future__ import annotations

from collections.abc import Mapping

from ocpp_fast import Fault, Policy

from .cases import Row, error, same

__all__ = ["ROWS"]

# The codes of 1.6 and of 2.x

MALFORMED = "FormationViolation", "RpcFrameworkError"
FORMAT = "FormationViolation", "FormatViolation"
OCCURRENCE = "OccurenceConstraintViolation", "OccurrenceConstraintViolation"

# R1, R2, R26: invalid JSON

NOT_JSON: Mapping[str, bytes] = {
    "a_word": b"hello",
    "blanks": b" \r\n",
    "an_html_page": b"<html><script>alert(1)</script></html>",
    "cut_off": b'[2,"a","Heartbeat",{}',
    "cut_off_in_a_string": b'[2,"a","Heart',
    "one_bracket_too_many": b'[2,"a","Heartbeat",{}]]',
    "two_frames": b'[2,"a","Heartbeat",{}][2,"b","Heartbeat",{}]',
    "a_NUL_at_the_end": b'[2,"a","Heartbeat",{}]\x00',
    "a_trailing_comma_in_the_array": b'[2,"a","Heartbeat",{},]',
    "a_trailing_comma_in_the_object": b'[2,"a","Heartbeat",{"a":1,}]',
    "no_comma": b'[2 "a","Heartbeat",{}]',
    "two_commas": b'[2,,"a","Heartbeat",{}]',
    "single_quotes": b"[2,'a','Heartbeat',{}]",
    "a_key_without_quotes": b'[2,"a","Heartbeat",{a:1}]',
    "a_key_that_is_a_number": b'[2,"a","Heartbeat",{1:1}]',
    "a_comment": b'[2,"a","Heartbeat",{}/**/]',
    "a_capital_literal": b'[2,"a","Heartbeat",True]',
    "NaN": b'[2,"a","Heartbeat",{"a":NaN}]',
    "Infinity": b'[2,"a","Heartbeat",{"a":Infinity}]',
    "minus_Infinity": b'[2,"a","Heartbeat",{"a":-Infinity}]',
    "a_leading_zero": b'[2,"a","Heartbeat",{"a":01}]',
    "a_leading_zero_after_minus": b'[2,"a","Heartbeat",{"a":-01}]',
    "a_leading_zero_of_the_type": b'[02,"a","Heartbeat",{}]',
    "a_leading_plus": b'[2,"a","Heartbeat",{"a":+1}]',
    "a_leading_point": b'[2,"a","Heartbeat",{"a":.5}]',
    "a_trailing_point": b'[2,"a","Heartbeat",{"a":1.}]',
    "an_empty_exponent": b'[2,"a","Heartbeat",{"a":1e}]',
    "a_hexadecimal_number": b'[2,"a","Heartbeat",{"a":0x10}]',
    "a_lone_minus": b'[2,"a","Heartbeat",{"a":-}]',
    "a_number_beyond_a_double": b'[2,"a","Heartbeat",{"a":1e400}]',
    "a_negative_number_beyond_a_double": b'[2,"a","Heartbeat",{"a":-1e400}]',
    "a_long_number_beyond_a_double": b'[2,"a","Heartbeat",{"a":12345678901234567890e300}]',
    "an_exponent_beyond_all_bounds": b'[2,"a","Heartbeat",{"a":1e99999999999999999999}]',
    "a_literal_of_257_digits": b'[2,"a","Heartbeat",{"a":%b}]' % (b"1" * 257),
    "a_literal_of_257_characters": b'[2,"a","Heartbeat",{"a":-0.%b}]' % (b"1" * 254),
    "an_integer_of_5000_digits": b'[2,"a","Heartbeat",{"a":%b}]' % (b"1" * 5000),
    "a_control_character": b'[2,"a","Heartbeat",{"a":"\x1f"}]',
    "a_line_feed_in_a_string": b'[2,"a","Heartbeat",{"a":"\n"}]',
    "a_NUL_in_a_string": b'[2,"a","Heartbeat",{"a":"\x00"}]',
    "a_tab_in_the_id": b'[2,"a\t","Heartbeat",{}]',
    "an_unknown_escape": b'[2,"a","Heartbeat",{"a":"\\x41"}]',
    "half_an_escape": b'[2,"a","Heartbeat",{"a":"\\u12"}]',
    "a_lone_high_surrogate": b'[2,"a","Heartbeat",{"a":"\\ud83d"}]',
    "a_lone_low_surrogate": b'[2,"a","Heartbeat",{"a":"\\ude00"}]',
    "surrogates_in_the_wrong_order": b'[2,"a","Heartbeat",{"a":"\\ude00\\ud83d"}]',
    "a_lone_surrogate_in_the_id": b'[2,"\\ud800","Heartbeat",{}]',
    "a_lone_surrogate_in_a_key": b'[2,"a","Heartbeat",{"\\udfff":1}]',
    "a_surrogate_in_UTF-8": b'[2,"a","Heartbeat",{"a":"\xed\xa0\x80"}]',
    "a_byte_that_is_no_UTF-8": b'[2,"a","Heartbeat",{"a":"\xff"}]',
    "a_character_cut_in_half": b'[2,"a","Heartbeat",{"a":"\xe2\x82"}]',
    "an_overlong_character": b'[2,"a","Heartbeat",{"a":"\xc0\xaf"}]',
    "a_character_beyond_Unicode": b'[2,"a","Heartbeat",{"a":"\xf4\x90\x80\x80"}]',
    "a_byte_order_mark": b'\xef\xbb\xbf[2,"a","Heartbeat",{}]',
    "UTF-16": '[2,"a","Heartbeat",{}]'.encode("utf-16-le"),
    "a_blank_that_JSON_does_not_know": b'[2,"a",\xc2\xa0"Heartbeat",{}]',
    "65_levels": b'[2,"a","Heartbeat",%b%b]' % (b'{"a":' * 63 + b"[", b"]" + b"}" * 63),
    "65_levels_of_arrays": b"[" * 65 + b"]" * 65,
    "100000_brackets": b"[" * 100_000 + b"]" * 100_000,
    "100000_open_brackets": b"[" * 100_000,
    "100000_open_braces": b'{"a":' * 100_000,
    "a_bomb_of_quotes": b"[%b%b" % (b"[]," * 70, b'"' + b'\\"' * 300_000),
}

NOT_AN_ARRAY: Mapping[str, bytes] = {
    "an_object": b'{"2":"a"}',
    "a_string": b'"[2]"',
    "a_number": b"2",
    "true": b"true",
    "null": b"null",
}

# R1, R3: an id that can't be read

NO_ID: Mapping[str, bytes] = {
    "an_empty_array": b"[]",
    "a_type_alone": b"[2]",
    "an_empty_id": b'[2,"","Heartbeat",{}]',
    "a_number_as_id": b'[2,1,"Heartbeat",{}]',
    "null_as_id": b'[2,null,"Heartbeat",{}]',
    "true_as_id": b'[2,true,"Heartbeat",{}]',
    "a_list_as_id": b'[2,["a"],"Heartbeat",{}]',
    "an_object_as_id": b'[2,{"id":"a"},"Heartbeat",{}]',
    "an_unknown_type_alone": b"[9]",
    "an_unknown_type_and_no_id": b'[9,1,"Heartbeat",{}]',
    "a_type_that_is_no_number_and_no_id": b"[null,null]",
    "a_nested_frame": b'[[2,"a","Heartbeat",{}]]',
}

# R1, R10: a result or error whose id can't be read is never answered

REPLIES_WITHOUT_ID: Mapping[str, bytes] = {
    "a_result_alone": b"[3]",
    "a_result_with_a_number_as_id": b"[3,1,{}]",
    "a_result_with_an_empty_id": b'[3,"",{}]',
    "an_error_alone": b"[4]",
    "an_error_with_null_as_id": b'[4,null,"GenericError","",{}]',
    "an_error_with_an_empty_id": b'[4,"","GenericError","",{}]',
}


_ANSWER = b'[3,"a",{"currentTime":"2024-02-29T12:00:00.123Z"}]'
_NO_ID = "unique id: expected a string of 1 to 36 characters"
_NO_TYPE = error("MessageTypeNotSupported", "no such message type")
_SMILES = "😀".encode()
SILENT = Policy(answer_malformed=False)


def _heartbeats(ids: Mapping[str, tuple[bytes, bytes]]) -> list[Row]:
    """Return rows of ids that are taken, with our spelling of each."""
    return [
        Row(name, "R03", b'[2,"%b","Heartbeat",{}]' % sent, same(_ANSWER.replace(b"a", echoed, 1)))
        for name, (sent, echoed) in ids.items()
    ]


def _long_ids(ids: Mapping[str, bytes]) -> list[Row]:
    described = "unique id: expected at most 36 characters"
    return [
        Row(name, "R03", b'[2,"%b","Heartbeat",{}]' % sent, error(MALFORMED, described, sent.decode()))
        for name, sent in ids.items()
    ]


def _unknown_types(rule: str, types: Mapping[str, bytes]) -> list[Row]:
    """Return rows of message types that 2.0.1 alone answers."""
    return [
        Row(name, rule, b'[%b,"a","Heartbeat",{}]' % kind, {**same(None), "2.0.1": _NO_TYPE["2.0.1"]})
        for name, kind in types.items()
    ]


def _ignored(rule: str, frames: Mapping[str, bytes]) -> list[Row]:
    return [Row(name, rule, frame, same(None)) for name, frame in frames.items()]


def _refused(
    rule: str, code: str | tuple[str, str], description: str, frames: Mapping[str, bytes], unique_id: str = "a"
) -> list[Row]:
    return [Row(name, rule, frame, error(code, description, unique_id)) for name, frame in frames.items()]


def _transfer(rule: str, name: str, vendor: str, answer: Mapping[str, bytes | None]) -> Row:
    """Return a row of a DataTransfer whose handler does what the vendor id says."""
    return Row(name, rule, b'[2,"a","DataTransfer",{"vendorId":"%b"}]' % vendor.encode(), answer)


ROWS: list[Row] = [
    *_refused("R01", MALFORMED, "expected JSON", NOT_JSON, "-1"),
    *_refused("R01", MALFORMED, "expected an array", NOT_AN_ARRAY, "-1"),
    *_refused("R03", MALFORMED, _NO_ID, NO_ID, "-1"),
    *_ignored("R10", REPLIES_WITHOUT_ID),
    # R1: a policy may say: stay silent
    *(
        Row(f"silence_for_{name}", "R01", frame, same(None), policy=SILENT)
        for name, frame in {"text": b"hello", "an_object": b"{}", "no_id": b"[2]"}.items()
    ),
    Row("no_silence_for_a_call", "R01", b'[2,"a"]', error(FORMAT, "expected 4 elements"), policy=SILENT),
    *_heartbeats(
        {
            "one_character": (b"a", b"a"),
            "a_blank": (b" ", b" "),
            "36_characters": (b"123e4567-e89b-12d3-a456-426614174000",) * 2,
            "36_characters_beyond_16_bits": (_SMILES * 36,) * 2,
            "the_id_of_the_unreadable": (b"-1", b"-1"),
            "quotes_and_backslashes": (b'\\"\\\\', b'\\"\\\\'),
            "an_escape": (b"\\u0061", b"a"),
            "a_pair_of_surrogates": (b"\\ud83d\\ude00", _SMILES),
            "an_escaped_NUL": (b"\\u0000", b"\\u0000"),
        }
    ),
    *_long_ids(
        {
            "37_characters": b"a" * 37,
            "37_characters_beyond_16_bits": _SMILES * 37,
            "10000_characters": b"a" * 10_000,
        }
    ),
    Row(
        "a_long_id_is_told_first",
        "R03",
        b'[2,"%b","Nonsense"]' % (b"a" * 37),
        error(MALFORMED, "unique id: expected at most 36 characters", "a" * 37),
    ),
    # R4, R5: message types
    *_unknown_types(
        "R04",
        {
            "2.0": b"2.0",
            "2.7": b"2.7",
            "2e0": b"2e0",
            "text": b'"2"',
            "the_name": b'"CALL"',
            "true": b"true",
            "null": b"null",
            "a_list": b"[2]",
            "an_object": b"{}",
        },
    ),
    *_unknown_types(
        "R05",
        {
            "0": b"0",
            "1": b"1",
            "5": b"5",
            "6": b"6",
            "9": b"9",
            "minus_2": b"-2",
            "2_to_the_64_and_2": b"18446744073709551618",
        },
    ),
    Row("9_and_nothing_more", "R05", b'[9,"a"]', {**same(None), "2.0.1": _NO_TYPE["2.0.1"]}),
    # R6: lengths
    *_refused(
        "R06",
        FORMAT,
        "expected 4 elements",
        {
            "a_call_of_2": b'[2,"a"]',
            "a_call_of_3": b'[2,"a","Heartbeat"]',
            "a_call_of_3_without_action": b'[2,"a",{}]',
            "a_call_of_5": b'[2,"a","Heartbeat",{},{}]',
            "a_call_of_10000": b'[2,"a"%b]' % (b",0" * 9_998),
        },
    ),
    *_ignored(
        "R06",
        {
            "a_result_of_2": b'[3,"a"]',
            "a_result_of_4": b'[3,"a",{},{}]',
            "an_error_of_2": b'[4,"a"]',
            "an_error_of_4": b'[4,"a","GenericError",""]',
            "an_error_of_6": b'[4,"a","GenericError","",{},{}]',
        },
    ),
    *_refused(
        "R06",
        FORMAT,
        "action: expected string",
        {
            "a_number_as_action": b'[2,"a",1,{}]',
            "null_as_action": b'[2,"a",null,{}]',
            "a_list_as_action": b'[2,"a",[],{}]',
            "the_payload_as_action": b'[2,"a",{},"Heartbeat"]',
        },
    ),
    # R7: null as payload
    Row("null_for_no_fields", "R07", b'[2,"a","Heartbeat",null]', same(_ANSWER)),
    Row(
        "null_for_required_fields",
        "R07",
        b'[2,"a","DataTransfer",null]',
        error(OCCURRENCE, "vendorId: expected a value"),
    ),
    # R8: actions
    *_refused(
        "R08",
        "NotImplemented",
        "no such action in this version",
        {
            name: b'[2,"a",%b,{}]' % action
            for name, action in {
                "an_unknown_action": b'"MakeCoffee"',
                "an_action_in_small_letters": b'"heartbeat"',
                "an_action_with_a_blank": b'"Heartbeat "',
                "an_action_with_its_kind": b'"HeartbeatRequest"',
                "an_empty_action": b'""',
                "an_action_with_a_NUL": b'"Heartbeat\\u0000"',
                "a_signed_action": b'"Heartbeat-Signed"',
                "a_long_action": b'"%b"' % (b"A" * 100_000),
            }.items()
        },
    ),
    Row(
        "an_action_of_2.x",
        "R08",
        b'[2,"a","NotifyEvent",{}]',
        {
            **error("NotSupported", "NotifyEvent is not handled here"),
            "1.6": error("NotImplemented", "no such action in this version")["1.6"],
        },
    ),
    Row("an_escaped_action_is_the_action", "R08", b'[2,"a","\\u0048eartbeat",{}]', same(_ANSWER)),
    *_refused(
        "R08",
        "NotSupported",
        "FirmwareStatusNotification is not handled here",
        {
            "an_action_without_handler": b'[2,"a","FirmwareStatusNotification",{"status":"Idle"}]',
            "an_action_without_handler_and_a_bad_payload": b'[2,"a","FirmwareStatusNotification",5]',
        },
    ),
    *_refused(
        "R08",
        "NotSupported",
        "Reset is not sent in this direction",
        {"an_action_of_the_other_side": b'[2,"a","Reset",{"type":"Hard"}]'},
    ),
    *_refused(
        "R08",
        "NotSupported",
        "TriggerMessage is not sent in this direction",
        {"an_action_of_the_other_side_with_a_handler": b'[2,"a","TriggerMessage",{"requestedMessage":"Heartbeat"}]'},
    ),
    _transfer("R08", "an_action_of_both_sides", "v", same(b'[3,"a",{"status":"Accepted"}]')),
    # R9: spelling, both ways
    _transfer("R09", "a_handler_refuses_by_a_code_of_2.x", "refuses by a code of 2.x", error(FORMAT, "")),
    _transfer(
        "R09",
        "a_handler_refuses_by_a_code_that_1.6_does_not_have",
        "refuses by a code of the framework",
        error(("GenericError", "RpcFrameworkError"), ""),
    ),
    # R10, R12: replies that nobody waits for
    *_ignored(
        "R10",
        {
            "a_result_that_breaks_every_rule": b'[3,"a",[]]',
            "an_error_that_breaks_every_rule": b'[4,"a",5,{},"x"]',
        },
    ),
    *_ignored(
        "R12",
        {
            "a_result_of_no_call": b'[3,"a",{}]',
            "an_error_of_no_call": b'[4,"a","GenericError","",{}]',
            "a_result_with_a_long_id": b'[3,"%b",{}]' % (b"a" * 37),
            "an_error_for_the_unreadable": b'[4,"-1","FormationViolation","",{}]',
        },
    ),
    # R15: description and details
    _transfer("R15", "a_long_description_is_cut", "refuses at length", error("GenericError", "é" * 254 + "😀")),
    _transfer("R15", "details_are_an_object", "refuses in its own words", error("VendorError", "")),
    _transfer("R15", "details_are_passed_on", "refuses", error("SecurityError", "not you", details='{"tries":3}')),
    *_ignored("R16", {"an_empty_text": b""}),
    # What a payload's faults, and handlers', are answered with
    *_refused(
        "R21",
        "TypeConstraintViolation",
        "vendorId: expected string",
        {"a_type": b'[2,"a","DataTransfer",{"vendorId":1}]'},
    ),
    *_refused(
        "R21",
        "PropertyConstraintViolation",
        "vendorId: expected at most 255 characters",
        {"a_length": b'[2,"a","DataTransfer",{"vendorId":"%b"}]' % (b"v" * 256)},
    ),
    *_refused(
        "R21", FORMAT, "x: expected no property of this name", {"an_unknown_field": b'[2,"a","Heartbeat",{"x":1}]'}
    ),
    *_refused("R21", FORMAT, "payload: expected object", {"a_payload_that_is_a_list": b'[2,"a","Heartbeat",[]]'}),
    _transfer("R45", "a_handler_that_raises", "raises", error("InternalError", "the handler failed")),
    _transfer(
        "R45", "a_handler_without_answer", "returns None", error("InternalError", "the handler's answer is not valid")
    ),
    # Users can override the table of codes
    Row(
        "codes_of_a_policy",
        "R09",
        b"[]",
        error("ProtocolError", _NO_ID, "-1"),
        policy=Policy(codes={Fault.MALFORMED: "ProtocolError"}),
    ),
    Row(
        "codes_of_a_policy_are_spelt_as_the_version_does",
        "R09",
        b'[2,"a","MakeCoffee",{}]',
        error(FORMAT, "no such action in this version"),
        policy=Policy(codes={Fault.UNKNOWN_ACTION: "FormatViolation"}),
    ),
    Row(
        "codes_of_a_policy_may_be_a_vendors",
        "R09",
        b'[2,"a","FirmwareStatusNotification",{"status":"Idle"}]',
        error("NoIdea", "FirmwareStatusNotification is not handled here"),
        policy=Policy(codes={Fault.NOT_HANDLED: "NoIdea"}),
    ),
    Row(
        "codes_of_a_policy_change_nothing_else",
        "R09",
        b'[2,"a","MakeCoffee",{}]',
        error("NotImplemented", "no such action in this version"),
        policy=Policy(codes={Fault.NOT_HANDLED: "NoIdea"}),
    ),
]
