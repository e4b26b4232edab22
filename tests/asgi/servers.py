"""ASGI servers in the process of the test, each on a free port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias

from ..aio.harness import until

__all__ = ["SERVERS", "Serve", "uvicorn"]

Serve: TypeAlias = Callable[[Any], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def uvicorn(app: Any, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve with uvicorn; the port."""
    from uvicorn import Config, Server

    options: dict[str, Any] = {"log_level": "critical", "ws": "websockets-sansio", "timeout_graceful_shutdown": 2}
    server = Server(Config(app, host, port=0, **options))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def hypercorn(app: Any) -> AsyncIterator[int]:
    """Serve with hypercorn; the port."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    config, stop = Config(), asyncio.Event()
    config.bind = [f"127.0.0.1:{port}"]
    config.graceful_timeout = 0.5
    config.errorlog = None
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    await until(lambda: _listens(port))
    try:
        yield port
    finally:
        stop.set()
        await serving


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


SERVERS: Final[dict[str, Serve]] = {"uvicorn": uvicorn, "hypercorn": hypercorn}
