"""The correlation kernel, compiled against reference: a run is CALLS calls."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from ocpp_fast._core import contract, correlation

from .conftest import Race
from .race import Contender

Core = type[contract.PendingTable[Any]]

TABLE = "Correlation, compiled core: how many times as fast as"
CALLS = 1000
TIMEOUT = 30.0
UNIQUE_IDS = [f"c0ffee00-0000-4000-8000-{number:012d}" for number in range(CALLS)]
VALUE = object()


def answered(core: Core, connections: int) -> Callable[[], None]:
    """Calls that are each answered after `connections - 1` others were sent; 10 000 calls a second."""
    table = core()
    owners = [object() for _ in range(connections)]
    sent = count()
    asked = [(owners[i % connections], UNIQUE_IDS[i]) for i in range(CALLS)]
    answers = [asked[i + 1 - connections] for i in range(CALLS)]

    def run() -> None:
        for (owner, unique_id), answer in zip(asked, answers, strict=True):
            table.add(owner, unique_id, VALUE, next(sent) * 1e-4 + TIMEOUT)
            table.take(*answer)

    return run


def expired(core: Core) -> Callable[[], None]:
    table = core()
    owners = [object() for _ in range(CALLS)]

    def run() -> None:
        for number, owner in enumerate(owners):
            table.add(owner, "1", VALUE, number * 1e-3 + TIMEOUT)
        assert len(table.expire(TIMEOUT + CALLS)) == CALLS

    return run


@pytest.mark.parametrize(
    ("subject", "made"),
    [
        ("answered, one open on each of 50 connections", lambda core: answered(core, connections=50)),
        ("answered, one at a time on one connection", lambda core: answered(core, connections=1)),
        ("expired, all of them", expired),
    ],
)
def test_correlation(subject: str, made: Callable[[Core], Callable[[], None]], race: Race) -> None:
    compiled = pytest.importorskip("ocpp_fast_ext.correlation").PendingTable
    cores = {"compiled core": compiled, "reference core": correlation.PendingTable}
    ours, *peers = (Contender(name, "run()", {"run": made(core)}) for name, core in cores.items())
    race(TABLE, subject, None, ours, peers)
