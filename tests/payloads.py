"""Payloads made from a plan: the smallest and the largest valid one, valid ones at every limit, random valid ones, and
ones that break a single rule.

A payload is what a JSON parser returns. But for the random ones they are always the same, and share their parts: do not
change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import cycle, islice
from random import Random
from typing import Any, NamedTuple

from ocpp_fast._core.plan import Node, Op, Plan
from ocpp_fast.schema.json_schema import additions_of

__all__ = [
    "Case",
    "Slot",
    "maximal",
    "minimal",
    "path_of",
    "random_payload",
    "random_text",
    "random_value",
    "slots",
    "valid",
    "violations",
]

Steps = tuple[str | int, ...]

_EARLY = "2024-01-01T00:00:00.000Z"
_LATE = "2096-02-29T23:59:59.999Z"
_URI = "https://user@[2001:db8::1]:8443/a%20b/c;d=1/?e=f&g=%C3%A9#h"
_LETTERS = 'A"\\/\n\t\x00é€\u2028😀'
_IDENTIFIER = "Az09*-_=:+|@."
_MOST_OF_32_BITS = 2**31 - 1
_BEYOND_32_BITS = 2**53 + 1
_NESTED: dict[str, Any] = {"snake_key": [1, -2.5, None, True, "é", {}, [[]]], "camelKey": "", "": {"vendorId": 7}}
_MISSING = object()
_WRONG: dict[Op, list[Any]] = {
    **{op: [None, 7, 2.5, True, [], {}] for op in (Op.STRING, Op.ENUM, Op.DATE_TIME)},
    Op.INTEGER: [None, "7", "", 1.5, True, [], {}],
    Op.NUMBER: [None, "21.4", True, [], {}],
    Op.BOOLEAN: [None, "true", 0, 1, 1.0, [], {}],
    **{op: [None, "{}", 7, False, []] for op in (Op.OBJECT, Op.OPEN)},
    Op.LIST: [None, "[]", 7, False, {}],
    Op.JSON: [],
}
_BAD_DATE_TIMES = (
    *("", "now", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-13-01T00:00:00Z"),
    *("2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+0100"),
    *("2024-01-01T00:00:00Z ", "1704067200"),
)
_BAD_URIS = ("", "no uri", "//example.org/a", "/a/b", "https://example.org/a b", "https://example.org/%zz", "1a:b")
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-_/:"
_ANY_PLAIN = bytes(ord(_PLAIN[byte % len(_PLAIN)]) for byte in range(256))
_SPECIAL = '"\\/\b\f\n\r\t\x00\x01\x1f\x7f\x80éÿ€\u2028\ufffd\uffff😀\U0010ffff'
_URIS = ("https://example.org/a%20b?c=d#e", "ftp://user:pass@[2001:db8::1]:8443/f", "a:")


class Case(NamedTuple):
    """An instance that breaks one rule (a JSON Schema keyword) at one place; `sound` breaks none."""

    description: str
    path: str
    rule: str
    instance: dict[str, Any]
    steps: Steps
    """The path, step by step."""
    sound: dict[str, Any]


class _Place(NamedTuple):
    """Where a value may stand; of a list's elements only the last one counts, and is never required."""

    steps: Steps
    node: Node
    required: bool


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
    for place in _places(plan):
        for description, value in _edges(place.node):
            yield f"{path_of(place.steps)}: {description}", _holding(plan, place.steps, value)


def violations(plan: Plan) -> Iterator[Case]:
    """Yield small instances that break one rule each, for every place and every rule."""
    yield _extra(plan, (), minimal(plan))
    for place in _places(plan):
        steps, node, required = place
        sound = _holding(plan, steps, _most(node))
        if required:
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


