"""What 2.x's primitive types allow beyond the schemas, kept by all that is sent (R50, R51)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from .decimals import is_multiple, rounded
from .plan import Node, Op
from .violation import Violation

__all__ = ["Bound", "bound_of"]

Bound: TypeAlias = Callable[[Any], Any]
"""Takes a JSON value that the schema allows; returns it as it is sent. Raises `Violation`."""

_LEAST: Final = -(2**31)
_MOST: Final = 2**31 - 1
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9*\-_=:+|@.]*+")


def bound_of(node: Node) -> Bound | None:
    """Return the bound of what a node describes, None where there is none."""
    return _BOUNDS[node.op](node) if node.op in _BOUNDS else None


def _string(node: Node) -> Bound | None:
    return _identifier if node.identifier else None


def _identifier(value: str) -> str:
    if _IDENTIFIER.fullmatch(value) is None:
        raise Violation("", "pattern", "an identifier of A-Z a-z 0-9 * - _ = : + | @ .")
    return value


def _integer(node: Node) -> Bound:
    def bound(value: int) -> int:
        if value < _LEAST:
            raise Violation("", "minimum", f"at least {_LEAST}")
        if value > _MOST:
            raise Violation("", "maximum", f"at most {_MOST}")
        return value

    return bound


def _number(node: Node) -> Bound:
    step = None if node.places is None else Decimal(1).scaleb(-node.places)

    def bound(value: float) -> Any:
        if step is not None and not is_multiple(value, step):
            raise Violation("", "multipleOf", f"a multiple of {step}")
        return rounded(value)

    return bound


_BOUNDS: Final[Mapping[Op, Callable[[Node], Bound | None]]] = {
    Op.STRING: _string,
    Op.INTEGER: _integer,
    Op.NUMBER: _number,
}
