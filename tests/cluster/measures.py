"""Figures of the cluster: `python -m tests.cluster.measures WHAT`.

calls      p50 and p99 of `cluster.call` on loopback, and calls a second with 64 in flight
storm      K7: 10 000 connects in 5 s at 3 nodes: when they are known everywhere
directory  K8: a million entries: bytes each, a snapshot, a lost node
soak       K14: a million calls and 100 000 moves: what is left
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import nats
import orjson
from nats.aio.msg import Msg

from ocpp_fast import CentralSystem, ChargePoint, Cluster, NoAuth, v16
from ocpp_fast.cluster.directory import Directory, Peer
from ocpp_fast.cluster.presence import Announcer, Presence, read_rows
from ocpp_fast.testing.memory_bus import MemoryBroker

from ..aio.harness import until
from .servers import NatsServer, free_port, nats_server

RESET = v16.ResetRequest(type=v16.ResetType.SOFT)


def run_fast(main: Any) -> None:
    """Run on uvloop, where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


# calls


def _node(servers: str, port: int) -> None:
    async def main() -> None:
        plain = await nats.connect(servers)
        await plain.subscribe("plain", cb=_echo)
        cluster = Cluster(servers, namespace="figures", name="node")
        async with CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster).serve(port=port) as server:
            await server.serve_forever()

    run_fast(main())


class _Station(asyncio.Protocol):
    """A station that costs next to nothing: it accepts each Reset, and reads no frame that is not short."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        head = f"GET /{self._name} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        transport.write(f"{head}{key}Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            self._is_open = True
            data = data.partition(b"\r\n\r\n")[2]
        while data:
            end = 2 + data[1]
            assert data[0] in (0x81, 0x89) and len(data) >= end <= 127, data
            if data[0] == 0x81:
                answer = b'[3,"%b",{"status":"Accepted"}]' % data[2:end].split(b'"', 2)[1]
                self._transport.write(b"\x81%c\0\0\0\0%b" % (0x80 | len(answer), answer))  # masked with 0
            data = data[end:]


def _stations(port: int, count: int) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for index in range(count):
            while True:
                with suppress(ConnectionRefusedError):
                    await loop.create_connection(partial(_Station, f"CP{index}"), "127.0.0.1", port)
                    break
                await asyncio.sleep(0.1)
        await asyncio.sleep(3600)

    run_fast(main())


async def _echo(message: Msg) -> None:
    await message.respond(message.data)


def _accept(request: v16.ResetRequest) -> v16.ResetResponse:
    return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)


@contextmanager
def elsewhere(target: Callable[..., None], *values: object) -> Iterator[None]:
    """Run a function in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=values, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


async def calls(folder: Path, *, times: int = 2000, in_flight: int = 64) -> None:
    """Measure calls from one process to a node in another, beside requests of nats-py that are answered at once.

    Caller, node, stations and the NATS server share the machine; the stations do no more than answer.
    """
    port = free_port()
    async with nats_server(folder) as server, Cluster(server.url, namespace="figures", versions=[v16]) as cluster:
        with elsewhere(_node, server.url, port), elsewhere(_stations, port, in_flight):
            await _calls(server, cluster, times, in_flight)


async def _calls(server: NatsServer, cluster: Cluster, times: int, in_flight: int) -> None:
    plain = await nats.connect(server.url)
    for index in range(in_flight):
        await cluster.wait_connected(f"CP{index}")
    for _ in range(3):
        await _measured("requests of nats-py", lambda _: plain.request("plain", b"{}" * 50), times, in_flight)
        await _measured("cluster.call", lambda index: cluster.call(f"CP{index}", RESET), times, in_flight)
    await plain.close()


async def _measured(what: str, ask: Callable[[int], Awaitable[object]], times: int, in_flight: int) -> None:
    took = []
    for index in range(times):
        begin = time.perf_counter()
        await ask(index % in_flight)
        took.append(time.perf_counter() - begin)
    took.sort()

    async def caller(index: int) -> None:
        for _ in range(times // 8):
            await ask(index)

    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(caller, range(in_flight)))
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    total = times // 8 * in_flight
    print(
        f"{what}: one after another p50 {took[times // 2] * 1e3:.2f} ms, p99 {took[times * 99 // 100] * 1e3:.2f} ms;"
        f" {in_flight} in flight {total / seconds:.0f}/s, {cpu / total * 1e6:.0f} us CPU each here"
    )


# storm


async def storm(folder: Path, *, connects: int = 10_000, seconds: float = 5.0) -> None:
    """Let stations connect at three nodes, at an even rate, and see when a client knows each."""
    async with nats_server(folder) as server, AsyncExitStack() as stack:
        clusters = [Cluster(server.url, namespace="figures", name=f"n{index}") for index in range(3)]
        for cluster in clusters:
            central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster)
            await stack.enter_async_context(central.serve())
        members = [each._started() for each in clusters]
        client = await stack.enter_async_context(Cluster(server.url, namespace="figures", versions=[v16]))
        known: list[float] = []
        began: dict[str, float] = {}
        member = client._started()
        told = member._on_change

        def changed(identity: str, before: Peer | None, after: Peer | None) -> None:
            known.append(time.perf_counter() - began[identity])
            told(identity, before, after)

        member._on_change = changed
        begin, cpu = time.perf_counter(), time.process_time()
        done = 0
        while done < connects:
            while done < min(connects, (time.perf_counter() - begin) / seconds * connects):
                began[f"CP{done}"] = time.perf_counter()
                members[done % 3].arrived(f"CP{done}", "1.6")
                clusters[done % 3]._wake()
                done += 1
            await asyncio.sleep(0.002)
        await until(lambda: len(client) == connects)
        known.sort()
        cpu = time.process_time() - cpu
        print(
            f"{connects} connects in {seconds} s known after p50 {known[len(known) // 2] * 1e3:.0f} ms,"
            f" p99 {known[len(known) * 99 // 100] * 1e3:.0f} ms; {cpu / connects * 1e6:.0f} us CPU each,"
            " three nodes and a listener together"
        )


