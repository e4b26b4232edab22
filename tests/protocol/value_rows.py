"""Values (R20 to R27): what is taken for what, shown by handlers that echo what they were given."""

from __future__ import annotations

from collections.abc import Mapping

from ocpp_fast import Policy
from ocpp_fast._core.texts import Timespec
from ocpp_fast.schema import STATION

from .cases import Row

__all__ = ["ROWS"]

_TYPE = b'[4,"a","TypeConstraintViolation","%b",{}]'
_PROPERTY = b'[4,"a","PropertyConstraintViolation","%b",{}]'
_MALFORMED = b'[4,"-1","FormationViolation","expected JSON",{}]'


# R20, R26: numbers


def _integer(name: str, written: bytes, echoed: bytes, rule: str = "R26") -> Row:
    """Return a row for an integer: StartTransaction's handler echoes meterStart as transactionId."""
    payload = b'{"connectorId":1,"idTag":"T","meterStart":%b,"timestamp":"2024-01-01T00:00:00Z"}' % written
    expiry = b'{"expiryDate":"2024-01-01T00:00:00.000Z","status":"Accepted"}'
    answer = b'[3,"a",{"idTagInfo":%b,"transactionId":%b}]' % (expiry, echoed)
    return Row(name, rule, b'[2,"a","StartTransaction",%b]' % payload, {"1.6": answer})


def _no_integer(name: str, written: bytes) -> Row:
    """Return a row for what draft-04 calls no integer."""
    payload = b'{"connectorId":%b,"errorCode":"NoError","status":"Available"}' % written
    answer = _TYPE % b"connectorId: expected integer"
    return Row(name, "R20", b'[2,"a","StatusNotification",%b]' % payload, {"1.6": answer})


def _integer_of_draft_6(name: str, written: bytes, answer: bytes) -> Row:
    payload = b'{"status":"Idle","requestId":%b}' % written
    return Row(name, "R20", b'[2,"a","LogStatusNotification",%b]' % payload, {"1.6": answer})


_NO_INTEGER_OF_DRAFT_6 = _TYPE % b"requestId: expected integer"


# R23: SetChargingProfile goes to the station


def _limit(name: str, written: bytes, right: bool) -> Row:
    schedule = b'{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":%b}]}' % written
    profile = (
        b'{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxProfile",'
        b'"chargingProfileKind":"Absolute","chargingSchedule":%b}' % schedule
    )
    place = b"csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit"
    return Row(
        name,
        "R23",
        b'[2,"a","SetChargingProfile",{"connectorId":1,"csChargingProfiles":%b}]' % profile,
        {"1.6": b'[3,"a",{"status":"Accepted"}]' if right else _PROPERTY % (b"%b: expected a multiple of 0.1" % place)},
        to=STATION,
    )


_TENTHS = b"8.1 21.4 0.1 0.3 1.1 4.35e1 1e-1 1E-1 10e-2 1.10 100e-3 0 0.0 -0 -0.0 -8.1 16 1e3 0e-5 0.70000".split()
_NO_TENTHS = b"21.41 0.05 1e-2 8.05 0.11 -0.01 8.1000000001 1.23e0 2.5e-1".split()
_ODD_TENTHS: Mapping[str, tuple[bytes, bool]] = {
    "a_hundredth_that_a_double_rounds_away": (b"9999999999999991e-2", False),
    "a_trace_that_a_double_rounds_away": (b"8.10000000000000000000000000001", False),
    "a_trace_that_a_decimal_of_28_digits_rounds_away": (b"1.%b1" % (b"0" * 100), False),
    "a_trace_far_behind_the_point_of_a_large_number": (b"1%b.55" % (b"0" * 46), False),
    "a_tenth_of_a_large_number": (b"1%b.5" % (b"0" * 46), True),
    "a_trace_that_a_double_takes_for_0": (b"1e-400", False),
    "a_trace_that_a_decimal_takes_for_0": (b"1e-99999999", False),
    "a_long_0": (b"0.%b" % (b"0" * 200), True),
    "an_integer_of_256_digits": (b"1" * 256, True),
    "a_number_of_256_characters": (b"1.%b" % (b"1" * 254), False),
}


