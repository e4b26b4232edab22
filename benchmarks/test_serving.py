"""What a call costs a server: the library's own transport against ASGI servers that carry the same central system."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .conftest import Record
from .report import AtMost, Row
from .serving import WAYS, idle, load

TABLE = "Serving: processor time for a Heartbeat and memory for a station, over those of our own transport"
ROUNDS = 5
STATIONS = 32
CALLS = 100
IDLE = 500

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@contextmanager
def running(way: str) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; its process id and its port."""
    command = [sys.executable, "-m", f"{__package__}.serving", way]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pages(pid: int) -> int:
    """Return the resident memory of a process, in pages."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


def memory(pid: int, port: int) -> int:
    """Return how many pages a server's idle stations take."""
    before = pages(pid)
    return asyncio.run(idle(port, stations=IDLE, measure=lambda: pages(pid))) - before


def cost(pid: int, port: int) -> float:
    """Return the processor time that one round costs a server."""
    before = seconds(pid)
    asyncio.run(load(port, stations=STATIONS, calls=CALLS))
    return seconds(pid) - before


def test_serving(benchmark: BenchmarkFixture, record: Record) -> None:
    with running("own") as own, running("uvicorn") as uvicorn, running("hypercorn") as hypercorn:
        servers = dict(zip(WAYS, (own, uvicorn, hypercorn), strict=True))
        for server in servers.values():
            asyncio.run(load(server[1], stations=1, calls=CALLS))
        sizes = {way: memory(*server) for way, server in servers.items()}
        sums = dict.fromkeys(servers, 0.0)

        def turn() -> None:
            for way, server in servers.items():
                sums[way] += cost(*server)

        benchmark.pedantic(turn, rounds=ROUNDS)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    for way in ("uvicorn", "hypercorn"):
        record(
            Row(
                TABLE, way, None, {"time": AtMost(sums[way] / sums["own"]), "memory": AtMost(sizes[way] / sizes["own"])}
            )
        )
