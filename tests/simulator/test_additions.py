"""What only a simulated station of 2.1 does: event streams, tariffs, control of the grid, batteries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ocpp_fast import v21

from .csms import Commanded, in_21
from .test_transactions import install

# Periodic event streams


@in_21
async def test_a_monitor_with_a_stream_speaks_in_it_until_it_is_cleared(station: Commanded) -> None:
    calls, csms = station.calls, station.csms
    wanted = v21.SetMonitoringDataType(
        component=v21.ComponentType(name="EVSE", evse=v21.EVSEType(id=1)),
        variable=v21.VariableType(name="Power"),
        type=v21.MonitorEnumType.PERIODIC,
        value=3600.0,
        severity=5,
        periodic_event_stream=v21.PeriodicEventStreamParamsType(interval=3600),
    )
    result = (await calls.set_variable_monitoring(set_monitoring_data=[wanted])).set_monitoring_result[0]
    opened = (await csms.next(v21.OpenPeriodicEventStreamRequest)).constant_stream_data
    assert (opened.variable_monitoring_id, opened.params.interval) == (result.id, 3600)
    assert (await calls.get_periodic_event_stream()).constant_stream_data == [opened]
    often = v21.PeriodicEventStreamParamsType(interval=1)
    assert (await calls.adjust_periodic_event_stream(id=99, params=often)).status == "Rejected"
    assert (await calls.adjust_periodic_event_stream(id=opened.id, params=often)).status == "Accepted"
    spoken = await csms.next(v21.NotifyPeriodicEventStreamRequest, id=opened.id)
    assert [each.v for each in spoken.data] == ["0.0"]
    await calls.clear_variable_monitoring(id=[result.id])
    await csms.next(v21.ClosePeriodicEventStreamRequest, id=opened.id)
    assert (await calls.get_periodic_event_stream()).constant_stream_data is None


# Tariffs


def tariff(number: str, currency: str = "EUR") -> v21.TariffType:
    return v21.TariffType(tariff_id=number, currency=currency)


@in_21
async def test_default_tariffs_are_set_told_and_cleared(station: Commanded) -> None:
    calls = station.calls
    set_default, get, clear = calls.set_default_tariff, calls.get_tariffs, calls.clear_tariffs
    assert (await get(evse_id=0)).status == "NoTariff"
    assert (await get(evse_id=3)).status == "Rejected"
    assert (await set_default(evse_id=3, tariff=tariff("A"))).status == "Rejected"
    assert (await set_default(evse_id=0, tariff=tariff("A"))).status == "Accepted"
    assert (await set_default(evse_id=2, tariff=tariff("B"))).status == "Accepted"
    told = await get(evse_id=0)
    assert [(each.tariff_id, each.evse_ids) for each in told.tariff_assignments] == [("A", [1]), ("B", [2])]
    for which, result in (
        (["A", "C"], [("A", "Accepted"), ("C", "NoTariff")]),
        (None, [("B", "Accepted")]),
        (None, [(None, "NoTariff")]),
    ):
        cleared = (await clear(tariff_ids=which)).clear_tariffs_result
        assert [(each.tariff_id, each.status) for each in cleared] == result


@in_21
async def test_a_transaction_changes_its_tariff_and_never_the_currency(station: Commanded) -> None:
    change = station.calls.change_transaction_tariff
    await station.calls.set_default_tariff(evse_id=0, tariff=tariff("A"))
    number = await station.charge()
    assert (await change(transaction_id="none", tariff=tariff("B"))).status == "TxNotFound"
    assert (await change(transaction_id=number, tariff=tariff("B", "CHF"))).status == "NoCurrencyChange"
    assert (await change(transaction_id=number, tariff=tariff("B"))).status == "Accepted"


# The energy of transactions


@in_21
async def test_a_dynamic_profile_is_updated_and_priority_overrides_it(station: Commanded) -> None:
    transaction_id = await station.charge()
    assert await install(station, 1, 1, "TxProfile", 8.0, transaction_id, "Dynamic") == "Accepted"
    await station.flows(8.0)
    update = v21.ChargingScheduleUpdateType(limit=9.5)
    for number, status in ((9, "Rejected"), (1, "Accepted")):
        answer = await station.calls.update_dynamic_schedule(charging_profile_id=number, schedule_update=update)
        assert answer.status == status
    await station.flows(9.5)
    one_phase = v21.ChargingScheduleUpdateType(limit_l2=5.0)  # the limit stays
    assert (
        await station.calls.update_dynamic_schedule(charging_profile_id=1, schedule_update=one_phase)
    ).status == "Accepted"
    await station.flows(9.5)
    assert await prioritized(station, transaction_id) == "NoProfile"
    assert await install(station, 0, 2, "PriorityCharging", 30.0) == "Accepted"
    assert await prioritized(station, "none") == "Rejected"
    assert await prioritized(station, transaction_id) == "Accepted"
    await station.flows(30.0)


async def prioritized(station: Commanded, transaction_id: str) -> Any:
    return (await station.calls.use_priority_charging(transaction_id=transaction_id, activate=True)).status


@in_21
async def test_what_a_transaction_may_do_is_only_told_of_one_that_goes_on(station: Commanded) -> None:
    allow = station.calls.notify_allowed_energy_transfer
    modes = [v21.EnergyTransferModeEnumType.AC_BPT]
    assert (await allow(transaction_id="none", allowed_energy_transfer=modes)).status == "Rejected"
    number = await station.charge()
    assert (await allow(transaction_id=number, allowed_energy_transfer=modes)).status == "Accepted"


# Unsupported


@in_21
async def test_without_an_inverter_and_batteries_it_refuses(station: Commanded) -> None:
    calls, kind = station.calls, v21.DERControlEnumType.GRADIENTS
    answers = [
        await calls.set_der_control(is_default=True, control_id="1", control_type=kind),
        await calls.get_der_control(request_id=1),
        await calls.clear_der_control(is_default=True),
        await calls.request_battery_swap(id_token=station.token(), request_id=3),
        await calls.afrr_signal(timestamp=datetime.now(UTC), signal=1),
    ]
    assert [each.status for each in answers] == [*["NotSupported"] * 3, *["Rejected"] * 2]
    await calls.notify_web_payment_started(evse_id=1, timeout=30)
