"""What a simulated station is told, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from ssl import SSLContext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .scenario import Scenario

__all__ = ["Observer", "Settings", "Silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a station is built, and what it does by itself."""

    id: str
    url: str = field(repr=False)
    """Of the central system; the identity is appended."""
    version: str = "1.6"
    """Of OCPP: 1.6, 2.0.1 or 2.1."""
    password: bytes | None = field(default=None, repr=False)
    ssl: SSLContext | None = None
    """Of `wss://`; None trusts the CAs of the system."""
    certified: bool = False
    """Whether `ssl` has a certificate of the station."""
    connectors: int = 2
    """From 2.0.1 on, EVSEs with one connector each."""
    id_tag: str = "TAG0001"
    """Who charges in the station's own sessions."""
    sessions: int = 1
    """How many charging sessions the station starts by itself."""
    once: bool = False
    """Whether it ends after the first of them."""
    samples: int = 3
    """How many meter values a session of the station's own has."""
    cars: bool = True
    """Whether a car is there whenever the central system starts a transaction; it leaves when that has ended."""
    scenario: Scenario | None = None
    """What happens at it in place of sessions of its own, from each start on; it ends with the scenario."""
    faults: bool = False
    """Whether its `network` can have faults; it has if the scenario has any. Needs a `ws://` URL."""
    interval: float = 5.0
    """Seconds between meter values, between sessions, and between the stages of an update or upload."""
    retry: float = 1.0
    """Seconds before a failed connection is tried again; they double."""

    @property
    def security_profile(self) -> str:
        """The security profile that it connects by (R35)."""
        if self.url.startswith("wss:"):
            return "3" if self.certified else "2"
        return "0" if self.password is None else "1"


class Silent:
    """An observer that wants to know nothing."""

    def note(self, line: str, /) -> None:
        """Drop a line."""


class Observer(Protocol):
    """Whoever wants to know what a station does."""

    def note(self, line: str, /) -> None:
        """Take a line that tells what happened."""