# R24: times


def _time(name: str, written: bytes, understood: bytes, policy: Policy | None = None) -> Row:
    """Return a row for a time: StartTransaction's handler echoes the timestamp as expiryDate."""
    payload = b'{"connectorId":1,"idTag":"T","meterStart":7,"timestamp":"%b"}' % written
    answer = b'[3,"a",{"idTagInfo":{"expiryDate":"%b","status":"Accepted"},"transactionId":7}]' % understood
    frame = b'[2,"a","StartTransaction",%b]' % payload
    return Row(name, "R24", frame, {"1.6": answer}, policy=policy or Policy())


def _no_time(name: str, written: bytes, policy: Policy | None = None) -> Row:
    payload = b'{"connectorId":1,"idTag":"T","meterStart":7,"timestamp":"%b"}' % written
    frame = b'[2,"a","StartTransaction",%b]' % payload
    answer = _PROPERTY % b"timestamp: expected an RFC 3339 date-time"
    return Row(name, "R24", frame, {"1.6": answer}, policy=policy or Policy())


def _written(timespec: Timespec, expected: bytes) -> Row:
    answer = b'[3,"a",{"currentTime":"%b"}]' % expected
    policy = Policy(timespec=timespec)
    return Row(f"written_in_{timespec}", "R24", b'[2,"a","Heartbeat",{}]', {"1.6": answer}, policy=policy)


_LENIENT = Policy(lenient=True)


# R21, R22, R26: texts


def _text(rule: str, name: str, written: bytes, echoed: bytes) -> Row:
    """Return a row for a text of at most 20 characters: Authorize's handler echoes it."""
    frame = b'[2,"a","Authorize",{"idTag":"%b"}]' % written
    answer = b'[3,"a",{"idTagInfo":{"parentIdTag":"%b","status":"Accepted"}}]' % echoed
    return Row(name, rule, frame, {"1.6": answer})


def _long_text(name: str, written: bytes) -> Row:
    frame = b'[2,"a","Authorize",{"idTag":"%b"}]' % written
    return Row(name, "R22", frame, {"1.6": _PROPERTY % b"idTag: expected at most 20 characters"})


def _uri(name: str, written: bytes, right: bool) -> Row:
    frame = b'[2,"a","GetDiagnostics",{"location":"%b"}]' % written
    answer = b'[3,"a",{"fileName":"%b"}]' % written if right else _PROPERTY % b"location: expected an absolute URI"
    return Row(name, "R21", frame, {"1.6": answer}, to=STATION)


def _frame(rule: str, name: str, frame: bytes, answer: bytes) -> Row:
    return Row(name, rule, frame, {"1.6": answer})


_HEARTBEAT = b'[3,"a",{"currentTime":"2024-02-29T12:00:00.123Z"}]'
_E = "é".encode()
_SMILE = "😀".encode()

