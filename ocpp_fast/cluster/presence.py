"""What nodes say of themselves: heartbeats, changes of their stations, snapshots; how that is written and read."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

__all__ = [
    "ACTIVE",
    "DRAINING",
    "LEFT",
    "RING",
    "Announcer",
    "Change",
    "HybridClock",
    "Presence",
    "Row",
    "read_presence",
    "read_rows",
]

FORMAT: Final = 1
ACTIVE: Final = "active"
DRAINING: Final = "draining"
LEFT: Final = "left"
RING: Final = 4096
"""So many of its last changes can a node repeat."""

_STATES: Final = frozenset({ACTIVE, DRAINING, LEFT})
_MOST_CHANGES: Final = 1000
_MOST_ROWS: Final = 1000
"""So that a message has at most 256 KiB, whatever identities and versions there are."""
_BITS: Final = 1 << 63
_LONGEST: Final = 256
_LONGEST_VERSION: Final = 16

Row: TypeAlias = tuple[str, int, str]
"""A station: identity, epoch, version."""


class Change(NamedTuple):
    """A station has come ("+") or gone ("-")."""

    sign: str
    identity: str
    epoch: int
    version: str = ""


class Presence(NamedTuple):
    """A heartbeat, with the changes since the last one; `seq` is the number of the last change.

    `held` is how many stations the node holds after these changes; None where others follow.
    """

    name: str
    incarnation: str
    born: int
    clock: float
    seq: int
    hybrid: int
    state: str
    changes: tuple[Change, ...]
    held: int | None = None


class HybridClock:
    """Gives epochs: milliseconds of the wall clock in steps of 1/256, but always more than the highest one seen.

    They have 15 digits, so that readers of JSON that know only doubles keep them.
    """

    __slots__ = ("_wall", "last")

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self.last = 0

    def next(self) -> int:
        """Return an epoch that is higher than all seen before."""
        self.last = max(int(self._wall() * 1000) << 8, self.last + 1)
        return self.last

    def seen(self, epoch: int) -> None:
        """Another node has given an epoch."""
        self.last = max(self.last, epoch)


class Announcer:
    """A node's own stations and their changes, as it tells them."""

    def __init__(self, name: str, incarnation: str, born: int) -> None:
        self.name = name
        self.incarnation = incarnation
        self.born = born
        self.own: dict[str, int] = {}
        """The epochs of its own stations."""
        self._versions: dict[str, str] = {}
        self.seq = 0
        self._told = 0
        self._ring: deque[Change] = deque(maxlen=RING)
        self._sorted: list[str] = []

    def version_of(self, identity: str) -> str:
        """Return the version of a station of its own; "" of any other."""
        return self._versions.get(identity, "")

    @property
    def untold(self) -> list[str]:
        """The stations of which nobody was told yet."""
        count = min(self.seq - self._told, len(self._ring))
        recent = [self._ring[-1 - each] for each in range(count)]
        return [each.identity for each in recent if self.own.get(each.identity) == each.epoch]

    @property
    def has_news(self) -> bool:
        """Whether there are changes that were not told."""
        return self._told < self.seq

    def connected(self, identity: str, epoch: int, version: str) -> None:
        """A station has connected."""
        self.own[identity] = epoch
        self._versions[identity] = version
        self._note(Change("+", identity, epoch, version))

    def disconnected(self, identity: str) -> None:
        """A station has gone, or belongs to another node now."""
        epoch = self.own.pop(identity, None)
        if epoch is not None:
            del self._versions[identity]
            self._note(Change("-", identity, epoch))

    def _note(self, change: Change) -> None:
        self.seq += 1
        self._ring.append(change)

    def message(self, clock: float, hybrid: int, state: str) -> bytes:
        """Return the next presence: call `told` once it is published. There may be more news after it."""
        return self._written(self._told, clock, hybrid, state)

    def told(self) -> None:
        """What `message` has returned was published."""
        self._told = self._end(self._told)

    def resent(self, since: int, clock: float, hybrid: int, state: str) -> list[bytes]:
        """Return presences with all that was told since a number; none if that is too long ago."""
        messages = []
        while self.seq - len(self._ring) <= since < self._told:
            messages.append(self._written(since, clock, hybrid, state))
            since = min(self._end(since), self._told)
        return messages

    def _end(self, since: int) -> int:
        return min(max(since, self.seq - len(self._ring)) + _MOST_CHANGES, self.seq)

    def _written(self, since: int, clock: float, hybrid: int, state: str) -> bytes:
        end = self._end(since)
        first = self.seq - len(self._ring)
        changes = [self._ring[each - first] for each in range(max(since, first), end)]
        return orjson.dumps(
            {
                "v": FORMAT,
                "n": self.name,
                "i": self.incarnation,
                "b": self.born,
                "c": clock,
                "s": end,
                "h": hybrid,
                "p": state,
                "k": len(self.own) if end == self.seq else None,
                "d": [list(each) if each.version else list(each[:3]) for each in changes],
            }
        )

    def snapshot(self, after: str) -> bytes:
        """Return a part of all stations, those whose identities follow `after`; "" begins anew."""
        if not after or not self._sorted:  # others may read one at the same time
            self._sorted = sorted(self.own)
        begin = bisect_right(self._sorted, after)
        names = self._sorted[begin : begin + _MOST_ROWS]
        more = begin + len(names) < len(self._sorted)
        rows = [(each, self.own[each], self._versions[each]) for each in names if each in self.own]
        last = names[-1] if names else ""
        if not more:
            self._sorted = []
        return orjson.dumps({"s": self._told, "ids": rows, "last": last, "more": more})


