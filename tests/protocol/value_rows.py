"""Values (R20 to R27): what is taken for what, shown by handlers of 1.6 that echo what they were given."""

from __future__ import annotations

from typing import Any

from ocpp_fast import LENIENT, STRICT, Policy
from ocpp_fast._core.texts import Timespec
from ocpp_fast.schema import STATION

from .cases import HEARTBEAT, TIME, Row, row

__all__ = ["ROWS"]

_TYPE = b'[4,"a","TypeConstraintViolation","%b",{}]'
_PROPERTY = b'[4,"a","PropertyConstraintViolation","%b",{}]'
_E = "é".encode()
_SMILE = "😀".encode()


def _call(rule: str, action: str, payload: bytes, answer: bytes, name: str = "", **options: Any) -> Row:
    return row(rule, b'[2,"a","%b",%b]' % (action.encode(), payload), {"1.6": answer}, name, **options)


def _shown(written: bytes) -> str:
    return f"{written.decode()[:40]}_of_{len(written)}"


# R20, R26: numbers

_START = b'{"connectorId":1,"idTag":"T","meterStart":%b,"timestamp":"%b"}'
_STARTED = b'[3,"a",{"idTagInfo":{"expiryDate":"%b","status":"Accepted"},"transactionId":%b}]'


def _integer(written: bytes, echoed: bytes) -> Row:
    """Return a row for an integer: StartTransaction's handler echoes meterStart as transactionId."""
    answer = _STARTED % (b"2024-01-01T00:00:00.000Z", echoed)
    return _call("R26", "StartTransaction", _START % (written, b"2024-01-01T00:00:00Z"), answer, _shown(written))


def _draft_4(written: bytes) -> Row:
    """Return a row for what draft-04 calls no integer."""
    payload = b'{"connectorId":%b,"errorCode":"NoError","status":"Available"}' % written
    return _call("R20", "StatusNotification", payload, _TYPE % b"connectorId: expected integer")


def _draft_6(written: bytes, right: bool) -> Row:
    answer = b'[3,"a",{}]' if right else _TYPE % b"requestId: expected integer"
    return _call("R20", "LogStatusNotification", b'{"status":"Idle","requestId":%b}' % written, answer)


# R23: SetChargingProfile goes to the station

_PROFILE = (
    b'{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxProfile",'
    b'"chargingProfileKind":"Absolute","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":['
    b'{"startPeriod":0,"limit":%b}]}}}'
)
_LIMIT = b"csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit"
_TENTHS = b"8.1 21.4 0.1 0.3 1.1 4.35e1 1e-1 1E-1 10e-2 1.10 100e-3 0 0.0 -0 -0.0 -8.1 16 1e3 0e-5 0.70000".split()
_TENTHS += [b"1%b.5" % (b"0" * 46), b"0.%b" % (b"0" * 200), b"1" * 256]
_NO_TENTHS = b"21.41 0.05 1e-2 8.05 0.11 -0.01 8.1000000001 1.23e0 2.5e-1".split()
_NO_TENTHS += [b"9999999999999991e-2", b"8.10000000000000000000000000001"]  # which a double rounds away
_NO_TENTHS += [b"1.%b1" % (b"0" * 100), b"1%b.55" % (b"0" * 46)]  # which a decimal of 28 digits rounds away
_NO_TENTHS += [b"1e-400", b"1e-99999999"]  # which a double, or a decimal too, takes for 0
_NO_TENTHS += [b"1.%b" % (b"1" * 254)]


def _limit(written: bytes, right: bool) -> Row:
    answer = b'[3,"a",{"status":"Accepted"}]' if right else _PROPERTY % (b"%b: expected a multiple of 0.1" % _LIMIT)
    return _call("R23", "SetChargingProfile", _PROFILE % written, answer, _shown(written), to=STATION)


# R24: times

