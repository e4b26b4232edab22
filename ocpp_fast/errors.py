"""The exceptions of ocpp_fast.

::

    OcppError
    ├── PayloadError                     a payload breaks a rule of its declaration, wherever it comes from
    │   ├── ValidationError (ValueError)   ours; nothing was sent
    │   ├── InvalidPayload                 the peer's call: a handler that raises it answers with a CALLERROR
    │   └── InvalidResult                  the peer's answer
    ├── CallError                        the peer answered with CALLERROR; raise it in a handler to do the same
    ├── TransferRefused                  the peer refused a DataTransfer; raise it in a handler to do the same
    ├── CallTimeout (TimeoutError)       no answer came in time
    ├── Disconnected (ConnectionError)   the connection ended before the answer, or before the call
    │   └── ConnectionReplaced             by a newer connection of the same station
    ├── QueueFull                        too many calls wait for their turn already; nothing was sent
    ├── NotSent                          `may_send` of the call said no when its turn came; nothing was sent
    ├── Unreachable (ConnectionError)    the station's node in the cluster can't be reached now; nothing was sent
    ├── DeliveryUnknown (ConnectionError)  its node was lost after it was told to make the call
    ├── MessageDropped                   a queued message is not sent: it was dropped, or its transaction was (R43)
    ├── NotDurable                       a queued message is sent from memory: it could not be stored
    │   └── QueueDamaged                   the file of the queue was damaged, and set aside
    ├── QueueInUse                       another process has the queue's file open
    ├── NotConnected (KeyError)          no station of that identity is connected
    ├── NotRegistered                    the station may not send this before it is accepted
    ├── SigningFailed                    our own message could not be signed; nothing was sent
    ├── InvalidSignature                 a signature is missing or false, or its key is unknown
    ├── HandshakeFailed (ConnectionError)  the server refused the connection
    │   └── NoCommonVersion                it speaks none of the versions that were offered
    ├── HandshakeRefused                 raise it before a station is let in, to refuse its connection
    ├── VersionMismatch                  another OCPP version was negotiated than the one asked for
    └── UnhandledActions (TypeError)     an object leaves actions of a profile without a handler

An error that concerns a station names it: `error.station` is its identity. The text of an error is one printable line;
what a peer wrote is escaped and cut there, not in the attributes that hold it. `error.delivered` says what became of a
call of ours: False, nothing was sent, and it may be made again; True, the peer has answered; None, nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, Protocol, Self

from .escaping import shown

__all__ = [
    "CallError",
    "CallTimeout",
    "ConnectionReplaced",
    "DeliveryUnknown",
    "Disconnected",
    "ErrorCode",
    "HandshakeFailed",
    "HandshakeRefused",
    "InvalidPayload",
    "InvalidResult",
    "InvalidSignature",
    "MessageDropped",
    "NoCommonVersion",
    "NotConnected",
    "NotDurable",
    "NotRegistered",
    "NotSent",
    "OcppError",
    "PayloadError",
    "QueueDamaged",
    "QueueFull",
    "QueueInUse",
    "SigningFailed",
    "TransferRefused",
    "UnhandledActions",
    "Unreachable",
    "ValidationError",
    "VersionMismatch",
]


class ErrorCode(StrEnum):
    """The error codes of OCPP-J, in the spelling of 2.0.1; frames translate to and from a version's own (R9)."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


_MOST_TOLD: Final = 2048


