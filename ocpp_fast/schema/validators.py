"""Validators of payload classes, made of their JSON Schemas: many together, so that what they share is made once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from .._kernels.validators import Validator, load, validator, write
from .json_schema import DRAFTS, definitions_of
from .struct import Struct

__all__ = ["Payload", "source_of", "validators_of"]

Payload: TypeAlias = tuple[type[Struct], int]
"""A payload class, and the JSON Schema draft that its integers follow (R20)."""

K = TypeVar("K", bound=Hashable)


def validators_of(payloads: Sequence[Payload]) -> list[Validator]:
    """Return the validators of payload classes. It may take a second for those of a whole version."""
    made: dict[int, Any] = load(source_of(dict(enumerate(payloads))))["VALIDATORS"]
    return [validator(made[number]) for number in range(len(payloads))]


def source_of(payloads: Mapping[K, Payload]) -> str:
    """Return the source of a module whose `VALIDATORS` has a function for each key, of which `repr` is a literal."""
    sources = []
    functions: dict[K, str] = {}
    for draft in sorted({draft for _, draft in payloads.values()}):
        structs = {key: struct for key, (struct, of_draft) in payloads.items() if of_draft == draft}
        definitions, names = definitions_of(structs.values(), draft)
        source, written = write(definitions, DRAFTS[draft], f"d{draft}n")
        sources.append(source)
        functions |= {key: written[names[struct]] for key, struct in structs.items()}
    entries = "".join(f"    {key!r}: {function},\n" for key, function in functions.items())
    return "\n".join([*sources, f"VALIDATORS = {{\n{entries}}}\n"])
