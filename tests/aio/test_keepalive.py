"""WebSocket pings: who does not answer is gone (R38)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_fast import Disconnected, Station, v16
from ocpp_fast.aio.keepalive import Keepalive

from .exchanges import Slow, lives, transfer_bytes
from .harness import comings_and_goings, scenario, serving, until, websocket_of
from .peer import PING, PONG, TEXT, Peer
from .scripted_server import answering_pings, charge_point, raw_server, request_of, switching

INTERVAL = 0.15


@scenario
async def test_R38_each_connection_is_pinged_once_in_an_interval() -> None:
    async with serving(ping_interval=INTERVAL) as site:
        peers = [await site.peer(f"/CP{number}") for number in range(10)]
        start = asyncio.get_running_loop().time()

        async def answer_four_pings(peer: Peer) -> None:
            for _ in range(4):
                frame = await peer.frame()
                assert frame is not None and frame.opcode == PING
                peer.send_frame(PONG, frame.payload)

        await asyncio.gather(*map(answer_four_pings, peers))
        assert asyncio.get_running_loop().time() - start > 3 * INTERVAL * 0.9
        assert len(site.central) == 10


@scenario
async def test_R38_missing_pong_closes_and_fails_what_is_pending() -> None:
    async with serving(ping_interval=INTERVAL) as site:
        told = comings_and_goings(site.central)
        peer, station = await site.station()
        with pytest.raises(Disconnected):
            async with asyncio.timeout(10 * INTERVAL):
                await station.v16.clear_cache()
        assert (station.close_code, station.close_reason) == (1011, "no pong")
        assert await peer.close_frame() == (1011, "no pong")
        await until(lambda: len(told) == 2)
    assert told == [("connected", "CP1"), ("disconnected", "CP1")]


@scenario
async def test_R38_a_station_pings_its_central_system() -> None:
    pings: list[bytes] = []
    async with raw_server(answering_pings(pings)) as url, charge_point(url, ping_interval=INTERVAL) as station:
        await until(lambda: len(pings) > 2)
        assert station.connected


@scenario
async def test_R38_a_station_leaves_a_central_system_that_is_silent_and_comes_back() -> None:
    connections: list[int] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        connections.append(len(connections))
        await reader.read()

    async with raw_server(silent) as url, charge_point(url, ping_interval=INTERVAL) as station:
        with pytest.raises(Disconnected):
            async with asyncio.timeout(10 * INTERVAL):
                await station.v16.heartbeat()
        await until(lambda: len(connections) > 1)


@scenario
async def test_R38_any_frame_is_a_sign_of_life() -> None:
    async with serving(ping_interval=INTERVAL) as site:
        peer, station = await site.station()
        pings = 0
        while pings < 4:  # and no pong
            peer.heartbeat("1")
            frame = await peer.frame()
            pings += frame is not None and frame.opcode == PING
        assert station.connected


@scenario
async def test_R38_zero_is_off() -> None:
    async with serving(ping_interval=0) as site:
        peer = await site.peer()
        await asyncio.sleep(INTERVAL)
        await lives(peer)


@scenario
async def test_R38_station_that_we_make_wait_is_not_taken_for_dead() -> None:
    """Its pong is there, but behind calls that are not read because a handler takes its time."""
    slow = Slow()
    async with serving(ping_interval=INTERVAL, transfer=slow) as site:
        peer, station = await site.station()
        asyncio.get_running_loop().call_later(5 * INTERVAL, slow.may_go.set)
        peer.write(b"".join(transfer_bytes(number) for number in range(50)))
        until_then = asyncio.get_running_loop().time() + 5 * INTERVAL
        answered = 0
        while answered < 50:
            frame = await peer.frame()
            assert frame is not None and frame.opcode in (PING, TEXT), frame
            if frame.opcode == PING:
                peer.send_frame(PONG, frame.payload)
            answered += frame.opcode == TEXT
        assert asyncio.get_running_loop().time() > until_then
        assert station.connected


@scenario
async def test_R38_station_that_we_make_wait_and_that_is_gone_is_noticed() -> None:
    """Its end is not read, but it does not take the pings any more."""
    slow = Slow()
    async with serving(ping_interval=INTERVAL, transfer=slow) as site:
        peer, station = await site.station()
        peer.write(b"".join(transfer_bytes(number) for number in range(50)))
        await until(lambda: websocket_of(station)._pauses)
        peer.abort()
        await until(lambda: not station.connected)
        slow.may_go.set()


@scenario
async def test_R38_pong_is_not_missed_the_moment_reading_goes_on() -> None:
    slow = Slow()

    def ping_once(station: Station, request: v16.DataTransferRequest) -> None:
        if not pinged:
            pinged.append(station)
            websocket_of(station).ping()

    pinged: list[Station] = []
    async with serving(ping_interval=0, transfer=slow) as site:
        site.central.after(v16.DataTransferRequest)(ping_once)
        peer, station = await site.station()
        websocket_of(station).ping()
        ping = await peer.frame()
        assert ping is not None and ping.opcode == PING
        peer.write(b"".join(transfer_bytes(number) for number in range(17)))
        await until(lambda: websocket_of(station)._pauses)
        peer.send_frame(PONG)
        slow.may_go.set()
        for number in range(17):
            assert (await peer.message())[1] == str(number)
        assert station.connected


@scenario
async def test_R38_station_that_reads_slowly_and_talks_is_not_taken_for_dead() -> None:
    async with serving(ping_interval=0) as site:
        peer, station = await site.station(receive_buffer=4096)
        reading: Any = peer.writer.transport
        reading.pause_reading()
        websocket = websocket_of(station)
        call = asyncio.ensure_future(station.call(v16.DataTransferRequest(vendor_id="V", data="x" * 3_000_000)))
        await until(lambda: websocket._pauses)
        for number in range(3):
            websocket.ping()
            peer.heartbeat(str(number))
            await until(lambda: websocket.heard)
        assert station.connected
        reading.resume_reading()
        assert (await peer.message())[2] == "DataTransfer"
        assert [(await peer.message())[1] for _ in range(3)] == ["0", "1", "2"]
        call.cancel()


class HeldUpLoop(asyncio.SelectorEventLoop):
    """An event loop that can be late by any time."""

    late = 0.0

    def time(self) -> float:
        return super().time() + self.late


class Counted:
    pings = 0

    def ping(self) -> None:
        self.pings += 1


def test_R38_a_loop_that_was_held_up_makes_up_for_no_pings() -> None:
    loop, one = HeldUpLoop(), Counted()

    async def test() -> None:
        keepalive: Keepalive[Counted] = Keepalive(loop, 60)
        keepalive.add(one)
        loop.late = 1000
        await until(lambda: one.pings > 0)
        for _ in range(100):
            await asyncio.sleep(0)
        keepalive.close()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(test())
    assert one.pings == 1