_TIMES = {
    b"2024-01-01T00:00:00Z": b"2024-01-01T00:00:00.000Z",
    b"2024-01-01t00:00:00z": b"2024-01-01T00:00:00.000Z",
    b"2024-01-01T00:00:00+05:30": b"2023-12-31T18:30:00.000Z",
    b"2024-02-28T23:59:59-00:01": b"2024-02-29T00:00:59.000Z",
    b"2024-01-01T00:00:00-00:00": b"2024-01-01T00:00:00.000Z",
    b"2024-01-01T00:00:00+23:59": b"2023-12-31T00:01:00.000Z",
    b"2024-01-01T00:00:00.5Z": b"2024-01-01T00:00:00.500Z",
    b"2024-01-01T00:00:00.123999999999Z": b"2024-01-01T00:00:00.123Z",
    b"2024-01-01T00:00:00.%bZ" % (b"9" * 1000): b"2024-01-01T00:00:00.999Z",
    b"2016-12-31T23:59:60Z": b"2017-01-01T00:00:00.000Z",
    b"2017-01-01T00:59:60+01:00": b"2017-01-01T00:00:00.000Z",
    b"2024-02-29T00:00:00Z": b"2024-02-29T00:00:00.000Z",
    rb"2024-01-01T00\u003a00:00Z": b"2024-01-01T00:00:00.000Z",
    b"0001-01-01T00:00:00Z": b"0001-01-01T00:00:00.000Z",
}
_NO_TIMES = b"""
    2024-01-01T00:00:00 2024-01-01T00:00Z 2024-01-01 20240101T000000Z 2024-01-01T00:00:00+0100 2024-01-01T00:00:00+01
    2024-01-01T00:00:00+24:00 2024-01-01T00:00:00+00:60 2024-01-01T24:00:00Z 2024-01-01T00:60:00Z 2024-01-01T00:00:61Z
    2024-01-01T12:00:60Z 2024-01-01T00:00:00.Z 2024-01-01T00:00:00,5Z 2100-02-29T00:00:00Z 2024-13-01T00:00:00Z
    12024-01-01T00:00:00Z
""".split()
_NO_TIMES += [b"", b"2024-01-01 00:00:00Z", b"2024-01-01T00:00:00Z ", rb"2024-01-01T00:00:00Z\n"]
_NO_TIMES += ["２０２４-01-01T00:00:00Z".encode()]
_LENIENT_TIMES = {
    b"2024-01-01T00:00:00": b"2024-01-01T00:00:00.000Z",
    b"2024-01-01 00:00:00Z": b"2024-01-01T00:00:00.000Z",
    b"2024-01-01 00:00:00.25": b"2024-01-01T00:00:00.250Z",
    b"2024-01-01T00:00:00+01:00": b"2023-12-31T23:00:00.000Z",
}
_SPELLINGS: dict[Timespec, bytes] = {
    "seconds": b"2024-02-29T12:00:00Z",
    "milliseconds": b"2024-02-29T12:00:00.123Z",
    "microseconds": b"2024-02-29T12:00:00.123456Z",
}


def _time(written: bytes, understood: bytes | None, policy: Policy = STRICT) -> Row:
    """Return a row for a time: StartTransaction's handler echoes the timestamp as expiryDate. None: it is refused."""
    refused = _PROPERTY % b"timestamp: expected an RFC 3339 date-time"
    answer = refused if understood is None else _STARTED % (understood, b"7")
    name = f"{_shown(written)}_{'by_actions' if isinstance(policy.lenient, frozenset) else policy.lenient}"
    return _call("R24", "StartTransaction", _START % (b"7", written), answer, name, policy=policy)


# R21, R22, R26: texts

_URIS = b"""
    ftp://user:p%20w@host.example:21/a/b;c?d=e#f https://[2001:db8::7]:8443/x mailto:John.Doe@example.com
""".split()
_NO_URIS = rb"/var/log example.com http://example.com\\a http://example.com/%2 http://[1::2::3]/".split()
_NO_URIS += [b"", b"http://example.com/a b", "http://exämple.com/".encode()]
_TEXTS = {
    b"12345678901234567890": b"12345678901234567890",
    _E * 20: _E * 20,
    _SMILE * 20: _SMILE * 20,
    rb"\u0041" * 20: b"A" * 20,
    rb"\ud83d\ude00" * 20: _SMILE * 20,
    rb"e\u0301" * 10: "e\u0301".encode() * 10,
}
_LONG_TEXTS = [_E * 21, _SMILE * 21, rb"\u0041" * 21, rb"\u0301" + rb"e\u0301" * 10, b"x" * 100_000]


def _text(rule: str, written: bytes, echoed: bytes | None) -> Row:
    """Return a row for a text of at most 20 characters: Authorize's handler echoes it. None: it is too long."""
    authorized = b'[3,"a",{"idTagInfo":{"parentIdTag":"%b","status":"Accepted"}}]'
    answer = _PROPERTY % b"idTag: expected at most 20 characters" if echoed is None else authorized % echoed
    return _call(rule, "Authorize", b'{"idTag":"%b"}' % written, answer)


def _uri(written: bytes, right: bool) -> Row:
    answer = b'[3,"a",{"fileName":"%b"}]' % written if right else _PROPERTY % b"location: expected an absolute URI"
    return _call("R21", "GetDiagnostics", b'{"location":"%b"}' % written, answer, to=STATION)


