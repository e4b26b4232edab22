"""The two formats of OCPP's strings: date-time (R24) and uri (R21)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final, Literal, TypeAlias

__all__ = ["FRACTIONS", "Timespec", "format_date_time", "is_date_time", "is_uri", "parse_date_time"]

Timespec: TypeAlias = Literal["seconds", "milliseconds", "microseconds"]
FRACTIONS: Final[Mapping[Timespec, int]] = {"seconds": 0, "milliseconds": 3, "microseconds": 6}
"""The digits behind the seconds of a date-time."""

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})([Tt ])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]++))?"
    r"(?:([Zz])|([+-])([0-9]{2})(?:(:?)([0-9]{2}))?)?"
)

# No part can be left and taken up again, so that a long text that is wrong at its end costs no more than a right one.
_SEGMENTS = r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*+"
_USER = r"[A-Za-z0-9\-._~!$&'()*+,;=:%]*+"
_ADDRESS = r"\[(?:[Vv][0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++|(?P<ipv6>[0-9A-Fa-f:.]++))\]"
_HOST = rf"(?:{_ADDRESS}|[A-Za-z0-9\-._~!$&'()*+,;=%]*+)"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+\-.]*+:"
    rf"(?://(?:{_USER}@)?{_HOST}(?::[0-9]*+)?(?:/{_SEGMENTS})?|(?!//){_SEGMENTS})"
    r"(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*+)?(?:\#[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*+)?"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_uri(text: str) -> bool:
    """Tell whether `text` is an absolute URI (RFC 3986)."""
    match = _URI.fullmatch(text)
    if match is None or _BAD_ESCAPE.search(text) is not None:
        return False
    return match["ipv6"] is None or _is_ipv6(match["ipv6"])


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Tell whether `text` is an RFC 3339 date-time that a `datetime` can hold."""
    return parse_date_time(text) is not None


def parse_date_time(text: str, lenient: bool = False) -> datetime | None:
    """Return an RFC 3339 date-time as an aware `datetime` in UTC, or None if invalid.

    Digits past the microsecond are dropped; a leap second is the start of the next minute. Lenient also takes a
    missing zone (as UTC), a blank instead of `T`, and the offsets +02 and +0230.
    """
    return _parse_short(text, lenient) if len(text) < 48 else _parse(text, lenient)


def _parse(text: str, lenient: bool) -> datetime | None:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, separator, hour, minute, second, fraction, zulu, sign, offset_hours, colon, offset_minutes = (
        match.groups()
    )
    if not lenient and (separator == " " or (zulu is None and not colon)):
        return None
    offset = timedelta(0)
    if sign is not None:
        if offset_hours > "23" or (offset_minutes or "00") > "59":
            return None
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
    leap = second == "60"
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    try:
        local = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second),
            microsecond,
            UTC,
        )
        value = local + offset if sign == "-" else local - offset
        if not leap:
            return value
        return value + timedelta(seconds=1) if (value.hour, value.minute) == (23, 59) else None
    except (ValueError, OverflowError):
        return None


_parse_short = lru_cache(maxsize=512)(_parse)


def format_date_time(value: datetime, timespec: Timespec = "milliseconds") -> str:
    """Return an aware `datetime` as RFC 3339 in UTC, cut to `timespec`.

    Raises `ValueError` when it is naive or can't be told in UTC.
    """
    if value.tzinfo is not UTC:
        value = _in_utc(value)
    return value.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("a date-time with a time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a date-time from year 1 to 9999") from None