def _places(plan: Plan, before: Steps = ()) -> Iterator[_Place]:
    """Yield every place of a plan's instances, outer before inner."""
    for member in plan.members:
        steps, node, required = (*before, member.key), member.node, member.required
        while True:
            yield _Place(steps, node, required)
            if node.item is None:
                break
            steps, node, required = (*steps, _length(node) - 1), node.item, False
        if node.plan is not None:
            yield from _places(node.plan, steps)


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
        return _members(node.enum)[-1]
    if node.op in (Op.INTEGER, Op.NUMBER):
        most = _MOST_OF_32_BITS if node.op is Op.INTEGER else 21.4
        return most if node.maximum is None else min(most, node.maximum)
    if node.op is Op.STRING:
        return _URI if node.uri else _text(node.max_length or 100, _IDENTIFIER if node.identifier else _LETTERS)
    if node.op is Op.OPEN:
        return _NESTED | {"vendorId": _text(node.max_length or 100)}
    return {Op.BOOLEAN: True, Op.DATE_TIME: _LATE, Op.JSON: _NESTED}[node.op]


def _edges(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield what a value may be just so, beside what the minimal and the maximal instance hold."""
    for value in _members(node.enum) if node.enum else ():
        yield f"enum {value}", value
    if node.identifier:
        yield "any characters, which are not sent (R51)", _text(node.max_length or 100)
    if node.op is Op.INTEGER and node.maximum is None:
        yield "an integer beyond 32 bits", _BEYOND_32_BITS
    if node.op is Op.INTEGER and node.whole:
        yield "an integer with a fraction (R20)", 1.0
    if node.op is Op.NUMBER and node.multiple_of is not None:
        yield from ((f"a multiple of 0.1 (R23): {value}", value) for value in (8.1, 0.3, -1.1, 1e-1, 3, 1e15))
    if node.item is not None:
        for length in {node.min_items or 0, node.max_items or 2}:
            yield f"{length} items", [_least(node.item)] * length


def _members(kind: type[StrEnum]) -> list[str]:
    """Return the values of an enumeration by the schema, without what we add to it (R52)."""
    return [each.value for each in kind if each.value not in additions_of(kind)]


def _text(length: int, letters: str = _LETTERS) -> str:
    """Return a string of `length` code points that has escapes and one to four bytes a character (R22)."""
    return "".join(islice(cycle(letters), length))


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


# Random values


def random_payload(rng: Random, plan: Plan, richness: float) -> dict[str, Any]:
    """Return a valid instance; `richness` is how likely it is that an optional field is there."""
    return {
        member.key: random_value(rng, member.node, richness)
        for member in plan.members
        if member.required or rng.random() < richness
    }


def random_value(rng: Random, node: Node, richness: float) -> Any:
    """Return a value as a JSON parser would return it."""
    if node.plan is not None:
        return random_payload(rng, node.plan, richness * 0.8)
    if node.item is not None:
        least = node.min_items or 0
        most = 5 if node.max_items is None else node.max_items
        length = rng.choice((least, min(least + 1, most), min(least + rng.randrange(5), most)))
        return [random_value(rng, node.item, richness * 0.8) for _ in range(length)]
    return _RANDOM[node.op](rng, node)


def random_text(rng: Random, length: int) -> str:
    """Return so many code points: mostly plain ones, sometimes one or more of any kind."""
    kind = rng.random()
    if kind < 0.7:
        return rng.randbytes(length).translate(_ANY_PLAIN).decode()
    if kind < 0.8:
        return "".join(rng.choices("é€\u2028😀", k=length))
    if kind < 0.9 and length:
        plain = rng.choices(_PLAIN, k=length)
        plain[rng.randrange(length)] = rng.choice(_SPECIAL)
        return "".join(plain)
    return "".join(rng.choices(_SPECIAL + _PLAIN, k=length))


def _random_string(rng: Random, node: Node) -> str:
    if node.uri is not None:
        return rng.choice(_URIS)
    most = 100 if node.max_length is None else node.max_length
    if node.identifier and rng.random() < 0.5:
        return "".join(rng.choices(_IDENTIFIER, k=rng.randrange(most + 1)))
    return random_text(rng, most if rng.random() < 0.05 else rng.randrange(min(most, 40) + 1))


def _random_integer(rng: Random, node: Node) -> int:
    value = rng.choice((rng.randrange(10), rng.randrange(-1000, 10**5), rng.randrange(1 - 10**18, 10**18)))
    return int(_within(node, value))


def _random_number(rng: Random, node: Node) -> float:
    if rng.random() < 0.2:
        return _random_integer(rng, node)
    if node.multiple_of is not None:
        return round(rng.uniform(-1000, 100_000), 1)
    decimal = round(rng.uniform(-1e5, 1e5), rng.randrange(1, 7))
    return float(_within(node, rng.choice((decimal, rng.random(), rng.gauss(0, 1e9)))))


def _within(node: Node, value: float) -> float:
    if node.minimum is not None:
        value = max(value, node.minimum)
    return value if node.maximum is None else min(value, node.maximum)


def _random_date_time(rng: Random, node: Node) -> str:
    moment = datetime.fromtimestamp(rng.randrange(-(2**32), 2**34), UTC).replace(tzinfo=None).isoformat()
    fraction = rng.choice(("", ".000", ".123", f".{rng.randrange(10**6):06}", f".{rng.randrange(10**9):09}"))
    return moment + fraction + rng.choice(("Z", "Z", "+00:00", "+01:00", "-11:30", "+23:59"))


def _random_free(rng: Random, depth: int) -> Any:
    kind = rng.randrange(6 + 3 * (depth > 0))
    if kind == 8:
        return [_random_free(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind > 5:
        return {random_text(rng, rng.randrange(12)): _random_free(rng, depth - 1) for _ in range(rng.randrange(4))}
    number = round(rng.uniform(-1e6, 1e6), 3)
    return (None, True, False, rng.randrange(-1000, 10**15), number, random_text(rng, rng.randrange(20)))[kind]


def _random_open(rng: Random, node: Node) -> dict[str, Any]:
    items = [(random_text(rng, 5), _random_free(rng, 3)) for _ in range(rng.randrange(4))]
    items.append(("vendorId", random_text(rng, rng.choice((0, 7, node.max_length or 7)))))
    rng.shuffle(items)
    return dict(items)


_RANDOM: dict[Op, Callable[[Random, Node], Any]] = {
    Op.STRING: _random_string,
    Op.INTEGER: _random_integer,
    Op.NUMBER: _random_number,
    Op.BOOLEAN: lambda rng, node: rng.random() < 0.5,
    Op.DATE_TIME: _random_date_time,
    Op.ENUM: lambda rng, node: rng.choice(list(node.enum or ())).value,
    Op.JSON: lambda rng, node: _random_free(rng, 3),
    Op.OPEN: _random_open,
}


# Values in place


class Slot(NamedTuple):
    """A place in a payload, be it an instance or a typed object, and what rules the value there."""

    holder: Any
    key: Any
    """A key, the index of an item, or the name of an attribute."""
    node: Node

    def get(self) -> Any:
        """Return what is there."""
        return self.holder[self.key] if isinstance(self.holder, (dict, list)) else getattr(self.holder, self.key)

    def put(self, value: Any) -> Any:
        """Put a value there; return what was there."""
        before = self.get()
        if isinstance(self.holder, (dict, list)):
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)
        return before


def slots(plan: Plan, payload: Any) -> Iterator[Slot]:
    """Yield the places of a valid payload, outer before inner; those within free JSON are none."""
    for member in plan.members:
        if not isinstance(payload, dict):
            yield from _slots(Slot(payload, member.name, member.node))
        elif member.key in payload:
            yield from _slots(Slot(payload, member.key, member.node))


def _slots(slot: Slot) -> Iterator[Slot]:
    yield slot
    held, node = slot.get(), slot.node
    if node.plan is not None and held is not None:
        yield from slots(node.plan, held)
    if node.item is not None and held is not None:
        for index in range(len(held)):
            yield from _slots(Slot(held, index, node.item))
