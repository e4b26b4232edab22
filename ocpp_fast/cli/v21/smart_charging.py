"""The commands about charging profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, TypeAlias

from ocpp_fast import on

from ..charging_profiles import MAX_AMPERES, Installed
from ..schedule import Schedule, amperes
from .machine import Machine
from .version import ocpp

__all__ = ["SmartChargingCommands", "installable"]

Profile: TypeAlias = "Installed[ocpp.ChargingProfileType]"

_Purpose = ocpp.ChargingProfilePurposeEnumType

_SOURCE: Final = "CSO"
"""Who has set the profiles that the CSMS sends."""


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
                (each.start_period, MAX_AMPERES if each.limit is None else amperes(each.limit, unit))
                for each in schedule.charging_schedule_period
            ),
            valid_from=profile.valid_from,
            valid_to=profile.valid_to,
        ),
        profile=profile,
    )


class SmartChargingCommands:
    """Installs, tells and removes charging profiles; the sessions follow them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.SetChargingProfileRequest)
    def set_profile(self, request: ocpp.SetChargingProfileRequest) -> ocpp.SetChargingProfileResponse:
        status = ocpp.ChargingProfileStatusEnumType
        new = installable(request.evse_id, request.charging_profile)
        installed = self._fits(new) and self._machine.profiles.add(new)
        return ocpp.SetChargingProfileResponse(status=status.ACCEPTED if installed else status.REJECTED)

    def _fits(self, new: Profile) -> bool:
        """Whether there is such an EVSE and, for the profile of a transaction, that transaction."""
        if new.purpose == _Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS:  # never set by the CSMS (K01.FR.22)
            return False
        relative = new.schedule.kind == ocpp.ChargingProfileKindEnumType.RELATIVE
        if new.purpose == _Purpose.CHARGING_STATION_MAX_PROFILE and relative:  # to what? (K01.FR.38)
            return False
        if new.purpose == _Purpose.TX_PROFILE:
            evse = self._machine.charging(new.profile.transaction_id)
            return evse is not None and evse.id == new.place
        return new.place == 0 or new.place in self._machine.evses

    @on(ocpp.ClearChargingProfileRequest)
    def clear_profile(self, request: ocpp.ClearChargingProfileRequest) -> ocpp.ClearChargingProfileResponse:
        status = ocpp.ClearChargingProfileStatusEnumType
        cleared = self._machine.profiles.remove(lambda each: _is_cleared(each, request))
        return ocpp.ClearChargingProfileResponse(status=status.ACCEPTED if cleared else status.UNKNOWN)

    @on(ocpp.GetCompositeScheduleRequest)
    def get_composite(self, request: ocpp.GetCompositeScheduleRequest) -> ocpp.GetCompositeScheduleResponse:
        machine, status = self._machine, ocpp.GenericStatusEnumType
        evse = machine.evses.get(request.evse_id)
        if (evse is None and request.evse_id != 0) or request.duration < 0:
            return ocpp.GetCompositeScheduleResponse(status=status.REJECTED)
        now = datetime.now(UTC)
        transaction = evse.transaction if evse is not None else None
        unit = request.charging_rate_unit or ocpp.ChargingRateUnitEnumType.A
        duration, periods = machine.profiles.composite(
            *(request.evse_id, now, request.duration, unit),
            started=transaction.started if transaction is not None else now,
        )
        schedule = ocpp.CompositeScheduleType(
            evse_id=request.evse_id,
            duration=duration,
            schedule_start=now,
            charging_rate_unit=unit,
            charging_schedule_period=[
                ocpp.ChargingSchedulePeriodType(start_period=offset, limit=limit) for offset, limit in periods
            ],
        )
        return ocpp.GetCompositeScheduleResponse(status=status.ACCEPTED, schedule=schedule)

    # Reports

    @on(ocpp.GetChargingProfilesRequest)
    def get_profiles(self, request: ocpp.GetChargingProfilesRequest) -> ocpp.GetChargingProfilesResponse:
        status = ocpp.GetChargingProfileStatusEnumType
        found = list(self._asked_for(request))
        if not found:
            return ocpp.GetChargingProfilesResponse(status=status.NO_PROFILES)
        self._machine.jobs.create_task(self._report(request.request_id, found))
        return ocpp.GetChargingProfilesResponse(status=status.ACCEPTED)

    def _asked_for(self, request: ocpp.GetChargingProfilesRequest) -> Iterator[Profile]:
        wanted = request.charging_profile
        if wanted.charging_limit_source is not None and _SOURCE not in wanted.charging_limit_source:
            return
        for each in self._machine.profiles:
            if wanted.charging_profile_id is not None:
                if each.id in wanted.charging_profile_id:
                    yield each
            elif _matches(each, request.evse_id, wanted.charging_profile_purpose, wanted.stack_level):
                yield each

    async def _report(self, request_id: int, found: list[Profile]) -> None:
        """Send a message for each EVSE."""
        by_place: defaultdict[int, list[ocpp.ChargingProfileType]] = defaultdict(list)
        for each in found:
            by_place[each.place].append(each.profile)
        for number, place in enumerate(by_place, 1):
            await self._report_place(request_id, place, by_place[place], more=number < len(by_place))

    async def _report_place(
        self, request_id: int, place: int, profiles: list[ocpp.ChargingProfileType], *, more: bool
    ) -> None:
        await self._machine.tell(
            lambda csms: csms.report_charging_profiles(
                request_id=request_id,
                charging_limit_source=_SOURCE,
                charging_profile=profiles,
                evse_id=place,
                tbc=more,
            )
        )


def _is_cleared(each: Profile, request: ocpp.ClearChargingProfileRequest) -> bool:
    if request.charging_profile_id is not None:
        return each.id == request.charging_profile_id
    wanted = request.charging_profile_criteria
    if wanted is None:
        return True
    return _matches(each, wanted.evse_id, wanted.charging_profile_purpose, wanted.stack_level)


def _matches(each: Profile, place: int | None, purpose: str | None, stack_level: int | None) -> bool:
    """Whether a profile is what is asked for; None is anything."""
    wanted = (place, purpose, stack_level)
    actual = (each.place, each.purpose, each.stack_level)
    return all(want is None or want == have for want, have in zip(wanted, actual, strict=True))
