"""The versions of OCPP, by their numbers; only those that are asked for are imported."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from ocpp_fast import ChargePoint

from .arguments import StationArguments
from .console import Console

if TYPE_CHECKING:
    from ocpp_fast import v21

__all__ = ["SimulatedStation", "answers_of", "messages_of", "station_of"]


class SimulatedStation(Protocol):
    """A simulated charge point of some version."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None: ...

    async def power_cycle(self, connection: AbstractAsyncContextManager[object]) -> int | None:
        """Live, while the connection lasts, until power off; return the exit code, or None to start again."""
