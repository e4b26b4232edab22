"""Scenarios: what happens at simulated stations, step by step, as a TOML file tells it (docs/testing.md)."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from .script import Refused

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["Scenario"]

_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "plug": ["outlet"],
    "unplug": ["outlet"],
    "authorize": ["outlet", "token"],
    "start": ["outlet", "token"],
    "stop": ["outlet", "reason"],
    "fault": ["outlet", "code"],
    "repair": ["outlet"],
    "go_offline": [],
    "go_online": [],
    "wait": ["seconds"],
    "drop": [],
    "half_open": [],
    "delay": ["seconds"],
    "damage": ["share"],
    "heal": [],
}
"""The steps, and what each may say."""
_OF_THE_NETWORK: Final = ("drop", "half_open", "delay", "damage", "heal")
_WHOLE: Final = ("outlet", "repeat")
_TEXTS: Final = ("token", "reason", "code")


@dataclass(frozen=True, slots=True)
class _Step:
    do: str
    """Empty for a repetition of steps."""
    fields: Mapping[str, Any]
    repeat: Any = 1
    steps: tuple[_Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps that are played once, or again and again; what is random in them is the same for a seed and an identity."""

    steps: tuple[_Step, ...]
    repeat: Any = 1
    """How often, from 1 on, or 0 for ever; [low, high] is at random."""
    seed: int = 0

    @staticmethod
    def read(text: str) -> Scenario:
        """Read a TOML text. Raises `ValueError`, which says where it is wrong and what was expected."""
        told = tomllib.loads(text)
        _expect_only(told, ("seed", "repeat", "steps"), "")
        seed = told.get("seed", 0)
        if type(seed) is not int:
            raise ValueError("seed: expected an integer")
        _check(told.get("repeat", 1), "repeat", "")
        return Scenario(_steps(told.get("steps"), "steps"), told.get("repeat", 1), seed)

    @property
    def has_faults(self) -> bool:
        """Whether any step is about the network."""
        return _has_faults(self.steps)

    async def play(self, station: SimulatedStation) -> None:
        """Let it happen at a station. A start that is refused is noted, and the next step follows."""
        await _repeat(station, self.repeat, self.steps, Random(f"{self.seed}/{station.settings.id}"))


def _expect_only(told: Mapping[str, Any], known: Sequence[str], path: str) -> None:
    for name in told:
        if name not in known:
            raise ValueError(f"{path}{name}: expected one of {', '.join(known)}")


def _steps(told: Any, path: str) -> tuple[_Step, ...]:
    if not isinstance(told, list) or not told or not all(isinstance(each, dict) for each in told):
        raise ValueError(f"{path}: expected tables, one for each step")
    return tuple(_step(each, f"{path}[{number}].") for number, each in enumerate(told))


def _step(told: dict[str, Any], path: str) -> _Step:
    if "do" not in told:
        _expect_only(told, ("do", "repeat", "steps"), path)
        _check(told.get("repeat", 1), "repeat", path)
        return _Step("", {}, told.get("repeat", 1), _steps(told.get("steps"), f"{path}steps"))
    if told["do"] not in _FIELDS:
        raise ValueError(f"{path}do: expected one of {', '.join(_FIELDS)}")
    fields = {name: value for name, value in told.items() if name != "do"}
    _expect_only(fields, _FIELDS[told["do"]], path)
    for needed in {"wait": ["seconds"], "delay": ["seconds"], "damage": ["share"]}.get(told["do"], []):
        if needed not in fields:
            raise ValueError(f"{path}{needed}: expected a number")
    for name, value in fields.items():
        _check(value, name, path)
    return _Step(told["do"], fields)


def _check(value: Any, name: str, path: str) -> None:
    values = value if isinstance(value, list) else [value]
    if name in _TEXTS:
        if not values or not all(isinstance(each, str) for each in values):
            raise ValueError(f"{path}{name}: expected a text, or a list of texts to choose from")
        return
    kinds = (int,) if name in _WHOLE else (int, float)
    fits = all(type(each) in kinds and each >= 0 for each in values) and (value is not values or len(values) == 2)
    if not fits or values[0] > values[-1] or (name == "share" and values[-1] > 1):
        kind = "a whole number" if name in _WHOLE else "a number"
        raise ValueError(f"{path}{name}: expected {kind} from 0 on, or two as bounds")


def _has_faults(steps: Sequence[_Step]) -> bool:
    return any(each.do in _OF_THE_NETWORK or _has_faults(each.steps) for each in steps)


def _chosen(name: str, value: Any, random: Random) -> Any:
    if not isinstance(value, list):
        return value
    if name in _TEXTS:
        return random.choice(value)
    return random.randint(*value) if name in _WHOLE else random.uniform(*value)


async def _repeat(station: SimulatedStation, repeat: Any, steps: Sequence[_Step], random: Random) -> None:
    times = _chosen("repeat", repeat, random)
    played = 0
    while not times or played < times:
        played += 1
        for step in steps:
            if step.do:
                await _do(station, step, {name: _chosen(name, each, random) for name, each in step.fields.items()})
            else:
                await _repeat(station, step.repeat, step.steps, random)
        await asyncio.sleep(0)


async def _do(station: SimulatedStation, step: _Step, fields: Mapping[str, Any]) -> None:
    match step.do:
        case "wait":
            await asyncio.sleep(fields["seconds"])
        case "delay" | "damage":
            setattr(station.network, step.do, *fields.values())
        case "half_open":
            station.network.half_open = True
        case "drop" | "heal":
            getattr(station.network, step.do)()
        case _:
            try:
                await getattr(station, step.do)(**fields)
            except (Refused, KeyError) as error:
                station.observer.note(f"{station.settings.id} can't {step.do}: {error}")
