"""The commands about charging profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocpp_fast import Router

from ..smart_charging import MAX_AMPERES, Installed, Schedule, amperes

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_profiles", "installable"]

Profile: TypeAlias = "Installed[ocpp.ChargingProfileType]"

_SOURCE: Final[Any] = "CSO"
"""Who has set the profiles that the CSMS sends; an enumeration in 2.0.1, text in 2.1."""


def installable(evse_id: int, profile: ocpp.ChargingProfileType) -> Profile:
    """Return a profile as it would be installed; of several schedules the first counts."""
    schedule = profile.charging_schedule[0]
    unit = schedule.charging_rate_unit
    return Installed(
        place=evse_id,
        id=profile.id,
        purpose=profile.charging_profile_purpose,
        stack_level=profile.stack_level,
        schedule=Schedule(
            kind=profile.charging_profile_kind,
            recurrency=profile.recurrency_kind,
            start=schedule.start_schedule,
            duration=schedule.duration,
            periods=tuple(
                (each.start_period, _amperes(each.limit, unit)) for each in schedule.charging_schedule_period
            ),
            valid_from=profile.valid_from,
            valid_to=profile.valid_to,
        ),
        profile=profile,
    )


def _amperes(limit: float | None, unit: str) -> float:
    """Return a limit, which 2.1 may leave out."""
    return MAX_AMPERES if limit is None else amperes(limit, unit)


def handle_profiles(station: Station, commands: Router) -> None:
    """Install, report and remove charging profiles; the sessions follow them."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp

    @commands.on(ocpp.SetChargingProfileRequest)
    def set_charging_profile(request: ocpp.SetChargingProfileRequest) -> ocpp.SetChargingProfileResponse:
        status, new = ocpp.ChargingProfileStatusEnumType, installable(request.evse_id, request.charging_profile)
        installed = _fits(station, new) and station.profiles.add(new)
        return ocpp.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    @commands.on(ocpp.ClearChargingProfileRequest)
    def clear_charging_profile(request: ocpp.ClearChargingProfileRequest) -> ocpp.ClearChargingProfileResponse:
        status = ocpp.ClearChargingProfileStatusEnumType
        cleared = station.profiles.remove(lambda each: _is_cleared(each, request))
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
        evse_id, status, now = request.evse_id, ocpp.GenericStatusEnumType, datetime.now(UTC)
        if evse_id not in (0, *station.outlets) or request.duration < 0:
            return ocpp.GetCompositeScheduleResponse(status=status.REJECTED)
        unit, started = request.charging_rate_unit or ocpp.ChargingRateUnitEnumType.A, station.started(evse_id) or now
        duration, periods = station.profiles.composite(evse_id, now, request.duration, unit, started)
        period = ocpp.ChargingSchedulePeriodType
        schedule = ocpp.CompositeScheduleType(
            evse_id=evse_id,
            duration=duration,
            schedule_start=now,
            charging_rate_unit=unit,
            charging_schedule_period=[period(start_period=offset, limit=limit) for offset, limit in periods],
        )
        return ocpp.GetCompositeScheduleResponse(status=status.ACCEPTED, schedule=schedule)


def _fits(station: Station, new: Profile) -> bool:
    """Whether the EVSE is known and, for the profile of a transaction, that transaction runs there."""
    if new.purpose == "ChargingStationExternalConstraints":  # never set by the CSMS (K01.FR.22)
        return False
    if new.purpose == "ChargingStationMaxProfile" and new.schedule.kind == "Relative":  # to what? (K01.FR.38)
        return False
    if new.purpose == "TxProfile":
        evse = station.charging(new.profile.transaction_id)
        return evse is not None and evse.id == new.place
    return new.place in (0, *station.outlets)


def _is_cleared(each: Profile, request: ocpp.ClearChargingProfileRequest) -> bool:
    if request.charging_profile_id is not None:
        return each.id == request.charging_profile_id
    wanted = request.charging_profile_criteria
    return wanted is None or each.matches(wanted.evse_id, wanted.charging_profile_purpose, wanted.stack_level)


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
