"""Charging profiles of a simulated station: what its transactions draw, what it tells, and what it forgets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import Station, v16

from ..cli.programs import in_time
from ..smart_charging.profiles import HOUR, Purpose, profile, profile_2x
from .csms import MODULES, Commanded, Csms, every_version, in_process

NOW = datetime.now(UTC)


def made(station: Commanded, purpose: str, limit: float, number: int = 1, phases: int | None = None) -> Any:
    """Return a charging profile with one period; "Max" is the purpose of the station's maximum."""
    if station.ocpp is v16:
        purpose = purpose.replace("Max", "ChargePointMaxProfile")
        return profile((0, limit, phases), purpose=Purpose(purpose), number=number, start=NOW)
    purpose, start = purpose.replace("Max", "ChargingStationMaxProfile"), {"start_schedule": NOW}
    period = {"number_phases": phases}
    return profile_2x(station.ocpp, purpose=purpose, limit=limit, number=number, schedule=start, period=period)


async def install(station: Commanded, place: int, wanted: Any) -> None:
    if station.ocpp is v16:
        call = station.calls.set_charging_profile(connector_id=place, cs_charging_profiles=wanted)
    else:
        call = station.calls.set_charging_profile(evse_id=place, charging_profile=wanted)
    assert (await call).status == "Accepted"


async def composite(station: Commanded, place: int, duration: int, **unit: Any) -> tuple[int, list[tuple[Any, ...]]]:
    """Return the duration of a composite schedule, and its periods: start, limit, and phases if not all."""
    where = {"connector_id" if station.ocpp is v16 else "evse_id": place}
    answer = await station.calls.get_composite_schedule(duration=duration, **where, **unit)
    schedule = answer.charging_schedule if station.ocpp is v16 else answer.schedule
    return schedule.duration, [
        (each.start_period, each.limit, *([each.number_phases] if each.number_phases else []))
        for each in schedule.charging_schedule_period
    ]


async def clear(station: Commanded, number: int) -> str:
    """Clear a profile, and return whether it was there."""
    field = "id" if station.ocpp is v16 else "charging_profile_id"
    return str((await station.calls.clear_charging_profile(**{field: number})).status)


async def readings(station: Commanded) -> tuple[int, dict[str, float]]:
    """Return the outlet of the next meter values of a transaction, and what they tell by measurand."""
    if station.ocpp is v16:
        told: Any = await station.csms.next(v16.MeterValuesRequest)
    else:
        told = await station.csms.next_event("Updated", trigger_reason="MeterValuePeriodic")
    sampled = {str(each.measurand): float(each.value) for each in told.meter_value[0].sampled_value}
    return told.connector_id if station.ocpp is v16 else told.evse.id, sampled


async def flows(station: Commanded, wanted: dict[int, float]) -> None:
    """Wait until the outlets tell these currents, each in its latest meter values."""
    latest: dict[int, float] = {}
    while latest != wanted:
        outlet, sampled = await readings(station)
        if outlet in wanted:
            latest[outlet] = sampled["Current.Import"]


@every_version
async def test_transactions_share_the_maximum_of_the_station(station: Commanded) -> None:
    await install(station, 0, made(station, "Max", 20.0))
    first = await station.charge(1)
    await flows(station, {1: 20.0})
    await station.charge(2)
    await flows(station, {1: 10.0, 2: 10.0})
    assert await composite(station, 1, 60) == (60, [(0, 10.0)])
    assert await composite(station, 0, 60) == (60, [(0, 20.0)])
    assert await station.stop(first) == "Accepted"
    await flows(station, {2: 20.0})


@every_version
async def test_connector_0_is_what_the_station_draws_from_the_grid(station: Commanded) -> None:
    assert await composite(station, 0, 60) == (60, [(0, 64.0)])
    await install(station, 0, made(station, "TxDefaultProfile", 10.0))
    assert await composite(station, 0, 60) == (60, [(0, 20.0)])
    await install(station, 0, made(station, "Max", 16.0, number=2))
    assert await composite(station, 0, 60) == (60, [(0, 16.0)])


@every_version
async def test_power_and_current_go_by_the_phases_of_the_period(station: Commanded) -> None:
    await install(station, 1, made(station, "TxDefaultProfile", 16.0, phases=1))
    await station.charge(1)
    _, sampled = await readings(station)
    assert (sampled["Current.Import"], sampled["Power.Active.Import"]) == (16.0, 3680.0)
    unit = station.ocpp.ChargingRateUnitType if station.ocpp is v16 else station.ocpp.ChargingRateUnitEnumType
    assert await composite(station, 1, 60, charging_rate_unit=unit.W) == (60, [(0, 3680.0, 1)])


