"""Which central system a station dials next, and how long it waits before: without a clock, a loop or a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, TypeVar

__all__ = ["Dialling"]

T = TypeVar("T")

_PROVEN: Final = 10.0
"""After so many seconds, or after an answer, a connection counts as good: the back-off starts anew (R42)."""


class Dialling(Generic[T]):
    """The tries of a station to connect to one of its central systems.

    `current` is dialled until it has failed `attempts` times in a row, or once for good; then the next of `places` is,
    the first behind the last. A connection that ends before it has proven good has failed, too.
    `new_waits` returns the waits of a back-off from its beginning, in seconds.
    """

    def __init__(
        self, places: Sequence[T], attempts: int, new_waits: Callable[[], Iterator[float]], at: int = 0
    ) -> None:
        self._places = tuple(places)
        self._at = at
        self._attempts = attempts
        self._new_waits = new_waits
        self._waits = new_waits()
        self._failures = 0
        self._given_up: set[int] = set()

    @property
    def places(self) -> Sequence[T]:
        """Those that are dialled."""
        return self._places

    @property
    def current(self) -> T:
        """The one that is dialled next, or that is connected."""
        return self._places[self._at]

    def wait(self) -> float:
        """Return how many seconds to wait before the next try."""
        return next(self._waits)

    def failed(self, *, final: bool = False) -> bool:
        """A try has failed, `final` if every other one would, too; return whether anything is left to be tried."""
        self._failures += 1
        if final:
            self._given_up.add(self._at)
        if final or self._failures >= self._attempts:
            self._move_on()
        return self._at not in self._given_up

    def connected(self) -> None:
        """A try has succeeded; what had failed for good may be tried again."""
        self._given_up.clear()

    def ended(self, *, lived: float, answered: bool) -> None:
        """The connection has ended after so many seconds, in which a call was answered or not."""
        if answered or lived >= _PROVEN:
            self._failures = 0
            self._waits = self._new_waits()
        else:
            self.failed()

    def only(self, wanted: Callable[[T], bool]) -> None:
        """Dial those alone from now on that are wanted, and the current one."""
        kept = [at for at, each in enumerate(self._places) if at == self._at or wanted(each)]
        self._given_up.clear()
        self._at = kept.index(self._at)
        self._places = tuple(self._places[at] for at in kept)

    def _move_on(self) -> None:
        count = len(self._places)
        left = [at % count for at in range(self._at + 1, self._at + 1 + count) if at % count not in self._given_up]
        if left:
            self._at, self._failures = left[0], 0
