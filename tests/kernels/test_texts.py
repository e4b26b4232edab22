"""Date-times (R24) and URIs (R21): what they are, what they are not, and what they mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast._core.texts import format_date_time, is_date_time, is_uri, parse_date_time


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day, ...


def words(text: str) -> list[str]:
    return text.split()


# Reading date-times

DATE_TIMES = {
    "2024-02-29T12:34:56Z": at(2024, 2, 29, 12, 34, 56),
    "2024-02-29t12:34:56z": at(2024, 2, 29, 12, 34, 56),
    "1963-06-19T08:30:06.283185Z": at(1963, 6, 19, 8, 30, 6, 283185),
    "1990-12-31T15:59:50.123-08:00": at(1990, 12, 31, 23, 59, 50, 123000),
    "1937-01-01T12:00:27.87+00:20": at(1937, 1, 1, 11, 40, 27, 870000),
    "2024-01-01T00:00:00+00:00": at(2024, 1, 1),
    "2024-01-01T00:00:00-00:00": at(2024, 1, 1),
    "2024-01-01T00:00:00+23:59": at(2023, 12, 31, 0, 1),
    "2024-01-01T00:00:00-23:59": at(2024, 1, 1, 23, 59),
    "2024-01-01T00:00:00.1Z": at(2024, 1, 1, 0, 0, 0, 100000),
    "2024-01-01T00:00:00.000001Z": at(2024, 1, 1, 0, 0, 0, 1),
    "2024-01-01T00:00:00.9999999Z": at(2024, 1, 1, 0, 0, 0, 999999),
    "2024-01-01T00:00:00.0000000000000000000000000000000001Z": at(2024, 1, 1),
    "2000-02-29T00:00:00Z": at(2000, 2, 29),
    "0001-01-01T00:00:00Z": at(1, 1, 1),
    "9999-12-31T23:59:59.999999Z": at(9999, 12, 31, 23, 59, 59, 999999),
    "1998-12-31T23:59:60Z": at(1999, 1, 1),
    "1998-12-31T23:59:60.5Z": at(1999, 1, 1, 0, 0, 0, 500000),
    "1998-12-31T15:59:60.123-08:00": at(1999, 1, 1, 0, 0, 0, 123000),
    "1999-01-01T00:29:60+00:30": at(1999, 1, 1),
}
NO_DATE_TIMES = words("""
    T Z 2024 2024-02-29 12:34:56Z 2024-02-29T 2024-02-29TZ 2024-02-29T12Z 2024-02-29T12:34Z 2024-02-29T12:34:56.Z
    2024-02-29T12:34:56,5Z 2024-02-29T12:34:5Z 2024-02-29T1:34:56Z 2024-2-29T12:34:56Z 24-02-29T12:34:56Z
    02024-02-29T12:34:56Z +2024-02-29T12:34:56Z -2024-02-29T12:34:56Z 20240229T123456Z 2024-060T12:34:56Z
    2024-W09-4T12:34:56Z 2024/02/29T12:34:56Z 2024-02-29T12.34.56Z 2024-02-29T24:00:00Z 2024-02-29T12:60:00Z
    2024-02-29T12:34:61Z 2024-00-01T00:00:00Z 2024-13-01T00:00:00Z 2024-01-00T00:00:00Z 2024-01-32T00:00:00Z
    2024-04-31T00:00:00Z 2023-02-29T00:00:00Z 1900-02-29T00:00:00Z 0000-01-01T00:00:00Z 0001-01-01T00:00:00+00:01
    9999-12-31T23:59:59-00:01 9999-12-31T23:59:60Z 2024-02-29T12:34:56+1 2024-02-29T12:34:56+010
    2024-02-29T12:34:56+01: 2024-02-29T12:34:56+01:0
    2024-02-29T12:34:56+24 2024-02-29T12:34:56-0060 2024-02-29T12:34:56+24:00 2024-02-29T12:34:56+00:60
    2024-02-29T12:34:56-24:00 2024-02-29T12:34:56\u221201:00 2024-02-29T12:34:56Z+01:00 2024-02-29T12:34:56UTC
    2024-02-29T12:34:56ZZ ２０２４-02-29T12:34:56Z ২024-02-29T12:34:56Z 2024-02-29T12:34:56.５Z
    1998-12-31T22:59:60Z 1998-12-31T23:58:60Z 1998-12-31T23:59:60+01:00 1998-12-31T23:59:61Z
