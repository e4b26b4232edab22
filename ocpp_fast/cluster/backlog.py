"""Calls to a node that had to wait: for the bus, or for stations that were moving. They do not go all at once."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .calls import OutgoingCall

__all__ = ["Backlog"]

_FIRST: Final = 4
"""Calls that have their turn at once."""


class Backlog:
    """Gives calls their turns: one at a time to each station, a few at first, and two more for each that has ended.

    A call that waits here, and not at the node, is certain to be not delivered if the bus or the node is lost again.
    """

    __slots__ = ("_busy", "_most", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[str, deque[OutgoingCall]] = {}
        self._busy: dict[str, deque[OutgoingCall]] = {}
        """By station, those that wait for the one that has its turn."""
        self._most = _FIRST

    def __bool__(self) -> bool:
        return bool(self._waiting or self._busy)

    def add(self, call: OutgoingCall) -> None:
        """Take a call."""
        calls = self._busy.get(call.identity)
        if calls is None:
            calls = self._waiting.setdefault(call.identity, deque())
        calls.append(call)

    def pop(self) -> OutgoingCall | None:
        """Return the call that has its turn next; its station is busy until `ended`. None if none has one now."""
        if not self._waiting or len(self._busy) >= self._most:
            return None
        identity = next(iter(self._waiting))
        calls = self._busy[identity] = self._waiting.pop(identity)
        return calls.popleft()

    def ended(self, identity: str) -> None:
        """The call to a station that had its turn has ended."""
        calls = self._busy.pop(identity)
        if calls:
            self._waiting[identity] = calls
        self._most += 2
