"""What a user plugs in, plugged in: a transport of one's own below a connection, stations of one's own above."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

from ocpp_fast import Handshake, Policy, Station, v16
from ocpp_fast.aio.connection import Connection
from ocpp_fast.aio.stations import ConnectedStations
from ocpp_fast.aio.transport import CloseCode, Transport
from ocpp_fast.registration import CentralGate

from .exchanges import Slow, lives
from .harness import central_system, scenario, serving, until


class Pipe:
    """A transport that keeps what it is to send."""

    peer = "a pipe"
    failed = False
    certificate = None

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.paused = 0
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def send(self, raw: bytes) -> None:
        self.sent.append(raw)

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        if not self.closed.done():
            self.closed.set_result((code, reason))

    def abort(self) -> None:
        self.close(CloseCode.ABNORMAL)

    def pause(self) -> None:
        self.paused += 1

    def resume(self) -> None:
        self.paused = 0

    def trust(self) -> None: ...

    async def answers(self, seconds: float) -> bool:
        return not self.closed.done()

    async def wait_closed(self) -> None:
        await self.closed


class Joined(Connection):
    """A connection whose handlers are a central system's."""

    __slots__ = ()

    _is_station = True


@scenario
async def test_connection_needs_no_more_of_a_transport_than_its_protocol_says() -> None:
    central, slow, pipe = central_system(), Slow(), Pipe()
    central.on(v16.DataTransferRequest)(slow)
    transport: Transport = pipe
    policy = Policy(max_waiting_calls=1)
    connection = Joined(central._runtime, transport, v16.VERSION, policy, CentralGate("Accepted"), identity="CP1")
    connection.message_received(b'[2,"1","Heartbeat",{}]')
    assert pipe.sent.pop() == b'[3,"1",{"currentTime":"2026-01-01T00:00:00.000Z"}]'
    connection.message_received(b'[2,"2","DataTransfer",{"vendorId":"V"}]')
    connection.message_received(b'[2,"3","Heartbeat",{}]')
    assert (pipe.sent, pipe.paused) == ([], 1)
    slow.may_go.set()
    await until(lambda: len(pipe.sent) == 2)
    assert [frame[:7] for frame in pipe.sent] == [b'[3,"2",', b'[3,"3",']
    assert pipe.paused == 0
    connection.transport_closed(CloseCode.NORMAL, "")
    assert not connection.connected
    pipe.close()
    await connection.close()
    await central._runtime.tasks.finish(0)


class Watched(ConnectedStations):
    """Stations that refuse some, and note who comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def admits(self, handshake: Handshake) -> bool | Awaitable[bool]:
        return handshake.identity != "CP9" and super().admits(handshake)

    def add(self, station: Station) -> None:
        self.told.append(f"{station.id} comes")
        super().add(station)

    def remove(self, station: Station) -> None:
        self.told.append(f"{station.id} goes")
        super().remove(station)

    def __iter__(self) -> Iterator[Station]:
        return iter(sorted(super().__iter__(), key=lambda station: station.id))


@scenario
async def test_central_system_is_given_its_stations() -> None:
    stations = Watched()
    async with serving(stations=stations) as site:
        for identity in ("CP2", "CP1"):
            await lives(await site.peer(f"/{identity}"))
        assert [station.id for station in site.central] == ["CP1", "CP2"]
        assert stations.find("CP2") is site.central["CP2"]
    assert stations.told == ["CP2 comes", "CP1 comes", *stations.told[2:]]
    assert sorted(stations.told[2:]) == ["CP1 goes", "CP2 goes"]


def test_stations_with_equal_policies_share_one_decoder_and_encoder() -> None:
    runtime = central_system()._runtime
    shared = {
        id(each)
        for number in range(1000)
        for each in runtime.frames(v16.VERSION, Policy(lenient={"Heartbeat"}, max_open_calls=2), f"CP{number}")
    }
    assert len(shared) == 2
    strict, lenient = (runtime.frames(v16.VERSION, Policy(lenient=each), "CP1")[0] for each in (False, True))
    assert strict is not lenient
