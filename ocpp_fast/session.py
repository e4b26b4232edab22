"""The state machine of one connection, without I/O: frames and time go in, frames and events come out.

The owner of a session feeds it what arrives (`receive`), what its user wants (`call`, `answer`, `cancel`) and the end
of the connection (`close`). After each of these it sends what `take_outbox` gives, in order, and sees to `take_ended`.
Deadlines are kept in a table that many sessions share; its owner hands what has expired to `expire`. Time is a number
of seconds that only grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from .dialect import Fault, MessageType
from .errors import CallError, CallTimeout, Disconnected, InvalidPayload, InvalidResult, NotRegistered, OcppError
from .frames import Call, CallResultError, Frame, FrameFault, Send
from .policy import STRICT, Policy
from .registration import Gate
from .schema import Message, Notification, Request, Response

__all__ = [
    "Answered",
    "Event",
    "Noticed",
    "Notified",
    "OpenCall",
    "Reader",
    "Received",
    "Refused",
    "Session",
    "Table",
    "Writer",
]


class Reader(Protocol):
    """What reads frames: a `Decoder`, or what stands in front of one."""

    @property
    def decode(self) -> Callable[[bytes, Callable[[str], Message | None]], Frame]: ...


class Writer(Protocol):
    """What writes frames: an `Encoder`, or what stands in front of one."""

    @property
    def call(self) -> Callable[[str, Request[Any]], bytes]: ...
    @property
    def send(self) -> Callable[[str, Notification], bytes]: ...
    @property
    def result(self) -> Callable[[Call, Any], bytes]: ...
    @property
    def error(self) -> Callable[[str, str, str, Mapping[str, Any]], bytes]: ...
    @property
    def fault(self) -> Callable[[FrameFault], bytes]: ...
    @property
    def invalid(self) -> Callable[[str, InvalidPayload], bytes]: ...
    @property
    def refusal(self) -> Callable[[str, CallError | InvalidResult], list[bytes]]: ...


class Table(Protocol):
    """The table of open calls, as `ocpp_fast._kernels` provides it."""

    def add(self, owner: Any, unique_id: str, value: object, deadline: float) -> None: ...
    def get(self, owner: Any, unique_id: str) -> Any: ...
    def take(self, owner: Any, unique_id: str) -> Any: ...
    def take_all(self, owner: Any) -> list[tuple[str, Any]]: ...


class OpenCall:
    """A call of ours that has no answer yet; `waiter` is the owner's, untouched here."""

    __slots__ = ("frame", "message", "unique_id", "waiter")

    def __init__(self, unique_id: str, message: Message, frame: bytes, waiter: Any) -> None:
        self.unique_id = unique_id
        self.message = message
        self.frame: bytes | None = frame
        """What is to be sent; None once it has been."""
        self.waiter = waiter


