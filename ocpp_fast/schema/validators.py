"""Validators of payload classes, made of their JSON Schemas: many together, so that what they share is made once.

Those of OCPP's own messages are generated when the package is built, as `_validators` beside the declarations of their
version; it is imported when the first of them is needed. In a source tree they are made as any others.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, TypeAlias, TypeVar

from .._kernels.validators import Validator, load, validator, write
from .json_schema import DRAFTS, definitions_of
from .struct import Struct

__all__ = ["GENERATED", "Payload", "module_of", "source_of", "validators_of"]

GENERATED: Final = "_validators"
"""The name of generated modules."""

_OURS: Final = __name__.partition(".")[0] + "."

Payload: TypeAlias = tuple[type[Struct], int]
"""A payload class, and the JSON Schema draft that its integers follow (R20)."""

K = TypeVar("K", bound=Hashable)


def validators_of(payloads: Sequence[Payload]) -> list[Validator]:
    """Return the validators of payload classes. It may take a second for those of a whole version."""
    functions = {number: _generated(each) for number, each in enumerate(payloads)}
    missing = {number: payloads[number] for number, function in functions.items() if function is None}
    if missing:
        functions |= load(source_of(missing))["VALIDATORS"]
    return [validator(functions[number]) for number in range(len(payloads))]


def _generated(payload: Payload) -> Any:
    """Return the function that was generated for a payload class, if it is one of ours and that was done."""
    package, _, _ = payload[0].__module__.rpartition(".")
    return _module(package).get(_key(payload)) if package.startswith(_OURS) else None


@cache
def _module(package: str) -> Mapping[tuple[str, int], Any]:
    name = f"{package}.{GENERATED}"
    functions: dict[tuple[str, int], Any] = {} if find_spec(name) is None else import_module(name).VALIDATORS
    return functions


def _key(payload: Payload) -> tuple[str, int]:
    return payload[0].__qualname__, payload[1]


def module_of(payloads: Sequence[Payload]) -> str:
    """Return the source of the generated module of a package of ours."""
    return source_of({_key(each): each for each in payloads})


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
