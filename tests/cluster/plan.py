"""The plan of a large fleet, simulated: directory, leases and storms, without sockets. `python -m tests.cluster.plan`.

A million stations at 70 nodes, in simulated time on the real announcers, leases and directories; of the participants
three keep a directory here, the figures are of each. A message takes 1 to 30 ms on the bus.
"""

from __future__ import annotations

import argparse
import gc
import heapq
import time
from itertools import count
from random import Random
from typing import Final

import orjson

from ocpp_fast.cluster.directory import Directory, Peer
from ocpp_fast.cluster.lease import Lease
from ocpp_fast.cluster.presence import ACTIVE, Announcer, HybridClock, read_presence, read_rows

from .measures import resident

DELAY: Final = (0.001, 0.03)
BEAT: Final = 1.0


class Node:
    """A node: what it tells, and whether its heartbeats come back."""

    def __init__(self, fleet: Fleet, index: int) -> None:
        self.fleet = fleet
        self.clock = HybridClock(lambda: 1.8e9 + fleet.now + index)
        self.announcer = Announcer(f"n{index}", "i", self.clock.next())
        self.lease = Lease()
        self.is_dead = False
        self._beat = -fleet.random.random()
        self._news: float | None = None

    def tick(self) -> None:
        """Tell what is due: changes after a batch's time, a heartbeat each second."""
        now = self.fleet.now
        if self.is_dead:
            return
        if self.announcer.has_news and self._news is None:
            self._news = now
        if now - self._beat < BEAT and (self._news is None or now - self._news < self.fleet.batch):
            return
        self._beat, self._news = now, None
        while True:
            message = self.announcer.message(now, self.clock.last, ACTIVE)
            self.announcer.told()
            self.fleet.publish(self, message)
            if not self.announcer.has_news:
                return

    def connect(self, identity: str) -> None:
        """A station connects here."""
        self.announcer.connected(identity, self.clock.next(), "1.6")