def read_presence(raw: bytes, name: str) -> Presence | None:
    """Return what a node has told under its name; None for what no node writes."""
    given = _loaded(raw)
    if given is None or given.get("v") != FORMAT or given.get("n") != name:
        return None
    clock = given.get("c")
    changes = given.get("d")
    numbers = [given.get(each, 0) for each in "bsh"]
    state = given.get("p")
    if not (_is_text(given.get("i")) and type(clock) is float and isinstance(state, str) and state in _STATES):
        return None
    if not all(map(_is_number, numbers)) or not isinstance(changes, list):
        return None
    count = given.get("k")
    if count is not None and not _is_number(count):
        return None
    read = tuple(_changes(changes))
    if len(read) != len(changes) or len(read) > numbers[1]:
        return None
    return Presence(name, given["i"], numbers[0], clock, numbers[1], numbers[2], state, read, count)


def _changes(changes: list[Any]) -> Iterable[Change]:
    for each in changes:  # not by patterns of classes, which are slow before Python 3.12
        if isinstance(each, list) and len(each) == (4 if each[:1] == ["+"] else 3) and each[0] in ("+", "-"):
            change = Change(*each)
            if _is_text(change.identity) and _is_number(change.epoch) and _is_version(change.version):
                yield change


def read_rows(given: Mapping[str, Any]) -> tuple[int, list[Row], str] | None:
    """Return the number, the stations and the last identity of a part of a snapshot, which is "" in the last part."""
    seq, rows, more, last = (given.get(each) for each in ("s", "ids", "more", "last"))
    if type(seq) is not int or not _is_number(seq) or not isinstance(rows, list) or not isinstance(last, str):
        return None
    try:  # without a function for each: a million may come
        read: list[Row] = [
            (identity, epoch, version)
            for identity, epoch, version in rows
            if type(identity) is str
            and 0 < len(identity) <= _LONGEST
            and type(epoch) is int
            and 0 <= epoch < _BITS
            and type(version) is str
            and len(version) <= _LONGEST_VERSION
        ]
    except (TypeError, ValueError):  # rows of another length
        return None
    return None if len(read) != len(rows) else (seq, read, last if more is True else "")


def _loaded(raw: bytes) -> dict[str, Any] | None:
    try:
        given = orjson.loads(raw)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < _BITS


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_VERSION
