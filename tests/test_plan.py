"""Plans: what every annotation becomes, and which annotations have no place in a payload."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, Optional, Union

import pytest

from ocpp_fast import schema
from ocpp_fast._core.plan import Node, Op
from ocpp_fast._core.texts import is_uri
from ocpp_fast.schema import (
    CustomData,
    DateTime,
    Format,
    Items,
    Json,
    MaxLength,
    MultipleOf,
    Open,
    Range,
    Str20,
    Struct,
    Tenths,
    Uri,
    field,
    plan_of,
)


class Colour(StrEnum):
    RED = "Red"


class Plain(Enum):
    RED = "Red"


class Inner(Struct):
    value: int


LIMITS = ("max_length", "minimum", "maximum", "multiple_of", "enum", "plan", "item", "min_items", "max_items", "uri")


def plan_for(annotation: Any, **default: Any) -> Node:
    """Return the node of a field `it` of this annotation, with a default or without."""
    metaclass: Any = type(Struct)
    made = metaclass("Made", (Struct,), {"__module__": __name__, "__annotations__": {"it": annotation}, **default})
    (member,) = plan_of(made).members
    return member.node


def shown(node: Node) -> dict[str, Any]:
    """Return the rules of a node that bind."""
    return {name: getattr(node, name) for name in LIMITS if getattr(node, name) is not None}


@pytest.mark.parametrize(
    ("annotation", "op", "rules"),
    [
        (str, Op.STRING, {}),
        (Str20, Op.STRING, {"max_length": 20}),
        (Annotated[str, MaxLength(7)], Op.STRING, {"max_length": 7}),
        (Uri, Op.STRING, {"uri": is_uri}),
        (int, Op.INTEGER, {}),
        (Annotated[int, Range(0, 5)], Op.INTEGER, {"minimum": 0, "maximum": 5}),
        (Annotated[int, Range(maximum=5)], Op.INTEGER, {"maximum": 5}),
        (float, Op.NUMBER, {}),
        (Tenths, Op.NUMBER, {"multiple_of": 0.1}),
        (Annotated[float, Range(-1.5), MultipleOf(0.5)], Op.NUMBER, {"minimum": -1.5, "multiple_of": 0.5}),
        (bool, Op.BOOLEAN, {}),
        (datetime, Op.DATE_TIME, {}),
        (DateTime, Op.DATE_TIME, {}),
        (Colour, Op.ENUM, {"enum": Colour}),
        (Json, Op.JSON, {}),
        (CustomData, Op.OPEN, {"max_length": 255}),
        (Annotated[dict[str, Any], Open(50)], Op.OPEN, {"max_length": 50}),
        (Inner, Op.OBJECT, {"plan": plan_of(Inner, 6)}),
    ],
    ids=lambda each: str(each)[-50:],
)
def test_an_annotation_becomes_a_node(annotation: Any, op: Op, rules: dict[str, Any]) -> None:
    node = plan_for(annotation)
    assert node.op is op
    assert shown(node) == rules


@pytest.mark.parametrize(
    "annotation",
    [Str20 | None, "Str20 | None", Optional[Str20], Union[None, Str20], "Optional[Str20]"],  # noqa: UP007, UP045
    ids=str,
)
def test_an_optional_field_has_the_node_of_its_value_and_wants_a_default(annotation: Any) -> None:
    node = plan_for(annotation, it=None)
    assert (node.op, node.max_length) == (Op.STRING, 20)
    with pytest.raises(TypeError, match=r"^Made\.it: an optional field wants a default: `= None`$"):
        plan_for(annotation)


def test_a_list_becomes_a_node_with_the_node_of_its_items() -> None:
    node = plan_for(Annotated[list[Annotated[list[Str20], Items(maximum=3)]], Items(1)])
    assert (node.op, node.min_items, node.max_items) == (Op.LIST, 1, None)
    assert node.item is not None
    assert (node.item.op, node.item.min_items, node.item.max_items) == (Op.LIST, None, 3)
    assert node.item.item is not None
    assert (node.item.item.op, node.item.item.max_length) == (Op.STRING, 20)


def test_R20_the_draft_says_whether_1_0_is_an_integer() -> None:
    class Counted(Struct):
        count: int
        inner: Inner

    old, new = plan_of(Counted, 4), plan_of(Counted, 6)
    assert [old.members[0].node.whole, new.members[0].node.whole] == [False, True]
    for plan, whole in ((old, False), (new, True)):
        inner = plan.members[1].node.plan
        assert inner is not None
        assert inner.members[0].node.whole is whole


def test_members_come_in_declared_order_with_their_names() -> None:
    class Named(Struct):
        tax_rule_id: int = field(json="taxRuleID")
        so_c: int | None = None
        seconds: int = 30
        a: int

    members = plan_of(Named).members
    assert [(each.name, each.key, each.required) for each in members] == [
        ("tax_rule_id", "taxRuleID", True),
        ("so_c", "soC", False),
        ("seconds", "seconds", False),
        ("a", "a", True),
    ]
    assert plan_of(Named).struct is Named


@pytest.mark.parametrize(
    "annotation",
    [
        *(bytes, complex, date, object, type(None), dict[str, int], dict, set[int], tuple[int, ...], Plain, int | str),
        *(Annotated[int | str, Range(0)], list, list[bytes], "list[int | str]", "dict[str, Any]"),
    ],
    ids=str,
)
def test_what_has_no_schema_is_refused_with_the_name_of_the_field(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"^Made\.it: "):
        plan_for(annotation)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Annotated[bool, Range(0)], "Range(minimum=0, maximum=None) is no rule for bool"),
        (Annotated[int, MaxLength(5)] | None, "MaxLength(limit=5) is no rule for int"),
        (list[Annotated[str, Items(1)]], "Items(minimum=1, maximum=None) is no rule for str"),
        (Annotated[list[str], "ours", MaxLength(5)], "MaxLength(limit=5) is no rule for list[str]"),
        (Annotated[str, Format("date-time")], "Format(name='date-time') is no rule for str"),
        (Annotated[Colour, MaxLength(5)], "MaxLength(limit=5) is no rule for Colour"),
        (Annotated[Inner, Open(5)], "Open(vendor_id=5) is no rule for Inner"),
        (Annotated[Str20 | None, MaxLength(5)], "MaxLength(limit=5) is no rule for "),
    ],
    ids=str,
)
def test_a_rule_that_a_type_does_not_take_is_refused_at_the_declaration(annotation: Any, expected: str) -> None:
    metaclass: Any = type(Struct)
    with pytest.raises(TypeError, match=f"^Probe.flag: {re.escape(expected)}"):
        metaclass("Probe", (Struct,), {"__annotations__": {"flag": annotation}})


@pytest.mark.parametrize("annotation", ["Annotated[bool, Range(0)]", Annotated["bool", Range(0)]], ids=str)
def test_a_rule_of_a_type_that_is_a_text_is_refused_at_the_plan(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"^Made\.it: Range\(minimum=0, maximum=None\) is no rule for bool$"):
        plan_for(annotation)


def test_each_length_has_its_name() -> None:
    lengths = {name: value for name, value in vars(schema).items() if name.startswith("Str") and name[3:].isdigit()}
    assert len(lengths) == 35
    assert lengths == {name: Annotated[str, MaxLength(int(name[3:]))] for name in lengths}


def test_a_type_of_unknown_name_is_refused_when_it_is_first_needed() -> None:
    class Broken(Struct):
        it: NotThere  # type: ignore[name-defined]  # noqa: F821  # what the test is about

    assert Broken(it=1).it == 1
    with pytest.raises(NameError, match="NotThere"):
        plan_of(Broken)
