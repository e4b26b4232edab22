"""Frames: bytes become values here, and values become bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from ._kernels import Call, CallResult, FrameReader, FrameWriter, Send
from ._kernels.payload import Violation
from ._kernels.plan import Plan
from ._kernels.strict_json import check_value, dumps, loads
from ._kernels.texts import Timespec
from .dialect import Dialect, Fault, MessageType, dialect_of, understood
from .errors import CallError, InvalidPayload, InvalidResult, ValidationError, VersionMismatch
from .policy import STRICT, Policy
from .schema import Message, Notification, Request, Sender, Version, codec_of, plan_of

__all__ = [
    "Call",
    "CallError",
    "CallResult",
    "CallResultError",
    "Decoder",
    "Encoder",
    "Frame",
    "FrameFault",
    "OpenCalls",
    "Raw",
    "Send",
]

MAX_UNIQUE_ID: Final = 36
MAX_DESCRIPTION: Final = 255
UNREADABLE_ID: Final = "-1"


class CallResultError:
    """A CALLRESULTERROR that was received: the peer refuses a result of ours (R10)."""

    __slots__ = ("error",)

    def __init__(self, error: CallError) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"CallResultError({self.error.unique_id!r}, {self.error!r})"


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send
Raw: TypeAlias = bytes | bytearray | memoryview
OpenCalls: TypeAlias = Callable[[str], Message | None]


class FrameFault(Exception):
    """A received frame is not right: what is wrong, and whether the peer is to be told.

    `message_type` is that of the frame where it could be read, `violation` says more of a payload's fault.
    """

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
        super().__init__(fault, description)
        self.fault = fault
        self.description = description
        self.unique_id = unique_id
        self.message_type = message_type
        self.answered = answered
        self.violation = violation

    def invalid_result(self) -> InvalidResult:
        """Return what the call ends with that this fault was to answer."""
        violation = self.violation or Violation("", "type", self.description)
        invalid = InvalidResult(violation.path, violation.rule, violation.expected)
        invalid.__cause__ = self.__cause__
        return invalid


_LENGTHS: Final = {
    MessageType.CALL: 4,
    MessageType.CALLRESULT: 3,
    MessageType.CALLERROR: 5,
    MessageType.CALLRESULTERROR: 5,
    MessageType.SEND: 4,
}

_FRACTIONS: Final[Mapping[Timespec, int]] = {"seconds": 0, "milliseconds": 3, "microseconds": 6}

_RULE_FAULTS: Final = {
    "required": Fault.OCCURRENCE,
    "minItems": Fault.OCCURRENCE,
    "maxItems": Fault.OCCURRENCE,
    "type": Fault.WRONG_TYPE,
    "additionalProperties": Fault.ADDITIONAL,
}


class _Lessons:
    """What the compiled core has been taught: payload classes of messages, when the first frame of each comes."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: set[tuple[Message, Any]] = set()

    def give(self, learn: Callable[[Message, Plan], None], message: Message, struct: Any) -> bool:
        """Let it `learn` a payload class of a message; False where it has done so before."""
        if (message, struct) in self._given:
            return False
        self._given.add((message, struct))
        learn(message, plan_of(struct, message.draft))
        return True


