"""A race: several ways to do one thing take turns, round after round, and the best round of each counts.

The clock is the processor's, for all threads of this process: what else runs on the machine does not count.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from time import process_time
from timeit import Timer
from typing import Any, Final

__all__ = ["Contender", "Lane", "ready"]

TURN: Final = 1e-3
"""Seconds that one turn takes, at least."""
ROUNDS: Final = 100
LONGEST: Final = 0.5
"""Seconds after which a contender takes no more turns."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a thing: an expression, and what the names in it mean.

    An expression and no function: its user would have written it inline too. It does the thing `repeats` times over.
    `wanted` says how many times as fast as this one ours is to be.
    """

    name: str
    expression: str
    names: Mapping[str, Any] = field(repr=False)
    wanted: float | None = None
    repeats: int = 1

    def result(self) -> Any:
        """Do it once."""
        return eval(self.expression, dict(self.names))

    def with_names(self, **names: Any) -> Contender:
        """Return a contender that does it to something else."""
        return replace(self, names={**self.names, **names})


class Lane:
    """The turns of one contender; `best` is how long it takes, in seconds."""

    def __init__(self, contender: Contender) -> None:
        names = {"_gc": gc, **contender.names}
        self._repeats = contender.repeats
        self._timer = Timer(contender.expression, "_gc.enable()", timer=process_time, globals=names)
        self._times = max(1, round(TURN / max(1e-7, *self._timer.repeat(5, 1))))
        self._times = max(1, round(TURN / (self._timer.timeit(self._times) / self._times)))
        self._spent = 0.0
        self.best = inf

    def turn(self) -> None:
        """Run for a while, unless it has run for long."""
        if self._spent < LONGEST:
            spent = self._timer.timeit(self._times)
            self._spent += spent
            self.best = min(self.best, spent / self._times / self._repeats)


def ready(contenders: Sequence[Contender]) -> list[Lane]:
    """Put contenders into their lanes; what exists by now is no longer searched for garbage."""
    lanes = [Lane(each) for each in contenders]
    gc.collect()
    gc.freeze()
    return lanes
