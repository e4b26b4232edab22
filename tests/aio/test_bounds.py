"""What a peer may make the server keep: so much, for so long, and no longer."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from functools import partial

import pytest

from ocpp_fast import Policy, Station, v16
from ocpp_fast.aio import sockets

from .exchanges import BOOTED, TRANSFERRED, give, lives, transfer_bytes
from .harness import CLEARED, central_system, deaf_peer, scenario, serving, until, websocket_of
from .peer import CONTINUATION, TEXT, Peer, frame_bytes
from .test_websocket import DEFLATE, deflated

SHORT = 0.2
"""Seconds that a peer is waited for, in place of 30."""
MIB = 1024 * 1024
LARGE = b'[2,"large","DataTransfer",{"vendorId":"V","data":"%b"}]' % (b"x" * 100_000)
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers are waited for less long."""
    monkeypatch.setattr(sockets, "_PATIENCE", SHORT)


# A peer that does not read


async def fill(station: Station, size: int) -> None:
    """Send until more than so many bytes wait to be written."""
    websocket = websocket_of(station)
    while websocket.transport.get_write_buffer_size() <= size:
        websocket.send(b"x" * 50_000)
        await asyncio.sleep(0)


@scenario
async def test_a_peer_that_does_not_read_is_cut_when_a_mebibyte_waits_for_it() -> None:
    async with serving() as site:
        _, station = await deaf_peer(site)
        await fill(station, MIB - 60_000)
        await asyncio.sleep(0)
        assert station.connected
        for _ in range(2):
            websocket_of(station).send(b"x" * 60_000)
        await until(lambda: not station.connected)
        assert station.close_code == 1006


@scenario
async def test_a_peer_that_reads_nothing_for_too_long_is_cut(impatient: None) -> None:
    async with serving() as site:
        _, station = await deaf_peer(site)
        await fill(station, 100_000)
        await until(lambda: not station.connected)
        assert station.close_code == 1006


@scenario
async def test_a_peer_that_reads_slowly_is_not_cut(impatient: None) -> None:
    loop = asyncio.get_running_loop()
    async with serving() as site:
        peer, station = await deaf_peer(site)
        await fill(station, 800_000)
        transport, reading = websocket_of(station).transport, peer.writer.transport
        begin = loop.time()
        while (before := transport.get_write_buffer_size()) > 100_000:
            reading.resume_reading()  # type: ignore[attr-defined]  # it is a transport for both ways
            await until(partial(_has_fallen, transport, before - 100_000))
            reading.pause_reading()  # type: ignore[attr-defined]  # it is a transport for both ways
            await asyncio.sleep(SHORT / 2)
        assert loop.time() - begin > SHORT
        assert station.connected


def _has_fallen(transport: asyncio.Transport, size: int) -> bool:
    return transport.get_write_buffer_size() <= size


# An unfinished message


@pytest.mark.parametrize("data", [frame_bytes(TEXT, LARGE)[:10], frame_bytes(TEXT, b"[", fin=False)])
@scenario
async def test_a_message_that_takes_too_long_to_come_closes_with_1008(data: bytes, impatient: None) -> None:
    async with serving() as site:
        peer = await site.peer()
        await lives(peer)
        peer.write(data)
        assert await peer.close_frame() == (1008, "a message takes too long to come")


@scenario
async def test_a_message_that_came_in_time_is_waited_for_no_more(impatient: None) -> None:
    async with serving(transfer=give(TRANSFERRED)) as site:
        peer = await site.peer()
        await lives(peer)
        for pieces in (frame_bytes(TEXT, LARGE), frame_bytes(TEXT, LARGE, fin=False) + frame_bytes(CONTINUATION)):
            peer.write(pieces[:-3])
            await until(lambda: site.central._runtime.unfinished.size)
            peer.write(pieces[-3:])
            assert (await peer.message())[1] == "large"
        await asyncio.sleep(2 * SHORT)
        await lives(peer)
        assert not [*site.server._sockets._unfinished]


# Who may send large messages


