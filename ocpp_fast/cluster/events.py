"""What a cluster tells: stations that come and go, and what happens on their connections."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import orjson

__all__ = [
    "Change",
    "EventKind",
    "Lagged",
    "NodeInfo",
    "Presence",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "Watcher",
    "matcher",
    "read_event",
]

EventKind: TypeAlias = Literal["connected", "disconnected", "message"]
KINDS: Final = ("connected", "disconnected", "message")
MOST_CHANGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Presence:
    """A connected station: its identity, the node that holds it, its OCPP version, the epoch of its connection."""

    id: str
    node: str
    version: str
    epoch: int


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A node: its name, "active" or "draining", how many stations it holds, seconds since it was heard of."""

    name: str
    state: str
    stations: int
    age: float


@dataclass(frozen=True, slots=True)
class StationConnected:
    """A station is connected, to this node; also when it has moved there from another one."""

    id: str
    node: str


@dataclass(frozen=True, slots=True)
class StationDisconnected:
    """A station is not connected any more; it was to this node."""

    id: str
    node: str


@dataclass(frozen=True, slots=True)
class Lagged:
    """Changes were lost, because they were not taken fast enough: all stations that are connected now follow."""


Change: TypeAlias = StationConnected | StationDisconnected | Lagged


@dataclass(frozen=True, slots=True)
class StationEvent:
    """Something happened on a connection.

    `number` grows by one with each event of an incarnation of a node, from 1 on, so that a loss is seen.
    """

    kind: str
    id: str
    node: str
    epoch: int
    number: int
    time: datetime
    incarnation: str = ""
    direction: str = ""
    frame: bytes = b""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether an identity matches a pattern, in which `*` stands for any text."""
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    return lambda identity: expression.fullmatch(identity) is not None


def read_event(kind: str, payload: bytes) -> StationEvent | None:
    """Return what a node has told; None for what no node writes."""
    try:
        told = orjson.loads(payload)
        match told:
            case {"id": str(identity), "n": str(node), "ep": int(epoch), "s": int(number), "t": str(time)}:
                more = [told.get(each, "") for each in ("i", "dir", "frame")]
                if all(isinstance(each, str) for each in more):
                    incarnation, direction, frame = more
                    at = datetime.fromisoformat(time)
                    return StationEvent(kind, identity, node, epoch, number, at, incarnation, direction, frame.encode())
    except ValueError:
        pass
    return None


class Watcher:
    """The changes that one watcher has not taken yet: so many at most, then it is told that it lags."""

    def __init__(self, matches: Callable[[str], bool], wake: Callable[[], object]) -> None:
        self._matches = matches
        self._wake = wake
        self._changes: deque[Change] = deque()
        self.lags = False

    def changed(self, identity: str, before: str | None, after: str | None) -> None:
        """A station has changed its node."""
        if self.lags or not self._matches(identity):
            return
        if len(self._changes) >= MOST_CHANGES:
            self.lags = True
            self._changes.clear()
        elif after is not None:
            self._changes.append(StationConnected(identity, after))
        elif before is not None:
            self._changes.append(StationDisconnected(identity, before))
        self._wake()

    def take(self) -> Change | None:
        """Return the next change, or None."""
        return self._changes.popleft() if self._changes else None


def event_payload(identity: str, epoch: int, number: int, time: datetime, **more: Any) -> bytes:
    """Return what a node tells of a connection; `more` has the node, `n`, and its incarnation, `i`."""
    told = {"id": identity, "ep": epoch, "s": number, "t": time.isoformat(timespec="milliseconds"), **more}
    return orjson.dumps(told)
