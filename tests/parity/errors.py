"""CALLERRORs and CALLRESULTERRORs, as both cores read and write them."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from ocpp_fast import v21
from ocpp_fast._core.plan import Node, Op
from ocpp_fast.errors import ValidationError
from ocpp_fast.frames import _write_error
from ocpp_fast.policy import STRICT
from ocpp_fast.schema import CENTRAL, Action, Version

from ..payloads import random_text, random_value
from .cores import VERSIONS, Pair, Watched, writer_of
from .odd import odd_value
from .spelling import spelt
from .typed import odd_typed

__all__ = ["Errors", "errors", "odd_elements", "odd_error", "plain_error"]

ID: Final = "a"
_NODES: Final = (Node(Op.STRING, max_length=30), Node(Op.STRING, max_length=255), Node(Op.OPEN, max_length=20))
_CODES: Final = ("GenericError", "FormationViolation", "OccurenceConstraintViolation", "InternalError", "", "é", "Mine")


class Errors(Pair):
    """The errors of one message type in one version; one call is open."""

    def __init__(self, version: Version, message_type: int) -> None:
        super().__init__(Watched(version, CENTRAL, lambda message: True, STRICT))
        self.message_type: Final = message_type
        self._version: Final = version
        self._message: Final = next(iter(version.actions.values()))
        self._writer: Final = writer_of()

    def __repr__(self) -> str:
        return f"errors of type {self.message_type} in {self._version.number}"

    def _open_call(self, unique_id: str) -> Action | None:
        return self._message if unique_id == ID else None

    def framed(self, elements: str) -> bytes:
        """Return the frame of the text of an array of code, description and details."""
        return f'[{self.message_type},"{ID}",{elements[1:]}'.encode("utf-8", "surrogatepass")

    def write(self, value: tuple[Any, ...], fraction: int = 3, bounded: bool = False) -> bytes | None:
        frame: bytes | None = self._writer.error(self.message_type, ID, *value)
        return frame

    def reference_write(self, value: tuple[Any, ...], fraction: int = 3, bounded: bool = False) -> bytes | None:
        try:
            return _write_error(self.message_type, ID, *value)
        except ValidationError:
            return None


def errors() -> list[Errors]:
    """Return the errors of every version; 2.1 has two kinds."""
    return [*(Errors(version, 4) for version in VERSIONS), Errors(v21.VERSION, 5)]


def plain_error(rng: Random) -> tuple[str, str, dict[str, Any]]:
    """Return code, description and details as any sensible program sends them."""
    details = random_value(rng, _NODES[2], 1.0) if rng.random() < 0.5 else {}
    return rng.choice(_CODES), random_text(rng, rng.randrange(300)), details


def odd_error(rng: Random, subject: Errors) -> bytes:
    """Return a frame whose code, description, details or number of elements may be odd."""
    elements: list[Any] = list(plain_error(rng))
    index = rng.randrange(len(elements))
    if rng.random() < 0.7:
        elements[index] = odd_value(rng, _NODES[index], elements[index])
    elif rng.random() < 0.3:
        elements.pop(index)
    return subject.framed(spelt(rng, elements, rng.choice((0.0, 0.1, 0.5))))


def odd_elements(rng: Random) -> tuple[Any, ...]:
    """Return code, description and details, of which one may be odd."""
    elements: list[Any] = list(plain_error(rng))
    index = rng.randrange(len(elements) + 1)
    if index < len(elements):
        elements[index] = odd_typed(rng, _NODES[index], elements[index])
    return tuple(elements)
