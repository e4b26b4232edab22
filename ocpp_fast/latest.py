"""What is remembered of many, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

__all__ = ["Latest"]

K = TypeVar("K")
V = TypeVar("V")


class Latest(OrderedDict[K, V]):
    """A mapping of at most `most` keys: of one more, the key that was set the longest ago is forgotten.

    Raises `ValueError` unless `most` is an integer greater than 0.
    """

    def __init__(self, most: int = 100_000) -> None:
        super().__init__()
        if type(most) is not int or most < 1:
            raise ValueError(f"most: expected an integer greater than 0, not {most!r}")
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
