"""The codec of a payload class: reads and writes it, by what was derived from its declaration."""

from __future__ import annotations

from functools import cache

from .._core import compiled_payload
from .._core.payload import PayloadCodec
from .plan import plan_of
from .struct_type import StructType

__all__ = ["codec_of"]


def codec_of(struct: StructType, draft: int = 6) -> PayloadCodec:
    """Return the one codec of `struct`; `draft` is the JSON Schema draft its integers follow (R20).

    Raises `TypeError` for an annotation that OCPP payloads have no place for.
    """
    return _codec_of(struct, draft)


@cache
def _codec_of(struct: StructType, draft: int) -> PayloadCodec:
    plan = plan_of(struct, draft)
    return PayloadCodec(plan, compiled_payload(plan) if compiled_payload is not None else None)
