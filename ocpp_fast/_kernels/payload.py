"""The reference payload core: JSON values become typed objects and typed objects become bytes, both validated.

The rules are checked by a validator of the derived JSON Schema; the plan leads from values to objects and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

from .decimals import MAX_LITERAL, LongFloat
from .plan import Node, Op, Plan
from .strict_json import check_value, dumps
from .texts import Timespec, format_date_time, parse_date_time
from .validators import Validator

__all__ = ["PayloadCodec", "Violation"]

_FRAME_DEPTH = 1
_SHOWN = 64
_EXACT = Context(prec=MAX_LITERAL, Emin=MIN_EMIN, Emax=MAX_EMAX)  # to divide by 0.1 whatever was written (R23)


class Violation(ValueError):
    """A payload breaks a rule: where (`path`), which (`rule`, a JSON Schema keyword) and what was `expected`."""

    def __init__(self, path: str, rule: str, expected: str) -> None:
        super().__init__(path, rule, expected)
        self.path = path
        self.rule = rule
        self.expected = expected

    def within(self, place: str) -> Violation:
        """Return the same violation, seen from the object that holds it at `place`."""
        joint = "." if place and self.path and not self.path.startswith("[") else ""
        return Violation(f"{place}{joint}{self.path}", self.rule, self.expected)


class PayloadCodec:
    """Reads and writes the payloads of one class.

    `validate` is the validator of the JSON Schema that the plan stands for; where it is None when the first payload
    comes, `make_validator` is asked for it, which may take some milliseconds.
    """

    __slots__ = ("_make_validator", "plan", "validate")

    def __init__(self, plan: Plan, make_validator: Callable[[], Validator]) -> None:
        self.plan = plan
        self._make_validator = make_validator
        self.validate: Validator | None = None

    def decode(self, value: Any, lenient: bool = False) -> Any:
        """Return the typed object of a parsed payload. Raises `Violation`.

        Lenient takes null for an optional field and sloppy date-times (R24, R25).
        """
        if lenient and isinstance(value, dict):
            value = _tolerated(self.plan, value)
        self._check(value)
        return _read_object(self.plan, value)

    def encode(self, value: Any, timespec: Timespec = "milliseconds") -> bytes:
        """Return the JSON text of a typed object. Raises `Violation`."""
        return dumps(self.wire(value, timespec))

    def wire(self, value: Any, timespec: Timespec = "milliseconds") -> dict[str, Any]:
        """Return the JSON value of a typed object. Raises `Violation`."""
        wire = _write_object(self.plan, value, timespec, _FRAME_DEPTH)
        self._check(wire)
        return wire

    def _check(self, value: Any) -> None:
        from fastjsonschema import JsonSchemaValueException

        if self.validate is None:
            self.validate = self._make_validator()
        try:
            with localcontext(_EXACT):
                self.validate(value)
        except JsonSchemaValueException as error:
            raise _explained(error) from None


# Reading: the value is valid, only its form changes.


def _read_object(plan: Plan, value: Mapping[str, Any]) -> Any:
    fields = {}
    for member in plan.members:
        if member.key in value:
            fields[member.name] = _read(member.node, value[member.key])
    return plan.struct(**fields)


def _read(node: Node, value: Any) -> Any:
    op = node.op
    if op is Op.STRING or op is Op.BOOLEAN:
        return value
    if op is Op.OBJECT and node.plan is not None:
        return _read_object(node.plan, value)
    if op is Op.LIST and node.item is not None:
        item = node.item
        return [_read(item, each) for each in value]
    if op is Op.ENUM and node.enum is not None:
        return node.enum(value)
    if op is Op.DATE_TIME:
        return parse_date_time(value)
    if op is Op.INTEGER:
        return value if type(value) is int else int(Decimal(repr(value)))
    if op is Op.NUMBER:
        return value if type(value) is int else float(value)
    return value


# Writing: fastjsonschema judges JSON values, so what is not one yet is judged here. `depth` counts the arrays and
# objects around a value.


def _write_object(plan: Plan, value: Any, timespec: Timespec, depth: int) -> dict[str, Any]:
    if not isinstance(value, plan.struct):
        raise Violation("", "type", plan.struct.__name__)
    wire = {}
    for member in plan.members:
        field = getattr(value, member.name)
        if field is None:
            if member.required:
                raise Violation(member.key, "required", "a value")
            continue
        try:
            wire[member.key] = _write(member.node, field, timespec, depth + 1)
        except Violation as violation:
            raise violation.within(member.key) from None
    return wire


def _write(node: Node, value: Any, timespec: Timespec, depth: int) -> Any:
    op = node.op
    if op is Op.OBJECT and node.plan is not None:
        return _write_object(node.plan, value, timespec, depth)
    if op is Op.LIST and node.item is not None:
        return _write_list(node.item, value, timespec, depth)
    if op is Op.DATE_TIME:
        return _write_date_time(value, timespec)
    if op is Op.BOOLEAN:
        return value
    if op is Op.INTEGER and isinstance(value, float):
        raise Violation("", "type", "integer")
    if op is Op.INTEGER or op is Op.NUMBER:
        value = _plain_number(value)
    try:
        check_value(value, depth)
    except ValueError as error:
        raise Violation("", "type", f"a JSON value: {error}"[:_SHOWN]) from None
    return value


def _plain_number(value: Any) -> Any:
    """Return a number of a class of its own, whose `repr` may be no number, as a plain one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not isinstance(value, LongFloat):
        return float(value)
    return value


