"""A server that runs for months: what comes and goes leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from ocpp_fast import Disconnected

from .exchanges import is_called, lives
from .harness import Site, central_system, scenario, serving, until
from .peer import BINARY, Peer, handshake_bytes

SILENT = logging.Logger("silent", logging.CRITICAL)  # or the records would be kept for the test
CYCLES = 220  # half of them are more than the cancelled timers that asyncio keeps for a while


async def polite(site: Site) -> None:
    peer, station = await site.station("polite")
    await lives(peer)
    await is_called(peer, station)
    peer.close()
    await peer.eof()


async def rude(site: Site) -> None:
    peer, station = await site.station("rude")
    calling = asyncio.create_task(station.v16.clear_cache())
    await peer.message()
    peer.send("nonsense")
    peer.send([3, "unknown", {}])
    peer.send_frame(BINARY, b"x")
    with pytest.raises(Disconnected):
        await calling
    peer.abort()


async def unwanted(site: Site) -> None:
    assert (await site.http(handshake_bytes("/.."))).status == 404
    peer = await site.tcp()
    peer.write(b"GET")
    peer.abort()
    (await site.peer("/CP1", subprotocols=None)).abort()


async def replaced(site: Site) -> None:
    await site.station("twin")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await site.central["twin"].v16.clear_cache()


async def repeat(site: Site, visit: Callable[[Site], Awaitable[None]], times: int) -> None:
    for _ in range(times):
        await visit(site)
        site.leave()
    await until(lambda: len(site.central) == 0)
    await until(lambda: not site.central._runtime.tasks._tasks)


def held() -> Counter[str]:
    """How many objects of which types there are."""
    Peer.opened.clear()
    gc.collect()
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


@pytest.mark.parametrize("visit", [polite, rude, unwanted, replaced])
@scenario
async def test_visits_leave_nothing_behind(visit: Callable[[Site], Awaitable[None]]) -> None:
    async with serving(central_system(log=SILENT)) as site:
        site.central.on_connect(lambda station: setattr(station, "state", bytearray(10_000)))
        await repeat(site, visit, 20)
        before = held()  # and up to a hundred timers that asyncio will forget later
        await repeat(site, visit, CYCLES)
        grown = {name: count for name, count in (held() - before).items() if count > CYCLES / 2}
        assert grown == {}


@scenario
async def test_memory_does_not_grow() -> None:
    async with serving(central_system(log=SILENT)) as site:
        await repeat(site, polite, 20)
        await repeat(site, rude, 20)
        tracemalloc.start()
        try:
            held()
            before = tracemalloc.get_traced_memory()[0]
            await repeat(site, polite, CYCLES // 2)
            await repeat(site, rude, CYCLES // 2)
            held()
            assert tracemalloc.get_traced_memory()[0] - before < 500 * CYCLES
        finally:
            tracemalloc.stop()