class OcppError(Exception):
    """The root of every exception this library raises on purpose."""

    station: str | None = None
    """The identity of the station that it concerns; None where it concerns none."""

    delivered: bool | None = None
    """Whether the peer has our call: False if nothing was sent, True if it was answered, None if that is unknown."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _error_of, (type(self), self.args, vars(self))

    def at(self, station: str) -> Self:
        """Name the station that this error concerns; return the error."""
        self.station = station
        return self

    def __str__(self) -> str:
        return shown(f"{self.station}: {self._text()}" if self.station else self._text(), _MOST_TOLD)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(shown(repr(each)) for each in self.args)})"

    def _text(self) -> str:
        return super().__str__()


def _error_of(kind: type[OcppError], args: tuple[Any, ...], values: dict[str, Any]) -> OcppError:
    """Return a copy of an error: what it holds, whatever its constructor takes."""
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(values)
    return error


class BrokenRule(Protocol):
    """A broken rule, as the cores report it."""

    @property
    def path(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def expected(self) -> str: ...


class PayloadError(OcppError):
    """A payload breaks a rule of its declaration.

    `path` is the JSON path within the payload (`meterValue[0].timestamp`, empty for the payload itself),
    `rule` the JSON Schema keyword that is broken, `expected` what would have been right.
    """

    def __init__(self, path: str, rule: str, expected: str) -> None:
        super().__init__(path, rule, expected)
        self.path = path
        self.rule = rule
        self.expected = expected

    @classmethod
    def of(cls, violation: BrokenRule) -> Self:
        """Return the error of this kind for a broken rule."""
        return cls(violation.path, violation.rule, violation.expected)

    def _text(self) -> str:
        return f"{self.path or 'payload'}: expected {self.expected}"


class ValidationError(PayloadError, ValueError):
    """A payload of ours breaks a rule of its declaration; raised before a byte is sent."""

    delivered = False


class InvalidAnswer(ValidationError):
    """A handler's answer breaks its declaration; raised for a handler, never by one."""


class InvalidPayload(PayloadError):
    """The peer's call breaks a vendor's declaration: `customData`, or the data of a DataTransfer.

    A handler that raises it answers with the CALLERROR that such a fault has in a payload of OCPP's own. `path` is
    relative to the payload (`customData.depot`).
    """


class InvalidResult(PayloadError):
    """The peer's answer breaks the response's declaration, or is incomplete.

    `raw` is the frame as it came; `payload` is the decoded JSON of its payload, None where the frame is not JSON.
    """

    delivered = True
    raw: bytes = b""
    payload: Any = None


class CallError(OcppError):
    """A CALLERROR: received from the peer, or raised by a handler to be sent to it.

    `code` is an `ErrorCode` or, where a peer invented one, a plain string; `details` is any JSON object.
    """

    delivered = True

    def __init__(
        self,
        code: str = ErrorCode.GENERIC_ERROR,
        description: str = "",
        details: Mapping[str, Any] | None = None,
        *,
        unique_id: str = "",
    ) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.details: Mapping[str, Any] = {} if details is None else details
        self.unique_id = unique_id

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = OcppError.__hash__

    def _text(self) -> str:
        return f"{self.code}: {self.description}" if self.description else self.code


class TransferRefused(OcppError):
    """A DataTransfer that was not accepted: answered so by the peer, or raised by its handler to answer so.

    `status` is Rejected, UnknownMessageId or UnknownVendorId; `reason_code` and `additional_info` say why where the
    version can (2.0.1, 2.1), `data` is what the answer carries, as it is on the wire: any JSON, in 1.6 a text.
    """

    delivered = True

    def __init__(
        self,
        status: str = "Rejected",
        reason_code: str = "",
        additional_info: str = "",
        *,
        data: Any = None,
    ) -> None:
        super().__init__(status, reason_code, additional_info)
        self.status = status
        self.reason_code = reason_code
        self.additional_info = additional_info
        self.data = data

    def _text(self) -> str:
        return ": ".join(each for each in (self.status, self.reason_code, self.additional_info) if each)


class CallTimeout(OcppError, TimeoutError):
    """A call was not answered within its time, waiting for its turn included; `action` is the name of its action.

    `delivered` is False if its turn has never come.
    """

    def __init__(self, action: str = "", *, delivered: bool | None = None) -> None:
        super().__init__(action)
        self.action = action
        self.delivered = delivered

    def _text(self) -> str:
        return f"{self.action or 'the call'} was not answered in time"


