"""K2, K3, K4: real nodes, servers of NATS, stations and callers; what has a process is stopped and killed.

python -m tests.cluster.faults k2       the broker is killed 20 times: stations stay, calls work again within a second
python -m tests.cluster.faults k3       each node is stopped for 30 s, half of the stations keep their old connections
python -m tests.cluster.faults busy     pauses of 1.2 to 4.5 s at 500 calls a second
python -m tests.cluster.faults k4       all faults mixed, five minutes, at 500 calls a second; `--seed`, `--rest 1`

`--seconds`, `--rate`, `--stations`, `--servers 3` change them. Prints the figures; fails if a rule was broken. A call
takes 22 ms: of 500 a second, a broker that dies leaves 11 that nobody can tell of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from ocpp_fast import Cluster, OcppError, v16

from ..aio.harness import until
from .history import GRACE, History, Socket
from .servers import NatsServer, free_port, nats_server, routed_servers

SILENCE = 2.0
"""After so many seconds without an answer a station looks for another node."""


class Node:
    """A node in a process of its own."""

    def __init__(self, name: str, servers: str, when_isolated: str) -> None:
        self.name = name
        self.port = free_port()
        self._command = [sys.executable, "-m", "tests.cluster.node_process", name, str(self.port), servers]
        self._command.append(when_isolated)
        self._process: subprocess.Popen[bytes] | None = None
        self.is_stopped = False

    async def start(self) -> None:
        """Start it; returns when it serves."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(  # noqa: ASYNC220  # quick
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        assert self._process.stdout is not None
        assert await asyncio.to_thread(self._process.stdout.readline) == b"ready\n"

    def kill(self) -> None:
        """End it as SIGKILL does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
            self.is_stopped = False

    def send(self, which: int) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(which)
            self.is_stopped = which == signal.SIGSTOP

    def ports(self) -> set[int]:
        """Return the ports that it has connections to."""
        if self._process is None:
            return set()
        lines = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
        ports = {f"socket:[{line[9]}]": int(line[2].partition(":")[2], 16) for line in lines}
        found = set()
        for each in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found.add(os.readlink(each))
        return {ports[each] for each in found & ports.keys()}


class Station:
    """A station that finds a node, answers calls slowly, and leaves a silent node; `keeps` its old connection open."""

    def __init__(self, identity: str, nodes: list[Node], history: History, random: Random, *, keeps: bool) -> None:
        self.identity = identity
        self._nodes = nodes
        self._history = history
        self._random = random
        self._keeps = keeps
        self._old: list[asyncio.Task[None]] = []
        self.reconnects = -1

    async def live(self) -> None:
        """Connect again and again, until cancelled."""
        last: Socket | None = None
        try:
            while True:
                node = self._random.choice(self._nodes)
                url = f"ws://127.0.0.1:{node.port}/{self.identity}"
                try:
                    async with asyncio.timeout(1.0):
                        connection = await connect(
                            url, subprotocols=[Subprotocol("ocpp1.6")], ping_interval=None, compression=None
                        )
                except (OSError, TimeoutError, WebSocketException):
                    await asyncio.sleep(0.1)
                    continue
                self.reconnects += 1
                before, last = last, Socket(self.identity, node.name)
                if before is not None:
                    before.newer = last
                reading = asyncio.create_task(self._read(connection, last))
                await self._watch(connection, reading)
                if self._keeps and not reading.done():
                    self._old.append(reading)
                else:
                    reading.cancel()
                    connection.transport.abort()
                await asyncio.sleep(self._random.uniform(0.0, 0.1))
        finally:
            for each in self._old:
                each.cancel()

    async def _watch(self, connection: ClientConnection, reading: asyncio.Task[None]) -> None:
        """Return when the node is silent, or gone."""
        while not reading.done():
            try:
                async with asyncio.timeout(SILENCE):
                    await (await connection.ping())
            except (TimeoutError, WebSocketException, OSError):
                return
            await asyncio.wait({reading}, timeout=0.5)

    async def _read(self, connection: ClientConnection, socket: Socket) -> None:
        with suppress(WebSocketException, OSError):
            async for raw in connection:
                _, unique_id, _, payload = orjson.loads(raw)
                self._history.delivered(int(payload["data"]), socket)
                await asyncio.sleep(0.02)
                socket.in_flight -= 1
                await connection.send(orjson.dumps([3, unique_id, {"status": "Accepted"}]).decode())


class Site:
    """All that runs, and its history."""

    def __init__(self, nodes: list[Node], servers: list[NatsServer], clients: list[Cluster], random: Random) -> None:
        self.nodes = nodes
        self.servers = servers
        self.clients = clients
        self.random = random
        self.history = History()
        self.stations: list[Station] = []
        self.pause = 30.0
        """For how long K3 stops a node."""
        self.rest = 5.0
        """How long K4 rests at most between two faults."""

    def nodes_at(self, server: NatsServer) -> list[str]:
        """Return the names of the nodes that are connected to a server of NATS, or to none yet after the last fault."""
        others = {each.port for each in self.servers if each is not server}
        return [each.name for each in self.nodes if not each.ports() & others]

    async def call(self) -> None:
        """Make one call, and record how it ends."""
        call = self.history.begin()
        client = self.random.choice(self.clients)
        station = self.random.choice(self.stations).identity
        try:
            await client.call(station, v16.DataTransferRequest(vendor_id="t", data=str(call.number)), timeout=10)
            call.outcome, call.delivered = "ok", True
        except OcppError as error:
            call.outcome, call.delivered = type(error).__name__, error.delivered
        call.ended = time.monotonic()

    async def call_on(self, rate: float, until: float) -> None:
        """Make calls at a rate, until a moment; returns when all have ended."""
        async with asyncio.TaskGroup() as group:
            begin, count = time.monotonic(), 0
            while (now := time.monotonic()) < until:
                while count < (now - begin) * rate:
                    group.create_task(self.call())
                    count += 1
                await asyncio.sleep(0.005)


@asynccontextmanager
async def site(
    *, nodes: int, stations: int, servers: int, seed: int, folder: Path, when_isolated: str = "accept"
) -> AsyncIterator[Site]:
    """Start everything; half of the stations keep old connections open."""
    random = Random(seed)
    async with AsyncExitStack() as stack:
        if servers == 1:
            brokers = [await stack.enter_async_context(nats_server(folder))]
        else:
            brokers = await stack.enter_async_context(routed_servers(folder, servers))
        urls = ",".join(each.url for each in brokers)
        made = [Node(f"n{index}", urls, when_isolated) for index in range(nodes)]
        for node in made:
            stack.callback(node.kill)
        await asyncio.gather(*(node.start() for node in made))
        clients = [Cluster(urls.split(","), namespace="faults", versions=[v16], name=f"c{at}") for at in range(2)]
        for client in clients:
            await stack.enter_async_context(client)
        result = Site(made, brokers, clients, random)
        for index in range(stations):
            station = Station(f"CP{index:04}", made, result.history, random, keeps=index % 2 == 0)
            result.stations.append(station)
            living = asyncio.create_task(station.live())
            stack.callback(living.cancel)
        for client in clients:
            for station in result.stations:
                await client.wait_connected(station.identity)
        await until(lambda: all(each.reconnects >= 0 for each in result.stations))  # they know it last
        yield result


async def pause_a_node(at: Site, seconds: float, node: Node | None = None) -> None:
    """Stop a node for some seconds."""
    node = node or at.random.choice(at.nodes)
    with at.history.cut([node.name]):
        node.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        node.send(signal.SIGCONT)


async def kill_a_node(at: Site) -> None:
    """Kill a node, and start it again."""
    node = at.random.choice(at.nodes)
    with at.history.cut([node.name], forgets=True):
        node.kill()
        await asyncio.sleep(at.random.uniform(0.0, 1.0))
        await node.start()


async def kill_a_server(at: Site, down: float = 0.3) -> None:
    """Kill a server of NATS, and start it again."""
    server = at.random.choice(at.servers)
    with at.history.cut(at.nodes_at(server)):
        server.kill()
        await asyncio.sleep(down)
        await server.start()


async def pause_a_server(at: Site) -> None:
    """Stop a server of NATS for a while."""
    server = at.random.choice(at.servers)
    with at.history.cut(at.nodes_at(server)):
        server.pause()
        await asyncio.sleep(at.random.uniform(0.1, 5.0))
        server.resume()


async def k2(at: Site, until: float) -> None:
    """Kill the broker, again and again; measure when calls work again."""
    times = []
    while time.monotonic() < until:
        before = [each.reconnects for each in at.stations]
        await kill_a_server(at)
        up = time.monotonic()
        while True:
            call = at.history.begin()
            with suppress(OcppError):
                request = v16.DataTransferRequest(vendor_id="t", data=str(call.number))
                await at.clients[0].call(at.stations[0].identity, request, timeout=10)
                call.outcome, call.delivered = "ok", True
            call.ended = time.monotonic()
            if call.outcome == "ok":
                break
            call.outcome, call.delivered = "Unreachable", False
            await asyncio.sleep(0.02)
        times.append(time.monotonic() - up)
        if before != [each.reconnects for each in at.stations]:
            at.history.violations.append("stations have left when the broker was killed")
        await asyncio.sleep(1.0)
    print(f"again after the broker was up: {sorted(round(each, 2) for each in times)} s")


async def k3(at: Site, until: float) -> None:
    """Stop one node after another, until a moment."""
    for node in at.nodes:
        if time.monotonic() > until:
            return
        await pause_a_node(at, at.pause, node)
        await asyncio.sleep(3.0)


async def busy(at: Site, until: float) -> None:
    """Pauses around the times of tickets and leases."""
    while time.monotonic() < until:
        await pause_a_node(at, at.random.uniform(1.2, 4.5))
        await asyncio.sleep(at.random.uniform(0.5, 2.0))


async def k4(at: Site, until: float) -> None:
    """All faults, one after another."""
    while time.monotonic() < until:
        match at.random.randrange(4):
            case 0:
                await pause_a_node(at, at.random.uniform(0.01, 6.0))
            case 1:
                await kill_a_node(at)
            case 2:
                await kill_a_server(at)
            case _:
                await pause_a_server(at)
        await asyncio.sleep(at.random.uniform(0.0, at.rest))


RUNS = {"k2": (k2, 60.0, 120.0, 60), "k3": (k3, 100.0, 20.0, 60), "busy": (busy, 120.0, 500.0, 60)}
RUNS["k4"] = (k4, 300.0, 500.0, 60)


async def run(
    which: str,
    *,
    folder: Path,
    seconds: float | None = None,
    rate: float | None = None,
    stations: int | None = None,
    servers: int = 1,
    seed: int = 1,
    pause: float = 30.0,
    rest: float = 5.0,
) -> History:
    """Run a test, and return its history, judged."""
    inject, default_seconds, default_rate, default_stations = RUNS[which]
    seconds, rate = seconds or default_seconds, rate or default_rate
    stations = stations or default_stations
    async with site(nodes=3, stations=stations, servers=servers, seed=seed, folder=folder) as at:
        at.pause, at.rest = pause, rest
        until = time.monotonic() + seconds
        calls = asyncio.create_task(at.call_on(rate, until))
        await inject(at, until)
        await calls
        for station in at.stations:
            await at.clients[0].wait_connected(station.identity)
        at.history.judge()
        return at.history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=RUNS)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--stations", type=int)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rest", type=float, default=5.0)
    arguments = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as folder:
        history = asyncio.run(run(folder=Path(folder), **arguments))
    print(json.dumps(history.summary(), indent=2))
    print(f"stale: how long connections had been replaced that got a frame, in seconds, if more than {GRACE}")
    print("untold: the same, where the newer owner was cut off, so that nobody could know of it")
    if history.violations:
        sys.exit(f"{len(history.violations)} violations")


if __name__ == "__main__":
    main()
