"""Kills a station again and again, at random moments and under load, and counts what was lost: `--times 200`.

The central system and the station are processes of their own. The station is ended by SIGKILL and started again with
the same queue; in the end it empties the queue. Then what the central system wrote down is compared with what the
station had acknowledged.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
IN_THE_START: Final = 0.15
"""The share of kills before the station says that it runs."""


@dataclass
class Outcome:
    """What came of the kills of one version."""

    kills: int = 0
    cuts: int = 0
    acknowledged: int = 0
    received: int = 0
    repeated: int = 0
    """So many frames had come before, byte for byte."""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.cuts} cuts: {self.acknowledged} messages acknowledged, "
            f"{self.received} received, {self.repeated} of them again; {len(self.faults)} faults"
        )


@contextmanager
def recording(log: Path, *options: str) -> Iterator[str]:
    """Run a recording central system; yield its URL."""
    command = [sys.executable, "-m", "tests.queue.recorder", str(log), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as central:
        try:
            assert central.stdout is not None
            yield f"ws://127.0.0.1:{central.stdout.readline().strip()}"
        finally:
            central.kill()


def kill(ocpp: str, times: int, seed: int, folder: Path, *, cuts: float = 0.0) -> Outcome:
    """Kill a station so many times; return what came of it."""
    chance = random.Random(seed)
    central_log, station_log, queue = (folder / f"{ocpp}.{name}" for name in ("central", "station", "queue"))
    station_log.touch()
    with recording(central_log, "--cuts", str(cuts), "--seed", str(seed)) as url:
        station = [sys.executable, "-m", "tests.queue.load", url, ocpp, str(queue), str(station_log)]
        for run in range(times):
            _run_and_kill([*station, "--run", str(run), "--seed", str(chance.randrange(2**32))], chance)
        subprocess.run([*station, "--drain"], cwd=ROOT, check=True, timeout=120)
    return judge(ocpp, times, _lines(central_log), _lines(station_log))


def _run_and_kill(command: Sequence[str], chance: random.Random) -> None:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        if chance.random() < IN_THE_START:
            time.sleep(chance.uniform(0.0, 0.5))
        else:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n", "the station did not start"
            time.sleep(chance.uniform(0.0, 0.3))
        process.kill()


def _lines(path: Path) -> list[Any]:
    """Return what the lines of a file hold; the last one may have been cut off by a kill."""
    lines = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


def judge(ocpp: str, kills: int, central: Sequence[Any], station: Sequence[Any]) -> Outcome:
    """Compare what came with what was acknowledged."""
    found = Outcome(kills, sum(each["cut"] for each in central), len(station), len(central))
    first: dict[str, str] = {}
    names = {each["answer"]["transactionId"]: each["payload"]["idTag"] for each in central if _starts(each)}
    courses: dict[str, list[int]] = {}
    ends: Counter[str] = Counter()
    for each in central:
        if each["id"] in first:
            found.repeated += 1
            if first[each["id"]] != each["raw"]:
                found.faults.append(f"{each['id']} came again with other bytes")
            continue
        first[each["id"]] = each["raw"]
        name, index, is_end = _place(ocpp, each, names)
        courses.setdefault(name, []).append(index)
        ends[name] += is_end
    for name, indexes in courses.items():
        cut_off = ocpp == "1.6" and indexes[-1:] == [-1]  # ended with PowerLoss
        if (indexes[:-1] if cut_off else indexes) != [*range(len(indexes) - cut_off)]:
            found.faults.append(f"{name}: out of order, twice or missing: {indexes}")
        if ends[name] != 1:
            found.faults.append(f"{name}: ended {ends[name]} times")
    for name, index in station:
        if index not in courses.get(name, ()):
            found.faults.append(f"{name}: lost its message {index}")
    if found.repeated > found.kills + found.cuts:
        found.faults.append(f"{found.repeated} frames came again: more than there were kills and cuts")
    return found


def _starts(line: Any) -> bool:
    return bool(line["action"] == "StartTransaction")


def _place(ocpp: str, line: Any, names: dict[int, str]) -> tuple[str, int, bool]:
    """Return the name of a message's transaction, its index, and whether it is the last."""
    action, payload = line["action"], line["payload"]
    if ocpp != "1.6":
        return payload["transactionInfo"]["transactionId"], payload["seqNo"], payload["eventType"] == "Ended"
    if action == "StartTransaction":
        return payload["idTag"], 0, False
    name = names.get(payload["transactionId"], f"unknown {payload['transactionId']}")
    if action == "MeterValues":
        return name, int(payload["meterValue"][0]["sampledValue"][0]["value"]), False
    return name, -1 if payload.get("reason") == "PowerLoss" else payload["meterStop"], True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="kills, in both versions together (200)")
    parser.add_argument("--cuts", type=float, default=0.0, help="the share of CALLs that are answered by a cut (0)")
    parser.add_argument("--seed", type=int, default=None, help="the seed; one is chosen, and told")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for at, ocpp in enumerate(("1.6", "2.0.1")):
            outcome = kill(ocpp, (options.times + at) // 2, seed + at, Path(folder), cuts=options.cuts)
            print(f"OCPP {ocpp}: {outcome}", *outcome.faults[:20], sep="\n  ", flush=True)
            failed = failed or bool(outcome.faults)
    sys.exit(failed)


if __name__ == "__main__":
    main()