""")
NO_DATE_TIMES += ["", " 2024-02-29T12:34:56Z", *(f"2024-02-29T12:34:56{end}" for end in (" Z", "Z ", "Z\n", "Z\x00"))]
NO_DATE_TIMES += ["2024-02-29\u00a012:34:56Z"]
TOO_LONG = "2024-02-29T12:34:56." + "9" * 100_000  # which lenient mode takes: it lacks but the zone
SLOPPY = {
    "2024-02-29T12:34:56": at(2024, 2, 29, 12, 34, 56),
    "2024-02-29 12:34:56Z": at(2024, 2, 29, 12, 34, 56),
    "2024-02-29 12:34:56": at(2024, 2, 29, 12, 34, 56),
    "2024-02-29 12:34:56.25": at(2024, 2, 29, 12, 34, 56, 250000),
    "2024-02-29 12:34:56+02:00": at(2024, 2, 29, 10, 34, 56),
    "2024-02-29T12:34:56+02": at(2024, 2, 29, 10, 34, 56),
    "2024-02-29T12:34:56.5-0330": at(2024, 2, 29, 16, 4, 56, 500000),
    "2024-02-29 12:34:56+0000": at(2024, 2, 29, 12, 34, 56),
    "2024-02-29T12:34:56.00000000000000000000000000000000": at(2024, 2, 29, 12, 34, 56),
}


@pytest.mark.parametrize(("text", "moment"), [*DATE_TIMES.items(), *SLOPPY.items()])
def test_R24_a_date_time_is_understood_and_a_lenient_reader_takes_no_zone_a_blank_and_short_offsets(
    text: str, moment: datetime
) -> None:
    lenient, strict = parse_date_time(text, lenient=True), parse_date_time(text)
    assert lenient == moment and lenient.tzinfo is UTC
    assert strict is None if text in SLOPPY else strict == moment and strict.tzinfo is UTC
    assert is_date_time(text) is (text not in SLOPPY)


@pytest.mark.parametrize("text", [*NO_DATE_TIMES, TOO_LONG], ids=lambda text: repr(text[:40]))
def test_R24_an_invalid_date_time_is_refused(text: str) -> None:
    assert parse_date_time(text) is None
    assert not is_date_time(text)
    assert text == TOO_LONG or parse_date_time(text, lenient=True) is None


def test_R24_a_fraction_may_be_of_any_length() -> None:
    for digits in (1, 6, 7, 27, 28, 29, 1000, 100_000):
        assert parse_date_time(f"2024-01-01T00:00:00.{'1' * digits}Z") == at(
            2024, 1, 1, 0, 0, 0, int("111111"[:digits].ljust(6, "0"))
        )


OFFSETS = st.integers(-(23 * 60 + 59), 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)


@given(MOMENTS)
def test_R24_what_isoformat_writes_is_read(moment: datetime) -> None:
    assert parse_date_time(moment.isoformat()) == moment


@given(st.text("0123456789-:.TtZz+ ", max_size=30))
def test_R24_whatever_is_read_is_RFC_3339(text: str) -> None:
    read = parse_date_time(text)
    if read is not None:
        assert datetime.fromisoformat(text.upper()) == read  # which takes more, but not other meanings


# Writing date-times


def test_R24_times_are_cut_and_never_rounded_to_milliseconds_by_default() -> None:
    moment = at(2024, 2, 29, 12, 34, 56, 789999)
    assert format_date_time(moment, "seconds") == "2024-02-29T12:34:56Z"
    assert format_date_time(moment, "milliseconds") == format_date_time(moment) == "2024-02-29T12:34:56.789Z"
    assert format_date_time(moment, "microseconds") == "2024-02-29T12:34:56.789999Z"


@given(MOMENTS)
def test_R24_what_is_written_is_read_again(moment: datetime) -> None:
    text = format_date_time(moment, "microseconds")
    assert text.endswith("Z")
    assert len(text) == len("2024-02-29T12:34:56.789999Z")
    assert parse_date_time(text) == moment


class _Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, moment: datetime | None) -> None:
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2024, 1, 1), "a date-time with a time zone"),
        (datetime(2024, 1, 1, tzinfo=_Nowhere()), "a date-time with a time zone"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "a date-time from year 1 to 9999"),
        (datetime(9999, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))), "a date-time from year 1 to 9999"),
    ],
)
def test_R24_a_time_without_zone_or_beyond_UTC_is_refused(moment: datetime, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{expected}$"):
        format_date_time(moment)


# URIs

URIS = words("""
    http://example.com http://example.com/ http://example.com:80 http://example.com: HTTP://EXAMPLE.COM
    https://user:password@example.com:8443/a/b;c=1/d,e?f=g&h#i ftp://ftp.example/a%20b.txt
    http://foo.bar/?q=Test%20URL-encoded%20stuff http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com
    http://223.255.255.254 http://999.999.999.999/ ldap://[2001:db8::7]/c=GB?objectClass?one http://[::]/
    http://[::1]:8080/ http://[::ffff:192.0.2.1]/ http://[2001:db8:0:0:8:800:200C:417A]/ http://[v1.fe80::a+en1]/
    http://[vF.~] mailto:John.Doe@example.com news:comp.infosystems.www.servers.unix tel:+1-816-555-1212
    urn:oasis:names:specification:docbook:dtd:xml:4.1.2 urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
    file:///etc/hosts file:/etc/hosts data:,A%20brief%20note a: a+b-c.1:x x:?q x:#f x:/ x:a//b x:/a//b x:// x:///
    x://@ x://:80 http://a/?b/c?d http://a/#b/c?d http://a/%C3%A9