async def is_believed(peer: Peer) -> bool:
    """Whether a large message is taken."""
    peer.write(frame_bytes(TEXT, LARGE))
    frame = await peer.frame()
    assert frame is not None
    if frame.opcode == TEXT:
        return True
    assert int.from_bytes(frame.payload[:2]) == 1009
    return False


@pytest.mark.parametrize("status", [None, "Accepted", "Pending", "Rejected"])
@scenario
async def test_a_station_is_believed_at_once_if_it_was_accepted_before(status: str | None) -> None:
    async with serving(transfer=give(TRANSFERRED)) as site:
        if status is not None:
            site.central._runtime.registrations.store("CP1", status)
        assert await is_believed(await site.peer()) is (status == "Accepted")


@pytest.mark.parametrize("status", list(v16.RegistrationStatus))
@scenario
async def test_a_station_is_believed_once_it_is_accepted(status: v16.RegistrationStatus) -> None:
    async with serving(transfer=give(TRANSFERRED), policy=Policy(lets_strangers=False)) as site:
        site.central.on(v16.BootNotificationRequest)(give(BOOTED.replace(status=status)))
        peer = await site.peer()
        peer.send([2, "1", "BootNotification", BOOT])
        assert (await peer.message())[2]["status"] == status
        assert await is_believed(peer) is (status is v16.RegistrationStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("call", "believed"),
    [
        ([2, "1", "Heartbeat", {}], True),
        ([2, "1", "Heartbeat", {"x": 1}], False),
        ([2, "1", "Nonsense", {}], False),
        ([2, "1", "Authorize", {"idTag": "x"}], False),
        ("nonsense", False),
    ],
)
@scenario
async def test_a_stranger_is_believed_once_a_call_was_answered_without_an_error(call: object, believed: bool) -> None:
    async with serving(transfer=give(TRANSFERRED)) as site:
        peer = await site.peer()
        peer.send(call)
        assert (await peer.message())[0] == (3 if believed else 4)
        assert await is_believed(peer) is believed


@pytest.mark.parametrize("end", ["finished", "cut", "closed"])
@scenario
async def test_what_all_connections_keep_is_given_back_when_one_is_done(end: str) -> None:
    async with serving(max_unfinished=100_000) as site:
        shared = site.server._sockets
        first, second = await site.peer("/CP1"), await site.peer("/CP2")
        first.write(frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]' + b" " * 60_000)[:-1])
        await until(lambda: site.central._runtime.unfinished.size > 60_000)
        second.write(frame_bytes(TEXT, b" " * 60_000)[:-1])
        assert await second.close_frame() == (1013, "too many messages are unfinished")
        await until(lambda: site.central._runtime.unfinished.size < 70_000)
        if end == "finished":
            first.write(b"x")  # with any last byte the frame is whole
            await first.frame()
        elif end == "cut":
            first.abort()
        else:
            first.writer.write_eof()
        await until(lambda: site.central._runtime.unfinished.size == 0)
        assert not shared._sizes
        third = await site.peer("/CP3")
        third.write(frame_bytes(TEXT, b" " * 60_000)[:-1])
        await until(lambda: site.central._runtime.unfinished.size > 60_000)
        assert "CP3" in site.central


# Calls that wait


class Asking:
    """A handler of DataTransfer: the first one calls its station, when so many calls wait behind it."""

    def __init__(self, behind: int) -> None:
        self.seen: list[str] = []
        self.answers: list[object] = []
        self._behind = behind

    async def __call__(self, station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        self.seen.append((request.data or "").rstrip("x"))
        if len(self.seen) == 1:
            calling = asyncio.create_task(station.v16.clear_cache())
            await until(lambda: station._session.waiting >= self._behind)
            self.answers.append(await calling)
        return TRANSFERRED


@pytest.mark.parametrize("count", [17, 100, 500])
@scenario
async def test_R14_a_handler_that_calls_its_station_gets_its_answer_behind_many_calls(count: int) -> None:
    asking = Asking(count)
    async with serving(transfer=asking) as site:
        peer = await site.peer()
        numbers = [str(number) for number in range(count + 1)]
        peer.write(transfer_bytes(0))
        call = await peer.message()
        peer.write(b"".join(map(transfer_bytes, range(1, count + 1))))
        peer.send([3, call[1], CLEARED])
        assert [(await peer.message())[1] for _ in numbers] == numbers
        await lives(peer)
    assert asking.answers == [v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)]
    assert asking.seen == numbers


