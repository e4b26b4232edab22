"""The waits of a station between its tries to connect again (R42)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .arguments import check_interval

__all__ = ["BackOff"]


@dataclass(frozen=True, slots=True)
class BackOff:
    """The reconnect waits, in seconds: RetryBackOffWaitMinimum, -RandomRange and -RepeatTimes of OCPP 2.x.

    The default spreads stations that have all lost their central system at once: not one tenth of them dials within
    any second. Raises `ValueError` for times that are negative, or not finite.
    """

    minimum: float = 1.0
    random_range: float = 20.0
    repeat_times: int = 4

    def __post_init__(self) -> None:
        shortest = check_interval("minimum", self.minimum) + check_interval("random_range", self.random_range)
        if shortest == 0:
            raise ValueError("minimum: expected seconds, greater than 0 where random_range is 0")
        if type(self.repeat_times) is not int or self.repeat_times < 0:
            raise ValueError(f"repeat_times: expected an integer, 0 or more, not {self.repeat_times!r}")

    def waits(self, random: Callable[[], float]) -> Iterator[float]:
        """Yield one wait after another; `random` gives numbers from 0 to 1.

        The first is minimum plus a random part; each next is twice the last plus a new random part, doubled
        `repeat_times` times at most, and the same ever after.
        """
        wait = self.minimum + self.random_range * random()
        yield wait
        for _ in range(self.repeat_times):
            wait = 2 * wait + self.random_range * random()
            yield wait
        while True:
            yield wait
