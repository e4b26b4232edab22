"""docs/migration.md: its programs do the same, before and after, and what it says differs does so."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import ocpp.v16.call
import ocpp.v16.call_result
import pytest
import websockets
from ocpp.routing import on
from ocpp.v16.enums import Action

from ocpp_fast import CallError, CentralSystem, ChargePoint, Disconnected, ErrorCode, NoAuth, Station, v16

from ..cli.programs import in_time, program
from ..sources import ROOT
from ..test_examples import free_port

pytestmark = pytest.mark.once

PAGE: Final = (ROOT / "docs" / "migration.md").read_text("utf-8")
PROGRAMS: Final = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CENTRALS: Final = dict(zip(("ocpp", "ocpp_fast"), PROGRAMS[:2], strict=True))
STATIONS: Final = dict(zip(("ocpp", "ocpp_fast"), PROGRAMS[2:], strict=True))
ANSWERS: Final = re.findall(r"^\| `(\{.*?|\[.*?)`[^|]* \| ([\w ]+) \| (\w+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("station", STATIONS)
@pytest.mark.parametrize("central", CENTRALS)
def test_the_programs_do_the_same(central: str, station: str) -> None:
    @in_time
    async def test() -> None:
        port = free_port()
        async with program("-u", "-c", CENTRALS[central].replace("8887", port)) as server:
            while True:  # it says nowhere that it listens
                async with program("-u", "-c", STATIONS[station].replace("8887", port)) as client:
                    try:
                        await client.line("it says Accepted$")
                    except AssertionError:
                        await client.ended()
                        assert "Connect call failed" in client.complaints
                        continue
                    await server.line("CP001 has 300$")
                    break

    test()


class Package(ocpp.v16.ChargePoint):  # type: ignore[misc]  # it has no types
    """A station of a central system that is built on the `ocpp` package."""

    @on(Action.boot_notification)  # type: ignore[untyped-decorator]
    def boot(self, **payload: Any) -> Any:
        return ocpp.v16.call_result.BootNotification("2026-01-01T00:00:00Z", 300, "Accepted")

    @on(Action.heartbeat)  # type: ignore[untyped-decorator]
    def heartbeat(self) -> Any:
        raise RuntimeError("a secret")

    @on(Action.status_notification)  # type: ignore[untyped-decorator]
    def status(self, **payload: Any) -> Any:
        return ocpp.v16.call_result.StatusNotification()

    @on(Action.authorize)  # type: ignore[untyped-decorator]
    def authorize(self, **payload: Any) -> Any:
        return ocpp.v16.call_result.Authorize(id_tag_info={"status": "Perhaps"})

    @on(Action.data_transfer)  # type: ignore[untyped-decorator]
    async def transfer(self, **payload: Any) -> Any:
        return await self.call(ocpp.v16.call.ClearCache(), suppress=False)


@asynccontextmanager
async def package(timeout: float = 30.0) -> AsyncIterator[tuple[str, list[Package]]]:
    """Serve with the `ocpp` package; yield where, and the connections."""
    stations: list[Package] = []

    async def connected(websocket: websockets.ServerConnection) -> None:
        stations.append(Package("CP1", websocket, response_timeout=timeout))
        with suppress(websockets.ConnectionClosed):
            await stations[-1].start()

    async with websockets.serve(connected, "127.0.0.1", 0, subprotocols=[websockets.Subprotocol("ocpp1.6")]) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", stations


def central_system() -> CentralSystem:
    """Return a central system with the same handlers."""
    central = CentralSystem(auth=NoAuth(), versions=[v16])

    @central.on(v16.BootNotificationRequest)
    def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        now = datetime.now(UTC)
        return v16.BootNotificationResponse(current_time=now, interval=300, status=v16.RegistrationStatus.ACCEPTED)

    @central.on(v16.HeartbeatRequest)
    def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        raise RuntimeError("a secret")

    @central.on(v16.StatusNotificationRequest)
    def status(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
        return v16.StatusNotificationResponse()

    @central.on(v16.AuthorizeRequest)
    def authorize(station: Station, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
        perhaps: Any = "Perhaps"
        return v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=perhaps))

    @central.on(v16.DataTransferRequest)
    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        await station.v16.clear_cache()
        return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED)

    return central


async def answer(url: str, frame: str) -> str:
    """Return what a server answers to a frame: the code of an error, "a result", or "nothing"."""
    next_one = '[2,"next","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]'
    async with websockets.connect(f"{url}/CP1", subprotocols=[websockets.Subprotocol("ocpp1.6")]) as websocket:
        await websocket.send(frame)
        await websocket.send(next_one)
        came = json.loads(await websocket.recv())
    return "nothing" if came[1] == "next" else "a result" if came[0] == 3 else came[2]


def test_every_row_on_answers_is_read() -> None:
    table = PAGE.partition("## What behaves differently")[2].partition("And what your program")[0]
    assert len(ANSWERS) == sum(line.startswith("| `") for line in table.splitlines()) > 10


@pytest.mark.parametrize(("frame", "theirs", "ours"), ANSWERS, ids=[each[0] for each in ANSWERS])
def test_the_answers_are_those_of_the_table(
    frame: str, theirs: str, ours: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    async def test() -> None:
        async with package() as (url, _), central_system().serve() as server:
            assert await answer(url, frame) == theirs
            assert await answer(server.url, frame) == ours

    asyncio.run(test())


async def refusing(url: str) -> ChargePoint:
    """Return a station that refuses to clear its cache."""
    station = ChargePoint("CP1", url, versions=[v16])

    @station.on(v16.ClearCacheRequest)
    def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        raise CallError(ErrorCode.SECURITY_ERROR, "no")

    return station


def test_a_call_error_is_swallowed_there_and_raised_here(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with package() as (url, stations), await refusing(url):
            assert await stations[0].call(ocpp.v16.call.ClearCache()) is None
        central = central_system()
        async with central.serve() as server, await refusing(server.url):
            with pytest.raises(CallError, match="SecurityError"):
                await central["CP1"].v16.clear_cache()

    asyncio.run(test())


def test_a_handler_that_calls_its_station_blocks_there_and_is_answered_here(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with package(timeout=0.1) as (url, _), await refusing(url) as station:
            with pytest.raises(CallError, match="InternalError"):  # a time-out, though the station answers at once
                await station.v16.data_transfer(vendor_id="V")
        async with central_system().serve() as server, await refusing(server.url) as station:
            with pytest.raises(CallError, match="SecurityError"):
                await station.v16.data_transfer(vendor_id="V")

    asyncio.run(test())


def test_a_call_that_is_open_when_the_connection_ends_fails_at_once() -> None:
    async def test() -> None:
        central = central_system()
        async with central.serve() as server:
            station = ChargePoint("CP1", server.url, versions=[v16])

            @station.on(v16.ClearCacheRequest)
            async def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
                leaving.set()
                await asyncio.Event().wait()
                raise AssertionError

            leaving = asyncio.Event()
            async with station:
                calling = asyncio.ensure_future(central["CP1"].v16.clear_cache())
                await leaving.wait()
            with pytest.raises(Disconnected):
                await calling

    asyncio.run(test())
