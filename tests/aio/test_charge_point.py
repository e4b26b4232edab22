"""A station: connects, answers, and connects again; against our own central system and against broken ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import (
    BackOff,
    BasicAuth,
    CallError,
    ChargePoint,
    Disconnected,
    HandshakeFailed,
    Station,
    VersionMismatch,
    v16,
    v21,
)

from .harness import HEARTBEAT, central_system, no_other_tasks, run, scenario, serving, until
from .peer import BINARY, CLOSE, PATIENCE, PING, PONG, TEXT, frame_bytes

CLEARED = v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
AT_ONCE = BackOff(minimum=0.01, random_range=0, repeat_times=0)


def charge_point(url: str, identity: str = "CP1", **options: Any) -> ChargePoint:
    """A station of 1.6 that answers ClearCache and connects again quickly."""
    defaults: dict[str, Any] = {"versions": [v16], "back_off": AT_ONCE, "close_timeout": 2.0}
    station = ChargePoint(identity, url, **defaults | options)
    station.on(v16.ClearCacheRequest)(lambda _: CLEARED)
    return station


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(script: Script) -> AsyncIterator[str]:
    """A TCP server that does what the script says to each connection, and cuts it then; its URL."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await script(reader, writer)
        except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            connections.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in list(connections):
            each.cancel()
        await until(lambda: not connections)


async def request_of(reader: asyncio.StreamReader) -> dict[str, str]:
    """The headers of a handshake, with its first line as an empty name."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    return {"": first} | {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def switching(request: dict[str, str], *, subprotocol: str | None = "ocpp1.6", key: str = "") -> bytes:
    """The answer that accepts a handshake."""
    guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    digest = hashlib.sha1(((key or request["sec-websocket-key"]) + guid).encode()).digest()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def served(opcode: int, payload: bytes = b"", **options: Any) -> bytes:
    return frame_bytes(opcode, payload, masked=False, **options)


async def unmasked(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A frame of the station; it must be masked."""
    first, second = await reader.readexactly(2)
    assert second & 0x80
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    mask = await reader.readexactly(4)
    payload = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


# Connected


@scenario
async def test_station_calls_and_is_called() -> None:
    async with serving() as site, charge_point(site.server.url) as station:
        assert station.connected
        assert station.version is v16.VERSION
        assert await station.v16.heartbeat() == HEARTBEAT
        seen = await site.central.wait_connected("CP1")
        assert await seen.v16.clear_cache() == CLEARED
        with pytest.raises(CallError, match="NotSupported"):
            await seen.v16.unlock_connector(connector_id=1)
        with pytest.raises(VersionMismatch):
            station.v21  # noqa: B018  # the access is the test
    assert not station.connected


@scenario
async def test_calls_cross_in_handlers_of_both_sides() -> None:
    async def boot(seen: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        assert await seen.v16.clear_cache() == CLEARED
        return v16.BootNotificationResponse(
            current_time=HEARTBEAT.current_time, interval=60, status=v16.RegistrationStatus.ACCEPTED
        )

    async def clear_cache(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        assert await station.v16.heartbeat() == HEARTBEAT
        return CLEARED

    async with serving() as site:
        site.central.on(v16.BootNotificationRequest)(boot)
        station = charge_point(site.server.url)
        station.on(v16.ClearCacheRequest)(clear_cache)
        async with station:
            seen = await site.central.wait_connected("CP1")
            assert await seen.v16.clear_cache() == CLEARED
            assert (await seen.v16.clear_cache()) == CLEARED


@scenario
async def test_R30_order_of_versions_is_the_preference() -> None:
    async with serving(versions=[v16, v21]) as site:
        async with charge_point(site.server.url, versions=[v21, v16]) as station:
            assert station.version is v21.VERSION
        async with charge_point(site.server.url, versions=[v16, v21]) as station:
            assert station.version is v16.VERSION


@pytest.mark.parametrize("identity", ["RDAM 123", "Zürich", "a+b", "a&b=c", "a" * 48, "..."])
@scenario
async def test_R32_identity_is_percent_encoded_once(identity: str) -> None:
    async with serving() as site, charge_point(f"{site.server.url}/ocpp/", identity) as station:
        assert await station.v16.heartbeat() == HEARTBEAT
        assert identity in site.central


@scenario
async def test_R34_password_is_sent() -> None:
    password = bytes(range(256))
    async with serving(auth=BasicAuth({"CP1": password})) as site:
        async with charge_point(site.server.url, password=password) as station:
            assert await station.v16.heartbeat() == HEARTBEAT
        with pytest.raises(HandshakeFailed) as failed:
            await charge_point(site.server.url, password=b"wrong").__aenter__()
        assert failed.value.status == 401
        with pytest.raises(HandshakeFailed) as failed:
            await charge_point(site.server.url, "CP2", password=b"").__aenter__()
        assert failed.value.status == 404


@scenario
async def test_R34_vector() -> None:
    seen: list[dict[str, str]] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))

    async with raw_server(script) as url:
        password = bytes.fromhex("0001020304050607" + "FF" * 12)
        with pytest.raises(HandshakeFailed):
            await charge_point(url, "AL1000", password=password).__aenter__()
    assert seen[0]["authorization"] == "Basic QUwxMDAwOgABAgMEBQYH////////////////"
    assert seen[0][""] == "GET /AL1000 HTTP/1.1"
    assert seen[0]["sec-websocket-protocol"] == "ocpp1.6"


