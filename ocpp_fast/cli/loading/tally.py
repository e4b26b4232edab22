"""What a load test counts; the tallies of several processes are added up."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import reduce
from math import ceil, exp, log
from operator import add
from typing import Any, Final

__all__ = ["Histogram", "Tally", "total"]

_SHORTEST: Final = 1e-6
_WIDTH: Final = log(1.01)
_BUCKETS: Final = ceil(log(1e9) / _WIDTH)
"""From a microsecond to 1000 seconds."""


class Histogram:
    """Durations in seconds, within 1 %; its size does not depend on how many they are."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._counts = array("Q", bytes(8 * _BUCKETS))

    def note(self, seconds: float) -> None:
        """Add a duration."""
        self.longest = max(self.longest, seconds)
        bucket = int(log(seconds / _SHORTEST) / _WIDTH) if seconds > _SHORTEST else 0
        self._counts[min(bucket, _BUCKETS - 1)] += 1

    def percentile(self, percent: float) -> float | None:
        """Return the time within which so many per cent of all are; None if there are none."""
        rest = percent / 100 * sum(self._counts)
        for bucket, count in enumerate(self._counts):
            rest -= count
            if count and rest <= 1e-9:
                return min(self.longest, _SHORTEST * exp((bucket + 1) * _WIDTH))
        return self.longest or None

    def __add__(self, other: Histogram) -> Histogram:
        both = Histogram()
        both.longest = max(self.longest, other.longest)
        both._counts = array("Q", map(add, self._counts, other._counts))
        return both


@dataclass(slots=True)
class Tally:
    """The counts of one process, or of all; times are in seconds."""

    tried: int = 0
    """Stations that have connected, or could not at first."""
    ready: int = 0
    """Stations that are connected and accepted."""
    handshakes: int = 0
    reconnects: int = 0
    connecting: float = 0.0
    """Until the last station was accepted for the first time."""
    calls: Counter[str] = field(default_factory=Counter)
    """Those of the mix that were answered by a result, by action."""
    latency: Histogram = field(default_factory=Histogram)
    """From when a call was due to its answer."""
    waiting: Histogram = field(default_factory=Histogram)
    """From when a call was sent to its answer."""
    late: Histogram = field(default_factory=Histogram)
    """From when a call was due to when it was made, of stations that were free to make it: the generator's own lag."""
    talking: float = 0.0
    """For how long the mix was sent."""
    cpu: float = 0.0
    """The share of a processor that the generator took meanwhile; of several processes, the busiest one's."""
    errors: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    """Stations that the storm has dropped."""
    back: int = 0
    """Those of them that are accepted again."""
    storm_handshakes: float = 0.0
    """From the storm to the last handshake."""
    storm: float = 0.0
    """From the storm until the last station was accepted again."""
    obeyed: Counter[str] = field(default_factory=Counter)
    """The commands that were carried out."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{each.name: _both(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)})


def _both(one: Any, other: Any) -> Any:
    """Return the sum of counts; of times, which run side by side, the longer one."""
    return max(one, other) if isinstance(one, float) else one + other


def total(tallies: Iterable[Tally]) -> Tally:
    """Add up the tallies of processes."""
    return reduce(add, tallies, Tally())
