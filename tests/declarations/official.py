"""The official JSON Schemas, as the `ocpp` package carries them, and our versions to measure by them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from ocpp_fast import v16, v21, v201
from ocpp_fast.schema import Action, Struct, Version

__all__ = ["PAYLOADS", "VERSIONS", "Official", "Payload", "each_payload", "inlined"]


@dataclass(frozen=True)
class Official:
    """A version of ours (`module`) and the official schemas in the folder of the same name."""

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
    def actions(self) -> set[str]:
        """The actions that have an official schema."""
        stems = {path.stem for path in self._folder.glob("*.json")}
        return {stem.removesuffix("Request").removesuffix("Response") for stem in stems}

    def schema(self, action: str, direction: str) -> dict[str, Any]:
        """Return the schema of an action's `request` or `response`; its fractions are `Decimal` (R23)."""
        path = self._folder / f"{action}{direction.title()}.json"
        return _read(path if path.exists() else self._folder / f"{action}.json")

    @property
    def _folder(self) -> Path:
        return _package() / self.name / "schemas"


@cache
def _package() -> Path:
    spec = find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


@cache
def _read(path: Path) -> dict[str, Any]:
    schema = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    assert isinstance(schema, dict)
    return schema


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose references are replaced by what they refer to, which validators follow faster."""
    definitions = schema.get("definitions", {})

    def within(value: Any) -> Any:
        if isinstance(value, dict) and "$ref" in value:
            return within(definitions[value["$ref"].removeprefix("#/definitions/")])
        return {key: within(each) for key, each in value.items()} if isinstance(value, dict) else value

    return {key: within(value) for key, value in schema.items() if key != "definitions"}


VERSIONS = [Official(v16), Official(v201), Official(v21)]


class Payload(NamedTuple):
    """One direction of one message of one version, and the struct that is declared for it."""

    official: Official
    action: Action
    direction: str
    struct: type[Struct]

    @property
    def schema(self) -> dict[str, Any]:
        return self.official.schema(self.action.name, self.direction)


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