class Decoder:
    """Reads what one side of a version receives; shared by all its connections.

    `receiver` is the side that reads, `handles` tells whether it has a handler for a message.
    """

    def __init__(
        self,
        version: Version,
        receiver: Sender,
        handles: Callable[[Message], bool],
        policy: Policy = STRICT,
    ) -> None:
        self._messages = version.messages
        self._dialect = dialect_of(version.number)
        self._peer = ~receiver & Sender.BOTH
        self._handles = handles
        self._policy = policy
        self._lessons = _Lessons()
        self._reader = FrameReader(self._decode, _error, self._dialect.refuses_results)
        self.decode: Callable[[Raw, OpenCalls], Frame] = self._reader.decode
        """Return the frame in some bytes; a function gives the message of ours that waits for an id, or None.

        Raises `FrameFault` for what is no right frame, or answers no open call.
        """

    def _decode(self, raw: Raw, open_call: OpenCalls) -> Frame:
        """Read what the compiled core has not read."""
        if isinstance(raw, (bytearray, memoryview)):
            raw = bytes(raw)
        elements = _elements(raw)
        message_type, unique_id = _head(elements, self._dialect)
        if message_type in (MessageType.CALL, MessageType.SEND):
            return self._call(message_type, unique_id, elements, raw, open_call)
        if message_type == MessageType.CALLRESULTERROR:
            return _read_error(message_type, unique_id, elements)
        message = open_call(unique_id)
        if message is None:
            raise FrameFault(
                Fault.UNKNOWN_ID,
                "answers no open call",
                unique_id=unique_id,
                message_type=message_type,
                answered=False,
            )
        if message_type == MessageType.CALLERROR:
            return _read_error(message_type, unique_id, elements)
        return self._result(unique_id, message, elements, raw, open_call)

    def _call(self, message_type: int, unique_id: str, elements: list[Any], raw: bytes, open_call: OpenCalls) -> Frame:
        confirmed = message_type == MessageType.CALL
        fault = partial(FrameFault, unique_id=unique_id, message_type=message_type, answered=confirmed)
        if len(unique_id) > MAX_UNIQUE_ID:
            raise fault(Fault.LONG_ID, f"unique id: expected at most {MAX_UNIQUE_ID} characters")
        _check_length(elements, message_type, unique_id, answered=confirmed)
        action = elements[2]
        if not isinstance(action, str):
            raise fault(Fault.WRONG_SHAPE, "action: expected string")
        message = self.expect(action, fault, confirmed=confirmed)
        if self._lessons.give(
            self._reader.learn_call if confirmed else self._reader.learn_send, message, message.request
        ):
            return self.decode(raw, open_call)
        try:
            payload = self._payload(message, message.request, elements[3])
        except Violation as violation:
            raise fault(_fault_of(violation), _described(violation), violation=violation) from None
        return (Call if confirmed else Send)(unique_id, message, payload, raw)

    def expect(self, action: str, fault: Callable[[Fault, str], FrameFault], *, confirmed: bool) -> Message:
        """Return the message of a CALL (`confirmed`) or SEND. Raises what `fault` makes, for one not taken here."""
        message = self._messages.get(action)
        if message is None:
            raise fault(Fault.UNKNOWN_ACTION, "no such action in this version")
        if not message.sender & self._peer:
            raise fault(Fault.WRONG_SENDER, f"{action} is not sent in this direction")
        if confirmed is (message.response is None):
            raise fault(Fault.NOT_HANDLED, f"{action} is {'not a call' if confirmed else 'a call'}")
        if not self._handles(message):
            raise fault(Fault.NOT_HANDLED, f"{action} is not handled here")
        return message

    def _result(self, unique_id: str, message: Message, elements: list[Any], raw: bytes, open_call: OpenCalls) -> Frame:
        answered = self._dialect.refuses_results
        _check_length(elements, MessageType.CALLRESULT, unique_id, answered=answered)
        if self._lessons.give(self._reader.learn_result, message, message.response):
            return self.decode(raw, open_call)
        try:
            return CallResult(unique_id, self._payload(message, message.response, elements[2]))
        except Violation as violation:
            raise FrameFault(
                _fault_of(violation),
                _described(violation),
                unique_id=unique_id,
                message_type=MessageType.CALLRESULT,
                answered=answered,
                violation=violation,
            ) from None

    def _payload(self, message: Message, struct: Any, value: Any) -> Any:
        lenient = self._policy.tolerates(message.action)
        return codec_of(struct, message.draft).decode({} if value is None else value, lenient)


def _elements(raw: bytes) -> list[Any]:
    try:
        elements = loads(raw)
    except ValueError:
        raise FrameFault(Fault.MALFORMED, "expected JSON") from None
    if not isinstance(elements, list):
        raise FrameFault(Fault.MALFORMED, "expected an array")
    return elements


