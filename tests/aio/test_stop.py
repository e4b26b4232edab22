"""The end of `serve`: everything is told, everything ends, nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from ocpp_fast import BasicAuth, CentralSystem, Disconnected, Policy, Station, v16
from ocpp_fast.aio import stopping
from ocpp_fast.aio.websocket import WebSocket

from .exchanges import ACCEPTED, TRANSFER, TRANSFERRED, Slow, answered
from .harness import central_system, comings_and_goings, no_other_tasks, scenario, until
from .peer import Peer, handshake_bytes


class Stopping:
    """A server that can be told to stop while the test goes on."""

    def __init__(self, central: CentralSystem, *, for_ever: bool = False, **options: Any) -> None:
        self.central = central
        self._for_ever = for_ever
        self._options = options
        self._may_stop = asyncio.Event()
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        async with self.central.serve(**self._options) as server:
            self._port.set_result(server.port)
            await (server.serve_forever() if self._for_ever else self._may_stop.wait())

    async def port(self) -> int:
        return await self._port

    async def joined(self, identity: str = "CP1") -> tuple[Peer, Station]:
        """A peer that is connected, and its station."""
        peer = await Peer.connect(await self.port())
        peer.write(handshake_bytes(f"/{identity}"))
        assert (await peer.http_answer()).status == 101
        return peer, await self.central.wait_connected(identity)

    def stop(self) -> None:
        self._may_stop.set()

    async def stop_while_handling(
        self, peer: Peer, then: Callable[[Station], Awaitable[object]], *behind: object
    ) -> None:
        """Stop while a call of the peer is handled; its handler awaits `then` when the server stops, and answers.

        `behind` are calls that wait for their turn.
        """
        running = asyncio.Event()

        async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
            running.set()
            await until(lambda: self.central._runtime.stopping)
            await then(station)
            return TRANSFERRED

        self.central.on(v16.DataTransferRequest)(transfer)
        for call in (TRANSFER, *behind):
            peer.send(call)
        await running.wait()
        self.stop()

    async def end(self, *peers: Peer) -> None:
        """Fails unless these peers are told of the end next, and the server ends."""
        for peer in peers:
            assert await peer.close_frame() == (1001, "the central system stops")
        await self.ended


@scenario
async def test_stations_are_told_1001_and_pending_calls_fail() -> None:
    server = Stopping(central_system())
    told = comings_and_goings(server.central)
    joined = [await server.joined(f"CP{number}") for number in range(5)]
    calls: list[asyncio.Task[Any]] = [asyncio.create_task(station.v16.clear_cache()) for _, station in joined]
    await asyncio.sleep(0)
    server.stop()
    await server.end(*(peer for peer, _ in joined))
    assert {type(each) for each in await asyncio.gather(*calls, return_exceptions=True)} == {Disconnected}
    assert sorted(told[5:]) == [("disconnected", f"CP{number}") for number in range(5)]
    assert len(server.central) == 0


@scenario
async def test_running_handler_may_call_its_station_and_answer_within_the_grace() -> None:
    server = Stopping(central_system())
    peer, _ = await server.joined()
    await server.stop_while_handling(peer, lambda station: station.v16.clear_cache())
    await answered(peer)
    assert await peer.message() == ACCEPTED
    await server.end(peer)


@pytest.mark.parametrize("frames", [True, False])
@scenario
async def test_stations_that_resent_close_frames_are_cut_when_all_is_answered(frames: bool) -> None:
    """And others are not, nor is a handshake that goes on."""
    server = Stopping(central_system(policy=Policy(close_frames=frames)))
    peer, station = await server.joined()
    asking = await Peer.connect(await server.port())
    await server.stop_while_handling(peer, lambda _: asyncio.sleep(0))
    assert await peer.message() == ACCEPTED
    if frames:
        await server.end(peer)
    else:
        assert await peer.frame() is None
        await server.ended
    assert station.close_code == (1001 if frames else 1006)
    assert await asking.frame() is None


@scenario
async def test_what_follows_a_handler_has_its_part_of_the_grace() -> None:
    """A task that begins while the server stops: here what runs after the answer, and after the end."""
    finished: list[str] = []

    async def after(*_: object) -> None:
        await asyncio.sleep(0.02)
        finished.append("after")

    async def disconnected(*_: object) -> None:
        await asyncio.sleep(0.02)
        finished.append("disconnected")

    server = Stopping(central_system())
    server.central.after(v16.DataTransferRequest)(after)
    server.central.on_disconnect(disconnected)
    peer, _ = await server.joined()
    await server.stop_while_handling(peer, lambda _: asyncio.sleep(0))
    assert await peer.message() == ACCEPTED
    await server.end(peer)
    assert finished == ["after", "disconnected"]


@scenario
async def test_handler_over_the_grace_is_cancelled() -> None:
    outcome: list[str] = []

    async def too_long(*_: object) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise

    server = Stopping(central_system(), grace=0.05)
    peer, _ = await server.joined()
    async with asyncio.timeout(2):
        await server.stop_while_handling(peer, too_long, [2, "2", "DataTransfer", {"vendorId": "waits"}])
        await server.end(peer)
    assert outcome == ["cancelled"]
    await no_other_tasks()


@scenario
async def test_there_is_one_end_whatever_handlers_hooks_and_stations_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of handlers that go on when they are cancelled, hooks that hang, stations that answer no close frame."""
    monkeypatch.setattr(stopping, "_STOP_SECONDS", 0.4)
    monkeypatch.setattr(stopping, "_LAST_SECONDS", 0.2)
    may_go = asyncio.Event()

    async def swallow(*_: object) -> v16.DataTransferResponse:
        while not may_go.is_set():
            with suppress(asyncio.CancelledError):
                await may_go.wait()
        return TRANSFERRED

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    server = Stopping(central_system(close_timeout=3600), grace=0.05)
    server.central.on_disconnect(hang)
    server.central.on(v16.DataTransferRequest)(swallow)
    joined = [await server.joined(f"CP{number}") for number in range(20)]
    for peer, _ in joined:
        peer.send(TRANSFER)
    await until(lambda: len(server.central._runtime.tasks._tasks) == 20)
    server.stop()
    try:
        await server.ended
        assert {station.connected for _, station in joined} == {False}
        assert sum("left behind" in each.getMessage() for each in caplog.records) == len(joined)
        caplog.clear()
    finally:
        may_go.set()


