"""Servers as processes on one core, the generator on another."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from .calls import BOOT, MIXES

__all__ = ["Bench", "Idle", "Phase", "Server", "bench"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Server:
    """A program that prints a line that ends with its port; `command` may begin with "floor" or "python"."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phase:
    """What some calls cost: `cpu` is the server's, in µs a call, `rate` in calls a second, latencies in ms.

    `busy` is the share of its core that the server used; `kept_up` tells whether it answered what became due.
    """

    cpu: float
    rate: float
    p50: float
    p99: float
    p999: float
    busy: float
    kept_up: bool


@dataclass(frozen=True, slots=True)
class Idle:
    """What a connection costs: its handshake in µs of the server's CPU time, and memory in KiB once it has booted."""

    handshake: float
    memory: float


class Bench:
    """Runs servers and loads them. `stations` talk, one call at a time each."""

    def __init__(self, folder: Path, *, stations: int, seconds: float) -> None:
        self.folder = folder
        self.stations = stations
        self.seconds = seconds
        self._server_core, self._generator_core = _cores()
        for name in ("floor", "generator"):
            compiler = shlex.split(os.environ.get("CC", "cc"))
            subprocess.run([*compiler, "-O2", "-o", folder / name, _HERE / f"{name}.c", "-lm"], check=True)
        for name, calls in (("first", [BOOT]), *MIXES.items()):
            (folder / name).write_bytes(b"".join(call + b"\n" for call in calls))

    def load(self, server: Server, phases: Sequence[tuple[str, int]], *, idle: int = 0) -> tuple[list[Phase], Idle]:
        """Start a server and load it: a mix and a rate in calls a second for each phase, 0 for a closed loop.

        Where it can't keep up with a rate, that phase is the last. `idle` stations connect in the end and stay silent;
        with 0 there is nothing to tell of them. Raises `RuntimeError` if the server does anything wrong.
        """
        with self._running(server) as (pid, port):
            mixes = [f"{self.folder / mix}@{rate}" for mix, rate in phases]
            numbers = [port, pid, self.stations, idle, self.seconds]
            command = [str(each) for each in (self.folder / "generator", *numbers, self.folder / "first", *mixes)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as generator:
                os.sched_setaffinity(generator.pid, {self._generator_core})
                output, complaint = generator.communicate()
        if generator.returncode:
            raise RuntimeError(f"{' '.join(server.command)}: {complaint.strip()}")
        lines = [json.loads(line) for line in output.splitlines()]
        last = lines.pop() if idle else {"handshake": 0, "bytes": 0}
        return [_phase(line) for line in lines], Idle(last["handshake"] / 1e3, last["bytes"] / 1024)

    @contextmanager
    def _running(self, server: Server) -> Iterator[tuple[int, int]]:
        """Run a server on its core; its process id and its port."""
        places = {"python": sys.executable, "floor": str(self.folder / "floor")}
        program, *arguments = server.command
        with subprocess.Popen(
            [places[program], *arguments],
            cwd=_ROOT,
            env=os.environ | server.environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            os.sched_setaffinity(process.pid, {self._server_core})
            assert process.stdout is not None
            try:
                told = re.search(r"(\d+)/?$", process.stdout.readline().strip())
                if told is None:
                    raise RuntimeError(f"{' '.join(server.command)}: did not print its port")
                yield process.pid, int(told[1])
            finally:
                process.kill()


def _phase(line: Mapping[str, Any]) -> Phase:
    calls = max(1, line["calls"])
    return Phase(
        cpu=line["cpu"] / calls / 1e3,
        rate=line["calls"] / line["wall"] * 1e9,
        p50=line["p50"] / 1e6,
        p99=line["p99"] / 1e6,
        p999=line["p999"] / 1e6,
        busy=line["cpu"] / line["wall"],
        kept_up=line["calls"] >= 0.95 * line["due"],
    )


def _cores() -> tuple[int, int]:
    """Return a core for servers and one for the generator: the last ones that this process may use."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("needs two cores: one for the server, one for the generator")
    return cores[-1], cores[-2]


@contextmanager
def bench(*, stations: int, seconds: float) -> Iterator[Bench]:
    """Compile what has to be, and raise the limit of open files to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with TemporaryDirectory() as folder:
        yield Bench(Path(folder), stations=stations, seconds=seconds)
