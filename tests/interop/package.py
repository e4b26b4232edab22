"""The `ocpp` package, which others wrote, as the far side of a connection: its payloads and its handlers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.routing import on

from ocpp_fast import v16, v21, v201
from ocpp_fast._kernels.plan import Node, Op, Plan
from ocpp_fast.schema import Version

__all__ = [
    "PACKAGES",
    "Package",
    "Unportable",
    "as_users_see",
    "name_of",
    "portable",
    "renamed",
    "wire_name",
]

Answer: TypeAlias = Callable[[str, dict[str, Any]], Any]
"""A handler of an action and its payload, the keys in snake_case; it returns a `call_result`."""


@dataclass(frozen=True)
class Package:
    """A version of ours (`module`) and the part of the `ocpp` package of the same name, which speaks it."""

    module: ModuleType

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    @property
    def version(self) -> Version:
        version = self.module.VERSION
        assert isinstance(version, Version)
        return version

    def part(self, kind: str) -> Any:
        """Return its `call` or `call_result`, modules with a dataclass for each action."""
        return import_module(f"ocpp.{self.name}.{kind}")

    def payload(self, kind: str, action: str, wire: dict[str, Any]) -> Any:
        """Return its `call` or `call_result` object for a wire instance; what is absent there is None."""
        payload = getattr(self.part(kind), action)
        keys = {field.name: wire_name(field.name) for field in fields(payload)}
        assert wire.keys() <= set(keys.values())
        return payload(**{name: camel_to_snake_case(wire.get(key)) for name, key in keys.items()})

    def charge_point(self, connection: Any, answer: Answer, *, careless: bool = False) -> Any:
        """Return its `ChargePoint`, which serves either role, with `answer` as the handler of every action.

        A careless one does not validate what its handlers are asked and answer.
        """
        handlers = {f"on_{action}": _handler(action, answer, careless) for action in self.version.messages}
        base = import_module(f"ocpp.{self.name}").ChargePoint
        return type("Peer", (base,), handlers)("CP001", connection, response_timeout=5)


PACKAGES = [
    Package(v16),
    Package(v201),
    Package(v21),
]


def _handler(action: str, answer: Answer, careless: bool) -> Any:
    def handle(_: Any, **payload: Any) -> Any:
        return answer(action, payload)

    handle.__name__ = f"on_{action}"  # the package finds handlers by name
    return on(action, skip_schema_validation=careless)(handle)


# Names


def wire_name(name: str) -> str:
    """Return the key that the package sends for a name of its users."""
    (key,) = snake_to_camel_case({name: None})
    return str(key)


def name_of(key: str) -> str:
    """Return the name by which the package's users receive a key."""
    (name,) = camel_to_snake_case({key: None})
    return str(name)


def renamed(key: str) -> bool:
    """Whether the package sends by another key what its users receive from `key`."""
    return wire_name(name_of(key)) != key


def as_users_see(payload: Any) -> Any:
    """Return JSON as the package hands it to its users: a wire instance, or a `call_result` object."""
    if not isinstance(payload, dict):
        values = {field.name: getattr(payload, field.name) for field in fields(payload)}
        payload = {name: value for name, value in values.items() if value is not None}
    return json.loads(json.dumps(camel_to_snake_case(payload), default=_number))


def _number(value: object) -> float:
    assert isinstance(value, Decimal), value
    return float(value)


# What it can send


class Unportable(Exception):
    """The package can't send a value, since it renames a required key of it."""


def portable(plan: Plan, wire: dict[str, Any]) -> dict[str, Any]:
    """Return a wire instance without what the package can't send. Raises `Unportable`."""
    kept = {}
    for member in plan.members:
        if member.key not in wire:
            continue
        try:
            if renamed(member.key):
                raise Unportable(member.key)
            kept[member.key] = _portable(member.node, wire[member.key])
        except Unportable:
            if member.required:
                raise
    return kept


def _portable(node: Node, value: Any) -> Any:
    if node.plan is not None:
        return portable(node.plan, value)
    if node.item is not None:
        return [_portable(node.item, each) for each in value]
    if node.op in (Op.JSON, Op.OPEN):
        return _portable_json(value)
    return value


def _portable_json(value: Any) -> Any:
    """Return free JSON without keys that are renamed and without nulls, which the package takes away."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if each is not None and not renamed(key)}
        return {key: _portable_json(each) for key, each in kept.items()}
    if isinstance(value, list):
        return [_portable_json(each) for each in value if each is not None]
    return value
