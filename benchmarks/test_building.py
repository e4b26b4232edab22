"""Building a request by keyword, as its user does."""

from __future__ import annotations

from dataclasses import field, make_dataclass
from typing import Any

import pytest

from ocpp_fast.schema import Struct, plan_of

from .conftest import Race
from .messages import CALLS, Example
from .msgspec_types import struct_of
from .peers import read_calls
from .race import Contender

TABLE = "Building a request by keyword: how many times as fast as"


@pytest.mark.parametrize("example", CALLS, ids=lambda example: example.name)
def test_building(example: Example, race: Race) -> None:
    reader, _ = read_calls(example)
    request: Struct = reader.result().payload
    action = example.action
    given = {name: value for name in type(request).__struct_fields__ if (value := getattr(request, name)) is not None}
    expression = f"make({', '.join(f'{name}={name}' for name in given)})"
    ours, *peers = (
        Contender(name, expression, {"make": make, **given}, wanted)
        for name, make, wanted in (
            ("ocpp_fast", action.request, None),
            ("dataclass(slots=True)", dataclass_of(type(request)), 0.95),
            ("msgspec", struct_of(plan_of(type(request), action.draft)), None),
        )
    )
    assert ours.result() == request
    for peer in peers:
        built = peer.result()
        assert all(getattr(built, name) == getattr(request, name) for name in type(request).__struct_fields__)
    race(TABLE, example.name, None, ours, peers)


def dataclass_of(struct: type[Struct]) -> type[Any]:
    """Return the dataclass that a user would have written instead."""
    fields: list[Any] = [
        (each.name, Any) if each.required else (each.name, Any, field(default=each.default))
        for each in struct.__struct_fields__.values()
    ]
    return make_dataclass(struct.__name__, fields, slots=True, kw_only=True)
