"""What is remembered of the answers of one connection: to give them again (R13), and to know them again (R10)."""

from __future__ import annotations

from array import array
from typing import Final

from .frames import Call

__all__ = ["KeptAnswers", "SentResults"]

_MOST: Final = 64
_LATELY: Final = 16


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


class SentResults:
    """The results that were sent lately, at most 16: which the peer may refuse, each once (R10)."""

    __slots__ = ("_hashes",)

    def __init__(self) -> None:
        self._hashes = array("q")  # of the unique ids, which take ten times as much

    def add(self, unique_id: str) -> None:
        """A result has been sent."""
        hashes = self._hashes
        if len(hashes) == _LATELY:
            del hashes[0]
        hashes.append(hash(unique_id))

    def take(self, unique_id: str) -> bool:
        """Whether such a result was sent lately; it is forgotten."""
        try:
            self._hashes.remove(hash(unique_id))
        except ValueError:
            return False
        return True