""")
URIS += ["http://" + "a" * 100_000]
NO_URIS = words(r"""
    a : :a //example.com/ /a/b a/b ?a #a example.com 1a:b +a:b a_b:c é:a bar,baz:foo \\WINDOWS\fileshare http://a\b
    http://a/b\c http://a/<b> http://a/"b" http://a/{b} http://a/|b http://a/^b http://a/`b` http://a/[b] http://a/?b[c]
    http://a/#b#c http://a/% http://a/%2 http://a/%zz http://%a/ http://exämple.com/ http://a/ü http://a:b/
    http://a:80:80/ http://a@b@c/ https://[@example.org/test.txt http://[::1 http://::1]/ http://[::1]a/ http://[]/
    http://[zzz]/ http://[1::2::3]/ http://[:]/ http://[1.2.3.4]/ http://[::1%25en0]/ http://[::1.2.3.256]/
    http://[1:2:3:4:5:6:7]/ http://[1:2:3:4:5:6:7:8:9]/ http://[12345::]/ http://[v1]/ http://[v.a]/ http://[vg.a]/
    http://a[::1]/
""")
NO_URIS += ["", "a b:c", ":// should fail", "http:// shouldfail.com", "http://a b/", "http://a/b c"]
NO_URIS += [f"http://a/{each}" for each in ("b\n", "b\tc", "\x00", "\x7f")]


@pytest.mark.parametrize("text", [*URIS, *NO_URIS], ids=lambda text: repr(text[:60]))
def test_R21_a_uri_is_one_and_nothing_else_is(text: str) -> None:
    assert is_uri(text) is (text in URIS)


def test_R21_a_long_text_is_judged_in_linear_time() -> None:
    for part in ("a", "@", ":", "/", "%41", "?", "[", "a@", "a:", ";"):
        for start in ("", "x:", "x://", "x://a", "x:/a?"):
            is_uri(start + part * 200_000 + " ")
