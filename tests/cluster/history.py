"""What became of each call, told by callers and by stations, and what is wrong with that."""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

GRACE = 0.25
"""Seconds that a replaced connection may still get frames, and for which a frame may be on its way to who reads it."""

CATCHES_UP = 1.5
"""Seconds after which a node that was cut off has told the others what it missed to tell."""


@dataclass
class Socket:
    """A connection as its station sees it."""

    station: str
    node: str
    since: float = field(default_factory=time.monotonic)
    newer: Socket | None = None
    """The next one that the station has opened."""
    in_flight: int = 0


@dataclass
class Cut:
    """A time in which nobody heard of some nodes: from a moment on, until another or for ever."""

    nodes: Collection[str]
    since: float = field(default_factory=time.monotonic)
    until: float = inf
    forgets: bool = False
    """Whether a node has lost what it had to tell."""


@dataclass
class Call:
    """A call as its caller sees it, and where it was delivered."""

    number: int
    began: float
    ended: float | None = None
    outcome: str = ""
    delivered: bool | None = None
    deliveries: list[tuple[float, Socket]] = field(default_factory=list)


class History:
    """Records, and judges in the end."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.cuts: list[Cut] = []
        self.stale: list[float] = []
        """How long the connections had been replaced that got a frame."""
        self.untold: list[float] = []
        """The same, where the newer owners were cut off, so that nobody could know of them."""

    def begin(self) -> Call:
        """Record that a call is made."""
        call = Call(len(self.calls), time.monotonic())
        self.calls.append(call)
        return call

    def delivered(self, number: int, socket: Socket) -> None:
        """Record that a station got a call."""
        call, now = self.calls[number], time.monotonic()
        call.deliveries.append((now, socket))
        if len(call.deliveries) > 1:
            self.violations.append(f"call {number} was delivered twice")
        if call.ended is not None and call.outcome != "DeliveryUnknown":
            late = now - call.ended
            if call.delivered is not None or late > GRACE:
                self.violations.append(f"call {number} was delivered {late:.2f} s after {call.outcome}")
        socket.in_flight += 1
        if socket.in_flight > 1:
            self.violations.append(f"call {number} was sent while another one was open")
        newer = socket.newer
        if newer is not None and (age := now - newer.since) > GRACE:
            (self.stale if self._is_known(newer, now) else self.untold).append(age)

    @contextmanager
    def cut(self, nodes: Collection[str], *, forgets: bool = False) -> Iterator[None]:
        """Record that nobody hears of these nodes meanwhile."""
        cut = Cut(nodes, forgets=forgets)
        self.cuts.append(cut)
        try:
            yield
        finally:
            cut.until = time.monotonic()

    def _is_known(self, socket: Socket, now: float) -> bool:
        """Whether the owner of a connection, or of a newer one, could tell the others of it by now."""
        was_cut_off = any(
            socket.node in each.nodes
            and each.since < socket.since + GRACE
            and each.until > socket.since
            and (each.forgets or now < each.until + CATCHES_UP)
            for each in self.cuts
        )
        return not was_cut_off or (socket.newer is not None and self._is_known(socket.newer, now))

    def judge(self) -> None:
        """Look at all calls in the end."""
        for call in self.calls:
            if call.ended is None:
                self.violations.append(f"call {call.number} hangs")
            elif call.delivered is False and call.deliveries:
                self.violations.append(f"call {call.number} ended in {call.outcome}, and was delivered")

    def summary(self) -> dict[str, object]:
        """Return the figures of the run."""
        outcomes: dict[str, int] = {}
        for call in self.calls:
            outcomes[call.outcome] = outcomes.get(call.outcome, 0) + 1
        took = [call.ended - call.began for call in self.calls if call.outcome == "ok" and call.ended is not None]
        return {
            "faults": len(self.cuts),
            "calls": len(self.calls),
            "outcomes": dict(sorted(outcomes.items())),
            "unknown": sum(call.delivered is None for call in self.calls if call.outcome != "ok"),
            "p50 ms": round(statistics.median(took) * 1000, 2) if took else None,
            "stale": [round(each, 2) for each in self.stale],
            "untold": [round(each, 2) for each in self.untold],
            "violations": self.violations[:10],
        }
