"""Peers that send too much or read too little: they are made to wait, and nobody else (R14)."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest

from ocpp_fast import CallTimeout, Policy, Station, v16

from .exchanges import TRANSFERRED, Slow, lives, transfer_bytes
from .harness import CLEARED, HEARTBEAT, deaf_peer, scenario, serving, until, websocket_of
from .peer import CLOSE, PATIENCE, PING, TEXT, Peer, frame_bytes, handshake_bytes


async def stops_taking(peer: Peer) -> None:
    """Wait until what the peer writes stays in its own buffer: the server reads no more."""
    transport = peer.writer.transport
    before = -1
    async with asyncio.timeout(PATIENCE):
        while transport.get_write_buffer_size() != before:
            before = transport.get_write_buffer_size()
            await asyncio.sleep(0.05)
    assert before > 0, "the server goes on reading"


@scenario
async def test_R14_reading_stops_when_too_many_calls_wait_and_goes_on_later() -> None:
    slow = Slow()
    count, size = 1500, 10_000
    async with serving(transfer=slow) as site:
        peer, other = await site.peer("/CP1"), await site.peer("/CP2")
        for number in range(count):
            peer.write(transfer_bytes(number, size))
        await stops_taking(peer)
        assert len(slow.seen) == 1
        await lives(other)
        slow.may_go.set()
        for number in range(count):
            assert (await peer.message())[1] == str(number)
        assert [each.rstrip("x") for each in slow.seen if each] == [str(number) for number in range(count)]
        await lives(peer)


@scenario
async def test_R14_sixteen_calls_wait_and_none_is_lost_when_all_come_at_once() -> None:
    slow = Slow()
    async with serving(transfer=slow) as site:
        peer = await site.peer()
        peer.write(b"".join(transfer_bytes(number) for number in range(500)))
        await until(lambda: slow.seen)
        slow.may_go.set()
        assert [(await peer.message())[1] for _ in range(500)] == [str(number) for number in range(500)]
        await lives(peer)


@scenario
async def test_R14_handler_that_calls_behind_too_many_calls_is_not_stuck_for_ever() -> None:
    """The answer comes behind calls that are not read: such a station breaks R14, and pays with a timeout."""

    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        if request.data == "0":
            with suppress(CallTimeout):
                await station.call(v16.ClearCacheRequest(), timeout=0.1)
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        peer = await site.peer()
        peer.write(b"".join(transfer_bytes(number) for number in range(30)))
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        for number in range(30):
            assert (await peer.message())[1] == str(number)
        await lives(peer)


@pytest.mark.parametrize("by_peer", [False, True])
@scenario
async def test_connection_with_too_many_waiting_calls_may_be_closed_at_once(by_peer: bool) -> None:
    """The peer closes in the segment of its calls."""
    slow = Slow()
    calls = b"".join(transfer_bytes(number) for number in range(50))
    async with serving(close_timeout=20.0, transfer=slow) as site:
        peer, station = await site.station()
        peer.write(calls + (frame_bytes(CLOSE, b"\x03\xe8") if by_peer else b""))
        async with asyncio.timeout(2):
            if by_peer:
                peer.writer.write_eof()
                await until(lambda: slow.seen)
                websocket_of(station).ping()  # which looks behind what is not read
                await peer.eof()
                await station.wait_closed()
            else:
                await until(lambda: slow.seen)
                await asyncio.gather(station.close(), peer.close_frame())
        slow.may_go.set()


@pytest.mark.parametrize(
    "flood",
    [
        transfer_bytes(1, 2000),
        frame_bytes(PING, bytes(125)),
        frame_bytes(TEXT, b"x"),
        frame_bytes(TEXT, b'[2,"","x",{}]'),
    ],
    ids=["calls", "pings", "garbage", "broken calls"],
)
@scenario
async def test_flood_of_a_peer_that_never_reads_costs_little_and_delays_nobody(flood: bytes) -> None:
    reply = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data="x" * 20_000)
    async with serving(transfer=lambda *_: reply, policy=Policy(max_bad_frames=0)) as site:
        deaf, station = await deaf_peer(site)
        other = await site.peer("/CP2")
        tracemalloc.start()
        try:
            for _ in range(100):
                deaf.write(flood * (100_000 // len(flood)))
            await stops_taking(deaf)
            await lives(other)
            assert tracemalloc.get_traced_memory()[0] - deaf.writer.transport.get_write_buffer_size() < 2_000_000
            assert websocket_of(station).transport.get_write_buffer_size() < 250_000
        finally:
            tracemalloc.stop()
        assert station.connected
        websocket_of(station).transport.abort()  # or all of the flood is taken in yet


@scenario
async def test_deaf_peer_that_ends_its_stream_is_cut() -> None:
    """It can't be told a close, and what is written to it never leaves: that must not last."""
    async with serving(close_timeout=0.2) as site:
        deaf, station = await deaf_peer(site)
        transport = websocket_of(station).transport
        while transport.get_write_buffer_size() == 0:
            with pytest.raises(CallTimeout):
                await station.call(v16.DataTransferRequest(vendor_id="V", data="x" * 10_000), timeout=0.001)
        deaf.writer.write_eof()
        await until(lambda: not station.connected)
        async with asyncio.timeout(2):
            await station.wait_closed()


