"""JSON Schemas become validators: Python source that fastjsonschema writes, for many schemas at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from .texts import is_date_time, is_uri

__all__ = ["Validator", "load", "validator", "write"]

Validator: TypeAlias = Callable[[Any], Any]
"""Takes a JSON value; raises `fastjsonschema.JsonSchemaValueException` for one that breaks its schema."""

_FORMATS: Final = {"date-time": is_date_time, "uri": is_uri}
_REFERENCE: Final = "#/definitions/"


def write(schemas: Mapping[str, dict[str, Any]], draft: str, prefix: str) -> tuple[str, dict[str, str]]:
    """Return the source of functions that validate by these schemas, and the name of each one's function.

    The schemas refer to one another by `#/definitions/NAME`; `draft` is their `$schema`. `prefix`, of lower-case
    letters and digits, tells apart the functions of several sources that are loaded as one. The same schemas give the
    same source.
    """
    import fastjsonschema

    definitions = _Divided(schemas, prefix)
    entries = [{"$ref": definitions.reference(name)} for name in schemas]
    schema = {"$schema": draft, "definitions": definitions.schemas, "allOf": entries}
    source: str = fastjsonschema.compile_to_code(schema, formats=_FORMATS, use_default=False)
    return source, {name: f"validate___definitions_{key}" for name, key in definitions.keys.items()}


def load(source: str) -> dict[str, Any]:
    """Return what `source` defines."""
    scope: dict[str, Any] = {}
    for part in re.split(r"\n(?=def )", source):  # Python compiles a text in one go, and other threads would wait
        exec(part, scope)
    return scope


def validator(function: Callable[..., Any]) -> Validator:
    """Return the validator that a function of loaded source is."""
    return partial(function, custom_formats=_FORMATS)


class _Divided:
    """The same schemas in the form that makes the shortest source.

    fastjsonschema writes a whole schema, with what it refers to, beside each of its rules that may be broken: so every
    rule of an object or an array stands alone, in `allOf`, in the order in which it would be checked. `customData` is
    the same everywhere and is checked by one function. Keys are numbers, because names of functions are made of them
    without regard to case.
    """

    def __init__(self, schemas: Mapping[str, dict[str, Any]], prefix: str) -> None:
        self._prefix = prefix
        self.keys = {name: f"{prefix}{number}" for number, name in enumerate(schemas)}
        self._open: dict[str, str] = {}
        self.schemas: dict[str, dict[str, Any]] = {}
        for name, schema in schemas.items():
            self.schemas[self.keys[name]] = self._divided(schema)

    def reference(self, name: str) -> str:
        return f"{_REFERENCE}{self.keys[name]}"

    def _divided(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return {"$ref": self.reference(schema["$ref"].removeprefix(_REFERENCE))}
        if schema.get("type") == "array":
            return self._array(schema)
        if schema.get("type") == "object":
            return self._object(schema)
        return schema

    def _array(self, schema: dict[str, Any]) -> dict[str, Any]:
        limits = {keyword: schema[keyword] for keyword in ("minItems", "maxItems") if keyword in schema}
        rules = [{"type": "array"}, limits, {"items": self._divided(schema["items"])}]
        return {"allOf": [each for each in rules if each]}

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "additionalProperties" not in schema:
            key = self._open.setdefault(str(schema), f"{self._prefix}open{len(self._open)}")
            self.schemas[key] = schema
            return {"$ref": f"{_REFERENCE}{key}"}
        properties = {name: self._divided(each) for name, each in schema["properties"].items()}
        required = {keyword: schema[keyword] for keyword in ("required",) if keyword in schema}
        rules = [{"type": "object"}, required, {"properties": properties, "additionalProperties": False}]
        return {"allOf": [each for each in rules if each]}
