"""Run the cases of Autobahn that take long: limits, speed and compression, on both sides and on both event loops.

    python -m tests.autobahn                               from the root of the repository
    python -m tests.autobahn --role server --loop uvloop   one side, on one event loop

Ends with 1 when a case is not judged as expected.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ocpp_fast._core import accelerated

from ..aio.harness import loop_factory
from .fuzzing import LONG, ROLES, fuzz, unexpected

LOOPS = ("asyncio", "uvloop")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.autobahn", description=__doc__.partition("\n")[0])
    parser.add_argument("--role", choices=ROLES, action="append")
    parser.add_argument("--loop", choices=LOOPS, action="append")
    options = parser.parse_args()
    say(f"{'compiled' if accelerated else 'reference'} core")
    runs = [run(role, loop) for role in options.role or ROLES for loop in options.loop or LOOPS]
    return 0 if all(runs) else 1


def run(role: str, loop: str) -> bool:
    """Run all cases; whether each was judged as expected."""
    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        results = runner.run(fuzz(role, LONG, Path(folder)))
    wrong = unexpected(role, results)
    for case, verdict in wrong.items():
        say(f"{role}, {loop}: {case}: {verdict.behavior}, {verdict.closing}, {verdict.code}")
    say(f"{role}, {loop}: {len(results)} of {LONG.size} cases, {len(wrong)} not as expected")
    return len(results) == LONG.size and not wrong


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
