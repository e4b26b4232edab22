"""The compiled core of numbers: see `ocpp_fast._core.contract`."""

from collections.abc import Callable
from typing import final

__all__ = ["ExactFloat"]

@final
class ExactFloat:
    def __init__(self, reference: Callable[[str], float], long_float: type[float]) -> None: ...
    def __call__(self, literal: str) -> float: ...
