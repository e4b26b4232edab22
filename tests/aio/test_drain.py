"""`server.drain`: stations leave, none comes, and no call is lost for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import Disconnected, Server, Station, health
from ocpp_fast.aio.transport import CloseCode

from .exchanges import ACCEPTED, TRANSFER, Slow, answered, broken, is_called
from .harness import on_one_loop, scenario, serving, until
from .peer import Peer, handshake_bytes

DRAINED = (1012, "the central system is draining")


@scenario
async def test_all_stations_leave_and_hooks_are_told_once() -> None:
    async with serving() as site:
        told: list[Server] = []
        site.central.on_drain(told.append)
        peers = [await site.peer(f"/CP{number}") for number in range(20)]
        assert await site.server.drain(2000) == 0
        assert [await peer.close_frame() for peer in peers] == [DRAINED] * len(peers)
        assert len(site.central) == 0
        assert await site.server.drain() == 0
        assert told == [site.server]


@scenario
async def test_none_comes_while_it_drains() -> None:
    """Nor one whose handshake has begun before."""
    may_go = asyncio.Event()

    async def waits(_: object) -> None:
        await may_go.wait()

    async with serving(http=health) as site:
        assert [await status(site, path) for path in ("/healthz", "/readyz", "/other")] == [200, 200, 426]
        peer, station = await site.station()
        site.central.on_connecting(waits)
        asking = await site.asking("/CP2")
        calling = asyncio.create_task(station.v16.clear_cache())
        drained = asyncio.create_task(site.server.drain())
        await until(lambda: site.server.is_draining)
        may_go.set()
        for answer in (await asking.http_answer(), await site.http(handshake_bytes("/CP3"))):
            assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert [await status(site, path) for path in ("/healthz", "/readyz", "/other?x")] == [200, 503, 426]
        await answered(peer)
        assert (await calling).status == "Accepted"
        assert await drained == 0


async def status(site: Any, path: str) -> int:
    answer = await site.http(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return int(answer.status)


@scenario
async def test_a_call_that_is_open_is_waited_for_and_a_new_one_is_not_sent() -> None:
    async with serving() as site:
        peer, station = await site.station()
        calls = [asyncio.create_task(station.v16.clear_cache()) for _ in range(2)]  # one waits for its turn
        await asyncio.sleep(0)
        drained = asyncio.create_task(site.server.drain(2000))
        await until(lambda: station in site.central._runtime.leaving)
        with pytest.raises(Disconnected) as raised:
            await station.v16.clear_cache()
        assert (raised.value.delivered, station.connected) == (False, True)
        for call in calls:
            await answered(peer)
            assert (await call).status == "Accepted"
        assert await peer.close_frame() == DRAINED
        assert await drained == 0
        assert site.central._runtime.leaving == set()


@scenario
async def test_a_station_that_is_answered_leaves_after_that_and_may_be_called_before() -> None:
    slow = Slow()
    async with serving(transfer=slow) as site:
        peer, station = await site.station()
        idle = await site.peer("/CP2")
        peer.send(TRANSFER)
        await until(lambda: slow.seen)
        drained = asyncio.create_task(site.server.drain(2000))
        assert await idle.close_frame() == DRAINED
        await is_called(peer, station)
        slow.may_go.set()
        assert await peer.message() == ACCEPTED
        assert await peer.close_frame() == DRAINED
        assert await drained == 0


@on_one_loop
async def test_those_that_are_busy_leave_last() -> None:
    async with serving() as site:
        left: list[str] = []
        site.central.on_disconnect(lambda station: left.append(station.id))
        peers = [await site.peer(f"/CP{number}") for number in range(6)]
        charging = {"CP0", "CP2", "CP4"}
        assert await site.server.drain(3, busy=lambda station: station.id in charging) == 0
        assert [await peer.close_frame() for peer in peers] == [DRAINED] * len(peers)
        await until(lambda: len(left) == len(peers))
        assert set(left[3:]) == charging


@pytest.mark.parametrize("marked", [False, True], ids=["handling", "called"])
@on_one_loop
async def test_those_that_are_left_when_the_time_is_over_stay(marked: bool, caplog: pytest.LogCaptureFixture) -> None:
    slow = Slow()
    async with serving(transfer=slow) as site:
        peer, station = await site.station()
        idle = await site.peer("/CP2")
        calling = asyncio.create_task(station.v16.clear_cache())
        if not marked:
            peer.send(TRANSFER)
            await until(lambda: slow.seen)
        assert await site.server.drain(2000, timeout=1.2) == 1
        assert await idle.close_frame() == DRAINED
        assert "1 stations are left" in caplog.text
        caplog.clear()
        await answered(peer)
        assert (await calling).status == "Accepted"
        await is_called(peer, station)
        slow.may_go.set()


@pytest.mark.parametrize(
    ("code", "sent"),
    [(1001, 1001), (lambda station: CloseCode.GOING_AWAY, 1001), (broken, 1012)],
    ids=["code", "function", "broken"],
)
@on_one_loop
async def test_the_code_is_as_told(
    code: int | Callable[[Station], int], sent: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as site:
        peer = await site.peer()
        busy: Callable[[Station], object] | None = broken if sent == 1012 else None
        assert await site.server.drain(code=code, busy=busy) == 0
        assert await peer.close_frame() == (sent, DRAINED[1])
        assert caplog.text.count("RuntimeError: on purpose") == (2 if sent == 1012 else 0)
        caplog.clear()


@on_one_loop
async def test_one_that_leaves_by_itself_is_not_waited_for() -> None:
    async with serving() as site:
        peer, station = await site.station()
        calling = asyncio.create_task(station.v16.clear_cache())
        drained = asyncio.create_task(site.server.drain(2000))
        await until(lambda: station in site.central._runtime.leaving)
        peer.abort()
        assert await drained == 0
        with pytest.raises(Disconnected):
            await calling
        assert site.central._runtime.leaving == set()


@on_one_loop
async def test_one_of_two_ports_may_drain() -> None:
    async with serving() as site, site.central.serve() as other:
        stays = await Peer.connect(other.port)
        stays.write(handshake_bytes("/CP2"))
        assert (await stays.http_answer()).status == 101
        peer = await site.peer()
        assert await site.server.drain() == 0
        assert await peer.close_frame() == DRAINED
        assert (other.is_ready, [each.id for each in site.central]) == (True, ["CP2"])
        stays.abort()


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"rate": 0.5}, {"rate": True}, {"timeout": 0}])
@on_one_loop
async def test_what_it_is_told_is_checked(wrong: dict[str, Any]) -> None:
    async with serving() as site:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            await site.server.drain(**wrong)
        assert site.server.is_ready
        with pytest.raises(RuntimeError):  # `run` is told at once, and not when the signal comes
            site.central.run(drain=100)
        if "rate" in wrong and isinstance(wrong["rate"], int):
            with pytest.raises(ValueError, match="drain"):
                site.central.run(drain=wrong["rate"])
