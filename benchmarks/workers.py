"""`python -m benchmarks.workers`: what a second worker of `ocpp-fast serve` brings. See README.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from .servers.running import Bench, bench

__all__ = ["Run", "measure"]

_COMMAND = ["-m", "ocpp_fast", "serve", "--no-auth", "--quiet", "--ocpp", "1.6", "--port", "0", "--workers"]
_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Run:
    """What was measured with so many workers: calls a second, and CPU seconds of all workers a call."""

    def __init__(self, rate: float, cpu: float) -> None:
        self.rate = rate
        self.cpu = cpu


@contextmanager
def _serving(workers: int) -> Iterator[tuple[int, int]]:
    """Run the command; the process id of the supervisor, and the port."""
    with subprocess.Popen([sys.executable, *_COMMAND, str(workers)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline() for _ in range(workers)]
            told = re.search(r"(\d+)$", lines[-1].strip())
            assert told is not None, lines
            yield process.pid, int(told[1])
        finally:
            process.terminate()


def _cpu_seconds(supervisor: int) -> float:
    """Return the CPU time of all that a supervisor has started."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    times = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13] for child in children]
    return sum(int(each) for pair in times for each in pair) * _TICK


def measure(on: Bench, workers: int) -> Run:
    """Load a new server in a closed loop; generator and workers share all cores, as the system divides them."""
    folder, stations, seconds = on.folder, on.stations, on.seconds
    with _serving(workers) as (pid, port):
        numbers = [str(each) for each in (port, pid, stations, 0, seconds)]
        before = _cpu_seconds(pid)
        told = subprocess.check_output([folder / "generator", *numbers, folder / "first", f"{folder / 'mix'}@0"])
        used = _cpu_seconds(pid) - before
    line = json.loads(told.splitlines()[0])
    return Run(line["calls"] / line["wall"] * 1e9, used / line["calls"])


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.workers")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of calls, in each round (%(default)s)")
    parser.add_argument("--stations", type=int, default=64, help="(%(default)s)")
    given = parser.parse_args()
    with bench(stations=given.stations, seconds=given.seconds) as on:
        rounds = [(measure(on, 1), measure(on, 2)) for _ in range(given.rounds)]
    rates = [two.rate / one.rate for one, two in rounds]
    costs = [two.cpu / one.cpu for one, two in rounds]
    print(f"{len(rounds)} rounds on {len(os.sched_getaffinity(0))} cores, which the generator shares")
    print(f"calls a second, 2 workers to 1: {median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})")
    print(f"CPU time a call, 2 workers to 1: {median(costs):.2f} ({min(costs):.2f} to {max(costs):.2f})")


if __name__ == "__main__":
    main()
