"""The reference core of call correlation: see `contract.PendingTable` for what callers may rely on.

A timing wheel without a rim: calls that are due at the end of the same tick share a bucket, and a heap holds
the time of every bucket once. A call that is closed leaves its bucket at once. An empty bucket is likely to
be entered again, so it stays until its time comes, or `next_deadline` comes upon it, or the buckets have
become twice as many as were in use when the empty ones were last dropped.
"""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heappop, heappush
from math import ceil, inf, isfinite
from typing import Generic, TypeVar, final

__all__ = ["PendingTable"]

V = TypeVar("V")

_SPARE_BUCKETS = 64
"""How many buckets a table may always keep before it looks for empty ones."""


@final
class _Entry(Generic[V]):
    """One open call, its bucket, if it is in one, and its place there."""

    __slots__ = ("bucket", "owner", "slot", "unique_id", "value")

    def __init__(self, owner: Hashable, unique_id: str, value: V) -> None:
        self.owner = owner
        self.unique_id = unique_id
        self.value = value
        self.bucket: list[_Entry[V]] | None = None
        self.slot = -1


@final
class PendingTable(Generic[V]):
    """Open calls by owner and unique id, with their deadlines: keeps `contract.PendingTable`."""

    __slots__ = ("_buckets", "_max_buckets", "_open", "_owners", "_tick", "_times")

    def __init__(self, tick: float = 0.05) -> None:
        if not (isfinite(tick) and tick > 0):
            raise ValueError(f"tick must be finite and greater than zero, not {tick!r}")
        self._tick = tick
        self._open = 0
        self._owners: dict[Hashable, dict[str, _Entry[V]]] = {}
        self._buckets: dict[float, list[_Entry[V]]] = {}
        self._times: list[float] = []  # the keys of _buckets, as a heap
        self._max_buckets = _SPARE_BUCKETS

    def add(self, owner: Hashable, unique_id: str, value: V, deadline: float) -> None:
        """Open a call; KeyError if its id is open, ValueError if its deadline is NaN or -inf."""
        due = self._due_time(deadline)
        entry = _Entry(owner, unique_id, value)
        calls = self._owners.get(owner)
        if calls is None:
            self._owners[owner] = {unique_id: entry}
        elif unique_id in calls:
            raise KeyError(unique_id)
        else:
            calls[unique_id] = entry
        self._open += 1
        if due < inf:
            self._enter_bucket(entry, due)

    def get(self, owner: Hashable, unique_id: str) -> V | None:
        """The value of an open call, left in place; None if it is not open."""
        calls = self._owners.get(owner)
        entry = None if calls is None else calls.get(unique_id)
        return None if entry is None else entry.value

    def take(self, owner: Hashable, unique_id: str) -> V | None:
        """The value of an open call, which is closed; None if it is not open."""
        calls = self._owners.get(owner)
        entry = None if calls is None else calls.pop(unique_id, None)
        if entry is None:
            return None
        if not calls:
            del self._owners[owner]
        self._open -= 1
        self._leave_bucket(entry)
        return entry.value

    def take_all(self, owner: Hashable) -> list[tuple[str, V]]:
        """Close all calls of `owner`: ids and values in the order they were added."""
        calls = self._owners.pop(owner, {})
        self._open -= len(calls)
        for entry in calls.values():
            self._leave_bucket(entry)
        return [(unique_id, entry.value) for unique_id, entry in calls.items()]

    def expire(self, now: float) -> list[tuple[Hashable, str, V]]:
        """Close all calls that are due at `now`: owner, id and value of each."""
        expired: list[tuple[Hashable, str, V]] = []
        while self._times and self._times[0] <= now:
            for entry in self._buckets.pop(heappop(self._times)):
                entry.bucket = None
                self._leave_owner(entry)
                expired.append((entry.owner, entry.unique_id, entry.value))
        return expired

    def next_deadline(self) -> float | None:
        """When to call `expire` next; None if no open call has a deadline."""
        while self._times and not self._buckets[self._times[0]]:
            del self._buckets[heappop(self._times)]
        return self._times[0] if self._times else None

    def __len__(self) -> int:
        """How many calls are open."""
        return self._open

    def _due_time(self, deadline: float) -> float:
        """The end of the tick that `deadline` lies in, never before `deadline`."""
        if not deadline > -inf:
            raise ValueError(f"deadline must be a time or +inf, not {deadline!r}")
        ticks = deadline / self._tick
        due = ceil(ticks) * self._tick if isfinite(ticks) else ticks
        return due if due >= deadline else deadline  # the product may have been rounded down

    def _enter_bucket(self, entry: _Entry[V], due: float) -> None:
        bucket = self._buckets.get(due)
        if bucket is None:
            if len(self._buckets) >= self._max_buckets:
                self._drop_empty_buckets()
            bucket = self._buckets[due] = []
            heappush(self._times, due)
        entry.bucket = bucket
        entry.slot = len(bucket)
        bucket.append(entry)

    def _leave_bucket(self, entry: _Entry[V]) -> None:
        """Take the entry out of its bucket, if it is in one; the last of the bucket moves to its place."""
        bucket = entry.bucket
        if bucket is None:
            return
        last = bucket.pop()
        if last is not entry:
            bucket[entry.slot] = last
            last.slot = entry.slot
        entry.bucket = None

    def _leave_owner(self, entry: _Entry[V]) -> None:
        calls = self._owners[entry.owner]
        del calls[entry.unique_id]
        if not calls:
            del self._owners[entry.owner]
        self._open -= 1

    def _drop_empty_buckets(self) -> None:
        self._buckets = {due: bucket for due, bucket in self._buckets.items() if bucket}
        self._times = sorted(self._buckets)  # which is a heap
        self._max_buckets = 2 * len(self._buckets) + _SPARE_BUCKETS
