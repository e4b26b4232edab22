"""Declarations become plans: the annotations of a `Struct`, in the form that the payload cores follow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from .._core.plan import Member, Node, Op, Plan
from .._core.texts import is_uri
from .constraints import Format, Identifier, Items, MaxLength, MultipleOf, Open, Places, Range, check_rules
from .struct_type import StructType

__all__ = ["plan_of"]


def plan_of(struct: StructType, draft: int = 6) -> Plan:
    """Return the plan of `struct`; `draft` is the JSON Schema draft its integers follow (R20).

    Raises `TypeError` for an annotation that OCPP payloads have no place for.
    """
    return _plan_of(struct, draft)


@cache
def _plan_of(struct: StructType, draft: int) -> Plan:
    hints = get_type_hints(struct, include_extras=True)
    members = []
    for each in struct.__struct_fields__.values():
        try:
            check_rules(hints[each.name])
            node = _node(_without_none(hints[each.name], each.required), draft)
        except TypeError as error:
            raise TypeError(f"{struct.__qualname__}.{each.name}: {error}") from None
        members.append(Member(each.name, each.json, each.required, each.default, node))
    return Plan(struct, tuple(members), plain=struct.__struct_plain__)


def _without_none(annotation: Any, required: bool) -> Any:
    """Take `| None` off: that a field is optional is said by its default."""
    if get_origin(annotation) in (Union, UnionType):
        rest = [each for each in get_args(annotation) if each is not NoneType]
        if len(rest) != 1:
            raise TypeError(f"a union of {len(rest)} types has no schema")
        if required:
            raise TypeError("an optional field wants a default: `= None`")
        return rest[0]
    return annotation


def _node(annotation: Any, draft: int) -> Node:
    constraints: dict[type, Any] = {}
    if get_origin(annotation) is Annotated:
        annotation, *extras = get_args(annotation)
        constraints = {type(each): each for each in extras}
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        items = constraints.get(Items, Items())
        return Node(Op.LIST, item=_node(item, draft), min_items=items.minimum, max_items=items.maximum)
    if Open in constraints:
        return Node(Op.OPEN, max_length=constraints[Open].vendor_id)
    if annotation is Any:
        return Node(Op.JSON)
    if not isinstance(annotation, type):
        raise TypeError(f"{annotation!r} has no schema")
    return _plain_node(annotation, constraints, draft)


def _plain_node(kind: type, constraints: dict[type, Any], draft: int) -> Node:
    length = constraints.get(MaxLength, MaxLength(0)).limit or None
    limits = constraints.get(Range, Range())
    if isinstance(kind, StructType):
        return Node(Op.OBJECT, plan=plan_of(kind, draft))
    if issubclass(kind, StrEnum):
        return Node(Op.ENUM, enum=kind)
    if kind is str:
        uri = is_uri if constraints.get(Format) == Format("uri") else None
        return Node(Op.STRING, max_length=length, uri=uri, identifier=Identifier in constraints)
    if kind is bool:
        return Node(Op.BOOLEAN)
    if kind is int:
        return Node(Op.INTEGER, minimum=limits.minimum, maximum=limits.maximum, whole=draft >= 6)
    if kind is float:
        step = constraints[MultipleOf].step if MultipleOf in constraints else None
        places = constraints[Places].limit if Places in constraints else None
        return Node(Op.NUMBER, minimum=limits.minimum, maximum=limits.maximum, multiple_of=step, places=places)
    if kind is datetime:
        return Node(Op.DATE_TIME)
    raise TypeError(f"{kind!r} has no schema")
