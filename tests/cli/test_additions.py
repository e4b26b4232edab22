"""What only a simulated station of 2.1 does: event streams, tariffs, control of the grid, batteries."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp_fast import v21

from .csms import Commanded, commanded
from .programs import PATIENCE
from .test_transactions import amperes, install

Control = v21.DERControlEnumType


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await test

    asyncio.run(bounded())


# Periodic event streams


def test_a_monitor_with_a_stream_speaks_in_it_until_it_is_cleared() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
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

    run(test())


# Tariffs


def tariff(number: str, currency: str = "EUR") -> v21.TariffType:
    return v21.TariffType(tariff_id=number, currency=currency)


def test_default_tariffs_are_set_told_and_cleared() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            calls = station.calls
            set_default, get, clear = calls.set_default_tariff, calls.get_tariffs, calls.clear_tariffs
            assert (await get(evse_id=0)).status == "NoTariff"
            assert (await get(evse_id=3)).status == "Rejected"
            assert (await set_default(evse_id=3, tariff=tariff("A"))).status == "Rejected"
            assert (await set_default(evse_id=0, tariff=tariff("A"))).status == "Accepted"
            assert (await set_default(evse_id=2, tariff=tariff("B"))).status == "Accepted"
            assert (await set_default(evse_id=1, tariff=tariff("B", "CHF"))).status == "DuplicateTariffId"
            told = await get(evse_id=0)
            assert [(each.tariff_id, each.evse_ids) for each in told.tariff_assignments] == [("A", [1]), ("B", [2])]
            cleared = (await clear(tariff_ids=["A", "C"])).clear_tariffs_result
            assert [(each.tariff_id, each.status) for each in cleared] == [("A", "Accepted"), ("C", "NoTariff")]
            cleared = (await clear()).clear_tariffs_result
            assert [(each.tariff_id, each.status) for each in cleared] == [("B", "Accepted")]
            cleared = (await clear()).clear_tariffs_result
            assert [(each.tariff_id, each.status) for each in cleared] == [(None, "NoTariff")]

    run(test())


def test_a_transaction_changes_its_tariff_and_never_the_currency() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            change = station.calls.change_transaction_tariff
            await station.calls.set_default_tariff(evse_id=0, tariff=tariff("A"))
            number = await station.charge()
            assert (await change(transaction_id="none", tariff=tariff("B"))).status == "TxNotFound"
            assert (await change(transaction_id=number, tariff=tariff("B", "CHF"))).status == "NoCurrencyChange"
            assert (await change(transaction_id=number, tariff=tariff("B"))).status == "Accepted"

    run(test())


# The energy of transactions


def test_a_dynamic_profile_is_updated_and_priority_overrides_it() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            calls, csms = station.calls, station.csms
            transaction_id = await station.charge(1)
            assert await install(station, 1, 1, "TxProfile", 8.0, transaction_id, "Dynamic") == "Accepted"
            while await amperes(csms) != 8.0:
                pass
            update = v21.ChargingScheduleUpdateType(limit=9.5)
            answer = await calls.update_dynamic_schedule(charging_profile_id=9, schedule_update=update)
            assert answer.status == "Rejected"
            answer = await calls.update_dynamic_schedule(charging_profile_id=1, schedule_update=update)
            assert answer.status == "Accepted"
            while await amperes(csms) != 9.5:
                pass
            assert await prioritized(station, transaction_id) == "NoProfile"
            assert await install(station, 0, 2, "PriorityCharging", 30.0) == "Accepted"
            assert await prioritized(station, "none") == "Rejected"
            assert await prioritized(station, transaction_id) == "Accepted"
            while await amperes(csms) != 30.0:
                pass

    run(test())


async def prioritized(station: Commanded, transaction_id: str) -> Any:
    return (await station.calls.use_priority_charging(transaction_id=transaction_id, activate=True)).status


def test_what_a_transaction_may_do_is_only_told_of_one_that_goes_on() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            allow = station.calls.notify_allowed_energy_transfer
            modes = [v21.EnergyTransferModeEnumType.AC_BPT]
            assert (await allow(transaction_id="none", allowed_energy_transfer=modes)).status == "Rejected"
            number = await station.charge()
            assert (await allow(transaction_id=number, allowed_energy_transfer=modes)).status == "Accepted"
            signal = await station.calls.afrr_signal(timestamp=datetime.now(UTC), signal=1)
            assert signal.status == "Rejected"

    run(test())


# Distributed energy resources


def curve(priority: int, **fields: Any) -> v21.DERCurveType:
    return v21.DERCurveType(
        curve_data=[v21.DERCurvePointsType(x=1.0, y=2.0)],
        priority=priority,
        y_unit=v21.DERUnitEnumType.PCT_MAX_W,
        **fields,
    )


def test_controls_are_kept_superseded_reported_and_cleared() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            calls, csms = station.calls, station.csms

            async def put(number: str, kind: v21.DERControlEnumType = Control.VOLT_VAR, **fields: Any) -> Any:
                return await calls.set_der_control(is_default=True, control_id=number, control_type=kind, **fields)

            assert (await put("none", curve=None)).status == "Rejected"
            assert (await put("low", curve=curve(5))).superseded_ids is None
            assert (await put("high", curve=curve(1))).superseded_ids == ["low"]
            gradient = v21.GradientType(priority=1, gradient=1.0, soft_gradient=1.0)
            assert (await put("slope", Control.GRADIENTS, gradient=gradient)).status == "Accepted"
            fixed = v21.FixedPFType(priority=1, displacement=0.9, excitation=True)
            assert (await put("power", Control.FIXED_PF_ABSORB, fixed_pf_absorb=fixed)).status == "Accepted"
            assert (await calls.get_der_control(request_id=1, control_id="other")).status == "NotFound"
            assert (await calls.get_der_control(request_id=2)).status == "Accepted"
            reports = [await csms.next(v21.ReportDERControlRequest, request_id=2) for _ in range(4)]
            assert [each.tbc for each in reports] == [True, True, True, False]
            curves = [each.curve[0] for each in reports if each.curve]
            assert [(each.id, each.is_superseded) for each in curves] == [("low", True), ("high", False)]
            assert [each.gradient[0].id for each in reports if each.gradient] == ["slope"]
            assert [each.fixed_pf_absorb[0].id for each in reports if each.fixed_pf_absorb] == ["power"]
            clear = calls.clear_der_control
            assert (await clear(is_default=False)).status == "NotFound"
            assert (await clear(is_default=True, control_type=Control.VOLT_VAR)).status == "Accepted"
            assert (await clear(is_default=True, control_id="low")).status == "NotFound"

    run(test())


def test_a_control_begins_and_ends_at_its_time() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            soon = datetime.now(UTC) + timedelta(seconds=0.05)
            timed = curve(1, start_time=soon, duration=0.05)
            await station.calls.set_der_control(
                is_default=False, control_id="timed", control_type=Control.VOLT_VAR, curve=timed
            )
            await station.csms.next(v21.NotifyDERStartStopRequest, control_id="timed", started=True)
            await station.csms.next(v21.NotifyDERStartStopRequest, control_id="timed", started=False)
            assert (await station.calls.get_der_control(request_id=1)).status == "NotFound"

    run(test())


# Batteries and payments


def test_an_empty_battery_is_taken_in_and_a_full_one_given_out() -> None:
    async def test() -> None:
        async with commanded("2.1") as station:
            token = station.token()
            answer = await station.calls.request_battery_swap(id_token=token, request_id=3)
            assert answer.status == "Accepted"
            for event, full in (("BatteryIn", False), ("BatteryOut", True)):
                swap = await station.csms.next(v21.BatterySwapRequest, event_type=event, request_id=3, id_token=token)
                assert (swap.battery_data[0].soc > 50) is full
            await station.calls.notify_web_payment_started(evse_id=1, timeout=30)

    run(test())
