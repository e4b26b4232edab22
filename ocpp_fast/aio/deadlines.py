"""The open calls of all connections of one event loop, on one timer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .._kernels import PendingTable

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Deadlines"]


class Deadlines:
    """Wakes the connections whose calls have run out of time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.table = PendingTable()
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Deadlines:
        """Return the one of a loop."""
        if loop not in _of_loops:
            _of_loops[loop] = cls(loop)
        return _of_loops[loop]

    def schedule(self) -> None:
        """See to it that the timer goes off at the next deadline; to be called after a call was added."""
        due = self.table.next_deadline()
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._expire)

    def _expire(self) -> None:
        self._timer = None
        expired = self.table.expire(self._loop.time())
        for _, _, open_call in expired:
            connection: Connection = open_call.waiter.connection  # type: ignore[attr-defined]  # the table's values are objects
            connection.expire(open_call)  # type: ignore[arg-type]
        self.schedule()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Deadlines] = WeakKeyDictionary()
