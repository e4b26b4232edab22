"""Connections in memory: all of a central system and of a charge point but the sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import pytest

from ocpp_fast import (
    BasicAuth,
    CallNext,
    CallTimeout,
    CentralSystem,
    ChargePoint,
    Context,
    Disconnected,
    Handshake,
    HandshakeFailed,
    NoAuth,
    Station,
    v16,
    v21,
    v201,
)
from ocpp_fast.testing import FakeClock, connect

NOW = v16.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))
ACCEPTED = v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)


def asyncio_test(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(**given: Any) -> None:
        async def watched() -> None:
            await test(**given)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(watched())

    return run


def some_central(**options: Any) -> CentralSystem:
    defaults: dict[str, Any] = {"auth": NoAuth(), "versions": [v16, v201, v21]}
    central = CentralSystem(**defaults | options)

    @central.on(v16.HeartbeatRequest)
    async def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        return NOW

    return central


@asyncio_test
async def test_handlers_middleware_and_hooks_run_as_over_a_socket() -> None:
    central, told = some_central(), []
    central.on_connecting(lambda handshake: setattr(handshake, "state", [handshake.path]))
    central.on_connect(lambda station: told.append(("connected", station.state)))
    central.on_disconnect(lambda station: told.append(("left", station.close_code)))
    central.on_frame(lambda direction, station, raw: told.append((str(direction), raw[:4])))

    @central.middleware
    async def each(call: Context, call_next: CallNext) -> Any:
        told.append(("handles", call.action.name))
        return await call_next(call)

    async with connect(central, "CP1", version=v16) as station:
        assert await station.v16.heartbeat() == NOW
        station.on(v16.ResetRequest)(lambda request: ACCEPTED)
        assert await central["CP1"].v16.reset(type=v16.ResetType.SOFT) == ACCEPTED
    assert told == [
        ("connected", ["/CP1"]),
        ("in", b'[2,"'),
        ("handles", "Heartbeat"),
        ("out", b'[3,"'),
        ("out", b'[2,"'),
        ("in", b'[3,"'),
        ("left", 1000),
    ]
    assert len(central) == 0


@asyncio_test
async def test_the_handshake_is_decided_as_over_a_socket() -> None:
    refused: list[object] = []
    central = some_central(auth=BasicAuth({"CP1": b"secret"}), versions=[v16])
    central.on_refused(lambda refusal: refused.append((refusal.id, refusal.status)))
    async with connect(central, "CP1", version=v16, password=b"secret", headers={"X-Model": "A"}) as station:
        handshake: Handshake = central["CP1"].handshake
        assert (handshake.headers["X-Model"], handshake.remote_address) == ("A", ("127.0.0.1", 0))
        assert station.version is v16.VERSION
    for identity, options, status in (
        ("CP1", {"password": b"wrong"}, 401),
        ("CP2", {"password": b"secret"}, 401),
        ("CP1", {"password": b"secret", "path": "/"}, 404),
    ):
        with pytest.raises(HandshakeFailed, match=f"{identity}: refused with {status}") as failed:
            await connect(central, identity, version=v16, **options).__aenter__()
        assert failed.value.status == status
    with pytest.raises(HandshakeFailed, match="the server chose no subprotocol"):
        await connect(central, "CP1", version=v201, password=b"secret").__aenter__()
    assert refused == [("CP1", 401), ("CP2", 401), (None, 404), ("CP1", 101)]


@asyncio_test
async def test_two_stations_and_two_versions_at_a_time() -> None:
    central = some_central()
    async with connect(central, "CP1", version=v16) as one, connect(central, "CP2", version=v21) as two:
        assert sorted(station.id for station in central) == ["CP1", "CP2"]
        assert await one.v16.heartbeat() == NOW
        two.on(v21.ClearCacheRequest)(
            lambda request: v21.ClearCacheResponse(status=v21.ClearCacheStatusEnumType.ACCEPTED)
        )
        await central["CP2"].v21.clear_cache()


@asyncio_test
async def test_a_charge_point_of_ones_own_is_connected_with_its_handlers_and_again() -> None:
    charge_point = ChargePoint("CP1", "ws://h/ocpp?a=1", versions=[v16])
    charge_point.on(v16.ResetRequest)(lambda request: ACCEPTED)
    central = some_central()
    central.on_connect(lambda station: station.v16.reset(type=v16.ResetType.SOFT))
    clock = FakeClock()
    async with connect(central, charge_point, clock=clock) as same:
        assert same is charge_point
        first = central["CP1"]
        assert first.handshake.path == "/ocpp/CP1?a=1"
        await first.close(4000)
        await clock.advance(0)
        assert not charge_point.connected
        await clock.advance(60)
        assert charge_point.connected
        assert central["CP1"] is not first


@asyncio_test
async def test_a_charge_point_alone_is_given_its_station() -> None:
    charge_point = ChargePoint("CP1", "ws://h", versions=[v16])
    charge_point.on(v16.ResetRequest)(lambda request: ACCEPTED)
    async with connect(charge_point) as station:
        assert await station.v16.reset(type=v16.ResetType.HARD) == ACCEPTED
        expected = station.expect(v16.HeartbeatRequest)
        with pytest.raises(Exception, match=r"NotSupported"):
            await charge_point.v16.heartbeat()
        expected.cancel()
    assert not charge_point.connected


@asyncio_test
async def test_time_passes_when_the_clock_says_so() -> None:
    central, clock, began = some_central(), FakeClock(), time.monotonic()
    may_go = asyncio.Event()

    @central.on(v16.DataTransferRequest)
    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        await may_go.wait()
        raise AssertionError

    async with connect(central, "CP1", version=v16, clock=clock) as station:
        calls = [
            asyncio.ensure_future(station.call(v16.DataTransferRequest(vendor_id="V"), timeout=seconds))
            for seconds in (40, 20)
        ]
        await clock.advance(19)
        assert [call.done() for call in calls] == [False, False]
        await clock.advance(2)
        assert [call.done() for call in calls] == [False, True]
        await clock.advance(3600)
        assert [type(call.exception()) for call in calls] == [CallTimeout, CallTimeout]
    assert time.monotonic() - began < 30
    with pytest.raises(RuntimeError, match="the clock is not installed"):
        await clock.advance(1)


@asyncio_test
async def test_timers_go_off_in_their_order() -> None:
    clock, order = FakeClock(), []

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(seconds)
        if seconds == 10:
            await sleep(15)

    with clock.installed():
        tasks = [asyncio.create_task(sleep(seconds)) for seconds in (30, 10, 20)]
        await clock.advance(60)
        await asyncio.wait(tasks)
    assert order == [10, 20, 15, 30]


@asyncio_test
async def test_what_is_pending_fails_when_the_connection_is_cut() -> None:
    central = some_central()
    async with connect(central, "CP1", version=v16) as station:
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        station.on(v16.ResetRequest)(lambda request: never)
        call = asyncio.ensure_future(central["CP1"].v16.reset(type=v16.ResetType.SOFT))
        await asyncio.sleep(0)
        central["CP1"]._transport.abort()
        with pytest.raises(Disconnected):
            await call
        never.cancel()


def test_a_fake_clock_needs_the_loop_of_asyncio() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def test() -> None:
        with pytest.raises(TypeError, match="a fake clock needs asyncio's own event loop"), FakeClock().installed():
            raise AssertionError

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())


def test_connect_wants_a_version() -> None:
    with pytest.raises(TypeError, match="expected a central system, an identity and a version"):
        connect(some_central(), "CP1")  # type: ignore[call-overload]  # meant
