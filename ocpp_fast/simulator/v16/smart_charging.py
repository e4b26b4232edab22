"""The commands of the Smart Charging profile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ocpp_fast import on, v16

from ..smart_charging import Installed, Schedule, amperes

if TYPE_CHECKING:
    from .station import Station

__all__ = ["SmartChargingCommands", "installable"]


def installable(connector_id: int, profile: v16.ChargingProfile) -> Installed[v16.ChargingProfile]:
    """Return a profile as it would be installed on a connector; 0 is the station."""
    schedule = profile.charging_schedule
    return Installed(
        place=connector_id,
        id=profile.charging_profile_id,
        purpose=profile.charging_profile_purpose,
        stack_level=profile.stack_level,
        schedule=Schedule(
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
        ),
        profile=profile,
    )


class SmartChargingCommands:
    """Installs and removes charging profiles; the sessions follow them."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.SetChargingProfileRequest)
    def set_profile(self, request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        connector_id, profile, status = request.connector_id, request.cs_charging_profiles, v16.ChargingProfileStatus
        fits = self._fits(connector_id, profile)
        installed = fits and self._station.profiles.add(installable(connector_id, profile))
        return v16.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    def _fits(self, connector_id: int, profile: v16.ChargingProfile) -> bool:
        """Whether the connector is known and, for the profile of a transaction, that transaction runs there."""
        connector = self._station.outlets.get(connector_id)
        if profile.charging_profile_purpose is not v16.ChargingProfilePurposeType.TX_PROFILE:
            return connector is not None or connector_id == 0
        if connector is None or connector.transaction is None:
            return False
        return profile.transaction_id in (None, connector.transaction.number)

    @on(v16.ClearChargingProfileRequest)
    def clear_profile(self, request: v16.ClearChargingProfileRequest) -> v16.ClearChargingProfileResponse:
        status, wanted = v16.ClearChargingProfileStatus, request
        cleared = self._station.profiles.remove(
            lambda each: (
                each.id == wanted.id
                if wanted.id is not None
                else each.matches(wanted.connector_id, wanted.charging_profile_purpose, wanted.stack_level)
            )
        )
        return v16.ClearChargingProfileResponse(status=status.ACCEPTED if cleared else status.UNKNOWN)

    @on(v16.GetCompositeScheduleRequest)
    def get_composite(self, request: v16.GetCompositeScheduleRequest) -> v16.GetCompositeScheduleResponse:
        station, status = self._station, v16.GetCompositeScheduleStatus
        if request.connector_id not in (0, *station.outlets) or request.duration < 0:
            return v16.GetCompositeScheduleResponse(status=status.REJECTED)
        now, unit = datetime.now(UTC), request.charging_rate_unit or v16.ChargingRateUnitType.A
        started = station.started(request.connector_id) or now
        duration, periods = station.profiles.composite(request.connector_id, now, request.duration, unit, started)
        return v16.GetCompositeScheduleResponse(
            status=status.ACCEPTED,
            connector_id=request.connector_id,
            schedule_start=now,
            charging_schedule=v16.ChargingSchedule(
                duration=duration,
                charging_rate_unit=unit,
                charging_schedule_period=[
                    v16.ChargingSchedulePeriod(start_period=offset, limit=limit) for offset, limit in periods
                ],
            ),
        )
