"""The connected stations of a central system: who is in, who replaces whom (R36), and waiting for one."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref

import pytest

from ocpp_fast import (
    BasicAuth,
    ConnectionReplaced,
    Disconnected,
    Event,
    Handshake,
    Limit,
    LimitReached,
    NoAuth,
    NotConnected,
    Policy,
    Refusal,
    Replaced,
    Station,
    Verdict,
    v16,
)
from ocpp_fast.aio import stations
from ocpp_fast.aio.stations import ConnectedStations

from .exchanges import lives
from .harness import CLEARED, Site, central_system, comings_and_goings, name_of, run, scenario, serving, until
from .peer import PATIENCE, PING, PONG, Peer, handshake_bytes
from .refusals import AuthOf, credentials


async def numbered(site: Site, number: int) -> Peer:
    return await site.peer("/CP1", headers=[f"X-Name: {number}"])


# the same identity again


@scenario
async def test_R36_newcomer_replaces_the_old_connection_whose_calls_fail() -> None:
    async with serving() as site:
        told = comings_and_goings(site.central)
        events: list[Event] = []
        site.central.on_event(events.append)
        old = await numbered(site, 1)
        first = await site.central.wait_connected("CP1")
        pending = asyncio.create_task(first.v16.clear_cache())
        await asyncio.sleep(0)
        new = await numbered(site, 2)
        assert await old.close_frame() == (1008, "replaced by a newer connection")
        with pytest.raises(ConnectionReplaced, match="CP1: a newer connection came before ClearCache") as ended:
            await pending
        assert ended.value.delivered is None
        await old.eof()
        assert len(site.central) == 1
        assert site.central["CP1"] is not first
        assert not first.connected
        assert (first.close_code, first.close_reason) == (1008, "replaced by a newer connection")
        await lives(new)
        addresses = [each.writer.get_extra_info("sockname") for each in (new, old)]
        assert events == [Replaced("CP1", *addresses)]
        assert told == [("connected", "1"), ("disconnected", "1"), ("connected", "2")]


@scenario
async def test_R36_a_station_that_resents_close_frames_is_cut_and_replaced_all_the_same() -> None:
    async with serving(policy=Policy(close_frames=False)) as site:
        old = await numbered(site, 1)
        first = await site.central.wait_connected("CP1")
        pending = asyncio.create_task(first.v16.clear_cache())
        assert (await old.message())[2] == "ClearCache"
        new = await numbered(site, 2)
        with pytest.raises(ConnectionReplaced):
            await pending
        assert await old.frame() is None
        assert (first.close_code, first.close_reason) == (1006, "")
        await lives(new)


@scenario
async def test_abort_leaves_without_a_close_frame_and_calls_fail() -> None:
    async with serving() as site:
        peer, station = await site.station()
        pending = asyncio.create_task(station.v16.clear_cache())
        assert (await peer.message())[2] == "ClearCache"
        await station.abort()
        with pytest.raises(Disconnected):
            await pending
        assert await peer.frame() is None
        assert (station.connected, station.close_code, len(site.central)) == (False, 1006, 0)
        await station.abort()  # once more does nothing


@scenario
async def test_R36_leaving_removes_no_other_entry() -> None:
    async with serving(stations=ConnectedStations(max_swaps=10)) as site:
        olds = []
        for number in range(10):
            olds.append(await numbered(site, number))
            await until(lambda: len(site.central) == 1)
        newest = olds.pop()
        for old in olds:
            old.abort()
        await lives(newest)
        assert name_of(site.central["CP1"]) == "9"


@pytest.mark.parametrize("out_of_order", [False, True])
@scenario
async def test_R36_many_at_once_leave_the_one_that_is_let_in_last(out_of_order: bool) -> None:
    """Each is told of once, and of its end before the next one."""

    async def decide(handshake: Handshake) -> Verdict:
        for _ in range(int(handshake.headers["X-Name"]) % 7):
            await asyncio.sleep(0)
        return Verdict.ACCEPTED

    auth = AuthOf(decide) if out_of_order else NoAuth()
    async with serving(auth=auth, stations=ConnectedStations(max_swaps=50)) as site:
        told = comings_and_goings(site.central)
        peers = [await site.tcp() for _ in range(50)]
        for number, peer in enumerate(peers):
            peer.write(handshake_bytes("/CP1", headers=[f"X-Name: {number}"]))
        for peer in peers:
            assert (await peer.http_answer()).status == 101
        await until(lambda: len(told) == 99)
        for earlier, later in zip(told[0::2], told[1::2], strict=False):
            assert earlier == ("connected", earlier[1])
            assert later == ("disconnected", earlier[1])
        assert told[-1] == ("connected", name_of(site.central["CP1"]))
        assert len(site.central) == 1


@scenario
async def test_R36_only_an_authenticated_newcomer_with_a_common_subprotocol_replaces() -> None:
    async with serving(auth=BasicAuth({"CP1": b"p"})) as site:
        good = credentials(b"CP1:p")
        peer = await site.peer("/CP1", headers=[good])
        assert (await site.http(handshake_bytes("/CP1", headers=[good + "x"]))).status == 401
        assert (await site.http(handshake_bytes("/CP1", headers=[good], without="Upgrade"))).status == 426
        await site.peer("/CP1", headers=[good], subprotocols="ocpp1.5")
        await lives(peer)


@scenario
async def test_R36_newcomer_is_rejected() -> None:
    async with serving(duplicates="reject") as site:
        peer, station = await site.station("CP1")
        assert (await site.http(handshake_bytes("/CP1"))).status == 409
        assert site.central["CP1"] is station
        peer.close()
        await peer.eof()
        await site.peer("/CP1")
        assert site.central["CP1"] is not station


@scenario
async def test_R36_function_decides_and_is_500_if_it_raises(caplog: pytest.LogCaptureFixture) -> None:
    def newer(station: Station, handshake: Handshake) -> bool:
        return int(handshake.headers["X-Name"]) > int(name_of(station))

    async with serving(duplicates=newer) as site:
        await numbered(site, 5)
        for named, status in (("4", 409), ("no number", 500)):
            assert (await site.http(handshake_bytes("/CP1", headers=[f"X-Name: {named}"]))).status == status
            assert name_of(site.central["CP1"]) == "5"
        await numbered(site, 6)
        assert name_of(site.central["CP1"]) == "6"
    caplog.clear()


@scenario
async def test_R36_of_a_thousand_connections_the_newest_is_the_one_reached_however_late_the_others_close() -> None:
    async with serving(stations=ConnectedStations(max_swaps=1000)) as site:
        olds: list[Peer] = []
        for number in range(1001):
            peer = await numbered(site, number)
            while len(olds) > 50:
                olds.pop(0).abort()  # fifty connections too late
            station = site.central["CP1"]
            assert name_of(station) == str(number)
            if number % 100 == 0:
                calling = asyncio.create_task(station.v16.clear_cache())
                call = await peer.message()
                peer.send([3, call[1], CLEARED])
                await calling
            olds.append(peer)
        await lives(peer)
        assert len(site.central) == 1


async def swapped(site: Site, count: int) -> Peer:
    """The connection that has come last, after so many others."""
    for number in range(count + 1):
        peer = await numbered(site, number)
    return peer


@pytest.mark.parametrize("sign", ["pong", "message", "ping"])
@scenario
async def test_R36_after_six_swaps_within_a_minute_the_connection_that_answers_stays(sign: str) -> None:
    events: list[Event] = []
    async with serving() as site:
        incumbent = await swapped(site, 6)
        site.central.on_event(events.append)
        newcomer = await site.asking("/CP1")
        ping = await incumbent.frame()
        assert ping is not None
        assert ping.opcode == PING
        if sign == "message":
            incumbent.heartbeat("1")
        else:
            incumbent.send_frame(PONG if sign == "pong" else PING, ping.payload)
        assert (await newcomer.http_answer()).status == 409
        assert name_of(site.central["CP1"]) == "6"
        address = newcomer.writer.get_extra_info("sockname")
        assert events[0] == LimitReached(Limit.SWAPS, "CP1", address, "the connected one stays")
        assert isinstance(events[1], Refusal)
        assert len(events) == 2
        await lives(await site.peer("/CP2"))


@pytest.mark.parametrize("end", ["silent", "left", "closed"])
@scenario
async def test_R36_after_six_swaps_one_that_does_not_answer_is_replaced(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if end == "silent":
        monkeypatch.setattr(stations, "_ANSWER_SECONDS", 0.05)
    async with serving() as site:
        incumbent = await swapped(site, 6)
        newcomer = await site.asking("/CP1", headers=["X-Name: 7"])
        assert await incumbent.frame() is not None
        if end == "left":
            incumbent.abort()
        elif end == "closed":
            incumbent.close()
        assert (await newcomer.http_answer()).status == 101
        assert name_of(site.central["CP1"]) == "7"
        await lives(newcomer)


@scenario
async def test_R36_of_several_who_wait_for_a_silent_one_each_must_outlive_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stations, "_ANSWER_SECONDS", 0.5)
    async with serving() as site:
        incumbent = await swapped(site, 6)
        newcomers = [await site.asking("/CP1", headers=[f"X-Name: {number}"]) for number in (7, 8)]
        pings = [await incumbent.frame() for _ in newcomers]
        assert None not in pings
        first = (await newcomers[0].http_answer()).status
        assert first == 101
        ping = await newcomers[0].frame()
        assert ping is not None
        newcomers[0].send_frame(PONG, ping.payload)
        assert (await newcomers[1].http_answer()).status == 409
        assert name_of(site.central["CP1"]) == "7"


# the mapping


@scenario
async def test_mapping_of_stations() -> None:
    async with serving() as site:
        central = site.central
        assert (len(central), list(central), "CP1" in central, central.get("CP1")) == (0, [], False, None)
        with pytest.raises(NotConnected, match="CP1: not connected"):
            central["CP1"]
        one, station = await site.station("CP1")
        _, other = await site.station("CP2")
        assert (len(central), list(central)) == (2, [station, other])
        assert central["CP1"] is central.get("CP1") is station
        assert 5 not in central
        one.close()
        await until(lambda: list(central) == [other])
        assert repr(station) == "<Station CP1 1.6 disconnected>"


@scenario
async def test_iteration_while_stations_come_and_go() -> None:
    async with serving() as site:
        peers = {f"CP{number}": (await site.station(f"CP{number}"))[0] for number in range(5)}
        seen = []
        for station in site.central:
            await asyncio.gather(station.close(), peers[station.id].close_frame())
            await site.station(f"new-{station.id}")
            seen.append(station.id)
        assert seen == ["CP0", "CP1", "CP2", "CP3", "CP4"]
        assert {each.id for each in site.central} == {f"new-{each}" for each in seen}


# waiting for a station


def count_futures() -> int:
    gc.collect()
    return sum(isinstance(each, asyncio.Future) for each in gc.get_objects())


@scenario
async def test_wait_connected_returns_when_it_comes_and_a_cancelled_wait_leaves_nothing() -> None:
    async with serving() as site:
        before = count_futures()
        for number in range(1000):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await site.central.wait_connected(f"never-{number}")
        assert count_futures() - before < 10
        cancelled = asyncio.create_task(site.central.wait_connected("CP1"))
        patient = [asyncio.create_task(site.central.wait_connected("CP1")) for _ in range(3)]
        await asyncio.sleep(0)
        cancelled.cancel()
        _, station = await site.station("CP1")
        assert await asyncio.gather(*patient) == [station] * 3
        assert await site.central.wait_connected("CP1") is station


# serving


def test_serving_on_one_loop_after_another() -> None:
    """What was given up on the first reaches the second no more."""
    central = central_system()

    async def serve(comes: str, never: str) -> None:
        async with serving(central) as site:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await central.wait_connected(never)
            waiting = asyncio.create_task(central.wait_connected(comes))
            await asyncio.sleep(0)
            peer = await site.peer(f"/{comes}")
            station = await asyncio.wait_for(waiting, PATIENCE)
            await lives(peer)
            with pytest.raises(TimeoutError):
                await station.call(v16.ClearCacheRequest(), timeout=0.01)

    run(serve("CP1", never="CP2"))
    run(serve("CP2", never="CP1"))


@scenario
async def test_port_in_use_is_an_error_and_leaves_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        central = central_system()
        with pytest.raises(OSError, match="in use"):
            async with central.serve(port=taken.getsockname()[1]):
                raise AssertionError
    async with serving(central) as site:
        await site.peer("/CP1")


@scenario
async def test_error_in_the_body_of_serve_stops_the_server_and_comes_through() -> None:
    central = central_system()

    async def fail() -> None:
        async with serving(central) as site:
            await site.station("CP1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert len(central) == 0


def test_event_loop_is_not_kept_alive() -> None:
    """The state of a loop goes with it, the timer of a call that never came due included."""
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        async with serving() as site:
            _, station = await site.station("CP1")
            calling = asyncio.create_task(station.v16.clear_cache())
            await asyncio.sleep(0)
            calling.cancel()
            site.leave()
            await until(lambda: len(site.central) == 0)

    for _ in range(3):
        run(serve())
    gc.collect()
    assert [each() for each in loops] == [None] * 3
