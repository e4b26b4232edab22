"""The msgspec Structs that say what our declarations say, made from the same plans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ocpp_fast._core.plan import Node, Op, Plan

__all__ = ["CallHead", "ResultHead", "decoders_of", "peer_value", "struct_of"]

UniqueId = Annotated[str, Meta(min_length=1, max_length=36)]


class CallHead(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A CALL whose payload is not read yet."""

    message_type: int
    unique_id: UniqueId
    action: str
    payload: msgspec.Raw


class ResultHead(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A CALLRESULT whose payload is not read yet."""

    message_type: int
    unique_id: UniqueId
    payload: msgspec.Raw


@cache
def struct_of(plan: Plan) -> type[msgspec.Struct]:
    """Return the Struct that is equal to a plan's class and has its constraints."""
    fields: list[Any] = []
    for member in plan.members:
        kind = _type_of(member.node)
        fields.append((member.name, kind) if member.required else (member.name, kind | None, None))
    return msgspec.defstruct(
        plan.struct.__name__,
        fields,
        rename={member.name: member.key for member in plan.members},
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
    )


def decoders_of(plans: Iterable[Plan]) -> list[msgspec.json.Decoder[Any]]:
    """Return the decoders of some payloads."""
    return [msgspec.json.Decoder(struct_of(plan)) for plan in plans]


def _type_of(node: Node) -> Any:
    if node.plan is not None:
        return struct_of(node.plan)
    if node.item is not None:
        return _constrained(
            list[_type_of(node.item)],  # type: ignore[misc]  # made at run time
            min_length=node.min_items,
            max_length=node.max_items,
        )
    if node.enum is not None:
        return node.enum
    if node.op is Op.DATE_TIME:
        return Annotated[datetime, Meta(tz=True)]
    if node.op is Op.OPEN:
        return dict[str, Any]
    if node.op is Op.STRING:
        return _constrained(str, max_length=node.max_length)
    simple: dict[Op, Any] = {Op.INTEGER: int, Op.NUMBER: float, Op.BOOLEAN: bool, Op.JSON: Any}
    return _constrained(simple[node.op], ge=node.minimum, le=node.maximum)


def _constrained(kind: Any, **limits: Any) -> Any:
    """Add the limits that bind; of `multipleOf: 0.1`, whose rest msgspec takes in binary, nothing is asked."""
    binding = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[kind, Meta(**binding)] if binding else kind


def peer_value(node: Node, value: Any) -> Any:
    """Return the value that is for the Structs what `value` is for our classes."""
    if value is None:
        return None
    if node.plan is not None:
        fields = {member.name: peer_value(member.node, getattr(value, member.name)) for member in node.plan.members}
        return struct_of(node.plan)(**fields)
    if node.item is not None:
        return [peer_value(node.item, each) for each in value]
    return value
