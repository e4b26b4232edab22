"""What is tolerated, and of whom: the rows of `Policy.tolerate` and `Policy.lengths`, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

from ._core.violation import Violation

__all__ = [
    "Answer",
    "FieldLength",
    "Mended",
    "Peer",
    "PeerChoice",
    "Rule",
    "Tolerance",
    "decide",
    "matches",
    "rows_for",
]

Rule: TypeAlias = Literal[
    "unknown_field",
    "long_text",
    "unknown_enum",
    "number_as_text",
    "text_as_number",
    "decimal_as_integer",
    "loose_boolean",
    "empty_as_absent",
    "empty_as_object",
    "item_as_list",
    "loose_time",
    "null_as_absent",
    "short_error",
]
"""A way to deviate from the schema, or from OCPP-J; docs/tolerance.md says what each one is."""

Answer: TypeAlias = Literal["mend", "take", "refuse"]
"""Put the value right, take it as it is, or refuse the frame."""

TAKEN: Final[frozenset[Rule]] = frozenset(
    {
        "long_text",
        "unknown_enum",
        "number_as_text",
        "text_as_number",
        "decimal_as_integer",
        "loose_boolean",
        "loose_time",
    }
)
"""The rules that "take" can answer: of a single value."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A station: what is known of it or, in a row of a policy, the patterns that it must match.

    In what is known, None is unknown: vendor, model and firmware are so before the first BootNotification. In a row,
    None is any, `*` stands for any text, and case is ignored. `identity` is `Station.id`.
    """

    identity: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None

    @classmethod
    def of_boot(cls, identity: str | None, request: Any) -> Peer:
        """Return what is known of a station by its BootNotification of any version, a typed one or JSON values."""
        station = _first_of(request, "chargingStation", "charging_station") or request
        told = (_first_of(station, *names) for names in _NAMES)
        return cls(identity, *(each if isinstance(each, str) else "" for each in told))

    @property
    def has_booted(self) -> bool:
        """Whether its BootNotification is known."""
        return self.vendor is not None


_NAMES: Final = (
    ("vendorName", "chargePointVendor", "vendor_name", "charge_point_vendor"),
    ("model", "chargePointModel", "charge_point_model"),
    ("firmwareVersion", "firmware_version"),
)
"""Vendor, model and firmware, on the wire and as attributes."""


def _first_of(holder: Any, *names: str) -> Any:
    """Return the first of some fields that a payload has, which is typed or JSON; else None."""
    get = holder.get if isinstance(holder, Mapping) else partial(getattr, holder)
    return next((found for name in names if (found := get(name, None))), None)


PeerChoice: TypeAlias = Peer | Callable[[Peer], object] | None
"""For whom a row is: a pattern, a function that is true of a `Peer`, or None for everyone."""


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """A function that was not true of a station before its BootNotification, and is to be asked again."""

    function: Callable[[Peer], object]
    identity: str | None

    def __call__(self, peer: Peer) -> object:
        return self.function(replace(peer, identity=self.identity))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A row of `Policy.tolerate`: how a deviation from a rule is answered. The first row that fits decides.

    `action` and `path` are patterns: `*` stands for any text. A path is the wire's, with `[]` for any item of a list:
    `meterValue[].sampledValue[].unit`; the payload itself is "". `peer` says for whom the row is.

    Raises `ValueError` for an unknown rule or answer, for a path with an index, and for "take" where only mending makes
    a value of it; `TypeError` for arguments of another type.
    """

    rule: Rule
    action: str = "*"
    path: str = "*"
    answer: Answer = "mend"
    peer: PeerChoice = None

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise ValueError(f"rule: expected one of {', '.join(get_args(Rule))}, not {self.rule!r}")
        if self.answer not in get_args(Answer):
            raise ValueError(f"answer: expected one of {', '.join(get_args(Answer))}, not {self.answer!r}")
        if self.answer == "take" and self.rule not in TAKEN:
            raise ValueError(f"answer: {self.rule} can be mended or refused, not taken as it is")
        _check_place(self.action, self.path, self.peer)


@dataclass(frozen=True, slots=True)
class FieldLength:
    """A row of `Policy.lengths`: the greatest length of text fields, in code points, instead of the schema's.

    It may be greater or smaller, and holds for what is read and for what is written, in requests and responses of an
    action. `action`, `path` and `peer` are as in `Tolerance`; of several rows that fit a field, the first decides.

    Raises `ValueError` or `TypeError` for an unusable value.
    """

    limit: int
    action: str
    path: str
    peer: PeerChoice = None

    def __post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            raise ValueError(f"limit: expected an integer greater than 0, not {self.limit!r}")
        _check_place(self.action, self.path, self.peer)


@dataclass(frozen=True, slots=True)
class Mended:
    """A deviation that a policy tolerated: `FrameFault.mended`.

    `path` has `[]` for the items of lists. `old` and `new` are JSON texts of 64 characters at most, of the first value
    if the same happened `times` over in one frame; `new` is None for what was left out.
    """

    rule: Rule
    path: str
    answer: Answer
    old: str
    new: str | None
    times: int = 1
    violation: Violation = field(compare=False, repr=False, default_factory=lambda: Violation("", "", ""))


def _check_place(action: Any, path: Any, peer: Any) -> None:
    for name, value in (("action", action), ("path", path)):
        if not isinstance(value, str):
            raise TypeError(f"{name}: expected a text, not {value!r}")
    if re.search(r"\[[^\]]", path):
        raise ValueError(f"path: expected [] for the items of a list, not {path!r}")
    if peer is not None and not isinstance(peer, Peer) and (not callable(peer) or isinstance(peer, type)):
        raise TypeError(f"peer: expected a Peer, a function of one, or None, not {peer!r}")


@lru_cache(1024)
def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    words = ".*".join(map(re.escape, re.split(r"\*+", text)))
    return re.compile(words, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Tell whether a pattern, in which `*` stands for any text, is that of a text."""
    return _pattern(pattern, ignore_case=ignore_case).fullmatch(text) is not None


def decide(rows: Iterable[Tolerance], rule: Rule, action: str, path: str) -> Answer:
    """Return the answer to a deviation by the rows that are for everyone."""
    for row in rows:
        if row.peer is None and row.rule == rule and matches(row.action, action) and matches(row.path, path):
            return row.answer
    return "refuse"


Row = TypeVar("Row", Tolerance, FieldLength)


def rows_for(rows: Iterable[Row], peer: Peer) -> tuple[Row, ...]:
    """Return the rows that are for a station, now for everyone; what its BootNotification decides stays undecided.

    Raises what a function of the user's raises.
    """
    kept = []
    for row in rows:
        choice = row.peer if row.peer is None else _settled(row.peer, peer)
        if choice is not False:
            kept.append(row if choice is row.peer else replace(row, peer=choice))
    return tuple(kept)


def _settled(choice: Peer | Callable[[Peer], object], peer: Peer) -> PeerChoice | Literal[False]:
    """Return None if a row is for a station, False if it is not, and else what is to be asked later."""
    if not isinstance(choice, Peer):
        if choice(peer):
            return None
        if peer.has_booted:
            return False
        return choice if isinstance(choice, _Unsettled) else _Unsettled(choice, peer.identity)
    rest = Peer()
    for name in ("identity", "vendor", "model", "firmware"):
        wanted, known = getattr(choice, name), getattr(peer, name)
        if wanted is not None and known is None:
            rest = replace(rest, **{name: wanted})
        elif wanted is not None and not matches(wanted, known, ignore_case=True):
            return False
    return None if rest == Peer() else rest