def _data(name: str, written: bytes, echoed: bytes) -> Row:
    """Return a row for free JSON: DataTransfer's handler echoes the data."""
    answer = b'[3,"a",{"status":"Accepted","data":"%b"}]' % echoed
    return _call("R26", "DataTransfer", b'{"vendorId":"v","data":"%b"}' % written, answer, name)


def _authorize(rule: str, name: str, payload: bytes, answer: bytes) -> Row:
    return _call(rule, "Authorize", payload, answer, name)


_NOT_EXPECTED = b'[4,"a","FormationViolation","a: expected no property of this name",{}]'
_LAST = b'[3,"a",{"idTagInfo":{"parentIdTag":"last","status":"Accepted"}}]'

ROWS: list[Row] = [
    *(_draft_4(each) for each in (b"1.0", b"1e0", b"1.00000000000000000000")),
    *(_draft_6(each, True) for each in b"1 1.0 1e2 150e-1 1.00000000000000000000".split()),
    *(_draft_6(each, False) for each in b"1.5 15e-1 9007199254740993.5 1.0000000000000000001 1e-400 true".split()),
    # R21: unknown words of the schema do nothing; uri is RFC 3986's
    *(_uri(each, each in _URIS) for each in (*_URIS, *_NO_URIS)),
    *(_text("R22", written, echoed) for written, echoed in _TEXTS.items()),
    *(_text("R22", written, None) for written in _LONG_TEXTS),
    *(_limit(each, each in _TENTHS) for each in (*_TENTHS, *_NO_TENTHS)),
    *(_time(written, understood) for written, understood in _TIMES.items()),
    *(_time(written, None) for written in _NO_TIMES),
    *(_time(written, understood, LENIENT) for written, understood in _LENIENT_TIMES.items()),
    *(_time(written, None, LENIENT) for written in (b"yesterday", b"2024-01-01  00:00:00")),
    _time(b"2024-01-01 00:00:00", None, Policy(lenient={"MeterValues"})),
    *(
        row(
            "R24",
            HEARTBEAT,
            {"1.6": b'[3,"a",{"currentTime":"%b"}]' % spelt},
            timespec,
            policy=Policy(timespec=timespec),
        )
        for timespec, spelt in _SPELLINGS.items()
    ),
    _call(
        "R25", "StopTransaction", b'{"meterStop":1,"timestamp":"2024-01-01T00:00:00Z","transactionId":1}', b'[3,"a",{}]'
    ),
    # R26
    row("R26", b' \t\r\n[ 2 ,\n"a"\t, "Heartbeat" ,\r{ } ] \n', {"1.6": b'[3,"a",%b]' % TIME}),
    _call("R26", "Authorize", b'{"idTag":5,"idTag":"first","idTag":"last"}', _LAST),
    _call("R26", "Authorize", b'{"idTag":"right","idTag":5}', _TYPE % b"idTag: expected string"),
    _call("R26", "Heartbeat", b'{"a":' * 63 + b"1" + b"}" * 63, _NOT_EXPECTED, "64_levels_are_read"),
    _call("R26", "Heartbeat", b'{"a":[%b[]]}' % (b"[]," * 1000), _NOT_EXPECTED, "wide_is_not_deep"),
    _data("brackets_in_texts_do_not_count", b"[" * 1000, b"[" * 1000),
    _data("escaped_quotes_before_brackets_do_not_count", rb"\\\"[" * 1000, rb"\\\"[" * 1000),
    _data("texts_of_100000_characters", _E * 100_000, _E * 100_000),
    *(_integer(each, each) for each in (b"0", b"9007199254740993", b"18446744073709551616", b"-9223372036854775809")),
    *(_integer(each, each) for each in (b"9" * 256, b"-" + b"9" * 255)),
    _integer(b"-0", b"0"),
    row(
        "R26",
        b'[2,"a","Heartbeat",{"a":-%b}]' % (b"1" * 256),
        {"1.6": b'[4,"-1","FormationViolation","expected JSON",{}]'},
    ),
    _text("R26", rb"\"\\\/\b\f\n\r\t", rb"\"\\/\b\f\n\r\t"),
    *(_text("R26", each, each) for each in (rb"a\u0000b", b"\x7f\xe2\x80\xa8", b"")),
    # R27: names of the wire are the declaration's, to the letter
    _call("R27", "Authorize", b'{"idtag":"T"}', b'[4,"a","OccurenceConstraintViolation","idTag: expected a value",{}]'),
    _call("R27", "Authorize", rb'{"id\u0054ag":"last"}', _LAST),
]