@every_version
async def test_a_schedule_of_more_periods_than_the_station_has_room_for_is_shorter(station: Commanded) -> None:
    """24 periods of a minute each begin in an hour: with the time before, that is one too many."""
    wanted = made(station, "TxDefaultProfile", 6.0)
    schedule = wanted.charging_schedule if station.ocpp is v16 else wanted.charging_schedule[0]
    step = schedule.charging_schedule_period[0]
    steps = [step.replace(start_period=60 * each, limit=6.0 + each % 2) for each in range(24)]
    schedule = schedule.replace(charging_schedule_period=steps, start_schedule=NOW + HOUR)
    await install(station, 1, wanted.replace(charging_schedule=schedule if station.ocpp is v16 else [schedule]))
    duration, periods = await composite(station, 1, 2 * 3600)
    assert [limit for _, limit in periods] == [32.0, *[6.0, 7.0] * 11, 6.0]
    assert duration == periods[-1][0] + 60 < 2 * 3600


# A TxProfile belongs to its transaction


async def start_with_profile(station: Commanded) -> None:
    """Ask for a transaction with a TxProfile of the id 9."""
    assert await station.start(1, charging_profile=made(station, "TxProfile", 8.0, number=9)) == "Accepted"


@every_version
async def test_a_tx_profile_goes_with_a_transaction_that_is_stopped(station: Commanded) -> None:
    await start_with_profile(station)
    await flows(station, {1: 8.0})
    transaction_id = (
        1 if station.ocpp is v16 else (await station.csms.next_event("Updated")).transaction_info.transaction_id
    )
    assert await station.stop(transaction_id) == "Accepted"
    await station.csms.next_status(1, "Available")
    assert await clear(station, 9) == "Unknown"
    await station.charge(1)
    await flows(station, {1: 32.0})


@every_version
async def test_a_tx_profile_goes_with_a_transaction_that_is_not_authorized(station: Commanded) -> None:
    key = ["AuthorizeRemoteTxRequests"] if station.ocpp is v16 else ["AuthCtrlr", "AuthorizeRemoteStart"]
    assert await station.set(*key, value="true") == "Accepted"
    invalid = station.csms.judged("Invalid")
    station.csms.answers["Authorize"] = station.ocpp.AuthorizeResponse(**invalid)
    await start_with_profile(station)
    await station.csms.next(station.ocpp.AuthorizeRequest)
    await station.calls.trigger_message(requested_message="Heartbeat")
    await station.csms.next(station.ocpp.HeartbeatRequest)
    assert await clear(station, 9) == "Unknown"


@every_version
async def test_a_tx_profile_goes_with_a_transaction_that_is_refused(station: Commanded) -> None:
    start = "StartTransaction" if station.ocpp is v16 else "TransactionEvent"
    once = (
        ["TransactionMessageAttempts"]
        if station.ocpp is v16
        else ["OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"]
    )
    assert await station.set(*once, value="1") == "Accepted"
    station.csms.answers[start] = None  # which is no answer: an InternalError
    await start_with_profile(station)
    await station.csms.next(station.ocpp.VERSION.actions[start].request)
    await station.csms.next_status(1, "Available")
    assert await clear(station, 9) == "Unknown"


@every_version
async def test_a_tx_profile_goes_before_the_end_of_its_transaction_is_answered(station: Commanded) -> None:
    ended, asked = asyncio.Event(), asyncio.Event()
    await start_with_profile(station)
    await flows(station, {1: 8.0})
    last = v16.StopTransactionRequest if station.ocpp is v16 else station.ocpp.TransactionEventRequest

    async def answer(_: Station, request: Any) -> Any:
        if station.ocpp is v16 or request.event_type == "Ended":
            ended.set()
            await asked.wait()
        return request.__action__.response()

    station.csms.add(last.__action__, answer)
    assert (await station.calls.reset(type="Soft" if station.ocpp is v16 else "Immediate")).status == "Accepted"
    await ended.wait()
    assert await clear(station, 9) == "Unknown"
    asked.set()


@pytest.mark.parametrize("number", MODULES)
@in_time
async def test_a_profile_that_is_refused_is_noted_with_the_reason(number: str) -> None:
    csms = Csms(number)
    async with in_process(csms, number) as notes:
        await csms.next_status(2, "Available")
        station = Commanded.of(csms)
        answer = await station.start(1, charging_profile=made(station, "TxProfile", -1.0))
        assert (answer, notes[-1:]) == ("Rejected", ["CP001 refuses a charging profile: a limit is negative"])
