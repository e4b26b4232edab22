"""When a transaction message is sent again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

__all__ = ["Retries"]


@dataclass(frozen=True, slots=True)
class Retries:
    """The retry rule of R43: after the n-th failed try the next one is due `interval` * n seconds later.

    `interval` is TransactionMessageRetryInterval, `attempts` TransactionMessageAttempts of 1.6; in 2.x
    MessageAttemptInterval and MessageAttempts of TransactionEvent. When so many tries have failed, it is given up.

    Raises `ValueError` for an interval that is negative or not finite, and for less than one attempt.
    """

    interval: float = 60.0
    attempts: int = 3

    def __post_init__(self) -> None:
        if type(self.interval) not in (int, float) or not 0 <= self.interval < inf:
            raise ValueError(f"interval: expected seconds, 0 or more, not {self.interval!r}")
        if type(self.attempts) is not int or self.attempts < 1:
            raise ValueError(f"attempts: expected an integer, 1 or more, not {self.attempts!r}")

    def wait(self, tries: int) -> float:
        """Return the seconds between the end of a failed try and the next one, after so many of them."""
        return self.interval * tries
