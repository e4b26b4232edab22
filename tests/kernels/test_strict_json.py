"""JSON by R26: equal to `json` in what is taken, stricter in what is refused, exact in numbers."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from math import copysign, inf, isinf, nan
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp_fast._core.decimals import MAX_LITERAL, LongFloat
from ocpp_fast._core.strict_json import MAX_DEPTH, check_value, dumps, loads

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal and of equal types, `LongFloat` being a float, and 0.0 not -0.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and copysign(1, one) == copysign(1, other)
    return type(one) is type(other) and one == other


# Reading


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_json_writes_is_read_as_json_reads_it(value: Any, ascii_only: bool, indent: int | None) -> None:
    for whole in (value, [value, "[" * MAX_DEPTH, 12345678901234567890, value]):
        text = json.dumps(whole, ensure_ascii=ascii_only, indent=indent)
        assert same(loads(text.encode()), json.loads(text))


@given(NUMBERS)
@example("9999999999999991e-2")
@example("1e-400")
@example("0e99999999999")
@example("1.00000000000000000001")
@example("1.00000000000000000000")
@example("-0")
@example("-0.0")
@example("1.7976931348623159e308")
@example("4.9406564584124654e-324")
def test_R23_a_number_keeps_its_decimal_text(literal: str) -> None:
    written = Decimal(literal)
    if isinf(float(literal)):
        with pytest.raises(ValueError, match="number"):
            loads(literal.encode())
        return
    value = loads(literal.encode())
    assert Decimal(repr(value)) == written
    assert same(value, json.loads(literal))
    if isinstance(value, float):
        assert isinstance(value, LongFloat) or Decimal(repr(float(literal))) == written
        assert value.is_integer() == (written == written.to_integral_value())


@given(st.integers(-(10 ** (MAX_LITERAL - 1)) + 1, 10**MAX_LITERAL - 1))
def test_integers_are_exact_at_any_size(value: int) -> None:
    assert loads(b"[%d]" % value) == [value]
    check_value(value)
    assert loads(dumps([value])) == [value]


FITTING = {b"1": 256, b"-1": 255, b"0.1": 254, b"1e0": 254, b"1.0": 254}
"""Numbers of 256 characters: how often their last one stands there."""


@pytest.mark.parametrize(
    "literal", [*(each + each[-1:] * (count - 1) for each, count in FITTING.items()), b"1E-" + b"0" * 252 + b"1"]
)
def test_a_literal_of_256_characters_is_read(literal: bytes) -> None:
    assert loads(literal) == json.loads(literal)
    with pytest.raises(ValueError, match="number"):
        loads(literal + b"0")


@pytest.mark.parametrize(
    "literal",
    [
        *(b"1" * 5000, b"1" * 100_000, b"1e400", b"-1e400", b"123456789012345678e300"),
        *(b"1e999999999999999999999999", b"1e-999999999999999999999999"),
    ],
)
def test_a_number_that_is_too_long_or_too_large_is_refused(literal: bytes) -> None:
    for text in (literal, b"[%b]" % literal, b'{"a":%b}' % literal):
        with pytest.raises(ValueError, match=r"number|exponent"):
            loads(text)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'[0,"]",'])
def test_texts_nest_64_levels_deep_and_no_deeper(opening: bytes) -> None:
    levels = opening.count(b"[") + opening.count(b"{")
    closing = b"".join({91: b"]", 123: b"}"}[each] for each in reversed(opening) if each in b"[{")
    count = MAX_DEPTH // levels
    text = opening * count + b"0" + closing * count
    assert loads(text) == json.loads(text)
    for deeper in (b"[%b]" % text, b'{"a":%b}' % text, b'[1,"x",%b]' % text):
        with pytest.raises(ValueError, match=r"^nested deeper than 64$"):
            loads(deeper)


@pytest.mark.parametrize("comb", [b"[]", b"[[][]]", b"[[[]][][[][[]]]]", b"[" * 20 + b"]" * 20])
def test_what_stands_side_by_side_is_not_deeper_than_one_of_it(comb: bytes) -> None:
    height = max(comb[:end].count(b"[") - comb[:end].count(b"]") for end in range(len(comb)))
    around = MAX_DEPTH - height
    combs = b",".join([comb.replace(b"][", b"],[")] * 2000)
    assert loads(b"[" * around + combs + b"]" * around) is not None
    with pytest.raises(ValueError, match=r"^nested deeper than 64$"):
        loads(b"[" * (around + 1) + combs + b"]" * (around + 1))


@pytest.mark.parametrize("sign", [b"", b"-"])
def test_integers_beside_a_long_number_are_as_exact_and_as_short(sign: bytes) -> None:
    fitting = sign + b"9" * (256 - len(sign))
    assert loads(b"[1e-0001,%b,7]" % fitting) == [0.1, int(fitting), 7]
    with pytest.raises(ValueError, match="number too long"):
        loads(b"[1e-0001,%b9,7]" % fitting)


@pytest.mark.parametrize("text", ["[" * 1000, "{" * 1000, "\\" * 1000, '"[' * 500, '\\"]' * 500, "[]{}"])
def test_brackets_within_texts_and_keys_are_not_levels(text: str) -> None:
    value = {text: [text, {text: text}]}
    assert loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize("count", [65, 1_000, 100_000])
@pytest.mark.parametrize("bracket", [b"[", b'{"":', b"]", b"[]", b'"['])
def test_brackets_that_make_no_text_are_refused(bracket: bytes, count: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(bracket * count)


def test_half_a_million_levels_are_refused_and_do_not_overflow_the_stack() -> None:
    with pytest.raises(ValueError, match=r"depth|nested"):
        loads(b"[" * 500_000 + b"]" * 500_000)


def test_a_text_that_never_ends_is_refused_in_linear_time() -> None:
    bomb = b"[%b%b" % (b"[]," * MAX_DEPTH, b'"' + b'\\"' * 500_000)  # hours, if each quote starts a search
    with pytest.raises(ValueError, match="unexpected end"):
        loads(bomb)


@given(st.binary() | TEXTS.map(str.encode) | VALUES.map(json.dumps).map(lambda text: text.encode()[:-1]))
def test_invalid_JSON_is_a_ValueError_and_nothing_else(raw: bytes) -> None:
    for text in (raw, b"[%b,12345678901234567890]" % raw):
        try:
            value = loads(text)
        except ValueError:
            continue
        assert same(value, json.loads(text.decode()))


NO_JSON = rb"""
    NaN -Infinity [1,] {"a":1,} 01 -01 1. .1 1e +1 0x1 1_000 "\x41" "\u00" "\ud800" "\udc00\ud800" "\ud800x" 'a' {1:2}
    /**/[] True