ROWS: list[Row] = [
    # R20
    _no_integer("1.0_in_draft_4", b"1.0"),
    _no_integer("1e0_in_draft_4", b"1e0"),
    _no_integer("a_long_1.0_in_draft_4", b"1.00000000000000000000"),
    _integer_of_draft_6("1_in_draft_6", b"1", b'[3,"a",{}]'),
    _integer_of_draft_6("1.0_in_draft_6", b"1.0", b'[3,"a",{}]'),
    _integer_of_draft_6("1e2_in_draft_6", b"1e2", b'[3,"a",{}]'),
    _integer_of_draft_6("150e-1_in_draft_6", b"150e-1", b'[3,"a",{}]'),
    _integer_of_draft_6("a_long_1.0_in_draft_6", b"1.00000000000000000000", b'[3,"a",{}]'),
    _integer_of_draft_6("1.5_in_draft_6", b"1.5", _NO_INTEGER_OF_DRAFT_6),
    _integer_of_draft_6("15e-1_in_draft_6", b"15e-1", _NO_INTEGER_OF_DRAFT_6),
    _integer_of_draft_6("a_fraction_that_a_double_rounds_away", b"9007199254740993.5", _NO_INTEGER_OF_DRAFT_6),
    _integer_of_draft_6("a_trace_that_a_double_rounds_away", b"1.0000000000000000001", _NO_INTEGER_OF_DRAFT_6),
    _integer_of_draft_6("a_trace_that_a_double_takes_for_0", b"1e-400", _NO_INTEGER_OF_DRAFT_6),
    _integer_of_draft_6("true_in_draft_6", b"true", _NO_INTEGER_OF_DRAFT_6),
    # R21: unknown words of the schema do nothing; uri is RFC 3986's
    _uri("a_uri_with_all_its_parts", b"ftp://user:p%20w@host.example:21/a/b;c?d=e#f", True),
    _uri("a_uri_with_an_address_of_IPv6", b"https://[2001:db8::7]:8443/x", True),
    _uri("a_uri_without_authority", b"mailto:John.Doe@example.com", True),
    _uri("a_path", b"/var/log", False),
    _uri("a_host", b"example.com", False),
    _uri("a_uri_with_a_blank", b"http://example.com/a b", False),
    _uri("a_uri_with_letters_beyond_ASCII", "http://exämple.com/".encode(), False),
    _uri("a_uri_with_a_backslash", b"http://example.com\\\\a", False),
    _uri("a_uri_with_half_an_escape", b"http://example.com/%2", False),
    _uri("a_uri_with_an_address_that_is_none", b"http://[1::2::3]/", False),
    _uri("no_text_at_all", b"", False),
    # R22
    _text("R22", "20_characters", b"12345678901234567890", b"12345678901234567890"),
    _text("R22", "20_characters_of_2_bytes", _E * 20, _E * 20),
    _text("R22", "20_characters_of_4_bytes", _SMILE * 20, _SMILE * 20),
    _text("R22", "20_escaped_characters", b"\\u0041" * 20, b"A" * 20),
    _text("R22", "20_pairs_of_surrogates", b"\\ud83d\\ude00" * 20, _SMILE * 20),
    _text("R22", "10_letters_and_10_accents", b"e\\u0301" * 10, "e\u0301".encode() * 10),
    _long_text("21_characters_of_2_bytes", _E * 21),
    _long_text("21_characters_of_4_bytes", _SMILE * 21),
    _long_text("21_escaped_characters", b"\\u0041" * 21),
    _long_text("10_letters_and_11_accents", b"\\u0301" + b"e\\u0301" * 10),
    _long_text("100000_characters", b"x" * 100_000),
    # R23
    *(_limit(each.decode(), each, True) for each in _TENTHS),
    *(_limit(each.decode(), each, False) for each in _NO_TENTHS),
    *(_limit(name, written, right) for name, (written, right) in _ODD_TENTHS.items()),
    # R24
    _time("Z", b"2024-01-01T00:00:00Z", b"2024-01-01T00:00:00.000Z"),
    _time("small_z_and_t", b"2024-01-01t00:00:00z", b"2024-01-01T00:00:00.000Z"),
    _time("an_offset", b"2024-01-01T00:00:00+05:30", b"2023-12-31T18:30:00.000Z"),
    _time("a_negative_offset", b"2024-02-28T23:59:59-00:01", b"2024-02-29T00:00:59.000Z"),
    _time("an_offset_of_0", b"2024-01-01T00:00:00-00:00", b"2024-01-01T00:00:00.000Z"),
    _time("the_largest_offset", b"2024-01-01T00:00:00+23:59", b"2023-12-31T00:01:00.000Z"),
    _time("one_digit_of_a_fraction", b"2024-01-01T00:00:00.5Z", b"2024-01-01T00:00:00.500Z"),
    _time("twelve_digits_of_a_fraction", b"2024-01-01T00:00:00.123999999999Z", b"2024-01-01T00:00:00.123Z"),
    _time("1000_digits_of_a_fraction", b"2024-01-01T00:00:00.%bZ" % (b"9" * 1000), b"2024-01-01T00:00:00.999Z"),
    _time("a_leap_second", b"2016-12-31T23:59:60Z", b"2017-01-01T00:00:00.000Z"),
    _time("a_leap_second_elsewhere", b"2017-01-01T00:59:60+01:00", b"2017-01-01T00:00:00.000Z"),
    _time("a_leap_day", b"2024-02-29T00:00:00Z", b"2024-02-29T00:00:00.000Z"),
    _time("escapes", b"2024-01-01T00\\u003a00:00Z", b"2024-01-01T00:00:00.000Z"),
    _time("year_1", b"0001-01-01T00:00:00Z", b"0001-01-01T00:00:00.000Z"),
    _no_time("no_zone", b"2024-01-01T00:00:00"),
    _no_time("a_blank_for_T", b"2024-01-01 00:00:00Z"),
    _no_time("no_seconds", b"2024-01-01T00:00Z"),
    _no_time("no_time_of_day", b"2024-01-01"),
    _no_time("no_colons", b"20240101T000000Z"),
    _no_time("an_offset_without_colon", b"2024-01-01T00:00:00+0100"),
    _no_time("an_offset_of_hours", b"2024-01-01T00:00:00+01"),
    _no_time("an_offset_of_24_hours", b"2024-01-01T00:00:00+24:00"),
    _no_time("an_offset_of_60_minutes", b"2024-01-01T00:00:00+00:60"),
    _no_time("hour_24", b"2024-01-01T24:00:00Z"),
    _no_time("minute_60", b"2024-01-01T00:60:00Z"),
    _no_time("second_61", b"2024-01-01T00:00:61Z"),
    _no_time("a_leap_second_at_noon", b"2024-01-01T12:00:60Z"),
    _no_time("an_empty_fraction", b"2024-01-01T00:00:00.Z"),
    _no_time("a_comma_as_point", b"2024-01-01T00:00:00,5Z"),
    _no_time("a_leap_day_of_another_year", b"2100-02-29T00:00:00Z"),
    _no_time("month_13", b"2024-13-01T00:00:00Z"),
    _no_time("a_year_of_5_digits", b"12024-01-01T00:00:00Z"),
    _no_time("digits_of_another_script", "２０２４-01-01T00:00:00Z".encode()),
    _no_time("a_blank_behind", b"2024-01-01T00:00:00Z "),
    _no_time("a_line_feed_behind", b"2024-01-01T00:00:00Z\\n"),
    _no_time("empty", b""),
    _time("lenient_without_zone", b"2024-01-01T00:00:00", b"2024-01-01T00:00:00.000Z", _LENIENT),
    _time("lenient_with_a_blank", b"2024-01-01 00:00:00Z", b"2024-01-01T00:00:00.000Z", _LENIENT),
    _time("lenient_with_both", b"2024-01-01 00:00:00.25", b"2024-01-01T00:00:00.250Z", _LENIENT),
    _time("lenient_as_it_should_be", b"2024-01-01T00:00:00+01:00", b"2023-12-31T23:00:00.000Z", _LENIENT),
    _no_time("lenient_but_no_time", b"yesterday", _LENIENT),
    _no_time("lenient_but_not_that_much", b"2024-01-01  00:00:00", _LENIENT),
    _no_time("lenient_for_another_action", b"2024-01-01 00:00:00", Policy(lenient=frozenset({"MeterValues"}))),
    _written("seconds", b"2024-02-29T12:00:00Z"),
    _written("milliseconds", b"2024-02-29T12:00:00.123Z"),
    _written("microseconds", b"2024-02-29T12:00:00.123456Z"),
    # R25
    _frame(
        "R25",
        "fields_without_value_are_left_out",
        b'[2,"a","StopTransaction",{"meterStop":1,"timestamp":"2024-01-01T00:00:00Z","transactionId":1}]',
        b'[3,"a",{}]',
    ),
    # R26
    _frame("R26", "blanks_everywhere", b' \t\r\n[ 2 ,\n"a"\t, "Heartbeat" ,\r{ } ] \n', _HEARTBEAT),
    _frame(
        "R26",
        "of_duplicate_keys_the_last_wins",
        b'[2,"a","Authorize",{"idTag":5,"idTag":"first","idTag":"last"}]',
        b'[3,"a",{"idTagInfo":{"parentIdTag":"last","status":"Accepted"}}]',
    ),
    _frame(
        "R26",
        "of_duplicate_keys_the_last_wins_when_it_is_wrong",
        b'[2,"a","Authorize",{"idTag":"right","idTag":5}]',
        _TYPE % b"idTag: expected string",
    ),
    _frame(
        "R26",
        "64_levels_are_read",
        b'[2,"a","Heartbeat",%b%b]' % (b'{"a":' * 63, b"1" + b"}" * 63),
        b'[4,"a","FormationViolation","a: expected no property of this name",{}]',
    ),
    _frame(
        "R26",
        "brackets_in_texts_do_not_count",
        b'[2,"a","DataTransfer",{"vendorId":"v","data":"%b"}]' % (b"[" * 1000),
        b'[3,"a",{"status":"Accepted","data":"%b"}]' % (b"[" * 1000),
    ),
    _frame(
        "R26",
        "escaped_quotes_before_brackets_do_not_count",
        b'[2,"a","DataTransfer",{"vendorId":"v","data":"%b"}]' % (b'\\\\\\"[' * 1000),
        b'[3,"a",{"status":"Accepted","data":"%b"}]' % (b'\\\\\\"[' * 1000),
    ),
    _frame(
        "R26",
        "wide_is_not_deep",
        b'[2,"a","Heartbeat",{"a":[%b[]]}]' % (b"[]," * 1000),
        b'[4,"a","FormationViolation","a: expected no property of this name",{}]',
    ),
    _integer("0", b"0", b"0"),
    _integer("minus_0", b"-0", b"0"),
    _integer("beyond_a_double", b"9007199254740993", b"9007199254740993"),
    _integer("2_to_the_64", b"18446744073709551616", b"18446744073709551616"),
    _integer("minus_2_to_the_63_and_1", b"-9223372036854775809", b"-9223372036854775809"),
    _integer("256_digits", b"9" * 256, b"9" * 256),
    _integer("minus_and_255_digits", b"-" + b"9" * 255, b"-" + b"9" * 255),
    _frame("R26", "minus_and_256_digits", b'[2,"a","Heartbeat",{"a":-%b}]' % (b"1" * 256), _MALFORMED),
    _text("R26", "all_escapes", b'\\"\\\\\\/\\b\\f\\n\\r\\t', b'\\"\\\\/\\b\\f\\n\\r\\t'),
    _text("R26", "an_escaped_NUL", b"a\\u0000b", b"a\\u0000b"),
    _text("R26", "DEL_and_line_separators", b"\x7f\xe2\x80\xa8", b"\x7f\xe2\x80\xa8"),
    _text("R26", "no_text", b"", b""),
    _frame(
        "R26",
        "texts_of_100000_characters",
        b'[2,"a","DataTransfer",{"vendorId":"v","data":"%b"}]' % (_E * 100_000),
        b'[3,"a",{"status":"Accepted","data":"%b"}]' % (_E * 100_000),
    ),
    # R27: names of the wire are the declaration's, to the letter
    _frame(
        "R27",
        "a_name_in_other_letters",
        b'[2,"a","Authorize",{"idtag":"T"}]',
        b'[4,"a","OccurenceConstraintViolation","idTag: expected a value",{}]',
    ),
    _frame(
        "R27",
        "an_escaped_name",
        b'[2,"a","Authorize",{"id\\u0054ag":"T"}]',
        b'[3,"a",{"idTagInfo":{"parentIdTag":"T","status":"Accepted"}}]',
    ),
]
