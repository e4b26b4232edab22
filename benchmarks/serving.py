"""One central system, served in one of several ways: `python -m benchmarks.serving NAME`, a process for each NAME.

It prints its port. `load` is the clients' side: so many stations that send a Heartbeat as soon as the last is answered.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from ocpp_fast import CentralSystem, NoAuth, v16

__all__ = ["WAYS", "idle", "load"]

T = TypeVar("T")

_ANSWER: Final = v16.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))
_HANDSHAKE: Final = (
    b"GET /%d HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
_CALL: Final = b"\x81\x97\0\0\0\0" + b'[2,"12","Heartbeat",{}]'


def _central() -> CentralSystem:
    central = CentralSystem(auth=NoAuth(), versions=[v16])
    central.on(v16.HeartbeatRequest)(lambda station, request: _ANSWER)
    return central


async def own() -> None:
    """Serve by the library's own transport."""
    async with _central().serve() as server:
        print(server.port, flush=True)
        await server.serve_forever()


async def uvicorn() -> None:
    """Serve as an ASGI application under uvicorn."""
    from uvicorn import Config, Server

    sock = socket.create_server(("127.0.0.1", 0))
    print(sock.getsockname()[1], flush=True)
    await Server(Config(_app(), log_level="critical", ws="websockets-sansio")).serve([sock])


async def hypercorn() -> None:
    """Serve as an ASGI application under hypercorn."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    sock = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{os.dup(sock.fileno())}"]
    print(sock.getsockname()[1], flush=True)
    await serve(_app(), config)


def _app() -> Any:
    from ocpp_fast.asgi import App

    return App(_central())


WAYS: Final[dict[str, Callable[[], Awaitable[None]]]] = {"own": own, "uvicorn": uvicorn, "hypercorn": hypercorn}


async def load(port: int, *, stations: int, calls: int) -> None:
    """Connect stations, and let each make its calls, one after another."""
    await asyncio.gather(*(_station(port, number, calls) for number in range(stations)))


async def idle(port: int, *, stations: int, measure: Callable[[], T]) -> T:
    """Return what is measured while so many stations are connected and have made a call."""
    opened = [await _connected(port, number) for number in range(stations)]
    for reader, writer in opened:
        writer.write(_CALL)
        await reader.readuntil(b"}]")
    found = measure()
    for _, writer in opened:
        writer.close()
    return found


async def _connected(port: int, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_HANDSHAKE % number)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _station(port: int, number: int, calls: int) -> None:
    reader, writer = await _connected(port, number)
    for _ in range(calls):
        writer.write(_CALL)
        await reader.readuntil(b"}]")
    writer.close()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(WAYS[sys.argv[1]]())  # type: ignore[arg-type]  # they are coroutines
