"""Partitions of a real network while a bus publishes hard (K5): `python -m tests.cluster.partition`, as root on Linux.

Two NATS servers run in network namespaces. The bus is connected to one of them and publishes; then the packets between
it and that server get lost, in both directions and without a word: each end has a permanent neighbour entry with a
hardware address that nobody has. The bus must be back, at the other server, within 4 seconds, and deliver from then on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import uvloop

from ocpp_fast.cluster.nats import NatsBus

from ..aio.harness import until
from .ends import End, bus_of, server_of
from .servers import NatsServer

BACK: Final = 4.0
"""Seconds that a bus may be away."""
NOBODY: Final = "02:00:00:00:00:01"
"""A hardware address."""


class Wire:
    """A pair of virtual interfaces, `a` here and `b` in a namespace of its own."""

    def __init__(self, number: int) -> None:
        self.space = f"ocpp{os.getpid()}n{number}"
        self.here, self.there = f"10.213.{number}.1", f"10.213.{number}.2"
        self._a, self._b = f"oa{os.getpid() % 100000}n{number}", f"ob{os.getpid() % 100000}n{number}"

    def lay(self) -> None:
        """Make it."""
        ip("netns", "add", self.space)
        ip("link", "add", self._a, "type", "veth", "peer", "name", self._b, "netns", self.space)
        ip("addr", "add", f"{self.here}/24", "dev", self._a)
        ip("link", "set", self._a, "up")
        self._inside("addr", "add", f"{self.there}/24", "dev", self._b)
        self._inside("link", "set", self._b, "up")
        self._inside("link", "set", "lo", "up")

    def cut(self) -> None:
        """Let every packet get lost."""
        ip("neigh", "replace", self.there, "lladdr", NOBODY, "dev", self._a, "nud", "permanent")
        self._inside("neigh", "replace", self.here, "lladdr", NOBODY, "dev", self._b, "nud", "permanent")

    def mend(self) -> None:
        """Let packets arrive again."""
        ip("neigh", "del", self.there, "dev", self._a)
        self._inside("neigh", "del", self.here, "dev", self._b)

    def remove(self) -> None:
        """Remove the namespace, and the interfaces with it."""
        with suppress(subprocess.CalledProcessError):
            ip("netns", "del", self.space)

    def _inside(self, *arguments: str) -> None:
        ip("-n", self.space, *arguments)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def wires() -> Iterator[list[Wire]]:
    """Lay two wires."""
    with ExitStack() as stack:
        found = [Wire(number) for number in (1, 2)]
        for wire in found:
            stack.callback(wire.remove)
            wire.lay()
        yield found


async def cut_once(found: list[Wire], servers: list[NatsServer], rate: float) -> float:
    """Cut a publishing bus off its server; return the seconds until it was back."""
    end = End(bus_of(*servers), "echo")
    await end.start()
    await until(lambda: end.bus.connected)
    publishing = asyncio.create_task(publish(end, rate))
    try:
        await asyncio.sleep(0.5)
        (wire,) = (each for each in found if each.there == server_of(end.bus, servers).host)
        before = len(end.told)
        start = time.monotonic()
        wire.cut()
        try:
            await until(lambda: end.told[before:] == ["lost", "back"], seconds=60)
            away = time.monotonic() - start
            assert server_of(end.bus, servers).host != wire.there
            end.bus.publish("echo", b"again")
            await until(lambda: end.got)
            return away
        finally:
            wire.mend()
    finally:
        publishing.cancel()
        await end.bus.close()


async def publish(end: End[NatsBus], rate: float) -> None:
    """Publish so many bytes a second."""
    while True:
        if end.bus.connected:
            end.bus.publish("hard", bytes(round(rate / 100)))
        await asyncio.sleep(0.01)


async def main(times: int, rate: float) -> int:
    """Cut so often; return how often it took too long."""
    late = 0
    with tempfile.TemporaryDirectory() as folder, wires() as found:
        servers = [
            NatsServer(Path(folder), host=wire.there, name=wire.space, prefix=("ip", "netns", "exec", wire.space))
            for wire in found
        ]
        try:
            for server in servers:
                await server.start()
            for number in range(times):
                away = await cut_once(found, servers, 0 if number % 4 == 3 else rate)
                late += away > BACK
                sys.stdout.write(f"cut {number + 1}: back after {away:.2f} s{', TOO LATE' * (away > BACK)}\n")
        finally:
            for server in servers:
                server.kill()
    return late


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cut a bus off its NATS server, again and again.")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument(
        "--rate", type=float, default=10e6, help="bytes a second; every fourth time nothing is published"
    )
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="uvloop")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if options.loop == "uvloop" else None) as runner:
        sys.exit(min(runner.run(main(options.times, options.rate)), 1))
