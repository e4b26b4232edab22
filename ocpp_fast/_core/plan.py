"""The plan of a payload: what both payload cores are led by.

A plan is derived from a declaration (`ocpp_fast.schema.plan`) and says, field by field, what the wire holds and which
rules it must keep. About ten operations serve every schema of every version.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any, Final

__all__ = ["Member", "Node", "Op", "Plan"]


class Op(IntEnum):
    """The kinds of JSON value a field may hold."""

    STRING = 0
    INTEGER = 1
    NUMBER = 2
    BOOLEAN = 3
    DATE_TIME = 4
    ENUM = 5
    OBJECT = 6
    LIST = 7
    JSON = 8
    OPEN = 9


class Node:
    """One value: its kind and its rules. A rule that is None does not bind.

    STRING: `max_length` in code points, `uri`, which tells whether a string is one. INTEGER: `minimum`, `maximum`, and
    `whole`: whether `1.0` is one (R20).
    NUMBER: `minimum`, `maximum`, `multiple_of`. ENUM: `enum`. OBJECT: `plan`. LIST: `item`, `min_items`, `max_items`.
    OPEN: any object whose required `vendorId` keeps `max_length`.

    What 2.x sends is bound by two more (R50, R51). STRING: `identifier`: only the characters of an identifierString.
    NUMBER: `places`, the most decimal places.
    """

    __slots__ = (
        "enum",
        "identifier",
        "item",
        "max_items",
        "max_length",
        "maximum",
        "min_items",
        "minimum",
        "multiple_of",
        "op",
        "places",
        "plan",
        "uri",
        "whole",
    )

    def __init__(
        self,
        op: Op,
        *,
        max_length: int | None = None,
        uri: Callable[[str], bool] | None = None,
        identifier: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        multiple_of: float | None = None,
        places: int | None = None,
        whole: bool = True,
        enum: type[StrEnum] | None = None,
        plan: Plan | None = None,
        item: Node | None = None,
        min_items: int | None = None,
        max_items: int | None = None,
    ) -> None:
        self.op: Final = op
        self.max_length = max_length
        self.uri = uri
        self.identifier = identifier
        self.minimum = minimum
        self.maximum = maximum
        self.multiple_of = multiple_of
        self.places = places
        self.whole = whole
        self.enum = enum
        self.plan = plan
        self.item = item
        self.min_items = min_items
        self.max_items = max_items


class Member:
    """One field of an object: its attribute, its key on the wire, whether it must be there, and its value.

    `default` is what the attribute holds when the key is not there.
    """

    __slots__ = ("default", "key", "name", "node", "required")

    def __init__(self, name: str, key: str, required: bool, default: Any, node: Node) -> None:
        self.name = name
        self.key = key
        self.required = required
        self.default = default
        self.node = node


class Plan:
    """One object: the class its values become and its members, in declared order.

    `plain` says that an instance is its members' values in slots of those names and nothing more: no constructor of the
    user's own has to run.
    """

    __slots__ = ("members", "plain", "struct")

    def __init__(self, struct: type[Any], members: tuple[Member, ...], *, plain: bool) -> None:
        self.struct = struct
        self.members = members
        self.plain = plain
