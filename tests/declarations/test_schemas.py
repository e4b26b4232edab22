"""The schemas derived from the declarations are the official ones, and every version is declared in full."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from keyword import iskeyword
from types import ModuleType
from typing import Any

import pytest

from ocpp_fast import v16
from ocpp_fast._core.plan import Plan
from ocpp_fast.schema import CENTRAL, STATION, Profile, Sender, Shortcuts, Struct, notice, plan_of, schema_of, shortcut
from ocpp_fast.schema.json_schema import additions_of

from .official import PAYLOADS, VERSIONS, Official, Payload, digest_of, each_payload

each_version = pytest.mark.parametrize("official", VERSIONS, ids=lambda official: official.name)


# Payload by payload


@each_payload
def test_R52_the_derived_schema_is_the_official_one(payload: Payload) -> None:
    derived = schema_of(payload.struct, payload.action.draft)
    assert digest_of(derived) == payload.official.digests[payload.struct.__name__]


@each_version
def test_R52_every_official_schema_is_compared(official: Official) -> None:
    declared = {each.struct.__name__ for each in PAYLOADS if each.official == official}
    assert declared == official.digests.keys()


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"$ref": "#/definitions/A"}, "b": {"type": "array", "items": {"type": "number"}}},
    "required": ["a", "b"],
    "additionalProperties": False,
    "definitions": {"A": {"type": "string", "enum": ["x", "y"]}},
}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"title": "T", "$comment": "c", "$schema": "s"}, True),
        ({"required": ["b", "a"]}, True),
        ({"definitions": {"A": {"type": "string", "enum": ["y", "x"], "additionalProperties": False}}}, True),
        ({"definitions": {"A": {"type": "string", "enum": ["x"]}}}, False),
        ({"required": ["a"]}, False),
        ({"additionalProperties": True}, False),
        ({"properties": SCHEMA["properties"] | {"b": {"type": "array", "items": {"type": "integer"}}}}, False),
        ({"properties": SCHEMA["properties"] | {"b": {"type": "array", "items": {"multipleOf": 0.1}}}}, False),
    ],
)
def test_R52_a_digest_tells_what_has_an_effect(change: dict[str, Any], same: bool) -> None:
    assert (digest_of(SCHEMA | change) == digest_of(SCHEMA)) is same


@each_version
def test_R52_an_addition_is_a_member_and_says_where_it_comes_from(official: Official) -> None:
    for each in classes_of(official):
        for value, source in additions_of(each).items() if issubclass(each, StrEnum) else ():
            assert each(value).value == value
            assert source


def test_R52_hertz_is_an_addition() -> None:
    assert additions_of(v16.UnitOfMeasure).keys() == {"Hertz"}


# Version by version


@each_version
def test_every_official_action_is_in_exactly_one_profile(official: Official) -> None:
    profiles = official.version.profiles
    declared = Counter(action.name for profile in profiles for action in profile.actions)
    assert declared == dict.fromkeys(official.actions, 1)


@each_version
def test_messages_are_named_after_their_action(official: Official) -> None:
    for action, message in official.version.actions.items():
        assert message.request.__name__ == f"{action}Request"
        assert message.response is None or message.response.__name__ == f"{action}Response"


@each_version
def test_each_module_lists_what_it_declares_and_the_version_exports_it(official: Official) -> None:
    exported = [name for module in modules_of(official) for name in module.__all__]
    assert len(exported) == len(set(exported))
    for module in modules_of(official):
        assert sorted(module.__all__) == sorted(declared_in(module)), module.__name__
        for name in module.__all__:
            assert getattr(official.module, name) is getattr(module, name)


@each_version
def test_every_class_has_one_line_of_docstring(official: Official) -> None:
    for each in classes_of(official):
        doc = vars(each).get("__doc__") or ""
        assert doc.endswith("."), each
        assert "\n" not in doc, each


@each_version
def test_every_declared_type_is_used(official: Official) -> None:
    used = {kind for kinds in types_by_module(official).values() for kind in kinds}
    messages = official.version.actions.values()
    used |= {struct for each in messages for struct in (each.request, each.response) if struct is not None}
    assert {each for each in classes_of(official) if not issubclass(each, Shortcuts)} == used


@each_version
def test_a_type_stands_where_it_is_used_and_what_several_profiles_use_in_none_of_them(official: Official) -> None:
    users = types_by_module(official)
    for kind in {kind for kinds in users.values() for kind in kinds}:
        shared = sum(kind in kinds for kinds in users.values()) > 1
        assert kind.__module__ not in users if shared else not kind.__module__.endswith(".types"), kind


@each_version
def test_enum_members_are_named_after_their_wire_values(official: Official) -> None:
    for each in classes_of(official):
        for member in each if issubclass(each, StrEnum) else ():
            assert member.name == member.name.upper()
            assert letters(member.name) == letters(member.value), member


@each_version
def test_R27_fields_are_named_after_their_wire_names(official: Official) -> None:
    for each in classes_of(official):
        for field in each.__struct_fields__.values() if issubclass(each, Struct) else ():
            assert field.name == field.name.lower()
            assert letters(field.name) == letters(field.json), field
            assert not field.name.endswith("_") or iskeyword(field.name[:-1]), field


@each_version
@pytest.mark.parametrize("side", [CENTRAL, STATION], ids=["central", "station"])
def test_each_side_has_a_shortcut_for_each_action_it_sends_in_the_order_of_the_profiles(
    official: Official, side: Sender
) -> None:
    version = official.version
    shortcuts = version.central_shortcuts if side is CENTRAL else version.station_shortcuts
    assert list(shortcuts_in(shortcuts)) == [
        (letters(each.name), shortcut if each.response else notice, each.request)
        for each in version.actions.values()
        if side in each.sender
    ]


@each_version
def test_importing_a_version_builds_nothing(official: Official) -> None:
    program = f"""