@scenario
async def test_while_it_stops_calls_are_not_handled_and_newcomers_are_refused() -> None:
    handled: list[str] = []

    async def meanwhile(station: Station) -> None:
        handled.append(station.id)
        late.heartbeat("late")
        newcomer.write(handshake_bytes("/CP3"))
        assert (await newcomer.http_answer()).status in (409, 503)
        await asyncio.sleep(0.02)

    server = Stopping(central_system())
    newcomer = await Peer.connect(await server.port())
    peer, _ = await server.joined()
    late, _ = await server.joined("CP2")
    await server.stop_while_handling(peer, meanwhile, [2, "2", "DataTransfer", {"vendorId": "waits"}])
    assert await peer.message() == ACCEPTED
    await server.end(peer, late)
    assert handled == ["CP1"]
    with pytest.raises(ConnectionRefusedError):
        await Peer.connect(await server.port())


@scenario
async def test_one_of_two_ports_may_stop() -> None:
    """As when stations move from ws to wss: the other port goes on, and its handlers do."""
    slow = Slow()
    central = central_system()
    central.on(v16.DataTransferRequest)(slow)
    stays = Stopping(central)
    ends = Stopping(central, grace=0.05)
    peer, _ = await stays.joined()
    leaver, _ = await ends.joined("CP2")
    peer.send(TRANSFER)
    await until(lambda: slow.seen)
    ends.stop()
    await ends.end(leaver)
    newcomer, _ = await stays.joined("CP3")
    assert [each.id for each in central] == ["CP1", "CP3"]
    slow.may_go.set()
    assert await peer.message() == ACCEPTED
    newcomer.heartbeat("1")
    assert (await newcomer.message())[0] == 3
    stays.stop()
    await stays.end(peer, newcomer)


@scenario
async def test_stopping_while_handshakes_are_pending() -> None:
    """In every state: nothing said yet, half a request, the auth asked, the answer not read."""
    asked = asyncio.Event()

    async def check(identity: str, password: bytes) -> bool:
        asked.set()
        await asyncio.sleep(60)
        return True

    central = central_system(auth=BasicAuth(check))
    server = Stopping(central, grace=0.05)
    peers = [await Peer.connect(await server.port()) for _ in range(4)]
    peers[1].write(b"GET /CP1 HTTP/1.1\r\n")
    peers[2].write(handshake_bytes("/CP1", headers=["Authorization: Basic Q1AxOnA="]))
    peers[3].write(handshake_bytes("/CP1"))
    await asked.wait()
    server.stop()
    async with asyncio.timeout(2):
        await server.ended
        for peer in peers:
            await peer.reader.read()
    assert len(central) == 0
    for peer in peers:
        peer.abort()


# asyncio itself forgets to close a transport that it makes for a listener that has gone meanwhile.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("delay", range(8))
@scenario
async def test_stopping_while_connections_come_in(delay: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the event loop hands over when all the others have been closed are closed too."""
    made: list[WebSocket] = []

    def connection_made(socket: WebSocket, transport: asyncio.BaseTransport) -> None:
        made.append(socket)
        original(socket, transport)

    original = WebSocket.connection_made
    monkeypatch.setattr(WebSocket, "connection_made", connection_made)
    server = Stopping(central_system())
    port = await server.port()
    coming = [asyncio.create_task(Peer.connect(port)) for _ in range(30)]
    for _ in range(delay):
        await asyncio.sleep(0)
    server.stop()
    await server.ended
    await asyncio.gather(*coming, return_exceptions=True)
    await until(lambda: all(each._lost for each in made), seconds=1)  # open_timeout is longer


@scenario
async def test_task_that_serves_for_ever_may_be_cancelled_and_waits_for_no_close_too_long() -> None:
    server = Stopping(central_system(close_timeout=0.2), for_ever=True)
    joined = [await server.joined(f"CP{number}") for number in range(10)]
    server.ended.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await server.ended
    for peer, station in joined:
        assert station.close_code == 1001
        await peer.eof()


def test_nothing_is_left_in_development_mode(run_python: Any) -> None:
    done = run_python("-X", "dev", "-W", "error", "-c", DEVELOPMENT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


DEVELOPMENT = """
import asyncio, gc
from ocpp_fast import CentralSystem, ChargePoint, NoAuth, v16

async def main():
    central = CentralSystem(auth=NoAuth(), versions=[v16])
    async with central.serve() as server:
        for _ in range(3):
            async with ChargePoint("CP1", server.url, versions=[v16]) as station:
                calling = asyncio.create_task((await central.wait_connected("CP1")).v16.clear_cache())
                await asyncio.sleep(0)
                calling.cancel()
        left = ChargePoint("CP2", server.url, versions=[v16])
        await left.__aenter__()
        await central.wait_connected("CP2")
    await left.__aexit__(None, None, None)

asyncio.run(main())
gc.collect()
print("done")
"""