@scenario
async def test_R14_no_more_than_256_KiB_of_calls_wait_until_ours_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    size, count = 10_000, 200
    asking = Asking(30)
    async with serving(transfer=asking, call_timeout=1.0) as site:
        peer, station = await site.station()
        peer.write(transfer_bytes(0))
        await peer.message()
        peer.write(b"".join(transfer_bytes(number, size) for number in range(1, count + 1)))
        await until(lambda: station._session.is_full)
        parked = station._session._waiting
        assert parked is not None
        assert 256 * 1024 <= parked.parked_size < 256 * 1024 + 2 * size
        assert websocket_of(station).paused
        answers = [await peer.message() for _ in range(count + 1)]
        assert [each[1] for each in answers] == [str(number) for number in range(count + 1)]
        assert [each[0] for each in answers] == [4] + [3] * count  # the first handler's call runs out of time
        await lives(peer)
    caplog.clear()


@scenario
async def test_R13_duplicates_among_calls_that_wait_as_bytes_are_told_from_retries() -> None:
    asking = Asking(40)
    async with serving(transfer=asking) as site:
        peer = await site.peer()
        peer.write(transfer_bytes(0))
        call = await peer.message()
        peer.write(b"".join(map(transfer_bytes, range(1, 41))))
        peer.write(transfer_bytes(30))
        peer.send([2, "35", "Heartbeat", {}])
        duplicate = await peer.message()
        assert duplicate[:2] == [4, "35"]
        peer.send([3, call[1], CLEARED])
        assert [(await peer.message())[1] for _ in range(41)] == [str(number) for number in range(41)]
        await lives(peer)
    assert asking.seen == [str(number) for number in range(41)]


@scenario
async def test_R14_invalid_calls_that_wait_as_bytes_are_answered_in_their_turn() -> None:
    asking = Asking(30)
    async with serving(transfer=asking) as site:
        peer = await site.peer()
        peer.write(transfer_bytes(0))
        call = await peer.message()
        for number in range(1, 31):
            peer.send([2, f"{number}", *(["DataTransfer", {}] if number % 2 else ["Heartbeat", {}])])
        peer.send([3, call[1], CLEARED])
        answers = [await peer.message() for _ in range(31)]
        assert [each[1] for each in answers] == [str(number) for number in range(31)]
        assert [each[0] for each in answers] == [3] + [4, 3] * 15
        await lives(peer)


# Compression


@scenario
async def test_R37_a_gigabyte_in_a_mebibyte_costs_little_and_closes_with_1009() -> None:
    end = b"\0\0\xff\xff"
    bomb = (deflated(bytes(MIB)) + end) * 1000
    assert len(bomb) < 1.02 * MIB
    async with serving() as site:
        site.central._runtime.registrations.store("CP1", "Accepted")
        peer = await site.peer(headers=[DEFLATE])
        tracemalloc.start()
        try:
            peer.send_frame(TEXT, bomb[:MIB], rsv1=True)
            tracemalloc.reset_peak()
            assert (await peer.close_frame())[0] == 1009
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()


@scenario
async def test_nothing_is_kept_of_a_large_compressed_message() -> None:
    message = deflated(b'[2,"1","DataTransfer",{"vendorId":"V","data":"%b"}]' % (b"abcdefgh" * 112_500))
    async with serving(central_system(ping_interval=0.0), transfer=give(TRANSFERRED)) as site:
        peers = []
        for number in range(50):
            peers.append(await site.peer(f"/CP{number}", headers=[DEFLATE]))
            peers[-1].heartbeat("trust")
            await peers[-1].frame()
        gc.collect()
        tracemalloc.start()
        try:
            for peer in peers:
                peer.send_frame(TEXT, message, rsv1=True)
                await peer.frame()
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < MIB
        finally:
            tracemalloc.stop()
