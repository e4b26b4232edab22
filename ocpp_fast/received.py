"""What is received: the values of frames, the faults of frames, and frames that are valid but for what is tolerated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ._core import Call, CallResult, Send
from ._core.strict_json import loads
from ._core.violation import Violation
from .errors import CallError, InvalidAnswer, InvalidPayload, InvalidResult, PayloadError
from .escaping import described, shown
from .faults import Fault, MessageType, fault_of
from .schema import Action
from .tolerance import Mended

__all__ = [
    "FAILED",
    "CallResultError",
    "Faulty",
    "Frame",
    "FrameFault",
    "MendedFrame",
    "OpenCalls",
    "Raw",
    "Tolerated",
    "beginning",
    "handler_fault",
    "refuses_nothing",
    "unread",
    "unregistered",
]

UNREADABLE_ID: Final = "-1"
FAILED: Final = "the handler failed"
_MOST_TOLD: Final = 1024

_HEAD: Final = re.compile(rb'\s*\[\s*([2-6])\s*,\s*("(?:[^"\\]|\\.)*+")')
"""The beginning of a frame, up to its unique id."""


class CallResultError:
    """A CALLRESULTERROR that was received: the peer refuses a result of ours (R10)."""

    __slots__ = ("error",)

    def __init__(self, error: CallError) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallResultError) and self.error == other.error

    __hash__ = None  # type: ignore[assignment]  # as the other frames

    def __repr__(self) -> str:
        return f"CallResultError({self.error.unique_id!r}, {self.error!r})"


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send
Raw: TypeAlias = bytes | bytearray | memoryview
OpenCalls: TypeAlias = Callable[[str], Action | None]
"""Returns the action of our open call with a unique id, or None."""


class FrameFault(Exception):
    """A fault of a received frame, and whether the peer is to be told.

    `description` is one printable line of at most 1024 characters: what the peer wrote in it is escaped (`shown`).
    `message_type` is that of the frame where it could be read, `violation` the broken rule of a payload's fault,
    `elements` the frame as JSON, None where it is not a JSON array, and `raw` the frame as it came. `mended` tells what
    was done where the policy tolerates the fault: the frame was handled then, and nothing was answered for the fault.
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
        mended: Mended | None = None,
    ) -> None:
        description = shown(description, _MOST_TOLD)
        super().__init__(fault, description)
        self.fault = fault
        self.description = description
        self.unique_id = unique_id
        self.message_type = message_type
        self.answered = answered
        self.violation = violation
        self.mended = mended

    @classmethod
    def of(cls, error: PayloadError, unique_id: str, message_type: MessageType) -> FrameFault:
        """Return the fault of a payload that somebody else has judged."""
        violation = Violation(error.path, error.rule, error.expected)
        return Faulty(unique_id, message_type, answered=True).payload_fault(violation)

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


class Faulty:
    """Makes the faults of a frame whose head is known; `mended` is what was tolerated in it."""

    __slots__ = ("_answered", "_message_type", "mended", "unique_id")

    def __init__(self, unique_id: str, message_type: int, *, answered: bool) -> None:
        self.unique_id = unique_id
        self.mended: Sequence[Mended] = ()
        self._message_type = message_type
        self._answered = answered

    def __call__(self, fault: Fault, description: str, *, violation: Violation | None = None) -> FrameFault:
        """Return a fault of the frame."""
        return FrameFault(
            fault,
            description,
            unique_id=self.unique_id,
            message_type=self._message_type,
            answered=self._answered,
            violation=violation,
        )

    def payload_fault(self, violation: Violation) -> FrameFault:
        """Return the fault of a payload that breaks a rule."""
        described = f"{violation.path or 'payload'}: expected {violation.expected}"
        return self(fault_of(violation.path, violation.rule), described, violation=violation)

    def mended_faults(self, elements: list[Any] | None = None) -> list[FrameFault]:
        """Return what was tolerated as faults that nobody is told of but the hooks."""
        return [self._mended_fault(each, elements) for each in self.mended]

    def _mended_fault(self, mended: Mended, elements: list[Any] | None) -> FrameFault:
        violation = mended.violation
        described = f"{violation.path or 'payload'}: expected {violation.expected}; tolerated: {mended.rule}"
        is_shape = mended.rule == "short_error"
        fault = FrameFault(
            Fault.WRONG_SHAPE if is_shape else fault_of(violation.path, violation.rule),
            described,
            unique_id=self.unique_id,
            message_type=self._message_type,
            answered=False,
            violation=violation,
            mended=mended,
        )
        fault.elements = elements
        return fault


class Tolerated:
    """A frame has come in which the policy tolerates some faults; they are told, then `event` is handled."""

    __slots__ = ("event", "faults")

    def __init__(self, faults: list[FrameFault], event: Any) -> None:
        self.faults = faults
        self.event = event


class MendedFrame(Exception):
    """A frame that is valid but for what the policy tolerates: raised, so that valid ones pay nothing for it."""

    def __init__(self, frame: Frame, faults: list[FrameFault]) -> None:
        super().__init__(frame, faults)
        self.frame = frame
        self.faults = faults

    def as_events(self, raw: bytes) -> list[FrameFault]:
        """Return what is told of the frame, noted in each."""
        return [fault.as_event(raw) for fault in self.faults]


def unregistered(frame: Call | Send, *, answered: bool) -> FrameFault:
    """Return the fault of a frame that the registration gate does not admit (R40)."""
    return FrameFault(
        Fault.NOT_REGISTERED,
        "the station is not registered",
        unique_id=frame.unique_id,
        message_type=MessageType.SEND if isinstance(frame, Send) else MessageType.CALL,
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


def handler_fault(unique_id: str, error: BaseException, *, reveals: bool) -> CallError | InvalidPayload | FrameFault:
    """Return what the peer is told of an exception of the user's code: its text only where `reveals` is true."""
    if isinstance(error, (CallError, InvalidPayload)):
        return error
    if isinstance(error, InvalidAnswer):
        description = "the handler's answer is not valid"
    else:
        description = described(error) if reveals else FAILED
    return FrameFault(Fault.HANDLER, description, unique_id=unique_id)
