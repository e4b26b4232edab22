"""Random wire values that every rule of a plan allows, and the places they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from ocpp_fast._core.plan import Node, Op, Plan

__all__ = ["Slot", "slots", "text_of", "valid_object", "valid_value"]

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-_/:"
_SPECIAL = '"\\/\b\f\n\r\t\x00\x01\x1f\x7f\x80éÿ€\u2028\ufffd\uffff😀\U0010ffff'
_URIS = ("https://example.org/a%20b?c=d#e", "ftp://user:pass@[2001:db8::1]:8443/f", "a:")


def valid_object(rng: Random, plan: Plan, richness: float) -> dict[str, Any]:
    """Return a valid instance; `richness` is how likely it is that an optional field is there."""
    return {
        member.key: valid_value(rng, member.node, richness)
        for member in plan.members
        if member.required or rng.random() < richness
    }


def valid_value(rng: Random, node: Node, richness: float) -> Any:
    """Return a value as a JSON parser would return it."""
    if node.plan is not None:
        return valid_object(rng, node.plan, richness * 0.8)
    if node.item is not None:
        least = node.min_items or 0
        most = 5 if node.max_items is None else node.max_items
        length = rng.choice((least, min(least + 1, most), min(least + rng.randrange(5), most)))
        return [valid_value(rng, node.item, richness * 0.8) for _ in range(length)]
    return _SIMPLE[node.op](rng, node)


def text_of(rng: Random, length: int) -> str:
    """Return so many code points: mostly plain ones, sometimes one or more of any kind."""
    kind = rng.random()
    if kind < 0.7:
        return "".join(rng.choices(_PLAIN, k=length))
    if kind < 0.8:
        return "".join(rng.choices("é€\u2028😀", k=length))
    if kind < 0.9 and length:
        plain = rng.choices(_PLAIN, k=length)
        plain[rng.randrange(length)] = rng.choice(_SPECIAL)
        return "".join(plain)
    return "".join(rng.choices(_SPECIAL + _PLAIN, k=length))


def _string(rng: Random, node: Node) -> str:
    if node.uri is not None:
        return rng.choice(_URIS)
    most = 100 if node.max_length is None else node.max_length
    return text_of(rng, most if rng.random() < 0.05 else rng.randrange(min(most, 40) + 1))


def _integer(rng: Random, node: Node) -> int:
    value = rng.choice((rng.randrange(10), rng.randrange(-1000, 10**5), rng.randrange(1 - 10**18, 10**18)))
    return int(_within(node, value))


def _number(rng: Random, node: Node) -> float:
    if rng.random() < 0.2:
        return _integer(rng, node)
    if node.multiple_of is not None:
        return round(rng.uniform(-1000, 100_000), 1)
    decimal = round(rng.uniform(-1e5, 1e5), rng.randrange(1, 7))
    return float(_within(node, rng.choice((decimal, rng.random(), rng.gauss(0, 1e9)))))


def _within(node: Node, value: float) -> float:
    if node.minimum is not None:
        value = max(value, node.minimum)
    return value if node.maximum is None else min(value, node.maximum)


def _date_time(rng: Random, node: Node) -> str:
    moment = datetime.fromtimestamp(rng.randrange(-(2**32), 2**34), UTC).replace(tzinfo=None).isoformat()
    fraction = rng.choice(("", ".000", ".123", f".{rng.randrange(10**6):06}", f".{rng.randrange(10**9):09}"))
    return moment + fraction + rng.choice(("Z", "Z", "+00:00", "+01:00", "-11:30", "+23:59"))


def _free(rng: Random, depth: int) -> Any:
    kind = rng.randrange(6 + 3 * (depth > 0))
    if kind == 8:
        return [_free(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind > 5:
        return {text_of(rng, rng.randrange(12)): _free(rng, depth - 1) for _ in range(rng.randrange(4))}
    number = round(rng.uniform(-1e6, 1e6), 3)
    return (None, True, False, rng.randrange(-1000, 10**15), number, text_of(rng, rng.randrange(20)))[kind]


def _open(rng: Random, node: Node) -> dict[str, Any]:
    items = [(text_of(rng, 5), _free(rng, 3)) for _ in range(rng.randrange(4))]
    items.append(("vendorId", text_of(rng, rng.choice((0, 7, node.max_length or 7)))))
    rng.shuffle(items)
    return dict(items)


_SIMPLE: dict[Op, Callable[[Random, Node], Any]] = {
    Op.STRING: _string,
    Op.INTEGER: _integer,
    Op.NUMBER: _number,
    Op.BOOLEAN: lambda rng, node: rng.random() < 0.5,
    Op.DATE_TIME: _date_time,
    Op.ENUM: lambda rng, node: rng.choice(list(node.enum or ())).value,
    Op.JSON: lambda rng, node: _free(rng, 3),
    Op.OPEN: _open,
}


class Slot(NamedTuple):
    """A place of a wire value: `holder[key]` is there, and `node` says what should be."""

    holder: Any
    key: Any
    node: Node


def slots(plan: Plan, value: dict[str, Any]) -> Iterator[Slot]:
    """Yield the places of a valid instance, outer before inner; those within free JSON are none."""
    for member in plan.members:
        if member.key in value:
            yield from _slots(Slot(value, member.key, member.node))


def _slots(slot: Slot) -> Iterator[Slot]:
    yield slot
    holder, key, node = slot
    if node.plan is not None:
        yield from slots(node.plan, holder[key])
    if node.item is not None:
        for index in range(len(holder[key])):
            yield from _slots(Slot(holder[key], index, node.item))
