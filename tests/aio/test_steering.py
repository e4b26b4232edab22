"""A station's connection, steered: the first one, another one, none, and those that fail."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator

import pytest

from ocpp_fast import (
    BackOff,
    BasicAuth,
    CallTimeout,
    Disconnected,
    HandshakeFailed,
    HandshakeRefused,
    NetworkProfile,
    v16,
)

from .harness import HEARTBEAT, central_system, no_other_tasks, scenario, serving, until, websocket_of
from .peer import PATIENCE, TEXT
from .scripted_server import (
    NEVER,
    Script,
    answering_pings,
    charge_point,
    connected_to,
    free_port,
    no_other_tasks_but_servers,
    nobody,
    raw_server,
    request_of,
    served,
    silent_to,
    switching,
    unmasked,
)

# The first connection


@scenario
async def test_R42_first_connection_waits_for_the_server() -> None:
    failed: list[Exception] = []
    port = free_port()
    station = charge_point(f"ws://127.0.0.1:{port}", wait_for_server=True)
    station.on_connect_failed(failed.append)
    entering = asyncio.create_task(station.__aenter__())
    await until(lambda: len(failed) > 2)
    assert not entering.done()
    async with central_system().serve(port=port):
        await asyncio.wait_for(entering, PATIENCE)
        assert await station.v16.heartbeat() == HEARTBEAT
        await station.__aexit__(None, None, None)
    assert {type(each) for each in failed} == {ConnectionRefusedError}


@scenario
async def test_who_gives_up_waiting_for_the_server_leaves_nothing() -> None:
    station = charge_point(nobody(), wait_for_server=True, back_off=NEVER)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await station.__aenter__()
    await no_other_tasks()


@scenario
async def test_station_that_starts_offline_connects_later() -> None:
    failed: list[Exception] = []
    port = free_port()
    station = charge_point(f"ws://127.0.0.1:{port}", start_offline=True)
    station.on_connect_failed(failed.append)
    async with station:
        with pytest.raises(Disconnected):
            await station.v16.heartbeat()
        await until(lambda: failed)
        async with central_system().serve(port=port):
            async with asyncio.timeout(PATIENCE):
                await station.wait_connected()
            assert await station.v16.heartbeat() == HEARTBEAT
            await station.disconnect()


# Disconnect and reconnect


@scenario
async def test_disconnect_closes_and_nothing_is_dialled_until_reconnect() -> None:
    told: list[tuple[int | None, str]] = []
    async with serving() as site, charge_point(site.server.url) as station:
        site.central.on_disconnect(lambda seen: told.append((seen.close_code, seen.close_reason)))
        await connected_to(site, station)
        assert (station.close_code, station.close_reason) == (None, "")
        pending = asyncio.create_task(station.v16.heartbeat())
        await asyncio.sleep(0)
        await station.disconnect(1001, "for the night")
        with pytest.raises(Disconnected):
            await pending
        assert (station.connected, station.close_code, station.close_reason) == (False, 1001, "for the night")
        await until(lambda: told)
        assert not station._uplink._tasks
        await station.disconnect()  # a second time does nothing
        await station.reconnect()
        await connected_to(site, station)
        assert (station.close_code, station.close_reason) == (None, "")
    assert told == [(1001, "for the night"), (1000, "")]


@scenario
async def test_close_code_and_reason_are_those_of_the_central_system() -> None:
    async with serving() as site, charge_point(site.server.url, back_off=NEVER) as station:
        await (await connected_to(site, station)).close(4001, "maintenance")
        await until(lambda: not station.connected)
        assert (station.close_code, station.close_reason) == (4001, "maintenance")
        await station.reconnect()  # at once, whatever the back-off says
        await (await connected_to(site, station)).abort()
        await until(lambda: not station.connected)
        assert station.close_code == 1006


@scenario
async def test_who_aborts_its_connection_connects_again() -> None:
    async with (
        serving() as site,
        charge_point(site.server.url, back_off=BackOff(minimum=0.01, random_range=0)) as station,
    ):
        first = await connected_to(site, station)
        await station.abort()
        await until(lambda: station.connected and site.central.get(station.id) is not first)
        assert (first.close_code, station.close_code) == (1006, None)
        await station.disconnect()
        await station.abort()  # does nothing


@scenario
async def test_disconnect_ends_a_wait_for_the_next_try_and_a_handshake_that_goes_on() -> None:
    asked = asyncio.Event()
    async with (
        raw_server(silent_to(asked)) as url,
        charge_point(url, start_offline=True, open_timeout=PATIENCE) as station,
    ):
        await asked.wait()
        await station.disconnect()
        await no_other_tasks_but_servers()
        assert not station.connected
    async with serving() as site, charge_point(site.server.url, back_off=NEVER) as station:
        await (await connected_to(site, station)).close()
        await until(lambda: not station.connected)
        await station.disconnect()
        await no_other_tasks()


@scenario
async def test_reconnect_goes_to_another_central_system_with_another_password() -> None:
    async with (
        serving() as first,
        serving(auth=BasicAuth({"CP1": b"new"})) as second,
        charge_point(first.server.url) as station,
    ):
        await connected_to(first, station)
        await station.reconnect(second.server.url, password=b"new")
        seen = await connected_to(second, station)
        await until(lambda: len(first.central) == 0)
        await seen.close()  # and stays with it
        await until(lambda: not station.connected)
        await connected_to(second, station)
        await station.reconnect(password=b"new")
        await connected_to(second, station)


@scenario
async def test_reconnect_that_fails_raises_and_the_station_goes_back() -> None:
    async with (
        serving(auth=BasicAuth({"CP1": b"old"})) as site,
        charge_point(site.server.url, password=b"old") as station,
    ):
        await connected_to(site, station)
        with pytest.raises(HandshakeFailed) as refused:
            await station.reconnect(password=b"new")
        assert refused.value.status == 401
        assert station.password == b"old"
        await connected_to(site, station)
        with pytest.raises(ConnectionRefusedError):
            await station.reconnect([nobody(), nobody()])
        await connected_to(site, station)


@scenario
async def test_R42_way_back_from_a_good_connection_begins_with_the_first_wait() -> None:
    class Noted:
        def waits(self, _: object) -> Iterator[float]:
            for wait in (0.01, 0.02, 0.03, 0.04):
                waited.append(wait)
                yield wait

    waited: list[float] = []
    async with serving() as site, charge_point(site.server.url, back_off=Noted()) as station:
        for _ in range(3):
            await connected_to(site, station)
            with pytest.raises(ConnectionRefusedError):
                await station.reconnect(nobody())
        await connected_to(site, station)
    assert waited == [0.01] * 3


@scenario
async def test_R44_steering_that_is_overtaken_says_so_and_who_is_cancelled_does_no_harm() -> None:
    asked = asyncio.Event()
    async with raw_server(silent_to(asked)) as url, serving() as site, charge_point(site.server.url) as station:
        overtaken = asyncio.create_task(station.reconnect(url))
        await asked.wait()
        await station.reconnect()
        with pytest.raises(Disconnected, match="it was steered elsewhere"):
            await overtaken
        await connected_to(site, station)
        asked.clear()
        cancelled = asyncio.create_task(station.reconnect(url))
        await asked.wait()
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        await station.reconnect()
        await asyncio.gather(*(station.reconnect() for _ in range(5)), station.disconnect(), return_exceptions=True)
        assert not station.connected
        await station.reconnect()
        await connected_to(site, station)


@scenario
async def test_hooks_and_handlers_may_steer() -> None:
    async with serving() as first, serving() as second:
        station = charge_point(first.server.url)

        @station.after(v16.ClearCacheRequest)
        async def move(_: object) -> None:
            await station.reconnect(second.server.url)

        async with station:
            await (await connected_to(first, station)).v16.clear_cache()
            await until(lambda: "CP1" in second.central)
            seen = await connected_to(second, station)

            @station.on_connect
            async def leave() -> None:
                await station.disconnect()

            await seen.close()
            await until(lambda: len(second.central) == 0 and not station._uplink._tasks)
        await no_other_tasks()


@scenario
async def test_steering_is_for_the_context_and_its_loop() -> None:
    async with serving() as site:
        station = charge_point(site.server.url)
        for steer in (station.disconnect, station.reconnect):
            with pytest.raises(RuntimeError, match="CP1 is steered within its context only"):
                await steer()
        async with station:
            for steer in (station.disconnect, station.reconnect):
                with pytest.raises(RuntimeError, match="CP1 belongs to another event loop"):
                    await asyncio.to_thread(lambda steer=steer: asyncio.run(steer()))  # type: ignore[misc]
            await connected_to(site, station)


# Several central systems


@scenario
async def test_station_falls_back_through_its_central_systems_and_comes_round() -> None:
    dialled: list[str] = []

    def refusing(name: str) -> Script:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            dialled.append(name)
            writer.write(b"HTTP/1.1 503 Busy\r\n\r\n")

        return script

    async with raw_server(refusing("A")) as first, raw_server(refusing("B")) as second, serving() as third:
        station = charge_point([first, NetworkProfile(second), third.server.url], attempts=2)
        async with station:
            assert "".join(dialled) == "AB"  # each once, when it is entered
            await (await connected_to(third, station)).close()
            await until(lambda: not station.connected)
            await connected_to(third, station)  # the one that was connected comes first
            assert "".join(dialled) == "AB"
            third.central.on_connecting(turn_away)
            await third.central["CP1"].close()
            await until(lambda: len(dialled) > 7)
            assert "".join(dialled).startswith("AB" + "AABB" + "AA")
            assert station.url in [f"{each}/CP1" for each in (first, second, third.server.url)]


def turn_away(*_: object) -> None:
    raise HandshakeRefused(503)


@scenario
async def test_credentials_of_a_profile_stand_before_those_of_the_station() -> None:
    async with serving(auth=BasicAuth({"CP1": b"own"})) as site:
        url = site.server.url
        async with charge_point(NetworkProfile(url, password=b"own"), password=b"other") as station:
            await connected_to(site, station)
        async with charge_point([nobody(), url], password=b"own") as station:
            await connected_to(site, station)
        assert "own" not in repr(NetworkProfile(url.replace("//", "//CP1:own@"), b"own"))


# Pings, and compression


@scenario
async def test_R38_ping_interval_may_be_changed_while_connected() -> None:
    pings: list[bytes] = []
    async with raw_server(answering_pings(pings)) as url, charge_point(url, ping_interval=600) as station:
        assert station.ping_interval == 600
        for _ in range(2):
            seen = len(pings)
            station.ping_interval = 0.02
            await until(lambda seen=seen: len(pings) > seen + 2)  # type: ignore[misc]  # of this round
            station.ping_interval = 0
            await station.reconnect()
        with pytest.raises(ValueError, match="ping_interval: expected seconds"):
            station.ping_interval = -1
        assert (station.ping_interval, station.connected) == (0, True)
        assert not any(each._timer for each in station._uplink.sockets._keepalives.values())


@pytest.mark.parametrize("asked", [False, True])
@scenario
async def test_R37_compression_is_offered_where_it_is_asked_for(asked: bool) -> None:
    text = "x" * 50_000
    answer = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=text)
    async with serving(transfer=lambda *_: answer) as site, charge_point(site.server.url, compression=asked) as station:
        seen = await site.central.wait_connected("CP1")
        offer = seen.handshake.headers.get("Sec-WebSocket-Extensions")
        assert ("server_no_context_takeover" in (offer or "")) is asked
        assert station._connection is not None
        assert bool(websocket_of(station._connection)._extensions) is asked
        for _ in range(3):
            assert await station.v16.data_transfer(vendor_id="V", data=text) == answer
            await seen.v16.clear_cache()


@scenario
async def test_R37_server_may_decline_compression_and_what_it_inflates_is_bounded() -> None:
    bomb = zlib.compressobj(wbits=-15)
    deflated = (bomb.compress(b" " * 10_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH))[:-4]
    closed: list[tuple[int, bytes]] = []

    async def declining(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        assert (await unmasked(reader))[1].startswith(b"[2,")
        await reader.read()

    async def bombing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = switching(await request_of(reader))[:-2]
        parameters = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        writer.write(answer + b"Sec-WebSocket-Extensions: " + parameters + b"\r\n\r\n")
        writer.write(served(TEXT, deflated, rsv1=True))
        closed.append(await unmasked(reader))

    async with raw_server(declining) as url, charge_point(url, compression=True, close_timeout=0.1) as station:
        with pytest.raises(CallTimeout):
            await station.call(v16.HeartbeatRequest(), timeout=0.05)
    async with raw_server(bombing) as url, charge_point(url, compression=True, back_off=NEVER) as station:
        await until(lambda: closed)
        assert closed[0][1][:2] == (1009).to_bytes(2, "big")
        assert station.close_code == 1009
