"""The answers of one connection that are given again when their call is repeated (R13)."""

from __future__ import annotations

from typing import Final

from .frames import Call

__all__ = ["KeptAnswers"]

_MOST: Final = 64


class KeptAnswers:
    """The latest answers, each for `window` seconds, 64 at most; times are those of the session."""

    __slots__ = ("_kept", "_window")

    def __init__(self, window: float) -> None:
        self._window = window
        self._kept: dict[str, tuple[bytes, bytes, float]] = {}

    def keep(self, call: Call, answer: bytes, now: float) -> None:
        """Keep the answer of a call, and drop those whose time is over."""
        self._kept.pop(call.unique_id, None)
        self._kept[call.unique_id] = call.raw, answer, now + self._window
        while len(self._kept) > _MOST or next(iter(self._kept.values()))[2] < now:
            del self._kept[next(iter(self._kept))]

    def find(self, call: Call, now: float) -> bytes | None:
        """Return the answer to give again; None if the bytes differ, or the time is over."""
        raw, answer, until = self._kept.get(call.unique_id, (b"", b"", now))
        return answer if raw == call.raw and now <= until else None
