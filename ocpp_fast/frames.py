"""Frames: bytes become values here, and values become bytes.

The plan of this module:

- A `Decoder` reads what one side of one version receives. Its `decode` is the compiled core's, where there is one: that
  returns the frame, or declines and calls `_decode`, which reads the frame in Python or raises the `FrameFault`. So
  every fault is made here, whichever core runs.
- An `Encoder` writes what one side sends, in the same way; `error` writes every kind of CALLERROR.
- The compiled core knows no action until the first frame of it comes. Then it asks `_lookup`, once, for the action and
  for the plan of the payload, and keeps them.
- A frame's payload alone is read by `Decoder.payload` and written by `Encoder.payload`: for signing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from ._core import Call, CallResult, CompiledDecoder, CompiledEncoder, Send
from ._core.payload import PayloadCodec
from ._core.plan import Plan
from ._core.strict_json import check_value, dumps, loads
from ._core.texts import FRACTIONS
from ._core.violation import Violation
from .errors import CallError, InvalidPayload, InvalidResult, PayloadError, ValidationError, VersionMismatch
from .faults import Dialect, Fault, MessageType, code_of, dialect_of
from .lengths import with_lengths
from .mending import Mender
from .policy import STRICT, Policy
from .received import CallResultError, Faulty, Frame, FrameFault, MendedFrame, OpenCalls, Raw, beginning
from .registration import BOOT
from .schema import Action, Notification, Request, Sender, Version, codec_with, plan_of
from .tolerance import Peer, decide, rows_for

__all__ = [
    "Call",
    "CallError",
    "CallResult",
    "CallResultError",
    "Decoder",
    "Encoder",
    "Faulty",
    "Frame",
    "FrameDecoder",
    "FrameEncoder",
    "FrameFault",
    "MendedFrame",
    "OpenCalls",
    "Raw",
    "Send",
]

MAX_UNIQUE_ID: Final = 36
MAX_DESCRIPTION: Final = 255


_LENGTHS: Final = {
    MessageType.CALL: 4,
    MessageType.CALLRESULT: 3,
    MessageType.CALLERROR: 5,
    MessageType.CALLRESULTERROR: 5,
    MessageType.SEND: 4,
}

_SHORT_ERRORS: Final = (3, 4)

F = TypeVar("F", Call, CallResult, Send, CallError | CallResultError, Call | Send)


class FrameDecoder(Protocol):
    """Reads frames: a `Decoder`, or an object in front of one."""

    @property
    def decode(self) -> Callable[[bytes, OpenCalls], Frame]: ...


class FrameEncoder(Protocol):
    """Writes frames: an `Encoder`, or an object in front of one."""

    @property
    def call(self) -> Callable[[str, Request[Any]], bytes]: ...
    @property
    def send(self) -> Callable[[str, Notification], bytes]: ...
    @property
    def result(self) -> Callable[[Call, Any], bytes]: ...
    @property
    def refuses_results(self) -> bool: ...
    @property
    def error(self) -> Callable[[str, CallError | InvalidPayload | InvalidResult | FrameFault, MessageType], bytes]: ...


class Decoder:
    """Reads what one side of a version receives; shared by all its connections.

    `receiver` is the side that reads, `has_handler` tells whether it handles an action. Raises `ValueError` for an
    unknown version.
    """

    def __init__(
        self,
        version: Version,
        receiver: Sender,
        has_handler: Callable[[Action], bool],
        policy: Policy = STRICT,
    ) -> None:
        self._actions = version.actions
        self._dialect = dialect_of(version.number)
        self._peer = ~receiver & Sender.BOTH
        self._has_handler = has_handler
        self._policy = policy
        self._codecs = _Codecs(policy)
        self.decode: Callable[[Raw, OpenCalls], Frame] = self._decode
        """Return the frame in some bytes; a function tells the action of our open call with an id, or None.

        Raises `FrameFault` for an invalid frame, and for one that answers no open call; `MendedFrame` for one that is
        valid but for what the policy tolerates.
        """
        if CompiledDecoder is not None:
            self.decode = CompiledDecoder(
                fallback=self._decode,
                error=_error,
                lookup=self._lookup,
                refuses_results=self._dialect.refuses_results,
            ).decode

    def _lookup(self, message_type: int, key: Any) -> tuple[Action, Plan] | None:
        """Return an action that is taken here and its plan, for the compiled core; a result's key is the action."""
        if message_type == MessageType.CALLRESULT:
            return key, _plan_of(key, key.response, self._policy)
        action = self._taken(key, message_type)
        return (action, _plan_of(action, action.request, self._policy)) if isinstance(action, Action) else None

    def _decode(self, raw: Raw, open_call: OpenCalls) -> Frame:
        """Read what the compiled core has declined."""
        if isinstance(raw, (bytearray, memoryview)):
            raw = bytes(raw)
        try:
            elements = loads(raw)
        except ValueError:
            raise _unreadable(raw, open_call) from None
        if not isinstance(elements, list):
            raise FrameFault(Fault.MALFORMED, "expected an array")
        try:
            return self._frame(elements, raw, open_call)
        except FrameFault as fault:
            fault.elements = elements
            raise
        except MendedFrame as mended:
            for each in mended.faults:
                each.elements = elements
            raise

    def _frame(self, elements: list[Any], raw: bytes, open_call: OpenCalls) -> Frame:
        message_type, unique_id = _head(elements, self._dialect)
        if message_type in (MessageType.CALL, MessageType.SEND):
            return self._call(message_type, unique_id, elements, raw)
        if message_type == MessageType.CALLRESULTERROR:
            return self._read_error(message_type, unique_id, elements)
        action = open_call(unique_id)
        if action is None:
            raise FrameFault(
                Fault.UNKNOWN_ID,
                "answers no open call",
                unique_id=unique_id,
                message_type=message_type,
                answered=False,
            )
        if message_type == MessageType.CALLERROR:
            return self._read_error(message_type, unique_id, elements, action.name)
        faulty = self.faulty(message_type, unique_id)
        _check_length(elements, message_type, faulty)
        return _passed(CallResult(unique_id, self.payload(action, message_type, elements[2], faulty)), faulty)

    def _call(self, message_type: int, unique_id: str, elements: list[Any], raw: bytes) -> Call | Send:
        faulty = self.faulty(message_type, unique_id)
        if len(unique_id) > MAX_UNIQUE_ID:
            raise faulty(Fault.LONG_ID, f"unique id: expected at most {MAX_UNIQUE_ID} characters")
        _check_length(elements, message_type, faulty)
        name = elements[2]
        if not isinstance(name, str):
            raise faulty(Fault.WRONG_SHAPE, "action: expected string")
        action = self.expect(name, message_type, faulty)
        payload = self.payload(action, message_type, elements[3], faulty)
        kind: type[Call | Send] = Call if message_type == MessageType.CALL else Send
        return _passed(kind(unique_id, action, payload, raw), faulty)

    def faulty(self, message_type: int, unique_id: str) -> Faulty:
        """Return what makes the faults of a frame whose head is known."""
        answered = message_type == MessageType.CALL or (
            message_type == MessageType.CALLRESULT and self._dialect.refuses_results
        )
        return Faulty(unique_id, message_type, answered=answered)

    def expect(self, name: str, message_type: int, faulty: Faulty) -> Action:
        """Return the action of a CALL or SEND. Raises what `faulty` makes, for one that is not taken here."""
        action = self._taken(name, message_type)
        if not isinstance(action, Action):
            raise faulty(*action)
        return action

    def _taken(self, name: str, message_type: int) -> Action | tuple[Fault, str]:
        """Return an action that is taken here, or the reason why it is not."""
        action = self._actions.get(name)
        if action is None:
            return Fault.UNKNOWN_ACTION, "no such action in this version"
        if not action.sender & self._peer:
            return Fault.WRONG_SENDER, f"{name} is not sent in this direction"
        confirmed = message_type == MessageType.CALL
        if confirmed is (action.response is None):
            return Fault.NOT_HANDLED, f"{name} is {'not a call' if confirmed else 'a call'}"
        if not self._has_handler(action):
            return Fault.NOT_HANDLED, f"{name} is not handled here"
        return action

    def payload(self, action: Action, message_type: int, value: Any, faulty: Faulty) -> Any:
        """Return the typed payload of a frame, whose `value` is JSON or, in bytes, the text of JSON.

        Raises what `faulty` makes, for a payload that breaks a rule. What the policy tolerates is put into
        `faulty.mended`.
        """
        struct: Any = action.response if message_type == MessageType.CALLRESULT else action.request
        codec = self._codecs[action, struct]
        try:
            if isinstance(value, bytes):
                return codec.read(value)
            return codec.decode({} if value is None else value)
        except Violation as violation:
            if not self._policy.rows:
                raise faulty.payload_fault(violation) from None
            return self._mended_payload(action, codec, value, violation, faulty)

    def _mended_payload(
        self, action: Action, codec: PayloadCodec, value: Any, violation: Violation, faulty: Faulty
    ) -> Any:
        """Return a payload that breaks a rule, if the policy tolerates that."""
        if isinstance(value, bytes):
            try:
                value = loads(value, 1)
            except ValueError:
                raise faulty.payload_fault(violation) from None
        mender = self._mender(action.name, value, faulty)
        try:
            payload = mender.read(codec.plan, value)
        except Violation as rest:
            raise faulty.payload_fault(rest) from None
        faulty.mended = mender.mended
        return payload

    def _mender(self, action: str, payload: Any, faulty: Faulty) -> Mender:
        """Return what mends a payload of an action; a BootNotification itself tells whose it is."""
        rows = self._policy.rows
        if action == BOOT:
            try:
                rows = rows_for(rows, Peer.of_boot(None, payload))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # of a function of the user's
                raise faulty(Fault.HANDLER, "the policy failed") from error
        return Mender(lambda rule, path: decide(rows, rule, action, path))

    def _read_error(
        self, message_type: int, unique_id: str, elements: list[Any], action: str = ""
    ) -> CallError | CallResultError:
        faulty = Faulty(unique_id, message_type, answered=False)
        if self._policy.rows and len(elements) in _SHORT_ERRORS:
            elements = self._lengthened(elements, action, faulty)
        _check_length(elements, message_type, faulty)
        return _passed(_error_in(message_type, unique_id, elements, faulty), faulty)

    def _lengthened(self, elements: list[Any], action: str, faulty: Faulty) -> list[Any]:
        """Return a CALLERROR of three or four elements with five, if the policy tolerates that."""
        mender = self._mender(action, None, faulty)
        whole = [*elements, *["", {}][len(elements) - 3 :]]
        violation = Violation("frame", "items", "5 elements")
        if mender.answer("short_error", "", elements[2:], whole[2:], violation) == "refuse":
            return elements
        faulty.mended = mender.mended
        return whole


