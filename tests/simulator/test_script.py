"""A simulated station as a test drives it: what happens at it, what it tells, and how one waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import v16
from ocpp_fast.simulator import Refused, Settings, SimulatedStation, simulated

from ..cli.programs import PATIENCE, in_time
from .csms import MODULES, Csms

Driven = Callable[[SimulatedStation, Csms], Coroutine[Any, Any, None]]


@asynccontextmanager
async def driven(number: str, **options: Any) -> AsyncIterator[tuple[SimulatedStation, Csms]]:
    """A simulated station that does nothing by itself, once it has booted, and its central system."""
    csms = Csms(number)
    given: dict[str, Any] = {"version": number, "sessions": 0, "interval": 0.02, "retry": 0.01, "cars": False}
    async with csms.serve() as server:
        settings = Settings(id="CP001", url=server.url, **given | options)
        async with asyncio.timeout(PATIENCE), simulated(settings) as station:
            await station.booted()
            yield station, csms


def with_stations(*numbers: str, **options: Any) -> Callable[[Driven], Callable[[str], None]]:
    """Run a test for each of these versions."""

    def decorate(test: Driven) -> Callable[[str], None]:
        @pytest.mark.parametrize("number", numbers or list(MODULES))
        @in_time
        async def bounded(number: str) -> None:
            async with driven(number, **options) as (station, csms):
                await test(station, csms)

        bounded.__name__ = test.__name__
        return bounded

    return decorate


every_version = with_stations()


def statuses(csms: Csms, outlet: int = 1) -> list[str]:
    """Return what was told of an outlet so far."""
    place, status = ("connector_id", "status") if csms.ocpp is v16 else ("evse_id", "connector_status")
    told = [each for each in csms.received if each.__action__.name == "StatusNotification"]
    return [str(getattr(each, status)) for each in told if getattr(each, place) == outlet]


def messages(csms: Csms) -> list[str]:
    """Return the messages of transactions so far, without samples."""
    names = {"Started": "start", "Ended": "end", "StartTransaction": "start", "StopTransaction": "end"}
    kinds = [str(getattr(each, "event_type", each.__action__.name)) for each in csms.received]
    return [names[each] for each in kinds if each in names]


@every_version
async def test_a_session_is_driven_step_by_step(station: SimulatedStation, csms: Csms) -> None:
    await station.plug(1)
    assert station.outlets[1].status == "Preparing"
    assert await station.authorize("TAG", 1)
    await station.until(lambda: station.outlets[1].status == "Charging")
    await station.stop(1)
    assert station.outlets[1].transaction is None
    await station.unplug(1)
    in_16 = ["Available", "Preparing", "Charging", "Finishing", "Available"]
    assert statuses(csms) == (in_16 if csms.ocpp is v16 else ["Available", "Occupied", "Available"])
    assert messages(csms) == ["start", "end"]


@every_version
async def test_what_a_method_has_caused_is_told_when_it_returns(station: SimulatedStation, csms: Csms) -> None:
    transaction = await station.start(2, "TAG")
    assert (messages(csms), transaction.accepted) == (["start"], True)
    await station.stop(2, "EVDisconnected")
    assert messages(csms) == ["start", "end"]


@every_version
async def test_a_token_that_comes_again_ends_its_transaction(station: SimulatedStation, csms: Csms) -> None:
    await station.start(1, "TAG")
    assert not await station.authorize("OTHER", 1)
    assert await station.authorize("TAG", 1)
    assert messages(csms) == ["start", "end"]


@every_version
async def test_a_start_that_is_refused_is_an_error(station: SimulatedStation, csms: Csms) -> None:
    csms.answers["Authorize"] = csms.ocpp.AuthorizeResponse(**csms.judged("Invalid"))
    with pytest.raises(Refused, match="outlet 1 is Preparing"):
        await station.start(1)
    with pytest.raises(KeyError):
        await station.plug(3)
    assert messages(csms) == []


@every_version
async def test_a_fault_ends_the_transaction_and_is_told_until_it_is_repaired(
    station: SimulatedStation, csms: Csms
) -> None:
    await station.start(1)
    await station.fault(1, "GroundFailure")
    assert messages(csms) == ["start", "end"]
    assert statuses(csms)[-1] == "Faulted"
    assert not await station.authorize("TAG", 1)
    await station.unplug(1)
    await station.repair(1)
    assert statuses(csms)[-1] == "Available"


@every_version
async def test_events_are_awaited(station: SimulatedStation, csms: Csms) -> None:
    begun, ended = station.expect("TransactionStarted", outlet=2), station.expect("TransactionEnded")
    charging = station.expect("StatusChanged", detail="Charging")
    transaction = await station.start(2)
    assert (await begun).detail == transaction.id
    assert (await charging).outlet == 2
    await station.stop(2)
    assert await ended == ("TransactionEnded", 2, transaction.id)
    with pytest.raises(TimeoutError):
        await station.expect("Booted", timeout=0.001)
    with pytest.raises(TimeoutError):
        await station.until(lambda: station.outlets[1].plugged, timeout=0.001)


@every_version
async def test_energy_and_samples_go_on_while_it_is_offline(station: SimulatedStation, csms: Csms) -> None:
    transaction = await station.start(1)
    await station.go_offline()
    before, energy = transaction.samples, station.outlets[1].energy
    await station.until(lambda: transaction.samples >= before + 3)
    assert station.outlets[1].energy > energy
    await station.stop(1)
    await station.unplug(1)
    received = len(csms.received)
    assert (messages(csms), station.charge_point.queued_messages() > 0) == (["start"], True)
    await station.go_online()
    assert messages(csms) == ["start", "end"]
    late = csms.received[received:]
    assert "BootNotification" not in [each.__action__.name for each in late]
    assert statuses(csms)[-1] == "Available"
    if csms.ocpp is not v16:
        assert {each.offline for each in late if each.__action__.name == "TransactionEvent"} >= {True}
        told = [each for each in csms.received if each.__action__.name == "TransactionEvent"]
        numbers = {each.seq_no for each in told}  # what was sent as the connection ended may come twice
        assert sorted(numbers) == list(range(len(numbers)))


@every_version
async def test_a_transaction_that_begins_offline_gets_its_id_later(station: SimulatedStation, csms: Csms) -> None:
    await station.go_offline()
    offline = ["AllowOfflineTxForUnknownId"] if csms.ocpp is v16 else ["AuthCtrlr", "OfflineTxForUnknownIdEnabled"]
    assert not await station.authorize("TAG", 1)
    station.set(station.variables.own(*offline), "true")
    transaction = await station.start(1)
    assert (transaction.accepted, station.outlets[1].status) == (None, "Preparing")
    await station.until(lambda: transaction.samples > 0)
    await station.stop(1)
    await station.unplug(1)
    await station.go_online()
    assert messages(csms) == ["start", "end"]
    if csms.ocpp is v16:
        samples = [
            each for each in csms.received if isinstance(each, (v16.MeterValuesRequest, v16.StopTransactionRequest))
        ]
        assert {each.transaction_id for each in samples} == {1}


@every_version
async def test_a_status_is_that_of_its_time_and_only_the_last_is_told_of_a_time_offline(
    station: SimulatedStation, csms: Csms
) -> None:
    await station.go_offline()
    before = station.now()
    await station.plug(1)
    await station.unplug(1)
    await station.fault(1)
    after = station.now()
    known = len(statuses(csms))
    await station.go_online()
    assert statuses(csms)[known:] == ["Faulted"]
    last = [each for each in csms.received if each.__action__.name == "StatusNotification"][-1]
    assert before.replace(microsecond=0) <= last.timestamp <= after
