"""A central system under ASGI servers, beside the routes of a web application: the rules of its own port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ocpp_fast import (
    BasicAuth,
    CentralSystem,
    ChargePoint,
    Disconnected,
    Event,
    Fault,
    Handshake,
    HandshakeRefused,
    Limit,
    LimitReached,
    NoAuth,
    Policy,
    Station,
    UpgradeRequest,
    v16,
)
from ocpp_fast.asgi import App

from ..aio.exchanges import TRANSFER, Slow, lives
from ..aio.harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON, central_system, until
from ..aio.peer import BINARY, TEXT, HttpAnswer, Peer, frame_bytes, handshake_bytes
from ..aio.refusals import credentials
from .servers import SERVERS, uvicorn

pytestmark = pytest.mark.once


class Site:
    """A FastAPI application with a central system at /ocpp."""

    def __init__(self, **options: Any) -> None:
        self.central = central_system(**options)
        self.ocpp = App(self.central, grace=1.0)
        self.port = 0
        self.app = FastAPI(lifespan=self.ocpp.lifespan)
        self.app.get("/stations")(lambda: sorted(station.id for station in self.central))
        self.app.mount("/ocpp", self.ocpp)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    @asynccontextmanager
    async def serving(self, server: str) -> AsyncIterator[Site]:
        async with SERVERS[server](self.app) as self.port:
            try:
                yield self
            finally:
                for each in Peer.opened:
                    each.abort()
                Peer.opened.clear()

    async def handshake(
        self, path: str = "/ocpp/CP1", *, receive_buffer: int | None = None, **options: Any
    ) -> tuple[Peer, HttpAnswer]:
        peer = await Peer.connect(self.port, receive_buffer=receive_buffer)
        peer.write(handshake_bytes(path, **options))
        return peer, await peer.http_answer()

    async def peer(self, path: str = "/ocpp/CP1", **options: Any) -> tuple[Peer, Station]:
        peer, answer = await self.handshake(path, **options)
        assert answer.status == 101
        async with asyncio.timeout(5):
            return peer, await self.central.wait_connected(path.rpartition("/")[2])


def each_server(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(**given: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(30):
                await test(**given)

        asyncio.run(bounded())

    every_server: Callable[..., Callable[..., None]] = pytest.mark.parametrize("server", SERVERS)
    return every_server(run)


@each_server
async def test_stations_and_routes_share_a_port(server: str) -> None:
    site = Site(auth=BasicAuth({"CP1": b"secret"}))
    async with site.serving(server), httpx.AsyncClient() as client:
        station = ChargePoint("CP1", site.url, versions=[v16], password=b"secret")
        station.on(v16.ClearCacheRequest)(lambda _: v16.ClearCacheResponse.from_dict(CLEARED))
        async with station:
            assert await station.v16.heartbeat() == HEARTBEAT
            assert (await site.central["CP1"].v16.clear_cache()).to_dict() == CLEARED
            handshake: Handshake = site.central["CP1"].handshake
            assert (handshake.path, handshake.secure, handshake.listener) == ("/ocpp/CP1", False, None)
            assert handshake.remote_address is not None
            assert handshake.remote_address[0] == "127.0.0.1"
            assert (await client.get(f"http://127.0.0.1:{site.port}/stations")).json() == ["CP1"]
            assert (await client.get(f"http://127.0.0.1:{site.port}/ocpp/CP1")).status_code == 426
        await until(lambda: len(site.central) == 0)


@each_server
async def test_R33_who_is_refused_is_so_before_the_accept(server: str) -> None:
    refused: list[object] = []
    site = Site(auth=BasicAuth({"CP1": b"secret"}), refuse_unknown_subprotocols=True)
    site.central.on_refused(lambda refusal: refused.append((refusal.status, refusal.path, refusal.id)))
    right = [credentials(b"CP1:secret")]
    async with site.serving(server):
        _, answer = await site.handshake("/ocpp/CP1?a=b%20c")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="ocpp", charset="UTF-8"')
        assert (await site.handshake("/ocpp/CP2", headers=[credentials(b"CP2:x")]))[1].status == 401
        assert (await site.handshake("/ocpp/a%2Fb"))[1].status == 404
        assert (await site.handshake(subprotocols="ocpp1.5", headers=right))[1].status == 400
        assert (await site.handshake(headers=right))[1].status == 101
        assert (await site.handshake(without="Upgrade"))[1].status == 426
    assert refused == [
        (401, "/ocpp/CP1?a=b%20c", "CP1"),
        (401, "/ocpp/CP2", "CP2"),
        (404, "/ocpp/a%2Fb", None),
        (400, "/ocpp/CP1", "CP1"),
        (426, "/ocpp/CP1", None),
    ]


@pytest.mark.parametrize(("offered", "answered"), [(None, None), ("ocpp1.5", None), ("OCPP1.6", "OCPP1.6")])
@each_server
async def test_R31_a_version_is_assumed_on_purpose(server: str, offered: str | None, answered: str | None) -> None:
    site = Site(assume=v16)
    async with site.serving(server):
        peer, answer = await site.handshake(subprotocols=offered)
        assert (answer.status, answer.headers.get("sec-websocket-protocol")) == (101, answered)
        await lives(peer)


@each_server
async def test_a_hook_mends_path_and_headers_before_the_handshake_is_decided(server: str) -> None:
    site = Site(auth=BasicAuth({"CP1": b"secret"}))

    @site.central.on_upgrade
    def mend(request: UpgradeRequest) -> None:
        if request.path.endswith("/CP2/"):
            raise HandshakeRefused(410, "gone")
        request.path = request.path.removesuffix("/")
        request.set_header("Authorization", credentials(b"CP1:secret").partition(": ")[2])

    async with site.serving(server):
        assert (await site.handshake("/ocpp/CP1/"))[1].status == 101
        assert site.central["CP1"].handshake.path == "/ocpp/CP1"
        assert (await site.handshake("/ocpp/CP2/"))[1].status == 410


@pytest.mark.parametrize("anywhere", [False, True])
def test_R35_no_auth_lets_nobody_in_where_others_reach_it(anywhere: bool, caplog: pytest.LogCaptureFixture) -> None:
    address = own_address()

    async def statuses() -> list[int]:
        site = Site(auth=NoAuth(anywhere=anywhere))
        found = []
        async with uvicorn(site.app, host="0.0.0.0") as site.port:
            for host in (address, address, "127.0.0.1"):
                reader, writer = await asyncio.open_connection(host, site.port)
                peer = Peer(reader, writer)
                peer.write(handshake_bytes("/ocpp/CP1"))
                found.append((await peer.http_answer()).status)
                peer.abort()
            Peer.opened.clear()
        return found

    assert asyncio.run(statuses()) == ([101, 101, 101] if anywhere else [403, 403, 101])
    (told,) = [each for each in caplog.records if "NoAuth()" in each.getMessage() and each.levelname != "INFO"]
    assert told.levelname == ("WARNING" if anywhere else "ERROR")


def own_address() -> str:
    """An address of this machine that others may reach; skips the test if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("there is no network")
        address: str = sock.getsockname()[0]
        return address


