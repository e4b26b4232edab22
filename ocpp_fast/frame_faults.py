"""The fault of a received frame, and the faults that are found without a decoder."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from ._core.strict_json import loads
from ._core.violation import Violation
from .errors import InvalidResult, PayloadError
from .escaping import shown
from .faults import Fault, MessageType, fault_of

__all__ = ["Faulty", "FrameFault", "beginning", "payload_fault", "refuses_nothing", "unread", "unregistered"]

UNREADABLE_ID: Final = "-1"
_MOST_TOLD: Final = 1024

_HEAD: Final = re.compile(rb'\s*\[\s*([2-6])\s*,\s*("(?:[^"\\]|\\.)*+")')
"""The beginning of a frame, up to its unique id."""


class FrameFault(Exception):
    """A fault of a received frame, and whether the peer is to be told.

    `description` is one printable line of at most 1024 characters: what the peer wrote in it is escaped (`shown`).
    `message_type` is that of the frame where it could be read, `violation` the broken rule of a payload's fault,
    `elements` the frame as JSON, None where it is not a JSON array, and `raw` the frame as it came.
    """

    elements: list[Any] | None = None
    raw: bytes = b""

    def __init__(
        self,
        fault: Fault,
        description: str,
        *,
        unique_id: str = UNREADABLE_ID,
        message_type: int | None = None,
        answered: bool = True,
        violation: Violation | None = None,
    ) -> None:
        description = shown(description, _MOST_TOLD)
        super().__init__(fault, description)
        self.fault = fault
        self.description = description
        self.unique_id = unique_id
        self.message_type = message_type
        self.answered = answered
        self.violation = violation

    @classmethod
    def of(cls, error: PayloadError, unique_id: str, message_type: MessageType) -> FrameFault:
        """Return the fault of a payload that somebody else has judged."""
        violation = Violation(error.path, error.rule, error.expected)
        return payload_fault(violation, partial(cls, unique_id=unique_id, message_type=message_type))

    def as_event(self, raw: bytes) -> FrameFault:
        """Note the frame, and forget where this was raised: who keeps it keeps no frames of the stack alive."""
        self.raw = raw
        self.__traceback__ = None
        if self.__cause__ is None:
            self.__context__ = None
        return self

    def invalid_result(self, raw: bytes) -> InvalidResult:
        """Return the error that ends the call which this frame was to answer."""
        invalid = InvalidResult.of(self.violation or Violation("", "type", self.description))
        invalid.__cause__ = self.__cause__
        invalid.raw = raw
        if self.elements is not None and len(self.elements) > 2:
            invalid.payload = self.elements[2]
        return invalid


Faulty: TypeAlias = Callable[..., FrameFault]
"""Makes a fault of a frame whose head is known: of a `Fault`, a description and a `violation`."""


def payload_fault(violation: Violation, faulty: Faulty) -> FrameFault:
    described = f"{violation.path or 'payload'}: expected {violation.expected}"
    return faulty(fault_of(violation.path, violation.rule), described, violation=violation)


def beginning(raw: bytes) -> tuple[int | None, str]:
    """Return the message type and the unique id that a text begins with, whatever follows."""
    begin = _HEAD.match(raw)
    try:
        return (None, UNREADABLE_ID) if begin is None else (int(begin[1]), loads(begin[2]))
    except ValueError:
        return None, UNREADABLE_ID


def unread(raw: bytes, error: BaseException) -> FrameFault:
    """Return the fault of a frame that can't be read for a reason on our side: `error`, which is its cause."""
    message_type, unique_id = beginning(raw)
    answered = message_type in (None, MessageType.CALL)
    fault = FrameFault(
        Fault.HANDLER, "can't be read here", unique_id=unique_id, message_type=message_type, answered=answered
    )
    fault.__cause__ = error
    fault.raw = raw
    return fault


def unregistered(unique_id: str, message_type: MessageType, *, answered: bool) -> FrameFault:
    """Return the fault of a CALL or SEND of a station that is not accepted (R40)."""
    return FrameFault(
        Fault.NOT_REGISTERED,
        "the station is not registered",
        unique_id=unique_id,
        message_type=message_type,
        answered=answered,
    )


def refuses_nothing(unique_id: str) -> FrameFault:
    """Return the fault of a CALLRESULTERROR that refuses no result of ours (R12)."""
    return FrameFault(
        Fault.UNKNOWN_ID,
        "refuses no result that was sent lately",
        unique_id=unique_id,
        message_type=MessageType.CALLRESULTERROR,
        answered=False,
    )
