"""The commands of the Smart Charging profile."""

from __future__ import annotations

from datetime import UTC, datetime

from ocpp_fast import on, v16

from .machine import Machine

__all__ = ["SmartChargingCommands"]

_Purpose = v16.ChargingProfilePurposeType


class SmartChargingCommands:
    """Installs and removes charging profiles; the sessions follow them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v16.SetChargingProfileRequest)
    def set_profile(self, request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        profile, status = request.cs_charging_profiles, v16.ChargingProfileStatus
        installed = self._fits(request.connector_id, profile) and self._machine.profiles.install(
            request.connector_id, profile
        )
        return v16.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    def _fits(self, connector_id: int, profile: v16.ChargingProfile) -> bool:
        """Whether there is such a connector and, for the profile of a transaction, that transaction."""
        connector = self._machine.connectors.get(connector_id)
        if profile.charging_profile_purpose is not _Purpose.TX_PROFILE:
            return connector is not None or connector_id == 0
        if connector is None or connector.transaction is None:
            return False
        return profile.transaction_id in (None, connector.transaction.id)

    @on(v16.ClearChargingProfileRequest)
    def clear_profile(self, request: v16.ClearChargingProfileRequest) -> v16.ClearChargingProfileResponse:
        status = v16.ClearChargingProfileStatus
        cleared = self._machine.profiles.clear(request)
        return v16.ClearChargingProfileResponse(status=status.ACCEPTED if cleared else status.UNKNOWN)

    @on(v16.GetCompositeScheduleRequest)
    def get_composite(self, request: v16.GetCompositeScheduleRequest) -> v16.GetCompositeScheduleResponse:
        status = v16.GetCompositeScheduleStatus
        connector = self._machine.connectors.get(request.connector_id)
        if (connector is None and request.connector_id != 0) or request.duration < 0:
            return v16.GetCompositeScheduleResponse(status=status.REJECTED)
        now = datetime.now(UTC)
        transaction = connector.transaction if connector is not None else None
        schedule = self._machine.profiles.composite(
            request.connector_id,
            now,
            request.duration,
            request.charging_rate_unit or v16.ChargingRateUnitType.A,
            started=transaction.started if transaction is not None else now,
        )
        return v16.GetCompositeScheduleResponse(
            status=status.ACCEPTED,
            connector_id=request.connector_id,
            schedule_start=now,
            charging_schedule=schedule,
        )
