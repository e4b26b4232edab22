"""Cuts the file of a queue at many places, and opens each: `--places 500`.

None must raise; what is kept must be messages of the whole file as they were; where anything is missing, either the
damage is told and the file set aside, or what is there is an earlier state of the file: the first so many messages.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocpp_fast import SqliteQueue
from ocpp_fast.queueing import Change, MessageRow, TransactionRow

MESSAGES: Final = 200


def rows() -> list[MessageRow]:
    """Messages as long as those of a station; many pages of them."""
    frame = b'[2,"%d","TransactionEvent",{"meterValue":"%s"}]'
    return [
        MessageRow(at, str(at), "2.0.1", "TransactionEvent", "course", "2.0.1:T", frame % (at, b"x" * (at * 37 % 900)))
        for at in range(1, MESSAGES + 1)
    ]


def make(path: Path, *, checkpointed: bool) -> None:
    """Write a queue as a killed process leaves it: all in its log, or, `checkpointed`, in the file."""
    queue = SqliteQueue(path)
    queue.open()
    for row in rows():
        queue.write(Change(messages=[row], transactions=[TransactionRow("2.0.1:T", "2.0.1", seq_no=row.number)]))
    if checkpointed:
        queue.close()
        return
    for name in (path, Path(f"{path}-wal")):  # as it is on the disk now: a closed queue has no log
        shutil.copy(name, f"{name}.copy")
    queue.close()
    for name in (path, Path(f"{path}-wal")):
        Path(f"{name}.copy").rename(name)


def cuts(folder: Path, places: int, seed: int) -> Iterator[tuple[str, int]]:
    """Open a queue after each cut; yield what came of it, and where the cut was. Raises what opening it raises."""
    chance = random.Random(seed)
    for checkpointed in (False, True):
        whole = folder / f"whole-{checkpointed}"
        whole.mkdir()
        make(whole / "queue", checkpointed=checkpointed)
        name = "queue" if checkpointed else "queue-wal"
        size = (whole / name).stat().st_size
        for place in sorted(chance.sample(range(size), places // 2)):
            shutil.rmtree(folder / "cut", ignore_errors=True)
            shutil.copytree(whole, folder / "cut")
            with open(folder / "cut" / name, "r+b") as file:
                file.truncate(place)
            yield outcome(folder / "cut" / "queue"), place


def outcome(path: Path) -> str:
    """Open a queue that was cut, use it, and say what came of it."""
    queue = SqliteQueue(path)
    contents = queue.open()
    found, known = [*contents.messages], rows()
    queue.write(Change(messages=[known[0]._replace(number=MESSAGES + 1)]))
    queue.close()
    assert SqliteQueue(path).open().damage is None, "it can't be used again"
    if not set(found) <= set(known):
        return "other messages"
    if contents.damage is not None:
        return "told, some saved" if found else "told"
    if len(found) == MESSAGES:
        return "whole"
    return "an earlier state" if sorted(found) == known[: len(found)] else "silently less"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory() as folder:
        found = Counter(each for each, _ in cuts(Path(folder), options.places, seed))
    print(f"seed {seed}: {dict(found)}")
    sys.exit(bool(found["other messages"] or found["silently less"]))


if __name__ == "__main__":
    main()
