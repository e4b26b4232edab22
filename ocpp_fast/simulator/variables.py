"""The variables of a station and what values they take: the keys of 1.6, the device model of 2.x."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["MAX_NUMBER", "Key", "Variable", "Variables", "listed"]

MAX_NUMBER: Final = 2**31 - 1
"""Of any variable that is an integer."""


class Key(NamedTuple):
    """Where a variable is found; names are in lower case, as they are case-insensitive."""

    component: str
    """Empty in 1.6."""
    evse: int | None
    connector: int | None
    name: str
    instance: str

    @staticmethod
    @lru_cache(maxsize=2048)  # of a thousand stations of the same kind, all have the same keys
    def of(
        component: str, name: str, instance: str | None = None, evse: int | None = None, connector: int | None = None
    ) -> Key:
        """Return the key for names in any case."""
        return Key(component.lower(), evse, connector, name.lower(), (instance or "").lower())

    def matches(self, wanted: Key) -> bool:
        """Whether a question is about this; what the question leaves out matches any."""
        return all(want in (None, "", have) for want, have in zip(wanted, self, strict=True))


@dataclass(slots=True, kw_only=True)
class Variable:
    """A variable; its value is text, or asked each time. `kind` and `mutability` are the words of 2.x."""

    component: str = ""
    name: str
    value: str | Callable[[], str]
    kind: str = "string"
    mutability: str = "ReadOnly"
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    unit: str | None = None
    options: tuple[str, ...] = ()
    minimum: float | None = None
    """Of a number, or of the length of a text."""
    maximum: float | None = None

    @property
    def key(self) -> Key:
        """Where it is found."""
        return Key.of(self.component, self.name, self.instance, self.evse, self.connector)

    @property
    def is_number(self) -> bool:
        """Whether it can be compared with a threshold."""
        return self.kind in ("integer", "decimal")

    def read(self) -> str:
        """Return its present value."""
        return self.value if isinstance(self.value, str) else self.value()

    def set(self, text: str) -> bool:
        """Change the value, if it can be set and takes the text; return whether it has."""
        if self.mutability == "ReadOnly" or not self._takes(text):
            return False
        self.value = text
        return True

    def _takes(self, text: str) -> bool:
        match self.kind:
            case "boolean":
                return text.lower() in ("true", "false")
            case "integer":
                return bool(re.fullmatch(r"[+-]?\d+", text, re.ASCII)) and self._is_within(float(text))
            case "MemberList" | "SequenceList":
                given = listed(text)
                return not self.options or (len(given) >= (self.minimum or 0) and set(given) <= set(self.options))
            case _:
                return self._is_within(len(text))

    def _is_within(self, number: float) -> bool:
        most = MAX_NUMBER if self.maximum is None else self.maximum
        return number <= most and (self.minimum is None or number >= self.minimum)


class Variables:
    """All variables of a station, those that can be set first.

    It reads its own by name, in 2.x by component, name and instance.
    """

    def __init__(self, variables: Iterable[Variable]) -> None:
        self._rest = iter(variables)
        self._variables: dict[Key, Variable] = {}
        self._take(until_read_only=True)  # of a thousand stations, few are asked for the others

    def _take(self, *, until_read_only: bool = False) -> None:
        for each in self._rest:
            self._variables[each.key] = each
            if until_read_only and each.mutability == "ReadOnly":
                return

    def __iter__(self) -> Iterator[Variable]:
        self._take()
        return iter(self._variables.values())

    def find(self, key: Key) -> Variable | str:
        """Return a variable, or the word of every status for its absence: UnknownComponent, UnknownVariable."""
        self._take()
        if key in self._variables:
            return self._variables[key]
        return "UnknownVariable" if any(each[:3] == key[:3] for each in self._variables) else "UnknownComponent"

    def own(self, *names: str) -> Variable:
        """Return a variable that is known to be there."""
        component, name, instance = (*names, "")[:3] if len(names) > 1 else ("", *names, "")
        key = Key.of(component, name, instance)
        if key not in self._variables:
            self._take()
        return self._variables[key]

    def number(self, *names: str) -> float:
        """Return a value that is a number."""
        return float(self.own(*names).read())

    def flag(self, *names: str) -> bool:
        """Return a value that is true or false."""
        return self.own(*names).read().lower() == "true"

    def items(self, *names: str) -> list[str]:
        """Return the items of a value that is a list."""
        return listed(self.own(*names).read())


def listed(text: str) -> list[str]:
    """Return the items of a list in a text."""
    return [each.strip() for each in text.split(",") if each.strip()]
