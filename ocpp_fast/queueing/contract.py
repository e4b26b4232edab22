"""What keeps the messages of a queue: a `TransactionQueue`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..errors import NotDurable
from .messages import MessageRow, TransactionRow

__all__ = ["Change", "Contents", "TransactionQueue", "check_capacity"]


def check_capacity(capacity: object) -> int:
    """Return a number of messages, greater than zero. Raises `ValueError`."""
    if type(capacity) is not int or capacity < 1:
        raise ValueError(f"capacity: expected an integer, 1 or more, not {capacity!r}")
    return capacity


class Change(NamedTuple):
    """What has changed, by the keys of its rows: all of it becomes durable, or nothing."""

    messages: Sequence[MessageRow] = ()
    """New ones, and new versions of old ones."""
    removed: Sequence[int] = ()
    """The numbers of messages; some may never have been stored."""
    transactions: Sequence[TransactionRow] = ()
    ended: Sequence[str] = ()
    """The keys of transactions."""


class Contents(NamedTuple):
    """What was kept: the messages in the order of their numbers, and the transactions."""

    messages: Sequence[MessageRow] = ()
    transactions: Sequence[TransactionRow] = ()
    damage: NotDurable | None = None
    """Why it may be incomplete; the queue is empty then, and what was saved of it is written again."""


class TransactionQueue(Protocol):
    """Keeps the messages of one charge point. `SqliteQueue` and `MemoryQueue` are two.

    If `blocks` is true, its methods are called in a thread of their own, one call at a time. What `open` and `write`
    raise is told, and the charge point goes on from memory; but `QueueInUse` ends its start.
    """

    @property
    def blocks(self) -> bool:
        """Whether its methods take their time."""
        ...

    @property
    def capacity(self) -> int:
        """So many messages may wait; then those in the course of a transaction are thinned."""
        ...

    def open(self) -> Contents:
        """Return what is kept. Raises `QueueInUse` if another process, or charge point, has it open."""
        ...

    def write(self, change: Change) -> None:
        """Make a change durable. Raises `NotDurable`, and `QueueDamaged` if all must be written again."""
        ...

    def close(self) -> None:
        """Let others open it."""
        ...
