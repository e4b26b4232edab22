"""What a connected station costs that says nothing: little memory, and no parser, task or timer."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import ocpp_fast
from ocpp_fast import CentralSystem, v16
from ocpp_fast._core import accelerated

from .exchanges import BOOTED, give, is_called
from .harness import Site, central_system, on_one_loop, scenario, serving, until, websocket_of
from .peer import CONTINUATION, PING, PONG, TEXT, Frame, Peer, frame_bytes
from .test_websocket import DEFLATE, deflated

COUNT: Final = 100
BOOT: Final = [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
MOST_KEPT: Final = 1500 if accelerated else 1770  # some 6 % more than in the year 2026, in bytes
CALL: Final = b'[2,"1","Heartbeat",{}]'


async def booted(site: Site, names: list[str]) -> list[Peer]:
    """Peers that have booted and sent a heartbeat."""
    peers = []
    for name in names:
        peer = await site.peer(f"/{name}")
        peer.send(BOOT)
        await peer.message()
        peer.heartbeat("1")
        await peer.message()
        peers.append(peer)
    return peers


OWN: Final = {"WebSocket", "Station", "Session", "CentralGate", "Handshake", "RawHeaders"}
"""What a station consists of, and the collector has to look at."""


def alive(package: str) -> Counter[str]:
    """How many objects there are of which classes of a package."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    return Counter(kind.__name__ for kind in kinds if str(kind.__module__).partition(".")[0] == package)


def accepting(**options: Any) -> CentralSystem:
    central = central_system(**options)
    central.on(v16.BootNotificationRequest)(give(BOOTED))
    return central


@scenario
async def test_an_idle_station_is_six_objects() -> None:
    async with serving(accepting()) as site:
        await booted(site, ["CP1"])
        before = alive("ocpp_fast")
        await booted(site, [f"CP{number}" for number in range(2, 2 + COUNT)])
        assert alive("ocpp_fast") - before == dict.fromkeys(OWN, COUNT)
        assert alive("websockets") == {}


@scenario
async def test_an_idle_station_keeps_little_beside_its_transport() -> None:
    async with serving(accepting(ping_interval=0)) as site:  # without the sets of those that are pinged together
        await booted(site, [f"CP{number}" for number in range(20)])
        ours = tracemalloc.Filter(True, str(Path(ocpp_fast.__file__).parent / "*"))
        tracemalloc.start()
        try:
            for number in range(20, 20 + COUNT):
                gc.collect()  # or what one left to the interpreter's free lists is counted when another takes it
                await booted(site, [f"CP{number}"])
            gc.collect()
            kept = tracemalloc.take_snapshot().filter_traces([ours]).traces
        finally:
            tracemalloc.stop()
        assert 1000 < sum(each.size for each in kept) / COUNT < MOST_KEPT


WAYS: Final[dict[str, Callable[[Peer], None]]] = {
    "ping": lambda peer: peer.send_frame(PING, b"x"),
    "pong": lambda peer: peer.send_frame(PONG, b"x"),
    "message": lambda peer: peer.send_frame(TEXT, CALL),
    "fragments": lambda peer: peer.write(
        frame_bytes(TEXT, CALL[:5], fin=False) + frame_bytes(PING) + frame_bytes(CONTINUATION, CALL[5:])
    ),
    "large message": lambda peer: peer.send_frame(TEXT, CALL + b" " * 100_000),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("compresses", [False, True])
@scenario
async def test_no_parser_is_left_when_a_frame_has_been_handled(way: str, compresses: bool) -> None:
    async with serving(accepting()) as site:
        peer, station = await site.station(headers=[DEFLATE] if compresses else [])
        peer.heartbeat("trust")
        await peer.frame()
        before = alive("ocpp_fast")
        WAYS[way](peer)
        if compresses:
            peer.send_frame(TEXT, deflated(CALL), rsv1=True)
        peer.send_frame(PING, b"last")
        while (frame := await peer.frame()) != Frame(PONG, b"last"):
            assert frame is not None
        assert station.connected
        assert not alive("websockets")["Protocol"]
        assert alive("ocpp_fast") - before == {}
        assert (websocket_of(station).kept, site.central._runtime.unfinished.size) == (0, 0)


@scenario
async def test_a_parser_is_there_as_long_as_a_message_is_unfinished() -> None:
    """Or the test above would see none at all."""
    async with serving(accepting()) as site:
        peer, _ = await site.station()
        peer.send_frame(TEXT, CALL[:5], fin=False)
        await until(lambda: alive("websockets")["Protocol"])


@scenario
async def test_no_task_is_of_an_idle_station() -> None:
    async with serving(accepting()) as site:
        before = len(asyncio.all_tasks())
        peers = await booted(site, [f"CP{number}" for number in range(20)])
        for peer in peers:
            await is_called(peer, site.central[f"CP{peers.index(peer)}"])
        assert len(asyncio.all_tasks()) == before


@on_one_loop
async def test_no_timer_is_of_an_idle_station() -> None:
    def timers() -> int:
        return sum(not each.cancelled() for each in loop._scheduled)

    loop: Any = asyncio.get_running_loop()
    async with serving(accepting()) as site:
        for peer in await booted(site, ["CP1", "CP2"]):
            peer.heartbeat("x")
        before = timers()
        peers = await booted(site, [f"CP{number}" for number in range(3, 23)])
        for number, peer in enumerate(peers, 3):
            await is_called(peer, site.central[f"CP{number}"])
        assert timers() <= before + 1  # that of calls, which all of them share
