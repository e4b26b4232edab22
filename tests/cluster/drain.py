"""Nodes of a cluster end and start again while their stations are called: no call may be lost for it.

    python -m tests.cluster.drain                     5 000 stations leave one node of two, 500 a second (K12)
    python -m tests.cluster.drain --rolling           3 nodes with 3 000 stations start anew, one after another

The nodes are processes of their own; stations and callers are in this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop

from ocpp_fast import Cluster, OcppError, v16
from ocpp_fast.aio.limits import raise_file_limit

from ..aio.harness import until
from ..aio.peer import CLOSE, TEXT, frame_bytes, handshake_bytes
from ..cli.programs import Program, program
from .servers import nats_server

NODE: Final = """
import sys
from ocpp_fast import CentralSystem, Cluster, NoAuth, v16

name, port, rate, nats = sys.argv[1:]
central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=Cluster(nats, namespace="drain", name=name))
central.run(port=int(port), drain=int(rate), on_listening=lambda server: print("port", server.port, flush=True))
"""

BACK_OFF: Final = 1.0
"""Seconds that a station waits at most before it connects again."""
_PATIENCE: Final = 120.0


@dataclass
class Fleet:
    """Stations that answer whatever they are asked, and connect to any node that lets them in."""

    ports: list[int]
    connected: dict[str, int] = field(default_factory=dict)
    """The port of each."""
    codes: Counter[int] = field(default_factory=Counter)
    """Why nodes have closed connections; 0 is without a reason."""
    gaps: list[float] = field(default_factory=list)
    """For how many seconds stations were away."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, count: int) -> None:
        over = max(BACK_OFF, count / 150)  # seconds: at first they come slowly
        self.tasks += [asyncio.create_task(self._live(f"CP{number}", over)) for number in range(count)]

    async def end(self) -> None:
        for each in self.tasks:
            each.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _live(self, identity: str, over: float) -> None:
        left = None
        while True:
            await asyncio.sleep(random.uniform(0, over))
            over, port = BACK_OFF, random.choice(self.ports)
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(handshake_bytes(f"/{identity}"))
                    if b" 101 " not in await reader.readuntil(b"\r\n\r\n"):
                        continue
                    if left is not None:
                        self.gaps.append(time.monotonic() - left)
                    self.connected[identity] = port
                    self.codes[await self._answer(reader, writer)] += 1
                finally:
                    if self.connected.pop(identity, None):
                        left = time.monotonic()
                    writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        """Answer calls until the node closes; the code."""
        while True:
            try:
                first, size = await reader.readexactly(2)
                payload = await reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0
            if first & 0x0F == CLOSE:
                writer.write(frame_bytes(CLOSE, payload))
                return int.from_bytes(payload[:2], "big")
            if first & 0x0F == TEXT:
                answer = [3, json.loads(payload)[1], {"status": "Accepted"}]
                writer.write(frame_bytes(TEXT, json.dumps(answer).encode()))