@each_server
async def test_what_fails_or_takes_too_long_is_refused(server: str, caplog: pytest.LogCaptureFixture) -> None:
    site, limits = Site(open_timeout=0.3), list[Limit]()
    site.central.on_event(lambda event: limits.append(event.limit) if isinstance(event, LimitReached) else None)

    @site.central.on_connecting
    async def connecting(handshake: Handshake) -> None:
        if handshake.id == "CP1":
            raise RuntimeError("on purpose")
        await asyncio.Event().wait()

    async with site.serving(server):
        assert (await site.handshake("/ocpp/CP1"))[1].status == 500
        assert (await site.handshake("/ocpp/CP2"))[1].status == 503
    assert "on purpose" in caplog.text
    assert limits == [Limit.OPEN_TIMEOUT]


@each_server
async def test_R30_R31_versions(server: str) -> None:
    site = Site()
    async with site.serving(server):
        _, answer = await site.handshake(subprotocols="ocpp1.5, ocpp2.0.1, ocpp1.6")
        assert answer.headers["sec-websocket-protocol"] == "ocpp2.0.1"
        peer, answer = await site.handshake("/ocpp/CP2", subprotocols="ocpp1.5")
        assert answer.status == 101
        assert "sec-websocket-protocol" not in answer.headers
        assert await peer.close_frame() == (1002, "no common subprotocol")
        assert "CP2" not in site.central


@each_server
async def test_ends_have_their_codes_in_both_directions(server: str) -> None:
    site, told = Site(), []
    site.central.on_disconnect(lambda station: told.append(station.close_code))
    async with site.serving(server):
        peer, station = await site.peer()
        closing = asyncio.ensure_future(station.close(4001, "bye"))
        assert await peer.close_frame() == (4001, "bye")
        await closing
        peer, station = await site.peer()
        newer, _ = await site.peer()
        assert (await peer.close_frame())[0] == 1008
        newer.close(4002)
        await until(lambda: told[2:])
        peer, station = await site.peer()
        call = asyncio.ensure_future(station.v16.clear_cache())
        await peer.message()
        peer.abort()
        with pytest.raises(Disconnected):
            await call
        await until(lambda: told[3:])
    assert told[:2] == [4001, 1008]
    assert told[2] == (4002 if server == "uvicorn" else 1006)  # hypercorn does not tell the client's
    assert told[3] in (1005, 1006)


