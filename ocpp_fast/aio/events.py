"""What an operator counts: the events that `on_event` tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from .security import Refusal

__all__ = ["Event", "Limit", "LimitReached"]


class Limit(StrEnum):
    """The name of a limit, as in docs/security.md."""

    QUEUED_CALLS = "queued calls"
    """So many calls to a station wait for their turn that a new one raises `QueueFull` (`Policy.max_queued_calls`)."""
    WAITING_CALLS = "waiting calls"
    """So many of its messages wait that no more are read (`Policy.max_waiting_calls`, or those held for on_connect)."""
    HOOKS = "hooks"
    """16 async hooks and SENDs of a station run: it is read no more until one ends."""
    BAD_FRAMES = "bad frames"
    """`Policy.max_bad_frames` within a minute: closed with 1008."""
    RATE = "rate"
    """More messages than `Policy.max_rate` a second: it is read no more for a moment."""
    HANDLER_TIMEOUT = "handler timeout"
    """A handler took longer than `handler_timeout`: it is cancelled, and its CALL answered with InternalError."""
    SLOW_READER = "slow reader"
    """It does not read what it is sent: cut."""
    UNFINISHED_TIME = "unfinished time"
    """A message did not end within 30 s: closed with 1008."""
    FRAGMENTS = "fragments"
    """A message came in more than 1 024 fragments: closed with 1008."""
    UNFINISHED = "unfinished"
    """All unfinished messages together are larger than `max_unfinished`: closed with 1013."""
    MESSAGE_SIZE = "message size"
    """A message, inflated, is larger than `max_message_size`, or 64 KiB before it is trusted: closed with 1009."""
    PING_TIMEOUT = "ping timeout"
    """It did not answer a ping (R38): cut."""


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A peer met a limit."""

    limit: Limit
    id: str | None = None
    """Whose it was, as `Station.id`; None if it belongs to no station."""
    remote_address: tuple[str, int] | None = None
    detail: str = ""
    """What was done, in a few words."""


Event: TypeAlias = Refusal | LimitReached
