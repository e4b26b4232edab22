"""The commands that steer the energy of running transactions, and those that the station can't follow."""

from __future__ import annotations

from ocpp_fast import on, v21

from .. import v2

__all__ = ["EnergyCommands", "UnsupportedCommands"]

_NOT_SUPPORTED = v21.DERControlStatusEnumType.NOT_SUPPORTED


class EnergyCommands:
    """Changes what limits a transaction while it goes on, and takes note of a payment in the making."""

    def __init__(self, station: v2.Station) -> None:
        self._station = station

    @on(v21.NotifyAllowedEnergyTransferRequest)
    def allow(self, request: v21.NotifyAllowedEnergyTransferRequest) -> v21.NotifyAllowedEnergyTransferResponse:
        status = v21.NotifyAllowedEnergyTransferStatusEnumType
        known = self._station.charges(request.transaction_id) is not None
        return v21.NotifyAllowedEnergyTransferResponse(status=status.ACCEPTED if known else status.REJECTED)

    @on(v21.UsePriorityChargingRequest)
    def use_priority(self, request: v21.UsePriorityChargingRequest) -> v21.UsePriorityChargingResponse:
        evse, status = self._station.charges(request.transaction_id), v21.PriorityChargingStatusEnumType
        if evse is None or evse.transaction is None:
            return v21.UsePriorityChargingResponse(status=status.REJECTED)
        profiles = (each for each in self._station.profiles if each.purpose == "PriorityCharging")
        if not any(each.place in (0, evse.id) for each in profiles):
            return v21.UsePriorityChargingResponse(status=status.NO_PROFILE)
        evse.transaction.priority = request.activate
        return v21.UsePriorityChargingResponse(status=status.ACCEPTED)

    @on(v21.UpdateDynamicScheduleRequest)
    def update_schedule(self, request: v21.UpdateDynamicScheduleRequest) -> v21.UpdateDynamicScheduleResponse:
        """Put the new limit into the one period of a dynamic profile; the station follows limits alone."""
        profiles, status = self._station.profiles, v21.ChargingProfileStatusEnumType
        found = next((each for each in profiles if each.id == request.charging_profile_id), None)
        if found is None or found.profile.charging_profile_kind != "Dynamic":
            return v21.UpdateDynamicScheduleResponse(status=status.REJECTED)
        schedule, limit = found.profile.charging_schedule[0], request.schedule_update.limit
        period = schedule.charging_schedule_period[0]
        period = period if limit is None else period.replace(limit=limit)
        profile = found.profile.replace(charging_schedule=[schedule.replace(charging_schedule_period=[period])])
        taken = self._station.install(found.place, profile, found.transaction_id)
        return v21.UpdateDynamicScheduleResponse(status=status.ACCEPTED if taken else status.REJECTED)

    @on(v21.NotifyWebPaymentStartedRequest)
    def web_payment_started(self, request: v21.NotifyWebPaymentStartedRequest) -> v21.NotifyWebPaymentStartedResponse:
        return v21.NotifyWebPaymentStartedResponse()


class UnsupportedCommands:
    """Refuses: the station has neither an inverter nor batteries to give out."""

    def __init__(self, station: v2.Station) -> None:
        self._station = station

    @on(v21.SetDERControlRequest)
    def set_control(self, request: v21.SetDERControlRequest) -> v21.SetDERControlResponse:
        return v21.SetDERControlResponse(status=_NOT_SUPPORTED)

    @on(v21.GetDERControlRequest)
    def get_control(self, request: v21.GetDERControlRequest) -> v21.GetDERControlResponse:
        return v21.GetDERControlResponse(status=_NOT_SUPPORTED)

    @on(v21.ClearDERControlRequest)
    def clear_control(self, request: v21.ClearDERControlRequest) -> v21.ClearDERControlResponse:
        return v21.ClearDERControlResponse(status=_NOT_SUPPORTED)

    @on(v21.RequestBatterySwapRequest)
    def request_swap(self, request: v21.RequestBatterySwapRequest) -> v21.RequestBatterySwapResponse:
        return v21.RequestBatterySwapResponse(status=v21.GenericStatusEnumType.REJECTED)

    @on(v21.AFRRSignalRequest)
    def follow_signal(self, request: v21.AFRRSignalRequest) -> v21.AFRRSignalResponse:
        return v21.AFRRSignalResponse(status=v21.GenericStatusEnumType.REJECTED)
