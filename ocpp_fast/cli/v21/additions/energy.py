"""The commands that steer the energy of running transactions."""

from __future__ import annotations

from ocpp_fast import on, v21

from ..machine import Machine
from ..smart_charging import installable

__all__ = ["EnergyCommands"]

_Allowed = v21.NotifyAllowedEnergyTransferStatusEnumType
_Generic = v21.GenericStatusEnumType
_Kind = v21.ChargingProfileKindEnumType
_Priority = v21.PriorityChargingStatusEnumType
_Profile = v21.ChargingProfileStatusEnumType
_Purpose = v21.ChargingProfilePurposeEnumType


class EnergyCommands:
    """Changes what limits a transaction while it goes on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v21.NotifyAllowedEnergyTransferRequest)
    def allowed_energy_transfer(
        self, request: v21.NotifyAllowedEnergyTransferRequest
    ) -> v21.NotifyAllowedEnergyTransferResponse:
        known = self._machine.charging(request.transaction_id) is not None
        return v21.NotifyAllowedEnergyTransferResponse(status=_Allowed.ACCEPTED if known else _Allowed.REJECTED)

    @on(v21.AFRRSignalRequest)
    def afrr_signal(self, request: v21.AFRRSignalRequest) -> v21.AFRRSignalResponse:
        """Refuse, unless a profile says what the signal means."""
        follows = any(
            period.v2x_signal_watt_curve
            for each in self._machine.profiles
            for schedule in each.profile.charging_schedule
            for period in schedule.charging_schedule_period
        )
        return v21.AFRRSignalResponse(status=_Generic.ACCEPTED if follows else _Generic.REJECTED)

    @on(v21.UsePriorityChargingRequest)
    def use_priority_charging(self, request: v21.UsePriorityChargingRequest) -> v21.UsePriorityChargingResponse:
        evse = self._machine.charging(request.transaction_id)
        if evse is None or evse.transaction is None:
            return v21.UsePriorityChargingResponse(status=_Priority.REJECTED)
        places = (0, evse.id)
        profiles = (each for each in self._machine.profiles if each.purpose == _Purpose.PRIORITY_CHARGING)
        if not any(each.place in places for each in profiles):
            return v21.UsePriorityChargingResponse(status=_Priority.NO_PROFILE)
        evse.transaction.priority = request.activate
        return v21.UsePriorityChargingResponse(status=_Priority.ACCEPTED)

    @on(v21.UpdateDynamicScheduleRequest)
    def update_schedule(self, request: v21.UpdateDynamicScheduleRequest) -> v21.UpdateDynamicScheduleResponse:
        """Put the new values into the one period that a dynamic profile has."""
        profiles = self._machine.profiles
        found = next((each for each in profiles if each.id == request.charging_profile_id), None)
        if found is None or found.schedule.kind != _Kind.DYNAMIC:
            return v21.UpdateDynamicScheduleResponse(status=_Profile.REJECTED)
        schedule = found.profile.charging_schedule[0]
        values = {name: value for name, value in _values(request.schedule_update).items() if value is not None}
        period = schedule.charging_schedule_period[0].replace(**values)
        profile = found.profile.replace(charging_schedule=[schedule.replace(charging_schedule_period=[period])])
        taken = profiles.add(installable(found.place, profile))
        return v21.UpdateDynamicScheduleResponse(status=_Profile.ACCEPTED if taken else _Profile.REJECTED)


def _values(update: v21.ChargingScheduleUpdateType) -> dict[str, float | None]:
    return {
        "limit": update.limit,
        "limit_l2": update.limit_l2,
        "limit_l3": update.limit_l3,
        "discharge_limit": update.discharge_limit,
        "discharge_limit_l2": update.discharge_limit_l2,
        "discharge_limit_l3": update.discharge_limit_l3,
        "setpoint": update.setpoint,
        "setpoint_l2": update.setpoint_l2,
        "setpoint_l3": update.setpoint_l3,
        "setpoint_reactive": update.setpoint_reactive,
        "setpoint_reactive_l2": update.setpoint_reactive_l2,
        "setpoint_reactive_l3": update.setpoint_reactive_l3,
    }
