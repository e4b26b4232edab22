"""What an operator counts: the events that `on_event` tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TypeAlias

from ..errors import NotDurable
from ..escaping import shown
from .security import Refusal

__all__ = ["Event", "Limit", "LimitReached", "QueueFailed", "Replaced", "VersionAssumed"]


class Limit(StrEnum):
    """A limit, as in docs/security.md; its value is its name in lower case."""

    WRONG_PASSWORDS = auto()
    """Of one source, for one identity."""
    SERIAL_NUMBER = auto()
    """A BootNotification has another one than the station's certificate."""
    HEAD = auto()
    """A request to connect had more than 8 KiB, or more than 64 headers."""
    OPEN_TIMEOUT = auto()
    """A connection was not open within the time."""
    HANDSHAKES = auto()
    """The oldest connection without a whole request was shed, or no more are accepted until some are decided."""
    CONNECTIONS = auto()
    """A connection was one too many; told once a second at most."""
    SWAPS = auto()
    """An identity has changed its connection so often that the one that answers stays."""
    QUEUED_CALLS = auto()
    """So many calls to a station wait for their turn that a new one raises `QueueFull` (`Policy.max_queued_calls`)."""
    WAITING_CALLS = auto()
    """So many of its messages wait that no more are read (`Policy.max_waiting_calls`, or those held for on_connect)."""
    HOOKS = auto()
    """16 async hooks and SENDs of a station run: it is read no more until one ends."""
    BAD_FRAMES = auto()
    """`Policy.max_bad_frames` within a minute: closed with 1008."""
    RATE = auto()
    """More messages than `Policy.max_rate` a second: it is read no more for a moment."""
    HANDLER_TIMEOUT = auto()
    """A handler took longer than `handler_timeout`: it is cancelled, and its CALL answered with InternalError."""
    SLOW_READER = auto()
    """It does not read what it is sent: cut."""
    UNFINISHED_TIME = auto()
    """A message did not end within 30 s: closed with 1008."""
    FRAGMENTS = auto()
    """A message came in more than 1 024 fragments: closed with 1008."""
    UNFINISHED = auto()
    """All unfinished messages together are larger than `max_unfinished`: closed with 1013."""
    MESSAGE_SIZE = auto()
    """A message, inflated, is larger than `max_message_size`, or 64 KiB before it is trusted: closed with 1009."""
    PING_TIMEOUT = auto()
    """It did not answer a ping (R38): cut."""


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A peer met a limit."""

    limit: Limit
    id: str | None = None
    """Whose it was, as `Station.id`; None if it belongs to no station."""
    remote_address: tuple[str, int] | None = None
    detail: str = ""
    """What was done, in a few words; those of the peer are escaped, and cut at 255 characters."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", shown(self.detail))


@dataclass(frozen=True, slots=True)
class Replaced:
    """A newer connection has replaced the one of a station (R36)."""

    id: str
    """Whose they are, as `Station.id`."""
    remote_address: tuple[str, int] | None
    """Where the newer one comes from."""
    replaced_address: tuple[str, int] | None
    """Where the one came from that is closed."""


@dataclass(frozen=True, slots=True)
class VersionAssumed:
    """A station without a common subprotocol was given a version (R31)."""

    id: str
    """Whose it was, as `Station.id`."""
    version: str
    """The number of the version."""
    offered: tuple[str, ...]
    """The subprotocols that it offered."""
    remote_address: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class QueueFailed:
    """A charge point's queue could not store something, or was damaged (R43): what waits, waits in memory."""

    error: NotDurable


Event: TypeAlias = Refusal | LimitReached | Replaced | VersionAssumed | QueueFailed
