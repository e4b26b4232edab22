"""Wire values that are odd in one way: some allowed, some not, some no JSON at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ocpp_fast._core.plan import Node, Op

from ..payloads import random_text, random_value

__all__ = ["Literal", "Repeated", "odd_literal", "odd_object", "odd_value"]


class Literal(str):
    """Text that stands in the frame as it is, JSON or not."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object whose first key is written twice."""

    __slots__ = ()


def odd_value(rng: Random, node: Node, value: Any) -> Any:
    """Return what may or may not be allowed where `node` rules and the valid `value` stood."""
    if rng.random() < 0.15:
        return rng.choice(_ANYTHING)
    if node.plan is not None:
        return odd_object(rng, value)
    if node.item is not None:
        return _odd_list(rng, node, node.item, value)
    return _ODD[node.op](rng, node)


def odd_object(rng: Random, value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with a key that is repeated, lost, unknown, changed or elsewhere."""
    items = list(value.items())
    kind = rng.randrange(5)
    index = rng.randrange(len(items) + 1)
    if kind == 0:
        items.insert(index, (rng.choice(_KEYS), rng.choice(_ANYTHING)))
    elif index < len(items):
        key, held = items.pop(index)
        if kind == 1:
            return Repeated([(key, held), *items])
        if kind == 2:
            items.append((rng.choice((key + "x", key[:-1], key.swapcase(), key.upper())), held))
        elif kind == 3:
            items.append((key, held))
    return dict(items)


def _odd_list(rng: Random, node: Node, item: Node, value: list[Any]) -> list[Any]:
    least, most = node.min_items or 0, node.max_items
    lengths = [0, 1, max(least - 1, 0), least, *(() if most is None else (most, most + 1))]
    return [value[0] if value else random_value(rng, item, 0)] * rng.choice(lengths)


def _odd_string(rng: Random, node: Node) -> str:
    if node.uri is not None and rng.random() < 0.7:
        return rng.choice(_URIS)
    length = (100 if node.max_length is None else node.max_length) + rng.choice((0, 0, 1, -1))
    kind = rng.randrange(6)
    if kind < 3:
        return ("😀", "é", "\n")[kind] * length
    if kind == 3:
        return Literal('"' + "\\ud83d\\ude00" * length + '"')
    if kind == 4:
        return Literal('"' + "a" * rng.randrange(40) + rng.choice(_ESCAPES) + "b" * rng.randrange(20) + '"')
    return random_text(rng, max(length, 0))


def _odd_number(rng: Random, node: Node) -> Literal:
    kind = rng.random()
    limit = node.minimum if rng.random() < 0.5 else node.maximum
    if kind < 0.3 and limit is not None:
        forms = (f"{limit - 1}", f"{limit}", f"{limit + 1}", f"{limit}.0", f"{limit}.00000000000000001")
        return Literal(rng.choice(forms))
    return Literal(rng.choice(_NUMBERS) if kind < 0.6 else odd_literal(rng))


def odd_literal(rng: Random) -> str:
    """Return a number of any length and form, mostly a right one."""
    text = rng.choice(("", "", "-")) + rng.choice(("", "", "", "", "0"))
    text += str(rng.randrange(10 ** rng.choice((1, 1, 3, 10, 15, 16, 17, 18, 19, 20, 25, 40))))
    if rng.random() < 0.5:
        text += "." + "".join(rng.choices("0123456789", k=rng.choice((0, 1, 1, 2, 3, 6, 12, 14, 15, 16, 30))))
    if rng.random() < 0.3:
        text += rng.choice("eE") + rng.choice(("", "+", "-")) + str(rng.randrange(10 ** rng.randrange(1, 5)))
    return text


def _odd_date_time(rng: Random, node: Node) -> str:
    if rng.random() < 0.4:
        return rng.choice(_DATE_TIMES)
    year = rng.choice((0, 1, 1970, 2000, 2023, 2024, 2100, 9999))
    hour, minute, second = rng.randrange(25), rng.choice((0, 59, 60)), rng.choice((0, 59, 60, 61))
    text = f"{year:04}-{rng.randrange(14):02}-{rng.randrange(33):02}{rng.choice('TTTTTt ')}"
    text += f"{hour:02}:{minute:02}:{second:02}"
    if rng.random() < 0.6:
        text += "." + "".join(rng.choices("0123456789", k=rng.randrange(13)))
    return text + rng.choice(_ZONES)


def _odd_member(rng: Random, node: Node) -> str:
    member: str = rng.choice(list(node.enum or ())).value
    escaped = Literal(f'"\\u{ord(member[0]):04x}{member[1:]}"')
    forms = (member, member.swapcase(), member + "x", member[:-1], "", escaped, member + "\x00", member + " ")
    return rng.choice(forms)


def _odd_free(rng: Random, node: Node) -> Any:
    kind = rng.randrange(10)
    if kind == 0:
        return _nested(rng, rng.randrange(1, 68))
    if kind == 1:
        return _nested(rng, rng.randrange(28, 34))
    if kind == 2:
        return {"vendorId": rng.choice(("", "a" * 255, "a" * 256, "😀" * 255, "😀" * 256, 7, None))}
    if kind == 3:
        return Literal(rng.choice(_FREE))
    if kind == 4:
        return Literal(odd_literal(rng))
    if kind == 5:
        return Literal(f'{{"vendorId":"v","a":"{rng.choice(_ESCAPES)}"}}')
    number = Literal(rng.choice(_NUMBERS) if rng.random() < 0.5 else odd_literal(rng))
    return [[], number] if kind == 9 else {"vendorId": "v", "a": number}


def _nested(rng: Random, levels: int) -> Any:
    """Return free JSON that nests so deep; most of it has a `vendorId`."""
    value: Any = rng.choice((1, "a", None, {}, []))
    for _ in range(levels - 1):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return {"vendorId": "v", "a": value} if rng.random() < 0.8 else [value]


def _words(text: str) -> list[str]:
    return text.split()


_NO_VALUES = _words("nul tru TRUE truex fals falsy nullx NaN Infinity -Infinity 'a' undefined // /**/ , : ] } [ {")
_ANYTHING: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7.5, "", "a", "true", [], {}, [1], {"a": 1}, 2**63, 2**64, 10**40),
    *map(Literal, ["", "1 2", *_NO_VALUES]),
)
_KEYS = ("", "a", "customDat", "customDataa", "vendorId", "é", '"', "\\", "\x00")
_ESCAPES = (
    *_words(r"\u0041 \/ \ud83d\ude00 \uD83D\uDE00 \b\f\n\r\t \u0000 \\ \" \u00e9 \\\""),
    *_words(r"\ud83d \ude00 \ude00\ud83d \ud83dx \ud83d\u0041 \u \u00 \u00zz \x41 \ \a \U0041 \'"),
    *("\x00", "\x01", "\x1f", "\t", "\n", "\x7f", "\x80", "\u2028"),
)
_URIS = (
    *("", "no uri", "//example.org/a", "/a", "https://example.org/a b", "https://example.org/%zz", "a:" * 50),
    *("http://é/", "a:😀", "http://[::1", "http://[1::2::3]/", "a:\n", Literal(r'"http:\/\/example.org\/"')),
)
_FREE = (
    *('{"vendorId":1,"vendorId":"v"}', '{"vendorId":"v","vendorId":1}', r'{"vendor\u0049d":"v"}', "{1:2}"),
    *('{"vendorId":"v",}', '{"a"}', '{"vendorId":"v"]', "[1,]", "[,1]", "[}", "{]", "[[]", "[1 2]", "[tru]"),
    *("[nul]", "[NaN]", "[-]", "[1e5]", "[true,false,null]", "[01]", "[1.]", '["a\nb"]', '["\\ud83d"]', "[]"),
    *('{"a":1,"a":2,"vendorId":"v"}', " [ 1 , 2 ] ", '{"vendorId" : "v" , "a" : [ ] }', "[\x0b]", "[\u00a0]"),
)
_NUMBERS = (
    *_words("""
        -0 -0.0 0.0 0e0 -0e0 0.0e-999 1e2 1E2 1e+2 1e-2 1E400 -1e400 1e-400 1e308 2e308 1.0 2.00 1.5 -1.5 100 101 01 00
        -01 +1 .5 1. -.5 - -- --1 1e 1e+ 1e1.5 0x10 1_000 1,5 1.e5 1.5e 0.1e1 1E-0 1e00002 1e-0001 100.0
        1.7976931348623157e308 1.7976931348623159e308 5e-324 2e-324 4.9e-324 1e-320 1.23456e-320 1e-1000 1e15 1e16
        9007199254740991 9007199254740992 9007199254740993 9007199254740993.0 72057594037927937 -1 0 1e0
        9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615
        18446744073709551616 999999999999999999 1000000000000000000 -999999999999999999 -1000000000000000000
        9999999999999999999 -9999999999999999999 9999999999999999e0 9999999999999999e-1 12345678901234567e-5 8.1 8.10
        8.100000 21.4 21.41 21.40000000000000000000001 21.4000000000000000000000 0.1 0.10 0.05 1e-1 10e-1 0.3
        0.30000000000000004 0.1000000000000000055511151231257827 0.000001 0.00001 1e-5 1e-6 1.000000000000000001
        1e-9999999999 1e-99999999999999999999 0e-99999999999999999999 0e99999999999999999999 1e99999999999999999999
        999999999999999.9 99999999999999.99 123456789012345.6 12345678901234.56 1234567890123456.5 123456789012345678.5
        0.1234567890123456 4503599627370497.5 100000000000000000.0
    """),
    *("9" * digits for digits in (40, 255, 256, 257)),
    *("-" + "9" * digits for digits in (255, 256)),
    *("0." + "3" * digits for digits in (50, 60, 61, 62, 253, 254, 255, 300)),
    *("0." + "0" * 300 + "1", "1" + "0" * 39, "9" * 39 + ".0"),
)
_ZONES = ("Z", "Z", "Z", "z", "", "+00:00", "-00:00", "+23:59", "-23:59", "+24:00", "-01:60", "+0100", "+1:00")
_DATE_TIMES = (
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00-00:01"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"),
    *("2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:59:60+01:00", "2016-12-31T23:58:60Z"),
    *("2024-02-29T12:00:00Z", "2023-02-29T12:00:00Z", "1900-02-29T12:00:00Z", "2000-02-29T12:00:00Z"),
    *("2024-01-01t00:00:00z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-01-01"),
    *("2024-01-01T24:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00.9999999Z"),
    *("2024-01-01T00:00:00." + "9" * 12 + "Z", "2024-01-01T00:00:00." + "1" * 300 + "Z", "2024-01-01T00:00:00+01"),
    *("2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+01:0", "2024-01-01T00:00:00 Z", "2024-01-01T00:00:00Z "),
    *(" 2024-01-01T00:00:00Z", "2024-1-01T00:00:00Z", "12024-01-01T00:00:00Z", "-024-01-01T00:00:00Z", "now"),
    *("2024-01-01T-1:00:00Z", "2024-01-01T00:00:00ZZ", "٢٠٢٤-01-01T00:00:00Z", "2024-01-01T00:00:00.١Z", ""),
    *("2024-W01-1T00:00:00Z", "2024-01-01T00:00:00−01:00", "2024-01-01T00:00:00Z\x00", "2024-01-01T00:00:00Z\n"),
    *(Literal(r'"2024-01-01T00:00:00\u005a"'), Literal(r'"2024\u002d01-01T00:00:00Z"'), "2024-04-31T00:00:00Z"),
)
_ODD: dict[Op, Callable[[Random, Node], Any]] = {
    Op.STRING: _odd_string,
    Op.INTEGER: _odd_number,
    Op.NUMBER: _odd_number,
    Op.BOOLEAN: lambda rng, node: rng.choice((*_ANYTHING, True, False)),
    Op.DATE_TIME: _odd_date_time,
    Op.ENUM: _odd_member,
    Op.JSON: _odd_free,
    Op.OPEN: _odd_free,
}
