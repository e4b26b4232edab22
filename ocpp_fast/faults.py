"""The faults of frames, in one table: the broken rule, the fault, its error code, and the code's spelling.

What the versions of OCPP-J do not share stands here: their message types, their codes and how they write them (R9).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum, auto
from typing import Final

from .errors import ErrorCode

__all__ = ["Dialect", "Fault", "MessageType", "code_of", "dialect_of", "fault_of"]


class MessageType(IntEnum):
    """The first element of a frame."""

    CALL = 2
    CALLRESULT = 3
    CALLERROR = 4
    CALLRESULTERROR = 5
    SEND = 6


class Fault(Enum):
    """A fault of a frame, or of its handling."""

    MALFORMED = auto()
    """Not JSON, not an array, or without a readable id (R1)."""
    LONG_ID = auto()
    """The unique id has more than 36 characters (R3)."""
    UNKNOWN_TYPE = auto()
    """The version has no such message type (R4, R5)."""
    WRONG_SHAPE = auto()
    """The number of elements or their types don't fit the message type (R6)."""
    UNKNOWN_ACTION = auto()
    """The version has no such action (R8)."""
    NOT_HANDLED = auto()
    """The action has no handler here (R8)."""
    WRONG_SENDER = auto()
    """Only the other side may send the action (R8)."""
    DUPLICATE_ID = auto()
    """Another CALL with this id is still being handled (R13)."""
    NOT_AN_OBJECT = auto()
    """The payload is not a JSON object."""
    OCCURRENCE = auto()
    """A field is missing, or a list has too few or too many items."""
    WRONG_TYPE = auto()
    """A value has the wrong JSON type."""
    PROPERTY = auto()
    """A value is out of its range, enumeration, length or format."""
    ADDITIONAL = auto()
    """An object has a property that it must not have."""
    SIGNATURE = auto()
    """The message has an invalid signature, or lacks a required one (R17)."""
    NOT_REGISTERED = auto()
    """The station has not been accepted yet (R40)."""
    HANDLER = auto()
    """The handler raised, or answered with something invalid."""
    UNKNOWN_ID = auto()
    """A result or error answers no open call (R12); never answered."""
    TRANSPORT = auto()
    """A message is not text, not UTF-8, too large, or breaks the WebSocket protocol: the connection closes (R45)."""


_RULES: Final[Mapping[str, Fault]] = {
    "required": Fault.OCCURRENCE,
    "minItems": Fault.OCCURRENCE,
    "maxItems": Fault.OCCURRENCE,
    "type": Fault.WRONG_TYPE,
    "additionalProperties": Fault.ADDITIONAL,
}
"""The fault of a broken JSON Schema keyword; all others are `PROPERTY`."""

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
    Fault.TRANSPORT: ErrorCode.GENERIC_ERROR,
}
"""The code of a fault in 2.0.1 and 2.1; the dialect of 1.6 names where it differs."""


def fault_of(path: str, rule: str) -> Fault:
    """Return the fault of a payload that breaks a rule at a path."""
    if not path and rule == "type":
        return Fault.NOT_AN_OBJECT
    return _RULES.get(rule, Fault.PROPERTY)


class Dialect:
    """One version's way of OCPP-J.

    `codes` tells the error code of a fault, `message_types` what a frame may begin with, `answers_unknown_types`
    whether an unknown one is answered (R5), `signs` whether frames may be signed (R17), `bounded` whether more than
    the schemas binds what is sent (R50, R51).
    """

    __slots__ = ("_spelling", "answers_unknown_types", "bounded", "codes", "message_types", "signs")

    def __init__(
        self,
        message_types: frozenset[int],
        *,
        codes: Mapping[Fault, ErrorCode],
        spelling: Mapping[ErrorCode, str],
        answers_unknown_types: bool,
        signs: bool = True,
        bounded: bool = True,
    ) -> None:
        self.message_types = message_types
        self.codes = codes
        self.answers_unknown_types = answers_unknown_types
        self.signs = signs
        self.bounded = bounded
        self._spelling: dict[str, str] = {code: spelling.get(code, code.value) for code in ErrorCode}

    @property
    def refuses_results(self) -> bool:
        """Whether an invalid CALLRESULT is answered with a CALLRESULTERROR (R10)."""
        return MessageType.CALLRESULTERROR in self.message_types

    def spell(self, code: str) -> str:
        """Return a code as this version writes it; an unknown code stays as it is (R9)."""
        return self._spelling.get(code, code)


_OTHER_SPELLINGS: Final[Mapping[str, ErrorCode]] = {
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}

_REPLIES: Final = frozenset({MessageType.CALL, MessageType.CALLRESULT, MessageType.CALLERROR})

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "1.6": Dialect(
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
        bounded=False,
    ),
    "2.0.1": Dialect(_REPLIES, codes=_CODES, spelling={}, answers_unknown_types=True),
    "2.1": Dialect(frozenset(MessageType), codes=_CODES, spelling={}, answers_unknown_types=False),
}


def dialect_of(number: str) -> Dialect:
    """Return the dialect of a version's number. Raises `ValueError` for an unknown version."""
    try:
        return _DIALECTS[number]
    except KeyError:
        raise ValueError(f"OCPP {number}: expected one of {', '.join(_DIALECTS)}") from None


def code_of(text: str) -> str:
    """Return the `ErrorCode` of a code in any version's spelling, or the text itself if it is unknown (R9)."""
    text = _OTHER_SPELLINGS.get(text, text)
    try:
        return ErrorCode(text)
    except ValueError:
        return text
