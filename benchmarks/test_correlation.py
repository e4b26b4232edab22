"""The correlation kernel, both cores side by side: a round is CALLS calls."""

from collections.abc import Callable
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ocpp_fast._kernels import contract, correlation

Core = type[contract.PendingTable]

CALLS = 1000
TIMEOUT = 30.0
UNIQUE_IDS = [f"c0ffee00-0000-4000-8000-{number:012d}" for number in range(CALLS)]
VALUE = object()


@pytest.fixture(params=["reference", "compiled"])
def core(request: pytest.FixtureRequest) -> Core:
    if request.param == "reference":
        return correlation.PendingTable
    compiled: Core = pytest.importorskip("ocpp_fast_ext.correlation").PendingTable
    return compiled


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


@pytest.mark.benchmark(group="correlation: calls answered, one open on each of 50 connections")
def test_answered_on_many_connections(benchmark: BenchmarkFixture, core: Core) -> None:
    benchmark(answered(core, connections=50))


@pytest.mark.benchmark(group="correlation: calls answered, one at a time on one connection")
def test_answered_one_at_a_time(benchmark: BenchmarkFixture, core: Core) -> None:
    benchmark(answered(core, connections=1))


@pytest.mark.benchmark(group="correlation: calls that all expire")
def test_expired(benchmark: BenchmarkFixture, core: Core) -> None:
    table = core()
    owners = [object() for _ in range(CALLS)]

    def run() -> None:
        for number, owner in enumerate(owners):
            table.add(owner, "1", VALUE, number * 1e-3 + TIMEOUT)
        assert len(table.expire(TIMEOUT + CALLS)) == CALLS

    benchmark(run)
