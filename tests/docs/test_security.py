"""docs/security.md: the names in its tables exist."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Final

import pytest

import ocpp_fast
from ocpp_fast import Limit, Policy
from ocpp_fast.aio.server import ServeOptions
from ocpp_fast.masking import SECRETS

from ..sources import ROOT

pytestmark = pytest.mark.once

PAGE: Final = (ROOT / "docs" / "security.md").read_text("utf-8")
THREATS: Final = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| `(test_\w+)` \|$", PAGE, re.MULTILINE)
TESTS: Final = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
}
TARGETS: Final = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def exists(name: str) -> bool:
    """Whether the limit of a name is one: of a policy, an argument, an event, or a target of the Makefile."""
    if found := re.fullmatch(r"make (\w+)", name):
        return found[1] in TARGETS
    if found := re.fullmatch(r"Policy\.(\w+)", name):
        return found[1] in {each.name for each in dataclasses.fields(Policy)}
    if found := re.fullmatch(r"Limit\.(\w+)", name):
        return found[1] in Limit.__members__
    if found := re.fullmatch(r"serve\((\w+)=\)", name):
        return found[1] in ServeOptions.__annotations__
    if found := re.fullmatch(r"(\w+)\((\w+)=\)", name):
        return found[1] in ocpp_fast.__all__ and found[2] in inspect.signature(getattr(ocpp_fast, found[1])).parameters
    return False


def limits(cell: str) -> list[str]:
    return [] if cell == "fixed" else [each.strip("`") for each in cell.split(", ")]


def test_every_row_is_read() -> None:
    tables = PAGE.partition("## Secrets")[0].splitlines()
    assert len(THREATS) == sum(each.startswith("| ") and not each.startswith("| attack") for each in tables)
    assert len(THREATS) > 50


@pytest.mark.parametrize(("attack", "default", "limit", "test"), THREATS, ids=[each[0] for each in THREATS])
def test_a_row_names_a_limit_that_there_is_and_a_test_that_there_is(
    attack: str, default: str, limit: str, test: str
) -> None:
    assert [each for each in limits(limit) if not exists(each)] == []
    assert test in TESTS


@pytest.mark.parametrize(
    "name", ["Policy.max_fun", "Limit.FUN", "serve(fun=)", "Fun(a=)", "shown(fun=)", "make fun", ""]
)
def test_what_does_not_exist_is_noticed(name: str) -> None:
    assert not exists(name)


def test_every_limit_that_an_event_tells_stands_in_a_row() -> None:
    named = {each for _, _, cell, _ in THREATS for each in limits(cell)}
    assert {f"Limit.{each}" for each in Limit.__members__} <= named


def test_every_secret_stands_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert rows == [(each.field, each.what) for each in SECRETS]
