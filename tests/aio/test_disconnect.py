"""The end of a connection: whatever it comes from, what is pending fails at once, and is told of once (R44)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import Disconnected, Station, v16

from .exchanges import TRANSFER, TRANSFERRED
from .harness import CLEARED, Site, comings_and_goings, scenario, serving, until
from .peer import BINARY, Peer

SOON = 0.1
"""Seconds in which a disconnect must be known."""


async def pending_calls(station: Station) -> list[asyncio.Task[Any]]:
    """Three calls of which one is sent, and the others wait for their turn."""
    calls: list[asyncio.Task[Any]] = [asyncio.create_task(station.v16.clear_cache()) for _ in range(3)]
    await asyncio.sleep(0)
    return calls


async def fail_soon(calls: list[asyncio.Task[Any]]) -> None:
    """Fails unless all calls end with `Disconnected` in time."""
    start = time.monotonic()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - start < SOON
    assert [type(each) for each in outcomes] == [Disconnected] * len(calls)


def break_off(peer: Peer) -> None:
    """Leave in the middle of a frame."""
    peer.write(b"\x81\xfe")
    peer.writer.write_eof()


ENDS: dict[str, tuple[Callable[[Peer], object], int]] = {
    "close": (Peer.close, 1000),
    "reset": (Peer.abort, 1006),
    "end of stream": (lambda peer: peer.writer.write_eof(), 1006),
    "end of stream inside of a frame": (break_off, 1006),
    "protocol error": (lambda peer: peer.write(b"\xff\xff"), 1002),
    "binary": (lambda peer: peer.send_frame(BINARY, b"x"), 1003),
    "invalid UTF-8": (lambda peer: peer.send(b"\xff"), 1007),
}


@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
@scenario
async def test_R44_pending_calls_fail_at_once_and_those_of_others_go_on(
    end: Callable[[Peer], object], code: int
) -> None:
    gone: list[Station] = []
    async with serving() as site:
        site.central.on_disconnect(gone.append)
        other, another = await site.station("CP2")
        going_on = asyncio.create_task(another.v16.clear_cache())
        peer, station = await site.station()
        calls = await pending_calls(station)
        await peer.message()
        end(peer)
        await fail_soon(calls)
        assert (station.connected, station.close_code) == (False, code)
        assert "CP1" not in site.central
        with pytest.raises(Disconnected):
            await station.v16.clear_cache()
        await until(lambda: gone)
        other.send([3, (await other.message())[1], CLEARED])
        assert (await going_on).status is v16.ClearCacheStatus.ACCEPTED
        assert gone == [station]


@scenario
async def test_R44_our_own_close_fails_pending_calls_at_once() -> None:
    """Before the peer has said a word to it."""
    async with serving() as site:
        peer, station = await site.station()
        calls = await pending_calls(station)
        closing = asyncio.create_task(station.close())
        await fail_soon(calls)
        assert "CP1" not in site.central
        await peer.close_frame()
        await closing


@scenario
async def test_handler_of_a_station_that_left_runs_to_its_end() -> None:
    may_go, done = asyncio.Event(), asyncio.Event()

    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        await may_go.wait()
        assert not station.connected
        done.set()
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        peer, station = await site.station()
        peer.send(TRANSFER)
        peer.send([2, "2", "DataTransfer", {"vendorId": "never handled"}])
        peer.abort()
        await until(lambda: not station.connected)
        may_go.set()
        await done.wait()


@scenario
async def test_on_disconnect_is_told_once_and_after_on_connect() -> None:
    async def one_round(site: Site, number: int) -> None:
        peer = await site.peer(f"/CP{number}")
        end, _ = list(ENDS.values())[number % len(ENDS)]
        end(peer)
        await peer.eof()

    async with serving() as site:
        told = comings_and_goings(site.central)
        await asyncio.gather(*(one_round(site, number) for number in range(100)))
        await until(lambda: len(told) == 200)
        await until(lambda: len(site.central) == 0)
    for number in range(100):
        assert [event for event, identity in told if identity == f"CP{number}"] == ["connected", "disconnected"]
