"""The open calls of all connections of one event loop, on one timer."""

from __future__ import annotations

import asyncio
from math import inf
from typing import ClassVar
from weakref import WeakKeyDictionary, ref

from .._core import PendingTable
from ..session import OpenCall

__all__ = ["Deadlines"]


class Deadlines:
    """Tells the waiters of calls that have run out of time."""

    _asked_last: ClassVar[Deadlines | None] = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)  # or the loop would keep itself alive, through the table of loops below
        self.table: PendingTable[OpenCall] = PendingTable()
        self._due = inf

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Deadlines:
        """Return the one of a loop."""
        found = cls._asked_last  # a weak dictionary takes its time, and each connection asks
        if found is None or found._loop() is not loop:
            found = _of_loops.get(loop)
            if found is None:
                found = _of_loops[loop] = cls(loop)
            cls._asked_last = found
        return found

    def schedule(self) -> None:
        """See to it that the next deadline is noticed; to be called after a call was added."""
        due = self.table.next_deadline()
        loop = self._loop()
        if due is not None and due < self._due and loop is not None:
            self._due = due
            loop.call_at(due, self._expire, due)

    def _expire(self, due: float) -> None:
        loop = self._loop()
        if due != self._due or loop is None:
            return  # another timer goes off for what is due next
        self._due = inf
        for _, _, open_call in self.table.expire(loop.time()):
            if open_call.waiter is not None:
                open_call.waiter.expired(open_call)
        self.schedule()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Deadlines] = WeakKeyDictionary()
