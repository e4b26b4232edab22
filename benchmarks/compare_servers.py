"""`python -m benchmarks.compare_servers`: what a call costs a server, ours and others, as ratios. See README.md."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from .report import AtLeast, AtMost, Figure, Row, tables
from .servers.calls import MIXES
from .servers.plot import plot
from .servers.running import Bench, Idle, Phase, Server, bench

__all__ = ["FLOOR", "PAGE", "SERVERS", "main"]

FLOOR: Final = "C loop"
PACKAGE: Final = "ocpp"
OURS: Final = "ocpp_fast"
PURE: Final = "ocpp_fast, pure core"


def _ours(way: str = "own", loop: str = "uvloop", handlers: str = "def", **environment: str) -> Server:
    return Server(["python", "-m", f"{__package__}.servers.ours", way, loop, handlers], environment)


def _peer(name: str) -> Server:
    return Server(["python", "-m", f"{__package__}.servers.peers", name], {})


_COMMAND: Final = ["python", "-m", "ocpp_fast", "serve", "--no-auth", "--quiet", "--ocpp", "1.6", "--port", "0"]

SERVERS: Final[Mapping[str, Server]] = {
    FLOOR: Server(["floor"], {}),
    "picows, canned": _peer("picows"),
    "websockets, canned": _peer("websockets"),
    PACKAGE: _peer("ocpp"),
    OURS: _ours(),
    "ocpp_fast, asyncio": _ours(loop="asyncio"),
    PURE: _ours(OCPP_FAST_NO_EXT="1"),
    "ocpp_fast, context": _ours(handlers="context"),
    "ocpp_fast, after": _ours(handlers="after"),
    "ocpp_fast, middleware": _ours(handlers="middleware"),
    "ocpp_fast, async": _ours(handlers="async"),
    "ocpp-fast serve": Server(_COMMAND, {}),
    "ocpp_fast, uvicorn": _ours(way="uvicorn"),
    "ocpp_fast, hypercorn": _ours(way="hypercorn"),
}
PLOTTED: Final = tuple(SERVERS)[:7]
RATES: Final = tuple(round(125 * 2 ** (step / 2)) for step in range(23))
"""Calls a second, for latency against load."""

WANTED: Final[Mapping[tuple[str, str], float]] = {
    (OURS, "mix"): 2.2,
    (OURS, "heartbeat"): 2.0,
    (OURS, "boot"): 2.4,
    ("ocpp_fast, asyncio", "mix"): 2.4,
    ("ocpp_fast, context", "mix"): 2.3,
    ("ocpp_fast, after", "mix"): 2.6,
    (OURS, "handshake"): 6.5,
    (OURS, "KiB idle"): 2.8,
}
"""What is wanted at most: times over those of the C loop, and memory in KiB."""

QUIET: Final = 0.85
"""The share of its core that a server in a closed loop has, at least, if nothing else runs there."""

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
PLOT: Final = ROOT / "docs" / "latency.svg"


@dataclass(slots=True)
class Runs:
    """What was measured of a server, round by round."""

    phases: dict[str, list[Phase]]
    idle: list[Idle]

    def costs(self, mix: str) -> list[float]:
        """Return the µs a call."""
        return [phase.cpu for phase in self.phases[mix]]

    @property
    def handshakes(self) -> list[float]:
        """The µs a handshake."""
        return [each.handshake for each in self.idle]


def measure(bench: Bench, names: Sequence[str], mixes: Sequence[str], *, rounds: int, idle: int) -> dict[str, Runs]:
    """Run all servers, round after round, each in a new process every time."""
    found = {name: Runs({mix: [] for mix in mixes}, []) for name in names}
    for number in range(rounds):
        for name in names:
            _tell(f"round {number + 1} of {rounds}: {name}")
            phases, connections = bench.load(SERVERS[name], [(mix, 0) for mix in mixes], idle=idle)
            for mix, phase in zip(mixes, phases, strict=True):
                found[name].phases[mix].append(phase)
            found[name].idle.append(connections)
    return found


def latencies(bench: Bench, names: Sequence[str], *, rounds: int) -> dict[str, list[tuple[int, float]]]:
    """Return for each server the rates that it kept up with, and the median of the p99 at each, in ms."""
    found: dict[str, dict[int, list[float]]] = {name: {} for name in names}
    for number in range(rounds):
        for name in names:
            _tell(f"latency, round {number + 1} of {rounds}: {name}")
            phases, _ = bench.load(SERVERS[name], [("mix", rate) for rate in RATES])
            for rate, phase in zip(RATES, phases, strict=False):
                if phase.kept_up:
                    found[name].setdefault(rate, []).append(phase.p99)
    return {
        name: [(rate, median(values)) for rate, values in line.items() if len(values) > rounds / 2]
        for name, line in found.items()
    }


def ratio(of: Sequence[float], base: Sequence[float]) -> float:
    """Return the median, over the rounds, of a figure over that of another server in the same round."""
    return median(a / b for a, b in zip(of, base, strict=True))


def rows(found: Mapping[str, Runs]) -> list[Row]:
    """Return the table: ratios over the C loop, and beside them what this machine takes."""
    shown = []
    floor = found[FLOOR]
    first = next(iter(floor.phases))
    for name, runs in found.items():
        figures: dict[str, Figure] = {
            mix: AtMost(ratio(runs.costs(mix), floor.costs(mix)), WANTED.get((name, mix))) for mix in runs.phases
        }
        if PACKAGE in found:
            gain = ratio(found[PACKAGE].costs(first), runs.costs(first))
            figures["over ocpp"] = AtLeast(gain, 8 if name == PURE else None)
        figures["handshake"] = AtMost(ratio(runs.handshakes, floor.handshakes), WANTED.get((name, "handshake")))
        memory = median(each.memory for each in runs.idle)
        figures["KiB idle"] = AtMost(memory, WANTED.get((name, "KiB idle")))
        phases = runs.phases[first]
        figures["µs a call"] = f"{median(runs.costs(first)):.1f}"
        figures["calls/s"] = f"{median(each.rate for each in phases):,.0f}"
        figures["p99, ms"] = f"{median(each.p99 for each in phases):.2f}"
        figures["µs a handshake"] = f"{median(runs.handshakes):.0f}"
        shown.append(Row("Servers: processor time over that of the C loop", name, None, figures))
    return shown


def disturbed(found: Mapping[str, Runs]) -> str:
    """Return a line that tells of servers which did not have their core to themselves; empty if all had."""
    shares = {
        name: median(phase.busy for phases in runs.phases.values() for phase in phases)
        for name, runs in found.items()
        if name != FLOOR  # it may wait for the generator
    }
    low = [f"{name} {share:.0%}" for name, share in shares.items() if share < QUIET]
    return f"Other programs ran: of its core a server had {'; '.join(low)}. Don't trust these figures." if low else ""


def refresh(table: str, lines: Mapping[str, Sequence[tuple[int, float]]], capacity: float) -> None:
    """Write the figures into docs/performance.md, and the plot beside it."""
    page = PAGE.read_text("utf-8")
    between = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)
    PAGE.write_text(between.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", page), "utf-8")
    shares = {name: [(rate / capacity * 100, p99) for rate, p99 in line] for name, line in lines.items()}
    x_label = "load: calls a second, in per cent of what the C loop answers on one core"
    PLOT.write_text(plot("Latency against load", x_label, "p99 of the answer, ms", shares), "utf-8")


_MIXES: Final = "mix,heartbeat,boot"


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.compare_servers", description="What a call costs a server.")
    parser.add_argument("--rounds", type=int, default=7, help="each with new processes (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="that one mix is measured in a round (%(default)s)")
    parser.add_argument("--stations", type=int, default=64, help="that talk (%(default)s)")
    parser.add_argument("--idle", type=int, default=2000, help="stations that connect and stay silent (%(default)s)")
    parser.add_argument("--mixes", default=_MIXES, help=f"of {', '.join(MIXES)} (%(default)s)")
    parser.add_argument("--servers", help=f"some of: {'; '.join(SERVERS)}; separated by semicolons")
    parser.add_argument("--json", action="store_true", help="print all that was measured, in place of the table")
    parser.add_argument("--docs", action="store_true", help="refresh docs/performance.md and its plot")
    given = parser.parse_args()
    if given.docs and (given.servers or given.mixes != _MIXES):
        parser.error("--docs: the page has all servers, and the mixes that are the default")
    if min(given.rounds, given.stations, given.idle) < 1 or given.seconds <= 0:
        parser.error("--rounds, --stations, --idle and --seconds: expected more than 0")
    given.servers = [name.strip() for name in given.servers.split(";")] if given.servers else list(SERVERS)
    given.mixes = given.mixes.split(",")
    if unknown := [*({*given.servers} - SERVERS.keys()), *({*given.mixes} - MIXES.keys())]:
        parser.error(f"unknown: {'; '.join(unknown)}")
    given.servers = [name for name in SERVERS if name == FLOOR or name in given.servers]
    return given


def main() -> None:
    """Measure and print."""
    given = _arguments()
    with bench(stations=given.stations, seconds=given.seconds) as load:
        found = measure(load, given.servers, given.mixes, rounds=given.rounds, idle=given.idle)
        table = "\n\n".join(filter(None, (tables(rows(found)), disturbed(found))))
        if given.json:
            print(json.dumps({name: asdict(runs) for name, runs in found.items()}, indent=1))
        else:
            print(table)
        if given.docs:
            lines = latencies(load, PLOTTED, rounds=3)
            refresh(table, lines, median(each.rate for each in found[FLOOR].phases["mix"]))


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
