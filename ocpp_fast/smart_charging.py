"""Smart charging: which charging profiles a station has, and what they allow together, in OCPP 1.6, 2.0.1 and 2.1.

`ChargingProfiles` installs, stacks and clears profiles, and answers what may flow at a moment (`limit`) and over time
(`composite`). It reads no clock: every moment is passed in, as a datetime with a zone. A station that asks with its
clock obeys its profiles; a central system that installs what it has sent predicts what the station will do.

A place is a connector of 1.6 or an EVSE of 2.x, from 1 up; 0 is the station. Units are OCPP's: "A" is amperes on each
phase, "W" is watts over all phases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from . import v16, v21, v201

    Schedule: TypeAlias = v16.ChargingSchedule | v201.ChargingScheduleType | v21.ChargingScheduleType

__all__ = [
    "ChargingProfiles",
    "CompositeSchedule",
    "Installed",
    "Limit",
    "Period",
    "ProfileRefused",
    "StationFacts",
    "Transaction",
]

P = TypeVar("P", bound="v16.ChargingProfile | v201.ChargingProfileType | v21.ChargingProfileType")

_EXTERNAL: Final = "ChargingStationExternalConstraints"
_MAXIMA: Final = ("ChargePointMaxProfile", "ChargingStationMaxProfile")
_CEILINGS: Final = (*_MAXIMA, _EXTERNAL)
"""Purposes that hold whatever a transaction is allowed."""
_OF_TRANSACTIONS: Final = ("TxProfile", "TxDefaultProfile", "PriorityCharging")
_RECURS: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}
_SECOND: Final = timedelta(seconds=1)
_NOT_FOLLOWED: Final = ("use_local_time", "randomized_delay", "limit_at_soc", "limit_l2", "limit_l3", "setpoint")
"""Fields of 2.1 that change what a schedule means."""


class ProfileRefused(ValueError):
    """A profile that can't be installed; the text says why, with the requirement if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFacts:
    """What a station is built for."""

    outlets: int = 1
    """How many connectors (1.6) or EVSEs it has; their places are 1, 2, 3..."""
    voltage: float = 230.0
    """Between a phase and neutral."""
    phases: int = 3
    """Of each outlet, from 1 to 3; for DC 1, with the voltage that watts are to be told in amperes by."""
    amperes: float = 32.0
    """What an outlet can give on each phase."""
    grid_amperes: float = inf
    """What the station may draw on each phase, whatever its profiles say."""
    rate_units: tuple[str, ...] = ("A", "W")
    """Of the schedules that it takes and gives; the first where none is asked for."""
    max_periods: int = 24
    """Of a schedule: ChargingScheduleMaxPeriods, PeriodsPerSchedule."""
    max_profiles: int = 20
    max_stack_level: int = 10
    horizon: timedelta = timedelta(days=7)
    """How long a composite schedule is at most."""


class Limit(NamedTuple):
    """What may flow; `amperes` on each of the `phases` in use."""

    amperes: float
    watts: float
    """Over all phases."""
    phases: int

    def in_unit(self, unit: str) -> float:
        """Return it in a unit of OCPP, A or W."""
        return self.watts if unit == "W" else self.amperes


class Period(NamedTuple):
    """A step of a composite schedule."""

    start: int
    """Seconds from the begin of the schedule."""
    limit: float
    """In the unit of the schedule, rounded down to one decimal place."""
    phases: int


class CompositeSchedule(NamedTuple):
    """What all profiles together allow over time; `duration` is in seconds, and may be less than was asked for."""

    begin: datetime
    duration: int
    unit: str
    periods: list[Period]


class Transaction(NamedTuple):
    """A transaction that runs."""

    id: int | str | None
    """By which its TxProfiles know it."""
    started: datetime
    priority: bool = False
    """Whether profiles of the purpose PriorityCharging hold (2.1)."""


