"""The charging profiles that are installed, and what they allow together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ocpp_fast import v16

from .schedule import changes, in_unit, limit_at

__all__ = ["MAX_AMPERES", "MAX_PERIODS", "MAX_PROFILES", "MAX_STACK_LEVEL", "ChargingProfiles"]

MAX_AMPERES: Final = 32.0
MAX_PERIODS: Final = 24
MAX_PROFILES: Final = 20
MAX_STACK_LEVEL: Final = 10
_HORIZON: Final = timedelta(days=7)

_Purpose = v16.ChargingProfilePurposeType


@dataclass(frozen=True, slots=True, eq=False)
class _Installed:
    connector_id: int
    profile: v16.ChargingProfile

    def is_replaced_by(self, other: _Installed) -> bool:
        if self.profile.charging_profile_id == other.profile.charging_profile_id:
            return True
        return (
            self.connector_id == other.connector_id
            and self.profile.charging_profile_purpose is other.profile.charging_profile_purpose
            and self.profile.stack_level == other.profile.stack_level
        )

    def matches(self, request: v16.ClearChargingProfileRequest) -> bool:
        if request.id is not None:
            return self.profile.charging_profile_id == request.id
        wanted = (request.connector_id, request.charging_profile_purpose, request.stack_level)
        actual = (self.connector_id, self.profile.charging_profile_purpose, self.profile.stack_level)
        return all(want is None or want == have for want, have in zip(wanted, actual, strict=True))


class ChargingProfiles:
    """Which profile is installed on which connector; 0 is the station."""

    def __init__(self) -> None:
        self._installed: list[_Installed] = []

    def install(self, connector_id: int, profile: v16.ChargingProfile) -> bool:
        """Install a profile in place of those that it replaces; return whether it can be."""
        new = _Installed(connector_id, profile)
        kept = [each for each in self._installed if not each.is_replaced_by(new)]
        if not _is_sound(connector_id, profile) or len(kept) >= MAX_PROFILES:
            return False
        self._installed = [*kept, new]
        return True

    def clear(self, request: v16.ClearChargingProfileRequest) -> bool:
        """Remove what matches; return whether anything did."""
        return self._remove(lambda each: each.matches(request))

    def end_transaction(self, connector_id: int) -> None:
        """Remove the profiles of the transaction that has ended on a connector."""
        self._remove(
            lambda each: (
                each.connector_id == connector_id and each.profile.charging_profile_purpose is _Purpose.TX_PROFILE
            )
        )

    def _remove(self, condition: Callable[[_Installed], bool]) -> bool:
        kept = [each for each in self._installed if not condition(each)]
        removed = len(kept) < len(self._installed)
        self._installed = kept
        return removed

    def limit(self, connector_id: int, moment: datetime, started: datetime) -> float:
        """Return how many amperes per phase may flow; `started` is when the transaction did."""
        limits = [MAX_AMPERES, self._best(0, _Purpose.CHARGE_POINT_MAX_PROFILE, moment, started)]
        if connector_id:
            by_rank = (
                (connector_id, _Purpose.TX_PROFILE),
                (connector_id, _Purpose.TX_DEFAULT_PROFILE),
                (0, _Purpose.TX_DEFAULT_PROFILE),
            )
            ranked = (self._best(*each, moment, started) for each in by_rank)
            limits.append(next((limit for limit in ranked if limit is not None), None))
        return max(0.0, min(each for each in limits if each is not None))

    def _best(self, connector_id: int, purpose: _Purpose, moment: datetime, started: datetime) -> float | None:
        """Return the limit of the highest stack level that says anything."""
        candidates = [
            (each.profile.stack_level, limit)
            for each in self._installed
            if each.connector_id == connector_id and each.profile.charging_profile_purpose is purpose
            if (limit := limit_at(each.profile, moment, started)) is not None
        ]
        return max(candidates)[1] if candidates else None

    def composite(
        self,
        connector_id: int,
        begin: datetime,
        seconds: int,
        unit: v16.ChargingRateUnitType,
        started: datetime,
    ) -> v16.ChargingSchedule:
        """Return what all profiles together allow from now on, for a week at most."""
        end = begin + min(timedelta(seconds=min(seconds, 10**9)), _HORIZON)
        moments = {begin}
        for each in self._installed:
            moments.update(changes(each.profile, begin, end, started))
        limits = ((moment, self.limit(connector_id, moment, started)) for moment in sorted(moments))
        return v16.ChargingSchedule(
            duration=int((end - begin).total_seconds()),
            charging_rate_unit=unit,
            charging_schedule_period=_periods(limits, begin, unit)[:MAX_PERIODS],
        )


def _periods(
    limits: Iterable[tuple[datetime, float]], begin: datetime, unit: v16.ChargingRateUnitType
) -> list[v16.ChargingSchedulePeriod]:
    """Return a period for each change of the limit."""
    periods: list[v16.ChargingSchedulePeriod] = []
    for moment, limit in limits:
        shown = in_unit(limit, unit)
        if not periods or periods[-1].limit != shown:
            offset = round((moment - begin).total_seconds())
            periods.append(v16.ChargingSchedulePeriod(start_period=offset, limit=shown))
    return periods


def _is_sound(connector_id: int, profile: v16.ChargingProfile) -> bool:
    """Whether a profile makes sense on a connector."""
    periods = profile.charging_schedule.charging_schedule_period
    if not 1 <= len(periods) <= MAX_PERIODS or periods[0].start_period != 0:
        return False
    if not 0 <= profile.stack_level <= MAX_STACK_LEVEL:
        return False
    recurring = profile.charging_profile_kind is v16.ChargingProfileKindType.RECURRING
    if recurring and None in (profile.recurrency_kind, profile.charging_schedule.start_schedule):
        return False
    if profile.charging_profile_purpose is _Purpose.CHARGE_POINT_MAX_PROFILE:
        return connector_id == 0
    return profile.charging_profile_purpose is not _Purpose.TX_PROFILE or connector_id > 0