class Received:
    """A CALL of the peer is to be handled now; `answer` or `reject` must follow."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call


class Answered:
    """A call of ours has ended: `outcome` is the response, or the exception to raise."""

    __slots__ = ("open_call", "outcome")

    def __init__(self, open_call: OpenCall, outcome: Response | OcppError) -> None:
        self.open_call = open_call
        self.outcome = outcome


class Noticed:
    """The peer sent something that is not right; it was answered, or ignored."""

    __slots__ = ("fault",)

    def __init__(self, fault: FrameFault) -> None:
        self.fault = fault


class Notified:
    """A SEND of the peer is to be handled; it wants no answer (R11)."""

    __slots__ = ("send",)

    def __init__(self, send: Send) -> None:
        self.send = send


class Refused:
    """The peer refuses a result that it was sent (R10)."""

    __slots__ = ("error",)

    def __init__(self, error: CallError) -> None:
        self.error = error


Event: TypeAlias = Received | Answered | Noticed | Notified | Refused


class Session:
    """One side of one connection.

    CALLs of the peer are handled one after another; answers to ours never wait behind them. Of our own calls, only so
    many are sent as the policy lets be open, the others wait for their turn (R14).
    """

    __slots__ = (
        "_closed",
        "_decoder",
        "_encoder",
        "_ended",
        "_gate",
        "_handling",
        "_open",
        "_outbox",
        "_policy",
        "_queue",
        "_table",
        "_waiting",
        "ignored_answers",
    )

    def __init__(
        self,
        decoder: Reader,
        encoder: Writer,
        table: Table,
        policy: Policy = STRICT,
        gate: Gate | None = None,
    ) -> None:
        self._decoder: Final[Reader] = decoder
        self._encoder: Final = encoder
        self._table: Final = table
        self._policy: Final = policy
        self._gate: Final = gate
        self._closed = False
        self._handling: Call | None = None
        self._waiting: deque[Call] | None = None
        self._open = 0
        self._queue: deque[OpenCall] | None = None
        self._outbox: list[bytes] = []
        self._ended: list[Answered] = []
        self.ignored_answers = 0
        """How many results and errors answered no open call (R12)."""

    def take_outbox(self) -> list[bytes]:
        """Return the frames that are to be sent now, in order, and forget them."""
        if not self._outbox:
            return []
        frames, self._outbox = self._outbox, []
        return frames

    def take_ended(self) -> list[Answered]:
        """Return the calls that have ended because their turn came when they must not be sent, and forget them."""
        if not self._ended:
            return self._ended
        ended, self._ended = self._ended, []
        return ended

    # What arrives

    def receive(self, raw: bytes) -> Event | None:
        """Take one text message of the peer; never raises for what the peer did (R45)."""
        if not raw or self._closed:
            return None
        try:
            frame = self._decoder.decode(raw, self._message_of)
        except FrameFault as fault:
            return self._faulty(fault)
        if isinstance(frame, Call):
            return self._called(frame)
        if isinstance(frame, Send):
            return self._sent(frame)
        if isinstance(frame, CallResultError):
            return Refused(frame.error)
        open_call = self._finish(frame.unique_id)
        if isinstance(frame, CallError):
            return Answered(open_call, frame)
        if self._gate is not None:
            self._gate.resulted(open_call.message, frame.payload)
        return Answered(open_call, frame.payload)

    def _message_of(self, unique_id: str) -> Message | None:
        open_call: OpenCall | None = self._table.get(self, unique_id)
        return open_call.message if open_call is not None and open_call.frame is None else None

    def _sent(self, send: Send) -> Event:
        if self._gate is not None and not self._gate.admits(send.message):
            return self._faulty(_unregistered(send, answered=False))
        return Notified(send)

    def _called(self, call: Call) -> Event | None:
        if self._handling is not None and self._is_handled(call.unique_id):
            fault = FrameFault(Fault.DUPLICATE_ID, "unique id: still being handled", unique_id=call.unique_id)
            return self._faulty(fault)
        if self._gate is not None:
            if not self._gate.admits(call.message):
                return self._faulty(_unregistered(call, answered=self._gate.answers))
            self._gate.called(call.message, call.payload)
        if self._handling is None:
            self._handling = call
            return Received(call)
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(call)
        return None

    def _is_handled(self, unique_id: str) -> bool:
        """Whether a call with this id is being handled, or waits for that (R13)."""
        return any(
            each is not None and each.unique_id == unique_id for each in (self._handling, *(self._waiting or ()))
        )

    def _faulty(self, fault: FrameFault) -> Event:
        if fault.fault is Fault.UNKNOWN_ID:
            self.ignored_answers += 1
        if fault.answered and (fault.fault is not Fault.MALFORMED or self._policy.answer_malformed):
            self._outbox.append(self._encoder.fault(fault))
        answers_call = fault.message_type in (MessageType.CALLRESULT, MessageType.CALLERROR)
        if answers_call and self._message_of(fault.unique_id) is not None:
            return Answered(self._finish(fault.unique_id), fault.invalid_result())
        return Noticed(fault)

    # Handling the peer's calls

    @property
    def is_full(self) -> bool:
        """Whether so many calls of the peer wait that no more should be read."""
        return self._waiting is not None and len(self._waiting) >= self._policy.max_waiting_calls

    def answer(self, call: Call, response: Response) -> Call | None:
        """Send the result of a call that was `Received`; return the next one to handle, if one waits.

        Raises `ValidationError` when the response is not right, with the call still to be answered.
        """
        frame = self._encoder.result(call, response)
        if self._gate is not None:
            self._gate.answered(call.message, response)
        return self._handled(frame)

    def reject(self, call: Call, error: CallError) -> Call | None:
        """Send a CALLERROR for a call that was `Received`; return the next one to handle, if one waits.

        Raises `ValidationError` when the error's details are no JSON, with the call still to be answered.
        """
        return self._handled(self._encoder.error(call.unique_id, error.code, error.description, error.details))

    def refuse(self, call: Call, error: InvalidPayload) -> Call | None:
        """Send the CALLERROR for a payload that its handler found not right; return the next call to handle.

        Raises `ValidationError` when the error holds what is no text, with the call still to be answered.
        """
        return self._handled(self._encoder.invalid(call.unique_id, error))

    def fail(self, call: Call, reason: str | Exception) -> Call | None:
        """Answer that the handler failed; return the next call to handle, if one waits.

        The text of an exception stays here unless the policy says otherwise.
        """
        if isinstance(reason, str):
            description = reason
        elif self._policy.reveal_exceptions:
            description = _revealed(reason)
        else:
            description = _HANDLER_FAILED
        return self._handled(self._encoder.fault(FrameFault(Fault.HANDLER, description, unique_id=call.unique_id)))

    def _handled(self, frame: bytes) -> Call | None:
        if not self._closed:
            self._outbox.append(frame)
        self._handling = self._waiting.popleft() if self._waiting else None
        return self._handling

    # Our own calls

    def call(self, unique_id: str, request: Request[Any], deadline: float, waiter: Any = None) -> OpenCall:
        """Send a request, now or when its turn comes; `deadline` is when it ends unanswered.

        Raises `ValidationError` for a request that is not right, `VersionMismatch` for one of another version,
        `NotRegistered` for one that must not be sent yet, `Disconnected` after `close`, `KeyError` for an id that is in
        use, and what signing raises.
        """
        if self._closed:
            raise Disconnected("the connection is closed")
        open_call = OpenCall(unique_id, request.__message__, self._encoder.call(unique_id, request), waiter)
        if self._gate is not None:
            self._gate.check_call(request.__message__)
            self._gate.calling(request.__message__, request)
        self._table.add(self, unique_id, open_call, deadline)
        if self._open < self._policy.max_open_calls:
            self._send(open_call)
        else:
            if self._queue is None:
                self._queue = deque()
            self._queue.append(open_call)
        return open_call

    def send(self, unique_id: str, notification: Notification) -> None:
        """Send a message that wants no answer, past all calls that wait (R11, R14).

        Raises `ValidationError`, `NotRegistered`, `Disconnected`, and `VersionMismatch` before 2.1.
        """
        if self._closed:
            raise Disconnected("the connection is closed")
        frame = self._encoder.send(unique_id, notification)
        if self._gate is not None:
            self._gate.check_call(notification.__message__)
        self._outbox.append(frame)

    def refuse_result(self, unique_id: str, error: CallError | InvalidResult) -> None:
        """Tell the peer that its result is not accepted, where the version has a frame for it (R10)."""
        if not self._closed:
            self._outbox += self._encoder.refusal(unique_id, error)

    def cancel(self, open_call: OpenCall) -> None:
        """Give a call up; its place is free at once, and a late answer is ignored (R12, R44)."""
        if self._table.get(self, open_call.unique_id) is open_call:
            self._finish(open_call.unique_id)

    def expire(self, open_call: OpenCall) -> Answered:
        """End a call whose deadline has passed: one that the table's `expire` has returned."""
        self._release(open_call)
        return Answered(open_call, CallTimeout(f"{open_call.message.action} was not answered in time"))

    def _finish(self, unique_id: str) -> OpenCall:
        open_call: OpenCall = self._table.take(self, unique_id)
        self._release(open_call)
        return open_call

    def _send(self, open_call: OpenCall) -> None:
        assert open_call.frame is not None
        self._outbox.append(open_call.frame)
        open_call.frame = None
        self._open += 1

    def _release(self, open_call: OpenCall) -> None:
        """Free the place of a call that has left the table, and send the next one."""
        if open_call.frame is not None:
            return  # never sent; skipped when its turn comes
        self._open -= 1
        while self._queue:
            following = self._queue.popleft()
            if self._table.get(self, following.unique_id) is following and self._may_send(following):
                self._send(following)
                return

    def _may_send(self, open_call: OpenCall) -> bool:
        """Ask the gate again for a call that has waited; one that must not be sent any more ends."""
        if self._gate is None:
            return True
        try:
            self._gate.check_call(open_call.message)
        except NotRegistered as error:
            self._table.take(self, open_call.unique_id)
            self._ended.append(Answered(open_call, error))
            return False
        return True

    # The end

    def close(self) -> list[Answered]:
        """End the session: every call of ours fails, nothing is sent or handled any more (R44)."""
        self._closed = True
        self._waiting = self._queue = None
        self._outbox.clear()
        return [
            Answered(
                open_call,
                Disconnected(f"the connection closed before {open_call.message.action} was answered"),
            )
            for _, open_call in self._table.take_all(self)
        ]


def _unregistered(frame: Call | Send, *, answered: bool) -> FrameFault:
    return FrameFault(
        Fault.NOT_REGISTERED,
        "the station is not registered",
        unique_id=frame.unique_id,
        message_type=MessageType.CALL,
        answered=answered,
    )


_HANDLER_FAILED: Final = "the handler failed"


def _revealed(reason: Exception) -> str:
    """Return an exception's text, unless it is none that a frame can hold."""
    shown = f"{type(reason).__name__}: {reason}"
    try:
        shown.encode()
    except UnicodeEncodeError:
        return _HANDLER_FAILED
    return shown
