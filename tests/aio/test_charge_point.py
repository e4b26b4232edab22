"""The charge point: connected, connecting again, and at the end of its context."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

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
    v201,
)
from ocpp_fast.aio.address import Address, authorization
from ocpp_fast.aio.uplink import StationConnection

from .exchanges import BOOTED
from .harness import HEARTBEAT, central_system, no_other_tasks, run, scenario, serving, until
from .peer import PATIENCE
from .scripted_server import (
    CLEARED,
    charge_point,
    no_other_tasks_but_servers,
    raw_server,
    request_of,
    switching,
)

# Connected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
@scenario
async def test_station_connects_from_its_local_address() -> None:
    async with serving() as site, charge_point(site.server.url, local_address="127.0.0.2"):
        station = await site.central.wait_connected("CP1")
        assert station.handshake.remote_address is not None
        assert station.handshake.remote_address[0] == "127.0.0.2"


@scenario
async def test_station_calls_and_is_called_and_frame_hooks_are_told_which_side() -> None:
    told: list[tuple[str, object]] = []
    async with serving() as site:
        station = charge_point(site.server.url, versions=[v16, v201])
        for side in (site.central, station):
            side.on_frame(lambda direction, which, _: told.append((direction, which)))
        async with station:
            assert station.connected
            assert station.version is v16.VERSION
            assert await station.v16.heartbeat() == HEARTBEAT
            seen = await site.central.wait_connected("CP1")
            assert told == [("out", station), ("in", seen), ("out", seen), ("in", station)]
            assert await seen.v16.clear_cache() == CLEARED
            with pytest.raises(CallError, match="NotSupported"):
                await seen.v16.unlock_connector(connector_id=1)
    assert not station.connected


@scenario
async def test_message_of_another_version_raises_and_nothing_is_sent() -> None:
    frames: list[object] = []
    async with serving() as site, charge_point(site.server.url, versions=[v201, v16]) as station:
        site.central.on_frame(lambda *given: frames.append(given))
        seen = await site.central.wait_connected("CP1")
        with pytest.raises(VersionMismatch):
            station.v21  # noqa: B018  # the access is the test
        with pytest.raises(VersionMismatch, match=r"ResetRequest is not a CALL of OCPP 2\.0\.1"):
            await seen.call(v16.ResetRequest(type=v16.ResetType.SOFT))
        with pytest.raises(VersionMismatch):
            await station.call(v16.HeartbeatRequest())
    assert frames == []


@scenario
async def test_calls_cross_in_handlers_of_both_sides() -> None:
    async def boot(seen: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        assert await seen.v16.clear_cache() == CLEARED
        return BOOTED

    async def clear_cache(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        assert await station.v16.heartbeat() == HEARTBEAT
        return CLEARED

    async with serving() as site:
        site.central.on(v16.BootNotificationRequest)(boot)
        station = charge_point(site.server.url)
        station.on(v16.ClearCacheRequest)(clear_cache)
        async with station:
            seen = await site.central.wait_connected("CP1")
            for _ in range(2):
                assert await seen.v16.clear_cache() == CLEARED


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
        assert site.central[identity].handshake.path == f"/ocpp/{quote(identity, safe='')}"


@scenario
async def test_R34_password_is_sent() -> None:
    password = bytes(range(256))
    async with serving(auth=BasicAuth({"CP1": password})) as site:
        async with charge_point(site.server.url, password=password) as station:
            assert await station.v16.heartbeat() == HEARTBEAT
        with pytest.raises(HandshakeFailed) as failed:
            await charge_point(site.server.url, password=b"wrong").__aenter__()
        assert failed.value.status == 401


@scenario
async def test_no_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    auth = BasicAuth({"CP1": b"secret"})
    async with serving(auth=auth) as site, charge_point(site.server.url, password=b"secret") as station:
        assert await station.v16.heartbeat() == HEARTBEAT
    assert caplog.messages.count("> Authorization: (not logged)") == 1
    assert caplog.messages.count("< Authorization: (not logged)") == 1
    assert authorization("CP1", b"secret").partition(" ")[2] not in caplog.text


@scenario
async def test_R34_vector() -> None:
    password = bytes.fromhex("0001020304050607" + "FF" * 12)
    async with serving() as site, charge_point(site.server.url, "AL1000", password=password):
        seen = (await site.central.wait_connected("AL1000")).handshake
        assert seen.headers["Authorization"] == "Basic QUwxMDAwOgABAgMEBQYH////////////////"
        assert (seen.path, seen.subprotocols) == ("/AL1000", ("ocpp1.6",))


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
async def test_R41_R42_connects_again_after_a_restart_of_the_server() -> None:
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
        with pytest.raises(CallError):
            await station.call(v16.AuthorizeRequest(id_tag="x"))
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
        await central["CP1"].close()
        await until(lambda: recorded.begun == 2)
        await station.wait_connected()
        await station.__aexit__(None, None, None)
    assert told == ["connected", "disconnected"] * 3


@scenario
async def test_R42_back_off_goes_on_after_a_connection_that_answered_nothing() -> None:
    recorded = Recorded()
    async with serving() as site:
        turned_away: list[Station] = []

        @site.central.on_connect
        async def turn_away(station: Station) -> None:
            if len(turned_away) < 3:
                turned_away.append(station)
                await station.close()

        async with charge_point(site.server.url, back_off=recorded) as station:
            await until(lambda: len(recorded.waited) == 3 and station.connected)
            assert recorded.begun == 1
            assert await station.v16.heartbeat() == HEARTBEAT
            await (await site.central.wait_connected("CP1")).close()
            await until(lambda: recorded.begun == 2)


@scenario
async def test_R42_whatever_a_try_raises_the_next_one_follows(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as site, charge_point(site.server.url, back_off=Recorded()) as station:
        tries = iter([ZeroDivisionError("odd"), TimeoutError(), KeyError(), HandshakeFailed("refused", 401)])
        told: list[Exception] = []
        station.on_connect_failed(told.append)
        dial = station._uplink.dial

        async def try_to_connect(address: Address) -> StationConnection:
            for error in tries:
                raise error
            return await dial(address)

        station._uplink.dial = try_to_connect  # what a resolver or a context may raise
        caplog.set_level(logging.INFO)
        await (await site.central.wait_connected("CP1")).close()
        async with asyncio.timeout(PATIENCE):
            await station.wait_connected()
        assert await station.v16.heartbeat() == HEARTBEAT
    logged = [each for each in caplog.records if "can't connect" in each.getMessage()]
    assert [each.levelname for each in logged] == ["ERROR", "INFO", "ERROR", "INFO"]
    assert [each.exc_info is not None for each in logged] == [True, False, True, False]
    where = f"{site.server.url}/CP1"
    assert (
        logged[0].getMessage() == f"CP1: can't connect to {where}: the connection can't be made: ZeroDivisionError: odd"
    )
    assert [type(each) for each in told] == [HandshakeFailed, TimeoutError, HandshakeFailed, HandshakeFailed]
    caplog.clear()


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

    async with serving() as site:
        site.central.on(v16.HeartbeatRequest)(lambda *_: asyncio.sleep(60, HEARTBEAT))
        station = charge_point(site.server.url)
        station.on(v16.ClearCacheRequest)(clear_cache)
        async with station:
            seen = await site.central.wait_connected("CP1")
            calls = [asyncio.create_task(seen.v16.clear_cache()), asyncio.create_task(station.v16.heartbeat())]
            await running.wait()
        for each in calls:
            with pytest.raises(Disconnected):
                await each
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
    ports: list[int] = []

    async def once() -> None:
        central = central_system()
        async with central.serve(port=ports[-1] if ports else 0) as server:
            ports.append(server.port)
            station = stations[0] if stations else charge_point(server.url)
            stations.append(station)
            for _ in range(2):
                async with station:
                    assert await station.v16.heartbeat() == HEARTBEAT
                    seen = await central.wait_connected("CP1")
                    await seen.close()
                    async with asyncio.timeout(PATIENCE):
                        await station.wait_connected()

    run(once())
    run(once())
