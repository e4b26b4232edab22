"""A queue that ends with the process."""

from __future__ import annotations

from ..errors import QueueInUse
from .contract import Change, Contents, check_capacity
from .messages import MessageRow, TransactionRow

__all__ = ["MemoryQueue"]


class MemoryQueue:
    """Keeps messages for as long as the process lives, also while its charge point is not running.

    `capacity` is as of `SqliteQueue`.
    """

    blocks = False

    def __init__(self, *, capacity: int = 10_000) -> None:
        self.capacity = check_capacity(capacity)
        self._messages: dict[int, MessageRow] = {}
        self._transactions: dict[str, TransactionRow] = {}
        self._is_open = False

    def open(self) -> Contents:
        """Return what is kept. Raises `QueueInUse`."""
        if self._is_open:
            raise QueueInUse("the queue is in use by another charge point")
        self._is_open = True
        return Contents(sorted(self._messages.values()), [*self._transactions.values()])

    def write(self, change: Change) -> None:
        """Keep a change."""
        self._messages.update((each.number, each) for each in change.messages)
        self._transactions.update((each.key, each) for each in change.transactions)
        for number in change.removed:
            self._messages.pop(number, None)
        for key in change.ended:
            self._transactions.pop(key, None)

    def close(self) -> None:
        """Let others open it."""
        self._is_open = False