@scenario
async def test_answers_to_a_peer_that_was_reset_meanwhile_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Those to what came in the same segment are not worth a line each in the log."""
    loop = asyncio.get_running_loop()
    async with serving() as site:
        with socket.create_connection(("127.0.0.1", site.server.port)) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.setblocking(False)
            await loop.sock_sendall(peer, handshake_bytes())
            assert (await loop.sock_recv(peer, 10_000)).startswith(b"HTTP/1.1 101")
            station = await site.central.wait_connected("CP1")
            site.central.on_frame(lambda *_: peer.close())
            await loop.sock_sendall(peer, frame_bytes(TEXT, b"x") * 100)
            await station.wait_closed()
    assert "socket.send() raised" not in caplog.text


@scenario
async def test_reading_stops_when_too_much_is_held_for_on_connect_and_goes_on_later() -> None:
    may_go = asyncio.Event()
    async with serving(transfer=lambda *_: TRANSFERRED) as site:

        @site.central.on_connect
        async def connected(station: Station) -> None:
            await may_go.wait()

        peer = await site.peer()
        for number in range(300):
            peer.write(transfer_bytes(number, 50_000))
        await stops_taking(peer)
        may_go.set()
        for number in range(300):
            assert (await peer.message())[1] == str(number)
        await lives(peer)


class Turns:
    """Counts the turns of the event loop, and the calls that are handled in each."""

    def __init__(self) -> None:
        self.handled = [0]
        self._next()

    def _next(self) -> None:
        self.handled.append(0)
        self._handle = asyncio.get_running_loop().call_soon(self._next)

    def handle(self, *_: object) -> v16.HeartbeatResponse:
        self.handled[-1] += 1
        return HEARTBEAT

    def stop(self) -> None:
        self._handle.cancel()


@scenario
async def test_calls_that_have_waited_do_not_hold_the_event_loop() -> None:
    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        await station.call(v16.ClearCacheRequest())
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        turns = Turns()
        site.central.on(v16.HeartbeatRequest)(turns.handle)
        peer = await site.peer()
        peer.write(transfer_bytes(0))
        call = await peer.message()
        for number in range(1, 1000):
            peer.heartbeat(str(number))
        peer.send([3, call[1], CLEARED])
        assert [(await peer.message())[1] for _ in range(1000)] == [str(number) for number in range(1000)]
        turns.stop()
    assert sum(turns.handled) == 999
    assert max(turns.handled) <= 32


@scenario
async def test_messages_that_are_large_once_inflated_end_a_turn() -> None:
    deflated = zlib.compressobj(wbits=-15)
    message = b'[2,"1","Heartbeat",{}]'.ljust(40_000)
    data = (deflated.compress(message) + deflated.flush(zlib.Z_SYNC_FLUSH))[:-4]
    async with serving() as site:
        turns = Turns()
        site.central.on(v16.HeartbeatRequest)(turns.handle)
        peer = await site.peer(headers=["Sec-WebSocket-Extensions: permessage-deflate"])
        peer.write(frame_bytes(TEXT, data, rsv1=True) * 30)
        await until(lambda: sum(turns.handled) == 30)
        turns.stop()
    assert max(turns.handled) <= 2
