"""The reference core of numbers: what a JSON parser would round is kept exact here (R23, R26)."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Final

import orjson

__all__ = ["MAX_LITERAL", "TINY", "LongFloat", "exact_float", "exact_int", "is_multiple", "rounded"]

MAX_LITERAL: Final = 256
"""Characters that a number may have."""
TINY: Final = 1e-300
"""Smaller numbers are kept as they are written: a double keeps fewer digits of them."""
PLACES: Final = 6
"""Decimal places that a number of 2.x may have (R50)."""

_STEP: Final = Decimal(1).scaleb(-PLACES)
_EXACT: Final = Context(4 * MAX_LITERAL, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX)  # for whatever may be written


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


def is_multiple(value: float, step: Decimal) -> bool:
    """Tell whether a number is a multiple of another, as it is written (R23)."""
    return not _EXACT.remainder(Decimal(repr(value)), step)


def rounded(value: float) -> Any:
    """Return a number as 2.x sends it: half-even to six places, as it is written, and without an exponent (R50).

    It is the number itself where JSON has it so, and its JSON text otherwise.
    """
    if isinstance(value, int):
        return value
    literal = repr(value)
    if type(value) is float and "e" not in literal and len(literal) - literal.index(".") <= PLACES + 1:
        return value
    text = f"{_EXACT.quantize(Decimal(literal), _STEP):f}".rstrip("0")
    return orjson.Fragment(f"{text}0" if text.endswith(".") else text)