""".split()


@pytest.mark.parametrize(
    "raw",
    [
        *NO_JSON,
        *(b"", b" ", b'"\x00"', b'"\x1f"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"'),
        *(b"\xef\xbb\xbf[]", b"[]\x00", b"[] []", b"[1 2]", b"[\xc2\xa0]", b"[\x0b]"),
    ],
)
def test_what_RFC_8259_does_not_know_is_refused_on_every_path(raw: bytes) -> None:
    for text in (raw, b"[%b,12345678901234567890]" % raw, b"[%b%b]" % (b"[]," * 65, raw)):
        with pytest.raises(ValueError, match=r"."):
            loads(text)


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_of_duplicate_keys_the_last_wins(kind: type[bytes] | type[bytearray]) -> None:
    raw = b'{"a":1,"b":2,"\\u0061":3}'
    assert loads(kind(raw)) == {"a": 3, "b": 2}
    assert loads(kind(b"[%b,12345678901234567890]" % raw)) == [{"a": 3, "b": 2}, 12345678901234567890]


# Writing


DOUBLES = [5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 1e16, 1e22, 123456789.125]


@given(VALUES)
@example(DOUBLES)
@example([*DOUBLES, 2**70])
def test_what_is_written_is_read_again(value: Any) -> None:
    check_value(value)
    written = dumps(value)
    assert same(loads(written), value)
    assert written == json.dumps(json.loads(written), ensure_ascii=False, separators=(",", ":")).encode() or (
        b"e" in written or b"." in written  # floats have several spellings
    )


class _Colour(StrEnum):
    RED = "red"


class _Size(IntEnum):
    LARGE = 5


class _Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (_Colour.RED, b'"red"'),
        (_Size.LARGE, b"5"),
        (_Text("é"), '"é"'.encode()),
        ((1, (2,)), b"[1,[2]]"),
        (OrderedDict(b=1, a=2), b'{"b":1,"a":2}'),
        ({_Text("k"): 1}, b'{"k":1}'),
        ({_Colour.RED: 1}, b'{"red":1}'),
        (2**64, b"18446744073709551616"),
        ([2**64, "é\u2028", {_Text("k"): _Size.LARGE}], '[18446744073709551616,"é\u2028",{"k":5}]'.encode()),
        ('\x00\x1f\x7f"\\/', b'"\\u0000\\u001f\x7f\\"\\\\/"'),
        (-0.0, b"-0.0"),
        (LongFloat("0.1000000000000000055511151231257827"), b"0.1"),
        ([LongFloat("0.1000000000000000055511151231257827"), 2**64], b"[0.1,18446744073709551616]"),
    ],
)
def test_values_are_written(value: Any, text: bytes) -> None:
    check_value(value)
    assert dumps(value) == text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nan, "nan is no JSON number"),
        (-inf, "-inf is no JSON number"),
        ("\ud800", "a lone surrogate is no character"),
        ({"\udfff": 1}, "a lone surrogate is no character"),
        ({1: 2}, "a key must be a string"),
        ({None: 2}, "a key must be a string"),
        (10**256, "number too long"),
        (-(10**255), "number too long"),
        pytest.param(10**5000, "number too long", id="10**5000"),
        (b"bytes", "bytes is no JSON type"),
        ({"a"}, "set is no JSON type"),
        (datetime(2024, 1, 1, tzinfo=UTC), "datetime is no JSON type"),
        (Decimal("0.1"), "Decimal is no JSON type"),
        (object(), "object is no JSON type"),
        (1j, "complex is no JSON type"),
    ],
)
def test_a_value_that_JSON_cannot_hold_is_named(value: Any, message: str) -> None:
    for whole in (value, [value], {"a": (1, value)}):
        with pytest.raises(ValueError, match=rf"^{message}$"):
            check_value(whole)


@pytest.mark.parametrize("depth", [0, 1, 62])
def test_values_nest_64_levels_deep_and_no_deeper(depth: int) -> None:
    value: Any = 1
    for level in range(MAX_DEPTH - depth):
        value = {"a": value} if level % 2 else [value]
    check_value(value, depth)
    endless: list[Any] = []
    endless.append(endless)
    for deeper in ([value], endless):
        with pytest.raises(ValueError, match=r"^nested deeper than 64$"):
            check_value(deeper, depth)
