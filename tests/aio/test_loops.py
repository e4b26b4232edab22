"""Calls from other event loops, threads and processes, and one charge point on several loops."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import CallTimeout, ChargePoint, Disconnected, HandshakeFailed, Server, Station, v16
from ocpp_fast.aio.endpoint import UniqueIds

from .harness import HEARTBEAT, Site, central_system, scenario, serving, until
from .peer import PATIENCE


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Site, Station, ChargePoint]]:
    async with serving() as site, ChargePoint("CP1", site.server.url, versions=[v16]) as charge_point:
        charge_point.on(v16.ClearCacheRequest)(
            lambda request: v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
        )
        yield site, await site.central.wait_connected("CP1"), charge_point


async def elsewhere(work: Callable[[], Any]) -> Any:
    """Run a function in a thread, whose loop runs there."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


@scenario
async def test_calling_from_another_loop_raises_before_a_byte_is_sent_and_names_the_way() -> None:
    async with connected() as (site, station, charge_point):
        frames: list[bytes] = []
        site.central.on_frame(lambda direction, _, frame: frames.append(frame))

        async def wrong() -> None:
            attempts: list[Callable[[], Any]] = [
                lambda: station.call(v16.ClearCacheRequest()),
                lambda: station.v16.clear_cache(),
                lambda: station.close(),
                lambda: station.wait_closed(),
                lambda: charge_point.call(v16.HeartbeatRequest()),
                lambda: charge_point.wait_connected(),
                lambda: site.central.wait_connected("CP1"),
                lambda: station.transfer(None),  # type: ignore[arg-type]  # it is not looked at
            ]
            for attempt in attempts:
                with pytest.raises(RuntimeError, match=r"another event loop: use call_threadsafe\(\)"):
                    await attempt()
            for side in (station, charge_point):
                with pytest.raises(RuntimeError, match="another event loop"):
                    side.send(None)  # type: ignore[arg-type]

        await elsewhere(lambda: asyncio.run(wrong()))
        with pytest.raises(RuntimeError, match="another event loop"):
            await elsewhere(lambda: station.send(None))  # type: ignore[arg-type]
        assert frames == []
        slow = asyncio.create_task(station.call(v16.UnlockConnectorRequest(connector_id=1), timeout=0.05))
        with pytest.raises(Exception, match="NotSupported"):
            await slow  # the deadlines of others are as they were
        assert await charge_point.v16.heartbeat() == HEARTBEAT


@scenario
async def test_call_threadsafe_calls_from_any_thread() -> None:
    async with connected() as (_, station, charge_point):
        answer = await elsewhere(lambda: station.call_threadsafe(v16.ClearCacheRequest()).result(PATIENCE))
        assert answer == v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
        assert (
            await elsewhere(lambda: charge_point.call_threadsafe(v16.HeartbeatRequest()).result(PATIENCE)) == HEARTBEAT
        )

        async def on_another_loop() -> v16.HeartbeatResponse:
            return await asyncio.wrap_future(charge_point.call_threadsafe(v16.HeartbeatRequest()))

        assert await elsewhere(lambda: asyncio.run(on_another_loop())) == HEARTBEAT


@scenario
async def test_call_threadsafe_ends_as_call_does() -> None:
    async with serving() as site:
        peer, station = await site.station()
        future = station.call_threadsafe(v16.ClearCacheRequest(), timeout=0.01)
        with pytest.raises(CallTimeout, match="CP1: ClearCache was not answered in time"):
            await asyncio.wrap_future(future)
        future = station.call_threadsafe(v16.ClearCacheRequest())
        await peer.message()
        await peer.message()
        future.cancel()
        following = station.call_threadsafe(v16.UnlockConnectorRequest(connector_id=1))
        assert (await peer.message())[2] == "UnlockConnector"
        peer.abort()
        with pytest.raises(Disconnected):
            await asyncio.wrap_future(following)


def test_call_threadsafe_after_the_loop_is_closed_raises() -> None:
    async def main() -> tuple[Station, ChargePoint]:
        async with connected() as (_, station, charge_point):
            return station, charge_point

    for each in asyncio.run(main()):
        with pytest.raises(Disconnected):
            each.call_threadsafe(v16.HeartbeatRequest())


def test_central_system_serves_on_one_loop_at_a_time() -> None:
    central = central_system()
    started: concurrent.futures.Future[Server] = concurrent.futures.Future()
    done = threading.Event()

    async def serve() -> None:
        async with central.serve() as server:
            started.set_result(server)
            await asyncio.get_running_loop().run_in_executor(None, done.wait)

    async def serve_too() -> None:
        async with central.serve():
            raise AssertionError

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.result(PATIENCE)
    with pytest.raises(RuntimeError, match="serves on another event loop"):
        asyncio.run(serve_too())
    done.set()
    thread.join()


# Entering a charge point


@scenario
async def test_entering_twice_raises_and_changes_nothing_for_the_outer() -> None:
    async with connected() as (site, _, charge_point):
        with pytest.raises(RuntimeError, match="CP1 is connected already"):
            async with charge_point:
                raise AssertionError
        assert charge_point.connected
        assert await charge_point.v16.heartbeat() == HEARTBEAT
        assert len(site.central) == 1
    assert not charge_point.connected


@scenario
async def test_first_try_that_fails_leaves_it_to_be_entered_again() -> None:
    async with serving() as site:
        charge_point = ChargePoint("CP1", site.server.url, versions=[v16])
        site.central._runtime.stopping = True
        with pytest.raises(HandshakeFailed, match=r"^CP1: "):
            await charge_point.__aenter__()
        site.central._runtime.stopping = False
        async with charge_point:
            assert await charge_point.v16.heartbeat() == HEARTBEAT


@scenario
async def test_wait_connected_before_entering_returns_when_it_is_connected() -> None:
    async with serving() as site:
        charge_point = ChargePoint("CP1", site.server.url, versions=[v16])
        waiting = asyncio.create_task(charge_point.wait_connected())
        await asyncio.sleep(0)
        async with charge_point:
            await asyncio.wait_for(waiting, PATIENCE)


def test_R40_silence_of_a_rejection_goes_on_on_the_next_loop() -> None:
    charge_point = ChargePoint("CP1", "ws://127.0.0.1:1", versions=[v16])

    async def rejected() -> None:
        charge_point._gate.silent = True
        charge_point._keep_silent(0.1)

    async def again() -> None:
        charge_point._resume_silence()
        assert charge_point._gate.silent
        await until(lambda: not charge_point._gate.silent)

    asyncio.run(rejected())
    asyncio.run(again())


# Unique ids


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_R03_unique_ids_differ_after_a_fork() -> None:
    ids = UniqueIds()
    ids()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ids().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert len(theirs) <= 36
    assert theirs.split("-")[0] != ids().split("-")[0]
