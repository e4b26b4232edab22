"""What became of each call, told by callers and by stations, and what is wrong with that."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

GRACE = 0.25
"""Seconds that a replaced connection may still get frames."""


@dataclass
class Socket:
    """A connection as its station sees it."""

    station: str
    node: str
    replaced: float | None = None
    """When the station opened a newer one."""
    in_flight: int = 0


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
        self.stale: list[float] = []
        """How long the connections had been replaced that got a frame."""

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
            self.violations.append(f"call {number} was delivered {now - call.ended:.2f} s after {call.outcome}")
        socket.in_flight += 1
        if socket.in_flight > 1:
            self.violations.append(f"call {number} was sent while another one was open")
        if socket.replaced is not None and now - socket.replaced > GRACE:
            self.stale.append(now - socket.replaced)

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
            "calls": len(self.calls),
            "outcomes": dict(sorted(outcomes.items())),
            "unknown": sum(call.delivered is None for call in self.calls if call.outcome != "ok"),
            "p50 ms": round(statistics.median(took) * 1000, 2) if took else None,
            "stale": [round(each, 2) for each in self.stale],
            "violations": self.violations[:10],
        }
