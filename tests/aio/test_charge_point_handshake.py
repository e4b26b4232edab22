"""What a charge point makes of servers that do not keep to the handshake."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import BackOff, Disconnected, HandshakeFailed, NoCommonVersion, v16

from .exchanges import ACCEPTED, TRANSFERRED
from .harness import scenario, serving, until
from .peer import BINARY, CLOSE, PATIENCE, PING, PONG, TEXT, frame_bytes
from .scripted_server import (
    Script,
    charge_point,
    no_other_tasks_but_servers,
    raw_server,
    request_of,
    served,
    switching,
    unmasked,
)

# Handshakes that fail


async def fails(script: Script, **options: Any) -> HandshakeFailed:
    async with raw_server(script) as url:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(HandshakeFailed) as failed:
                await charge_point(url, **options).__aenter__()
        await no_other_tasks_but_servers()
    return failed.value


def answering(
    *answers: bytes | Callable[[dict[str, str]], bytes], stay: bool = False, open_end: bool = False
) -> Script:
    """A script that reads the request, says something, and leaves or stays; then it may say more, or not."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await request_of(reader)
        for answer in answers:
            writer.write(answer if isinstance(answer, bytes) else answer(request))
            await writer.drain()
        if not open_end:
            writer.write_eof()
        if stay:
            await reader.read()

    return script


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 500, 503])
@pytest.mark.parametrize("stay", [False, True])
@scenario
async def test_refusal_has_its_status(status: int, stay: bool) -> None:
    answer = f"HTTP/1.1 {status} Because\r\nContent-Length: 4\r\n\r\nnope".encode()
    assert (await fails(answering(answer, stay=stay))).status == status


