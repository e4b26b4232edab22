"""The charging profiles that are installed, and what they allow together, whatever the version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from .schedule import Schedule, Unit, in_unit

__all__ = ["MAX_AMPERES", "MAX_PERIODS", "MAX_PROFILES", "MAX_STACK_LEVEL", "Installed", "InstalledProfiles"]

P = TypeVar("P")

MAX_AMPERES: Final = 32.0
MAX_PERIODS: Final = 24
MAX_PROFILES: Final = 20
MAX_STACK_LEVEL: Final = 10
_HORIZON: Final = timedelta(days=7)

_CEILINGS: Final = frozenset(
    {"ChargePointMaxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"}
)
"""What holds for the whole station, whatever else is allowed."""


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
        self, place: int, begin: datetime, seconds: int, unit: Unit | str, started: datetime
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
