"""The registration gate of R40: decides who may speak before a station is accepted, on either side.

A registration belongs to a station's identity and outlives its connections; `Registrations` is where it is remembered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from .errors import NotRegistered
from .latest import Latest
from .schema import Action

__all__ = ["ACCEPTED", "BOOT", "CentralGate", "MemoryRegistrations", "RegistrationGate", "Registrations", "StationGate"]

BOOT: Final = "BootNotification"
ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"

_NONE: Final[frozenset[str]] = frozenset()
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
    """Remembers, by identity, the last answer to a BootNotification: Accepted, Pending or Rejected.

    Both methods may be plain or async; a plain one is called on the event loop and should be quick.
    """

    def load(self, identity: str) -> str | Awaitable[str | None] | None:
        """Return the status of a station, or None for an unknown one.

        Awaited before the handshake is answered, for a second at most; what it raises is logged. A station whose status
        can't be loaded counts as unknown.
        """
        ...

    def store(self, identity: str, status: str) -> Awaitable[None] | None:
        """Remember the status of a station.

        Awaited before the BootNotification is answered. If it raises, the station gets InternalError and is not
        registered.
        """
        ...


class MemoryRegistrations:
    """Remembers for as long as the process lives: of 100 000 stations, those that booted last."""

    def __init__(self) -> None:
        self._statuses: Latest[str, str] = Latest()

    def load(self, identity: str) -> str | None:
        """Return the status of a station, or None."""
        return self._statuses.get(identity)

    def store(self, identity: str, status: str) -> None:
        """Remember the status of a station."""
        if self._statuses.get(identity) == status:
            self._statuses.move_to_end(identity)
        else:
            self._statuses[identity] = status


def requested_actions(action: Action, request: Any) -> tuple[str, ...]:
    """Return the names of the actions that a request of the central system asks the station to send."""
    if action.name in _REPORTS:
        return ("NotifyReport",)
    if action.name not in _TRIGGERS:
        return ()
    wanted = str(request.requested_message)
    return ("SignCertificate" if wanted in _CERTIFICATE_TRIGGERS else wanted,)


class RegistrationGate:
    """Decides, for a session, on calls before a station is accepted; `status` is None until that is known.

    `answers` tells whether a CALL that is not admitted is answered with SecurityError, or ignored. While `is_open` is
    true, every CALL of the peer is admitted, and only a BootNotification need be told.
    """

    __slots__ = ("_requested", "_status", "is_open")

    answers: bool

    def __init__(self, status: str | None = None) -> None:
        self._requested: frozenset[str] = _NONE
        self.status = status

    @property
    def status(self) -> str | None:
        """The last answer to a BootNotification."""
        return self._status

    @status.setter
    def status(self, status: str | None) -> None:
        self._status = status
        self.is_open = status == ACCEPTED

    def admits(self, action: Action) -> bool:
        """Whether a CALL of the peer may be handled; asked when its turn comes."""
        raise NotImplementedError

    def check_call(self, action: Action) -> None:
        """Raise `NotRegistered` when a message of ours must not be sent now."""

    def requested(self, action: Action, request: Any) -> None:
        """A CALL passes, in either direction: note what the central system asks the station for."""
        if self.status != ACCEPTED:
            self._requested = self._requested.union(requested_actions(action, request))

    def answered(self, action: Action, response: Any) -> None:
        """A result passes, in either direction: note how a BootNotification is answered."""
        if action.name == BOOT:
            if response.status != self._status:
                self.status = str(response.status)
            self._requested = _NONE


class CentralGate(RegistrationGate):
    """The central system's side: refuses calls of a station that it has not accepted.

    What it has asked for by TriggerMessage, or by asking for a report, is admitted (R40). `lets_strangers` decides on a
    station of which nothing is known.
    """

    __slots__ = ()

    answers = True

    def __init__(self, status: str | None, *, lets_strangers: bool = True) -> None:
        super().__init__(status)
        if status is None:
            self.is_open = lets_strangers

    def admits(self, action: Action) -> bool:
        """Whether the station may send this now."""
        return self.is_open or action.name == BOOT or action.name in self._requested


class StationGate(RegistrationGate):
    """The station's side: holds back what an unregistered station must not send.

    Pending: only BootNotification and what the central system asked for. Rejected: nothing at all, until
    `end_silence`; then only BootNotification. `silenced` is called with the seconds after which that is due.
    """

    __slots__ = ("_silenced", "silent")

    answers = False

    def __init__(self, silenced: Callable[[float], object]) -> None:
        super().__init__()
        self.silent = False
        self._silenced = silenced

    def admits(self, action: Action) -> bool:
        """Whether a CALL of the central system is answered."""
        return not self.silent

    def check_call(self, action: Action) -> None:
        """Raise `NotRegistered` for what must not be sent now."""
        if self.silent:
            raise NotRegistered(f"{action.name} can't be sent: the station was rejected and must wait")
        if self.status in (None, ACCEPTED) or action.name == BOOT or action.name in self._requested:
            return
        raise NotRegistered(f"{action.name} can't be sent: the registration is {self.status}")

    def answered(self, action: Action, response: Any) -> None:
        """Note how a BootNotification was answered."""
        super().answered(action, response)
        if action.name == BOOT:
            self.silent = self.status == REJECTED and response.interval > 0
            if self.silent:
                self._silenced(float(response.interval))

    def end_silence(self) -> None:
        """The interval of a rejection is over."""
        self.silent = False
