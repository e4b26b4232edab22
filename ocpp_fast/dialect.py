"""What the versions of OCPP-J do not share: their message types, and the codes for faults with their spelling."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum, auto
from typing import Final

from .errors import ErrorCode

__all__ = ["Dialect", "Fault", "MessageType", "dialect_of", "understood"]


class MessageType(IntEnum):
    """The first element of a frame."""

    CALL = 2
    CALLRESULT = 3
    CALLERROR = 4
    CALLRESULTERROR = 5
    SEND = 6


class Fault(Enum):
    """What can be wrong with a frame or with its handling."""

    MALFORMED = auto()
    """Not JSON, not an array, or without a readable id (R1)."""
    LONG_ID = auto()
    """The unique id has more than 36 characters (R3)."""
    UNKNOWN_TYPE = auto()
    """The message type is none of this version (R4, R5)."""
    WRONG_SHAPE = auto()
    """The number of elements or their types don't fit the message type (R6)."""
    UNKNOWN_ACTION = auto()
    """The version has no such action (R8)."""
    NOT_HANDLED = auto()
    """Nobody handles the action here (R8)."""
    WRONG_SENDER = auto()
    """Only the other side may send the action (R8)."""
    DUPLICATE_ID = auto()
    """A CALL with this id is still being handled (R13)."""
    NOT_AN_OBJECT = auto()
    """The payload is no JSON object."""
    OCCURRENCE = auto()
    """A field is missing, or a list has too few or too many items."""
    WRONG_TYPE = auto()
    """A value has the wrong JSON type."""
    PROPERTY = auto()
    """A value is out of its range, enumeration, length or format."""
    ADDITIONAL = auto()
    """An object has a property that it must not have."""
    SIGNATURE = auto()
    """The message is signed falsely, or not at all where it must be (R17)."""
    NOT_REGISTERED = auto()
    """The station has not been accepted yet (R40)."""
    HANDLER = auto()
    """The handler raised, or answered with something invalid."""
    UNKNOWN_ID = auto()
    """A result or error answers no open call (R12); never answered."""


_CODES: Final[Mapping[Fault, ErrorCode]] = {
    Fault.MALFORMED: ErrorCode.RPC_FRAMEWORK_ERROR,
    Fault.LONG_ID: ErrorCode.RPC_FRAMEWORK_ERROR,
    Fault.UNKNOWN_TYPE: ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
    Fault.WRONG_SHAPE: ErrorCode.FORMAT_VIOLATION,
    Fault.UNKNOWN_ACTION: ErrorCode.NOT_IMPLEMENTED,
    Fault.NOT_HANDLED: ErrorCode.NOT_SUPPORTED,
    Fault.WRONG_SENDER: ErrorCode.NOT_SUPPORTED,
    Fault.DUPLICATE_ID: ErrorCode.RPC_FRAMEWORK_ERROR,
    Fault.NOT_AN_OBJECT: ErrorCode.FORMAT_VIOLATION,
    Fault.OCCURRENCE: ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    Fault.WRONG_TYPE: ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    Fault.PROPERTY: ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    Fault.ADDITIONAL: ErrorCode.FORMAT_VIOLATION,
    Fault.SIGNATURE: ErrorCode.SECURITY_ERROR,
    Fault.NOT_REGISTERED: ErrorCode.SECURITY_ERROR,
    Fault.HANDLER: ErrorCode.INTERNAL_ERROR,
    Fault.UNKNOWN_ID: ErrorCode.GENERIC_ERROR,
}


class Dialect:
    """One version's way of OCPP-J.

    `codes` says what a fault is answered with, `message_types` what may stand first in a frame,
    `answers_unknown_types` whether an unknown one is answered at all (R5), `signs` whether frames may be signed (R17).
    """

    __slots__ = ("_output", "answers_unknown_types", "codes", "message_types", "signs")

    def __init__(
        self,
        message_types: frozenset[int],
        *,
        codes: Mapping[Fault, ErrorCode],
        spelling: Mapping[ErrorCode, str],
        answers_unknown_types: bool,
        signs: bool = True,
    ) -> None:
        self.message_types = message_types
        self.codes = codes
        self.answers_unknown_types = answers_unknown_types
        self.signs = signs
        self._output = {code: spelling.get(code, code.value) for code in ErrorCode}

    @property
    def refuses_results(self) -> bool:
        """Whether a bad CALLRESULT is answered with a CALLRESULTERROR (R10)."""
        return MessageType.CALLRESULTERROR in self.message_types

    def spell(self, code: str) -> str:
        """Return a code as this version writes it; a code that is none of OCPP's stays as it is (R9)."""
        try:
            return self._output[ErrorCode(code)]
        except ValueError:
            return code


def understood(code: str) -> str:
    """Return the `ErrorCode` of a code in any version's spelling, or the code itself when it is none (R9)."""
    code = _OTHER_SPELLINGS.get(code, code)
    try:
        return ErrorCode(code)
    except ValueError:
        return code


_OTHER_SPELLINGS: Final = {
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}

_REPLIES = frozenset({MessageType.CALL, MessageType.CALLRESULT, MessageType.CALLERROR})

_V16 = Dialect(
    _REPLIES,
    codes={
        **_CODES,
        Fault.MALFORMED: ErrorCode.FORMAT_VIOLATION,
        Fault.LONG_ID: ErrorCode.FORMAT_VIOLATION,
        Fault.DUPLICATE_ID: ErrorCode.GENERIC_ERROR,
    },
    spelling={
        ErrorCode.FORMAT_VIOLATION: "FormationViolation",
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation",
        ErrorCode.RPC_FRAMEWORK_ERROR: "GenericError",
        ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "GenericError",
    },
    answers_unknown_types=False,
    signs=False,
)
_V201 = Dialect(_REPLIES, codes=_CODES, spelling={}, answers_unknown_types=True)
_V21 = Dialect(frozenset(MessageType), codes=_CODES, spelling={}, answers_unknown_types=False)

_DIALECTS: Final = {"1.6": _V16, "2.0.1": _V201, "2.1": _V21}


def dialect_of(number: str) -> Dialect:
    """Return the dialect of a version's number; one that is not known here speaks as 2.1 does."""
    return _DIALECTS.get(number, _V21)
