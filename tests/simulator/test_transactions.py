"""What a simulated station tells of its transactions, and the commands that steer them, in every version or in 2.x."""

from __future__ import annotations

from typing import Any

from ocpp_fast import v16

from .csms import Commanded, Csms, every_version, in_2x


def events(csms: Csms) -> list[Any]:
    return [each for each in csms.received if isinstance(each, csms.ocpp.TransactionEventRequest)]


# Transactions


@in_2x
async def test_a_transaction_is_told_from_its_start_to_its_end(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    transaction_id = await station.charge(2)
    await csms.next_event("Updated", trigger_reason="MeterValuePeriodic")
    assert await station.stop("other") == "Rejected"
    goes_on = await calls.get_transaction_status(transaction_id=transaction_id)
    assert goes_on.ongoing_indicator is True
    assert await station.stop(transaction_id) == "Accepted"
    ended = await csms.next_event("Ended", trigger_reason="RemoteStop")
    assert ended.transaction_info.stopped_reason == "Remote"
    await csms.next_status(2, "Available")
    told = events(csms)
    assert [each.seq_no for each in told] == list(range(len(told)))
    assert {each.transaction_info.transaction_id for each in told} == {transaction_id}
    assert [told[0].event_type, told[0].trigger_reason] == ["Started", "RemoteStart"]
    assert (told[0].id_token.id_token, told[0].transaction_info.remote_start_id) == ("TAG", 7)
    assert (told[0].evse.id, told[0].evse.connector_id) == (2, 1)
    energy = [each.meter_value[-1].sampled_value[0].value for each in told if each.meter_value]
    assert energy == sorted(energy)
    assert (await calls.get_transaction_status(transaction_id=transaction_id)).ongoing_indicator is False


@every_version
async def test_a_start_is_refused_where_nothing_is_free(station: Commanded) -> None:
    await station.charge(1)
    statuses = [await station.start(outlet) for outlet in (1, 3, None, None)]
    assert statuses == ["Rejected", "Rejected", "Accepted", "Rejected"]


@every_version
async def test_a_start_asks_first_when_configured_so(station: Commanded) -> None:
    in_16 = station.ocpp is v16
    where = ("AuthorizeRemoteTxRequests",) if in_16 else ("AuthCtrlr", "AuthorizeRemoteStart")
    assert await station.set(*where, value="true") == "Accepted"
    await station.start()
    await station.csms.next(station.ocpp.AuthorizeRequest, **station.who())
    await station.next_start()


@in_2x
async def test_a_token_that_is_not_accepted_ends_the_transaction(station: Commanded) -> None:
    csms = station.csms
    csms.answers["TransactionEvent"] = station.ocpp.TransactionEventResponse(**csms.judged("Blocked"))
    await station.start()
    ended = await csms.next_event("Ended", trigger_reason="Deauthorized", seq_no=1)
    assert ended.transaction_info.stopped_reason == "DeAuthorized"
    await station.set("TxCtrlr", "StopTxOnInvalidId", value="false")
    await station.start()
    await csms.next_event("Updated", trigger_reason="MeterValuePeriodic")


@every_version
async def test_availability_changes_now_or_after_the_transaction(station: Commanded) -> None:
    in_16, csms = station.ocpp is v16, station.csms

    async def change(status: str, outlet: int = 0, connector_id: int | None = None) -> Any:
        if in_16:
            fields: dict[str, Any] = {"type": status, "connector_id": outlet}
        else:
            fields = {"operational_status": status, "evse": station.evse(outlet, connector_id) if outlet else None}
        return (await station.calls.change_availability(**fields)).status

    transaction_id = await station.charge(1)
    assert await change("Inoperative", 3) == "Rejected"
    assert await change("Inoperative", 2, 1) == "Accepted"
    await csms.next_status(2, "Unavailable")
    assert await change("Inoperative") == "Scheduled"
    if in_16:
        await csms.next_status(0, "Unavailable")
    await station.stop(transaction_id)
    await csms.next_status(1, "Unavailable")
    assert await station.start() == "Rejected"
    assert await change("Operative") == "Accepted"
    await csms.next_status(1, "Available")


@in_2x
async def test_a_connector_is_unlocked_when_nobody_charges(station: Commanded) -> None:
    await station.charge(1)
    for evse_id, connector_id, status in (
        (1, 1, "OngoingAuthorizedTransaction"),
        (2, 1, "Unlocked"),
        (2, 2, "UnknownConnector"),
        (3, 1, "UnknownConnector"),
    ):
        assert (await station.calls.unlock_connector(evse_id=evse_id, connector_id=connector_id)).status == status


# Reset


@in_2x
async def test_a_reset_stops_the_transactions_and_boots_again(station: Commanded) -> None:
    calls, csms, kind = station.calls, station.csms, station.ocpp.ResetEnumType
    await station.charge(1)
    assert (await calls.reset(type=kind.IMMEDIATE, evse_id=3)).status == "Rejected"
    assert (await calls.reset(type=kind.IMMEDIATE, evse_id=1)).status == "Accepted"
    await csms.next_event("Ended", trigger_reason="ResetCommand")
    transaction_id = await station.charge(2)
    assert (await calls.reset(type=kind.ON_IDLE)).status == "Scheduled"
    await station.stop(transaction_id)
    await csms.next_status(2, "Available")
    await csms.next(csms.ocpp.BootNotificationRequest, reason="ScheduledReset")


# Reservations


@every_version
async def test_a_reserved_outlet_charges_only_for_its_token(station: Commanded) -> None:
    assert await station.reserve(7, "MINE") == "Accepted"
    await station.csms.next_status(1, "Reserved")
    assert await station.reserve(8, "OTHER") == "Occupied"
    assert await station.reserve(8, "OTHER", outlet=3) == "Rejected"
    assert await station.start(1, "OTHER") == "Rejected"
    assert await station.start(1, "MINE") == "Accepted"
    await station.next_start("MINE", reservation_id=7)
    assert (await station.calls.cancel_reservation(reservation_id=7)).status == "Rejected"


@every_version
async def test_a_reservation_ends_by_cancellation_or_by_time(station: Commanded) -> None:
    ocpp, csms = station.ocpp, station.csms
    assert await station.reserve(7, "MINE") == "Accepted"
    await csms.next_status(1, "Reserved")
    assert (await station.calls.cancel_reservation(reservation_id=7)).status == "Accepted"
    await csms.next_status(1, "Available")
    assert await station.reserve(8, "MINE", seconds=-1) == "Rejected"
    assert await station.reserve(8, "MINE", seconds=0.1) == "Accepted"
    await csms.next_status(1, "Reserved")
    await csms.next_status(1, "Available")
    if ocpp is not v16:
        update = ocpp.ReservationStatusUpdateRequest
        await csms.next(update, reservation_id=8, reservation_update_status="Expired")


# Smart charging


@in_2x
async def test_the_current_follows_the_charging_profiles(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    transaction_id = await station.charge(1)
    assert await install(station, 0, 2, "ChargingStationMaxProfile", 6.0) == "Rejected"
    assert await install(station, 0, 2, "ChargingStationMaxProfile", 6.0, kind="Absolute") == "Accepted"
    await csms.next(csms.ocpp.TransactionEventRequest, trigger_reason="MeterValuePeriodic")
    await station.flows(6.0)
    assert await install(station, 1, 3, "TxProfile", 0.0) == "Rejected"
    assert await install(station, 2, 3, "TxProfile", 0.0, transaction_id) == "Rejected"
    assert await install(station, 1, 3, "TxProfile", 0.0, transaction_id) == "Accepted"
    paused = await csms.next_event("Updated", trigger_reason="ChargingStateChanged")
    assert paused.transaction_info.charging_state == "SuspendedEVSE"
    assert (await calls.clear_charging_profile(charging_profile_id=3)).status == "Accepted"
    charging = await csms.next_event("Updated", trigger_reason="ChargingStateChanged")
    assert charging.transaction_info.charging_state == "Charging"
    assert (await calls.clear_charging_profile(charging_profile_id=3)).status == "Unknown"


async def install(
    station: Commanded,
    evse_id: int,
    number: int,
    purpose: str,
    limit: float,
    transaction_id: str | None = None,
    kind: str = "Relative",
) -> Any:
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
    return (await station.calls.set_charging_profile(evse_id=evse_id, charging_profile=profile)).status


@in_2x
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


@in_2x
async def test_the_composite_schedule_is_told(station: Commanded) -> None:
    ocpp, composite = station.ocpp, station.calls.get_composite_schedule
    await install(station, 0, 1, "TxDefaultProfile", 8.5)
    answer = await composite(duration=60, evse_id=2)
    assert (answer.status, answer.schedule.evse_id, answer.schedule.duration) == ("Accepted", 2, 60)
    assert answer.schedule.charging_schedule_period == [ocpp.ChargingSchedulePeriodType(start_period=0, limit=8.5)]
    assert (await composite(duration=60, evse_id=3)).status == "Rejected"