def _write_list(item: Node, value: Any, timespec: Timespec, depth: int) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise Violation("", "type", "array")
    wire = []
    for index, each in enumerate(value):
        try:
            wire.append(_write(item, each, timespec, depth + 1))
        except Violation as violation:
            raise violation.within(f"[{index}]") from None
    return wire


def _write_date_time(value: Any, timespec: Timespec) -> str:
    if not isinstance(value, datetime):
        raise Violation("", "type", "datetime")
    try:
        return format_date_time(value, timespec)
    except ValueError as error:
        raise Violation("", "format", str(error)) from None


# Lenient reading


def _tolerated(plan: Plan, value: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a payload without what lenient mode overlooks."""
    nodes = {member.key: member for member in plan.members}
    kept = {}
    for key, each in value.items():
        member = nodes.get(key)
        if member is not None:
            if each is None and not member.required:
                continue
            each = _tolerated_value(member.node, each)
        kept[key] = each
    return kept


def _tolerated_value(node: Node, value: Any) -> Any:
    if node.plan is not None and isinstance(value, dict):
        return _tolerated(node.plan, value)
    if node.item is not None and isinstance(value, list):
        item = node.item
        return [_tolerated_value(item, each) for each in value]
    if node.op is Op.DATE_TIME and isinstance(value, str):
        moment = parse_date_time(value, lenient=True)
        return value if moment is None else format_date_time(moment, "microseconds")
    return value


# Errors

_EXPECTED: dict[str, str] = {
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "multipleOf": "a multiple of {}",
    "type": "{}",
}
_FORMATS = {"date-time": "an RFC 3339 date-time", "uri": "an absolute URI"}


def _explained(error: Any) -> Violation:
    """Turn fastjsonschema's exception into path, rule and expectation."""
    path = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in error.path[1:]).lstrip(".")
    rule, limit = error.rule, error.rule_definition
    if rule == "required":
        missing = next(key for key in limit if key not in error.value)
        return Violation(missing, rule, "a value").within(path)
    if rule == "additionalProperties":
        extra = next(key for key in error.value if key not in error.definition["properties"])[:_SHOWN]
        return Violation(extra or '""', rule, "no property of this name").within(path)
    if rule == "enum":
        return Violation(path, rule, f"one of {', '.join(limit)}")
    if rule == "format":
        return Violation(path, rule, _FORMATS[limit])
    if rule in ("minItems", "maxItems"):
        items = "1 item" if limit == 1 else f"{limit} items"
        return Violation(path, rule, f"at {'least' if rule == 'minItems' else 'most'} {items}")
    return Violation(path, rule, _EXPECTED[rule].format(limit))
