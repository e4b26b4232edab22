"""Wire instances made from a plan: valid ones up to every limit, and ones that break a single rule.

All of it is deterministic. An instance is what a JSON parser returns; its parts are shared: do not change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, NamedTuple

from ocpp_fast._core.plan import Node, Op, Plan

__all__ = ["Case", "Place", "maximal", "minimal", "path_of", "places", "valid", "violations"]

Steps = tuple[str | int, ...]

_EARLY = "2024-01-01T00:00:00.000Z"
_LATE = "2096-02-29T23:59:59.999Z"
_URI = "https://user@[2001:db8::1]:8443/a%20b/c;d=1/?e=f&g=%C3%A9#h"
_LETTERS = 'A"\\/\n\t\x00é€\u2028😀'
_BEYOND_32_BITS = 2**53 + 1
_NESTED: dict[str, Any] = {
    "snake_key": [1, -2.5, None, True, "é", {}, [[]]],
    "camelKey": "",
    "": {"vendorId": 7},
}
_MISSING = object()
_WRONG: dict[Op, list[Any]] = {
    Op.STRING: [None, 7, 2.5, True, [], {}],
    Op.ENUM: [None, 7, 2.5, True, [], {}],
    Op.DATE_TIME: [None, 7, 2.5, True, [], {}],
    Op.INTEGER: [None, "7", "", 1.5, True, [], {}],
    Op.NUMBER: [None, "21.4", True, [], {}],
    Op.BOOLEAN: [None, "true", 0, 1, 1.0, [], {}],
    Op.OBJECT: [None, "{}", 7, False, []],
    Op.OPEN: [None, "{}", 7, False, []],
    Op.LIST: [None, "[]", 7, False, {}],
    Op.JSON: [],
}
_BAD_DATE_TIMES = [
    "",
    "now",
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00+0100",
    "2024-01-01T00:00:00Z ",
    "1704067200",
]
_BAD_URIS = [
    "",
    "no uri",
    "//example.org/a",
    "/a/b",
    "https://example.org/a b",
    "https://example.org/%zz",
    "1a:b",
]


class Case(NamedTuple):
    """An instance that breaks one rule (a JSON Schema keyword) at one place; `sound` breaks none."""

    description: str
    path: str
    rule: str
    instance: dict[str, Any]
    steps: Steps
    """The path, step by step."""
    sound: dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a value may stand; of a list's elements only the last one counts."""

    steps: Steps
    node: Node
    required: bool
    """Always False for an element of a list."""

    @property
    def path(self) -> str:
        return path_of(self.steps)


def path_of(steps: Steps) -> str:
    """Return steps as errors show them: `meterValue[0].timestamp`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def minimal(plan: Plan) -> dict[str, Any]:
    """Return the smallest valid instance: required fields only, each as small as allowed."""
    return {member.key: _least(member.node) for member in plan.members if member.required}


def maximal(plan: Plan) -> dict[str, Any]:
    """Return a valid instance that has every field, each at its limit, and lists of two if they may."""
    return {member.key: _most(member.node) for member in plan.members}


def valid(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield descriptions and instances that every rule allows, at its edge."""
    yield "minimal", minimal(plan)
    yield "maximal", maximal(plan)
    for place in places(plan):
        for description, value in _edges(place.node):
            yield f"{place.path}: {description}", _holding(plan, place.steps, value)


def violations(plan: Plan) -> Iterator[Case]:
    """Yield small instances that break one rule each, for every place and every rule."""
    yield _extra(plan, (), minimal(plan))
    for place in places(plan):
        steps, node = place.steps, place.node
        sound = _holding(plan, steps, _most(node))
        if place.required:
            yield _case(plan, steps, "required", _MISSING, sound)
        for wrong in _WRONG[node.op]:
            yield _case(plan, steps, "type", wrong, sound)
        for rule, value in _bad_values(node):
            yield _case(plan, steps, rule, value, sound)
        if node.op is Op.OBJECT:
            yield _extra(plan, steps, sound)
        if node.op is Op.OPEN:
            for rule, value in _bad_vendors(node):
                yield _case(plan, (*steps, "vendorId"), rule, value, sound)


def _case(plan: Plan, steps: Steps, rule: str, value: Any, sound: dict[str, Any]) -> Case:
    path = path_of(steps)
    return Case(f"{path}: {rule}: {value!r:.60}", path, rule, _holding(plan, steps, value), steps, sound)


def _extra(plan: Plan, within: Steps, sound: dict[str, Any]) -> Case:
    return _case(plan, (*within, "notDeclared"), "additionalProperties", None, sound)


# Places


def places(plan: Plan, before: Steps = ()) -> Iterator[Place]:
    """Yield every place of a plan's instances, outer before inner."""
    for member in plan.members:
        yield from _places(Place((*before, member.key), member.node, member.required))


def _places(place: Place) -> Iterator[Place]:
    yield place
    node = place.node
    if node.plan is not None:
        yield from places(node.plan, place.steps)
    if node.item is not None:
        last = _length(node) - 1
        yield from _places(Place((*place.steps, last), node.item, required=False))


