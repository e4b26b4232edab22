"""Nodes, callers and stations on a bus in memory and a fake clock; processes stop and die, and a history is checked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

import orjson

from ocpp_fast import OcppError
from ocpp_fast.cluster.bus import Deliver
from ocpp_fast.cluster.calls import Go, OutgoingCall
from ocpp_fast.cluster.directory import Peer
from ocpp_fast.cluster.lease import LEASE_SECONDS
from ocpp_fast.cluster.member import Member
from ocpp_fast.testing.memory_bus import MemoryBroker, MemoryBus

TICK = 0.05
LOG = logging.getLogger("tests.cluster")
LOG.setLevel(logging.CRITICAL)


class Connection:
    """A station's connection to a node; an old one may stay open, and be read on by the station."""

    def __init__(self, node: Process, identity: str) -> None:
        self.node = node
        self.identity = identity
        self.is_open = True
        self.epoch = 0
        self.queue: list[Go] = []
        self.in_flight: Go | None = None


class Call:
    """A call as its caller sees it, and what stations got of it."""

    def __init__(self, caller: Process, number: int) -> None:
        self.caller = caller
        self.number = number
        self.outcome: Any = None
        self.deliveries: list[float] = []


class Process:
    """A participant that can be stopped (its messages wait) and killed."""

    def __init__(self, world: World, name: str, *, is_node: bool) -> None:
        self.world = world
        self.name = name
        self.is_stopped = False
        self.is_dead = False
        self.connections: dict[str, Connection] = {}
        self._held: list[Callable[[], None]] = []
        self.bus: MemoryBus = world.broker.bus()
        subscribe = self.bus.subscribe

        def held(subject: str, deliver: Deliver, *, queue: str = "") -> Callable[[], None]:
            return subscribe(subject, lambda *message: self.run(lambda: deliver(*message)), queue=queue)

        self.bus.subscribe = held  # type: ignore[method-assign]
        self.member = Member(
            self.bus,
            namespace="test",
            name=name,
            incarnation=f"i{next(world.numbers)}",
            is_node=is_node,
            clock=lambda: world.now + 1000.0,
            wall=lambda: world.now + 1.7e9 + world.skew(name),
            perform=self._perform,
            withdrawn=lambda reply: None,
            asked=lambda message, reply: None,
            dropped=self._dropped,
            changed=lambda identity, before, after: None,
            log=LOG,
        )
        self.member.subscribe()
        on_lost, on_back = self.member.bus_lost, self.member.bus_back
        self.bus.attach(on_lost=lambda: self.run(on_lost), on_back=lambda: self.run(on_back))

    def run(self, step: Callable[[], None]) -> None:
        """Run a step now, or when the process goes on."""
        if self.is_dead:
            return
        if self.is_stopped:
            self._held.append(step)
        else:
            step()

    def go_on(self) -> None:
        """Go on after a stop: what has come meanwhile comes now."""
        self.is_stopped = False
        while self._held and not self.is_stopped:
            self._held.pop(0)()

    def kill(self) -> None:
        """End at once; what has a connection sees it end."""
        self.is_dead = True
        self.bus.detach()
        for each in self.connections.values():
            each.is_open = False

    def tick(self) -> None:
        """Do what is due."""
        if not self.is_dead and not self.is_stopped:
            self.member.tick(self.member.clock())
            for each in list(self.connections.values()):
                self._turn(each)

    def connect(self, identity: str) -> None:
        """A station connects here."""
        connection = Connection(self, identity)
        self.world.newest[identity] = connection

        def arrive() -> None:
            self.connections[identity] = connection
            connection.epoch = self.member.arrived(identity, "1.6")

        self.run(arrive)

    def disconnect(self, identity: str) -> None:
        """A station's connection here ends."""
        connection = self.connections.get(identity)
        if connection is not None:
            self.run(lambda: self._ended(connection))

    def _ended(self, connection: Connection) -> None:
        connection.is_open = False
        if self.connections.get(connection.identity) is connection:
            del self.connections[connection.identity]
            self.member.left(connection.identity)
            for go in [*connection.queue, *([connection.in_flight] if connection.in_flight else [])]:
                self.member.answer(go.reply, {"e": "disconnected", "d": False if go in connection.queue else None})

    def _dropped(self, identity: str, to: Peer) -> None:
        connection = self.connections.pop(identity, None)
        if connection is not None:
            connection.queue.clear()
            connection.is_open = False

    def _perform(self, go: Go) -> None:
        connection = self.connections.get(go.identity)
        if connection is None:
            self.member.answer(go.reply, {"e": "moved"})
            return
        connection.queue.append(go)
        if self.world.random.random() < 0.7:
            self._turn(connection)

    def _turn(self, connection: Connection) -> None:
        """The turn of the next call, unless one is in flight: the answer of that comes sometimes."""
        if connection.in_flight is not None:
            if self.world.random.random() < 0.5:
                go, connection.in_flight = connection.in_flight, None
                self.member.answer(go.reply, b'{"t":%a}\n{}' % self.member.callee.ticket(), go.deadline)
            return
        if not connection.queue:
            return
        go = connection.queue[0]
        if not go.may_send():
            if not go.is_current:
                connection.queue.pop(0)
                self.member.answer(go.reply, {"e": "unsent"})
            return
        connection.queue.pop(0)
        connection.in_flight = go
        self.world.delivered(self, go)


