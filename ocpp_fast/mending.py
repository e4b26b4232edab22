"""Reading what breaks a rule, where a policy tolerates it.

A `Mender` reads one payload that the reference core has refused. It goes over it once, in the order of that core, and
asks for each value that breaks a rule how it is to be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from ._core.plan import Member, Node, Op, Plan
from ._core.reading import check_length, node_reader
from ._core.strict_json import dumps, loads
from ._core.texts import format_date_time, parse_date_time
from ._core.violation import Violation
from .tolerance import Answer, Mended, Rule

__all__ = ["Decide", "Mender", "shown"]

Decide: TypeAlias = Callable[[Rule, str], Answer]
"""Returns the answer to a deviation from a rule, at a path."""

_SHOWN: Final = 64
_MOST_KINDS: Final = 64
"""So many kinds of deviations are tolerated in one frame: a rule at a path is one."""
_EMPTY: Final[tuple[Any, ...]] = ("", [], {})
_IN_A_ROW: Final = 3
"""So often one value is mended: 12 as "12.0" is a number as text, and then a decimal as integer."""
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}
_NOT: Final = object()
"""There is no value to put in its place."""

_reader = cache(node_reader)


class _Mend(NamedTuple):
    """What a value deviates from, what it is put right to, and whether that need not be read again."""

    rule: Rule
    value: Any
    is_final: bool = False


class Mender:
    """Reads a payload by what `decide` answers; `mended` is what was tolerated so far."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._mended: dict[tuple[Rule, str], Mended | None] = {}

    @property
    def mended(self) -> list[Mended]:
        """What was tolerated, in order; the same rule at the same path is one, however often it was."""
        return [each for each in self._mended.values() if each is not None]

    def read(self, plan: Plan, value: Any, path: str = "") -> Any:
        """Return the typed object of a payload, which stands at a path. Raises the first `Violation` not tolerated."""
        return self._object(plan, value, path)

    def answer(self, rule: Rule, path: str, old: Any, new: Any, violation: Violation) -> Answer:
        """Return how a deviation is answered, and note it if it is tolerated; `new` is None for what is left out."""
        known = self._mended.get((rule, path), _NOT)
        if isinstance(known, Mended):
            self._mended[rule, path] = Mended(
                rule, path, known.answer, known.old, known.new, known.times + 1, known.violation
            )
            return known.answer
        answer = "refuse" if known is None or len(self._mended) >= _MOST_KINDS else self._decide(rule, path)
        if answer == "refuse":
            self._mended.setdefault((rule, path), None)
            return answer
        told = shown(old) if answer == "take" else None if new is None else shown(new)
        placed = Violation(path, violation.rule, violation.expected)
        self._mended[rule, path] = Mended(rule, path, answer, shown(old), told, violation=placed)
        return answer

    def _object(self, plan: Plan, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            violation = Violation("", "type", "object")
            if value not in ("", []) or self.answer("empty_as_object", path, value, {}, violation) == "refuse":
                raise violation
            value = {}
        for member in plan.members:
            if member.required and member.key not in value:
                raise Violation(member.key, "required", "a value")
        fields: dict[str, Any] = {}
        for member in plan.members:
            if member.key in value:
                try:
                    self._member(member, value[member.key], _inside(path, member.key), fields)
                except Violation as violation:
                    raise violation.within(member.key) from None
        self._check_rest(plan, value, path)
        return plan.struct(**fields)

    def _member(self, member: Member, value: Any, path: str, fields: dict[str, Any]) -> None:
        """Put the value of a field among the others, unless it is tolerated as absent."""
        if not member.required and (value is None or value in _EMPTY):
            try:
                fields[member.name] = _reader(member.node)(value)
                return
            except Violation as violation:
                rule: Rule = "null_as_absent" if value is None else "empty_as_absent"
                if self.answer(rule, path, value, None, violation) != "refuse":
                    return
        fields[member.name] = self._value(member.node, value, path)

    def _check_rest(self, plan: Plan, value: Mapping[str, Any], path: str) -> None:
        """Raise `Violation` for a property that no field has."""
        known = {member.key for member in plan.members}
        for key in value:
            if key not in known:
                violation = Violation(key[:_SHOWN] or '""', "additionalProperties", "no property of this name")
                place = _inside(path, violation.path)
                if self.answer("unknown_field", place, value[key], None, violation) == "refuse":
                    raise violation

    def _value(self, node: Node, value: Any, path: str) -> Any:
        if node.plan is not None:
            return self._object(node.plan, value, path)
        if node.item is not None:
            return self._list(node, node.item, value, path)
        for _ in range(_IN_A_ROW):
            try:
                return _reader(node)(value)
            except Violation as violation:
                mend = _mend(node, value, violation)
                if mend is None:
                    raise
                new = value if mend.value is _NOT else mend.value
                answer = self.answer(mend.rule, path, value, new, violation)
                if answer == "take":
                    return value
                if answer == "refuse" or mend.value is _NOT:
                    raise
                value = mend.value
                if mend.is_final:
                    return value
        return _reader(node)(value)

    def _list(self, node: Node, item: Node, value: Any, path: str) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            violation = Violation("", "type", "array")
            is_item = isinstance(value, dict) and item.plan is not None
            if not is_item or self.answer("item_as_list", path, value, [value], violation) == "refuse":
                raise violation
            value = [value]
        check_length(node, value)
        items: list[Any] = []
        try:
            for each in value:
                items.append(self._value(item, each, f"{path}[]"))
        except Violation as violation:
            raise violation.within(f"[{len(items)}]") from None
        return items


def shown(value: Any) -> str:
    """Return a value as a JSON text of 64 characters at most."""
    if isinstance(value, datetime):
        value = format_date_time(value, "microseconds")
    text = dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _inside(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _mend(node: Node, value: Any, violation: Violation) -> _Mend | None:
    """Return what a value that is neither object nor list deviates from, or None if nothing mends it."""
    if isinstance(value, str):
        return _mend_text(node, value, violation.rule)
    if violation.rule != "type" or not isinstance(value, (int, float)):
        return None
    if node.op is Op.BOOLEAN and value in (0, 1):
        return _Mend("loose_boolean", bool(value))
    if node.op in (Op.STRING, Op.ENUM):
        return _Mend("text_as_number", dumps(value).decode())
    if node.op is Op.INTEGER and isinstance(value, float):
        return _Mend("decimal_as_integer", int(value) if value.is_integer() else _NOT)
    return None


def _mend_text(node: Node, value: str, rule: str) -> _Mend | None:
    if rule == "maxLength" and node.op is Op.STRING:
        return _Mend("long_text", value[: node.max_length])
    if rule == "enum":
        return _Mend("unknown_enum", value, is_final=True)
    if rule == "format" and node.op is Op.DATE_TIME:
        moment = parse_date_time(value, lenient=True)
        return None if moment is None else _Mend("loose_time", moment, is_final=True)
    if rule == "type" and node.op in (Op.INTEGER, Op.NUMBER):
        number = _number_of(value)
        return None if number is None else _Mend("number_as_text", number)
    if rule == "type" and node.op is Op.BOOLEAN and value.lower() in _BOOLEANS:
        return _Mend("loose_boolean", _BOOLEANS[value.lower()])
    return None


def _number_of(text: str) -> float | None:
    """Return the JSON number in a text, or None."""
    try:
        number = loads(text.encode())
    except ValueError:
        return None
    return number if isinstance(number, (int, float)) and not isinstance(number, bool) else None
