"""Fuzz the parity of both cores for as long as one likes.

    python -m tests.parity --seconds 3600          from the root of the repository, with the extension built
    python -m tests.parity --seed 7 --round 1234   one round again

Says the seed, and once a minute what has been done; ends with 1 when the cores disagree.
"""

from __future__ import annotations

import argparse
import sys
from random import SystemRandom
from time import monotonic

from .cores import Disparity
from .fuzz import Fuzz

REPORT_EVERY = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=REPORT_EVERY)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument("--round", type=int, help="play this round only")
    options = parser.parse_args()
    fuzz = Fuzz(options.seed)
    say(f"seed {fuzz.seed}")
    start = monotonic()
    try:
        if options.round is not None:
            fuzz.play(options.round)
            return 0
        while (left := options.seconds - (monotonic() - start)) > 0:
            fuzz.run(seconds=min(REPORT_EVERY, left))
            say(f"{fuzz.report()}, {fuzz.cases / (monotonic() - start):.0f} cases/s")
    except Disparity as error:
        say("\n".join((str(error), *error.__notes__)))
        return 1
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
