"""What is strict and what is tolerated, for a server or for one peer of it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from ._kernels.texts import Timespec
from .dialect import Fault

__all__ = ["LENIENT", "STRICT", "Policy"]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """How a session judges its peer, and how much it tells it.

    - `lenient`: take null for an optional field, date-times without a zone or with a blank (R24, R25): for all actions
      (True), for those named, or for none.
    - `answer_malformed`: answer text that is no frame at all with a CALLERROR of id `-1` (R1), or stay silent.
    - `codes`: what a fault is answered with, where it is not the version's own code.
    - `reveal_exceptions`: put the text of an exception that a handler raised into the CALLERROR.
    - `timespec`: how finely date-times are written (R24).
    - `registration_gate`: refuse what a station must not send before its BootNotification is accepted (R40).
    - `lets_strangers`: let a station speak of whose registration nothing is known; else it gets SecurityError, and is
      asked for a BootNotification.
    - `max_open_calls`: how many CALLs of ours may wait for their answer at one time (R14).
    - `max_waiting_calls`: how many CALLs of the peer may wait for their turn before reading stops.
    """

    lenient: bool | Container[str] = False
    answer_malformed: bool = True
    codes: Mapping[Fault, str] = field(default_factory=dict)
    reveal_exceptions: bool = False
    timespec: Timespec = "milliseconds"
    registration_gate: bool = True
    lets_strangers: bool = True
    max_open_calls: int = 1
    max_waiting_calls: int = 16

    def tolerates(self, action: str) -> bool:
        """Whether payloads of `action` are read leniently."""
        if isinstance(self.lenient, str):
            return action == self.lenient
        return self.lenient if isinstance(self.lenient, bool) else action in self.lenient


STRICT = Policy()
"""The default: every rule holds."""
LENIENT = Policy(lenient=True)
"""For stations that send nulls and times without a zone."""
