"""What importing the package takes, and what the plans of a version hold on to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .conftest import Record
from .footprint import OURS
from .report import AtMost, Figure, Row

IMPORTS = "Importing: time over that of importing websockets and orjson"
MEMORY = "Memory of the plans of all messages of 2.1"
PROCESSES = 20


def measured(measure: str) -> Any:
    """Return what `footprint` measures in a process of its own."""
    command = [sys.executable, "-m", f"{__package__}.footprint", measure]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_imports(benchmark: BenchmarkFixture, record: Record) -> None:
    runs: list[list[float]] = []
    benchmark.pedantic(  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
        lambda: runs.append(measured("imports")), rounds=PROCESSES
    )
    base, *ours = (min(times) for times in zip(*runs, strict=True))
    for module, time in zip(OURS, ours, strict=True):
        record(Row(IMPORTS, module, None, {"time": AtMost(time / base)}))
    record(Row(IMPORTS, "together", None, {"time": AtMost(sum(ours) / base)}))


def test_allocated(benchmark: BenchmarkFixture, record: Record) -> None:
    plans, compiled, msgspec = benchmark.pedantic(  # type: ignore[no-untyped-call]  # as above
        measured, args=("allocated",)
    )
    figures: dict[str, Figure] = {
        "plans, KiB": f"{plans / 1024:.0f}",
        "compiled, KiB": f"{compiled / 1024:.0f}",
        "both over msgspec's": AtMost((plans + compiled) / msgspec),
    }
    record(Row(MEMORY, "allocated", None, figures))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident(benchmark: BenchmarkFixture, record: Record) -> None:
    before, after, _ = benchmark.pedantic(  # type: ignore[no-untyped-call]  # as above
        measured, args=("resident",)
    )
    record(Row(MEMORY, "resident", None, {"of the process without them": AtMost((after - before) / before)}))
