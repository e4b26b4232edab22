"""The fence of a node: it may deliver calls only while its own heartbeats come back to it through the bus.

All others forget a node later than it fences itself: 3.5 s without a heartbeat, counted from when they got the last.
A process that was stopped, or whose event loop was held up, has not read yet what came meanwhile, such as the news that
a station has connected elsewhere: it delivers nothing until a heartbeat comes back that was sent since.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LEASE_SECONDS", "Lease"]

LEASE_SECONDS: Final = 3.0
_HELD_UP: Final = 0.5
"""Seconds between two steps, which are 0.1 s apart at most."""
_NEVER: Final = float("-inf")


class Lease:
    """Whether the last heartbeat that came back was sent less than 3 seconds ago; all times are of the node's clock."""

    __slots__ = ("_step", "echo", "since")

    def __init__(self) -> None:
        self.echo = _NEVER
        """When the last heartbeat was sent that has come back."""
        self.since = _NEVER
        """When it was fenced last."""
        self._step = float("inf")

    def is_active(self, now: float) -> bool:
        """Whether the node may deliver."""
        return now - self.echo < LEASE_SECONDS and now - self._step < _HELD_UP

    def stepped(self, now: float) -> bool:
        """Time has passed; fences and returns False if it was too much at once."""
        is_held_up = now - self._step >= _HELD_UP
        if is_held_up:
            self.fence(now)
        self._step = now
        return not is_held_up

    def echoed(self, sent: float, now: float) -> None:
        """A heartbeat of one's own has come back."""
        if self.echo < sent <= now and sent >= self.since:
            self.echo = sent

    def fence(self, now: float) -> None:
        """Deliver nothing until a heartbeat comes back that is sent after now."""
        self.echo = _NEVER
        self.since = max(self.since, now)
