"""The commands about charging profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocpp_fast import Router
from ocpp_fast.smart_charging import Installed

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_profiles"]

Profile: TypeAlias = "Installed[ocpp.ChargingProfileType]"

_SOURCE: Final[Any] = "CSO"
"""Who has set the profiles that the CSMS sends; an enumeration in 2.0.1, text in 2.1."""


def handle_profiles(station: Station, commands: Router) -> None:
    """Install, report and remove charging profiles; the sessions follow them."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp

    @commands.on(ocpp.SetChargingProfileRequest)
    def set_charging_profile(request: ocpp.SetChargingProfileRequest) -> ocpp.SetChargingProfileResponse:
        status, evse_id, profile = ocpp.ChargingProfileStatusEnumType, request.evse_id, request.charging_profile
        installed = _fits(station, evse_id, profile) and station.install(evse_id, profile)
        return ocpp.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    @commands.on(ocpp.ClearChargingProfileRequest)
    def clear_charging_profile(request: ocpp.ClearChargingProfileRequest) -> ocpp.ClearChargingProfileResponse:
        status = ocpp.ClearChargingProfileStatusEnumType
        wanted = request.charging_profile_criteria or ocpp.ClearChargingProfileType()
        cleared = station.profiles.clear(
            profile_id=request.charging_profile_id,
            place=wanted.evse_id,
            purpose=wanted.charging_profile_purpose,
            stack_level=wanted.stack_level,
        )
        return ocpp.ClearChargingProfileResponse(status=status.ACCEPTED if cleared else status.UNKNOWN)

    @commands.on(ocpp.GetChargingProfilesRequest)
    def get_charging_profiles(request: ocpp.GetChargingProfilesRequest) -> ocpp.GetChargingProfilesResponse:
        status, found = ocpp.GetChargingProfileStatusEnumType, list(_asked_for(station, request))
        if not found:
            return ocpp.GetChargingProfilesResponse(status=status.NO_PROFILES)
        station.jobs.create_task(_report(station, request.request_id, found))
        return ocpp.GetChargingProfilesResponse(status=status.ACCEPTED)

    @commands.on(ocpp.GetCompositeScheduleRequest)
    def get_composite_schedule(request: ocpp.GetCompositeScheduleRequest) -> ocpp.GetCompositeScheduleResponse:
        evse_id, status, now = request.evse_id, ocpp.GenericStatusEnumType, station.now()
        if evse_id not in (0, *station.outlets) or request.duration < 0:
            return ocpp.GetCompositeScheduleResponse(status=status.REJECTED)
        unit, period = request.charging_rate_unit or ocpp.ChargingRateUnitEnumType.A, ocpp.ChargingSchedulePeriodType
        composite = station.profiles.composite(evse_id, now, request.duration, unit, station.running)
        schedule = ocpp.CompositeScheduleType(
            evse_id=evse_id,
            duration=composite.duration,
            schedule_start=now,
            charging_rate_unit=unit,
            charging_schedule_period=[
                period(start_period=start, limit=limit, number_phases=phases if phases < 3 else None)
                for start, limit, phases in composite.periods
            ],
        )
        return ocpp.GetCompositeScheduleResponse(status=status.ACCEPTED, schedule=schedule)


def _fits(station: Station, evse_id: int, profile: ocpp.ChargingProfileType) -> bool:
    """Whether the CSMS may set such a profile and, if it is that of a transaction, that one runs there."""
    if profile.charging_profile_purpose == "ChargingStationExternalConstraints":  # never set by the CSMS (K01.FR.22)
        return False
    if profile.charging_profile_purpose != "TxProfile":
        return True
    evse = station.charges(profile.transaction_id)
    return evse is not None and evse.id == evse_id and evse_id in station.running


def _asked_for(station: Station, request: ocpp.GetChargingProfilesRequest) -> Iterator[Profile]:
    wanted = request.charging_profile
    if wanted.charging_limit_source is not None and _SOURCE not in wanted.charging_limit_source:
        return
    for each in station.profiles:
        if wanted.charging_profile_id is not None:
            if each.id in wanted.charging_profile_id:
                yield each
        elif each.matches(request.evse_id, wanted.charging_profile_purpose, wanted.stack_level):
            yield each


async def _report(station: Station, request_id: int, found: list[Profile]) -> None:
    """Send a message for each EVSE."""
    by_place: defaultdict[int, list[ocpp.ChargingProfileType]] = defaultdict(list)
    for each in found:
        by_place[each.place].append(each.profile)
    for number, (place, profiles) in enumerate(by_place.items(), 1):
        await station.tell(
            station.calls.report_charging_profiles,
            request_id=request_id,
            charging_limit_source=_SOURCE,
            charging_profile=profiles,
            evse_id=place,
            tbc=number < len(by_place),
        )
