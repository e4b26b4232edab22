"""Smart charging: the charging profiles that are installed, and what they allow together, whatever the version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

__all__ = [
    "MAX_AMPERES",
    "MAX_PERIODS",
    "MAX_PROFILES",
    "MAX_STACK_LEVEL",
    "PHASES",
    "VOLTAGE",
    "Installed",
    "InstalledProfiles",
    "Schedule",
    "amperes",
]

P = TypeVar("P")

VOLTAGE: Final = 230
PHASES: Final = 3

_RECURS: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}

MAX_AMPERES: Final = 32.0
MAX_PERIODS: Final = 24
MAX_PROFILES: Final = 20
MAX_STACK_LEVEL: Final = 10
_HORIZON: Final = timedelta(days=7)

_CEILINGS: Final = frozenset(
    {"ChargePointMaxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"}
)
"""What holds for the whole station, whatever else is allowed."""


def amperes(limit: float, unit: str) -> float:
    """Return a limit in amperes per phase."""
    return limit if unit == "A" else limit / (VOLTAGE * PHASES)


def in_unit(limit: float, unit: str) -> float:
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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Installed(Generic[P]):
    """A profile at its place: a connector or EVSE, or 0, the station. `purpose` is OCPP's word."""

    place: int
    id: int
    purpose: str
    stack_level: int
    schedule: Schedule
    profile: P
    """As it came."""

    def is_replaced_by(self, other: Installed[P]) -> bool:
        """Whether the other has the same id, or stands at the same place."""
        own = (self.place, self.purpose, self.stack_level)
        return self.id == other.id or own == (other.place, other.purpose, other.stack_level)

    def matches(self, place: int | None, purpose: str | None, stack_level: int | None) -> bool:
        """Whether it is the profile that is asked for; None matches any."""
        asked = ((place, self.place), (purpose, self.purpose), (stack_level, self.stack_level))
        return all(wanted in (None, actual) for wanted, actual in asked)

    @property
    def is_sound(self) -> bool:
        """Whether the profile makes sense where it is."""
        schedule = self.schedule
        if not 1 <= len(schedule.periods) <= MAX_PERIODS or schedule.periods[0][0] != 0:
            return False
        if not 0 <= self.stack_level <= MAX_STACK_LEVEL:
            return False
        if schedule.kind == "Recurring" and None in (schedule.recurrency, schedule.start):
            return False
        if self.purpose in _CEILINGS:
            return self.place == 0
        return self.purpose != "TxProfile" or self.place > 0


class InstalledProfiles(Generic[P]):
    """Which profile is installed where."""

    def __init__(self) -> None:
        self._installed: list[Installed[P]] = []

    def __iter__(self) -> Iterator[Installed[P]]:
        return iter(self._installed)

    def add(self, new: Installed[P]) -> bool:
        """Install a profile in place of those that it replaces; return whether it can be."""
        kept = [each for each in self._installed if not each.is_replaced_by(new)]
        if not new.is_sound or len(kept) >= MAX_PROFILES:
            return False
        self._installed = [*kept, new]
        return True

    def remove(self, condition: Callable[[Installed[P]], bool]) -> bool:
        """Remove what the condition holds for; return whether it did for any."""
        kept = [each for each in self._installed if not condition(each)]
        removed = len(kept) < len(self._installed)
        self._installed = kept
        return removed

    def end_transaction(self, place: int) -> None:
        """Remove the profiles of the transaction that has ended at a place."""
        self.remove(lambda each: each.place == place and each.purpose == "TxProfile")

    def limit(self, place: int, moment: datetime, started: datetime, *, priority: bool = False) -> float:
        """Return how many amperes per phase may flow; `started` is when the transaction did.

        With `priority`, profiles of that purpose stand in for those of transactions.
        """
        limits = [MAX_AMPERES, *(self._best(0, each, moment, started) for each in _CEILINGS)]
        if place:
            by_rank = [(place, "TxProfile"), (place, "TxDefaultProfile"), (0, "TxDefaultProfile")]
            if priority:
                by_rank = [(place, "PriorityCharging"), (0, "PriorityCharging"), *by_rank]
            ranked = (self._best(*each, moment, started) for each in by_rank)
            limits.append(next((limit for limit in ranked if limit is not None), None))
        return max(0.0, min(each for each in limits if each is not None))

    def _best(self, place: int, purpose: str, moment: datetime, started: datetime) -> float | None:
        """Return the limit of the highest stack level that says anything."""
        candidates = [
            (each.stack_level, limit)
            for each in self._installed
            if each.place == place and each.purpose == purpose
            if (limit := each.schedule.limit_at(moment, started)) is not None
        ]
        return max(candidates)[1] if candidates else None

    def composite(
        self, place: int, begin: datetime, seconds: int, unit: str, started: datetime
    ) -> tuple[int, list[tuple[int, float]]]:
        """Return what all profiles together allow from `begin` on, for a week at most.

        The duration in seconds; then a period for each change: seconds from the begin, and the limit in the unit.
        """
        end = begin + min(timedelta(seconds=min(seconds, 10**9)), _HORIZON)
        moments = {begin}
        for each in self._installed:
            moments.update(each.schedule.changes(begin, end, started))
        periods: list[tuple[int, float]] = []
        for moment in sorted(moments):
            shown = in_unit(self.limit(place, moment, started), unit)
            if not periods or periods[-1][1] != shown:
                periods.append((round((moment - begin).total_seconds()), shown))
        return int((end - begin).total_seconds()), periods[:MAX_PERIODS]