Answer = list[bytes | Callable[[dict[str, str]], bytes]]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\n"
LONG = "a line or the whole of the answer is too long"
CUT_OFF = "the connection ended during the handshake"
BROKEN: dict[str, tuple[Answer, int | None, str]] = {
    "nothing": ([], None, CUT_OFF),
    "half an answer": ([SWITCHING + b"Upgrade: webso"], 101, CUT_OFF),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.6"], None, "the answer is not HTTP/1.1"),
    "HTTP/2": ([b"HTTP/2 101 Switching Protocols\r\n"], None, "the answer is not HTTP/1.1"),
    "a status that is no number": ([b"HTTP/1.1 4o4 Not Found\r\n"], None, "the answer is not HTTP/1.1"),
    "HTTP/1.0": ([b"HTTP/1.0 101 Switching Protocols\r\n\r\n"], 101, "unsupported protocol"),
    "no upgrade": ([SWITCHING + b"\r\n"], 101, "missing Connection header"),
    "a folded header": ([SWITCHING + b"X: y\r\n z\r\n\r\n"], 101, "invalid HTTP header"),
    "wrong key": ([lambda request: switching(request, key="x")], 101, "invalid Sec-WebSocket-Accept header"),
    "no subprotocol": ([lambda request: switching(request, subprotocol=None)], 101, "the server chose no subprotocol"),
    "an extension that was not offered": (
        [lambda request: switching(request)[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"],
        101,
        "no extensions supported",
    ),
    "a subprotocol that was not offered": (
        [lambda request: switching(request, subprotocol="ocpp2.1")],
        101,
        "unsupported subprotocol: ocpp2.1",
    ),
    "two subprotocols": (
        [lambda request: switching(request, subprotocol="ocpp1.6, ocpp1.6")],
        101,
        "invalid Sec-WebSocket-Protocol header",
    ),
    "endless line": ([b"HTTP/1.1 101 " + b"x" * 100_000], None, LONG),
    "endless headers": ([SWITCHING, b"X: x\r\n" * 10_000], 101, "the answer has more than 128 headers"),
    "129 headers": ([SWITCHING, b"X: x\r\n" * 129], 101, "the answer has more than 128 headers"),
    "a line of 8 KiB": ([SWITCHING, b"X: %s" % (b"x" * 8192)], 101, LONG),
    "large headers": ([SWITCHING, *[b"X: %s\r\n" % (b"x" * 8000)] * 10], 101, LONG),
    "a refusal without a length": ([b"HTTP/1.1 404 Not Found\r\n\r\nnobody"], 404, "Not Found"),
    "a refusal without an end": ([b"HTTP/1.1 404 Not Found\r\nX: y\r\n"], 404, "Not Found"),
    "a refusal without a reason": ([b"HTTP/1.1 404\r\n"], 404, "Not Found"),
    "a refusal of no known status": ([b"HTTP/1.0 599 \r\n"], 599, "no reason given"),
    "a refusal in parts": ([b"HTTP/1.1 404 Odd", b" \x1b[31m\xe9\r", b"\n"], 404, r"Odd \x1b[31mé"),
    "a redirect": ([b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n"], 302, "Found"),
}


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("broken", BROKEN)
@scenario
async def test_broken_answer_is_handshake_failed_at_once_with_status_and_reason(broken: str, stays: bool) -> None:
    answer, status, reason = BROKEN[broken]
    if stays and reason == CUT_OFF:
        return  # that is a timeout
    failed = await fails(answering(*answer, stay=stays, open_end=stays))
    assert failed.status == status
    assert failed.reason.startswith(reason)
    assert isinstance(failed, NoCommonVersion) is ("subprotocol" in broken and "two" not in broken)


@pytest.mark.parametrize(
    ("said", "error"),
    [(b"", TimeoutError), (b"HTTP/1.1 101 Switching Protocols\r\n", TimeoutError), (b"", asyncio.CancelledError)],
)
@scenario
async def test_connecting_that_times_out_or_is_cancelled_leaves_nothing(
    said: bytes, error: type[BaseException]
) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        asked.set()
        try:
            await reader.read()
        finally:
            gone.set()

    async with raw_server(script) as url:
        station = charge_point(url, open_timeout=0.1 if error is TimeoutError else PATIENCE)
        connecting = asyncio.create_task(station.__aenter__())
        await asked.wait()
        if error is asyncio.CancelledError:
            connecting.cancel()
        with pytest.raises(error):
            await connecting
        await asyncio.wait_for(gone.wait(), 1)


@scenario
async def test_nobody_listens() -> None:
    async with serving() as site:
        url = site.server.url
    with pytest.raises(ConnectionRefusedError):
        await charge_point(url).__aenter__()


# What a server may do behind its 101


@scenario
async def test_large_call_in_the_segment_of_the_101() -> None:
    transfer = {"vendorId": "V", "data": "x" * 50_000}
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = json.dumps([2, "1", "DataTransfer", transfer]).encode()
        writer.write(switching(await request_of(reader)) + served(TEXT, call))
        answer.set_result((await unmasked(reader))[1])
        await reader.read()

    async with raw_server(script) as url:
        station = charge_point(url, close_timeout=0.1)
        station.on(v16.DataTransferRequest)(lambda _: TRANSFERRED)
        async with station:
            assert json.loads(await answer) == ACCEPTED


@scenario
async def test_close_in_the_segment_of_the_101() -> None:
    told: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)) + served(CLOSE, b"\x03\xe8"))
        writer.write_eof()
        await reader.read()

    async with raw_server(script) as url:
        station = charge_point(url, back_off=BackOff(minimum=60))
        station.on_connect(lambda: told.append("connected"))
        station.on_disconnect(lambda: told.append("disconnected"))
        async with station:
            with pytest.raises(Disconnected):
                await station.v16.heartbeat()
            await until(lambda: len(told) == 2)
    assert told == ["connected", "disconnected"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (served(BINARY, b"x"), 1003),
        (served(TEXT, b"\xff"), 1007),
        (served(TEXT, b"x" * 2000), 1009),
        (frame_bytes(TEXT, b"x"), 1002),
        (served(3), 1002),
        (served(CLOSE, b"\x03\xe8"), 1000),
    ],
    ids=["binary", "UTF-8", "size", "masked", "opcode", "close"],
)
@scenario
async def test_R45_station_closes_with_the_right_code(sent: bytes, code: int) -> None:
    codes: list[int] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        assert (await unmasked(reader))[0] == TEXT
        writer.write(served(PING, b"first"))
        assert await unmasked(reader) == (PONG, b"first")
        writer.write(sent)
        opcode, payload = await unmasked(reader)
        assert opcode == CLOSE
        codes.append(int.from_bytes(payload[:2], "big"))
        writer.write_eof()
        await reader.read()

    options: dict[str, Any] = {"max_message_size": 1000, "back_off": BackOff(minimum=60)}
    async with raw_server(script) as url, charge_point(url, **options) as station:
        with pytest.raises(Disconnected):
            await asyncio.wait_for(station.v16.heartbeat(), PATIENCE)
        await until(lambda: codes)
    assert codes == [code]
