"""The messages that are queued, what is known of their transactions, and what the user is told of both."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ..errors import OcppError
from ..schema import Request, Response, Version

__all__ = [
    "AfterRestart",
    "Delivered",
    "DropReason",
    "Dropped",
    "Message",
    "MessageRow",
    "Part",
    "Posted",
    "RunningTransaction",
    "State",
    "TransactionRow",
    "id_in",
    "is_queued",
    "is_sound",
    "part_of",
]


class AfterRestart(StrEnum):
    """What becomes of the transactions that were running when the last process ended."""

    RESUME = "resume"
    """They run on: `ChargePoint.running_transactions` has them."""
    END = "end"
    """Each is ended with the reason PowerLoss, as of its last message: its time, and its meter reading (1.6)."""


class Part(StrEnum):
    """Which part of its transaction a message tells."""

    START = "start"
    COURSE = "course"
    END = "end"


class State(StrEnum):
    """How far a transaction is, as its messages tell."""

    RUNNING = "running"
    PARTIAL = "partial"
    """Its start was never posted (2.x)."""
    ENDED = "ended"
    """Its last message waits."""
    GIVEN_UP = "given up"
    """Its StartTransaction was (1.6)."""


_PARTS_16: Final[Mapping[str, Part]] = {
    "StartTransaction": Part.START,
    "MeterValues": Part.COURSE,
    "StopTransaction": Part.END,
}
_PARTS_2: Final[Mapping[str, Part]] = {"Started": Part.START, "Updated": Part.COURSE, "Ended": Part.END}


def part_of(request: Request[Any]) -> Part | None:
    """Return which part of a transaction a request tells; None if it is not of one, and so is not queued (R43)."""
    name = request.__action__.name
    given: Any = request
    if name == "TransactionEvent":
        return _PARTS_2.get(str(given.event_type), Part.COURSE)
    if name == "MeterValues" and getattr(given, "transaction_id", None) is None:  # 2.x has no such field
        return None
    return _PARTS_16.get(name)


def is_queued(request: object) -> bool:
    """Whether a request is a transaction message, which is queued (R43)."""
    return isinstance(request, Request) and part_of(request) is not None


def id_in(key: str) -> int | str:
    """Return the transaction's id in a key: a number in 1.6. Raises `ValueError`."""
    version, _, text = key.partition(":")
    return int(text) if version == "1.6" else text


class MessageRow(NamedTuple):
    """A message as it is kept. Rows compare by number first, which is their order."""

    number: int
    unique_id: str
    version: str
    """The number of its OCPP version."""
    action: str
    part: str
    transaction: str
    """The key of its transaction."""
    frame: bytes
    is_final: int = 0
    """1 once the frame may have been sent after it was rewritten: it is sent as it is."""
    tries: int = 0
    """How many have failed."""
    due: float = 0.0
    """When the next try is due: seconds since 1970."""
    shift: int = 0
    """How many events of its transaction before it were dropped unsent: its seqNo is so much less (2.x)."""


class TransactionRow(NamedTuple):
    """A transaction as it is kept."""

    key: str
    """The number of its version, ":" and its id in what was posted: in 1.6 perhaps a provisional one."""
    version: str
    given: int | None = None
    """The id that the central system gave it (1.6)."""
    state: str = State.RUNNING
    place: int | None = None
    """The id of its connector (1.6) or EVSE (2.x)."""
    meter: float | None = None
    """The last reading, in Wh (1.6)."""
    time: str = "1970-01-01T00:00:00+00:00"
    """The timestamp of its last message (ISO 8601)."""
    seq_no: int = -1
    """The highest that was posted (2.x)."""
    shift: int = 0
    """That of its next message."""


def is_sound(row: MessageRow | TransactionRow) -> bool:
    """Whether a row that was kept has values of the right kinds, and its frame is JSON."""
    if isinstance(row, MessageRow):
        kinds: tuple[Any, ...] = (int, str, str, str, str, str, bytes, int, int, (int, float), int)
        key = row.transaction
    else:
        kinds = (str, str, int | None, str, int | None, int | float | None, str, int, int)
        key = row.key
    if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
        return False
    try:
        id_in(key)
        if isinstance(row, TransactionRow):
            datetime.fromisoformat(row.time)
        else:
            json.loads(row.frame)  # of a file that was cut off, the end may be all zeros
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was queued."""

    unique_id: str
    transaction_id: int | str
    """Its transaction's. For a StartTransaction (1.6), a provisional one, negative: what is posted with it is sent with
    the one that the central system gives."""
    request: Request[Any] | None
    """None if what was kept can't be read."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message was answered for which no `call` waits."""

    posted: Posted
    response: Response


class DropReason(StrEnum):
    """Why messages are not sent any more."""

    GIVEN_UP = "given up"
    """All attempts have failed; the followers of a StartTransaction go with it (1.6)."""
    NO_SPACE = "no space"
    """The queue is full: messages in the course of a transaction are thinned, the 1st, 3rd, 5th..."""
    UNREADABLE = "unreadable"
    """The kept message was damaged, or what it needs is lost."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Messages of one transaction, in their order, are not sent any more."""

    messages: tuple[Posted, ...]
    reason: DropReason
    error: OcppError | None = None
    """How the last try ended."""


@dataclass(frozen=True, slots=True)
class RunningTransaction:
    """A transaction that has begun, and not ended, as the queue knows it."""

    version: str
    transaction_id: int | str
    """In 1.6 the central system's, or the provisional one as long as that is not known."""
    place: int | None
    """The id of its connector (1.6) or EVSE (2.x), if any message named it."""
    meter: float | None
    """The last reading of the energy register, in Wh (1.6)."""
    timestamp: datetime
    """Of its last message."""
    seq_no: int
    """That of the last event (2.x): the next has one more."""


class Message:
    """A message that waits, and what is not kept of it."""

    __slots__ = ("_request", "_version", "due", "is_stored", "row", "transaction_id", "waiter")

    def __init__(
        self, row: MessageRow, version: Version | None, transaction_id: int | str, request: Request[Any] | None = None
    ) -> None:
        self.row = row
        self.transaction_id = transaction_id
        self.due = 0.0
        """When the next try is due, on the clock of the owner."""
        self.is_stored = False
        """Whether it may be sent: it is durable, or can't be made so."""
        self.waiter: Any = None
        """Who waits for the answer; untouched here."""
        self._version = version
        self._request = request

    @property
    def request(self) -> Request[Any] | None:
        """The request as it was posted; None if it can't be read."""
        if self._request is None and self._version is not None:
            self._request = _request_in(self.row, self._version)
        return self._request

    def as_posted(self) -> Posted:
        """Return what the user is told."""
        return Posted(self.row.unique_id, self.transaction_id, self.request)


def _request_in(row: MessageRow, version: Version) -> Request[Any] | None:
    """Return the request in a frame of ours, signed or not."""
    try:
        _, unique_id, _, payload = json.loads(row.frame)
        if "protected" in payload:
            encoded = payload["payload"]
            payload = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        request: Request[Any] = version.request(row.action, payload)
    except (ValueError, TypeError, KeyError):
        return None
    return request if unique_id == row.unique_id else None