class World:
    """All processes, stations and calls; time passes in `advance`."""

    def __init__(self, seed: int, *, nodes: int = 3, callers: int = 2, drops: float = 0.0) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.numbers = count()
        self.broker = MemoryBroker(self.random, delay=(0.0, 0.03), drops=drops)
        self.newest: dict[str, Connection] = {}
        self.calls: dict[int, Call] = {}
        self.processes: list[Process] = []
        for index in range(nodes):
            self.start(f"n{index}")
        self.callers = [Process(self, f"c{index}", is_node=False) for index in range(callers)]
        self.processes += self.callers
        self.advance(2.0)

    def skew(self, name: str) -> float:
        """Clocks of machines differ by minutes."""
        return {"n0": 0.0, "n1": 120.0, "n2": -45.0}.get(name, 3.0)

    def start(self, name: str) -> Process:
        """Start a node."""
        process = Process(self, name, is_node=True)
        self.processes.append(process)
        return process

    @property
    def nodes(self) -> list[Process]:
        return [each for each in self.processes if each.member.is_node and not each.is_dead]

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + TICK, end)
            self.broker.advance(self.now)
            for each in self.processes:
                each.tick()

    def call(self, caller: Process, identity: str, timeout: float) -> None:
        """Begin a call; its number is in the payload, so that a delivery is recognized."""
        call = Call(caller, next(self.numbers))
        self.calls[call.number] = call

        def ended(outcome: Any) -> None:
            assert call.outcome is None, "ended twice"
            call.outcome = outcome

        def begin() -> None:
            now = caller.member.clock()
            payload = orjson.dumps({"number": call.number})
            caller.member.start_call(
                OutgoingCall(identity, "1.6", "Reset", payload, now=now, deadline=now + timeout, ended=ended)
            )

        caller.run(begin)

    def delivered(self, node: Process, go: Go) -> None:
        """A node has written the frame of a call."""
        call = self.calls[orjson.loads(go.payload)["number"]]
        call.deliveries.append(self.now)
        assert len(call.deliveries) == 1, "delivered twice"
        assert not self._is_refused(call), f"delivered after the caller was told that it was not: {call.outcome!r}"
        assert node.member.clock() - node.member.lease.echo < LEASE_SECONDS, "delivered without a lease"
        assert node.member.clock() < go.deadline, "delivered too late"

    def _is_refused(self, call: Call) -> bool:
        return isinstance(call.outcome, OcppError) and call.outcome.delivered is False

    def settle(self) -> None:
        """Let all faults end, and time pass until all is quiet; then check that all agree."""
        if not self.broker.is_up:
            self.broker.start()
        self.broker.drops = 0.0
        for each in self.processes:
            each.bus.is_mute = each.bus.is_deaf = False
            if each.is_stopped:
                each.go_on()
        self.advance(45.0)
        for call in self.calls.values():
            assert call.outcome is not None or call.caller.is_dead, "a call hangs"
            assert not (self._is_refused(call) and call.deliveries), f"delivered, though {call.outcome!r}"
        self.check_replicas()

    def check_replicas(self) -> None:
        """All replicas are equal, and say what the nodes hold."""
        held = {
            identity: (each.name, epoch) for each in self.nodes for identity, epoch in each.member.announcer.own.items()
        }
        for each in self.processes:
            if not each.is_dead:
                seen = {identity: (at.peer.name, at.epoch) for identity, at in each.member.directory}
                assert seen == held, (each.name, seen, held)
                assert len(each.member.directory) == len(held)
                assert not each.member.caller._calls
