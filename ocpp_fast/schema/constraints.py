"""The constraints that a field's annotation may have beyond its type, and their short names.

A constraint stands in `Annotated`: `Annotated[str, MaxLength(20)]`. The usual ones have short names (`Str20`,
`DateTime`, `Uri`). The rules that result are those of R21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, ForwardRef, TypeAlias, get_origin

__all__ = [
    "CustomData",
    "DateTime",
    "Format",
    "Identifier",
    "Items",
    "Json",
    "MaxLength",
    "MultipleOf",
    "Open",
    "Places",
    "Range",
    "Tenths",
    "Uri",
    "check_rules",
]


@dataclass(frozen=True, slots=True)
class MaxLength:
    """A string of at most `limit` Unicode code points (R22)."""

    limit: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list of `minimum` to `maximum` elements; None sets no bound."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `minimum` to `maximum`, both included; None sets no bound."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """A number that is a multiple of `step`, decided on its decimal text (R23)."""

    step: float


@dataclass(frozen=True, slots=True)
class Format:
    """A string of a named format: `uri` or `date-time`."""

    name: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """A string of the characters of an identifierString; it binds what 2.x sends, not what it receives (R51)."""


@dataclass(frozen=True, slots=True)
class Places:
    """A number of at most `limit` decimal places; it binds what 2.x sends, not what it receives (R50)."""

    limit: int


@dataclass(frozen=True, slots=True)
class Open:
    """A JSON object that is kept as it is; a `vendorId` of at most `vendor_id` characters is the one thing required."""

    vendor_id: int


DateTime: TypeAlias = Annotated[datetime, Format("date-time")]
"""A point in time: RFC 3339 on the wire, an aware `datetime` in UTC here (R24)."""
Uri: TypeAlias = Annotated[str, Format("uri")]
"""An absolute URI (RFC 3986)."""
Tenths: TypeAlias = Annotated[float, MultipleOf(0.1)]
"""A number with at most one decimal (R23)."""
Json: TypeAlias = Any
"""Any JSON value, passed on as it is."""
CustomData: TypeAlias = Annotated[dict[str, Any], Open(vendor_id=255)]
"""A vendor's own JSON object, open to any key and never rewritten (R21, R27); `vendorId` is required."""

_RULES: Final = (Format, Identifier, Items, MaxLength, MultipleOf, Open, Places, Range)
_TAKEN: Final[Mapping[Any, tuple[object, ...]]] = {
    str: (MaxLength, Format("uri"), Identifier),
    int: (Range,),
    float: (Range, MultipleOf, Places),
    datetime: (Format("date-time"),),
    list: (Items,),
    dict: (Open,),
}
"""The rules that each type takes: those of a class, or one alone."""


def check_rules(annotation: Any) -> None:
    """Raise `TypeError` for a rule that its type does not take; names that are not resolved yet are passed over."""
    if isinstance(annotation, (type, str)):
        return
    rules = getattr(annotation, "__metadata__", ())
    if rules:
        annotation = annotation.__origin__
        taken = _TAKEN.get(get_origin(annotation) or annotation, ())
        for rule in rules:
            if isinstance(rule, _RULES) and type(rule) not in taken and rule not in taken:
                _refuse(rule, annotation)
    for each in getattr(annotation, "__args__", ()):
        check_rules(each)


def _refuse(rule: object, annotation: Any) -> None:
    if not isinstance(annotation, (str, ForwardRef)):
        name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
        raise TypeError(f"{rule} is no rule for {name}")
