"""The compiled core of call correlation: see `contract.PendingTable` for what callers may rely on.

It keeps the structure of the reference core, whose module explains it, and one thing more: the bucket that a
call entered last, since most calls enter the same one as the call before.
"""

from heapq import heappop, heappush

cimport cython
from libc.math cimport INFINITY, ceil, isfinite

__all__ = ["PendingTable"]

cdef enum:
    SPARE_BUCKETS = 64


@cython.final
@cython.freelist(256)
cdef class _Entry:
    """One open call, its bucket, if it is in one, and its place there."""

    cdef object owner
    cdef object unique_id
    cdef object value
    cdef list bucket
    cdef Py_ssize_t slot


@cython.final
cdef class PendingTable:
    """Open calls by owner and unique id, with their deadlines: keeps `contract.PendingTable`."""

    cdef double tick
    cdef Py_ssize_t open
    cdef dict owners  # owner -> {unique id -> _Entry}
    cdef dict buckets  # time -> list of _Entry
    cdef list times  # the keys of buckets, as a heap
    cdef Py_ssize_t max_buckets
    cdef double latest_due  # the time of latest_bucket; infinite: there is none
    cdef list latest_bucket

    def __cinit__(self, double tick=0.05):
        if not (isfinite(tick) and tick > 0):
            raise ValueError(f"tick must be finite and greater than zero, not {tick!r}")
        self.tick = tick
        self.open = 0
        self.owners = {}
        self.buckets = {}
        self.times = []
        self.max_buckets = SPARE_BUCKETS
        self.latest_due = INFINITY

    def add(self, owner, unique_id, value, double deadline):
        """Open a call; KeyError if its id is open, ValueError if its deadline is NaN or -inf."""
        cdef double due = self.due_time(deadline)
        cdef _Entry entry = _Entry.__new__(_Entry)
        cdef dict calls = self.owners.get(owner)

        entry.owner = owner
        entry.unique_id = unique_id
        entry.value = value
        if calls is None:
            self.owners[owner] = {unique_id: entry}
        elif unique_id in calls:
            raise KeyError(unique_id)
        else:
            calls[unique_id] = entry
        self.open += 1
        if due < INFINITY:
            self.enter_bucket(entry, due)

    def get(self, owner, unique_id):
        """The value of an open call, left in place; None if it is not open."""
        cdef dict calls = self.owners.get(owner)
        cdef _Entry entry = None if calls is None else calls.get(unique_id)

        return None if entry is None else entry.value

    def take(self, owner, unique_id):
        """The value of an open call, which is closed; None if it is not open."""
        cdef dict calls = self.owners.get(owner)
        cdef _Entry entry = None if calls is None else calls.pop(unique_id, None)

        if entry is None:
            return None
        if not calls:
            del self.owners[owner]
        self.open -= 1
        self.leave_bucket(entry)
        return entry.value

    def take_all(self, owner):
        """Close all calls of `owner`: ids and values in the order they were added."""
        cdef dict calls = self.owners.pop(owner, {})
        cdef list taken = []
        cdef _Entry entry

        self.open -= len(calls)
        for entry in calls.values():
            self.leave_bucket(entry)
            taken.append((entry.unique_id, entry.value))
        return taken

    def expire(self, double now):
        """Close all calls that are due at `now`: owner, id and value of each."""
        cdef list expired = []
        cdef list bucket
        cdef _Entry entry

        while self.times and <double>self.times[0] <= now:
            bucket = self.pop_bucket()
            for entry in bucket:
                entry.bucket = None
                self.leave_owner(entry)
                expired.append((entry.owner, entry.unique_id, entry.value))
        return expired

    def next_deadline(self):
        """When to call `expire` next; None if no open call has a deadline."""
        while self.times and not self.buckets[self.times[0]]:
            self.pop_bucket()
        return self.times[0] if self.times else None

    def __len__(self):
        """How many calls are open."""
        return self.open

    cdef double due_time(self, double deadline) except? -1:
        """The end of the tick that `deadline` lies in, never before `deadline`."""
        cdef double due

        if not deadline > -INFINITY:
            raise ValueError(f"deadline must be a time or +inf, not {deadline!r}")
        due = ceil(deadline / self.tick) * self.tick
        return due if due >= deadline else deadline  # the product may have been rounded down

    cdef int enter_bucket(self, _Entry entry, double due) except -1:
        if due != self.latest_due:
            self.latest_bucket = self.bucket_at(due)
            self.latest_due = due
        entry.bucket = self.latest_bucket
        entry.slot = len(entry.bucket)
        entry.bucket.append(entry)
        return 0

    cdef list bucket_at(self, object due):
        cdef list bucket = self.buckets.get(due)

        if bucket is None:
            if len(self.buckets) >= self.max_buckets:
                self.drop_empty_buckets()
            bucket = []
            self.buckets[due] = bucket
            heappush(self.times, due)
        return bucket

    cdef int leave_bucket(self, _Entry entry) except -1:
        """Take the entry out of its bucket, if it is in one; the last of the bucket moves to its place."""
        cdef list bucket = entry.bucket
        cdef _Entry last

        if bucket is None:
            return 0
        last = bucket.pop()
        if last is not entry:
            bucket[entry.slot] = last
            last.slot = entry.slot
        entry.bucket = None
        return 0

    cdef int leave_owner(self, _Entry entry) except -1:
        cdef dict calls = self.owners[entry.owner]

        del calls[entry.unique_id]
        if not calls:
            del self.owners[entry.owner]
        self.open -= 1
        return 0

    cdef list pop_bucket(self):
        """The bucket that is due first, taken out of the wheel."""
        self.forget_latest()
        return self.buckets.pop(heappop(self.times))

    cdef int drop_empty_buckets(self) except -1:
        self.forget_latest()
        self.buckets = {due: bucket for due, bucket in self.buckets.items() if bucket}
        self.times = sorted(self.buckets)  # which is a heap
        self.max_buckets = 2 * len(self.buckets) + SPARE_BUCKETS
        return 0

    cdef void forget_latest(self) noexcept:
        self.latest_due = INFINITY
        self.latest_bucket = None