@dataclass
class Callers:
    """Call stations by the cluster, any at any time."""

    cluster: Cluster
    count: int
    outcomes: Counter[tuple[str, bool | None]] = field(default_factory=Counter)
    """How calls have ended, and whether they were delivered."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, callers: int, pause: float) -> None:
        self.tasks += [asyncio.create_task(self._call(pause)) for _ in range(callers)]

    async def end(self) -> None:
        for each in self.tasks:
            each.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _call(self, pause: float) -> None:
        while True:
            identity = f"CP{random.randrange(self.count)}"
            try:
                await self.cluster.call(identity, v16.ClearCacheRequest(), timeout=10)
                self.outcomes["answered", True] += 1
            except OcppError as error:
                self.outcomes[type(error).__name__, error.delivered] += 1
            await asyncio.sleep(random.uniform(0, 2 * pause))

    @property
    def harmed(self) -> dict[tuple[str, bool | None], int]:
        """The calls that failed, but those that were certainly not sent, because the station moved."""
        return {
            (name, delivered): count
            for (name, delivered), count in self.outcomes.items()
            if name in ("CallTimeout", "Disconnected") or (delivered is not False and name != "answered")
        }


@asynccontextmanager
async def node(name: str, rate: int, nats: str, port: int = 0) -> AsyncIterator[tuple[Program, int]]:
    async with program("-c", NODE, name, str(port), str(rate), nats) as running:
        yield running, int((await running.line(r"port (\d+)"))[1])


@asynccontextmanager
async def called_fleet(
    nats: str, ports: list[int], stations: int, *, callers: int = 20, pause: float = 0.05
) -> AsyncIterator[tuple[Fleet, Callers]]:
    """Stations that are connected to nodes at these ports, and called."""
    async with Cluster(nats, namespace="drain", name="caller", versions=[v16]) as cluster:
        fleet, calls = Fleet(ports), Callers(cluster, stations)
        fleet.start(stations)
        try:
            await until(lambda: len(cluster) == stations == len(fleet.connected), seconds=_PATIENCE)
            calls.start(callers, pause)
            yield fleet, calls
        finally:
            await calls.end()
            await fleet.end()


Say = Callable[[str], object]


async def drain(stations: int, rate: int, say: Say = print) -> tuple[Fleet, Callers]:
    """Let all stations of one node move to another one."""
    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            nats = (await stack.enter_async_context(nats_server(Path(folder)))).url
            old, port = await stack.enter_async_context(node("old", rate, nats))
            fleet, calls = await stack.enter_async_context(called_fleet(nats, [port], stations))
            _, other = await stack.enter_async_context(node("new", rate, nats))
            fleet.ports[:] = [other]
            begin = time.monotonic()
            assert await old.stop(signal.SIGTERM) == 0, old.complaints
            say(f"drained within {time.monotonic() - begin:.1f} s")
            await until(lambda: list(fleet.connected.values()).count(other) == stations, seconds=_PATIENCE)
            say(f"all {stations} stations are at the other node after {time.monotonic() - begin:.1f} s")
            await calls.end()
            await fleet.end()
    return fleet, calls


async def restart_in_turn(stations: int, rate: int, nodes: int = 3, say: Say = print) -> tuple[Fleet, Callers]:
    """Start each node anew, one after another, each when all stations are connected again."""
    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            nats = (await stack.enter_async_context(nats_server(Path(folder)))).url
            running = [await stack.enter_async_context(node(f"n{number}", rate, nats)) for number in range(nodes)]
            ports = [port for _, port in running]
            fleet, calls = await stack.enter_async_context(called_fleet(nats, ports, stations))
            for number, (old, port) in enumerate(running):
                begin = time.monotonic()
                had = list(fleet.connected.values()).count(port)
                assert await old.stop(signal.SIGTERM) == 0, old.complaints
                await stack.enter_async_context(node(f"n{number}", rate, nats, port))
                await until(lambda: len(fleet.connected) == stations, seconds=_PATIENCE)
                say(f"n{number}, with {had} stations, is back after {time.monotonic() - begin:.1f} s")
            await calls.end()
            await fleet.end()
    return fleet, calls


def main() -> None:
    raise_file_limit(logging.getLogger())
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.drain")
    parser.add_argument("--rolling", action="store_true", help="start 3 nodes anew, one after another")
    parser.add_argument("--stations", type=int, help="5 000, or 3 000 in all")
    parser.add_argument("--rate", type=int, default=500, help="stations a second that leave a node (%(default)s)")
    given = parser.parse_args()
    run = restart_in_turn if given.rolling else drain
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        fleet, calls = runner.run(run(given.stations or (3000 if given.rolling else 5000), given.rate))
    gaps = sorted(fleet.gaps)
    print(f"stations were away for {gaps[len(gaps) // 2]:.2f} s (p50), {gaps[-1]:.2f} s (most); codes: {fleet.codes}")
    print("calls:", dict(calls.outcomes))
    print("calls that came to harm:", calls.harmed or "none")
    raise SystemExit(bool(calls.harmed))


if __name__ == "__main__":
    main()
