"""Structs as types of pydantic, and so of FastAPI: bodies, response models, and their OpenAPI schemas.

pydantic is not needed: it alone calls this, and nothing of it is imported before.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from .json_schema import additions_of, object_schema
from .plan import plan_of

__all__ = ["core_schema_of"]


def core_schema_of(kind: Any, draft: int) -> Any:
    """Return the core schema of a struct or of an enumeration in one; each is a named definition of its own."""
    from pydantic_core import core_schema

    name = f"{kind.__module__}.{kind.__qualname__}:{id(kind)}"
    if issubclass(kind, StrEnum):
        members = [each for each in kind if each.value not in additions_of(kind)]
        return core_schema.enum_schema(kind, members, sub_type="str", ref=name)

    def read(value: Any) -> Any:
        return value if isinstance(value, kind) else kind.from_dict(value)

    def json_schema(_: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return {"title": kind.__name__, **object_schema(plan_of(kind, draft), _Definitions(handler, draft))}

    return core_schema.no_info_plain_validator_function(
        read,
        ref=name,
        metadata={"pydantic_js_functions": [json_schema]},
        serialization=core_schema.plain_serializer_function_ser_schema(kind.to_dict),
    )


class _Definitions:
    """The named types of a schema, kept by pydantic."""

    def __init__(self, handler: Callable[[Any], dict[str, Any]], draft: int) -> None:
        self._handler = handler
        self._draft = draft

    def reference(self, kind: type, derive: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a reference to the definition of `kind`."""
        from pydantic_core import core_schema

        inner = core_schema_of(kind, self._draft)
        return self._handler(core_schema.chain_schema([inner]))  # alone, it would not be made a definition
