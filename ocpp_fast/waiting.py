"""The CALLs of one peer that wait for their turn (R14)."""

from __future__ import annotations

from collections import deque
from typing import Final

from .frames import Call, FrameFault

__all__ = ["Parked", "WaitingCalls"]


_OVERHEAD: Final = 160
"""Bytes that a parked CALL takes beside its own."""


class Parked:
    """A CALL of which only the bytes are kept: it is read again when its turn comes."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


class WaitingCalls:
    """Valid CALLs and the faults of invalid ones, in order; those beyond the first `most` are parked."""

    __slots__ = ("_calls", "_ids", "_most", "parked_size")

    def __init__(self, most: int) -> None:
        self._most = most
        self._calls: deque[Call | FrameFault | Parked] = deque()
        self._ids: dict[str, bytes] = {}
        self.parked_size = 0
        """About how much memory those take that are parked."""

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call | FrameFault, raw: bytes) -> None:
        """Let a CALL wait, or the fault of one."""
        if isinstance(call, Call):
            self._ids[call.unique_id] = raw
        if len(self._calls) < self._most:
            self._calls.append(call)
        else:
            self._calls.append(Parked(raw))
            self.parked_size += len(raw) + _OVERHEAD

    def bytes_of(self, unique_id: str) -> bytes | None:
        """Return the bytes of a CALL that waits; None if none of this id does."""
        return self._ids.get(unique_id)

    def pop(self) -> Call | FrameFault | Parked:
        """Return the next one; `begins` must follow for a CALL."""
        call = self._calls.popleft()
        if isinstance(call, Parked):
            self.parked_size -= len(call.raw) + _OVERHEAD
        return call

    def begins(self, call: Call) -> None:
        """A CALL waits no more."""
        self._ids.pop(call.unique_id, None)
