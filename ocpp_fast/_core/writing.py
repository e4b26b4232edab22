"""The reference core's writers: typed values become JSON values, and every rule is checked on the way.

The rules of a value on the wire are checked by its reader; the writer checks only that there is a JSON value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

from .bounds import Bound, bound_of
from .decimals import LongFloat
from .plan import Node, Op, Plan
from .reading import ReadFunction, check_length, node_reader
from .strict_json import check_value
from .texts import Timespec, format_date_time
from .violation import Violation

__all__ = ["WriteFunction", "writer_of"]

WriteFunction: TypeAlias = Callable[[Any, int, Timespec], Any]
"""Takes a typed value and the number of arrays and objects around it; returns the JSON value. Raises `Violation`."""

_SHOWN: Final = 64


@cache
def writer_of(plan: Plan, ruled: bool = True, bounded: bool = False) -> WriteFunction:
    """Return the one writer of the objects that a plan describes.

    Where it is not `ruled` it judges only whether there is a JSON value, not whether that keeps the rules; where it is
    `bounded`, values keep the bounds of what 2.x sends, too.
    """
    struct = plan.struct
    members = [(each.name, each.key, each.required, _writer(each.node, ruled, bounded)) for each in plan.members]

    def write(value: Any, depth: int, timespec: Timespec) -> dict[str, Any]:
        if not isinstance(value, struct):
            raise Violation("", "type", struct.__name__)
        wire = {}
        key = ""
        try:
            for name, key, required, write_member in members:
                field = getattr(value, name)
                if field is not None:
                    wire[key] = write_member(field, depth + 1, timespec)
                elif required:
                    raise Violation("", "required", "a value")
        except Violation as violation:
            raise violation.within(key) from None
        return wire

    return write


def _writer(node: Node, ruled: bool, bounded: bool) -> WriteFunction:
    if node.plan is not None:
        return writer_of(node.plan, ruled, bounded)
    if node.item is not None:
        return _list(node, _writer(node.item, ruled, bounded), ruled)
    write = _WRITERS[node.op](node, node_reader(node) if ruled else _no_rules)
    bound = bound_of(node) if bounded else None
    return write if bound is None else _bounded(write, bound)


def _bounded(write: WriteFunction, bound: Bound) -> WriteFunction:
    return lambda value, depth, timespec: bound(write(value, depth, timespec))


def _no_rules(value: Any) -> None:
    pass


def _list(node: Node, write_item: WriteFunction, ruled: bool) -> WriteFunction:
    def write(value: Any, depth: int, timespec: Timespec) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise Violation("", "type", "array")
        if ruled:
            check_length(node, value)
        items: list[Any] = []
        try:
            for each in value:
                items.append(write_item(each, depth + 1, timespec))
        except Violation as violation:
            raise violation.within(f"[{len(items)}]") from None
        return items

    return write


def _value(node: Node, check: ReadFunction) -> WriteFunction:
    """Return a writer of what is a JSON value already."""

    def write(value: Any, depth: int, timespec: Timespec) -> Any:
        if type(value) is not str or not value.isascii():
            _check_json(value, depth)
        check(value)
        return value

    return write


def _enum(node: Node, check: ReadFunction) -> WriteFunction:
    kind = node.enum
    write_other = _value(node, check)

    def write(value: Any, depth: int, timespec: Timespec) -> Any:
        return value if type(value) is kind else write_other(value, depth, timespec)

    return write


def _check_json(value: Any, depth: int) -> None:
    try:
        check_value(value, depth)
    except ValueError as error:
        raise Violation("", "type", f"a JSON value: {error}"[:_SHOWN]) from None


def _integer(node: Node, check: ReadFunction) -> WriteFunction:
    write_number = _number(node, check)

    def write(value: Any, depth: int, timespec: Timespec) -> Any:
        if isinstance(value, float):
            raise Violation("", "type", "integer")
        return write_number(value, depth, timespec)

    return write


def _number(node: Node, check: ReadFunction) -> WriteFunction:
    def write(value: Any, depth: int, timespec: Timespec) -> Any:
        value = _plain_number(value)
        _check_json(value, depth)
        check(value)
        return value

    return write


def _plain_number(value: Any) -> Any:
    """Return a number of a class of its own, whose `repr` may be no number, as a plain one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not isinstance(value, LongFloat):
        return float(value)
    return value


def _boolean(node: Node, check: ReadFunction) -> WriteFunction:
    def write(value: Any, depth: int, timespec: Timespec) -> Any:
        check(value)
        return value

    return write


def _date_time(node: Node, check: ReadFunction) -> WriteFunction:
    def write(value: Any, depth: int, timespec: Timespec) -> str:
        if not isinstance(value, datetime):
            raise Violation("", "type", "datetime")
        try:
            text = format_date_time(value, timespec)
        except ValueError as error:
            raise Violation("", "format", str(error)) from None
        if type(value) is not datetime:
            check(text)
        return text

    return write


_WRITERS: Final[Mapping[Op, Callable[[Node, ReadFunction], WriteFunction]]] = {
    Op.STRING: _value,
    Op.INTEGER: _integer,
    Op.NUMBER: _number,
    Op.BOOLEAN: _boolean,
    Op.DATE_TIME: _date_time,
    Op.ENUM: _enum,
    Op.JSON: _value,
    Op.OPEN: _value,
}
