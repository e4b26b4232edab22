"""The reference core's readers: JSON values become typed values, and every rule is checked on the way.

There is a reader for each kind of value, made of its node: a function that returns the typed value, or raises the
`Violation` that comes first in this order: an object's type, what it lacks, its fields as they are declared, each with
all that is in it, what it must not have; a list's type, its length, its items.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from sys import maxsize
from typing import Any, Final, TypeAlias

from .decimals import is_multiple
from .plan import Node, Op, Plan
from .texts import parse_date_time
from .violation import Violation

__all__ = ["ReadFunction", "check_length", "node_reader", "reader_of"]

ReadFunction: TypeAlias = Callable[[Any], Any]
"""Takes a JSON value and returns the typed value. Raises `Violation`."""

_SHOWN: Final = 64


@cache
def reader_of(plan: Plan) -> ReadFunction:
    """Return the one reader of the objects that a plan describes."""
    struct = plan.struct
    required = [member.key for member in plan.members if member.required]
    members = {member.key: (member.name, node_reader(member.node)) for member in plan.members}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Violation("", "type", "object")
        for key in required:
            if key not in value:
                raise Violation(key, "required", "a value")
        fields = {}
        key = ""
        try:
            for key, each in value.items():
                name, read_member = members[key]
                fields[name] = read_member(each)
        except KeyError:
            _check_rest(value, members, fields)
            raise Violation(key[:_SHOWN] or '""', "additionalProperties", "no property of this name") from None
        except Violation as violation:
            _check_rest(value, members, fields, key)
            raise violation.within(key) from None
        return struct(**fields)

    return read


def _check_rest(
    value: Mapping[str, Any],
    members: Mapping[str, tuple[str, ReadFunction]],
    read: Container[str],
    end: str | None = None,
) -> None:
    """Raise the first `Violation` of the members, in their order, that were not read yet; `end` is not looked at."""
    for key, (name, read_member) in members.items():
        if key == end:
            return
        if key in value and name not in read:
            try:
                read_member(value[key])
            except Violation as violation:
                raise violation.within(key) from None


def node_reader(node: Node) -> ReadFunction:
    """Return a reader of what a node describes."""
    return _READERS[node.op](node)


def _object(node: Node) -> ReadFunction:
    assert node.plan is not None
    return reader_of(node.plan)


def _list(node: Node) -> ReadFunction:
    assert node.item is not None
    read_item = node_reader(node.item)

    def read(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise Violation("", "type", "array")
        check_length(node, value)
        items: list[Any] = []
        try:
            for each in value:
                items.append(read_item(each))
        except Violation as violation:
            raise violation.within(f"[{len(items)}]") from None
        return items

    return read


def check_length(node: Node, items: list[Any] | tuple[Any, ...]) -> None:
    """Raise `Violation` unless a list has as many items as its node allows."""
    length = len(items)
    if node.min_items is not None and length < node.min_items:
        raise Violation("", "minItems", f"at least {_counted(node.min_items)}")
    if node.max_items is not None and length > node.max_items:
        raise Violation("", "maxItems", f"at most {_counted(node.max_items)}")


def _counted(items: int) -> str:
    return "1 item" if items == 1 else f"{items} items"


def _string(node: Node) -> ReadFunction:
    limit = maxsize if node.max_length is None else node.max_length
    is_uri = node.uri

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise Violation("", "type", "string")
        if len(value) > limit:
            raise Violation("", "maxLength", f"at most {limit} characters")
        if is_uri is not None and not is_uri(value):
            raise Violation("", "format", "an absolute URI")
        return value

    return read


def _enum(node: Node) -> ReadFunction:
    kind = node.enum
    assert kind is not None
    members = {member.value: member for member in kind}

    def read(value: Any) -> Any:
        try:
            return members[value]
        except (KeyError, TypeError):
            return _rare_member(kind, value)

    return read


def _rare_member(kind: type[StrEnum], value: Any) -> StrEnum:
    """Return the member that equals a string of a class of its own, which may have another hash."""
    if not isinstance(value, str):
        raise Violation("", "type", "string")
    for member in kind:
        if value == member.value:
            return member
    raise Violation("", "enum", f"one of {', '.join(member.value for member in kind)}")


def _date_time(node: Node) -> ReadFunction:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise Violation("", "type", "string")
        moment = parse_date_time(value)
        if moment is None:
            raise Violation("", "format", "an RFC 3339 date-time")
        return moment

    return read


def _integer(node: Node) -> ReadFunction:
    whole, minimum, maximum = node.whole, node.minimum, node.maximum

    def read(value: Any) -> int:
        if type(value) is not int:
            value = _rare_integer(value, whole)
        if minimum is not None and value < minimum:
            raise Violation("", "minimum", f"at least {minimum}")
        if maximum is not None and value > maximum:
            raise Violation("", "maximum", f"at most {maximum}")
        number: int = value
        return number

    return read


def _rare_integer(value: Any, whole: bool) -> int:
    """Return a number other than a plain `int` as an integer; `whole` tells whether 1.0 is one (R20)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if whole and isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    raise Violation("", "type", "integer")


def _number(node: Node) -> ReadFunction:
    minimum, maximum = node.minimum, node.maximum
    step = None if node.multiple_of is None else Decimal(repr(node.multiple_of))

    def read(value: Any) -> Any:
        if not isinstance(value, (float, int)) or isinstance(value, bool):
            raise Violation("", "type", "number")
        if minimum is not None and value < minimum:
            raise Violation("", "minimum", f"at least {minimum}")
        if maximum is not None and value > maximum:
            raise Violation("", "maximum", f"at most {maximum}")
        if step is not None and not is_multiple(value, step):
            raise Violation("", "multipleOf", f"a multiple of {step}")
        return value if type(value) is int else float(value)

    return read


def _boolean(node: Node) -> ReadFunction:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Violation("", "type", "boolean")
        return value

    return read


def _json(node: Node) -> ReadFunction:
    return _same


def _same(value: Any) -> Any:
    return value


def _open(node: Node) -> ReadFunction:
    read_vendor = _string(node)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Violation("", "type", "object")
        if "vendorId" not in value:
            raise Violation("vendorId", "required", "a value")
        try:
            read_vendor(value["vendorId"])
        except Violation as violation:
            raise violation.within("vendorId") from None
        return value

    return read


_READERS: Final[Mapping[Op, Callable[[Node], ReadFunction]]] = {
    Op.STRING: _string,
    Op.INTEGER: _integer,
    Op.NUMBER: _number,
    Op.BOOLEAN: _boolean,
    Op.DATE_TIME: _date_time,
    Op.ENUM: _enum,
    Op.OBJECT: _object,
    Op.LIST: _list,
    Op.JSON: _json,
    Op.OPEN: _open,
}
