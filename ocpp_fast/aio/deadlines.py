"""The open calls of all connections of one event loop, on one timer."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .._kernels import PendingTable

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Deadlines"]


class Deadlines:
    """Wakes the connections whose calls have run out of time."""

    # The loop is not kept here, nor a handle of its: it would never be freed.

    def __init__(self) -> None:
        self.table = PendingTable()
        self._due = inf

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Deadlines:
        """Return the one of a loop."""
        if loop not in _of_loops:
            _of_loops[loop] = cls()
        return _of_loops[loop]

    def schedule(self) -> None:
        """See to it that the next deadline is noticed; to be called after a call was added."""
        due = self.table.next_deadline()
        if due is not None and due < self._due:
            self._due = due
            asyncio.get_running_loop().call_at(due, self._expire, due)

    def _expire(self, due: float) -> None:
        if due != self._due:
            return  # another timer goes off for what is due next
        self._due = inf
        expired = self.table.expire(asyncio.get_running_loop().time())
        for _, _, open_call in expired:
            connection: Connection = open_call.waiter.connection  # type: ignore[attr-defined]
            connection.expire(open_call)  # type: ignore[arg-type]
        self.schedule()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Deadlines] = WeakKeyDictionary()
