"""A server that runs for months: what comes and goes leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import CallTimeout, ChargePoint, Disconnected, Handshake, HandshakeFailed, NoAuth, Station, Verdict, v16
from ocpp_fast.aio.websocket import WebSocket

from .exchanges import TRANSFERRED, broken_later, is_called, lives, transfer_bytes
from .harness import Site, central_system, scenario, server_context, serving, until, websocket_of
from .peer import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, Peer, frame_bytes, handshake_bytes
from .scripted_server import charge_point
from .test_websocket import DEFLATE, deflated

SILENT = logging.Logger("silent", logging.CRITICAL)  # or the records would be kept for the test
CYCLES = 220  # half of them are more than the cancelled timers that asyncio keeps for a while
VISITS = 5  # a cycle is one from the first on


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


# No cycle: what has ended is gone at once, and does not wait for the collector


async def called(site: Site, **options: Any) -> tuple[Peer, Station]:
    """A station that has called and was called."""
    peer, station = await site.station("CP1", **options)
    if not options:
        await lives(peer)
        await is_called(peer, station)
    return peer, station


async def station_closes(site: Site) -> None:
    peer, _ = await called(site)
    peer.close()
    await peer.eof()


async def central_closes(site: Site) -> None:
    peer, station = await called(site)
    await asyncio.gather(station.close(), peer.close_frame())


async def reset(site: Site) -> None:
    peer, station = await called(site)
    peer.abort()
    await station.wait_closed()


async def end_of_stream(site: Site) -> None:
    peer, station = await called(site)
    peer.writer.write_eof()
    await station.wait_closed()


async def refused(site: Site) -> None:
    assert (await site.http(handshake_bytes("/unauthorized"))).status == 401
    assert (await site.http(handshake_bytes("/.."))).status == 404
    assert (await site.http(handshake_bytes("/CP1", without="Upgrade"))).status == 426
    assert (await site.http(handshake_bytes("/CP1", without="Sec-WebSocket-Key"))).status == 400


async def refused_later(site: Site) -> None:
    assert (await site.http(handshake_bytes("/unauthorized-later"))).status == 401
    assert (await site.http(handshake_bytes("/later", without="Upgrade"))).status == 426


async def left_while_shaking_hands(site: Site) -> None:
    for request in (b"GET", handshake_bytes("/never")):
        peer = await site.tcp()
        peer.write(request)
        await until(lambda: len(site.server._sockets) == 1)
        peer.abort()
        await until(lambda: len(site.server._sockets) == 0)


async def no_common_subprotocol(site: Site) -> None:
    peer = await site.peer("/CP1", subprotocols="ocpp9")
    assert (await peer.close_frame())[0] == 1002


async def let_in_later(site: Site) -> None:
    peer = await site.peer("/later", headers=["X-Odd: 1", "X-Odd: 2"])
    await lives(peer)
    peer.close()
    await peer.eof()


async def invalid_frame(site: Site) -> None:
    for frame in (frame_bytes(BINARY, b"x"), frame_bytes(TEXT, b"x", masked=False), frame_bytes(TEXT, b"\xff")):
        peer, _ = await called(site)
        peer.write(frame)
        await peer.close_frame()
        await peer.eof()


async def too_big(site: Site) -> None:
    peer, _ = await called(site)
    peer.write(frame_bytes(TEXT, b"x" * 2_000_000)[:100])
    assert (await peer.close_frame())[0] == 1009
    await peer.eof()


async def in_fragments(site: Site) -> None:
    peer, _ = await called(site)
    peer.write(frame_bytes(TEXT, b'[2,"1","Heart', fin=False) + frame_bytes(PING) + frame_bytes(PONG))
    peer.write(frame_bytes(CONTINUATION, b'beat",{}]'))
    assert (await peer.frame()) == Frame(PONG, b"")
    await peer.message()
    peer.write(frame_bytes(TEXT, b"unfinished", fin=False))
    peer.close()
    await peer.eof()


async def compressed(site: Site) -> None:
    peer, _ = await called(site, headers=[DEFLATE])
    for _ in range(2):
        peer.send_frame(TEXT, deflated(b'[2,"1","Heartbeat",{}]'), rsv1=True)
        assert (await peer.frame()) is not None
    peer.send_frame(TEXT, b"\xff\xff\xff\xff", rsv1=True)
    assert (await peer.close_frame())[0] == 1002
    await peer.eof()


async def no_pong(site: Site) -> None:
    _, station = await called(site)
    for _ in range(2):
        websocket_of(station).ping()
    await station.wait_closed()
    assert station.close_reason == "no pong"


async def with_calls_open(site: Site) -> None:
    peer, station = await called(site)
    calling = asyncio.gather(station.v16.clear_cache(), station.v16.clear_cache(), return_exceptions=True)
    await peer.message()
    peer.abort()
    assert [type(each) for each in await calling] == [Disconnected, Disconnected]


async def call_runs_out_of_time(site: Site) -> None:
    peer, station = await called(site)
    with suppress(CallTimeout):
        await station.call(v16.ClearCacheRequest(), timeout=0.001)
    peer.close()
    await peer.eof()


async def handlers_run(site: Site) -> None:
    """One is suspended, and calls wait behind it."""
    peer, station = await called(site)
    peer.write(b"".join(transfer_bytes(number) for number in range(5)))
    await until(lambda: station._session.waiting)
    peer.abort()


async def handlers_fail(site: Site) -> None:
    peer, _ = await called(site)
    peer.send([2, "1", "Authorize", {"idTag": "now"}])
    assert (await peer.message())[0] == 4
    peer.send([2, "2", "Authorize", {"idTag": "later"}])
    assert (await peer.message())[0] == 4
    peer.send("[garbage")
    assert (await peer.message())[0] == 4
    peer.close()
    await peer.eof()


async def expected(site: Site) -> None:
    peer, station = await called(site)
    seen, unseen = station.expect(v16.HeartbeatRequest), station.expect(v16.AuthorizeRequest)
    station.on_any(lambda *_: None)
    await lives(peer)
    await seen
    peer.close()
    await peer.eof()
    assert isinstance(await asyncio.gather(unseen, return_exceptions=True), list)


async def taken_over(site: Site) -> None:
    first, _ = await called(site)
    second, _ = await called(site)
    await first.close_frame()
    second.abort()


async def ours_comes_and_leaves(site: Site, station: ChargePoint) -> None:
    async with station:
        await station.v16.heartbeat()
        await (await site.central.wait_connected("CP1")).v16.clear_cache()


async def ours_comes_back(site: Site, station: ChargePoint) -> None:
    async with station:
        for leave in (WebSocket.close, WebSocket.abort):
            websocket = websocket_of(site.central["CP1"])
            leave(websocket)
            await websocket.wait_closed()
            await asyncio.gather(station.wait_connected(), site.central.wait_connected("CP1"))
        await station.v16.heartbeat()


async def ours_is_refused(site: Site, station: ChargePoint) -> None:
    site.central._runtime.auth = Refusing()
    with suppress(HandshakeFailed):
        await station.__aenter__()
    site.central._runtime.auth = NoAuth()


WAYS = [
    station_closes,
    central_closes,
    reset,
    end_of_stream,
    refused,
    refused_later,
    left_while_shaking_hands,
    no_common_subprotocol,
    let_in_later,
    invalid_frame,
    too_big,
    in_fragments,
    compressed,
    no_pong,
    with_calls_open,
    call_runs_out_of_time,
    handlers_run,
    handlers_fail,
    expected,
    taken_over,
]


async def until_it_leaves(station: Station, _: v16.DataTransferRequest) -> v16.DataTransferResponse:
    await station.wait_closed()
    return TRANSFERRED


class Refusing:
    """Lets nobody in."""

    def authenticate(self, handshake: Handshake) -> Verdict:
        return Verdict.UNAUTHORIZED


class Doorman:
    """Decides by the identity: at once, later, or never."""

    async def authenticate(self, handshake: Handshake) -> Verdict:
        if handshake.id == "never":
            await asyncio.get_running_loop().create_future()
        if handshake.id.endswith("later"):
            await asyncio.sleep(0)
        return Verdict.UNAUTHORIZED if handshake.id.startswith("unauthorized") else Verdict.ACCEPTED


def picky(_: object, request: v16.AuthorizeRequest) -> Any:
    if request.id_tag == "now":
        raise RuntimeError("on purpose")
    return broken_later()


def ours(each: object) -> bool:
    """Whether a thing is of the library, or of the one below it."""
    code = getattr(each, "cr_code", getattr(each, "f_code", getattr(each, "__code__", None)))
    if code is not None:
        return "/ocpp_fast/" in Path(code.co_filename).as_posix()
    return type(each).__module__.partition(".")[0] in ("ocpp_fast", "ocpp_fast_ext", "websockets")


@contextmanager
def collecting() -> Iterator[list[object]]:
    """What only the collector could find is kept, and is in the list in the end."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def leaves_no_cycle(site: Site, visit: Callable[[], Awaitable[None]]) -> None:
    """Fails if anything of the library waits for the collector when a visit is over."""
    await visit()  # what is made once is made
    await all_have_left(site)
    with collecting() as found:
        for _ in range(VISITS):
            await visit()
            await all_have_left(site)
    assert Counter(repr(type(each)) for each in found if ours(each)) == {}


