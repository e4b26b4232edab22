"""Calls from other event loops, threads and processes, and one charge point on several loops."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import CallTimeout, ChargePoint, Disconnected, HandshakeFailed, Station, v16
from ocpp_fast.aio.endpoint import UniqueIds

from .harness import HEARTBEAT, Site, scenario, serving, until
from .peer import PATIENCE
from .scripted_server import CLEARED, charge_point


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Site, Station, ChargePoint]]:
    async with serving() as site, charge_point(site.server.url) as station:
        yield site, await site.central.wait_connected("CP1"), station


async def elsewhere(work: Callable[[], Any]) -> Any:
    """Run a function in a thread, whose loop runs there."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


@scenario
async def test_calling_from_another_loop_raises_before_a_byte_is_sent_and_names_the_way() -> None:
    async with connected() as (site, station, point):
        frames: list[bytes] = []
        site.central.on_frame(lambda direction, _, frame: frames.append(frame))

        async def wrong() -> None:
            attempts: list[Callable[[], Any]] = [
                lambda: station.call(v16.ClearCacheRequest()),
                lambda: station.v16.clear_cache(),
                lambda: station.close(),
                lambda: station.wait_closed(),
                lambda: point.call(v16.HeartbeatRequest()),
                lambda: point.wait_connected(),
                lambda: site.central.wait_connected("CP1"),
                lambda: station.transfer(None),  # type: ignore[arg-type]  # it is not looked at
                lambda: station.send(None),  # type: ignore[arg-type]
                lambda: point.send(None),  # type: ignore[arg-type]
            ]
            for attempt in attempts:
                with pytest.raises(RuntimeError, match=r"another event loop: use call_threadsafe\(\)"):
                    await attempt()

        await elsewhere(lambda: asyncio.run(wrong()))
        with pytest.raises(RuntimeError, match="another event loop"):
            await elsewhere(lambda: station.send(None))  # type: ignore[arg-type]
        assert frames == []
        slow = asyncio.create_task(station.call(v16.UnlockConnectorRequest(connector_id=1), timeout=0.05))
        with pytest.raises(Exception, match="NotSupported"):
            await slow  # the deadlines of others are as they were
        assert await point.v16.heartbeat() == HEARTBEAT


@scenario
async def test_call_threadsafe_calls_from_any_thread() -> None:
    async with connected() as (_, station, point):
        assert await elsewhere(lambda: station.call_threadsafe(v16.ClearCacheRequest()).result(PATIENCE)) == CLEARED
        assert await elsewhere(lambda: point.call_threadsafe(v16.HeartbeatRequest()).result(PATIENCE)) == HEARTBEAT


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
    async def main() -> list[Any]:
        async with connected() as (_, *both):
            return both

    for each in asyncio.run(main()):
        with pytest.raises(Disconnected):
            each.call_threadsafe(v16.HeartbeatRequest())


@scenario
async def test_central_system_serves_on_one_loop_at_a_time() -> None:
    async with serving() as site:

        async def serve_too() -> None:
            async with site.central.serve():
                raise AssertionError

        with pytest.raises(RuntimeError, match="serves on another event loop"):
            await elsewhere(lambda: asyncio.run(serve_too()))


# Entering a charge point


@scenario
async def test_entering_twice_raises_and_changes_nothing_for_the_outer() -> None:
    async with connected() as (site, _, point):
        with pytest.raises(RuntimeError, match="CP1 is connected already"):
            async with point:
                raise AssertionError
        assert point.connected
        assert await point.v16.heartbeat() == HEARTBEAT
        assert len(site.central) == 1
    assert not point.connected


@scenario
async def test_first_try_that_fails_leaves_it_to_be_entered_again_and_who_waits_is_told() -> None:
    async with serving() as site:
        point = charge_point(site.server.url)
        waiting = asyncio.create_task(point.wait_connected())
        await asyncio.sleep(0)
        site.central._runtime.stopping = True
        with pytest.raises(HandshakeFailed, match=r"^CP1: "):
            await point.__aenter__()
        site.central._runtime.stopping = False
        assert not waiting.done()
        async with point:
            assert await point.v16.heartbeat() == HEARTBEAT
            await asyncio.wait_for(waiting, PATIENCE)


def test_R40_silence_of_a_rejection_goes_on_on_the_next_loop() -> None:
    point = charge_point("ws://127.0.0.1:1")

    async def rejected() -> None:
        point._gate.silent = True
        point._keep_silent(0.1)

    async def again() -> None:
        point._resume_silence()
        assert point._gate.silent
        await until(lambda: not point._gate.silent)

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
