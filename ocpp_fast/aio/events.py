"""What an operator counts: the events that `on_event` tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..escaping import shown
from .security import Refusal

__all__ = ["Event", "Limit", "LimitReached"]


class Limit(StrEnum):
    """The name of a limit, as in docs/security.md."""


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


Event: TypeAlias = Refusal | LimitReached
