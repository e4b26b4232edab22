"""Servers that a charge point meets: scripts on a TCP connection."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import BackOff, ChargePoint, OcppError, Station, v16

from .harness import HEARTBEAT, Site, until
from .peer import PATIENCE, PING, PONG, frame_bytes

CLEARED = v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)
AT_ONCE = BackOff(minimum=0.01, random_range=0, repeat_times=0)
NEVER = BackOff(minimum=600)


def charge_point(url: Any, identity: str = "CP1", **options: Any) -> ChargePoint:
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


def answering_pings(pings: list[bytes]) -> Script:
    """Takes a station in and answers its pings, whose payloads it keeps; leaves at any other frame."""

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(switching(await request_of(reader)))
        while (frame := await unmasked(reader))[0] == PING:
            pings.append(frame[1])
            writer.write(served(PONG, frame[1]))

    return answering


def silent_to(asked: asyncio.Event) -> Script:
    """Says that somebody connects, and answers nothing."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    return silent


async def no_other_tasks_but_servers() -> None:
    own = {asyncio.current_task()}
    await until(lambda: not [each for each in asyncio.all_tasks() - own if "connected" not in repr(each)])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def nobody() -> str:
    """The URL of a server that does not listen."""
    return f"ws://127.0.0.1:{free_port()}"


async def connected_to(site: Site, station: ChargePoint) -> Station:
    """The station as this central system sees it, which answers it."""
    async with asyncio.timeout(PATIENCE):
        await station.wait_connected()
        seen = await site.central.wait_connected("CP1")
        assert await station.v16.heartbeat() == HEARTBEAT
    assert station.url == f"{site.server.url}/CP1"
    return seen


async def failures(station: ChargePoint) -> list[Exception]:
    """What the failed try of a station has told, which is what it has raised."""
    failed: list[Exception] = []
    station.on_connect_failed(failed.append)
    with pytest.raises((OcppError, OSError)) as raised:
        await station.__aenter__()
    assert failed == [raised.value]
    await no_other_tasks_but_servers()
    return failed
