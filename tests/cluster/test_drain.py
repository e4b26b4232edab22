"""Nodes that end and start again harm no call: short forms of `python -m tests.cluster.drain`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from ..cli.programs import in_time
from .drain import Callers, Fleet, drain, restart_in_turn

pytestmark = pytest.mark.once


def nothing(_: str) -> None:
    """Say nothing."""


@pytest.mark.parametrize(
    ("run", "moved"),
    [(partial(drain, 60, 60), 60), (partial(restart_in_turn, 45, 45), 45)],
    ids=["K12", "rolling"],
)
@in_time
async def test_stations_move_under_calls_and_no_call_comes_to_harm(
    run: Callable[..., Awaitable[tuple[Fleet, Callers]]], moved: int
) -> None:
    fleet, calls = await run(say=nothing)
    assert calls.harmed == {}
    assert calls.outcomes["answered", True] > 20
    assert set(fleet.codes) == {1012}
    assert len(fleet.gaps) >= moved
