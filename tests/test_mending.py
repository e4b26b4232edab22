"""What each rule mends, or takes as it is; in which order, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, get_args

import pytest

from ocpp_fast import Tolerance
from ocpp_fast._core.strict_json import loads
from ocpp_fast._core.violation import Violation
from ocpp_fast.mending import Mender
from ocpp_fast.schema import CustomData, DateTime, Items, Json, MaxLength, Range, Struct, codec_of, plan_of
from ocpp_fast.tolerance import Answer, Mended, Rule, decide

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


class Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Inner(Struct):
    value: int
    note: Annotated[str, MaxLength(3)] | None = None


class Empty(Struct):
    note: str | None = None


class Outer(Struct):
    """A field of every kind."""

    text: Annotated[str, MaxLength(5)] | None = None
    whole: int | None = None
    limited: Annotated[int, Range(-1, 10)] | None = None
    number: float | None = None
    flag: bool | None = None
    time: DateTime | None = None
    times: list[DateTime] | None = None
    colour: Colour | None = None
    inner: Inner | None = None
    empty: Empty | None = None
    inners: Annotated[list[Inner], Items(1, 2)] | None = None
    anything: Json = None
    custom_data: CustomData | None = None


PLAN = plan_of(Outer)


def rows(rules: Iterable[Rule], answer: Answer = "mend") -> list[Tolerance]:
    return [Tolerance(rule, answer=answer) for rule in rules]


def read(text: str | bytes, tolerated: list[Tolerance], draft: int = 4) -> tuple[Any, list[Mended]]:
    value = loads(text.encode() if isinstance(text, str) else text)
    mender = Mender(lambda rule, path: decide(tolerated, rule, "Action", path))
    return mender.read(plan_of(Outer, draft), value), mender.mended


MENDS = [
    ("unknown_field", '{"a":[1,2]}', {}, "a", "[1,2]", None),
    ("unknown_field", '{"inner":{"value":1,"b":null}}', {"inner": Inner(value=1)}, "inner.b", "null", None),
    ("unknown_field", '{"":1}', {}, '""', "1", None),
    ("long_text", '{"text":"123456"}', {"text": "12345"}, "text", '"123456"', '"12345"'),
    ("long_text", '{"text":"ä😀ä😀ä😀"}', {"text": "ä😀ä😀ä"}, "text", '"ä😀ä😀ä😀"', '"ä😀ä😀ä"'),
    ("unknown_enum", '{"colour":"Pink"}', {"colour": "Pink"}, "colour", '"Pink"', '"Pink"'),
    ("number_as_text", '{"whole":"12"}', {"whole": 12}, "whole", '"12"', "12"),
    ("number_as_text", '{"number":"-1.5e1"}', {"number": -15.0}, "number", '"-1.5e1"', "-15.0"),
    ("text_as_number", '{"text":12}', {"text": "12"}, "text", "12", '"12"'),
    ("text_as_number", '{"text":1.50}', {"text": "1.5"}, "text", "1.5", '"1.5"'),
    ("text_as_number", '{"text":true}', {"text": "true"}, "text", "true", '"true"'),
    ("decimal_as_integer", '{"whole":12.0}', {"whole": 12}, "whole", "12.0", "12"),
    ("loose_boolean", '{"flag":"True"}', {"flag": True}, "flag", '"True"', "true"),
    ("loose_boolean", '{"flag":"0"}', {"flag": False}, "flag", '"0"', "false"),
    ("loose_boolean", '{"flag":1}', {"flag": True}, "flag", "1", "true"),
    ("empty_as_absent", '{"whole":""}', {}, "whole", '""', None),
    ("empty_as_absent", '{"colour":""}', {}, "colour", '""', None),
    ("empty_as_absent", '{"inners":[]}', {}, "inners", "[]", None),
    ("empty_as_absent", '{"inner":{}}', {}, "inner", "{}", None),
    ("empty_as_absent", '{"inner":[]}', {}, "inner", "[]", None),
    ("empty_as_absent", '{"customData":{}}', {}, "customData", "{}", None),
    ("empty_as_object", "[]", {}, "", "[]", "{}"),
    ("empty_as_object", '""', {}, "", '""', "{}"),
    ("empty_as_object", '{"empty":[]}', {"empty": Empty()}, "empty", "[]", "{}"),
    ("item_as_list", '{"inners":{"value":1}}', {"inners": [Inner(value=1)]}, "inners", '{"value":1}', '[{"value":1}]'),
    ("loose_time", '{"time":"2024-02-29 12:00:00"}', {"time": NOON}, "time", *["2024-02-29 12:00:00"]),
    ("loose_time", '{"time":"2024-02-29T14:00:00+02"}', {"time": NOON}, "time", *["2024-02-29T14:00:00+02"]),
    ("loose_time", '{"time":"2024-02-29T08:30:00-0330"}', {"time": NOON}, "time", *["2024-02-29T08:30:00-0330"]),
    ("null_as_absent", '{"text":null}', {}, "text", "null", None),
    ("null_as_absent", '{"inner":{"value":1,"note":null}}', {"inner": Inner(value=1)}, "inner.note", "null", None),
]
MENDS = [each if len(each) == 6 else (*each[:4], f'"{each[4]}"', '"2024-02-29T12:00:00.000000Z"') for each in MENDS]
"""The rule, the payload, the fields of what is read, and the path, the old and the new value that are told."""


@pytest.mark.parametrize(("rule", "text", "fields", "path", "old", "new"), MENDS)
def test_a_rule_mends_its_deviation_and_tells_it(
    rule: Rule, text: str, fields: dict[str, Any], path: str, old: str, new: str | None
) -> None:
    with pytest.raises(Violation):
        codec_of(Outer, 4).decode(loads(text.encode()))
    found, mended = read(text, rows([rule]))
    assert found == Outer(**fields)
    assert [type(getattr(found, name)) for name in fields] == [type(value) for value in fields.values()]
    assert mended == [Mended(rule, path, "mend", old, new)]


@pytest.mark.parametrize(
    "text",
    [
        *('{"whole":"1,5"}', '{"whole":"x"}', '{"whole":true}', '{"whole":[1]}', '{"whole":"true"}'),
        *('{"whole":12.5}', '{"whole":"12.5"}', '{"limited":"11"}', '{"limited":11}', '{"number":"NaN"}', '{"flag":2}'),
        *('{"flag":"yes"}', '{"time":"noon"}', '{"time":1700000000}', '{"text":[]}'.replace("[]", "[1]"), '"x"', "[1]"),
        *('{"inner":{"value":null}}', '{"inners":[null]}', '{"inner":[1]}', '{"inners":[1]}', '{"inners":"x"}'),
        *('{"inners":[{"value":1},{"value":2},{"value":3}]}', '{"customData":{"vendorId":null}}', '{"inner":"x"}'),
    ],
)
def test_what_no_rule_mends_is_refused(text: str) -> None:
    with pytest.raises(Violation) as strict:
        codec_of(Outer, 4).decode(loads(text.encode()))
    with pytest.raises(Violation) as refused:
        read(text, rows(get_args(Rule)))
    assert refused.value.path == strict.value.path


@pytest.mark.parametrize(
    ("rule", "text", "name", "value"),
    [
        ("long_text", '{"text":"123456"}', "text", "123456"),
        ("unknown_enum", '{"colour":"Pink"}', "colour", "Pink"),
        ("number_as_text", '{"whole":"12"}', "whole", "12"),
        ("text_as_number", '{"text":12}', "text", 12),
        ("decimal_as_integer", '{"whole":12.5}', "whole", 12.5),
        ("loose_boolean", '{"flag":1}', "flag", 1),
        ("loose_time", '{"time":"2024-02-29 12:00:00"}', "time", "2024-02-29 12:00:00"),
    ],
)
def test_what_is_taken_as_it_is_keeps_value_and_type_and_can_not_be_written_again(
    rule: Rule, text: str, name: str, value: Any
) -> None:
    found, mended = read(text, rows([rule], "take"))
    assert getattr(found, name) == value and type(getattr(found, name)) is type(value)
    assert [(each.answer, each.old == each.new) for each in mended] == [("take", True)]
    with pytest.raises(Violation) as refused:
        codec_of(Outer, 4).encode(found)
    assert refused.value.path == name


def test_one_value_may_deviate_twice() -> None:
    found, mended = read('{"whole":"12.0"}', rows(["number_as_text", "decimal_as_integer"]))
    assert found.whole == 12
    assert [(each.rule, each.old, each.new) for each in mended] == [
        ("number_as_text", '"12.0"', "12.0"),
        ("decimal_as_integer", "12.0", "12"),
    ]
    found, mended = read('{"text":1234567}', rows(["text_as_number", "long_text"]))
    assert (found.text, [each.rule for each in mended]) == ("12345", ["text_as_number", "long_text"])


def test_deviations_of_one_rule_at_one_place_of_the_schema_are_told_once_with_their_number() -> None:
    times = ",".join('"2024-02-29 12:00:00"' for _ in range(10_000))
    found, mended = read(f'{{"times":[{times}]}}', rows(["loose_time"]))
    assert len(found.times) == 10_000
    assert [(each.path, each.times) for each in mended] == [("times[]", 10_000)]


def test_so_many_kinds_of_deviations_are_tolerated_in_one_frame() -> None:
    def fields(number: int) -> str:
        return "{%s}" % ",".join(f'"x{each}":1' for each in range(number))  # noqa: UP031  # braces

    assert len(read(fields(64), rows(["unknown_field"]))[1]) == 64
    with pytest.raises(Violation, match="x64"):
        read(fields(65), rows(["unknown_field"]))


def test_what_is_told_is_short_whatever_was_sent() -> None:
    _, mended = read(f'{{"{"x" * 1000}":"{"y" * 1000}"}}', rows(["unknown_field"]))
    assert [(each.path, len(each.old), each.old[-4:]) for each in mended] == [("x" * 64, 64, "y...")]


def test_the_first_fault_that_is_left_is_that_of_the_strict_core() -> None:
    for text, path in (('{"time":"x","whole":"1","a":1}', "whole"), ('{"a":1,"time":"x"}', "time"), ('{"a":1}', "a")):
        with pytest.raises(Violation) as refused:
            read(text, rows(["loose_time"]))
        assert refused.value.path == path


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"text":null,"inner":null,"inners":null,"customData":null,"anything":null}', {}),
        ('{"inners":[{"value":1,"note":null}]}', {"inners": [Inner(value=1)]}),
        ('{"times":["2024-02-29 12:00:00Z","2024-02-29T12:00:00Z"]}', {"times": [NOON, NOON]}),
        ('{"time":"2024-02-29T12:00:00"}', {"time": NOON}),
    ],
)
def test_R25_nulls_and_sloppy_times_are_mended_together(text: str, fields: dict[str, Any]) -> None:
    assert read(text, rows(["null_as_absent", "loose_time"]))[0] == Outer(**fields)


def test_mending_leaves_what_it_was_given_alone() -> None:
    value = {"text": None, "inner": {"value": "1", "note": None}, "time": "2024-02-29 12:00:00", "inners": {"value": 1}}
    before = deepcopy(value)
    Mender(lambda rule, path: "mend").read(PLAN, value)
    assert value == before
