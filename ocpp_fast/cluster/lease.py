"""The fence of a node: it may deliver calls only while its own heartbeats come back to it through the bus.

All others forget a node later than it fences itself: 3.5 s without a heartbeat, counted from when they got the last.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LEASE_SECONDS", "Lease"]

LEASE_SECONDS: Final = 3.0
_NEVER: Final = float("-inf")


class Lease:
    """Whether the last heartbeat that came back was sent less than 3 seconds ago; all times are of the node's clock."""

    __slots__ = ("_since", "echo")

    def __init__(self) -> None:
        self.echo = _NEVER
        """When the last heartbeat was sent that has come back."""
        self._since = _NEVER

    def is_active(self, now: float) -> bool:
        """Whether the node may deliver."""
        return now - self.echo < LEASE_SECONDS

    def echoed(self, sent: float, now: float) -> None:
        """A heartbeat of one's own has come back."""
        if self.echo < sent <= now and sent >= self._since:
            self.echo = sent

    def fence(self, now: float) -> None:
        """Deliver nothing until a heartbeat comes back that is sent after now."""
        self.echo = _NEVER
        self._since = now
