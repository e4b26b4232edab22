"""How strictly a peer is judged: for all peers of an endpoint, or for one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_args

from ._core.texts import Timespec
from .faults import Fault, dialect_of
from .tolerance import FieldLength, Peer, Tolerance, rows_for

__all__ = ["LENIENT", "STRICT", "Policy"]

R = TypeVar("R", Tolerance, FieldLength)


@dataclass(frozen=True, slots=True)
class Policy:
    """How a session judges its peer, and how much it tells it. Policies compare by value and are hashable.

    - `tolerate`: which deviations from schema and frame are mended, taken as they are or refused, and of which
      stations; the first `Tolerance` that fits decides. What none fits is refused.
    - `lengths`: the greatest lengths of text fields that are not to be the schema's, in both directions.
    - `lenient`: behind the rows of `tolerate`, mend null for an optional field, date-times without a zone, with a blank
      or a short offset, and CALLERRORs of three or four elements (R24, R25): for all actions (True), for those named,
      or for none.
    - `answer_malformed`: answer text that is not a frame with a CALLERROR of id `-1` (R1), or stay silent.
    - `codes`: the error codes of faults, where they are not to be the version's own.
    - `reveal_exceptions`: put the text of an exception that a handler raised into the CALLERROR.
    - `timespec`: how finely date-times are written (R24); 2.x takes milliseconds at most (R51).
    - `registration_gate`: refuse what a station must not send before its BootNotification is accepted (R40).
    - `lets_strangers`: let a station speak of whose registration nothing is known; else it gets SecurityError, and is
      asked for a BootNotification.
    - `max_open_calls`: how many CALLs of ours may wait for their answer at one time (R14).
    - `max_waiting_calls`: how many CALLs of the peer may wait for their turn before reading stops.
    - `max_queued_calls`: how many CALLs of ours may wait for their turn behind those; one more raises `QueueFull`.
    - `max_bad_frames`: after how many frames in a minute that are not OCPP-J, or answer nothing, the connection is
      closed with 1008; 0 is off. A CALL with an invalid payload, which is answered, does not count.
    - `max_rate`: how many messages a second are taken of the peer, beside answers; reading pauses then. 0 is off.
    - `repeat_window`: for how many seconds after its answer a CALL that comes again, with the same id and the same
      bytes, gets the same answer again without being handled (R13); 0 is off, for stations that use one id for ever.
    - `close_frames`: whether a connection ends with a Close frame when the central system stops and when a newer one
      replaces it; else it is cut, for stations that do not come back after a Close frame.
    - `ping_interval`: seconds between WebSocket pings (R38), 0 is off; None leaves it to the central system.

    Raises `TypeError` or `ValueError` for an unusable value.
    """

    lenient: bool | Collection[str] = False
    answer_malformed: bool = True
    codes: Mapping[Fault, str] = field(default_factory=dict)
    reveal_exceptions: bool = False
    timespec: Timespec = "milliseconds"
    registration_gate: bool = True
    lets_strangers: bool = True
    max_open_calls: int = 1
    max_waiting_calls: int = 16
    max_queued_calls: int = 64
    max_bad_frames: int = 100
    max_rate: float = 0.0
    repeat_window: float = 0.0
    close_frames: bool = True
    ping_interval: float | None = None
    tolerate: Sequence[Tolerance] = ()
    lengths: Sequence[FieldLength] = ()
    rows: tuple[Tolerance, ...] = field(init=False, repr=False, compare=False, default=())
    """All that is tolerated, that of `lenient` included."""
    depends_on_peer: bool = field(init=False, repr=False, compare=False, default=False)
    """Whether a station's identity, vendor, model or firmware decides on anything."""
    _of_all: Policy | None = field(init=False, repr=False, compare=False, default=None)
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lenient", _actions(self.lenient))
        object.__setattr__(self, "codes", _codes(self.codes))
        object.__setattr__(self, "tolerate", _rows("tolerate", self.tolerate, Tolerance))
        object.__setattr__(self, "lengths", _rows("lengths", self.lengths, FieldLength))
        object.__setattr__(self, "rows", (*self.tolerate, *_lenient_rows(self.lenient)))
        if self.timespec not in get_args(Timespec):
            raise ValueError(f"timespec: expected one of {', '.join(get_args(Timespec))}, not {self.timespec!r}")
        for name in ("max_open_calls", "max_waiting_calls", "max_queued_calls"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"{name}: expected an integer greater than 0, not {getattr(self, name)!r}")
        if type(self.max_bad_frames) is not int or self.max_bad_frames < 0:
            raise ValueError(f"max_bad_frames: expected an integer, 0 or more, not {self.max_bad_frames!r}")
        for name, unit in (("repeat_window", "seconds"), ("max_rate", "messages a second")):
            value: Any = getattr(self, name)
            if type(value) not in (int, float) or not 0 <= value < inf:
                raise ValueError(f"{name}: expected {unit}, 0 or more, not {value!r}")
        interval: Any = self.ping_interval
        if interval is not None and (type(interval) not in (int, float) or not 0 <= interval < inf):
            raise ValueError(f"ping_interval: expected seconds, 0 or more, or None, not {interval!r}")

        choices = [*(row.peer for row in self.tolerate), *(row.peer for row in self.lengths)]
        object.__setattr__(self, "depends_on_peer", any(choice is not None for choice in choices))
        plain = (getattr(self, name) for name in self.__dataclass_fields__ if name not in _NOT_PLAIN)
        object.__setattr__(self, "_hash", hash((*plain, frozenset(self.codes.items()))))

    def __hash__(self) -> int:
        return self._hash  # asked for at each handshake

    def check_version(self, number: str) -> None:
        """Raise `ValueError` where a version, by its number, can't be spoken so: date-times are too fine (R51)."""
        if self.timespec == "microseconds" and dialect_of(number).bounded:
            raise ValueError(f"timespec: OCPP {number} has milliseconds at most, not {self.timespec!r}")

    def known(self, peer: Peer) -> Policy:
        """Return the policy of a station of which more is known; ask any policy that was returned for it again.

        Rows that its BootNotification has yet to decide on do not apply. Raises what functions of the user's raise.
        """
        of_all = self._of_all or self
        policy = replace(of_all, tolerate=rows_for(of_all.tolerate, peer), lengths=rows_for(of_all.lengths, peer))
        object.__setattr__(policy, "_of_all", of_all)
        object.__setattr__(policy, "depends_on_peer", True)
        return policy


