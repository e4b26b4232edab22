"""The commands of the Smart Charging profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_fast import on, v16

if TYPE_CHECKING:
    from .station import Station

__all__ = ["SmartChargingCommands"]


class SmartChargingCommands:
    """Installs and removes charging profiles; the sessions follow them."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @on(v16.SetChargingProfileRequest)
    def set_profile(self, request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        connector_id, profile, status = request.connector_id, request.cs_charging_profiles, v16.ChargingProfileStatus
        fits, transaction_id = self._fits(connector_id, profile)
        installed = fits and self._station.install(connector_id, profile, transaction_id)
        return v16.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    def _fits(self, connector_id: int, profile: v16.ChargingProfile) -> tuple[bool, str | None]:
        """Return whether a transaction that a profile is for runs there, and our id of it."""
        if profile.charging_profile_purpose is not v16.ChargingProfilePurposeType.TX_PROFILE:
            return True, None
        connector = self._station.outlets.get(connector_id)
        if connector is None or connector.transaction is None or connector_id not in self._station.running:
            return False, None
        return profile.transaction_id in (None, connector.transaction.number), connector.transaction.id

    @on(v16.ClearChargingProfileRequest)
    def clear_profile(self, request: v16.ClearChargingProfileRequest) -> v16.ClearChargingProfileResponse:
        status, wanted = v16.ClearChargingProfileStatus, request
        cleared = self._station.profiles.clear(
            profile_id=wanted.id,
            place=wanted.connector_id,
            purpose=wanted.charging_profile_purpose,
            stack_level=wanted.stack_level,
        )
        return v16.ClearChargingProfileResponse(status=status.ACCEPTED if cleared else status.UNKNOWN)

    @on(v16.GetCompositeScheduleRequest)
    def get_composite(self, request: v16.GetCompositeScheduleRequest) -> v16.GetCompositeScheduleResponse:
        place, station, status = request.connector_id, self._station, v16.GetCompositeScheduleStatus
        if place not in (0, *station.outlets) or request.duration < 0:
            return v16.GetCompositeScheduleResponse(status=status.REJECTED)
        now, unit = station.now(), request.charging_rate_unit or v16.ChargingRateUnitType.A
        composite = station.profiles.composite(place, now, request.duration, unit, station.running)
        return v16.GetCompositeScheduleResponse(
            status=status.ACCEPTED,
            connector_id=place,
            schedule_start=now,
            charging_schedule=v16.ChargingSchedule(
                duration=composite.duration,
                charging_rate_unit=unit,
                charging_schedule_period=[
                    v16.ChargingSchedulePeriod(
                        start_period=start, limit=limit, number_phases=phases if phases < 3 else None
                    )
                    for start, limit, phases in composite.periods
                ],
            ),
        )