def _head(elements: list[Any], dialect: Dialect) -> tuple[int, str]:
    """Return the message type and the unique id (R3, R4, R5)."""
    message_type = elements[0] if elements else None
    known = type(message_type) is int and message_type in dialect.message_types
    answered = not known or message_type == MessageType.CALL
    unique_id = elements[1] if len(elements) > 1 else None
    if not isinstance(unique_id, str) or not unique_id:
        kind = message_type if known else None
        raise FrameFault(
            Fault.MALFORMED, "unique id: expected a string of 1 to 36 characters", message_type=kind, answered=answered
        )
    if not known or not isinstance(message_type, int):
        answered = dialect.answers_unknown_types
        raise FrameFault(Fault.UNKNOWN_TYPE, "no such message type", unique_id=unique_id, answered=answered)
    return message_type, unique_id


def _check_length(elements: list[Any], message_type: int, unique_id: str, *, answered: bool = False) -> None:
    wanted = _LENGTHS[MessageType(message_type)]
    if len(elements) != wanted:
        raise FrameFault(
            Fault.WRONG_SHAPE,
            f"expected {wanted} elements",
            unique_id=unique_id,
            message_type=message_type,
            answered=answered,
            violation=Violation("frame", "items", f"{wanted} elements"),
        )


def _read_error(message_type: int, unique_id: str, elements: list[Any]) -> CallError | CallResultError:
    _check_length(elements, message_type, unique_id)
    _, _, code, description, details = elements
    if not isinstance(code, str):
        raise FrameFault(
            Fault.WRONG_SHAPE,
            "errorCode: expected string",
            unique_id=unique_id,
            message_type=message_type,
            answered=False,
            violation=Violation("errorCode", "type", "string"),
        )
    description = description if isinstance(description, str) else ""
    return _error(message_type, unique_id, code, description, details if isinstance(details, dict) else {})


def _error(
    message_type: int, unique_id: str, code: str, description: str, details: dict[str, Any]
) -> CallError | CallResultError:
    error = CallError(understood(code), description, details, unique_id=unique_id)
    return error if message_type == MessageType.CALLERROR else CallResultError(error)


def _fault_of(violation: Violation) -> Fault:
    if not violation.path and violation.rule == "type":
        return Fault.NOT_AN_OBJECT
    return _RULE_FAULTS.get(violation.rule, Fault.PROPERTY)


def _described(violation: Violation) -> str:
    return f"{violation.path or 'payload'}: expected {violation.expected}"


def _fault_at(error: InvalidPayload | InvalidResult, unique_id: str, message_type: MessageType) -> FrameFault:
    violation = Violation(error.path, error.rule, error.expected)
    return FrameFault(
        _fault_of(violation),
        _described(violation),
        unique_id=unique_id,
        message_type=message_type,
        violation=violation,
    )