_NOT_PLAIN: Final = ("codes", "rows", "depends_on_peer", "_hash", "_of_all")


def _rows(name: str, rows: Any, kind: type[R]) -> tuple[R, ...]:
    given = tuple(rows) if isinstance(rows, Iterable) else ()
    if not isinstance(rows, Iterable) or not all(isinstance(row, kind) for row in given):
        raise TypeError(f"{name}: expected rows of {kind.__name__}, not {rows!r}")
    return given


def _lenient_rows(lenient: bool | Collection[str]) -> Iterator[Tolerance]:
    actions = ("*",) if lenient is True else lenient or ()
    for action in actions:
        yield Tolerance("null_as_absent", action)
        yield Tolerance("loose_time", action)
        yield Tolerance("short_error", action)


def _actions(lenient: Any) -> bool | frozenset[str]:
    """Return the names of actions that are read leniently, in a form that compares by value."""
    if isinstance(lenient, bool):
        return lenient
    names = frozenset({lenient} if isinstance(lenient, str) else lenient)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"lenient: expected True, False or names of actions, not {lenient!r}")
    return names


def _codes(codes: Mapping[Any, Any]) -> Mapping[Fault, str]:
    for fault, code in codes.items():
        if not isinstance(fault, Fault) or not isinstance(code, str):
            raise TypeError(f"codes: expected a mapping of Fault to error codes, not {fault!r}: {code!r}")
    return MappingProxyType(dict(codes))


STRICT = Policy()
"""The default: every rule holds."""
LENIENT = Policy(lenient=True)
"""For stations that send nulls, times without a zone, and short CALLERRORs."""