@scenario
async def test_R38_pings_are_answered() -> None:
    async with serving(ping_interval=0.1) as site, charge_point(site.server.url) as station:
        seen = await site.central.wait_connected("CP1")
        await asyncio.sleep(0.5)
        assert seen.connected
        assert await station.v16.heartbeat() == HEARTBEAT


# Handshakes that fail


async def fails(script: Script, **options: Any) -> HandshakeFailed:
    async with raw_server(script) as url:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(HandshakeFailed) as failed:
                await charge_point(url, **options).__aenter__()
        await no_other_tasks_but_servers()
    return failed.value


async def no_other_tasks_but_servers() -> None:
    own = {asyncio.current_task()}
    await until(lambda: not [each for each in asyncio.all_tasks() - own if "connected" not in repr(each)])


def answering(*answers: bytes | Callable[[dict[str, str]], bytes], stay: bool = False) -> Script:
    """A script that reads the request, says something, and leaves or stays."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await request_of(reader)
        for answer in answers:
            writer.write(answer if isinstance(answer, bytes) else answer(request))
            await writer.drain()
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


BROKEN: dict[str, list[bytes | Callable[[dict[str, str]], bytes]]] = {
    "nothing": [],
    "half an answer": [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    "HTTP/1.0": [b"HTTP/1.0 101 Switching Protocols\r\n\r\n"],
    "no upgrade": [b"HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    "wrong key": [lambda request: switching(request, key="x")],
    "no subprotocol": [lambda request: switching(request, subprotocol=None)],
    "a subprotocol that was not offered": [lambda request: switching(request, subprotocol="ocpp2.1")],
    "two subprotocols": [lambda request: switching(request, subprotocol="ocpp1.6, ocpp1.6")],
    "endless line": [b"HTTP/1.1 101 " + b"x" * 100_000],
    "endless headers": [b"HTTP/1.1 101 Switching Protocols\r\n", b"X: x\r\n" * 10_000],
    "large headers": [b"HTTP/1.1 101 Switching Protocols\r\n", *[b"X: %s\r\n" % (b"x" * 8000)] * 10],
}


@pytest.mark.parametrize("broken", BROKEN)
@scenario
async def test_broken_answer_is_handshake_failed(broken: str) -> None:
    assert (await fails(answering(*BROKEN[broken]))).status is None


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 101 Switching Protocols\r\n"])
@scenario
async def test_silent_server_is_a_timeout_and_leaves_nothing(said: bytes) -> None:
    gone = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        try:
            await reader.read()
        finally:
            gone.set()

    async with raw_server(script) as url:
        with pytest.raises(TimeoutError):
            await charge_point(url, open_timeout=0.1).__aenter__()
        await asyncio.wait_for(gone.wait(), 1)


@scenario
async def test_cancelled_connecting_leaves_nothing() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        asked.set()
        try:
            await reader.read()
        finally:
            gone.set()

    async with raw_server(script) as url:
        connecting = asyncio.create_task(charge_point(url).__aenter__())
        await asked.wait()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
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
        accepted = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED)
        station.on(v16.DataTransferRequest)(lambda _: accepted)
        async with station:
            assert json.loads(await answer) == [3, "1", {"status": "Accepted"}]


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

    async with raw_server(script) as url:
        station = charge_point(url, max_message_size=1000, back_off=BackOff(minimum=60))
        async with station:
            calling = asyncio.create_task(station.v16.heartbeat())
            with pytest.raises(Disconnected):
                await asyncio.wait_for(calling, PATIENCE)
            await until(lambda: codes)
    assert codes == [code]


# Reconnecting


class Recorded:
    """A back-off that notes when it begins and how far it came."""

    def __init__(self) -> None:
        self.begun = 0
        self.waited: list[float] = []

    def waits(self, random: Callable[[], float]) -> Iterator[float]:
        self.begun += 1
        assert 0 <= random() <= 1
        for wait in (0.01, 0.02, 0.03):
            self.waited.append(wait)
            yield wait
        while True:
            yield 0.03


@scenario
async def test_R42_connects_again_after_a_restart_of_the_server() -> None:
    told: list[str] = []
    frames: list[Any] = []
    recorded = Recorded()
    central = central_system()
    async with serving(central) as site:
        port = site.server.port
        station = charge_point(site.server.url, back_off=recorded)
        station.on_connect(lambda: told.append("connected"))
        station.on_disconnect(lambda: told.append("disconnected"))
        await station.__aenter__()
        await station.v16.heartbeat()
        pending = asyncio.create_task(station.call(v16.AuthorizeRequest(id_tag="x")))
        with pytest.raises(CallError):
            await pending
    assert not station.connected
    with pytest.raises(Disconnected):
        await station.v16.heartbeat()
    with pytest.raises(Disconnected):
        station.v16  # noqa: B018  # the access is the test
    await until(lambda: len(recorded.waited) >= 2)
    central.on_frame(lambda direction, _, raw: frames.append((direction, raw)))
    async with central.serve(port=port):
        async with asyncio.timeout(PATIENCE):
            await station.wait_connected()
            await central.wait_connected("CP1")
        await asyncio.sleep(0.05)
        assert frames == []  # R41: nothing is sent for a mere reconnect
        assert await station.v16.heartbeat() == HEARTBEAT
        assert told == ["connected", "disconnected", "connected"]
        assert recorded.begun == 1
        seen = central["CP1"]
        await seen.close()
        await until(lambda: recorded.begun == 2)
        await station.wait_connected()
        await station.__aexit__(None, None, None)
    assert told == ["connected", "disconnected"] * 3


@scenario
async def test_R44_pending_calls_fail_when_the_server_goes() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        await unmasked(reader)

    async with raw_server(script) as url, charge_point(url, back_off=BackOff(minimum=60)) as station:
        calls = [station.v16.heartbeat() for _ in range(3)]
        outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), PATIENCE)
        assert [type(each) for each in outcomes] == [Disconnected] * 3


@scenario
async def test_refusal_while_reconnecting_is_tried_again() -> None:
    passwords = {"CP1": b"p"}
    recorded = Recorded()
    async with serving(auth=BasicAuth(passwords)) as site:
        async with charge_point(site.server.url, password=b"p", back_off=recorded) as station:
            passwords["CP1"] = b"other"
            await (await site.central.wait_connected("CP1")).close()
            await until(lambda: len(recorded.waited) == 3)
            assert not station.connected
            passwords["CP1"] = b"p"
            async with asyncio.timeout(PATIENCE):
                await station.wait_connected()
            assert await station.v16.heartbeat() == HEARTBEAT
        assert recorded.begun == 1


# The end of the context


@scenario
async def test_leaving_while_waiting_to_reconnect() -> None:
    async with serving() as site:
        async with charge_point(site.server.url, back_off=BackOff(minimum=60)) as station:
            await (await site.central.wait_connected("CP1")).close()
            await until(lambda: not station.connected)
        await no_other_tasks()
        assert not station.connected


@scenario
async def test_leaving_in_the_middle_of_a_handshake() -> None:
    handshakes = 0
    cut = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal handshakes
        handshakes += 1
        request = await request_of(reader)
        if handshakes == 1:
            writer.write(switching(request))
            await writer.drain()
            return
        try:
            await reader.read()
        finally:
            cut.set()

    async with raw_server(script) as url:
        async with charge_point(url):
            await until(lambda: handshakes == 2)
        await asyncio.wait_for(cut.wait(), 1)
        await no_other_tasks()


@scenario
async def test_leaving_when_the_server_does_not_answer_the_close() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        await reader.read()
        await asyncio.sleep(PATIENCE)

    async with raw_server(script) as url:
        async with asyncio.timeout(2):
            async with charge_point(url, close_timeout=0.1):
                pass
        await no_other_tasks_but_servers()


@scenario
async def test_leaving_cancels_running_handlers_and_fails_pending_calls() -> None:
    running = asyncio.Event()
    outcomes: list[str] = []

    async def clear_cache(_: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        running.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            outcomes.append("cancelled")
            raise
        return CLEARED

    async def never(*_: object) -> v16.HeartbeatResponse:
        await asyncio.sleep(60)
        return HEARTBEAT

    async with serving() as site:
        site.central.on(v16.HeartbeatRequest)(never)
        station = charge_point(site.server.url)
        station.on(v16.ClearCacheRequest)(clear_cache)
        async with station:
            seen = await site.central.wait_connected("CP1")
            calling = asyncio.create_task(seen.v16.clear_cache())
            pending = asyncio.create_task(station.v16.heartbeat())
            await running.wait()
        with pytest.raises(Disconnected):
            await pending
        with pytest.raises(Disconnected):
            await calling
    assert outcomes == ["cancelled"]


@scenario
async def test_error_in_the_body_comes_through() -> None:
    async with serving() as site:
        with pytest.raises(ZeroDivisionError):
            async with charge_point(site.server.url):
                raise ZeroDivisionError
        await no_other_tasks()


def test_context_may_be_entered_again_on_another_loop() -> None:
    stations: list[ChargePoint] = []

    async def once() -> None:
        async with serving() as site:
            station = stations[0] if stations else charge_point("ws://127.0.0.1")
            stations.append(station)
            station.url = f"{site.server.url}/CP1"
            for _ in range(2):
                async with station:
                    assert await station.v16.heartbeat() == HEARTBEAT
                    seen = await site.central.wait_connected("CP1")
                    await seen.close()
                    async with asyncio.timeout(PATIENCE):
                        await station.wait_connected()

    run(once())
    run(once())
