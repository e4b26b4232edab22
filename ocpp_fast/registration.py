"""Who may speak before a station is registered: the gate of R40, for either side of a connection.

A registration belongs to a station's identity and outlives its connections; `Registrations` is where it is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from .errors import NotRegistered
from .schema import Message

__all__ = ["CentralGate", "Gate", "MemoryRegistrations", "Registrations", "StationGate"]

BOOT: Final = "BootNotification"
ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"

_TRIGGERS: Final = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
_REPORTS: Final = frozenset({"GetBaseReport", "GetReport"})
_CERTIFICATE_TRIGGERS: Final = frozenset(
    {
        "SignChargePointCertificate",
        "SignChargingStationCertificate",
        "SignCombinedCertificate",
        "SignV2G20Certificate",
        "SignV2GCertificate",
    }
)


class Registrations(Protocol):
    """Remembers, by identity, what the last BootNotification was answered: Accepted, Pending or Rejected.

    Both methods are called on the event loop and should be quick.
    """

    def load(self, identity: str) -> str | None:
        """Return the status of a station, or None when nothing is known of it."""
        ...

    def store(self, identity: str, status: str) -> None:
        """Remember the status of a station."""
        ...


class MemoryRegistrations:
    """Remembers for as long as the process lives."""

    def __init__(self) -> None:
        self._statuses: dict[str, str] = {}

    def load(self, identity: str) -> str | None:
        """Return the status of a station, or None."""
        return self._statuses.get(identity)

    def store(self, identity: str, status: str) -> None:
        """Remember the status of a station."""
        self._statuses[identity] = status


class Gate(Protocol):
    """What a session asks, and tells, about registration."""

    answers: bool
    """Whether a CALL that is not admitted is answered with SecurityError, or met with silence."""

    def admits(self, message: Message) -> bool:
        """Whether a CALL of the peer may be handled."""
        ...

    def called(self, message: Message, request: Any) -> None:
        """A CALL of the peer is about to be handled."""
        ...

    def answered(self, message: Message, response: Any) -> None:
        """A CALL of the peer has been answered."""
        ...

    def check_call(self, message: Message) -> None:
        """Raise `NotRegistered` when a message of ours must not be sent now."""
        ...

    def calling(self, message: Message, request: Any) -> None:
        """A CALL of ours is going to be sent."""
        ...

    def resulted(self, message: Message, response: Any) -> None:
        """A CALL of ours has had its result."""
        ...


def requested_actions(message: Message, request: Any) -> tuple[str, ...]:
    """Return the actions that a request of the central system asks the station to send."""
    if message.action in _REPORTS:
        return ("NotifyReport",)
    if message.action not in _TRIGGERS:
        return ()
    wanted = str(request.requested_message)
    return ("SignCertificate" if wanted in _CERTIFICATE_TRIGGERS else wanted,)


class CentralGate:
    """The central system's side: refuses calls of a station that it has not accepted.

    What it has asked for by TriggerMessage, or by asking for a report, is let in (R40). `lets_strangers` says what
    happens to a station of which nothing is known.
    """

    __slots__ = ("_lets_strangers", "_remember", "_requested", "answers", "status")

    def __init__(self, status: str | None, remember: Callable[[str], None], *, lets_strangers: bool = True) -> None:
        self.answers = True
        self.status = status
        self._remember = remember
        self._lets_strangers = lets_strangers
        self._requested: frozenset[str] = frozenset()

    def admits(self, message: Message) -> bool:
        """Whether the station may send this now."""
        if self.status == ACCEPTED or (self.status is None and self._lets_strangers):
            return True
        return message.action == BOOT or message.action in self._requested

    def called(self, message: Message, request: Any) -> None:
        """Nothing to note."""

    def answered(self, message: Message, response: Any) -> None:
        """Note how a BootNotification was answered."""
        if message.action == BOOT:
            self.status = str(response.status)
            self._requested = frozenset()
            self._remember(self.status)

    def check_call(self, message: Message) -> None:
        """Let everything out."""

    def calling(self, message: Message, request: Any) -> None:
        """Note what the station is asked to send."""
        if self.status != ACCEPTED:
            self._requested = self._requested.union(requested_actions(message, request))

    def resulted(self, message: Message, response: Any) -> None:
        """Nothing to note."""

    def accept(self) -> None:
        """Take the station for accepted, though nothing was known of it."""
        self.status = ACCEPTED
        self._remember(ACCEPTED)


class StationGate:
    """The station's side: holds back what an unregistered station must not send.

    Pending: only BootNotification and what the central system asked for. Rejected: nothing at all, until
    `end_silence`; then only BootNotification. `silenced` is called with the seconds after which that is due.
    """

    __slots__ = ("_requested", "_silenced", "answers", "silent", "status")

    def __init__(self, silenced: Callable[[float], object]) -> None:
        self.answers = False
        self.status: str | None = None
        self.silent = False
        self._silenced = silenced
        self._requested: frozenset[str] = frozenset()

    def admits(self, message: Message) -> bool:
        """Whether a CALL of the central system is answered."""
        return not self.silent

    def called(self, message: Message, request: Any) -> None:
        """Note what the central system asks for."""
        if self.status not in (None, ACCEPTED):
            self._requested = self._requested.union(requested_actions(message, request))

    def answered(self, message: Message, response: Any) -> None:
        """Nothing to note."""

    def calling(self, message: Message, request: Any) -> None:
        """Nothing to note."""

    def check_call(self, message: Message) -> None:
        """Raise `NotRegistered` for what must not be sent now."""
        if self.silent:
            raise NotRegistered(f"{message.action} can't be sent: the station was rejected and must wait")
        if self.status in (None, ACCEPTED) or message.action == BOOT or message.action in self._requested:
            return
        raise NotRegistered(f"{message.action} can't be sent: the registration is {self.status}")

    def resulted(self, message: Message, response: Any) -> None:
        """Note how a BootNotification was answered."""
        if message.action == BOOT:
            self.status = str(response.status)
            self._requested = frozenset()
            self.silent = self.status == REJECTED and response.interval > 0
            if self.silent:
                self._silenced(float(response.interval))

    def end_silence(self) -> None:
        """The interval of a rejection is over."""
        self.silent = False
