"""The `ocpp` package, which others wrote, as the far side of a connection: its payloads and its handlers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container
from dataclasses import dataclass, fields
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.routing import on

from ocpp_fast import v16, v21, v201
from ocpp_fast._core.plan import Node, Op, Plan
from ocpp_fast.schema import Version

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
        """Return its `call` or `call_result` object for a portable instance; what is absent there is None."""
        values = {key: _as_users_send(value) for key, value in wire.items()}
        names = self.names(kind, action)
        return getattr(self.part(kind), action)(**{name: values.pop(key, None) for key, name in names.items()})

    def names(self, kind: str, action: str) -> dict[str, str]:
        """Return the keys that its `call` or `call_result` class can send, and the names of their fields."""
        return {key_of(field.name): field.name for field in fields(getattr(self.part(kind), action))}

    def portable(self, kind: str, action: str, plan: Plan, wire: dict[str, Any]) -> dict[str, Any]:
        """Return a valid instance that the package can send: the given one without what it can't."""
        return _portable_object(plan, wire, self.names(kind, action))

    def charge_point(self, connection: Any, answer: Answer, *, careless: bool = False) -> Any:
        """Return its `ChargePoint`, which serves either role, with `answer` as the handler of every action.

        A careless one does not validate what its handlers are asked and answer.
        """
        handlers = {f"on_{action}": _handler(action, answer, careless) for action in self.version.actions}
        base = import_module(f"ocpp.{self.name}").ChargePoint
        return type("Peer", (base,), handlers)("CP001", connection, response_timeout=5)


PACKAGES = [Package(v16), Package(v201), Package(v21)]


def _handler(action: str, answer: Answer, careless: bool) -> Any:
    def handle(_: Any, **payload: Any) -> Any:
        return answer(action, payload)

    handle.__name__ = f"on_{action}"  # the package finds handlers by name
    return on(action, skip_schema_validation=careless)(handle)


# Names


def name_of(key: str) -> str:
    """Return the name by which the package's users receive a key."""
    (name,) = camel_to_snake_case({key: None})
    return str(name)


def key_of(name: str) -> str:
    """Return the key that the package sends for a name."""
    (key,) = snake_to_camel_case({name: None})
    return str(key)


def sending_name(key: str) -> str | None:
    """Return a name that makes the package send a key: the one it is received by, another, or None."""
    names = (name_of(key), key, re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", key))
    return next((name for name in names if key_of(name) == key), None)


def as_users_see(payload: Any) -> Any:
    """Return JSON as the package hands it to its users: a wire instance, or a `call_result` object."""
    if not isinstance(payload, dict):
        values = {field.name: getattr(payload, field.name) for field in fields(payload)}
        payload = {name: value for name, value in values.items() if value is not None}
    return json.loads(json.dumps(camel_to_snake_case(payload), default=_number))


def _number(value: object) -> float:
    assert isinstance(value, Decimal), value
    return float(value)


def _as_users_send(value: Any) -> Any:
    """Return JSON that `portable` has left, with the names that make the package send its keys."""
    if isinstance(value, dict):
        return {sending_name(key): _as_users_send(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_users_send(each) for each in value]
    return value


# What it can send


class _Unportable(Exception):
    """The package can't send a required key of a value."""


def _portable(node: Node, value: Any) -> Any:
    if node.plan is not None:
        return _portable_object(node.plan, value, [key for key in value if sending_name(key) is not None])
    if node.item is not None:
        return [_portable(node.item, each) for each in value]
    if node.op in (Op.JSON, Op.OPEN):
        return _portable_json(value)
    return value


def _portable_object(plan: Plan, wire: dict[str, Any], keys: Container[str]) -> dict[str, Any]:
    """Return an object without what can't be sent: its own keys but `keys`, and what is in them."""
    kept = {}
    for member in plan.members:
        if member.key not in wire:
            continue
        try:
            if member.key not in keys:
                raise _Unportable(member.key)
            kept[member.key] = _portable(member.node, wire[member.key])
        except _Unportable:
            if member.required:
                raise
    return kept


def _portable_json(value: Any) -> Any:
    """Return free JSON without keys that can't be sent and without nulls, which the package takes away."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if sending_name(key) and each is not None}
        return {key: _portable_json(each) for key, each in kept.items()}
    if isinstance(value, list):
        return [_portable_json(each) for each in value if each is not None]
    return value
