"""What was found, counted: it takes the room of its kinds, not of its number."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple, TypeAlias

from .mending import Deviation

__all__ = ["CENTRAL", "STATION", "Finding", "Findings", "Kind", "Place", "Refusal"]

STATION: Final = "station"
CENTRAL: Final = "central system"

Place: TypeAlias = tuple[str, int]
"""A file and a line, from 1 on; of a packet capture, a frame."""

_KINDS: Final = 10_000
"""So many kinds of findings are told apart."""


class Kind(NamedTuple):
    """What makes two findings one."""

    station: str
    wrong: str
    """The side that deviates: `STATION` or `CENTRAL`."""
    action: str
    message: str
    """"CALL", "CALLRESULT" and so on, or "" where it is of no message."""
    path: str
    rule: str
    expected: str
    habit: str
    answer: str


class Finding:
    """A kind of finding: how often, and where first."""

    __slots__ = ("answers", "count", "example", "kind", "place")

    def __init__(self, kind: Kind, place: Place, example: str) -> None:
        self.kind = kind
        self.place = place
        self.example = example
        self.count = 0
        self.answers: Counter[str] = Counter()
        """How the other side answered the CALLs that deviate: `result`, or the code of a CALLERROR."""


class Refusal(NamedTuple):
    """What makes two CALLERRORs one."""

    station: str
    refused_by: str
    action: str
    code: str


class Findings:
    """All findings, and the CALLERRORs; `left_out` counts what was found beyond the kinds that are told apart."""

    def __init__(self) -> None:
        self.kinds: dict[Kind, Finding] = {}
        self.refusals: dict[Refusal, tuple[int, Place, str]] = {}
        """The number of each, and of the first its place and description."""
        self.left_out = 0

    def add(
        self, station: str, wrong: str, action: str, message: str, deviation: Deviation, place: Place
    ) -> Finding | None:
        """Count a deviation; return its kind, or None if it is left out."""
        path, rule, expected, example, habit, answer = deviation
        kind = Kind(station, wrong, action, message, path, rule, expected, habit, answer)
        finding = self.kinds.get(kind)
        if finding is None:
            if len(self.kinds) >= _KINDS:
                self.left_out += 1
                return None
            finding = self.kinds[kind] = Finding(kind, place, example)
        finding.count += 1
        return finding

    def refused(self, refusal: Refusal, place: Place, description: str) -> None:
        """Count a CALLERROR."""
        if refusal in self.refusals or len(self.refusals) < _KINDS:
            count, place, description = self.refusals.get(refusal, (0, place, description))
            self.refusals[refusal] = count + 1, place, description