def _holding(plan: Plan, steps: Steps, value: Any) -> dict[str, Any]:
    """Return the smallest instance that has `value` at `steps`, or nothing there if it is `_MISSING`."""
    step, rest = str(steps[0]), steps[1:]
    instance = minimal(plan)
    if value is _MISSING and not rest:
        del instance[step]
    else:
        nodes = {member.key: member.node for member in plan.members}
        instance[step] = _value_holding(nodes[step], rest, value) if rest else value
    return instance


def _value_holding(node: Node, steps: Steps, value: Any) -> Any:
    if not steps:
        return value
    if node.plan is not None:
        return _holding(node.plan, steps, value)
    if node.item is not None:
        before = [_least(node.item)] * (_length(node) - 1)
        return [*before, _value_holding(node.item, steps[1:], value)]
    return _NESTED if value is _MISSING else _NESTED | {"vendorId": value}


# Valid values


def _least(node: Node) -> Any:
    if node.plan is not None:
        return minimal(node.plan)
    if node.item is not None:
        return [_least(node.item)] * (node.min_items or 0)
    if node.enum is not None:
        return next(iter(node.enum)).value
    if node.op in (Op.INTEGER, Op.NUMBER):
        return 0 if node.minimum is None else node.minimum
    if node.op is Op.STRING:
        return "a:" if node.uri else ""
    return {Op.BOOLEAN: False, Op.DATE_TIME: _EARLY, Op.JSON: {}, Op.OPEN: {"vendorId": ""}}[node.op]


def _most(node: Node) -> Any:
    if node.plan is not None:
        return maximal(node.plan)
    if node.item is not None:
        return [_most(node.item)] * _length(node)
    if node.enum is not None:
        return list(node.enum)[-1].value
    if node.op in (Op.INTEGER, Op.NUMBER):
        most = _BEYOND_32_BITS if node.op is Op.INTEGER else 21.4
        return most if node.maximum is None else min(most, node.maximum)
    if node.op is Op.STRING:
        return _URI if node.uri else _text(node.max_length or 100)
    if node.op is Op.OPEN:
        return _NESTED | {"vendorId": _text(node.max_length or 100)}
    return {Op.BOOLEAN: True, Op.DATE_TIME: _LATE, Op.JSON: _NESTED}[node.op]


def _edges(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield what a value may be just so, beside what the minimal and the maximal instance hold."""
    for member in node.enum or ():
        yield f"enum {member}", member.value
    if node.op is Op.INTEGER and node.whole:
        yield "an integer with a fraction (R20)", 1.0
    if node.op is Op.NUMBER and node.multiple_of is not None:
        yield from ((f"a multiple of 0.1 (R23): {value}", value) for value in (8.1, 0.3, -1.1, 1e-1, 3, 1e15))
    if node.item is not None:
        for length in {node.min_items or 0, node.max_items or 2}:
            yield f"{length} items", [_least(node.item)] * length


def _text(length: int) -> str:
    """Return a string of `length` code points that has escapes and one to four bytes a character (R22)."""
    return "".join(islice(cycle(_LETTERS), length))


def _length(node: Node) -> int:
    return max(node.min_items or 0, min(2, node.max_items or 2))


# Invalid values


def _bad_values(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield values of the right type with the rule they break."""
    if node.op is Op.INTEGER and not node.whole:
        yield "type", 1.0
    if node.max_length is not None and node.op is Op.STRING:
        yield "maxLength", _text(node.max_length + 1)
    if node.uri:
        yield from (("format", value) for value in _BAD_URIS)
    if node.op is Op.DATE_TIME:
        yield from (("format", value) for value in _BAD_DATE_TIMES)
    if node.enum is not None:
        yield from (("enum", value) for value in _bad_members([each.value for each in node.enum]))
    if node.minimum is not None:
        yield "minimum", node.minimum - 1
    if node.maximum is not None:
        yield "maximum", node.maximum + 1
    if node.multiple_of is not None:
        yield from (("multipleOf", value) for value in (21.41, 0.05, -0.15, 1e-2))
    if node.item is not None:
        yield from _bad_lists(node, node.item)


def _bad_members(values: list[str]) -> list[str]:
    first = values[0]
    candidates = ["", "Ünknown", first + "x", first[:-1], first + " ", first.swapcase(), " ".join(values)]
    return [each for each in candidates if each not in values]


def _bad_lists(node: Node, item: Node) -> Iterator[tuple[str, list[Any]]]:
    if node.min_items:
        yield "minItems", [_least(item)] * (node.min_items - 1)
    if node.max_items is not None:
        yield "maxItems", [_least(item)] * (node.max_items + 1)


def _bad_vendors(node: Node) -> Iterator[tuple[str, Any]]:
    yield "required", _MISSING
    yield "type", 7
    if node.max_length is not None:
        yield "maxLength", _text(node.max_length + 1)
