"""What a simulated station of 2.0.1 or 2.1 tells of its transactions, and the commands that steer them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from .csms import MODULES, Commanded, Csms, commanded

each_version = commanded(*MODULES)


def events(csms: Csms) -> list[Any]:
    return [each for each in csms.received if isinstance(each, csms.ocpp.TransactionEventRequest)]


# Transactions


@each_version
async def test_a_transaction_is_told_from_its_start_to_its_end(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    transaction_id = await station.charge(2)
    await csms.next_event("Updated", trigger_reason="MeterValuePeriodic")
    assert (await calls.request_stop_transaction(transaction_id="other")).status == "Rejected"
    goes_on = await calls.get_transaction_status(transaction_id=transaction_id)
    assert (goes_on.ongoing_indicator, goes_on.messages_in_queue) == (True, False)
    assert (await calls.request_stop_transaction(transaction_id=transaction_id)).status == "Accepted"
    ended = await csms.next_event("Ended", trigger_reason="RemoteStop")
    assert ended.transaction_info.stopped_reason == "Remote"
    await csms.next_status(2, "Available")
    told = events(csms)
    assert [each.seq_no for each in told] == list(range(len(told)))
    assert {each.transaction_info.transaction_id for each in told} == {transaction_id}
    assert [told[0].event_type, told[0].trigger_reason] == ["Started", "RemoteStart"]
    assert (told[0].id_token.id_token, told[0].transaction_info.remote_start_id) == ("TAG", 7)
    assert (told[0].evse.id, told[0].evse.connector_id) == (2, 1)
    energy = [each.meter_value[0].sampled_value[0].value for each in told if each.meter_value]
    assert energy == sorted(energy)
    over = await calls.get_transaction_status(transaction_id=transaction_id)
    assert over.ongoing_indicator is False


@each_version
async def test_a_start_is_refused_where_nothing_is_free(station: Commanded) -> None:
    await station.charge(1)
    assert await station.start(evse_id=1) == "Rejected"
    assert await station.start(evse_id=3) == "Rejected"
    assert await station.start() == "Accepted"
    assert await station.start() == "Rejected"


@each_version
async def test_a_start_asks_first_when_configured_so(station: Commanded) -> None:
    assert await station.set("AuthCtrlr", "AuthorizeRemoteStart", "true") == "Accepted"
    await station.start()
    await station.csms.next(station.ocpp.AuthorizeRequest, id_token=station.token())
    await station.csms.next_event("Started")


@each_version
async def test_a_token_that_is_not_accepted_ends_the_transaction(station: Commanded) -> None:
    blocked = station.csms.id_token_info("Blocked")
    station.csms.answers["TransactionEvent"] = station.ocpp.TransactionEventResponse(id_token_info=blocked)
    await station.start()
    ended = await station.csms.next_event("Ended", trigger_reason="Deauthorized", seq_no=1)
    assert ended.transaction_info.stopped_reason == "DeAuthorized"
    await station.set("TxCtrlr", "StopTxOnInvalidId", "false")
    await station.start()
    await station.csms.next_event("Updated", trigger_reason="MeterValuePeriodic")


@each_version
async def test_availability_changes_now_or_after_the_transaction(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    transaction_id = await station.charge(1)
    change, off = calls.change_availability, "Inoperative"
    kind = station.ocpp.OperationalStatusEnumType
    refused = await change(operational_status=kind(off), evse=station.evse(3))
    assert refused.status == "Rejected"
    at_once = await change(operational_status=kind(off), evse=station.evse(2, 1))
    assert at_once.status == "Accepted"
    await csms.next_status(2, "Unavailable")
    assert (await change(operational_status=kind(off))).status == "Scheduled"
    await calls.request_stop_transaction(transaction_id=transaction_id)
    await csms.next_status(1, "Unavailable")
    assert await station.start() == "Rejected"
    assert (await change(operational_status=kind("Operative"))).status == "Accepted"
    await csms.next_status(1, "Available")


@each_version
async def test_a_connector_is_unlocked_when_nobody_charges(station: Commanded) -> None:
    await station.charge(1)
    statuses = [
        (await station.calls.unlock_connector(evse_id=evse, connector_id=connector)).status
        for evse, connector in ((1, 1), (2, 1), (2, 2), (3, 1))
    ]
    assert statuses == [
        "OngoingAuthorizedTransaction",
        "Unlocked",
        "UnknownConnector",
        "UnknownConnector",
    ]


# Reset


@each_version
async def test_a_reset_stops_the_transactions_and_boots_again(station: Commanded) -> None:
    calls, csms, kind = station.calls, station.csms, station.ocpp.ResetEnumType
    await station.charge(1)
    assert (await calls.reset(type=kind.IMMEDIATE, evse_id=3)).status == "Rejected"
    assert (await calls.reset(type=kind.IMMEDIATE, evse_id=1)).status == "Accepted"
    await csms.next_event("Ended", trigger_reason="ResetCommand")
    transaction_id = await station.charge(2)
    assert (await calls.reset(type=kind.ON_IDLE)).status == "Scheduled"
    await calls.request_stop_transaction(transaction_id=transaction_id)
    await csms.next_status(2, "Available")
    await csms.next(csms.ocpp.BootNotificationRequest, reason="ScheduledReset")


# Reservations


@each_version
async def test_a_reserved_evse_charges_only_for_its_token(station: Commanded) -> None:
    assert await reserve(station, 7, "MINE") == "Accepted"
    await station.csms.next_status(1, "Reserved")
    assert await reserve(station, 8, "OTHER") == "Occupied"
    assert await reserve(station, 8, "OTHER", evse_id=3) == "Rejected"
    assert await station.start(evse_id=1, id_token=station.token("OTHER")) == "Rejected"
    assert await station.start(evse_id=1, id_token=station.token("MINE")) == "Accepted"
    await station.csms.next_event("Started", reservation_id=7)
    assert (await station.calls.cancel_reservation(reservation_id=7)).status == "Rejected"


@each_version
async def test_a_reservation_ends_by_cancellation_or_by_time(station: Commanded) -> None:
    assert await reserve(station, 7, "MINE") == "Accepted"
    await station.csms.next_status(1, "Reserved")
    assert (await station.calls.cancel_reservation(reservation_id=7)).status == "Accepted"
    await station.csms.next_status(1, "Available")
    assert await reserve(station, 8, "MINE", seconds=-1) == "Rejected"
    assert await reserve(station, 8, "MINE", seconds=0.1) == "Accepted"
    await station.csms.next_status(1, "Reserved")
    await station.csms.next_status(1, "Available")
    await station.csms.next(
        station.ocpp.ReservationStatusUpdateRequest, reservation_id=8, reservation_update_status="Expired"
    )


async def reserve(station: Commanded, number: int, token: str, seconds: float = 60, evse_id: int = 1) -> str:
    answer = await station.calls.reserve_now(
        id=number,
        expiry_date_time=datetime.now(UTC) + timedelta(seconds=seconds),
        id_token=station.token(token),
        evse_id=evse_id,
    )
    status: str = answer.status
    return status


# Smart charging


@each_version
async def test_the_current_follows_the_charging_profiles(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    transaction_id = await station.charge(1)
    assert await install(station, 0, 2, "ChargingStationMaxProfile", 6.0) == "Rejected"
    assert await install(station, 0, 2, "ChargingStationMaxProfile", 6.0, kind="Absolute") == "Accepted"
    await csms.next(csms.ocpp.TransactionEventRequest, trigger_reason="MeterValuePeriodic")
    while await amperes(csms) != 6.0:
        pass
    assert await install(station, 1, 3, "TxProfile", 0.0) == "Rejected"
    assert await install(station, 2, 3, "TxProfile", 0.0, transaction_id) == "Rejected"
    assert await install(station, 1, 3, "TxProfile", 0.0, transaction_id) == "Accepted"
    paused = await csms.next_event("Updated", trigger_reason="ChargingStateChanged")
    assert paused.transaction_info.charging_state == "SuspendedEVSE"
    assert (await calls.clear_charging_profile(charging_profile_id=3)).status == "Accepted"
    charging = await csms.next_event("Updated", trigger_reason="ChargingStateChanged")
    assert charging.transaction_info.charging_state == "Charging"
    assert (await calls.clear_charging_profile(charging_profile_id=3)).status == "Unknown"


async def amperes(csms: Csms) -> float:
    event = await csms.next_event("Updated", trigger_reason="MeterValuePeriodic")
    sampled = event.meter_value[0].sampled_value
    current: float = next(each.value for each in sampled if each.measurand == "Current.Import")
    return current


async def install(
    station: Commanded,
    evse_id: int,
    number: int,
    purpose: str,
    limit: float,
    transaction_id: str | None = None,
    kind: str = "Relative",
) -> str:
    ocpp = station.ocpp
    schedule = ocpp.ChargingScheduleType(
        id=1,
        charging_rate_unit=ocpp.ChargingRateUnitEnumType.A,
        charging_schedule_period=[ocpp.ChargingSchedulePeriodType(start_period=0, limit=limit)],
    )
    profile = ocpp.ChargingProfileType(
        id=number,
        stack_level=0,
        charging_profile_purpose=ocpp.ChargingProfilePurposeEnumType(purpose),
        charging_profile_kind=ocpp.ChargingProfileKindEnumType(kind),
        charging_schedule=[schedule],
        transaction_id=transaction_id,
    )
    status: str = (await station.calls.set_charging_profile(evse_id=evse_id, charging_profile=profile)).status
    return status


@each_version
async def test_installed_profiles_are_reported_by_evse(station: Commanded) -> None:
    ocpp, csms, get = station.ocpp, station.csms, station.calls.get_charging_profiles
    for evse_id in (0, 1, 2):
        assert await install(station, evse_id, 10 + evse_id, "TxDefaultProfile", 8.0) == "Accepted"
    anything = ocpp.ChargingProfileCriterionType()
    assert (await get(request_id=5, charging_profile=anything)).status == "Accepted"
    for evse_id in (0, 1, 2):
        report = await csms.next(ocpp.ReportChargingProfilesRequest, request_id=5, evse_id=evse_id)
        assert [each.id for each in report.charging_profile] == [10 + evse_id]
        assert (report.tbc, report.charging_limit_source) == (evse_id < 2, "CSO")
    one = ocpp.ChargingProfileCriterionType(charging_profile_id=[11, 99])
    assert (await get(request_id=6, charging_profile=one)).status == "Accepted"
    await csms.next(ocpp.ReportChargingProfilesRequest, request_id=6, evse_id=1, tbc=False)
    none = ocpp.ChargingProfileCriterionType(stack_level=4)
    assert (await get(request_id=7, charging_profile=none)).status == "NoProfiles"


@each_version
async def test_the_composite_schedule_is_told(station: Commanded) -> None:
    ocpp, composite = station.ocpp, station.calls.get_composite_schedule
    await install(station, 0, 1, "TxDefaultProfile", 8.5)
    answer = await composite(duration=60, evse_id=2)
    assert (answer.status, answer.schedule.evse_id, answer.schedule.duration) == ("Accepted", 2, 60)
    assert answer.schedule.charging_schedule_period == [ocpp.ChargingSchedulePeriodType(start_period=0, limit=8.5)]
    assert (await composite(duration=60, evse_id=3)).status == "Rejected"
