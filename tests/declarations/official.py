"""Our versions and the digests of the official JSON Schemas, by which they are proved (R52)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest

from ocpp_fast import v16, v21, v201
from ocpp_fast.schema import Action, Struct, Version, schema_of

__all__ = ["PAYLOADS", "VERSIONS", "Official", "Payload", "digest_of", "each_payload", "inlined"]

DIGESTS: Final[Mapping[str, Mapping[str, str]]] = json.loads(Path(__file__).with_name("oca_digests.json").read_bytes())
"""By number of a version and name of a payload class."""

WITHOUT_EFFECT: Final = {
    *("$id", "id", "$schema", "title", "description", "comment", "$comment"),
    *("javaType", "default", "additionalItems", "definitions"),
}


@dataclass(frozen=True)
class Official:
    """A version of ours (`module`) and the digests of its official schemas."""

    module: ModuleType

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    @property
    def version(self) -> Version:
        version = self.module.VERSION
        assert isinstance(version, Version)
        return version

    @property
    def digests(self) -> Mapping[str, str]:
        return DIGESTS[self.version.number]

    @property
    def actions(self) -> set[str]:
        """The actions that have an official schema."""
        return {name.removesuffix("Request").removesuffix("Response") for name in self.digests}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose references are replaced by what they refer to, which validators follow faster."""
    definitions = schema.get("definitions", {})

    def within(value: Any) -> Any:
        if isinstance(value, dict) and "$ref" in value:
            return within(definitions[value["$ref"].removeprefix("#/definitions/")])
        return {key: within(each) for key, each in value.items()} if isinstance(value, dict) else value

    return {key: within(value) for key, value in schema.items() if key != "definitions"}


def digest_of(schema: dict[str, Any]) -> str:
    """Return the digest of a schema's canonical form: what has no effect does not count, nor does the order."""
    canonical = json.dumps(_canonical(inlined(schema)), sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:32]


def _canonical(schema: dict[str, Any]) -> dict[str, Any]:
    form = {key: _exact(value) for key, value in schema.items() if key not in WITHOUT_EFFECT}
    if schema.get("type") != "object":
        form.pop("additionalProperties", None)
    for key in form.keys() & {"required", "enum"}:
        form[key] = sorted(form[key])
    if "items" in form:
        form["items"] = _canonical(form["items"])
    properties = {name: _canonical(each) for name, each in form.pop("properties", {}).items()}
    return form | {"properties": properties} if properties else form


def _exact(value: Any) -> Any:
    """Return a fraction as its decimal text."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else str(Decimal(repr(value)))


VERSIONS = [Official(v16), Official(v201), Official(v21)]


class Payload(NamedTuple):
    """One direction of one message of one version, and the struct that is declared for it."""

    official: Official
    action: Action
    direction: str
    struct: type[Struct]

    @property
    def schema(self) -> dict[str, Any]:
        """The derived schema, which is proved to be the official one; its fractions are `Decimal` (R23)."""
        schema = json.loads(json.dumps(schema_of(self.struct, self.action.draft)), parse_float=Decimal)
        assert isinstance(schema, dict)
        return schema


PAYLOADS = [
    Payload(official, message, direction, struct)
    for official in VERSIONS
    for message in official.version.actions.values()
    for direction, struct in (("request", message.request), ("response", message.response))
    if struct is not None
]

each_payload = pytest.mark.parametrize(
    "payload", PAYLOADS, ids=lambda payload: f"{payload.official.name}-{payload.action.name}-{payload.direction}"
)