# directory


def directory(*, stations: int = 1_000_000, nodes: int = 70) -> None:
    """Fill a directory, and lose a node."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gc.disable()
    seen = count()
    replica = Directory(changed=lambda *_: next(seen), resend=lambda *_: None, load=lambda *_: None)
    peers = []
    begin = time.perf_counter()
    for index in range(nodes):
        replica.heard(Presence(f"n{index}", "i", 1, 0.0, 0, 0, "active", ()), 0.0)
        peers.append(replica.peers[f"n{index}"])
    epoch = int(time.time() * 1000) << 8
    for number in range(stations):
        replica.add(peers[number % nodes], f"RDAM{number:08}", epoch + number, "1.6")
    seconds = time.perf_counter() - begin
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"{stations} stations: {used / stations:.0f} B each, {seconds / stations * 1e6:.2f} us each to add")
    announcer = Announcer("n0", "i", 1)
    for number in range(stations // nodes):
        announcer.connected(f"RDAM{number:08}", epoch + number, "1.6")
    begin, after, size, parts = time.perf_counter(), "", 0, 0
    while True:
        raw = announcer.snapshot(after)
        read = read_rows(orjson.loads(raw))
        size, parts = size + len(raw), parts + 1
        assert read is not None
        if not (after := read[2]):
            break
    seconds = time.perf_counter() - begin
    print(
        f"snapshots of all: {size * nodes / 1e6:.0f} MB in {parts * nodes} parts, {seconds * nodes:.1f} s"
        " to write and to read"
    )
    begin = time.perf_counter()
    replica.forget(peers[0])
    lost = time.perf_counter() - begin
    slices = []
    while not replica.is_swept:
        begin = time.perf_counter()
        replica.sweep()
        slices.append(time.perf_counter() - begin)
    print(
        f"a node of {stations // nodes} is lost in {lost * 1e6:.0f} us; swept in {sum(slices) * 1e3:.0f} ms", end=", "
    )
    print(f"the longest slice {max(slices) * 1e3:.1f} ms")


# soak


def resident() -> int:
    """Return the bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * resource.getpagesize()


async def soak(*, times: int = 1_000_000, moves: int = 100_000) -> None:
    """Call and move stations, and see what is left; on a bus in memory."""
    broker = MemoryBroker()
    async with AsyncExitStack() as stack:
        nodes = []
        for index in range(2):
            cluster = Cluster(namespace="figures", name=f"n{index}", bus=broker.bus)
            central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster)
            nodes.append((cluster, await stack.enter_async_context(central.serve())))
        client = await stack.enter_async_context(Cluster(namespace="figures", versions=[v16], bus=broker.bus))
        for index in range(64):
            station = ChargePoint(f"CP{index}", nodes[index % 2][1].url, versions=[v16])
            station.on(v16.ResetRequest)(_accept)
            await stack.enter_async_context(station)
            await client.wait_connected(f"CP{index}")

        async def caller(index: int, share: int) -> None:
            for _ in range(share):
                await client.call(f"CP{index}", RESET)

        members = [each._started() for each, _ in nodes]
        sizes = []
        for _ in range(10):
            await asyncio.gather(*(caller(index, times // 640) for index in range(64)))
            for move in range(moves // 10):
                members[move % 2].arrived(f"M{move % 1000}", "1.6")
                if move % 500 == 0:
                    await asyncio.sleep(0.02)
            for move in range(1000):
                for member in members:
                    member.left(f"M{move}")
            await asyncio.sleep(0.3)
            gc.collect()
            sizes.append(resident() / 1e6)
        member = client._started()
        left = len(member.caller), len(member.caller._due), len(client), len(client._watchers)
        print(f"MB after each tenth: {', '.join(f'{each:.1f}' for each in sizes)}; calls, timers, stations: {left}")
        half = len(sizes) // 2
        print(f"growth of the second half: {statistics.fmean(sizes[half:]) - sizes[half]:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["calls", "storm", "directory", "soak"])
    parser.add_argument("--times", type=int)
    arguments = parser.parse_args()
    times = {} if arguments.times is None else {"times": arguments.times}
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        runs: dict[str, Callable[[], None]] = {
            "calls": lambda: run_fast(calls(Path(folder), **times)),
            "storm": lambda: run_fast(storm(Path(folder))),
            "directory": directory,
            "soak": lambda: run_fast(soak(**times)),
        }
        runs[arguments.what]()


if __name__ == "__main__":
    main()
