"""Lengths of a station's own: the plan of a payload, with other limits for some of its texts."""

from __future__ import annotations

from copy import copy
from functools import lru_cache

from ._core.plan import Member, Node, Op, Plan
from .tolerance import FieldLength, matches

__all__ = ["with_lengths"]


@lru_cache(4096)
def with_lengths(plan: Plan, action: str, lengths: tuple[FieldLength, ...]) -> Plan:
    """Return the plan of an action's payload with the lengths that are for everyone; the same plan if none fits."""
    rows = tuple(row for row in lengths if row.peer is None and matches(row.action, action))
    return _plan(plan, "", rows) if rows else plan


def _plan(plan: Plan, path: str, rows: tuple[FieldLength, ...]) -> Plan:
    members = []
    for each in plan.members:
        node = _node(each.node, f"{path}.{each.key}" if path else each.key, rows)
        changed = node is not each.node
        members.append(Member(each.name, each.key, each.required, each.default, node) if changed else each)
    if all(new is old for new, old in zip(members, plan.members, strict=True)):
        return plan
    return Plan(plan.struct, tuple(members), plain=plan.plain)


def _node(node: Node, path: str, rows: tuple[FieldLength, ...]) -> Node:
    changed = copy(node)
    if node.plan is not None:
        changed.plan = _plan(node.plan, path, rows)
        return node if changed.plan is node.plan else changed
    if node.item is not None:
        changed.item = _node(node.item, f"{path}[]", rows)
        return node if changed.item is node.item else changed
    limit = next((row.limit for row in rows if matches(row.path, path)), None)
    if node.op is not Op.STRING or limit is None:
        return node
    changed.max_length = limit
    return changed
