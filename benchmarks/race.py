"""A race: several ways to do one thing take turns, round after round, and the best round of each counts."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from timeit import Timer
from typing import Any, Final

__all__ = ["Contender", "Lane", "ready"]

TURN: Final = 1e-3
"""Seconds that one turn takes, at least."""
ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a thing: an expression, and what the names in it mean.

    An expression and no function: its user would have written it inline too. `wanted` says how many times as fast as
    this one ours is to be.
    """

    name: str
    expression: str
    names: Mapping[str, Any] = field(repr=False)
    wanted: float | None = None

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
        self._timer = Timer(contender.expression, "_gc.enable()", globals=names)  # timeit would disable it
        self._times = max(1, round(TURN / min(self._timer.repeat(5, 1))))
        self._times = max(1, round(TURN / (self._timer.timeit(self._times) / self._times)))
        self.best = inf

    def turn(self) -> None:
        """Run for a while."""
        self.best = min(self.best, self._timer.timeit(self._times) / self._times)


def ready(contenders: Sequence[Contender]) -> list[Lane]:
    """Put contenders into their lanes; what exists by now is no longer searched for garbage."""
    lanes = [Lane(each) for each in contenders]
    gc.collect()
    gc.freeze()
    return lanes
