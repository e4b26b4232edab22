"""What a field's annotation may say beyond its type, and the names that declarations use for it.

A constraint stands in `Annotated`: `Annotated[str, MaxLength(20)]`. The usual ones have short names (`Str20`,
`DateTime`, `Uri`). The rules that result are those of R21.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias

__all__ = [
    "CustomData",
    "DateTime",
    "Format",
    "Items",
    "Json",
    "MaxLength",
    "MultipleOf",
    "Open",
    "Range",
    "Str3",
    "Str6",
    "Str8",
    "Str16",
    "Str20",
    "Str25",
    "Str32",
    "Str36",
    "Str40",
    "Str48",
    "Str50",
    "Str60",
    "Str64",
    "Str80",
    "Str88",
    "Str100",
    "Str128",
    "Str160",
    "Str200",
    "Str255",
    "Str256",
    "Str500",
    "Str512",
    "Str800",
    "Str1000",
    "Str1024",
    "Str2000",
    "Str2500",
    "Str5500",
    "Str5600",
    "Str7500",
    "Str10000",
    "Str11000",
    "Str17000",
    "Str18000",
    "Str32768",
    "Tenths",
    "Uri",
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

Str3: TypeAlias = Annotated[str, MaxLength(3)]
Str6: TypeAlias = Annotated[str, MaxLength(6)]
Str8: TypeAlias = Annotated[str, MaxLength(8)]
Str16: TypeAlias = Annotated[str, MaxLength(16)]
Str20: TypeAlias = Annotated[str, MaxLength(20)]
Str25: TypeAlias = Annotated[str, MaxLength(25)]
Str32: TypeAlias = Annotated[str, MaxLength(32)]
Str36: TypeAlias = Annotated[str, MaxLength(36)]
Str40: TypeAlias = Annotated[str, MaxLength(40)]
Str48: TypeAlias = Annotated[str, MaxLength(48)]
Str50: TypeAlias = Annotated[str, MaxLength(50)]
Str60: TypeAlias = Annotated[str, MaxLength(60)]
Str64: TypeAlias = Annotated[str, MaxLength(64)]
Str80: TypeAlias = Annotated[str, MaxLength(80)]
Str88: TypeAlias = Annotated[str, MaxLength(88)]
Str100: TypeAlias = Annotated[str, MaxLength(100)]
Str128: TypeAlias = Annotated[str, MaxLength(128)]
Str160: TypeAlias = Annotated[str, MaxLength(160)]
Str200: TypeAlias = Annotated[str, MaxLength(200)]
Str255: TypeAlias = Annotated[str, MaxLength(255)]
Str256: TypeAlias = Annotated[str, MaxLength(256)]
Str500: TypeAlias = Annotated[str, MaxLength(500)]
Str512: TypeAlias = Annotated[str, MaxLength(512)]
Str800: TypeAlias = Annotated[str, MaxLength(800)]
Str1000: TypeAlias = Annotated[str, MaxLength(1000)]
Str1024: TypeAlias = Annotated[str, MaxLength(1024)]
Str2000: TypeAlias = Annotated[str, MaxLength(2000)]
Str2500: TypeAlias = Annotated[str, MaxLength(2500)]
Str5500: TypeAlias = Annotated[str, MaxLength(5500)]
Str5600: TypeAlias = Annotated[str, MaxLength(5600)]
Str7500: TypeAlias = Annotated[str, MaxLength(7500)]
Str10000: TypeAlias = Annotated[str, MaxLength(10000)]
Str11000: TypeAlias = Annotated[str, MaxLength(11000)]
Str17000: TypeAlias = Annotated[str, MaxLength(17000)]
Str18000: TypeAlias = Annotated[str, MaxLength(18000)]
Str32768: TypeAlias = Annotated[str, MaxLength(32768)]