async def all_have_left(site: Site) -> None:
    site.leave()
    Peer.opened.clear()
    await until(lambda: not len(site.server._sockets) and not site.central._runtime.tasks._tasks)
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize("way", WAYS)
@scenario
async def test_nothing_of_a_connection_that_has_ended_is_a_cycle(way: Callable[[Site], Awaitable[None]]) -> None:
    central = central_system(auth=Doorman(), log=SILENT, close_timeout=20.0)
    central.on(v16.AuthorizeRequest)(picky)
    async with serving(central, transfer=until_it_leaves) as site:
        await leaves_no_cycle(site, lambda: way(site))


@pytest.mark.parametrize("way", [ours_comes_and_leaves, ours_comes_back, ours_is_refused])
@scenario
async def test_nothing_of_a_stations_own_connection_that_has_ended_is_a_cycle(
    way: Callable[[Site, ChargePoint], Awaitable[None]],
) -> None:
    async with serving(log=SILENT) as site:
        station = charge_point(site.server.url)
        await leaves_no_cycle(site, lambda: way(site, station))


@scenario
async def test_nothing_of_a_connection_over_tls_that_has_ended_is_a_cycle(certificate: Path) -> None:
    async with serving(log=SILENT, tls=server_context(certificate)) as site:
        station = charge_point(site.server.url, ssl=ssl.create_default_context(cafile=str(certificate)))
        for way in (ours_comes_and_leaves, ours_comes_back):
            await leaves_no_cycle(site, partial(way, site, station))
