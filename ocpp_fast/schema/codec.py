"""The codec of a payload class: reads and writes it, by what was derived from its declaration."""

from __future__ import annotations

from functools import cache, partial

from .._kernels.payload import PayloadCodec
from .json_schema import schema_of
from .plan import plan_of
from .struct import Struct

__all__ = ["codec_of"]


def codec_of(struct: type[Struct], draft: int = 6) -> PayloadCodec:
    """Return the one codec of `struct`; its validator is compiled when first needed, or by `prepare()`."""
    return _codec_of(struct, draft)


@cache
def _codec_of(struct: type[Struct], draft: int) -> PayloadCodec:
    return PayloadCodec(plan_of(struct, draft), partial(schema_of, struct, draft))
