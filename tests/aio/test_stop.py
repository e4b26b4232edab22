"""The end of `serve`: everything is told, everything ends, nothing is left behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from ocpp_fast import BasicAuth, CentralSystem, Disconnected, Station, v16
from ocpp_fast.aio.handshake import ServerWebSocket

from .exchanges import ACCEPTED, TRANSFER, TRANSFERRED, Slow
from .harness import central_system, no_other_tasks, scenario, until
from .peer import Peer, handshake_bytes


async def joined(central: CentralSystem, port: int, identity: str = "CP1") -> tuple[Peer, Station]:
    peer = await Peer.connect(port)
    peer.write(handshake_bytes(f"/{identity}"))
    assert (await peer.http_answer()).status == 101
    return peer, await central.wait_connected(identity)


class Stopping:
    """A server that can be told to stop while the test goes on."""

    def __init__(self, central: CentralSystem, **options: Any) -> None:
        self._central = central
        self._options = options
        self._may_stop = asyncio.Event()
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        async with self._central.serve(**self._options) as server:
            self._port.set_result(server.port)
            await self._may_stop.wait()

    async def port(self) -> int:
        return await self._port

    def stop(self) -> None:
        self._may_stop.set()


@scenario
async def test_stations_are_told_1001_and_pending_calls_fail() -> None:
    told: list[str] = []
    central = central_system()
    central.on_disconnect(lambda station: told.append(station.id))
    server = Stopping(central)
    peers = [await joined(central, await server.port(), f"CP{number}") for number in range(5)]
    calls: list[asyncio.Task[Any]] = [asyncio.create_task(station.v16.clear_cache()) for _, station in peers]
    await asyncio.sleep(0)
    server.stop()
    for peer, _ in peers:
        assert await peer.close_frame() == (1001, "the central system stops")
    await server.ended
    assert {type(each) for each in await asyncio.gather(*calls, return_exceptions=True)} == {Disconnected}
    assert sorted(told) == [f"CP{number}" for number in range(5)]
    assert len(central) == 0


@scenario
async def test_running_handler_finishes_within_the_grace() -> None:
    slow = Slow()
    central = central_system()
    central.on(v16.DataTransferRequest)(slow)
    server = Stopping(central)
    peer, _ = await joined(central, await server.port())
    peer.send(TRANSFER)
    await until(lambda: slow.seen)
    server.stop()
    await until(lambda: central._runtime.stopping)
    slow.may_go.set()
    assert await peer.message() == ACCEPTED
    assert (await peer.close_frame())[0] == 1001
    await server.ended


@scenario
async def test_running_handler_may_call_its_station_within_the_grace() -> None:
    running = asyncio.Event()

    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        running.set()
        await until(lambda: central._runtime.stopping)
        await station.v16.clear_cache()
        return TRANSFERRED

    central = central_system()
    central.on(v16.DataTransferRequest)(transfer)
    server = Stopping(central)
    peer, _ = await joined(central, await server.port())
    peer.send(TRANSFER)
    await running.wait()
    server.stop()
    call = await peer.message()
    peer.send([3, call[1], {"status": "Accepted"}])
    assert await peer.message() == ACCEPTED
    assert (await peer.close_frame())[0] == 1001
    await server.ended


@scenario
async def test_what_follows_a_handler_has_its_part_of_the_grace() -> None:
    """A task that begins while the server stops: here what runs after the answer, and after the end."""
    finished: list[str] = []
    running = asyncio.Event()

    async def transfer(*_: object) -> v16.DataTransferResponse:
        running.set()
        await until(lambda: central._runtime.stopping)
        return TRANSFERRED

    async def after(*_: object) -> None:
        await asyncio.sleep(0.02)
        finished.append("after")

    async def disconnected(*_: object) -> None:
        await asyncio.sleep(0.02)
        finished.append("disconnected")

    central = central_system()
    central.on(v16.DataTransferRequest)(transfer)
    central.after(v16.DataTransferRequest)(after)
    central.on_disconnect(disconnected)
    server = Stopping(central)
    peer, _ = await joined(central, await server.port())
    peer.send(TRANSFER)
    await running.wait()
    server.stop()
    assert (await peer.close_frame())[0] == 1001
    await server.ended
    assert finished == ["after", "disconnected"]


@scenario
async def test_handler_over_the_grace_is_cancelled() -> None:
    outcome: list[str] = []

    async def transfer(*_: object) -> v16.DataTransferResponse:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise
        return TRANSFERRED

    central = central_system()
    central.on(v16.DataTransferRequest)(transfer)
    server = Stopping(central, grace=0.05)
    peer, _ = await joined(central, await server.port())
    peer.send(TRANSFER)
    peer.send([2, "2", "DataTransfer", {"vendorId": "waits"}])
    peer.heartbeat("3")
    await until(lambda: central._runtime.tasks._tasks)
    start = time.monotonic()
    server.stop()
    assert (await peer.close_frame())[0] == 1001
    await server.ended
    assert outcome == ["cancelled"]
    assert time.monotonic() - start < 2
    await no_other_tasks()


@scenario
async def test_calls_that_come_while_it_stops_are_not_handled() -> None:
    running = asyncio.Event()
    seen: list[object] = []

    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        seen.append(request.data)
        running.set()
        await until(lambda: central._runtime.stopping)
        late.heartbeat("late")
        await asyncio.sleep(0.02)
        return TRANSFERRED

    central = central_system()
    central.on(v16.DataTransferRequest)(transfer)
    server = Stopping(central)
    peer, _ = await joined(central, await server.port())
    late, _ = await joined(central, await server.port(), "CP2")
    peer.send(TRANSFER)
    peer.send([2, "2", "DataTransfer", {"vendorId": "V", "data": "waits"}])
    await running.wait()
    server.stop()
    assert await peer.message() == ACCEPTED
    assert (await peer.close_frame())[0] == 1001
    assert await late.close_frame() == (1001, "the central system stops")
    await server.ended
    assert seen == [None]


@scenario
async def test_newcomers_are_refused_while_it_stops() -> None:
    running = asyncio.Event()

    async def transfer(*_: object) -> v16.DataTransferResponse:
        running.set()
        await until(lambda: central._runtime.stopping)
        newcomer.write(handshake_bytes("/CP2"))
        assert (await newcomer.http_answer()).status in (409, 503)
        return TRANSFERRED

    central = central_system()
    central.on(v16.DataTransferRequest)(transfer)
    server = Stopping(central)
    newcomer = await Peer.connect(await server.port())
    peer, _ = await joined(central, await server.port())
    peer.send(TRANSFER)
    await running.wait()
    server.stop()
    assert await peer.message() == ACCEPTED
    await peer.close_frame()
    newcomer.abort()
    await server.ended
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
    peer, _ = await joined(central, await stays.port(), "CP1")
    leaver, _ = await joined(central, await ends.port(), "CP2")
    peer.send(TRANSFER)
    await until(lambda: slow.seen)
    ends.stop()
    assert (await leaver.close_frame())[0] == 1001
    await ends.ended
    newcomer, _ = await joined(central, await stays.port(), "CP3")
    assert [each.id for each in central] == ["CP1", "CP3"]
    slow.may_go.set()
    assert await peer.message() == ACCEPTED
    newcomer.heartbeat("1")
    assert (await newcomer.message())[0] == 3
    stays.stop()
    await asyncio.gather(peer.close_frame(), newcomer.close_frame(), stays.ended)


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
    made: list[ServerWebSocket] = []

    def connection_made(socket: ServerWebSocket, transport: asyncio.BaseTransport) -> None:
        made.append(socket)
        original(socket, transport)

    original = ServerWebSocket.connection_made
    monkeypatch.setattr(ServerWebSocket, "connection_made", connection_made)
    central = central_system()
    server = Stopping(central)
    port = await server.port()
    coming = [asyncio.create_task(Peer.connect(port)) for _ in range(30)]
    for _ in range(delay):
        await asyncio.sleep(0)
    server.stop()
    await server.ended
    await asyncio.gather(*coming, return_exceptions=True)
    await until(lambda: all(each._lost for each in made), seconds=1)  # open_timeout is longer


@scenario
async def test_peer_that_does_not_answer_the_close_delays_the_end_by_close_timeout() -> None:
    central = central_system(close_timeout=0.2)
    server = Stopping(central)
    peers = [await joined(central, await server.port(), f"CP{number}") for number in range(10)]
    server.stop()
    async with asyncio.timeout(2):
        await server.ended
    for peer, _ in peers:
        await peer.eof()


@scenario
async def test_task_that_serves_may_be_cancelled() -> None:
    central = central_system(close_timeout=0.2)
    server = Stopping(central)
    peer, station = await joined(central, await server.port())
    server.ended.cancel()
    with pytest.raises(asyncio.CancelledError):
        await server.ended
    assert station.close_code == 1001
    await peer.eof()


@scenario
async def test_serve_forever_ends_with_its_task() -> None:
    central = central_system()

    async def serve() -> None:
        async with central.serve() as server:
            await server.serve_forever()

    serving_task = asyncio.create_task(serve())
    await asyncio.sleep(0.01)
    assert not serving_task.done()
    serving_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving_task


@scenario
async def test_hook_that_goes_on_for_ever_is_cancelled_in_the_end() -> None:
    ended: list[str] = []

    async def watch(station: Station) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(station.id)

    central = central_system()
    central.on_connect(watch)
    server = Stopping(central, grace=0.05)
    peer, _ = await joined(central, await server.port())
    server.stop()
    await peer.close_frame()
    await server.ended
    assert ended == ["CP1"]


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