_NOTHING_RUNS: Final[Mapping[int, Transaction]] = MappingProxyType({})
_FREE: Final = Limit(inf, inf, 3)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Installed(Generic[P]):
    """A profile at its place; `purpose` is OCPP's word."""

    place: int
    id: int
    purpose: str
    stack_level: int
    transaction_id: int | str | None
    """Whose TxProfile it is; None for any other purpose."""
    since: datetime
    """When it was installed: a relative profile of the station itself counts from then."""
    profile: P
    """As it came."""
    schedule: Schedule
    """The one that counts: of several, the first."""
    steps: tuple[tuple[int, Limit], ...]
    """Seconds from the start of the schedule, and what holds from then on."""

    def matches(self, place: int | None, purpose: str | None, stack_level: int | None) -> bool:
        """Whether it is a profile that is asked for; None matches any."""
        asked = ((place, self.place), (purpose, self.purpose), (stack_level, self.stack_level))
        return all(wanted in (None, actual) for wanted, actual in asked)

    def at(self, moment: datetime, transaction: Transaction | None) -> Limit | None:
        """Return what it allows, or None when it says nothing of the moment."""
        valid_from, valid_to = self.profile.valid_from, self.profile.valid_to
        if (valid_from is not None and moment < valid_from) or (valid_to is not None and moment >= valid_to):
            return None
        start, duration = self._start(moment, transaction), self.schedule.duration
        if start is None or moment < start:
            return None
        elapsed = (moment - start).total_seconds()
        if duration is not None and elapsed >= duration:
            return None
        return next(limit for offset, limit in reversed(self.steps) if offset <= elapsed)

    def _start(self, moment: datetime, transaction: Transaction | None) -> datetime | None:
        """Return what the periods are counted from at a moment."""
        start, recurrency = self.schedule.start_schedule, self.profile.recurrency_kind
        if start is None or self.profile.charging_profile_kind == "Relative":
            return self.since if transaction is None or self.purpose in _CEILINGS else transaction.started
        if self.profile.charging_profile_kind != "Recurring" or recurrency is None:
            return start
        return None if moment < start else start + (moment - start) // _RECURS[recurrency] * _RECURS[recurrency]

    def changes(self, begin: datetime, seconds: int, transaction: Transaction | None) -> Iterator[int]:
        """Yield after how many whole seconds its limit may change, in no order, some before 0 or after the end."""
        for valid in (self.profile.valid_from, self.profile.valid_to):
            if valid is not None:
                yield _seconds(begin, valid)
        if (start := self._start(begin, transaction) or self.schedule.start_schedule) is None:
            return
        recurrency = self.profile.recurrency_kind if self.profile.charging_profile_kind == "Recurring" else None
        first = _seconds(begin, start)
        again = () if recurrency is None else range(first, seconds, _RECURS[recurrency] // _SECOND)[1:]
        ends = () if self.schedule.duration is None else (self.schedule.duration,)
        for start_at in (first, *again):
            yield from (start_at + offset for offset in (*(offset for offset, _ in self.steps), *ends))


class ChargingProfiles(Generic[P]):
    """The charging profiles of a station.

    `running` is the transaction at each place that has one, for every question. A place without one is taken as if a
    transaction started there at the moment, or at the begin of the schedule, that is asked about: a car may come.

    At a moment, the profile of the highest stack level that says anything leads its purpose; where a TxDefaultProfile
    of the station and one of the place have the same level, that of the place does. The TxProfile of the transaction
    replaces the default; the lowest limit of all purposes, and the fewest phases, hold. What the station may draw is
    shared among the transactions that run: in equal parts, but nobody gets more than its own profiles allow. A part
    below the `minChargingRate` of the profile is given to the others; who started last is the first to wait.
    """

    def __init__(self, facts: StationFacts) -> None:
        self.facts = facts
        self._installed: list[Installed[P]] = []

    def __iter__(self) -> Iterator[Installed[P]]:
        return iter(self._installed)

    # Installing and removing

    def install(
        self, place: int, profile: P, now: datetime, *, transaction_id: int | str | None = None
    ) -> Installed[P]:
        """Install a profile instead of the one of the same id and, in 1.6, of the same place, purpose and stack level.

        A TxProfile belongs to the transaction that its `transaction_id` names, or the one given here: the caller
        knows that it runs at the place, or is about to. Raises ProfileRefused; then nothing has changed.
        """
        schedules = profile.charging_schedule
        is_16 = not isinstance(schedules, list)
        schedule: Schedule = schedules[0] if isinstance(schedules, list) else schedules
        new = Installed(
            place=place,
            id=getattr(profile, "charging_profile_id" if is_16 else "id"),
            purpose=str(profile.charging_profile_purpose),
            stack_level=profile.stack_level,
            transaction_id=(
                (profile.transaction_id if transaction_id is None else transaction_id)
                if profile.charging_profile_purpose == "TxProfile"
                else None
            ),
            since=now,
            profile=profile,
            schedule=schedule,
            steps=tuple(_steps(schedule)),
        )
        self._check(new)
        others = [each for each in self._installed if each.id != new.id]
        if any(each.id == new.id and each.purpose == _EXTERNAL != new.purpose for each in self._installed):
            raise ProfileRefused(f"the id {new.id} is that of an external constraint (K01.FR.05)")
        rivals = [each for each in others if _are_rivals(each, new)]
        if not is_16:
            rivals = [each for each in rivals if _overlap(each.profile, profile)]
            if rivals:
                raise ProfileRefused(
                    f"the profile {rivals[0].id} has the same purpose and stack level (K01.FR.06, K01.FR.39)"
                )
        kept = [each for each in others if each not in rivals]
        if len(kept) >= self.facts.max_profiles:
            raise ProfileRefused(f"there are {self.facts.max_profiles} profiles already")
        self._installed = [*kept, new]
        return new

    def clear(
        self,
        *,
        profile_id: int | None = None,
        place: int | None = None,
        purpose: str | None = None,
        stack_level: int | None = None,
    ) -> bool:
        """Remove the profile of an id or, without one, all that match; return whether there was any.

        It is what ClearChargingProfile does: external constraints stay (K10.FR.04); `remove` withdraws those.
        """
        return self.remove(
            lambda each: (
                each.purpose != _EXTERNAL
                and (each.id == profile_id if profile_id is not None else each.matches(place, purpose, stack_level))
            )
        )

    def remove(self, condition: Callable[[Installed[P]], bool]) -> bool:
        """Remove what a condition holds for; return whether it did for any."""
        kept = [each for each in self._installed if not condition(each)]
        removed = len(kept) < len(self._installed)
        self._installed = kept
        return removed

    def end_transaction(self, transaction_id: int | str) -> None:
        """Remove the TxProfiles of a transaction, which has ended or will never start."""
        self.remove(lambda each: each.transaction_id == transaction_id)

    # What may flow

    def limit(self, place: int, moment: datetime, running: Mapping[int, Transaction] = _NOTHING_RUNS) -> Limit:
        """Return what may flow at a place; at 0, what the station may draw from the grid.

        That is the lower of the station's own limits and the sum of what its places may draw.
        """
        assumed = self._assumed(place, moment, running)
        station = self._ceiling(0, moment, Limit(self.facts.grid_amperes, inf, self.facts.phases))
        if place == 0:
            own = [self._own(each, assumed[each], moment, _FREE)[0] for each in assumed]
            phases = min(station.phases, max((each.phases for each in own), default=3))
            own = [self._settled(_lowest(each, Limit(inf, inf, phases))) for each in own]
            total = Limit(sum(each.amperes for each in own), sum(each.watts for each in own), phases)
            return _lowest(total, self._settled(station._replace(phases=phases)))
        return self._shares(assumed, moment, station)[place]

    def composite(
        self,
        place: int,
        begin: datetime,
        seconds: int,
        unit: str | None = None,
        running: Mapping[int, Transaction] = _NOTHING_RUNS,
    ) -> CompositeSchedule:
        """Return what `limit` is over time, with a period for each change, on whole seconds from the begin.

        The station's maximum number of periods, and its horizon, make the schedule shorter than was asked for. Raises
        ValueError for a negative duration, or a place or unit that the station does not have.
        """
        unit = self.facts.rate_units[0] if unit is None else unit
        if unit not in self.facts.rate_units or seconds < 0:
            raise ValueError(f"expected a duration and one of {self.facts.rate_units}, not {seconds} and {unit!r}")
        assumed = self._assumed(place, begin, running)
        seconds = min(seconds, self.facts.horizon // _SECOND)
        periods: list[Period] = []
        for offset in sorted({0, *self._changes(begin, seconds, assumed)}):
            limit = self.limit(place, begin + offset * _SECOND, assumed)
            period = Period(offset, _rounded_down(limit.in_unit(unit)), limit.phases)
            if periods and periods[-1][1:] == period[1:]:
                continue
            if len(periods) == self.facts.max_periods:
                return CompositeSchedule(begin, offset, unit, periods)
            periods.append(period)
        return CompositeSchedule(begin, seconds, unit, periods)

    # How it comes about

    def _check(self, new: Installed[P]) -> None:
        """Raise ProfileRefused if a profile makes no sense where it is, or asks for what is not followed here."""
        facts, schedule, profile = self.facts, new.schedule, new.profile
        steps = schedule.charging_schedule_period
        offsets = [each.start_period for each in steps]
        recurs = profile.charging_profile_kind == "Recurring"
        for fails, why in (
            (not 0 <= new.place <= facts.outlets, f"there is no place {new.place} (K01.FR.28)"),
            (new.purpose not in (*_CEILINGS, *_OF_TRANSACTIONS), f"{new.purpose} is not supported (K01.FR.120)"),
            (new.purpose in _MAXIMA and new.place != 0, f"{new.purpose} is for place 0 only"),
            (new.purpose == "TxProfile" and new.place == 0, "a TxProfile is for one place (K01.FR.16)"),
            (new.purpose == "TxProfile" and new.transaction_id is None, "no transaction is named (K01.FR.03)"),
            (
                new.purpose == "ChargingStationMaxProfile" and profile.charging_profile_kind == "Relative",
                "ChargingStationMaxProfile can't be relative (K01.FR.38)",
            ),
            (not 0 <= new.stack_level <= facts.max_stack_level, f"no stack level {new.stack_level}"),
            (schedule.charging_rate_unit not in facts.rate_units, "the rate unit is not supported (K01.FR.26)"),
            (not 1 <= len(steps) <= facts.max_periods, f"expected 1 to {facts.max_periods} periods"),
            (offsets[:1] != [0], "the first period does not start at 0 (K01.FR.31)"),
            (offsets != sorted(set(offsets)), "the periods are not in order (K01.FR.35)"),
            (any(each.limit is not None and each.limit < 0 for each in steps), "a limit is negative"),
            (any(not 0 <= (each.number_phases or 0) <= 3 for each in steps), "expected 1 to 3 phases"),
            (recurs and None in (profile.recurrency_kind, schedule.start_schedule), "it recurs without kind or start"),
            *(
                (bool(getattr(each, name, None)), f"{name} is not supported")
                for each in (schedule, *steps)
                for name in _NOT_FOLLOWED
            ),
            *(
                (getattr(each, "operation_mode", None) not in (None, "ChargingOnly"), "the mode is not supported")
                for each in steps
            ),
        ):
            if fails:
                raise ProfileRefused(why)

    def _assumed(self, place: int, moment: datetime, running: Mapping[int, Transaction]) -> Mapping[int, Transaction]:
        """Return the transactions that the answer about a place takes into account."""
        if not 0 <= place <= self.facts.outlets:
            raise ValueError(f"there is no place {place}")
        asked = range(1, self.facts.outlets + 1) if place == 0 else (place,)
        return {**{each: Transaction(None, moment) for each in asked}, **running}

    def _changes(self, begin: datetime, seconds: int, assumed: Mapping[int, Transaction]) -> Iterator[int]:
        """Yield at which whole seconds something may have changed."""
        for each in self._installed:
            for transaction in assumed.values():
                yield from (offset for offset in each.changes(begin, seconds, transaction) if 0 < offset < seconds)

    def _ceiling(self, place: int, moment: datetime, built: Limit) -> Limit:
        """Return what holds for a place, or for the station, whatever transactions may do."""
        for purpose in _CEILINGS:
            if (leading := self._leading(purpose, (place,), moment, None)) is not None:
                built = _lowest(built, leading[1])
        return built

    def _own(self, place: int, transaction: Transaction, moment: datetime, station: Limit) -> tuple[Limit, float]:
        """Return what a transaction may draw if no other one runs, and the least that it can use, in amperes."""
        limit = _lowest(self._ceiling(place, moment, Limit(self.facts.amperes, inf, self.facts.phases)), station)
        for purpose, places in (
            *((("PriorityCharging", (place, 0)),) if transaction.priority else ()),
            ("TxProfile", (place,)),
            ("TxDefaultProfile", (place, 0)),
        ):
            if (leading := self._leading(purpose, places, moment, transaction)) is not None:
                limit = self._settled(_lowest(limit, leading[1]))
                schedule = leading[0].schedule
                least = float(schedule.min_charging_rate or 0)
                if schedule.charging_rate_unit == "W":
                    least /= self.facts.voltage * limit.phases
                return limit, min(least, limit.amperes)
        return self._settled(limit), 0.0

    def _leading(
        self, purpose: str, places: tuple[int, ...], moment: datetime, transaction: Transaction | None
    ) -> tuple[Installed[P], Limit] | None:
        """Return the profile of a purpose that leads at a moment, and what it allows."""
        owner = transaction.id if transaction is not None and purpose == "TxProfile" else None
        candidates = [
            (each, limit)
            for each in self._installed
            if each.purpose == purpose and each.place in places and each.transaction_id == owner
            if (limit := each.at(moment, transaction)) is not None
        ]
        return max(candidates, key=lambda each: (each[0].stack_level, each[0].place), default=None)

    def _shares(self, running: Mapping[int, Transaction], moment: datetime, station: Limit) -> dict[int, Limit]:
        """Return what each transaction may draw, nothing for one that has to wait."""
        own = {place: self._own(place, each, moment, station) for place, each in running.items()}
        fed = sorted(running, key=lambda place: (running[place].started, place))
        while True:
            shares = {place: own[place][0] for place in fed}
            by_amperes = _level([each.amperes for each in shares.values()], station.amperes)
            shares = {place: self._settled(_lowest(each, Limit(by_amperes, inf, 3))) for place, each in shares.items()}
            by_watts = _level([each.watts for each in shares.values()], station.watts)
            shares = {place: self._settled(_lowest(each, Limit(inf, by_watts, 3))) for place, each in shares.items()}
            starved = [place for place in fed if shares[place].amperes < own[place][1] - 1e-9]
            if not starved:
                return {place: Limit(0.0, 0.0, each.phases) for place, (each, _) in own.items()} | shares
            fed.remove(starved[-1])

    def _settled(self, limit: Limit) -> Limit:
        """Return a limit with its amperes and watts made to agree, by the phases."""
        per_ampere = self.facts.voltage * limit.phases
        amperes = min(limit.amperes, limit.watts / per_ampere)
        return Limit(amperes, min(limit.watts, limit.amperes * per_ampere), limit.phases)


def _steps(schedule: Schedule) -> Iterator[tuple[int, Limit]]:
    for each in schedule.charging_schedule_period:
        rate = inf if each.limit is None else float(each.limit)  # 2.1 may leave it out
        amperes, watts = (rate, inf) if schedule.charging_rate_unit == "A" else (inf, rate)
        yield each.start_period, Limit(amperes, watts, each.number_phases or 3)


def _seconds(begin: datetime, moment: datetime) -> int:
    """Return how many seconds a moment is after the begin, rounded up."""
    return -((begin - moment) // _SECOND)


def _are_rivals(one: Installed[P], other: Installed[P]) -> bool:
    """Whether two profiles have the same place in the same stack."""
    places = ((each.place, each.purpose, each.stack_level, each.transaction_id) for each in (one, other))
    return next(places) == next(places)


def _overlap(one: P, other: P) -> bool:
    """Whether there is a moment at which both are valid."""
    begins = [each.valid_from for each in (one, other) if each.valid_from is not None]
    ends = [each.valid_to for each in (one, other) if each.valid_to is not None]
    return not begins or not ends or max(begins) < min(ends)


def _lowest(one: Limit, other: Limit) -> Limit:
    return Limit(min(one.amperes, other.amperes), min(one.watts, other.watts), min(one.phases, other.phases))


def _level(amounts: Iterable[float], total: float) -> float:
    """Return where to cut amounts off so that they do not add up to more than a total."""
    ascending = sorted(amounts)
    for index, amount in enumerate(ascending):
        share = total / (len(ascending) - index)
        if amount >= share:
            return share
        total -= amount
    return inf


def _rounded_down(rate: float) -> float:
    """Return a rate with one decimal place, not above it but for the error of floating point."""
    return floor(rate * 10 + 1e-6) / 10
