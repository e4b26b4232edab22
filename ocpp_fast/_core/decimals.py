"""The reference core of numbers: what a JSON parser would round is kept exact here (R23, R26)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["MAX_LITERAL", "TINY", "LongFloat", "exact_float", "exact_int"]

MAX_LITERAL: Final = 256
"""Characters that a number may have."""
TINY: Final = 1e-300
"""Smaller numbers are kept as they are written: a double keeps fewer digits of them."""


class LongFloat(float):
    """A number that a double may not keep as it is written; its `repr` is what was written (R23)."""

    __slots__ = ("_literal",)

    _literal: str

    def __new__(cls, literal: str) -> LongFloat:
        self = float.__new__(cls, literal)
        self._literal = literal
        return self

    def __repr__(self) -> str:
        return self._literal

    def is_integer(self) -> bool:
        """Tell whether what was written is a whole number, though the double may be one and it none."""
        written = Decimal(self._literal)
        return written == written.to_integral_value()


def exact_int(literal: str) -> int:
    """Return the integer that a JSON number is. Raises `ValueError` for one that is too long."""
    if len(literal) > MAX_LITERAL:
        raise ValueError("number too long")
    return int(literal)


def exact_float(literal: str) -> float:
    """Return what `contract.ExactFloat` says."""
    if len(literal) > MAX_LITERAL:
        raise ValueError("number too long")
    value = float(literal)
    tiny = abs(value) < TINY
    if not tiny and (len(literal) < 17 or repr(value) == literal):  # 15 digits at most are all kept
        return value
    try:
        written = Decimal(literal)
    except InvalidOperation:
        raise ValueError("exponent too long") from None
    kept = not written if tiny else Decimal(repr(value)) == written
    return value if kept else LongFloat(literal)
