"""Typed objects with one thing changed: to something that may be written, or that must not be."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from random import Random
from typing import Any

from ocpp_fast._core.decimals import LongFloat
from ocpp_fast._core.plan import Node, Op

from ..payloads import random_text

__all__ = ["odd_typed"]


# Classes of their own, each an heir of what may be written


class Text(str):
    __slots__ = ()


class Whole(int):
    __slots__ = ()


class Real(float):
    __slots__ = ()


class Many(list[Any]):
    __slots__ = ()


class Table(dict[Any, Any]):
    __slots__ = ()


class Moment(datetime):
    pass


class Odd(StrEnum):
    """An enum that no field has."""

    ACCEPTED = "Accepted"
    ZZZ = "zzz"


class Number(IntEnum):
    """An integer that is more than one."""

    ONE = 1


class Zone(tzinfo):
    """A zone that is this far from UTC, or does not say how far."""

    def __init__(self, offset: timedelta | None) -> None:
        self.offset = offset

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return self.offset

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None


def odd_typed(rng: Random, node: Node, value: Any) -> Any:
    """Return what may or may not be written where `node` rules and `value`, which is right, stood."""
    if rng.random() < 0.2:
        return rng.choice(_ANYTHING)
    if node.item is not None:
        return _odd_list(rng, node, value or ["a"])
    if node.plan is not None:
        return _odd_object(rng, value)
    return _ODD[node.op](rng, node)


def _odd_list(rng: Random, node: Node, value: list[Any]) -> Any:
    least, most = node.min_items or 0, node.max_items
    length = rng.choice((0, 1, max(least - 1, 0), least, *(() if most is None else (most, most + 1))))
    kind: Callable[[list[Any]], Any] = rng.choice((list, list, tuple, Many, iter))
    return kind(value[:1] * length)


def _odd_object(rng: Random, value: Any) -> Any:
    if value is None:
        return {}
    kind: Any = type(value)
    fields = {name: getattr(value, name) for name in kind.__struct_fields__}
    heir = types.new_class("Heir", (kind,))
    return rng.choice((heir(**fields), fields, kind.__new__(kind), kind))


def _odd_string(rng: Random, node: Node) -> Any:
    length = (60 if node.max_length is None else node.max_length) + rng.choice((0, 0, 1, -1))
    text = random_text(rng, rng.choice((min(length, 40), length)))
    place = rng.randrange(len(text) + 1)
    odd = chr(rng.choice((*range(0x20), 0x22, 0x5C, 0x7F, 0x80, 0x2028, 0xD800, 0xDFFF, 0xFFFF, 0x1F600, 0x10FFFF)))
    one_odd = text[:place] + odd + text[place + 1 :]
    return rng.choice((text, odd * length, one_odd, one_odd, Text(text), Odd.ZZZ, text.encode()))


def _odd_integer(rng: Random, node: Node) -> Any:
    limit = rng.choice((node.minimum, node.maximum))
    if limit is not None and rng.random() < 0.5:
        return rng.choice((int(limit) - 1, int(limit), int(limit) + 1, limit + 0.5))
    size: int = rng.choice((*(10**digits for digits in _DIGITS), *(2**bits for bits in (31, 53, 63, 64))))
    number = rng.choice((1, -1)) * (size + rng.choice((-1, 0, 1)))
    return rng.choice((number, number, number, Whole(7), Number.ONE, True, 7.0))


def _odd_number(rng: Random, node: Node) -> Any:
    kind = rng.randrange(8)
    limit = rng.choice((node.minimum, node.maximum))
    if kind == 0:
        return _odd_integer(rng, node)
    if kind == 1:
        return rng.choice(_FLOATS) * rng.choice((1, -1))
    if kind == 2:
        return rng.choice((LongFloat("0." + "3" * 30), LongFloat("1e-400"), LongFloat("8.1"), Real(8.1), Decimal(8)))
    if kind == 3:
        return rng.uniform(-1, 1) * 10.0 ** rng.randrange(-20, 25)
    if kind == 4:
        return float(f"{rng.randrange(10 ** rng.randrange(1, 18))}e{rng.randrange(-24, 8)}")
    if kind == 5:
        return rng.randrange(10**16) / 10 ** rng.randrange(8)
    if kind == 6 and limit is not None:
        return limit + rng.choice((0.0, 0.1, -0.1, 1e-17, -5e-324))
    return round(rng.uniform(-1e4, 1e4), rng.randrange(8))


def _odd_date_time(rng: Random, node: Node) -> Any:
    year = rng.choice((1, 99, 999, 1970, 2024, 9999))
    rest = rng.choice(((1, 1, 0, 0, 0), (12, 31, 23, 59, 59), (2, 28, 12, 30, 1)))
    microsecond = rng.choice((0, 1, 999, 1000, 999_999, 123_456))
    kind = rng.choice((datetime, datetime, datetime, Moment))
    moment = kind(year, *rest, microsecond, rng.choice((UTC, UTC, None, *_ZONES)), fold=rng.randrange(2))
    return rng.choice((moment, moment, moment, moment.date(), moment.isoformat(), 1704067200))


def _odd_member(rng: Random, node: Node) -> Any:
    member: StrEnum = rng.choice(list(node.enum or ()))
    twin = StrEnum("Twin", {"A": member.value})  # type: ignore[misc]  # made at run time
    text = member.value
    return rng.choice(
        (member, text, Text(text), *twin, text + "x", text.encode(), member.name, "", Odd.ZZZ, Odd.ACCEPTED)
    )


def _odd_boolean(rng: Random, node: Node) -> Any:
    return rng.choice((True, False, 0, 1, 1.0, "true", Whole(1), Number.ONE))


def _odd_free(rng: Random, node: Node) -> Any:
    kind = rng.randrange(7)
    if kind == 0:
        return _nested(rng, rng.randrange(1, 70))
    if kind == 1:
        return _nested(rng, rng.randrange(55, 66))
    if kind == 2:
        return {"vendorId": rng.choice(_VENDORS)}
    inner = rng.choice((rng.choice(_ANYTHING), rng.choice(_FLOATS), _odd_integer(rng, node), random_text(rng, 20)))
    if kind == 3:
        return {"vendorId": "v", rng.choice(_KEYS): inner}
    if kind == 4:
        return Table(vendorId="v", a=inner)
    return {"vendorId": "v", "a": rng.choice((list, list, tuple, Many))([inner] * rng.randrange(1, 4))}


def _nested(rng: Random, levels: int) -> Any:
    value: Any = rng.choice((1, "a", None, {}, []))
    for _ in range(levels - 1):
        value = rng.choice(([value], {"a": value}, (value,) if levels % 8 == 0 else [value]))
    return {"vendorId": "v", "a": value} if rng.random() < 0.8 else [value]


_DIGITS = (0, 9, 15, 16, 17, 18, 19, 20, 40, 255, 256, 257)
_ZONES = (
    *(timezone(timedelta(hours=hours)) for hours in (0, 1, -1, 14, -12, 23)),
    *(timezone(timedelta(0), "Z"), timezone(timedelta(minutes=-1)), timezone(timedelta(microseconds=1))),
    *(Zone(timedelta(0)), Zone(timedelta(hours=5)), Zone(None)),
)
_FLOATS = (
    *(0.0, 0.1, 0.3, 0.1 + 0.2, 8.1, 21.4, 21.41, 1.0, 1.5, 100.0, 1e-4, 1e-5, 1e-6, 2e-6, 1.2e-5, 9.99e-6, 1e-7),
    *(1e13, 1e14, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 99999999999999.9, 999999999999999.9, 4503599627370497.5),
    *(9007199254740993.0, 123456789.123456789, 1.7976931348623157e308, 5e-324, 2.5e-310, 0.000123456789),
    *(float("inf"), float("nan")),
)
_VENDORS = ("", "a" * 255, "a" * 256, "😀" * 255, "😀" * 256, "\ud800", Text("v"), Odd.ZZZ, 7, None)
_KEYS: tuple[Any, ...] = ("a", "", "é", "\ud800", "\x00", 7, None, True, Text("t"), Odd.ZZZ, ("a",))
_ANYTHING: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 7.5, "", "a", b"a", bytearray(b"a"), (), [], {}, [None], {"a": 1}, {1}),
    *(object(), int, len, Decimal(1), 1j, 2**64, 10**300, "\ud800", float("nan"), timedelta(1), date(2024, 1, 1)),
    *(datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), OrderedDict(vendorId="v"), Many(), Table(), Text("a")),
    *(Whole(1), Real(1.5), Odd.ZZZ, Odd.ACCEPTED, Odd, Number.ONE),
)
_ODD: dict[Op, Callable[[Random, Node], Any]] = {
    Op.STRING: _odd_string,
    Op.INTEGER: _odd_integer,
    Op.NUMBER: _odd_number,
    Op.BOOLEAN: _odd_boolean,
    Op.DATE_TIME: _odd_date_time,
    Op.ENUM: _odd_member,
    Op.JSON: _odd_free,
    Op.OPEN: _odd_free,
}
