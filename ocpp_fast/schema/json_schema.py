"""Plans become JSON Schemas, equal to those the Open Charge Alliance publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from .._core.plan import Node, Op, Plan
from .plan import plan_of
from .struct_type import StructType

if TYPE_CHECKING:
    from .struct import Request

__all__ = ["Definitions", "additions_of", "object_schema", "request_schema", "response_schema", "schema_of"]

_DRAFTS = {4: "http://json-schema.org/draft-04/schema#", 6: "http://json-schema.org/draft-06/schema#"}
_SIMPLE_TYPES = {Op.STRING: "string", Op.INTEGER: "integer", Op.NUMBER: "number", Op.BOOLEAN: "boolean"}


def request_schema(request: type[Request[Any]]) -> dict[str, Any]:
    """Return the JSON Schema of a message's CALL payload."""
    return schema_of(request, request.__action__.draft)


def response_schema(request: type[Request[Any]]) -> dict[str, Any]:
    """Return the JSON Schema of the CALLRESULT payload that answers `request`."""
    response = request.__action__.response
    assert response is not None
    return schema_of(response, request.__action__.draft)


def schema_of(struct: StructType, draft: int = 6) -> dict[str, Any]:
    """Return the JSON Schema of a struct, its nested types as `definitions`, of draft 4 or 6."""
    definitions = _Definitions()
    schema = {"$schema": _DRAFTS[draft], **object_schema(plan_of(struct, draft), definitions)}
    if definitions.schemas:
        schema["definitions"] = definitions.schemas
    return schema


class Definitions(Protocol):
    """Where the named types of a schema are kept."""

    def reference(self, kind: type, derive: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a reference to the definition of `kind`, derived when first asked for."""
        ...


class _Definitions:
    """The named types of one schema; two classes of one name get two definitions."""

    def __init__(self) -> None:
        self.schemas: dict[str, dict[str, Any]] = {}
        self._names: dict[type, str] = {}

    def reference(self, kind: type, derive: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a `$ref` to the definition of `kind`, derived when first asked for."""
        if kind not in self._names:
            name = kind.__name__
            while name in self.schemas:
                name += "_"
            self._names[kind] = name
            self.schemas[name] = {}
            self.schemas[name] = derive()
        return {"$ref": f"#/definitions/{self._names[kind]}"}


def object_schema(plan: Plan, definitions: Definitions) -> dict[str, Any]:
    """Return the schema of an object; its named types are kept by `definitions`."""
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    schema["properties"] = {member.key: _value(member.node, definitions) for member in plan.members}
    required = [member.key for member in plan.members if member.required]
    if required:
        schema["required"] = required
    return schema


def _value(node: Node, definitions: Definitions) -> dict[str, Any]:
    if node.op in _SIMPLE_TYPES:
        return {"type": _SIMPLE_TYPES[node.op], **_limits(node)}
    if node.op is Op.DATE_TIME:
        return {"type": "string", "format": "date-time"}
    if node.item is not None:
        return {"type": "array", "items": _value(node.item, definitions), **_limits(node)}
    if node.enum is not None:
        return definitions.reference(node.enum, partial(_enum, node.enum))
    if node.plan is not None:
        return definitions.reference(node.plan.struct, partial(object_schema, node.plan, definitions))
    if node.op is Op.OPEN:
        vendor = {"type": "string", "maxLength": node.max_length}
        return {"type": "object", "properties": {"vendorId": vendor}, "required": ["vendorId"]}
    return {}


def _enum(kind: type[StrEnum]) -> dict[str, Any]:
    additions = additions_of(kind)
    return {"type": "string", "enum": [each.value for each in kind if each.value not in additions]}


def additions_of(kind: type[StrEnum]) -> Mapping[str, str]:
    """Return the values of an enumeration that the schema lacks, each with the document that has it (R52).

    They stand in the class as `__additions__`; they are read and written as the others are.
    """
    additions: Mapping[str, str] = getattr(kind, "__additions__", {})
    return additions


def _limits(node: Node) -> dict[str, Any]:
    keywords = {
        "maxLength": node.max_length,
        "format": "uri" if node.uri else None,
        "minimum": node.minimum,
        "maximum": node.maximum,
        "multipleOf": node.multiple_of,
        "minItems": node.min_items,
        "maxItems": node.max_items,
    }
    return {keyword: value for keyword, value in keywords.items() if value is not None}
