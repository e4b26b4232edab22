"""What there is for each version of OCPP, by its number; only what is asked for is imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any, Protocol

from ocpp_fast import ChargePoint

from .arguments import StationArguments
from .console import Console

__all__ = ["SimulatedStation", "answers_of", "messages_of", "station_of"]


class SimulatedStation(Protocol):
    """A simulated charge point of some version."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None: ...

    async def power_cycle(self, connection: AbstractAsyncContextManager[object]) -> int | None:
        """Live, while the connection lasts, until power off; return the exit code, or None to start again."""


def messages_of(number: str) -> Any:
    """Return the module that declares the messages of a version: `v16`, `v201`, `v21`."""
    return import_module(f"ocpp_fast.{_name(number)}")


def station_of(number: str) -> type[SimulatedStation]:
    """Return what simulates a charge point of a version."""
    station: type[SimulatedStation] = _part(number, "charge_point").SimulatedChargePoint
    return station


def answers_of(number: str) -> Callable[[Console, int], object]:
    """Return what makes the handlers of a central system, given the seconds between heartbeats."""
    answers: Callable[[Console, int], object] = _part(number, "central_system").CentralSystemAnswers
    return answers


def _part(number: str, name: str) -> Any:
    return import_module(f".{_name(number)}.{name}", __package__)


def _name(number: str) -> str:
    return f"v{number.replace('.', '')}"
