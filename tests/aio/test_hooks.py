"""What a user hangs on an endpoint: hooks of connections and frames, and after an answer; none can do harm."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast import Context, Direction, Station, v16

from .exchanges import afterwards, answered, broken, broken_later, cancelled_later, give, is_called, lives
from .harness import HEARTBEAT, comings_and_goings, scenario, serving, until, websocket_of


@pytest.mark.parametrize("hook", [broken, broken_later, cancelled_later])
@scenario
async def test_broken_hooks_do_no_harm(hook: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as site:
        central = site.central
        for register in (central.on_connect, central.on_disconnect, central.on_frame):
            register(hook)
        central.after(v16.HeartbeatRequest)(hook)
        told = comings_and_goings(central)
        peer, station = await site.station()
        await lives(peer)
        await is_called(peer, station)
        peer.close()
        await until(lambda: len(told) == 2)
    assert told == [("connected", "CP1"), ("disconnected", "CP1")]
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
        await is_called(peer, station)
    directions = [Direction.IN, Direction.OUT, Direction.IN, Direction.OUT, Direction.OUT, Direction.IN]
    assert [each[0] for each in seen] == directions
    assert {each[1] for each in seen} == {"CP1"}
    assert [each[2][:4] for each in seen] == [b"[2, ", b'[3,"', b"nons", b'[4,"', b'[2,"', b"[3, "]


@pytest.mark.parametrize("later", [False, True], ids=["def", "async def"])
@scenario
async def test_after_hooks_run_after_the_answer_was_sent_and_may_call_the_station(later: bool) -> None:
    order: list[object] = []

    def note(station: Station, request: v16.HeartbeatRequest, context: Context) -> None:
        order.append((station.id, type(request), context.unique_id))

    async def note_later(station: Station, request: v16.HeartbeatRequest, context: Context) -> None:
        note(station, request, context)
        order.append(await station.v16.clear_cache())

    async with serving() as site:
        site.central.on_frame(lambda direction, *_: order.append(direction))
        site.central.after(v16.HeartbeatRequest)(note_later if later else note)
        if later:
            site.central.on(v16.HeartbeatRequest)(afterwards(give(HEARTBEAT)))
        peer = await site.peer()
        await lives(peer, "alive")
        if later:
            await answered(peer)
        await until(lambda: len(order) == (6 if later else 3))
    assert order[:3] == [Direction.IN, Direction.OUT, ("CP1", v16.HeartbeatRequest, "alive")]


@pytest.mark.parametrize("handler", [give(None), broken])
@scenario
async def test_after_hooks_do_not_run_when_the_handler_failed(handler: Any, caplog: pytest.LogCaptureFixture) -> None:
    after: list[object] = []
    async with serving() as site:
        site.central.on(v16.HeartbeatRequest)(handler)
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