class Encoder:
    """Writes what one side of a version sends; shared by all its connections."""

    def __init__(self, version: Version, policy: Policy = STRICT) -> None:
        self._version = version
        self._dialect = dialect_of(version.number)
        self._policy = policy
        self._lessons = _Lessons()
        self._writer = FrameWriter(
            _FRACTIONS[policy.timespec], call=self._call, send=self._send, result=self._result, error=self._error
        )
        self.call: Callable[[str, Request[Any]], bytes] = self._writer.call
        """Return the CALL of a unique id and a request.

        Raises `ValidationError`, or `VersionMismatch` for a message of another version.
        """
        self.send: Callable[[str, Notification], bytes] = self._writer.send
        """Return the SEND of a unique id and a notification.

        Raises `ValidationError`, or `VersionMismatch` where there is no such message or no such frame (R11).
        """
        self.result: Callable[[Call, Any], bytes] = self._writer.result
        """Return the CALLRESULT that answers a call with a response. Raises `ValidationError`."""

    def _call(self, unique_id: str, request: Request[Any]) -> bytes:
        """Write what the compiled core has not written."""
        message = self._known(request)
        if self._lessons.give(self._writer.learn_call, message, message.request):
            return self.call(unique_id, request)
        payload = self._payload(message.request, message.draft, request)
        return b"[2,%b,%b,%b]" % (dumps(unique_id), dumps(message.action), payload)

    def _send(self, unique_id: str, notification: Notification) -> bytes:
        """Write what the compiled core has not written."""
        message = self._known(notification)
        if MessageType.SEND not in self._dialect.message_types:
            raise VersionMismatch(f"{message.action} can't be sent: this version of OCPP-J has no SEND")
        if self._lessons.give(self._writer.learn_send, message, message.request):
            return self.send(unique_id, notification)
        payload = self._payload(message.request, message.draft, notification)
        return b"[6,%b,%b,%b]" % (dumps(unique_id), dumps(message.action), payload)

    def _result(self, call: Call, response: Any) -> bytes:
        """Write what the compiled core has not written."""
        message = call.message
        if self._lessons.give(self._writer.learn_result, message, message.response):
            return self.result(call, response)
        payload = self._payload(message.response, message.draft, response)
        return b"[3,%b,%b]" % (dumps(call.unique_id), payload)

    def fault(self, fault: FrameFault) -> bytes:
        """Return the CALLERROR, or for a result the CALLRESULTERROR, that a frame's fault is answered with."""
        code = self._policy.codes.get(fault.fault) or self._dialect.codes[fault.fault]
        if fault.message_type == MessageType.CALLRESULT:
            return self.error(fault.unique_id, code, fault.description, kind=MessageType.CALLRESULTERROR)
        return self.error(fault.unique_id, code, fault.description)

    def invalid(self, unique_id: str, error: InvalidPayload) -> bytes:
        """Return the CALLERROR for a payload that breaks a vendor's declaration.

        Raises `ValidationError` for what is no text.
        """
        return self.fault(_fault_at(error, unique_id, MessageType.CALL))

    def _known(self, payload: Request[Any] | Notification) -> Message:
        message = payload.__message__
        if self._version.messages.get(message.action) is not message:
            raise VersionMismatch(f"{type(payload).__name__} is no message of OCPP {self._version.number}")
        return message

    def refusal(self, unique_id: str, error: CallError | InvalidResult) -> list[bytes]:
        """Return the CALLRESULTERROR for a result that is not accepted, if this version has such frames (R10).

        Raises `ValidationError` for details that are no JSON.
        """
        if not self._dialect.refuses_results:
            return []
        if isinstance(error, InvalidResult):
            return [self.fault(_fault_at(error, unique_id, MessageType.CALLRESULT))]
        kind = MessageType.CALLRESULTERROR
        return [self.error(unique_id, error.code, error.description, error.details, kind=kind)]

    def error(
        self,
        unique_id: str,
        code: str,
        description: str = "",
        details: Mapping[str, Any] | None = None,
        *,
        kind: MessageType = MessageType.CALLERROR,
    ) -> bytes:
        """Return a CALLERROR, or a CALLRESULTERROR; too long a description is cut (R15).

        Raises `ValidationError` for what is no text or no JSON.
        """
        details = {} if details is None else details
        return self._writer.error(int(kind), unique_id, self._dialect.spell(code), description, details)

    def _error(self, kind: int, unique_id: str, code: str, description: str, details: Mapping[str, Any]) -> bytes:
        """Write what the compiled core has not written."""
        _check("errorCode", code, str, "string")
        _check("errorDescription", description, str, "string")
        _check("errorDetails", details, Mapping, "object")
        return dumps([kind, unique_id, code, description[:MAX_DESCRIPTION], dict(details)])

    def _payload(self, struct: Any, draft: int, value: Any) -> bytes:
        try:
            return codec_of(struct, draft).encode(value, self._policy.timespec)
        except Violation as violation:
            raise ValidationError(violation.path, violation.rule, violation.expected) from None


def _check(place: str, value: Any, kind: type, expected: str) -> None:
    """Raise `ValidationError` unless `value` is of a kind, and can be written into a frame."""
    if not isinstance(value, kind):
        raise ValidationError(place, "type", expected)
    try:
        check_value(dict(value) if isinstance(value, Mapping) else value, depth=1)
    except ValueError as error:
        raise ValidationError(place, "type", f"a JSON value: {error}") from None