import sys
import {official.module.__name__}
from ocpp_fast.schema.plan import _plan_of
assert "fastjsonschema" not in sys.modules
assert _plan_of.cache_info().currsize == 0
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# What is declared


def modules_of(official: Official) -> list[ModuleType]:
    """Return the public modules of a version."""
    found = pkgutil.iter_modules(official.module.__path__, f"{official.module.__name__}.")
    return [import_module(each.name) for each in found if "._" not in each.name]


def declared_in(module: ModuleType) -> Iterator[str]:
    """Yield the names of what a module declares, as against what it imports."""
    for name, value in vars(module).items():
        public = isinstance(value, type) and issubclass(value, (Struct, StrEnum, Shortcuts))
        if (public and value.__module__ == module.__name__) or isinstance(value, Profile):
            yield name


def classes_of(official: Official) -> list[type]:
    """Return every class that a version exports."""
    exported = [getattr(module, name) for module in modules_of(official) for name in module.__all__]
    return [each for each in exported if isinstance(each, type)]


def types_by_module(official: Official) -> dict[str, set[type]]:
    """Return the modules that declare messages, each with the types its messages refer to."""
    users: dict[str, set[type]] = {}
    for message in official.version.actions.values():
        for struct in (message.request, message.response):
            if struct is not None:
                users.setdefault(message.request.__module__, set()).update(types_in(plan_of(struct)))
    return users


def types_in(plan: Plan) -> Iterator[type]:
    """Yield the classes that a plan's fields refer to, at any depth."""
    for node in (member.node for member in plan.members):
        while node.item is not None:
            node = node.item
        if node.enum is not None:
            yield node.enum
        if node.plan is not None:
            yield node.plan.struct
            yield from types_in(node.plan)


def letters(text: str) -> str:
    """Return what `Energy.Active`, `ENERGY_ACTIVE` and `energy_active` have in common."""
    return "".join(filter(str.isalnum, text)).lower()


def shortcuts_in(shortcuts: type[Shortcuts]) -> Iterator[tuple[str, type, type]]:
    """Yield name, kind and the class of what it sends, of each shortcut."""
    for name, each in vars(shortcuts).items():
        if isinstance(each, (shortcut, notice)):
            declared: Any = each._request if isinstance(each, shortcut) else each._notification
            yield letters(name), type(each), declared
