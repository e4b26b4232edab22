"""What a user hangs on an endpoint: hooks of connections and frames, and after an answer; none can do harm."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_fast import Context, Direction, Station, v16

from .exchanges import broken, broken_later, cancelled_later
from .harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON, scenario, serving, until, websocket_of
from .peer import Peer

EACH_BROKEN = pytest.mark.parametrize("hook", [broken, broken_later, cancelled_later])


async def lives(peer: Peer) -> None:
    peer.heartbeat("alive")
    assert await peer.message() == [3, "alive", HEARTBEAT_JSON]


@EACH_BROKEN
@scenario
async def test_broken_hooks_do_no_harm(hook: Any, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    async with serving() as site:
        central = site.central
        for register in (central.on_connect, central.on_disconnect, central.on_frame):
            register(hook)
        central.after(v16.HeartbeatRequest)(hook)
        central.on_connect(lambda station: told.append("connected"))
        central.on_disconnect(lambda station: told.append("disconnected"))
        peer, station = await site.station()
        await lives(peer)
        calling = asyncio.create_task(station.v16.clear_cache())
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        await calling
        peer.close()
        await until(lambda: len(told) == 2)
    assert told == ["connected", "disconnected"]
    assert ("on purpose" in caplog.text) is (hook is not cancelled_later)
    caplog.clear()


@scenario
async def test_on_frame_sees_both_directions_in_order() -> None:
    seen: list[tuple[str, str, bytes]] = []
    async with serving() as site:
        site.central.on_frame(lambda direction, station, raw: seen.append((direction, station.id, raw)))
        peer, station = await site.station()
        await lives(peer)
        peer.send("nonsense")
        await peer.message()
        calling = asyncio.create_task(station.v16.clear_cache())
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        await calling
    directions = [Direction.IN, Direction.OUT, Direction.IN, Direction.OUT, Direction.OUT, Direction.IN]
    assert [each[0] for each in seen] == directions
    assert {each[1] for each in seen} == {"CP1"}
    assert [each[2][:4] for each in seen] == [b"[2, ", b'[3,"', b"nons", b'[4,"', b'[2,"', b"[3, "]


@scenario
async def test_on_connect_may_call_the_station() -> None:
    outcomes: list[object] = []

    async def connected(station: Station) -> None:
        outcomes.append(await station.v16.clear_cache())

    async with serving() as site:
        site.central.on_connect(connected)
        peer = await site.peer()
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        await until(lambda: outcomes)


@pytest.mark.parametrize("later", [False, True], ids=["def", "async def"])
@scenario
async def test_after_hooks_run_after_the_answer_was_sent(later: bool) -> None:
    order: list[object] = []

    def note(station: Station, request: v16.HeartbeatRequest, context: Context) -> None:
        order.append((station.id, type(request), context.unique_id))

    async def note_later(station: Station, request: v16.HeartbeatRequest, context: Context) -> None:
        note(station, request, context)

    async with serving() as site:
        site.central.on_frame(lambda direction, *_: order.append(direction))
        site.central.after(v16.HeartbeatRequest)(note_later if later else note)
        peer = await site.peer()
        await lives(peer)
        await until(lambda: len(order) == 3)
    assert order == [Direction.IN, Direction.OUT, ("CP1", v16.HeartbeatRequest, "alive")]


@scenario
async def test_after_hook_may_call_the_station_of_an_async_handler() -> None:
    outcomes: list[object] = []

    async def heartbeat(*_: object) -> v16.HeartbeatResponse:
        await asyncio.sleep(0)
        return HEARTBEAT

    async def call_back(station: Station, request: v16.HeartbeatRequest) -> None:
        outcomes.append(await station.v16.clear_cache())

    async with serving() as site:
        site.central.on(v16.HeartbeatRequest)(heartbeat)
        site.central.after(v16.HeartbeatRequest)(call_back)
        peer = await site.peer()
        await lives(peer)
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        await until(lambda: outcomes)


@pytest.mark.parametrize("outcome", [None, RuntimeError("on purpose")])
@scenario
async def test_after_hooks_do_not_run_when_the_handler_failed(
    outcome: object, caplog: pytest.LogCaptureFixture
) -> None:
    after: list[object] = []

    def heartbeat(*_: object) -> Any:
        if isinstance(outcome, Exception):
            raise outcome

    async with serving() as site:
        site.central.on(v16.HeartbeatRequest)(heartbeat)
        site.central.after(v16.HeartbeatRequest)(lambda *given: after.append(given))
        peer = await site.peer()
        peer.heartbeat("1")
        assert (await peer.message())[2] == "InternalError"
    assert after == []
    caplog.clear()


@scenario
async def test_frame_hook_may_close_the_station() -> None:
    async with serving() as site:
        site.central.on_frame(lambda _, station, __: websocket_of(station).close(4000, "seen enough"))
        peer = await site.peer()
        peer.heartbeat("1")
        assert await peer.close_frame() == (4000, "seen enough")
        await peer.eof()


@scenario
async def test_state_is_the_users_own() -> None:
    async with serving() as site:
        site.central.on_connect(lambda station: setattr(station, "state", [station.id]))
        peer, station = await site.station()
        await lives(peer)
        assert station.state == ["CP1"]
