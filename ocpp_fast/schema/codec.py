"""The codec of a payload class: reads and writes it, by what was derived from its declaration."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from .._kernels.payload import PayloadCodec
from .plan import plan_of
from .struct import Struct
from .validators import Payload, validators_of

__all__ = ["codec_of", "prepare"]


def codec_of(struct: type[Struct], draft: int = 6) -> PayloadCodec:
    """Return the one codec of `struct`; its validator is made when first needed, or by `prepare`."""
    return _codec_of(struct, draft)


@cache
def _codec_of(struct: type[Struct], draft: int) -> PayloadCodec:
    return PayloadCodec(plan_of(struct, draft), lambda: validators_of([(struct, draft)])[0])


def prepare(payloads: Iterable[Payload]) -> None:
    """Make the validators of these payload classes that are not there yet.

    It may take a second for those of a whole version: call it in a thread, where an event loop runs. Raises `TypeError`
    for an annotation that OCPP payloads have no place for.
    """
    missing = unprepared(payloads)
    if missing:
        for payload, validate in zip(missing, validators_of(missing), strict=True):
            codec_of(*payload).validate = validate


def unprepared(payloads: Iterable[Payload]) -> list[Payload]:
    """Return those of some payload classes whose validators are not there yet, each once."""
    return list(dict.fromkeys(each for each in payloads if codec_of(*each).validate is None))
