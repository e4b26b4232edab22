"""A bus in memory, for tests of programs in a cluster, and of the cluster itself: it delays, drops and cuts."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from random import Random

from ..cluster.bus import BusLost, Deliver

__all__ = ["MemoryBroker", "MemoryBus"]


class MemoryBroker:
    """What several `MemoryBus` are connected to.

    Without `random`, a message is delivered by `loop.call_soon`. With it, a message waits for `delay` seconds of a fake
    time, from and to, at random, behind those of the same pair of buses that were sent before; `advance` lets time
    pass. `drops` is the share of messages that are lost.
    """

    def __init__(
        self, random: Random | None = None, *, delay: tuple[float, float] = (0.0, 0.0), drops: float = 0.0
    ) -> None:
        self.now = 0.0
        self.is_up = True
        self.delay = delay
        self.drops = drops
        self._random = random
        self._buses: list[MemoryBus] = []
        self._due: list[tuple[float, int, MemoryBus, Callable[[], None]]] = []
        self._last: dict[tuple[MemoryBus, MemoryBus], float] = {}
        self._numbers = count()

    def bus(self) -> MemoryBus:
        """Return a new bus, for one participant."""
        return MemoryBus(self)

    def stop(self) -> None:
        """Go down: all buses lose their connection, and what was under way."""
        self.is_up = False
        self._due.clear()
        for each in list(self._buses):
            each._disconnected()

    def start(self) -> None:
        """Come up again: all buses connect."""
        self.is_up = True
        for each in list(self._buses):
            each._reconnected()

    def advance(self, to: float) -> None:
        """Let time pass until a moment, and deliver what is due by then."""
        while self._due and self._due[0][0] <= to:
            self.now, _, _, deliver = heapq.heappop(self._due)
            deliver()
        self.now = to

    @property
    def next_due(self) -> float:
        """When the next message arrives."""
        return self._due[0][0] if self._due else float("inf")

    def _route(self, sender: MemoryBus, subject: str, payload: bytes, reply: str) -> None:
        targets: list[tuple[MemoryBus, Deliver]] = []
        queues: dict[str, list[tuple[MemoryBus, Deliver]]] = {}
        for bus in self._buses:
            for pattern, queue, deliver in bus._subscriptions.values():
                if _matches(pattern, subject):
                    found = targets if not queue else queues.setdefault(queue, [])
                    found.append((bus, deliver))
        choose = (self._random or Random(0)).choice  # not for secrets
        targets += [choose(each) for each in queues.values()]
        if not targets and reply:
            self._route(sender, reply, b"", "")
        for bus, deliver in targets:
            self._send(sender, bus, lambda deliver=deliver: deliver(subject, reply, payload))  # type: ignore[misc]

    def _send(self, sender: MemoryBus, to: MemoryBus, deliver: Callable[[], None]) -> None:
        def arrive() -> None:
            if to.connected and not to.is_deaf:
                deliver()

        if self._random is None:
            asyncio.get_running_loop().call_soon(arrive)
            return
        if sender.is_mute or self._random.random() < self.drops:
            return
        due = max(self.now + self._random.uniform(*self.delay), self._last.get((sender, to), 0.0))
        self._last[sender, to] = due
        heapq.heappush(self._due, (due, next(self._numbers), to, arrive))


class MemoryBus:
    """The `Bus` of one participant; `is_mute` and `is_deaf` cut it in one direction, without anybody being told."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.connected = False
        self.trouble = ""
        self.is_mute = False
        self.is_deaf = False
        self._broker = broker
        self._subscriptions: dict[int, tuple[list[str], str, Deliver]] = {}
        self._numbers = count()
        self._on_lost: Callable[[], None] = lambda: None
        self._on_back: Callable[[], None] = lambda: None

    def subscribe(self, subject: str, deliver: Deliver, *, queue: str = "") -> Callable[[], None]:
        """Deliver the messages of a subject; returns a function that ends it."""
        number = next(self._numbers)
        self._subscriptions[number] = (subject.split("."), queue, deliver)
        return lambda: self._subscriptions.pop(number, None) and None

    async def start(self, *, on_lost: Callable[[], None], on_back: Callable[[], None]) -> None:
        """Connect, if the broker is up."""
        self.attach(on_lost=on_lost, on_back=on_back)

    def attach(self, *, on_lost: Callable[[], None], on_back: Callable[[], None]) -> None:
        """Do what `start` does, without an event loop."""
        self._on_lost = on_lost
        self._on_back = on_back
        self._broker._buses.append(self)
        if self._broker.is_up:
            self._reconnected()

    def publish(self, subject: str, payload: bytes, *, reply: str = "") -> None:
        """Send a message now. Raises `BusLost` when that is impossible."""
        if not self.connected:
            raise BusLost("the bus is not connected")
        self._broker._route(self, subject, payload, reply)

    def reset(self) -> None:
        """Drop the connection, and make a new one."""
        if self.connected:
            self._disconnected()
            self._reconnected()

    async def close(self) -> None:
        """Disconnect for good."""
        self.detach()

    def detach(self) -> None:
        """Do what `close` does, without an event loop: also as a process does that is killed."""
        self.connected = False
        if self in self._broker._buses:
            self._broker._buses.remove(self)

    def _disconnected(self) -> None:
        if self.connected:
            self.connected = False
            self._on_lost()

    def _reconnected(self) -> None:
        if not self.connected:
            self.connected = True
            self._on_back()


def _matches(pattern: list[str], subject: str) -> bool:
    tokens = subject.split(".")
    for index, each in enumerate(pattern):
        if each == ">":
            return len(tokens) > index
        if index >= len(tokens) or each not in ("*", tokens[index]):
            return False
    return len(tokens) == len(pattern)
