"""How the tests of this folder run: on both event loops, and nothing may be left behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from ocpp_fast import CentralSystem, NoAuth, Server, Station, v16, v21, v201
from ocpp_fast.aio.connection import Connection
from ocpp_fast.aio.websocket import WebSocket

from .peer import PATIENCE, HttpAnswer, Peer, handshake_bytes

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

HEARTBEAT: Final = v16.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))
HEARTBEAT_JSON: Final = {"currentTime": "2026-01-01T00:00:00.000Z"}
CLEARED: Final = {"status": "Accepted"}


def loop_factory(name: str) -> LoopFactory:
    """Make loops of this name; skips the test where uvloop is not installed."""
    if name == "asyncio":
        return asyncio.new_event_loop
    factory: LoopFactory = pytest.importorskip("uvloop").new_event_loop
    return factory


def run(main: Coroutine[Any, Any, None], factory: LoopFactory = asyncio.new_event_loop) -> None:
    """Run a test; fails if a task or a transport is left over, or an error reaches the event loop."""
    troubles: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
        try:
            async with asyncio.timeout(6 * PATIENCE):
                await main
            await no_other_tasks()
        finally:
            await leave()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(watched())
    gc.collect()  # exceptions that nobody retrieved are told when their futures go
    gc.freeze()  # or the next collection takes longer
    assert not troubles


async def leave() -> None:
    """Cut all peers that are left."""
    for peer in Peer.opened:
        peer.abort()
    for peer in Peer.opened:
        with suppress(OSError):
            await peer.writer.wait_closed()
    Peer.opened.clear()


async def no_other_tasks() -> None:
    """Fails if tasks go on; those of the event loop's own get a moment."""

    def others() -> set[asyncio.Task[Any]]:
        return asyncio.all_tasks() - {asyncio.current_task()}

    try:
        await until(lambda: not others(), seconds=1)
    except TimeoutError:
        raise AssertionError(f"left over: {others()}") from None


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function, run by `run` on each of the two event loops; a decorator."""

    @wraps(test)
    def run_test(**arguments: Any) -> None:
        factory = loop_factory(arguments.pop("loop"))
        run(test(**arguments), factory)

    given = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    run_test.__signature__ = given.replace(parameters=[*given.parameters.values(), loop])  # type: ignore[attr-defined]  # read by pytest
    pytest.mark.parametrize("loop", ["asyncio", "uvloop"])(run_test)
    return run_test


def websocket_of(connection: Connection) -> WebSocket:
    """The WebSocket below a connection."""
    websocket = connection._transport
    assert isinstance(websocket, WebSocket)
    return websocket


async def deaf_peer(site: Site) -> tuple[Peer, Station]:
    """A peer that reads nothing, and little of what it is sent leaves the server."""
    peer, station = await site.station(receive_buffer=4096)
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a transport for both ways
    sock = websocket_of(station).transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return peer, station


def on_one_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function that does not depend on the event loop, run by `run`; a decorator."""

    @wraps(test)
    def run_test(**arguments: Any) -> None:
        run(test(**arguments))

    return run_test


async def until(condition: Callable[[], object], *, seconds: float = PATIENCE) -> float:
    """Wait until a condition holds; how many seconds it took. Raises `TimeoutError`."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"not within {seconds} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.001)
    return time.monotonic() - start


class Site:
    """A central system that serves, and the peers of a test."""

    def __init__(self, central: CentralSystem, server: Server) -> None:
        self.central = central
        self.server = server

    async def tcp(self, **options: Any) -> Peer:
        """A peer that has said nothing yet; options of `Peer.connect`."""
        return await Peer.connect(self.server.port, **options)

    async def http(self, request: bytes) -> HttpAnswer:
        """The answer to the bytes of a handshake."""
        peer = await self.tcp()
        peer.write(request)
        return await peer.http_answer()

    async def asking(self, path: str = "/CP1", *, receive_buffer: int | None = None, **options: Any) -> Peer:
        """A peer that has sent a handshake, with the options of `handshake_bytes`."""
        peer = await self.tcp(receive_buffer=receive_buffer)
        peer.write(handshake_bytes(path, **options))
        return peer

    async def peer(self, path: str = "/CP1", **options: Any) -> Peer:
        """A peer whose handshake was accepted; options of `asking`."""
        peer = await self.asking(path, **options)
        answer = await peer.http_answer()
        assert answer.status == 101, answer
        return peer

    async def station(self, identity: str = "CP1", **options: Any) -> tuple[Peer, Station]:
        """A peer and the station that the central system sees."""
        peer = await self.peer(f"/{identity}", **options)
        async with asyncio.timeout(PATIENCE):
            return peer, await self.central.wait_connected(identity)

    def leave(self) -> None:
        """Cut all peers."""
        for peer in Peer.opened:
            peer.abort()


@asynccontextmanager
async def serving(
    central: CentralSystem | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    transfer: Any = None,
    http: Any = None,
    **options: Any,
) -> AsyncIterator[Site]:
    """Serve on a free port, and cut the peers in the end; options of `central_system`.

    `transfer` is a handler of 1.6's DataTransfer; `http` answers plain HTTP.
    """
    central = central_system(**options) if central is None else central
    if transfer is not None:
        central.on(v16.DataTransferRequest)(transfer)
    async with central.serve(ssl=tls, grace=1.0, http=http) as server:
        site = Site(central, server)
        try:
            yield site
        finally:
            site.leave()
    assert len(central) == 0


def comings_and_goings(central: CentralSystem) -> list[tuple[str, str]]:
    """What the hooks of connections are told from now on, of whom: the header X-Name, else the identity."""
    told: list[tuple[str, str]] = []
    central.on_connect(lambda station: told.append(("connected", name_of(station))))
    central.on_disconnect(lambda station: told.append(("disconnected", name_of(station))))
    return told


def name_of(station: Station) -> str:
    return station.handshake.headers.get("X-Name", station.id)


def central_system(**options: Any) -> CentralSystem:
    """A central system of all versions that lets everyone in and answers 1.6's Heartbeat."""
    defaults: dict[str, Any] = {"auth": NoAuth(), "versions": [v16, v201, v21], "close_timeout": 2.0}
    central = CentralSystem(**defaults | options)
    if v16.VERSION in central.versions:
        central.on(v16.HeartbeatRequest)(lambda *_: HEARTBEAT)
    return central


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
