"""Frames (R1 to R16), and what a central system answers to each in all three versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ocpp_fast import Fault, Policy

from .cases import TIME, Answers, Row, error, row, same

__all__ = ["ROWS"]

# The codes of 1.6 and of 2.x

MALFORMED = "FormationViolation", "RpcFrameworkError"
FORMAT = "FormationViolation", "FormatViolation"
OCCURRENCE = "OccurenceConstraintViolation", "OccurrenceConstraintViolation"

# R1, R2, R26: invalid JSON; first values, then frames

NO_VALUES = rb"""
    NaN Infinity -Infinity 01 -01 +1 .5 1. 1e 0x10 - 1e400 -1e400 12345678901234567890e300 1e99999999999999999999
    "\x41" "\u12" "\ud83d" "\ude00" "\ude00\ud83d"
""".split()
NO_VALUES += [b"1" * 257, b"-0." + b"1" * 254, b"1" * 5000]  # longer than 256 characters
NO_VALUES += [b'"\x1f"', b'"\n"', b'"\x00"']
NO_VALUES += [b'"\xed\xa0\x80"', b'"\xff"', b'"\xe2\x82"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"']  # no UTF-8
NOT_JSON = rb"""
    hello <html><script>alert(1)</script></html> [2,"a","Heartbeat",{} [2,"a","Heart [2,"a","Heartbeat",{}]]
    [2,"a","Heartbeat",{}][2,"b","Heartbeat",{}] [2,"a","Heartbeat",{},] [2,"a","Heartbeat",{"a":1,}]
    [2,,"a","Heartbeat",{}] [2,'a','Heartbeat',{}] [2,"a","Heartbeat",{a:1}] [2,"a","Heartbeat",{1:1}]
    [2,"a","Heartbeat",{}/**/] [2,"a","Heartbeat",True] [02,"a","Heartbeat",{}] [2,"\ud800","Heartbeat",{}]
    [2,"a","Heartbeat",{"\udfff":1}]
""".split()
NOT_JSON += [b" \r\n", b'[2 "a","Heartbeat",{}]', b'[2,"a\t","Heartbeat",{}]', b'[2,"a","Heartbeat",{}]\x00']
ODDLY_ENCODED = {
    "a_byte_order_mark": b'\xef\xbb\xbf[2,"a","Heartbeat",{}]',
    "UTF-16": '[2,"a","Heartbeat",{}]'.encode("utf-16-le"),
    "a_blank_that_JSON_does_not_know": b'[2,"a",\xc2\xa0"Heartbeat",{}]',
}
TOO_DEEP = {
    "65_levels": b'[2,"a","Heartbeat",%b%b]' % (b'{"a":' * 63 + b"[", b"]" + b"}" * 63),
    "65_levels_of_arrays": b"[" * 65 + b"]" * 65,
    "100000_brackets": b"[" * 100_000 + b"]" * 100_000,
    "100000_open_brackets": b"[" * 100_000,
    "100000_open_braces": b'{"a":' * 100_000,
    "a_bomb_of_quotes": b"[%b%b" % (b"[]," * 70, b'"' + b'\\"' * 300_000),
}

_ANSWER = b'[3,"a",%b]' % TIME
_NO_ID = "unique id: expected a string of 1 to 36 characters"
_LONG_ID = "unique id: expected at most 36 characters"
_NO_ACTION = "no such action in this version"
_NO_TYPE = {**same(None), "2.0.1": error("MessageTypeNotSupported", "no such message type")["2.0.1"]}
_SMILE = "😀".encode()
SILENT = Policy(answer_malformed=False)


def _rows(rule: str, answers: Answers, frames: bytes | Iterable[bytes], form: bytes = b"%b") -> list[Row]:
    """Return rows of frames that have one answer, given as words or one by one; `form` is what stands around each."""
    return [row(rule, form % each, answers) for each in (frames.split() if isinstance(frames, bytes) else frames)]


def _id(sent: bytes, echoed: bytes) -> Row:
    """Return a row of an id that is taken, with our spelling of it."""
    return row("R03", b'[2,"%b","Heartbeat",{}]' % sent, same(_ANSWER.replace(b"a", echoed, 1)))


def _long_id(sent: bytes, form: bytes = b'[2,"%b","Heartbeat",{}]') -> Row:
    return row("R03", form % sent, error(MALFORMED, _LONG_ID, sent.decode()))


def _transfer(rule: str, vendor: str, answer: Answers) -> Row:
    """Return a row of a DataTransfer whose handler does what the vendor id says."""
    return row(rule, b'[2,"a","DataTransfer",{"vendorId":"%b"}]' % vendor.encode(), answer, f"handler {vendor}")


def _codes(frame: bytes, answer: Answers, codes: Mapping[Fault, str]) -> Row:
    """Return a row of a policy that overrides the table of codes."""
    return row("R09", frame, answer, f"codes_{list(codes.values())}_{frame.decode()}", policy=Policy(codes=codes))


ROWS: list[Row] = [
    *_rows("R01", error(MALFORMED, "expected JSON", "-1"), NO_VALUES, b'[2,"a","Heartbeat",{"a":%b}]'),
    *_rows("R01", error(MALFORMED, "expected JSON", "-1"), NOT_JSON),
    *(
        row("R01", frame, error(MALFORMED, "expected JSON", "-1"), name)
        for name, frame in (ODDLY_ENCODED | TOO_DEEP).items()
    ),
    *_rows("R01", error(MALFORMED, "expected an array", "-1"), b'{"2":"a"} "[2]" 2 true null'),
    # R1: a policy may say: stay silent
    *(row("R01", frame, same(None), f"silence_for_{frame!r}", policy=SILENT) for frame in (b"hello", b"{}", b"[2]")),
    row("R01", b'[2,"a"]', error(FORMAT, "expected 4 elements"), "no_silence_for_a_call", policy=SILENT),
    # R1, R3: an id that can't be read; R10: a result or error without one is never answered
    *_rows(
        "R03", error(MALFORMED, _NO_ID, "-1"), b'[] [2] [9] [9,1,"Heartbeat",{}] [null,null] [[2,"a","Heartbeat",{}]]'
    ),
    *_rows("R03", error(MALFORMED, _NO_ID, "-1"), b'"" 1 null true ["a"] {"id":"a"}', b'[2,%b,"Heartbeat",{}]'),
    *_rows("R10", same(None), b'[3] [3,1,{}] [3,"",{}] [4] [4,null,"GenericError","",{}] [4,"","GenericError","",{}]'),
    *(_id(each, each) for each in (b"a", b" ", b"123e4567-e89b-12d3-a456-426614174000", _SMILE * 36, b"-1")),
    *(_id(each, each) for each in (rb"\"\\", rb"\u0000")),
    *(_id(rb"\u0061", b"a"), _id(rb"\ud83d\ude00", _SMILE)),
    *(_long_id(each) for each in (b"a" * 37, _SMILE * 37, b"a" * 10_000)),
    _long_id(b"a" * 37, b'[2,"%b","Nonsense"]'),
    # R4, R5: message types, which 2.0.1 alone answers
    *_rows("R04", _NO_TYPE, b'2.0 2.7 2e0 "2" "CALL" true null [2] {}', b'[%b,"a","Heartbeat",{}]'),
    *_rows("R05", _NO_TYPE, b"0 1 5 6 9 -2 18446744073709551618", b'[%b,"a","Heartbeat",{}]'),
    row("R05", b'[9,"a"]', _NO_TYPE),
    # R6: lengths
    *_rows("R06", error(FORMAT, "expected 4 elements"), b'[2,"a"] [2,"a","Heartbeat"] [2,"a",{}]'),
    *_rows("R06", error(FORMAT, "expected 4 elements"), [b'[2,"a","Heartbeat",{},{}]', b'[2,"a"%b]' % (b",0" * 9_998)]),
    *_rows("R06", same(None), b'[3,"a"] [3,"a",{},{}]'),
    *_rows("R06", same(None), b'[4,"a"] [4,"a","GenericError",""] [4,"a","GenericError","",{},{}]'),
    *_rows("R06", error(FORMAT, "action: expected string"), b'1,{} null,{} [],{} {},"Heartbeat"', b'[2,"a",%b]'),
    # R7: null as payload
    row("R07", b'[2,"a","Heartbeat",null]', same(_ANSWER)),
    row("R07", b'[2,"a","DataTransfer",null]', error(OCCURRENCE, "vendorId: expected a value")),
    # R8: actions
    *_rows(
        "R08",
        error("NotImplemented", _NO_ACTION),
        [
            *(b"MakeCoffee", b"heartbeat", b"Heartbeat ", b"HeartbeatRequest", b"", rb"Heartbeat\u0000"),
            *(b"Heartbeat-Signed", b"A" * 100_000),
        ],
        b'[2,"a","%b",{}]',
    ),
    row(
        "R08",
        b'[2,"a","NotifyEvent",{}]',
        {**error("NotSupported", "NotifyEvent is not handled here"), "1.6": error("NotImplemented", _NO_ACTION)["1.6"]},
    ),
    row("R08", rb'[2,"a","\u0048eartbeat",{}]', same(_ANSWER)),
    *_rows(
        "R08",
        error("NotSupported", "FirmwareStatusNotification is not handled here"),
        b'{"status":"Idle"} 5',
        b'[2,"a","FirmwareStatusNotification",%b]',
    ),
    row("R08", b'[2,"a","Reset",{"type":"Hard"}]', error("NotSupported", "Reset is not sent in this direction")),
    row(
        "R08",
        b'[2,"a","TriggerMessage",{"requestedMessage":"Heartbeat"}]',  # though it has a handler
        error("NotSupported", "TriggerMessage is not sent in this direction"),
    ),
    _transfer("R08", "v", same(b'[3,"a",{"status":"Accepted"}]')),
    # R9: spelling, both ways
    _transfer("R09", "refuses by a code of 2.x", error(FORMAT, "")),
    _transfer("R09", "refuses by a code of the framework", error(("GenericError", "RpcFrameworkError"), "")),
    # R10, R12: replies that nobody waits for
    *_rows("R10", same(None), b'[3,"a",[]] [4,"a",5,{},"x"]'),
    *_rows("R12", same(None), b'[3,"a",{}] [4,"a","GenericError","",{}] [4,"-1","FormationViolation","",{}]'),
    row("R12", b'[3,"%b",{}]' % (b"a" * 37), same(None)),
    # R15: description and details
    _transfer("R15", "refuses at length", error("GenericError", "é" * 254 + "😀")),
    _transfer("R15", "refuses in its own words", error("VendorError", "")),
    _transfer("R15", "refuses", error("SecurityError", "not you", details='{"tries":3}')),
    row("R16", b"", same(None), "an_empty_text"),
    # What a payload's faults, and handlers', are answered with
    row("R21", b'[2,"a","DataTransfer",{"vendorId":1}]', error("TypeConstraintViolation", "vendorId: expected string")),
    row(
        "R21",
        b'[2,"a","DataTransfer",{"vendorId":"%b"}]' % (b"v" * 256),
        error("PropertyConstraintViolation", "vendorId: expected at most 255 characters"),
    ),
    row("R21", b'[2,"a","Heartbeat",{"x":1}]', error(FORMAT, "x: expected no property of this name")),
    row("R21", b'[2,"a","Heartbeat",[]]', error(FORMAT, "payload: expected object")),
    _transfer("R45", "raises", error("InternalError", "the handler failed")),
    _transfer("R45", "returns None", error("InternalError", "the handler's answer is not valid")),
    # Users can override the table of codes
    _codes(b"[]", error("ProtocolError", _NO_ID, "-1"), {Fault.MALFORMED: "ProtocolError"}),
    _codes(b'[2,"a","MakeCoffee",{}]', error(FORMAT, _NO_ACTION), {Fault.UNKNOWN_ACTION: "FormatViolation"}),
    _codes(
        b'[2,"a","FirmwareStatusNotification",{"status":"Idle"}]',
        error("NoIdea", "FirmwareStatusNotification is not handled here"),
        {Fault.NOT_HANDLED: "NoIdea"},
    ),
    _codes(b'[2,"a","MakeCoffee",{}]', error("NotImplemented", _NO_ACTION), {Fault.NOT_HANDLED: "NoIdea"}),
]
