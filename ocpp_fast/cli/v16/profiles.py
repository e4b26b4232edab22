"""The charging profiles that are installed, in the terms of 1.6."""

from __future__ import annotations

from datetime import datetime

from ocpp_fast import v16

from ..charging_profiles import Installed, InstalledProfiles
from ..schedule import Schedule, amperes

__all__ = ["ChargingProfiles"]


class ChargingProfiles:
    """Which profile is installed on which connector; 0 is the station."""

    def __init__(self) -> None:
        self._installed: InstalledProfiles[v16.ChargingProfile] = InstalledProfiles()

    def install(self, connector_id: int, profile: v16.ChargingProfile) -> bool:
        """Install a profile in place of those that it replaces; return whether it can be."""
        return self._installed.add(
            Installed(
                place=connector_id,
                id=profile.charging_profile_id,
                purpose=profile.charging_profile_purpose,
                stack_level=profile.stack_level,
                schedule=_schedule(profile),
                profile=profile,
            )
        )

    def clear(self, request: v16.ClearChargingProfileRequest) -> bool:
        """Remove what matches; return whether anything did."""
        return self._installed.remove(lambda each: _matches(each, request))

    def end_transaction(self, connector_id: int) -> None:
        """Remove the profiles of the transaction that has ended on a connector."""
        self._installed.end_transaction(connector_id)

    def limit(self, connector_id: int, moment: datetime, started: datetime) -> float:
        """Return how many amperes per phase may flow; `started` is when the transaction did."""
        return self._installed.limit(connector_id, moment, started)

    def composite(
        self,
        connector_id: int,
        begin: datetime,
        seconds: int,
        unit: v16.ChargingRateUnitType,
        started: datetime,
    ) -> v16.ChargingSchedule:
        """Return what all profiles together allow from now on, for a week at most."""
        duration, periods = self._installed.composite(connector_id, begin, seconds, unit, started)
        return v16.ChargingSchedule(
            duration=duration,
            charging_rate_unit=unit,
            charging_schedule_period=[
                v16.ChargingSchedulePeriod(start_period=offset, limit=limit) for offset, limit in periods
            ],
        )


def _schedule(profile: v16.ChargingProfile) -> Schedule:
    schedule = profile.charging_schedule
    return Schedule(
        kind=profile.charging_profile_kind,
        recurrency=profile.recurrency_kind,
        start=schedule.start_schedule,
        duration=schedule.duration,
        periods=tuple(
            (each.start_period, amperes(each.limit, schedule.charging_rate_unit))
            for each in schedule.charging_schedule_period
        ),
        valid_from=profile.valid_from,
        valid_to=profile.valid_to,
    )


def _matches(each: Installed[v16.ChargingProfile], request: v16.ClearChargingProfileRequest) -> bool:
    if request.id is not None:
        return each.id == request.id
    wanted = (request.connector_id, request.charging_profile_purpose, request.stack_level)
    actual = (each.place, each.purpose, each.stack_level)
    return all(want is None or want == have for want, have in zip(wanted, actual, strict=True))
