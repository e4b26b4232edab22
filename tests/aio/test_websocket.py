"""WebSocket frames: what is a message, what ends the connection and with which code (R16, R37, R45)."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import tracemalloc
import zlib
from typing import Any

import pytest

from ocpp_fast import Disconnected, v16

from .exchanges import TRANSFERRED, Slow, lives, transfer_bytes
from .harness import HEARTBEAT_JSON, scenario, serving, until
from .peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, Peer, frame_bytes, handshake_bytes

CALL = b'[2,"1","Heartbeat",{}]'
ANSWER = [3, "1", HEARTBEAT_JSON]
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


def deflated(data: bytes) -> bytes:
    """Data compressed as permessage-deflate wants it."""
    compressor = zlib.compressobj(9, wbits=-15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def fragments(message: bytes, pieces: int, *, compressed: bool = False) -> bytes:
    """The frames of a text message in so many pieces."""
    size = -(-len(message) // pieces)
    return b"".join(
        frame_bytes(
            CONTINUATION if start else TEXT,
            message[start : start + size],
            fin=start + size >= len(message),
            rsv1=compressed and not start,
        )
        for start in range(0, len(message), size)
    )


# whole messages


@pytest.mark.parametrize("fin", [True, False])
@scenario
async def test_R16_binary_message_closes_with_1003(fin: bool) -> None:
    async with serving() as site:
        peer, station = await site.station()
        peer.send_frame(BINARY, CALL, fin=fin)
        assert await peer.close_frame() == (1003, "expected text")
        await peer.eof()
        assert (station.close_code, station.connected) == (1003, False)


@scenario
async def test_R16_empty_text_is_ignored() -> None:
    async with serving() as site:
        peer = await site.peer()
        peer.send("")
        peer.send_frame(TEXT, b"", fin=False)
        peer.send_frame(CONTINUATION, b"")
        await lives(peer)


@scenario
async def test_message_in_fragments_with_pings_between() -> None:
    async with serving(transfer=echo) as site:
        peer = await site.peer()
        whole = '[2,"1","DataTransfer",{"vendorId":"V","data":"ÄÖ€𝄞"}]'.encode()
        for position in range(len(whole)):  # characters are cut in the middle, too
            piece = whole[position : position + 1]
            peer.send_frame(CONTINUATION if position else TEXT, piece, fin=False)
            peer.send_frame(PING, piece)
        peer.send_frame(CONTINUATION, b"")
        for position in range(len(whole)):
            assert await peer.frame() == Frame(PONG, whole[position : position + 1])
        assert await peer.message() == [3, "1", {"status": "Accepted", "data": "ÄÖ€𝄞"}]
        await lives(peer)


def echo(station: Any, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
    return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=request.data)


@pytest.mark.parametrize("seed", range(3))
@scenario
async def test_segments_of_tcp_do_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    async with serving(transfer=echo) as site:
        peer = await site.peer()
        await lives(peer)
        texts = ["x" * chance.choice([0, 1, 60, 125, 126, 1000, 65_535, 70_000]) for _ in range(40)]
        stream = b""
        for number, text in enumerate(texts):
            message = b'[2,"%d","DataTransfer",{"vendorId":"V","data":"%s"}]' % (number, text.encode())
            cut = chance.randrange(len(message))
            stream += frame_bytes(TEXT, message[:cut], fin=False) + frame_bytes(CONTINUATION, message[cut:])
            stream += b"".join(frame_bytes(PONG, bytes(chance.randrange(126))) for _ in range(chance.randrange(3)))
        answers = asyncio.create_task(gather_messages(peer, len(texts)))
        while stream:
            size = chance.choice([1, 2, 7, 100, 5000, 100_000])
            peer.write(stream[:size])
            stream = stream[size:]
            await asyncio.sleep(0)
        assert [each[2].get("data") for each in await answers] == texts


async def gather_messages(peer: Peer, count: int) -> list[Any]:
    return [await peer.message() for _ in range(count)]


# sizes


@pytest.mark.parametrize("pieces", [1, 3])
@scenario
async def test_message_of_the_largest_size_is_answered(pieces: int) -> None:
    async with serving(max_message_size=100_000, transfer=lambda *_: TRANSFERRED) as site:
        peer = await site.peer()
        await lives(peer)
        head, tail = b'[2,"1","DataTransfer",{"vendorId":"V","data":"', b'"}]'
        peer.write(fragments(head + b"x" * (100_000 - len(head) - len(tail)) + tail, pieces))
        assert await peer.message() == [3, "1", {"status": "Accepted"}]
        await lives(peer)


@scenario
async def test_a_message_has_so_many_fragments_and_no_more() -> None:
    async with serving() as site:
        peer = await site.peer()
        last = frame_bytes(CONTINUATION, b'[2,"1","Heartbeat",{}]')
        peer.write(frame_bytes(TEXT, b"", fin=False) + frame_bytes(CONTINUATION, b"", fin=False) * 1022 + last)
        assert (await peer.message())[1] == "1"
        await lives(peer)
        peer.write(frame_bytes(TEXT, b"", fin=False) + frame_bytes(CONTINUATION, b"", fin=False) * 1024)
        assert await peer.close_frame() == (1008, "expected at most 1024 fragments")


@pytest.mark.parametrize("pieces", [1, 3])
@scenario
async def test_a_station_that_has_not_shown_what_it_is_may_send_less(pieces: int) -> None:
    async with serving(transfer=lambda *_: TRANSFERRED) as site:
        large = b'[2,"1","DataTransfer",{"vendorId":"V","data":"%b"}]' % (b"x" * 65_536)
        stranger = await site.peer("/CP1")
        stranger.write(fragments(large, pieces))
        assert (await stranger.close_frame())[0] == 1009
        known = await site.peer("/CP2")
        await lives(known)
        known.write(fragments(large, pieces))
        assert await known.message() == [3, "1", {"status": "Accepted"}]


@scenario
async def test_all_unfinished_messages_together_are_bounded() -> None:
    async with serving(max_unfinished=100_000) as site:
        peers = [await site.peer(f"/CP{number}") for number in range(3)]
        for peer in peers[:2]:
            peer.write(frame_bytes(TEXT, b"x" * 45_000)[:-1])
        await until(lambda: site.central._runtime.unfinished.size > 90_000)
        peers[2].write(frame_bytes(TEXT, b"x" * 45_000)[:-1])
        assert await peers[2].close_frame() == (1013, "too many messages are unfinished")


# compression


@scenario
async def test_R37_compression_is_accepted_without_context_takeover() -> None:
    async with serving() as site:
        peer = await site.peer(headers=[DEFLATE])
        for _ in range(2):
            peer.send_frame(TEXT, deflated(CALL), rsv1=True)
            answer = await peer.frame()
            assert answer is not None and answer.rsv1
            inflated = zlib.decompressobj(wbits=-15).decompress(answer.payload + b"\0\0\xff\xff")
            assert json.loads(inflated) == ANSWER
        peer.send_frame(TEXT, CALL)  # it may be left out
        answer = await peer.frame()
        assert answer is not None and answer.opcode == TEXT


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
        "permessage-deflate; nonsense, permessage-deflate",
        "x-webkit-deflate-frame, permessage-deflate",
    ],
)
@scenario
async def test_R37_offers_of_compression(offer: str) -> None:
    async with serving() as site:
        peer = await site.tcp()
        peer.write(handshake_bytes(headers=[f"Sec-WebSocket-Extensions: {offer}"]))
        accepted = (await peer.http_answer()).headers["sec-websocket-extensions"]
        assert accepted.startswith("permessage-deflate")
        assert "server_no_context_takeover" in accepted
        assert "client_no_context_takeover" in accepted


@pytest.mark.parametrize("pieces", [1, 2, 50])
@scenario
async def test_R37_compression_bomb_closes_with_1009_and_stays_small(pieces: int) -> None:
    bomb = deflated(b" " * 100_000_000)
    assert len(bomb) < 100_000
    async with serving() as site:
        peer, station = await site.station(headers=[DEFLATE])
        tracemalloc.start()
        try:
            peer.write(fragments(bomb, pieces, compressed=True))
            tracemalloc.reset_peak()
            assert (await peer.close_frame())[0] == 1009
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
        assert station.close_code == 1009


@scenario
async def test_R37_what_does_not_inflate_closes_with_1002() -> None:
    async with serving() as site:
        peer = await site.peer(headers=[DEFLATE])
        peer.send_frame(TEXT, b"\xff\xff\xff\xff", rsv1=True)
        assert (await peer.close_frame())[0] == 1002


# broken frames

NO_UTF8 = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", CALL + b"\x80"]
BROKEN: dict[int, dict[str, bytes]] = {
    1002: {
        "not masked": frame_bytes(TEXT, CALL, masked=False),
        "reserved opcode": frame_bytes(3, CALL),
        "reserved control opcode": frame_bytes(11, b""),
        "compressed without an offer": frame_bytes(TEXT, deflated(CALL), rsv1=True),
        "RSV2": bytes([frame_bytes(TEXT, CALL)[0] | 0x20]) + frame_bytes(TEXT, CALL)[1:],
        "long ping": frame_bytes(PING, bytes(126)),
        "ping in fragments": frame_bytes(PING, b"x", fin=False),
        "continuation of nothing": frame_bytes(CONTINUATION, CALL),
        "text inside of text": frame_bytes(TEXT, b"x", fin=False) + frame_bytes(TEXT, CALL),
        "short close": frame_bytes(CLOSE, b"\x03"),
        "close code 1005": frame_bytes(CLOSE, b"\x03\xed"),
        "close code 999": frame_bytes(CLOSE, b"\x03\xe7"),
        "close inside of text": frame_bytes(TEXT, b"x", fin=False) + frame_bytes(CLOSE, b"\x03\xe8"),
        "random": random.Random(1).randbytes(5000),
    },
    1007: {
        **{f"{each!r}": frame_bytes(TEXT, each) for each in NO_UTF8},
        **{f"{each!r} in pieces": fragments(each, 2) for each in NO_UTF8 if len(each) > 1},
        "close reason": frame_bytes(CLOSE, b"\x03\xe8\xff"),
    },
    1009: {
        "too large": fragments(b" " * 100_001, 1),
        "too large in pieces": fragments(b" " * 100_001, 3),
        "exabytes announced": bytes([0x81, 0xFF]) + (2**63 - 1).to_bytes(8, "big"),
    },
}
EACH_BROKEN = [pytest.param(code, data, id=name) for code, rows in BROKEN.items() for name, data in rows.items()]


@pytest.mark.parametrize(("code", "data"), EACH_BROKEN)
@scenario
async def test_R45_broken_frame_closes_with_its_code(code: int, data: bytes) -> None:
    async with serving(max_message_size=100_000) as site:
        peer, station = await site.station()
        peer.write(data)
        assert (await peer.close_frame())[0] == code
        await peer.eof()
        await until(lambda: not station.connected)
        if code != 1002:  # in "close inside of text" the peer's own 1000 counts
            assert station.close_code == code
        await lives(await site.peer("/CP2"))


@pytest.mark.parametrize("seed", range(20))
@scenario
async def test_R45_random_frames_break_nothing(seed: int) -> None:
    chance = random.Random(seed)
    async with serving(close_timeout=0.2) as site:
        peer = await site.peer(headers=[DEFLATE] if seed % 2 else [])
        for _ in range(200):
            payload = chance.choice([b"", CALL, b"[]", b"{}", b"[3,1]", chance.randbytes(chance.randrange(200))])
            opcode = chance.choice([TEXT] * 8 + [CONTINUATION, BINARY, CLOSE, PING, PONG, 3, 11])
            peer.send_frame(opcode, payload, fin=chance.random() < 0.9, rsv1=chance.random() < 0.1)
        peer.writer.write_eof()
        await peer.eof()
        await until(lambda: len(site.central) == 0)
        await lives(await site.peer("/CP2"))


# control frames, and the end


@pytest.mark.parametrize(("sent", "seen"), [(b"\x03\xe8", 1000), (b"", 1005), (b"\x0f\xa0why", 4000)])
@scenario
async def test_close_of_the_peer_is_echoed_and_what_follows_is_ignored(sent: bytes, seen: int) -> None:
    handled: list[object] = []
    async with serving() as site:
        site.central.on_frame(lambda *given: handled.append(given))
        peer, station = await site.station()
        peer.write(frame_bytes(CLOSE, sent) + transfer_bytes(1))
        peer.write(transfer_bytes(2))
        assert await peer.frame() == Frame(CLOSE, sent)
        assert await peer.frame() is None
        assert station.close_code == seen
        assert len(site.central) == 0
    assert handled == []


@scenario
async def test_call_before_a_close_in_the_same_segment_is_handled() -> None:
    slow = Slow()
    slow.may_go.set()
    async with serving(transfer=slow) as site:
        peer = await site.peer()
        peer.write(transfer_bytes(1) + frame_bytes(CLOSE, b"\x03\xe8"))
        await peer.close_frame()
        await until(lambda: slow.seen)


@pytest.mark.parametrize("with_close", [True, False])
@scenario
async def test_result_before_the_end_in_the_same_segment_counts(with_close: bool) -> None:
    async with serving() as site:
        peer, station = await site.station()
        calling = asyncio.create_task(station.v16.clear_cache())
        _, unique_id, *_ = await peer.message()
        result = frame_bytes(TEXT, b'[3,"%s",{"status":"Accepted"}]' % unique_id.encode())
        peer.write(result + (frame_bytes(CLOSE, b"\x03\xe8") if with_close else b""))
        if not with_close:
            peer.writer.write_eof()
        assert (await calling).status is v16.ClearCacheStatus.ACCEPTED
        await until(lambda: not station.connected)
        with pytest.raises(Disconnected):
            await station.v16.clear_cache()


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
@pytest.mark.parametrize("opcode", [TEXT, CONTINUATION, BINARY, PING, PONG, CLOSE])
@pytest.mark.parametrize(
    "head", [b"\xfe\0\x02", b"\xfe\0\x7d", b"\xff" + (126).to_bytes(8), b"\xff" + (65535).to_bytes(8)]
)
@scenario
async def test_R45_a_length_that_is_not_as_short_as_can_be_closes_with_1002(
    head: bytes, opcode: int, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "ocpp_fast.websocket")
    async with serving() as site:
        peer = await site.peer()
        peer.heartbeat("1")
        assert (await peer.message())[1] == "1"
        peer.write(bytes([0x80 | opcode]) + head + bytes(4) + b"{}")
        assert await peer.close_frame() == (1002, "the length is not as short as can be")
