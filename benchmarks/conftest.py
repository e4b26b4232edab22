"""What every benchmark uses: a race, and a report at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import ocpp_fast

from .race import ROUNDS, Contender, ready
from .report import AtLeast, Figure, Row, tables

Record = Callable[[Row], None]
Times = Callable[..., list[float]]
Race = Callable[[str, str, int | None, Contender, Sequence[Contender]], None]

_ROWS = pytest.StashKey[list[Row]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = []
    config.option.benchmark_quiet = True  # its tables are of times, ours are of ratios


def pytest_report_header(config: pytest.Config) -> str:
    return f"ocpp_fast: {'compiled' if ocpp_fast.accelerated else 'reference'} core"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[_ROWS]
    if rows:
        terminalreporter.section("ratios")
        terminalreporter.write_line(tables(rows))


@pytest.fixture
def record(benchmark: BenchmarkFixture, pytestconfig: pytest.Config) -> Record:
    """Put a row into the report, unless nothing is measured."""

    def put(row: Row) -> None:
        if benchmark.enabled:
            benchmark.extra_info.update({name: str(figure) for name, figure in row.figures.items()})
            pytestconfig.stash[_ROWS].append(row)

    return put


@pytest.fixture
def times(benchmark: BenchmarkFixture) -> Times:
    """Let contenders take turns, and return how long each takes at best, in seconds."""

    def run(contenders: Sequence[Contender], rounds: int = ROUNDS) -> list[float]:
        first, *rest = lanes = ready(contenders)

        def others() -> None:
            for lane in rest:
                lane.turn()

        benchmark.pedantic(  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
            first.turn, setup=others, rounds=rounds
        )
        return [lane.best for lane in lanes]

    return run


@pytest.fixture
def race(times: Times, record: Record) -> Race:
    """Find out, and put into the report, how many times as fast as each of its peers ours is."""

    def run(table: str, subject: str, size: int | None, ours: Contender, peers: Sequence[Contender]) -> None:
        our_time, *peer_times = times([ours, *peers])
        figures: dict[str, Figure] = {
            peer.name: AtLeast(time / our_time, peer.wanted) for peer, time in zip(peers, peer_times, strict=True)
        }
        record(Row(table, subject, size, figures))

    return run