def _passed(frame: F, faulty: Faulty) -> F:
    """Return a frame; raise it as a `MendedFrame` if anything in it was tolerated."""
    if faulty.mended:
        raise MendedFrame(frame, faulty.mended_faults())
    return frame


def _plan_of(action: Action, struct: Any, policy: Policy) -> Plan:
    plan = plan_of(struct, action.draft)
    return with_lengths(plan, action.name, tuple(policy.lengths)) if policy.lengths else plan


class _Codecs(dict[tuple[Action, Any], PayloadCodec]):
    """The codecs of payloads under a policy, by their action and class."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def __missing__(self, key: tuple[Action, Any]) -> PayloadCodec:
        codec = self[key] = codec_with(_plan_of(*key, self._policy))
        return codec


def _unreadable(raw: bytes, open_call: OpenCalls) -> FrameFault:
    """Return the fault of text that is not JSON; if it begins as an answer to an open call, it ends that (R10a)."""
    message_type, unique_id = beginning(raw)
    is_answer = message_type in (MessageType.CALLRESULT, MessageType.CALLERROR)
    if is_answer and open_call(unique_id) is not None:
        return FrameFault(
            Fault.MALFORMED,
            "expected JSON",
            unique_id=unique_id,
            message_type=message_type,
            answered=False,
            violation=Violation("frame", "format", "JSON"),
        )
    return FrameFault(Fault.MALFORMED, "expected JSON")


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


def _check_length(elements: list[Any], message_type: int, faulty: Faulty) -> None:
    wanted = _LENGTHS[MessageType(message_type)]
    if len(elements) != wanted:
        violation = Violation("frame", "items", f"{wanted} elements")
        raise faulty(Fault.WRONG_SHAPE, f"expected {wanted} elements", violation=violation)


def _error_in(message_type: int, unique_id: str, elements: list[Any], faulty: Faulty) -> CallError | CallResultError:
    _, _, code, description, details = elements
    if not isinstance(code, str):
        violation = Violation("errorCode", "type", "string")
        raise faulty(Fault.WRONG_SHAPE, "errorCode: expected string", violation=violation)
    description = description if isinstance(description, str) else ""
    return _error(message_type, unique_id, code, description, details if isinstance(details, dict) else {})


def _error(
    message_type: int, unique_id: str, code: str, description: str, details: dict[str, Any]
) -> CallError | CallResultError:
    error = CallError(code_of(code), description, details, unique_id=unique_id)
    return error if message_type == MessageType.CALLERROR else CallResultError(error)


class Encoder:
    """Writes what one side of a version sends; shared by all its connections.

    Raises `ValueError` for an unknown version, and for a policy that the version can't have.
    """

    def __init__(self, version: Version, policy: Policy = STRICT) -> None:
        policy.check_version(version.number)
        self._version = version
        self._dialect = dialect_of(version.number)
        self._policy = policy
        self.call: Callable[[str, Request[Any]], bytes] = self._call
        """Return the CALL of a unique id and a request.

        Raises `ValidationError`, or `VersionMismatch` for a request of another version.
        """
        self.send: Callable[[str, Notification], bytes] = self._send
        """Return the SEND of a unique id and a notification.

        Raises `ValidationError`, or `VersionMismatch` where the version lacks the action or the frame (R11).
        """
        self.result: Callable[[Call, Any], bytes] = self._result
        """Return the CALLRESULT that answers a call with a response. Raises `ValidationError`."""
        self.refuses_results = self._dialect.refuses_results
        """Whether there is a frame to refuse a result with (R10)."""
        self._codecs = _Codecs(policy)
        self._write_error: Callable[[int, str, str, str, Any], bytes] = _write_error
        if CompiledEncoder is not None:
            writer = CompiledEncoder(
                FRACTIONS[policy.timespec],
                lookup=self._lookup,
                call=self._call,
                send=self._send,
                result=self._result,
                error=_write_error,
                bounded=self._dialect.bounded,
            )
            self.call, self.send, self.result, self._write_error = writer.call, writer.send, writer.result, writer.error

    def _lookup(self, message_type: int, key: Any) -> tuple[Action, Plan] | None:
        """Return an action and its plan, for the compiled core: by the class of a payload; of a result, the action."""
        if message_type == MessageType.CALLRESULT:
            return key, _plan_of(key, key.response, self._policy)
        action = getattr(key, "__action__", None)
        if not isinstance(action, Action) or action.request is not key or not self._writes(action, message_type):
            return None
        return action, _plan_of(action, key, self._policy)

    def _writes(self, action: Action, message_type: int) -> bool:
        return self._version.actions.get(action.name) is action and message_type in self._dialect.message_types

    def _call(self, unique_id: str, request: Request[Any]) -> bytes:
        """Write what the compiled core has declined."""
        action = self.expect(request, MessageType.CALL)
        return b"[2,%b,%b,%b]" % (dumps(unique_id), dumps(action.name), self._encoded(action, action.request, request))

    def _send(self, unique_id: str, notification: Notification) -> bytes:
        """Write what the compiled core has declined."""
        action = self.expect(notification, MessageType.SEND)
        payload = self._encoded(action, action.request, notification)
        return b"[6,%b,%b,%b]" % (dumps(unique_id), dumps(action.name), payload)

    def _result(self, call: Call, response: Any) -> bytes:
        """Write what the compiled core has declined."""
        return b"[3,%b,%b]" % (dumps(call.unique_id), self._encoded(call.action, call.action.response, response))

    def _encoded(self, action: Action, struct: Any, value: Any) -> bytes:
        try:
            return self._codecs[action, struct].encode(value, self._policy.timespec, self._dialect.bounded)
        except Violation as violation:
            raise ValidationError.of(violation) from None

    def expect(self, payload: Request[Any] | Notification, message_type: MessageType) -> Action:
        """Return the action of a payload that is to be sent. Raises `VersionMismatch`."""
        action = payload.__action__
        if not self._writes(action, message_type):
            raise VersionMismatch(
                f"{type(payload).__name__} is not a {message_type.name} of OCPP {self._version.number}"
            )
        return action

    def payload(self, action: Action, struct: Any, value: Any) -> bytes:
        """Return the JSON text of a payload alone. Raises `ValidationError`."""
        try:
            return self._codecs[action, struct].write(value, self._policy.timespec, self._dialect.bounded)
        except Violation as violation:
            raise ValidationError.of(violation) from None

    def error(
        self,
        unique_id: str,
        error: CallError | InvalidPayload | InvalidResult | FrameFault,
        kind: MessageType = MessageType.CALLERROR,
    ) -> bytes:
        """Return the CALLERROR, or the CALLRESULTERROR, that tells the peer of an error.

        A description that is too long is cut (R15). Raises `ValidationError` for parts that are not text or JSON.
        """
        if isinstance(error, PayloadError):
            error = FrameFault.of(error, unique_id, kind)
        if isinstance(error, CallError):
            code, description, details = error.code, error.description, error.details
        else:
            code = self._policy.codes.get(error.fault) or self._dialect.codes[error.fault]
            description, details = error.description, {}
        return self._write_error(int(kind), unique_id, self._dialect.spell(code), description, details)


def _write_error(kind: int, unique_id: str, code: str, description: str, details: Mapping[str, Any]) -> bytes:
    """Write what the compiled core has declined."""
    _check("errorCode", code, str, "string")
    _check("errorDescription", description, str, "string")
    _check("errorDetails", details, Mapping, "object")
    return dumps([kind, unique_id, code, description[:MAX_DESCRIPTION], dict(details)])


def _check(place: str, value: Any, kind: type, expected: str) -> None:
    """Raise `ValidationError` unless `value` is of a kind, and can be written into a frame."""
    if not isinstance(value, kind):
        raise ValidationError(place, "type", expected)
    try:
        check_value(dict(value) if isinstance(value, Mapping) else value, depth=1)
    except ValueError as error:
        raise ValidationError(place, "type", f"a JSON value: {error}") from None
