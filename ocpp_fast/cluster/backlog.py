"""Calls that had to wait for their node: because of the bus, or for stations that moved. They do not go all at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .calls import OutgoingCall

__all__ = ["Backlog"]

_FIRST: Final = 4
"""Calls that have their turn at once."""
_MORE: Final = 3
"""Turns that are free in place of one that is over."""
_TURN_SECONDS: Final = 0.1
_OPEN_SECONDS: Final = 1.0


class Backlog:
    """Gives calls to a node their turns: one call at a time to each station, and only a few at first.

    A turn is over when its call has ended, or after a tenth of a second, and three are free in its place. A call that
    waits here, and not at the node, is certain to be not delivered if the bus or the node is lost again.
    """

    __slots__ = ("_busy", "_count", "_free", "_open_until", "_turns", "_waiting")

    def __init__(self, now: float) -> None:
        self._waiting: dict[str, deque[OutgoingCall]] = {}
        self._busy: dict[str, deque[OutgoingCall]] = {}
        """By station, what waits until the call that had its turn has ended."""
        self._turns: dict[OutgoingCall, float] = {}
        """When they began, the oldest one first."""
        self._count = 0
        self._free = _FIRST
        self._open_until = now + _OPEN_SECONDS

    def takes(self, identity: str, now: float) -> bool:
        """Whether a call to a station that is made now should stand behind these."""
        return now < self._open_until or identity in self._waiting or bool(self._busy.get(identity))

    def is_over(self, now: float) -> bool:
        """Whether nothing waits, and nothing that comes should."""
        return not self._count and (not self._busy or now >= self._open_until)

    def add(self, call: OutgoingCall) -> None:
        """Queue a call."""
        calls = self._busy.get(call.identity)
        if calls is None:
            calls = self._waiting.setdefault(call.identity, deque())
        calls.append(call)
        self._count += 1

    def pop(self, now: float, alive: Container[OutgoingCall]) -> OutgoingCall | None:
        """Return the call that has its turn next, of those that are alive; None if no turn is free.

        Its station is busy until `ended`.
        """
        while self._turns and now - next(iter(self._turns.values())) >= _TURN_SECONDS:
            self._over(next(iter(self._turns)))
        while self._waiting and self._free:
            identity = next(iter(self._waiting))
            calls = self._waiting.pop(identity)
            while calls:
                call = calls.popleft()
                self._count -= 1
                if call in alive:
                    self._busy[identity] = calls
                    self._turns[call] = now
                    self._free -= 1
                    return call
        return None

    def ended(self, call: OutgoingCall) -> None:
        """A call that had its turn has ended."""
        calls = self._busy.pop(call.identity)
        if calls:
            self._waiting[call.identity] = calls
        if call in self._turns:
            self._over(call)

    def _over(self, call: OutgoingCall) -> None:
        del self._turns[call]
        self._free += _MORE
