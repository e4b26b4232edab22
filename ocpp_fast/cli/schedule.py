"""When a charging profile limits what flows, and to how much, whatever the version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

__all__ = ["PHASES", "VOLTAGE", "Schedule", "Unit", "amperes", "in_unit"]

VOLTAGE: Final = 230
PHASES: Final = 3

Unit: TypeAlias = Literal["A", "W"]

_RECURS: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}


def amperes(limit: float, unit: Unit | str) -> float:
    """Return a limit in amperes per phase."""
    return limit if unit == "A" else limit / (VOLTAGE * PHASES)


def in_unit(limit: float, unit: Unit | str) -> float:
    """Return a limit, given in amperes per phase, in a unit and with one decimal."""
    return round(limit if unit == "A" else limit * VOLTAGE * PHASES, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The limits of a charging profile over time; `kind` and `recurrency` are the words of OCPP."""

    kind: str
    recurrency: str | None
    start: datetime | None
    duration: float | None
    periods: tuple[tuple[float, float], ...]
    """Seconds from the start, and amperes per phase from then on."""
    valid_from: datetime | None
    valid_to: datetime | None

    def limit_at(self, moment: datetime, started: datetime) -> float | None:
        """Return how many amperes per phase are allowed, or None when nothing is said of the moment.

        `started` is when the transaction did.
        """
        begin = self._begin(moment, started)
        if begin is None or not self._is_valid(moment):
            return None
        elapsed = (moment - begin).total_seconds()
        if elapsed < 0 or (self.duration is not None and elapsed >= self.duration):
            return None
        reached = [each for each in self.periods if each[0] <= elapsed]
        return max(reached, key=lambda each: each[0])[1] if reached else None

    def changes(self, begin: datetime, end: datetime, started: datetime) -> Iterator[datetime]:
        """Yield the moments between `begin` and `end` at which the limit may change, in no order."""
        offsets = [offset for offset, _ in self.periods]
        if self.duration is not None:
            offsets.append(self.duration)
        candidates = [each for each in (self.valid_from, self.valid_to) if each is not None]
        for start in self._beginnings(begin, end, started):
            candidates += [start, *(start + timedelta(seconds=offset) for offset in offsets)]
        yield from (each for each in candidates if begin < each < end)

    def _is_valid(self, moment: datetime) -> bool:
        if self.valid_from is not None and moment < self.valid_from:
            return False
        return self.valid_to is None or moment < self.valid_to

    def _begin(self, moment: datetime, started: datetime) -> datetime | None:
        """Return what the periods are counted from at a moment."""
        if self.kind == "Relative" or self.start is None:
            return started
        if self.kind != "Recurring":
            return self.start
        if self.recurrency is None or moment < self.start:
            return None
        every = _RECURS[self.recurrency]
        return self.start + (moment - self.start) // every * every

    def _beginnings(self, begin: datetime, end: datetime, started: datetime) -> Iterator[datetime]:
        start = self._begin(begin, started) or self.start
        if start is None:
            return
        yield start
        if self.kind == "Recurring" and self.recurrency is not None:
            every = _RECURS[self.recurrency]
            while (start := start + every) < end:
                yield start