class Listener:
    """A participant with a directory."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.directory = Directory(changed=self._changed, resend=self._resend, load=self._load)
        self.known: dict[str, float] = {}
        self.cpu = 0.0
        self.loaded = 0

    def _changed(self, identity: str, before: Peer | None, after: Peer | None) -> None:
        began = self.fleet.began.get(identity)
        if began is not None and after is not None:
            self.known[identity] = self.fleet.now - began

    def _resend(self, peer: Peer, since: int) -> None:
        node = self.fleet.by_name[peer.name]
        for message in node.announcer.resent(since, self.fleet.now, node.clock.last, ACTIVE):
            self.fleet.publish(node, message)

    def _load(self, peer: Peer, after: str) -> None:
        raw = self.fleet.by_name[peer.name].announcer.snapshot(after)
        self.loaded += len(raw)
        part = read_rows(orjson.loads(raw))
        assert part is not None
        seq, rows, last = part
        self.fleet.later(
            lambda: self.directory.loaded(peer, seq, rows, last, first=not after, now=self.fleet.now),
        )

    def hear(self, raw: bytes, name: str) -> None:
        """Take a message; its CPU time is real."""
        begin = time.perf_counter()
        told = read_presence(raw, name)
        assert told is not None
        self.directory.heard(told, self.fleet.now)
        self.cpu += time.perf_counter() - begin


class Fleet:
    """All nodes and listeners, and the time."""

    def __init__(self, nodes: int, listeners: int) -> None:
        self.now = 0.0
        self.random = Random(1)
        self.batch = min(max(nodes * 0.001, 0.01), 0.1)
        self.nodes = [Node(self, index) for index in range(nodes)]
        self.by_name = {each.announcer.name: each for each in self.nodes}
        self.listeners = [Listener(self) for _ in range(listeners)]
        self.began: dict[str, float] = {}
        self.messages = 0
        self.size = 0
        self._due: list[tuple[float, int, object]] = []
        self._last: dict[tuple[int, str], float] = {}
        self._numbers = count()

    def later(self, step: object, not_before: float = 0.0) -> float:
        """Take a step after the delay of the bus; returns when."""
        due = max(self.now + self.random.uniform(*DELAY), not_before)
        heapq.heappush(self._due, (due, next(self._numbers), step))
        return due

    def publish(self, node: Node, raw: bytes) -> None:
        """Deliver to all listeners and back to the node, in order."""
        self.messages += 1
        self.size += len(raw)
        name, sent = node.announcer.name, self.now
        self.later(lambda: node.lease.echoed(sent, self.now))
        for index, each in enumerate(self.listeners):
            key = index, name
            self._last[key] = self.later(lambda each=each: each.hear(raw, name), self._last.get(key, 0.0))

    def run(self, seconds: float, step: float = 0.01) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.now += step
            while self._due and self._due[0][0] <= self.now:
                action = heapq.heappop(self._due)[2]
                assert callable(action)
                action()
            for each in self.nodes:
                each.tick()
            for listener in self.listeners:
                for peer in listener.directory.silent(self.now):
                    listener.directory.forget(peer)
                listener.directory.sweep()

    def quiet(self) -> None:
        """Let time pass until all listeners know all stations."""
        wanted = sum(len(each.announcer.own) for each in self.nodes if not each.is_dead)
        while any(len(each.directory) != wanted or not each.directory.is_swept for each in self.listeners):
            self.run(0.1)


def storm(fleet: Fleet, stations: int, participants: int) -> None:
    """Let all stations connect within five minutes."""
    print(f"a storm: {stations} stations connect in 300 s")
    before, began, begin = resident(), 0, fleet.now
    fleet.messages = 0
    while began < stations:
        target = min(stations, int((fleet.now - begin) / 300 * stations) + 1)
        for number in range(began, target):
            identity = f"RDAM{number:08}"
            if number % 100 == 0:
                fleet.began[identity] = fleet.now
            fleet.nodes[number % len(fleet.nodes)].connect(identity)
        began = target
        fleet.run(0.01)
    fleet.quiet()
    known = sorted(value for each in fleet.listeners for value in each.known.values())
    seconds = fleet.now - begin
    rate = fleet.messages / seconds
    print(f"  messages {rate:.0f}/s, deliveries {rate * participants:.0f}/s; paper: 1 000 and 90 000")
    print(f"  {fleet.size / stations:.0f} bytes on the wire a station")
    print(f"  known everywhere after p50 {known[len(known) // 2] * 1e3:.0f} ms,", end=" ")
    print(f"p99 {known[len(known) * 99 // 100] * 1e3:.0f} ms")
    cpu = sum(each.cpu for each in fleet.listeners) / len(fleet.listeners)
    print(f"  a listener's CPU: {cpu / seconds * 100:.1f} % of a core; paper: 2 to 3 %")
    used = (resident() - before) / len(fleet.listeners) / 1e6
    print(f"  memory: {used:.0f} MB a listener, with a third of what the nodes keep; paper: 143 to 189 MB")


def steady(fleet: Fleet, stations: int, participants: int) -> None:
    """Let each station connect anew four times a day, for a minute."""
    print("steady: 4 reconnects a day and station, 60 s")
    fleet.messages = 0
    begin, due = fleet.now, 0.0
    for each in fleet.listeners:
        each.cpu = 0.0
    while fleet.now - begin < 60:
        due += stations * 4 / 86_400 * 0.1
        while due >= 1:
            number = fleet.random.randrange(stations)
            identity = f"RDAM{number:08}"
            node = fleet.nodes[number % len(fleet.nodes)]
            node.announcer.disconnected(identity)
            node.connect(identity)
            due -= 1
        fleet.run(0.1)
    rate = fleet.messages / 60
    print(f"  messages {rate:.0f}/s, deliveries {rate * participants:.0f}/s;", end=" ")
    print("paper: 70 heartbeats/s, 93 changes/s, 6 300 deliveries/s")
    print(f"  a listener's CPU: {fleet.listeners[0].cpu / 60 * 100:.2f} % of a core")


def loss(fleet: Fleet) -> None:
    """Lose a node."""
    print("a node is lost")
    fleet.nodes[0].is_dead = True
    begin = fleet.now
    listener = fleet.listeners[0]
    while any("n0" in each.directory.peers for each in fleet.listeners):
        fleet.run(0.01)
    print(f"  forgotten by all after {fleet.now - begin:.1f} s")
    steps = []
    while not listener.directory.is_swept:
        start = time.perf_counter()
        listener.directory.sweep()
        steps.append(time.perf_counter() - start)
    longest = max(steps, default=0.0)
    print(f"  swept in {len(steps)} slices, {sum(steps) * 1e3:.0f} ms, the longest {longest * 1e3:.1f} ms")
    fleet.quiet()


def newcomer(fleet: Fleet) -> None:
    """Let another participant begin."""
    print("a newcomer")
    fleet.listeners = [Listener(fleet)]
    fleet._last.clear()
    begin, start = fleet.now, time.process_time()
    fleet.quiet()
    print(f"  complete after {fleet.now - begin:.1f} s, {fleet.listeners[0].loaded / 1e6:.0f} MB,", end=" ")
    print(f"{time.process_time() - start:.1f} s of CPU with the nodes' part; paper: 33 MB, 1.4 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=70)
    parser.add_argument("--stations", type=int, default=1_000_000)
    parser.add_argument("--participants", type=int, default=90)
    arguments = parser.parse_args()
    gc.disable()
    fleet = Fleet(arguments.nodes, 3)
    fleet.run(2.0)
    storm(fleet, arguments.stations, arguments.participants)
    steady(fleet, arguments.stations, arguments.participants)
    loss(fleet)
    newcomer(fleet)


if __name__ == "__main__":
    main()
