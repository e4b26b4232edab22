"""The reference payload core: every rule of every operation, by classes declared here; the spelling of each error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast._core.payload import Violation
from ocpp_fast._core.strict_json import loads
from ocpp_fast.schema import (
    CustomData,
    DateTime,
    Items,
    Json,
    MaxLength,
    MultipleOf,
    Range,
    Struct,
    Tenths,
    Uri,
    codec_of,
    field,
)


class Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Inner(Struct):
    value: int
    note: Annotated[str, MaxLength(3)] | None = None


class Outer(Struct):
    """A field of every kind, all of them optional."""

    text: Annotated[str, MaxLength(5)] | None = None
    link: Uri | None = None
    whole: int | None = None
    limited: Annotated[int, Range(-1, 10)] | None = None
    number: float | None = None
    share: Annotated[float, Range(0, 100)] | None = None
    tenths: Tenths | None = None
    thirds: Annotated[float, MultipleOf(0.3)] | None = None
    flag: bool | None = None
    time: DateTime | None = None
    colour: Colour | None = None
    inner: Inner | None = None
    inners: Annotated[list[Inner], Items(1, 2)] | None = None
    texts: list[str] | None = None
    rows: list[list[int]] | None = None
    times: list[DateTime] | None = None
    colours: list[Colour] | None = None
    anything: Json = None
    custom_data: CustomData | None = None
    limit_l2: int | None = field(json="limit_L2", default=None)
    so_c: int | None = None


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


CODEC = codec_of(Outer)
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def read(text: bytes) -> Any:
    return CODEC.decode(loads(text))


def written(**fields: Any) -> bytes:
    return CODEC.encode(Outer(**fields))


def violation_of(function: Callable[..., object], *given: Any, **options: Any) -> tuple[str, str, str]:
    with pytest.raises(Violation) as raised:
        function(*given, **options)
    return raised.value.path, raised.value.rule, raised.value.expected


# What is right: read, and written again as it came

BOTH_WAYS: list[tuple[bytes, dict[str, Any]]] = [
    ('{"text":"é😀abc"}'.encode(), {"text": "é😀abc"}),
    (b'{"link":"ftp://a/b?c#d"}', {"link": "ftp://a/b?c#d"}),
    (b'{"whole":-9007199254740993}', {"whole": -9007199254740993}),
    (b'{"whole":123456789012345678901234567890}', {"whole": 123456789012345678901234567890}),
    (b'{"number":0.1}', {"number": 0.1}),
    (b'{"time":"2024-02-29T12:00:00.000Z"}', {"time": NOON}),
    (b'{"colour":"Blue"}', {"colour": Colour.BLUE}),
    (b'{"rows":[[],[1,2]]}', {"rows": [[], [1, 2]]}),
    (b'{"colours":["Red","Blue"]}', {"colours": [Colour.RED, Colour.BLUE]}),
    (b'{"anything":{"a_b":[1,null,{"cD":2.5}]}}', {"anything": {"a_b": [1, None, {"cD": 2.5}]}}),
    (
        b'{"customData":{"vendorId":"v","a_b":{"vendorId":5}}}',
        {"custom_data": {"vendorId": "v", "a_b": {"vendorId": 5}}},
    ),
    (b'{"limit_L2":1,"soC":2}', {"limit_l2": 1, "so_c": 2}),
]


@pytest.mark.parametrize(("text", "fields"), BOTH_WAYS, ids=lambda each: str(each)[:50])
def test_a_payload_is_read_and_written(text: bytes, fields: dict[str, Any]) -> None:
    value = read(text)
    assert type(value) is Outer
    assert value == Outer(**fields)
    assert CODEC.encode(value) == text


def test_values_have_the_types_and_the_order_of_the_declaration() -> None:
    value = read(b'{"colour":"Red","time":"2024-02-29T13:00:00+01:00","number":1e2,"inners":[{"value":1}]}')
    assert value.colour is Colour.RED
    assert value.time == NOON
    assert value.time.tzinfo is UTC
    assert type(value.number) is float
    assert type(value.inners[0]) is Inner
    ordered = b'{"number":100.0,"time":"2024-02-29T12:00:00.000Z","colour":"Red","inners":[{"value":1}]}'
    assert CODEC.encode(value) == ordered  # as declared


# R20: integers by draft; `tests/protocol/value_rows.py` has what is none


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        *((b"1", 1), (b"1.0", 1), (b"-0.0", 0), (b"1e2", 100), (b"12e-0", 12), (b"1e23", 10**23), (b"1e300", 10**300)),
        (b"12345678901234567890.0", 12345678901234567890),
        (b"123456789012345678901234567890e2", 12345678901234567890123456789000),
    ],
)
def test_R20_draft_6_takes_whole_numbers_of_any_spelling(literal: bytes, value: int) -> None:
    whole = read(b'{"whole":%b}' % literal).whole
    assert type(whole) is int
    assert whole == value


# What is wrong when it is read: one of each; `tests/oracle` compares all that there is

WRONG: list[tuple[bytes, str, str, str]] = [
    (b"null", "", "type", "object"),
    (b'{"text":1}', "text", "type", "string"),
    (b'{"text":"123456"}', "text", "maxLength", "at most 5 characters"),
    (b'{"link":"a b"}', "link", "format", "an absolute URI"),
    (b'{"whole":"1"}', "whole", "type", "integer"),
    (b'{"limited":-2}', "limited", "minimum", "at least -1"),
    (b'{"limited":11}', "limited", "maximum", "at most 10"),
    (b'{"tenths":0.05}', "tenths", "multipleOf", "a multiple of 0.1"),
    (b'{"flag":1}', "flag", "type", "boolean"),
    (b'{"time":"now"}', "time", "format", "an RFC 3339 date-time"),
    (b'{"colour":"red"}', "colour", "enum", "one of Red, Blue"),
    (b'{"inner":{}}', "inner.value", "required", "a value"),
    (b'{"inner":{"value":1,"x":1}}', "inner.x", "additionalProperties", "no property of this name"),
    (b'{"inners":[]}', "inners", "minItems", "at least 1 item"),
    (b'{"inners":[{"value":1},{"value":2},{"value":3}]}', "inners", "maxItems", "at most 2 items"),
    (b'{"inners":[{"value":1},5]}', "inners[1]", "type", "object"),
    (b'{"rows":[[1],[2,"3"]]}', "rows[1][1]", "type", "integer"),
    (b'{"customData":{}}', "customData.vendorId", "required", "a value"),
    (b'{"custom_data":{"vendorId":"v"}}', "custom_data", "additionalProperties", "no property of this name"),
    (b'{"%b":1}' % (b"k" * 100), "k" * 64, "additionalProperties", "no property of this name"),
]


@pytest.mark.parametrize(("text", "path", "rule", "expected"), WRONG, ids=lambda each: str(each)[:50])
def test_a_violation_says_where_which_and_what(text: bytes, path: str, rule: str, expected: str) -> None:
    assert violation_of(read, text) == (path, rule, expected)


def test_a_violation_seen_from_outside_has_the_longer_path() -> None:
    inner = Violation("[1].value", "type", "integer")
    assert inner.within("a").path == "a[1].value"
    assert inner.within("a").within("b").path == "b.a[1].value"
    assert Violation("", "type", "object").within("a").path == "a"
    assert Violation("a", "type", "object").within("").path == "a"


# R23: multiples are decided on the decimal text


@pytest.mark.parametrize(("key", "step"), [("tenths", 10), ("thirds", 30)])
@given(hundredths=st.integers(0, 10**40), negative=st.booleans())
def test_R23_a_multiple_is_one_in_decimals(key: str, step: int, hundredths: int, negative: bool) -> None:
    literal = f"{'-' * negative}{hundredths // 100}.{hundredths % 100:02}"
    text = f'{{"{key}":{literal}}}'.encode()
    if hundredths % step == 0:
        assert getattr(read(text), key) == float(literal)
    else:
        assert violation_of(read, text)[1] == "multipleOf"


def test_R23_the_largest_numbers_are_no_exception() -> None:
    for text in (b'{"tenths":1e308}', b'{"tenths":-1.7976931348623157e308}', b'{"thirds":3e307}'):
        read(text)
    for text in (b'{"thirds":1e307}', b'{"thirds":1%b}' % (b"0" * 255)):
        assert violation_of(read, text)[1] == "multipleOf"


def test_R23_our_own_numbers_are_judged_by_the_text_they_will_have() -> None:
    assert violation_of(written, tenths=0.1 * 3) == ("tenths", "multipleOf", "a multiple of 0.1")
    assert written(tenths=0.3) == b'{"tenths":0.3}'


# Writing; `tests/declarations` has a typed object for each rule of every class


def test_R25_what_has_no_value_is_left_out() -> None:
    assert written(text=None, inner=Inner(value=1, note=None)) == b'{"inner":{"value":1}}'


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"colour": "Red"}, b'{"colour":"Red"}'),
        ({"texts": ("a", "b")}, b'{"texts":["a","b"]}'),
        ({"rows": ((1,), [2])}, b'{"rows":[[1],[2]]}'),
        ({"number": 3}, b'{"number":3}'),
        ({"time": NOON.astimezone(timezone(timedelta(hours=1)))}, b'{"time":"2024-02-29T12:00:00.000Z"}'),
        ({"anything": False}, b'{"anything":false}'),
        ({"anything": (1, {"a": Colour.RED})}, b'{"anything":[1,{"a":"Red"}]}'),
        ({"anything": nested(62)}, b'{"anything":%b1%b}' % (b"[" * 62, b"]" * 62)),
        ({"anything": [2**70, "é"]}, '{"anything":[1180591620717411303424,"é"]}'.encode()),
    ],
)
def test_values_that_are_as_good_are_written(fields: dict[str, Any], text: bytes) -> None:
    assert written(**fields) == text


@pytest.mark.parametrize(
    ("fields", "path", "rule", "expected"),
    [
        ({"text": b"x"}, "text", "type", "a JSON value: bytes is no JSON type"),
        ({"text": "\ud800"}, "text", "type", "a JSON value: a lone surrogate is no character"),
        ({"whole": 1.0}, "whole", "type", "integer"),
        ({"whole": True}, "whole", "type", "integer"),
        ({"whole": 10**256}, "whole", "type", "a JSON value: number too long"),
        ({"number": float("nan")}, "number", "type", "a JSON value: nan is no JSON number"),
        ({"number": Decimal("0.1")}, "number", "type", "a JSON value: Decimal is no JSON type"),
        ({"time": "2024-02-29T12:00:00Z"}, "time", "type", "datetime"),
        ({"time": NOON.replace(tzinfo=None)}, "time", "format", "a date-time with a time zone"),
        ({"inner": {"value": 1}}, "inner", "type", "Inner"),
        ({"inner": Inner(value=None)}, "inner.value", "required", "a value"),  # type: ignore[arg-type]  # wrong
        ({"inners": Inner(value=1)}, "inners", "type", "array"),
        ({"texts": "abc"}, "texts", "type", "array"),
        ({"rows": [[1], ["2"]]}, "rows[1][0]", "type", "integer"),
        ({"anything": {1: 2}}, "anything", "type", "a JSON value: a key must be a string"),
        ({"anything": {"a": NOON}}, "anything", "type", "a JSON value: datetime is no JSON type"),
        ({"custom_data": {"vendorId": "v", "x": {1}}}, "customData", "type", "a JSON value: set is no JSON type"),
        # of several faults, what is no JSON first
        ({"text": "123456", "anything": {1: 2}}, "anything", "type", "a JSON value: a key must be a string"),
        ({"inners": [Inner(value=1, note="1234"), Inner(value=2.5)]}, "inners[1].value", "type", "integer"),  # type: ignore[arg-type]
        ({"inners": [Inner(value=1)] * 3, "time": 1}, "time", "type", "datetime"),
        ({"inners": [Inner(value=1, note="1234")] * 3, "so_c": "1"}, "inners", "maxItems", "at most 2 items"),
        ({"colour": "Green", "so_c": "1"}, "colour", "enum", "one of Red, Blue"),
        # R26: two levels are the frame's array and the payload itself; `test_compiled` has what stands deeper
        ({"anything": nested(63)}, "anything", "type", "a JSON value: nested deeper than 64"),
    ],
    ids=lambda each: str(each)[:50],
)
def test_what_is_wrong_is_told_before_it_is_written(
    fields: dict[str, Any], path: str, rule: str, expected: str
) -> None:
    assert violation_of(written, **fields) == (path, rule, expected)


def test_an_instance_of_a_subclass_is_written_as_the_class_and_nothing_else() -> None:
    class More(Outer):
        more: int | None = None

    others: list[Any] = [None, {}, Inner(value=1), Outer, "x"]
    assert CODEC.encode(More(text="t", more=1)) == b'{"text":"t"}'
    for value in others:
        assert violation_of(CODEC.encode, value) == ("", "type", "Outer")