class Disconnected(OcppError, ConnectionError):
    """The connection is gone: a pending call can't be answered any more, or a new one can't be sent (R44).

    `delivered` is False for a new call, and for one whose turn has never come.
    """

    def __init__(self, *args: object, delivered: bool | None = None) -> None:
        super().__init__(*args)
        self.delivered = delivered


class QueueFull(OcppError):
    """So many calls to this peer wait for their turn that no more are taken (`Policy.max_queued_calls`)."""

    delivered = False


class NotSent(OcppError):
    """When the turn of a call came, `may_send`, which was given with it, said no: nothing was sent."""

    delivered = False


class Unreachable(OcppError, ConnectionError):
    """The node of a cluster that holds the station can't be reached now: nothing was sent, another try may succeed."""

    delivered = False


class DeliveryUnknown(OcppError, ConnectionError):
    """The station's node was told to make the call, then it or its answer was lost: nobody knows what was sent."""


class MessageDropped(OcppError):
    """A transaction message is not sent: it made room for others, or its StartTransaction was given up (R43)."""

    delivered = False


class NotDurable(OcppError):
    """A transaction message could not be stored, for the reason that is its `__cause__`.

    It waits in memory and will be sent: it must not be posted again. Only an end of the process loses it.
    """

    posted: Any = None
    """What `post` would have returned."""


class QueueDamaged(NotDurable):
    """The file of a queue was damaged; `kept` is the name that it has now. A new one has taken its place."""

    def __init__(self, message: str, kept: str = "") -> None:
        super().__init__(message)
        self.kept = kept


class QueueInUse(OcppError):
    """Another process, or another charge point, has the queue open: this one can't start."""

    delivered = False


class ConnectionReplaced(Disconnected):
    """A newer connection of the same station has taken the place of the one that a call waits on (R36)."""


class NotConnected(OcppError, KeyError):
    """No station of that identity is connected."""

    delivered = False

    def __init__(self, station: str | None = None) -> None:
        super().__init__(*([] if station is None else [station]))
        self.station = station

    def _text(self) -> str:
        return "not connected"


class NotRegistered(OcppError):
    """The central system has not accepted this station yet: nothing was sent (R40)."""

    delivered = False


class SigningFailed(OcppError):
    """A message of ours could not be signed, for the reason that is its `__cause__`; it was not sent (R17)."""

    delivered = False


class InvalidSignature(OcppError):
    """A signature is missing or false, or its key is unknown; `expected` says what would have been right (R17)."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected

    def _text(self) -> str:
        return f"signature: expected {self.expected}"


class HandshakeFailed(OcppError, ConnectionError):
    """The server refused the WebSocket handshake, or did not keep to it.

    `status` is the HTTP status of its answer, None if it did not answer in HTTP; `reason` is that status in words, as
    the server wrote it, or what was wrong with the answer. It is never empty.
    """

    delivered = False

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason or message


class NoCommonVersion(HandshakeFailed):
    """The server speaks none of the OCPP versions that the station has offered (R31)."""


class HandshakeRefused(OcppError):
    """A station is not let in: raised by `identify`, `auth`, `policy` or `on_connecting` of a central system.

    `status` is the HTTP status of the answer, 400 to 599; `reason` is logged and told to `on_refused`, not to the
    station. Raises `ValueError` for any other status.
    """

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(status, reason)
        if not 400 <= status <= 599 or status not in HTTPStatus.__members__.values():
            raise ValueError(f"status: expected an HTTP status from 400 to 599, not {status!r}")
        self.status = HTTPStatus(status)
        self.reason = reason or self.status.phrase

    def _text(self) -> str:
        return f"{self.status.value} {self.reason}"


class VersionMismatch(OcppError):
    """The request belongs to another OCPP version than the negotiated one."""

    delivered = False


class UnhandledActions(OcppError, TypeError):
    """A handler object leaves actions of a profile without a handler; `actions` names them."""

    delivered = False

    def __init__(self, profile: str, actions: Sequence[str]) -> None:
        super().__init__(f"profile {profile} has actions without a handler: {', '.join(actions)}")
        self.profile = profile
        self.actions = tuple(actions)
