"""The codec of a payload class: reads and writes it, by what was derived from its declaration."""

from __future__ import annotations

from functools import cache

from .._core import compiled_payload
from .._core.payload import PayloadCodec
from .._core.plan import Plan
from .plan import plan_of
from .struct_type import StructType

__all__ = ["codec_of", "codec_with"]


def codec_of(struct: StructType, draft: int = 6) -> PayloadCodec:
    """Return the one codec of `struct`; `draft` is the JSON Schema draft its integers follow (R20).

    Raises `TypeError` for an annotation that OCPP payloads have no place for.
    """
    return codec_with(plan_of(struct, draft))


@cache
def codec_with(plan: Plan) -> PayloadCodec:
    """Return the one codec of a plan."""
    return PayloadCodec(plan, compiled_payload(plan) if compiled_payload is not None else None)