@pytest.mark.parametrize(
    ("frame", "code"),
    [(frame_bytes(BINARY, b"1"), 1003), (frame_bytes(TEXT, b"1" * 70_000), 1009), (frame_bytes(TEXT, b"1"), 1008)],
    ids=["binary", "too large", "no frame of OCPP-J"],
)
@each_server
async def test_what_is_no_message_closes_and_is_a_fault_or_a_limit(server: str, frame: bytes, code: int) -> None:
    policy = Policy(max_bad_frames=1, answer_malformed=False)
    site, told, limits = Site(max_message_size=65_536, policy=policy), [], list[Event]()
    site.central.on_fault(lambda station, fault: told.append(fault.fault))
    site.central.on_event(limits.append)
    async with site.serving(server):
        peer, station = await site.peer()
        peer.write(frame)
        assert (await peer.close_frame())[0] == code
    limit = {1009: Limit.MESSAGE_SIZE, 1008: Limit.BAD_FRAMES}.get(code)
    assert told == [Fault.MALFORMED if code == 1008 else Fault.TRANSPORT]
    address = station.handshake.remote_address
    assert limits == ([] if limit is None else [LimitReached(limit, "CP1", address, f"closed with {code}")])


@each_server
async def test_reading_stops_while_too_many_calls_wait(server: str) -> None:
    site, slow = Site(), Slow()
    site.central.on(v16.DataTransferRequest)(slow)
    async with site.serving(server):
        peer, station = await site.peer()
        for number in range(200):
            peer.send([2, str(number), *TRANSFER[2:]])
        await until(lambda: station._paused)
        waiting = station._session._waiting
        assert waiting is not None
        assert len(waiting) == station.policy.max_waiting_calls
        slow.may_go.set()
        for number in range(200):
            assert await peer.message() == [3, str(number), {"status": "Accepted"}]


BIG = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data="x" * 50_000)


async def deaf_peer(site: Site) -> tuple[Peer, Station, Any]:
    """A peer that has made 500 calls, reads none of the answers, and is not read any more; station and transport."""
    peer, station = await site.peer(receive_buffer=4096)
    for number in range(500):
        peer.send([2, str(number), *TRANSFER[2:]])
    transport: Any = station._transport
    await until(lambda: not transport._readable.is_set())
    return peer, station, transport


@each_server
async def test_reading_stops_while_the_client_does_not_read_its_answers(server: str) -> None:
    site, handled = Site(), []

    @site.central.on(v16.DataTransferRequest)
    def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        handled.append(request)
        return BIG

    async with site.serving(server):
        peer, _, transport = await deaf_peer(site)
        assert len(handled) < 500
        assert transport._waiting < 200_000
        for number in range(500):
            assert (await peer.message())[1] == str(number)


@each_server
async def test_a_client_that_does_not_read_can_not_hold_the_end(server: str) -> None:
    site = Site(close_timeout=0.2)
    site.central.on(v16.DataTransferRequest)(lambda station, request: BIG)
    async with site.serving(server):
        _, station, _ = await deaf_peer(site)
        async with asyncio.timeout(5):
            await station.close(4000)
        assert len(site.central) == 0


@each_server
async def test_handlers_that_run_may_answer_before_the_end(server: str) -> None:
    site, slow = Site(), Slow()
    site.central.on(v16.DataTransferRequest)(slow)
    async with site.serving(server):
        peer, _ = await site.peer()
        peer.heartbeat("1")
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]
        peer.send(TRANSFER)
        await until(lambda: slow.seen)
        slow.may_go.set()
    assert len(site.central) == 0
    assert not site.central._runtime.tasks._tasks


def test_only_a_central_system_can_be_mounted() -> None:
    with pytest.raises(TypeError, match="central: expected a CentralSystem"):
        App(NoAuth())  # type: ignore[arg-type]  # meant


def empty(central: CentralSystem) -> bool:
    return len(central) == 0


def test_it_runs_alone_and_without_a_lifespan() -> None:
    async def test() -> None:
        for alone in (True, False):
            central = central_system()
            app: Any = App(central)
            if not alone:
                app = FastAPI()
                app.mount("/", App(central))
            async with SERVERS["uvicorn"](app) as port:
                peer = await Peer.connect(port)
                peer.write(handshake_bytes("/CP1"))
                assert (await peer.http_answer()).status == 101
                peer.heartbeat("1")
                assert await peer.message() == [3, "1", HEARTBEAT_JSON]
                assert "CP1" in central
                peer.abort()
                await until(partial(empty, central))

    asyncio.run(test())


def test_it_serves_on_one_event_loop_at_a_time() -> None:
    central = central_system()

    async def lifespan(messages: list[dict[str, Any]]) -> None:
        received = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, Any]:
            return next(received)

        async def send(message: Any) -> None:
            messages.append(message)

        await App(central)({"type": "lifespan"}, receive, send)

    async def test() -> None:
        async with central.serve():
            messages: list[dict[str, Any]] = []
            await asyncio.to_thread(lambda: asyncio.run(lifespan(messages)))
            assert [each["type"] for each in messages] == ["lifespan.startup.failed"]
            assert "another event loop" in messages[0]["message"]
            await lifespan(messages)
            assert [each["type"] for each in messages[1:]] == [
                "lifespan.startup.complete",
                "lifespan.shutdown.complete",
            ]

    asyncio.run(test())
