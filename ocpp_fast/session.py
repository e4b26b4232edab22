"""The state machine of one connection, without I/O: frames and time go in, frames and events come out.

The plan of this module:

- The owner of a session feeds it what arrives (`receive`), what its user wants (`call`, `send`, `answer`, `fail`,
  `cancel`) and the end of the connection (`close`). After each of these it sends what `take_outbox` returns, in order,
  and handles what `take_events` returns.
- A CALL of the peer is `current_call` from when it is returned until `answer` or `fail`; the others wait, invalid ones
  too, so that all are answered in their order. What decides on a call, the registration gate first, decides when its
  turn comes: on arrival, or in `next_call`.
- A call of ours is an `OpenCall`, in a table of deadlines that many sessions share, until it ends in a `CallEnded`. The
  owner of the table hands expired calls to `expire`.
- Time is a number of seconds that only grows. It is passed in as `now`, and needed only for `Policy.repeat_window`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ._core.contract import PendingTable
from ._core.strict_json import dumps
from .errors import (
    CallError,
    CallTimeout,
    Disconnected,
    InvalidAnswer,
    InvalidPayload,
    InvalidResult,
    NotRegistered,
    NotSent,
    QueueFull,
    ValidationError,
)
from .faults import Fault, MessageType
from .frames import Call, CallResultError, Frame, FrameDecoder, FrameEncoder, FrameFault, MendedFrame, Send
from .open_calls import CallEnded, OpenCall, Waiter
from .policy import STRICT, Policy
from .received import FAILED, Tolerated, handler_fault, refuses_nothing, unread, unregistered
from .registration import BOOT, RegistrationGate
from .repeats import KeptAnswers, SentResults
from .schema import Action, Notification, Request, Response
from .waiting import Parked, WaitingCalls

__all__ = ["CallEnded", "Event", "OpenCall", "Session", "Tolerated", "Waiter"]


Event: TypeAlias = Call | Send | CallResultError | CallEnded | FrameFault | Tolerated
"""A CALL or SEND to be handled, a refusal of a result of ours (R10), the end of our call, a fault that was answered."""


class Session:
    """One side of one connection.

    CALLs of the peer are handled one after another; answers to ours never wait behind them. Of our own calls, only so
    many are sent as the policy lets be open; the others wait for their turn (R14).
    """

    __slots__ = (
        "_closed",
        "_decoder",
        "_encoder",
        "_events",
        "_gate",
        "_kept",
        "_open",
        "_outbox",
        "_policy",
        "_prepared",
        "_queue",
        "_sent",
        "_table",
        "_waiting",
        "current_call",
        "ignored_answers",
    )

    def __init__(
        self,
        decoder: FrameDecoder,
        encoder: FrameEncoder,
        table: PendingTable[OpenCall],
        policy: Policy = STRICT,
        gate: RegistrationGate | None = None,
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._table: Final = table
        self._policy: Final = policy
        self._gate: Final = gate
        self._closed = False
        self.current_call: Call | None = None
        """The CALL of the peer that is being handled."""
        self._waiting: WaitingCalls | None = None
        self._prepared: tuple[Response, bytes] | None = None
        self._kept = KeptAnswers(policy.repeat_window) if policy.repeat_window else None
        self._open = 0
        self._queue: dict[str, OpenCall] | None = None
        self._sent = SentResults() if encoder.refuses_results else None
        self._outbox: Sequence[bytes] = ()
        self._events: Sequence[CallEnded | FrameFault] = ()
        self.ignored_answers = 0
        """How many results and errors answered no open call (R12)."""

    def judge_by(self, decoder: FrameDecoder, encoder: FrameEncoder) -> None:
        """Read and write all further frames by others: more is known of the peer."""
        self._decoder = decoder
        self._encoder = encoder

    def take_outbox(self) -> Sequence[bytes]:
        """Return the frames that are to be sent now, in order, and forget them."""
        frames, self._outbox = self._outbox, ()
        return frames

    def take_events(self) -> Sequence[CallEnded | FrameFault]:
        """Return the events beside those that were returned: of calls whose turn came and must not be; forget them."""
        events, self._events = self._events, ()
        return events

    def _put(self, frame: bytes) -> None:
        """Send a frame, behind those that are to be sent already."""
        self._outbox = (*self._outbox, frame)

    # What arrives

    def receive(self, raw: bytes, now: float = 0.0) -> Event | None:
        """Take one text message of the peer; never raises for what the peer did (R45)."""
        if not raw or self._closed:
            return None
        try:
            frame = self._decoder.decode(raw, self._open_action)
        except FrameFault as fault:
            return self._notice(fault.as_event(raw), raw)
        except MendedFrame as mended:
            return Tolerated(mended.as_events(raw), self._received(mended.frame, now, raw))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, the peer gets an answer
            return self._notice(unread(raw, error), raw)
        is_next = self.current_call is None and not self._waiting and self._kept is None
        if type(frame) is Call and is_next and (self._gate is None or self._gate.is_open):
            self.current_call = frame
            return frame
        return self._received(frame, now, raw)

    def _received(self, frame: Frame, now: float, raw: bytes) -> Event | None:
        """Take a frame that is not a call to be handled at once."""
        if isinstance(frame, Call):
            return self._call_received(frame, now)
        if isinstance(frame, Send):
            return self._send_received(frame)
        if isinstance(frame, CallResultError):
            return self._result_refused(frame, raw)
        open_call = self._finish(frame.unique_id)
        if isinstance(frame, CallError):
            return CallEnded(open_call, frame)
        if self._gate is not None:
            self._gate.answered(open_call.action, frame.payload)
        return CallEnded(open_call, frame.payload)

    def _open_action(self, unique_id: str) -> Action | None:
        open_call = self._table.get(self, unique_id)
        return open_call.action if open_call is not None and open_call.frame is None else None

    def _send_received(self, send: Send) -> Event | None:
        if self._gate is not None and not self._gate.admits(send.action):
            return self._notice(unregistered(send, answered=False))
        return send

    def _result_refused(self, refusal: CallResultError, raw: bytes) -> Event | None:
        if self._sent is not None and self._sent.take(refusal.error.unique_id):
            return refusal
        return self._notice(refuses_nothing(refusal.error.unique_id).as_event(raw))

    def _call_received(self, call: Call, now: float) -> Event | None:
        first = self._bytes_of(call.unique_id)
        if first is not None:
            return self._call_repeated(call, first)
        if self._kept is not None and (answer := self._kept.find(call, now)) is not None:
            self._put(answer)
            return None
        if self.current_call is None and not self._waiting:
            return self._begin(call) or call
        self._wait(call, call.raw)
        return None

    def _wait(self, call: Call | FrameFault, raw: bytes) -> None:
        """Let a call, or the fault of one, wait for its turn."""
        if self._waiting is None:
            self._waiting = WaitingCalls(self._policy.max_waiting_calls)
        self._waiting.add(call, raw)

    def _bytes_of(self, unique_id: str) -> bytes | None:
        """Return the bytes of the CALL of an id that is being handled, or waits for that."""
        if self.current_call is not None and self.current_call.unique_id == unique_id:
            return self.current_call.raw
        return self._waiting.bytes_of(unique_id) if self._waiting else None

    def _call_repeated(self, call: Call, first: bytes) -> Event | None:
        """Take a CALL whose id is being handled, or waits for it: the same bytes are a retry (R13)."""
        if call.raw == first:
            return None
        return self._notice(FrameFault(Fault.DUPLICATE_ID, "unique id: still being handled", unique_id=call.unique_id))

    def _begin(self, call: Call) -> FrameFault | None:
        """Make a call the current one, or refuse it: its turn has come (R40)."""
        if self._gate is not None:
            if not self._gate.admits(call.action):
                fault = unregistered(call, answered=self._gate.answers)
                self._answer_fault(fault)
                return fault
            self._gate.requested(call.action, call.payload)
        self.current_call = call
        return None

    def _notice(self, fault: FrameFault, raw: bytes = b"") -> CallEnded | FrameFault | None:
        """Answer a fault, that of a CALL in its turn, and end the call of ours that an invalid answer was for."""
        if fault.fault is Fault.UNKNOWN_ID:
            self.ignored_answers += 1
        is_call = fault.message_type == MessageType.CALL and fault.fault is not Fault.DUPLICATE_ID
        if is_call and (self.current_call is not None or self._waiting):
            self._wait(fault, raw)
            return None
        self._answer_fault(fault)
        answers_call = fault.message_type in (MessageType.CALLRESULT, MessageType.CALLERROR)
        if answers_call and self._open_action(fault.unique_id) is not None:
            return CallEnded(self._finish(fault.unique_id), fault.invalid_result(raw))
        return fault

    def _answer_fault(self, fault: FrameFault) -> None:
        if fault.answered and (fault.fault is not Fault.MALFORMED or self._policy.answer_malformed):
            is_result = fault.message_type == MessageType.CALLRESULT
            kind = MessageType.CALLRESULTERROR if is_result else MessageType.CALLERROR
            frame, unwritable = self._written(fault.unique_id, fault, kind)
            self._put(frame)
            fault.__cause__ = unwritable or fault.__cause__

    def _written(
        self, unique_id: str, error: CallError | InvalidPayload | InvalidResult | FrameFault, kind: MessageType
    ) -> tuple[bytes, BaseException | None]:
        """Return the frame of an error; if that can't be written, a constant one, and the reason."""
        try:
            return self._encoder.error(unique_id, error, kind), None
        except KeyboardInterrupt:
            raise
        except BaseException as unwritable:  # noqa: BLE001  # what is in an error is its author's
            return b'[%d,%b,"InternalError","%b",{}]' % (kind, dumps(unique_id), FAILED.encode()), unwritable

    # The peer's calls

    @property
    def is_full(self) -> bool:
        """Whether so many calls of the peer wait that no more should be read.

        While calls of ours are open, whose answers may be behind, more may wait: 256 KiB of them, as bytes.
        """
        if self._waiting is None or len(self._waiting) < self._policy.max_waiting_calls:
            return False
        return not self._open or self._waiting.parked_size >= _MOST_PARKED

    @property
    def has_open_calls(self) -> bool:
        """Whether calls of ours are open, whose answers may be behind what is not read."""
        return self._open > 0

    @property
    def waiting(self) -> int:
        """How many calls of the peer wait for their turn."""
        return 0 if self._waiting is None else len(self._waiting)

    def prepare(self, response: Response) -> None:
        """Write the result of the current call, which `answer` is to send later. Raises what that would raise."""
        assert self.current_call is not None
        self._prepared = None
        self._prepared = response, self._result(self.current_call, response)

    def _result(self, call: Call, response: Response) -> bytes:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared[0] is response:
            return prepared[1]
        try:
            return self._encoder.result(call, response)
        except ValidationError as error:
            raise InvalidAnswer.of(error) from None

    def answer_now(self, call: Call, response: Any) -> bytes | None:
        """Return the result of the current call, to be sent at once, if it is a plain one; else None, and `answer` it.

        Raises as `answer` does.
        """
        is_plain = not self._waiting and not self._closed and self._kept is None
        if not is_plain or type(response) is not call.action.response or call is not self.current_call:
            return None
        frame = self._result(call, response)
        if call.action.name == BOOT and self._gate is not None:
            self._gate.answered(call.action, response)
        self.current_call = None
        if self._sent is not None:
            self._sent.add(call.unique_id)
        return frame

    def answer(self, call: Call, response: Response, now: float = 0.0) -> None:
        """Send the result of the current call. Does nothing if the call is answered already.

        Raises `InvalidAnswer` for an invalid response, and what signing raises; the call is still to be answered.
        """
        if call is not self.current_call:
            return
        frame = self._result(call, response)
        if self._gate is not None:
            self._gate.answered(call.action, response)
        self._conclude(call, frame, now)
        if self._sent is not None:
            self._sent.add(call.unique_id)

    def fail(self, call: Call, error: BaseException, now: float = 0.0) -> BaseException | None:
        """Send the CALLERROR of the current call; the type of the error decides which.

        A `CallError` and an `InvalidPayload` are told as they are. Anything else is InternalError, and the text of an
        exception stays here unless the policy says otherwise. Never raises: an error that can't be written becomes a
        constant CALLERROR, and the reason is returned. Does nothing if the call is answered already.
        """
        if call is not self.current_call:
            return None
        told = handler_fault(call.unique_id, error, reveals=self._policy.reveal_exceptions)
        frame, unwritable = self._written(call.unique_id, told, MessageType.CALLERROR)
        self._conclude(call, frame, now)
        return unwritable

    def _conclude(self, call: Call, frame: bytes, now: float) -> None:
        self.current_call = self._prepared = None
        if self._closed:
            return
        self._put(frame)
        if self._kept is not None:
            self._kept.keep(call, frame, now)

    def next_call(self) -> Call | None:
        """Return the waiting call whose turn has come, now that the current one is answered."""
        while self._waiting:
            call = self._waiting.pop()
            if isinstance(call, Parked):
                call = self._read_again(call.raw)
            if isinstance(call, FrameFault):
                self._answer_fault(call)
                self._events = (*self._events, call)
                continue
            self._waiting.begins(call)
            refusal = self._begin(call)
            if refusal is None:
                return call
            self._events = (*self._events, refusal)
        return None

    def _read_again(self, raw: bytes) -> Call | FrameFault:
        try:
            frame = self._decoder.decode(raw, self._open_action)
        except FrameFault as fault:
            return fault.as_event(raw)
        except MendedFrame as mended:
            frame = mended.frame
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, the peer gets an answer
            return unread(raw, error)
        assert isinstance(frame, Call)
        return frame

    # Our own calls

    def call(
        self,
        unique_id: str,
        request: Request[Any],
        deadline: float,
        waiter: Waiter | None = None,
        may_send: Callable[[], object] | None = None,
        frame: bytes = b"",
    ) -> OpenCall:
        """Send a request, now or when its turn comes, as `frame` if given; `deadline` is when it ends unanswered.

        `may_send` is asked in the step that sends it, last of all, and may say no: `NotSent`.

        Raises `ValidationError` for an invalid request, `VersionMismatch` for one of another version,
        `NotRegistered` for one that must not be sent yet, `QueueFull` when too many wait, `Disconnected` after `close`,
        `KeyError` for an id that is in use, and what signing raises.
        """
        if self._closed:
            raise Disconnected("the connection is closed", delivered=False)
        if self._queue and len(self._queue) >= self._policy.max_queued_calls:
            raise QueueFull(f"{len(self._queue)} calls wait for their turn already")
        open_call = OpenCall(unique_id, request.__action__, frame or self._encoder.call(unique_id, request), waiter)
        if self._gate is not None:
            self._gate.check_call(request.__action__)
        is_next = self._open < self._policy.max_open_calls
        open_call.may_send = may_send
        if is_next:
            open_call.check_sending()
        self._table.add(self, unique_id, open_call, deadline)
        if self._gate is not None:
            self._gate.requested(request.__action__, request)
        if is_next:
            self._send(open_call)
        else:
            if self._queue is None:
                self._queue = {}
            self._queue[unique_id] = open_call
        return open_call

    def send(self, unique_id: str, notification: Notification) -> None:
        """Send an unconfirmed message, past all calls that wait (R11, R14).

        Raises `ValidationError`, `NotRegistered`, `Disconnected`, and `VersionMismatch` before 2.1.
        """
        if self._closed:
            raise Disconnected("the connection is closed", delivered=False)
        frame = self._encoder.send(unique_id, notification)
        if self._gate is not None:
            self._gate.check_call(notification.__action__)
        self._put(frame)

    def refuse_result(self, unique_id: str, error: CallError | InvalidResult) -> BaseException | None:
        """Tell the peer that its result is not accepted, where the version has a frame for it (R10).

        Never raises; returns why an error can't be written, as `fail` does.
        """
        if self._closed or not self._encoder.refuses_results:
            return None
        frame, unwritable = self._written(unique_id, error, MessageType.CALLRESULTERROR)
        self._put(frame)
        return unwritable

    def cancel(self, open_call: OpenCall) -> None:
        """Give a call up; its place is free at once, and a late answer is ignored (R12, R44)."""
        if self._table.get(self, open_call.unique_id) is open_call:
            self._finish(open_call.unique_id)

    def expire(self, open_call: OpenCall) -> CallEnded:
        """End a call whose deadline has passed: one that the table's `expire` has returned."""
        self._release(open_call)
        return CallEnded(open_call, CallTimeout(open_call.action.name, delivered=open_call.delivered))

    def _finish(self, unique_id: str) -> OpenCall:
        open_call = self._table.take(self, unique_id)
        assert open_call is not None
        self._release(open_call)
        return open_call

    def _send(self, open_call: OpenCall) -> None:
        assert open_call.frame is not None
        self._put(open_call.frame)
        open_call.frame = None
        self._open += 1

    def _release(self, open_call: OpenCall) -> None:
        """Free the place of a call that has left the table, and send the next one."""
        if open_call.frame is not None:  # never sent
            if self._queue is not None:
                self._queue.pop(open_call.unique_id, None)
            return
        self._open -= 1
        while self._queue:
            following = self._queue.pop(next(iter(self._queue)))
            is_open = self._table.get(self, following.unique_id) is following  # or it has just expired
            if is_open and self._may_send(following):
                self._send(following)
                return

    def _may_send(self, open_call: OpenCall) -> bool:
        """Ask the gate again for a call that has waited, and who made it; end it if it must not be sent any more."""
        try:
            if self._gate is not None:
                self._gate.check_call(open_call.action)
            open_call.check_sending()
        except (NotRegistered, NotSent) as error:
            self._table.take(self, open_call.unique_id)
            self._events = (*self._events, CallEnded(open_call, error))
            return False
        return True

    # The end

    def close(self) -> list[CallEnded]:
        """End the session: every call of ours fails, nothing is sent or handled any more (R44)."""
        self._closed = True
        self._waiting = self._queue = None
        self._outbox = ()
        text = "the connection closed before {} was answered"
        return [
            CallEnded(each, Disconnected(text.format(each.action.name), delivered=each.delivered))
            for _, each in self._table.take_all(self)
        ]


_MOST_PARKED: Final = 256 * 1024
