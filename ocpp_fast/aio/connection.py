"""One OCPP connection of either side: a WebSocket below, a session inside, handlers above."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from websockets.frames import CloseCode

from ..errors import CallError, InvalidPayload, InvalidResult, SigningFailed, ValidationError
from ..frames import Call, FrameFault, Send
from ..registration import Gate
from ..routing import Context, InvalidAnswer
from ..schema import DataTransfer, Notification, Request, Response, Struct, Version
from ..session import Answered, Noticed, Notified, OpenCall, Received, Refused, Session
from .deadlines import Deadlines
from .websocket import Pause, WebSocket

if TYPE_CHECKING:
    from ..policy import Policy
    from .endpoint import Endpoint

__all__ = ["Connection", "Direction"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)


class Direction(StrEnum):
    """Which way a frame goes, seen from here."""

    IN = "in"
    OUT = "out"


class Waiter(NamedTuple):
    """Who waits for a call's answer, and what they think of it."""

    connection: Connection
    future: asyncio.Future[Any]
    check: Callable[[Any], object] | None


class Connection:
    """The calls, answers and handlers of one WebSocket; the owner of its session."""

    def __init__(
        self,
        endpoint: Endpoint,
        websocket: WebSocket,
        version: Version,
        policy: Policy,
        gate: Gate,
        *,
        identity: str,
    ) -> None:
        self._endpoint = endpoint
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines.of(self._loop)
        decoder, encoder = endpoint.frames(version, policy, identity)
        self._session = Session(
            decoder,
            encoder,
            self._deadlines.table,
            policy,
            gate if policy.registration_gate else None,
        )
        self._subject: tuple[Any, ...] = ()
        self.speaker: object = self
        """Who hooks are told this is: a `Station`, or the `ChargePoint` whose connection it is."""
        self.version = version
        self.policy = policy
        self.close_code: int | None = None
        self.close_reason = ""

    @property
    def connected(self) -> bool:
        """Whether calls can be made."""
        return self.close_code is None

    async def call(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> R:
        """Send a request and return its response; `timeout` in seconds counts from now on.

        `check` is called with the response as soon as it comes; a `CallError` or `InvalidResult` that it raises is
        raised here, and sent to the peer as a CALLRESULTERROR where the version has that (2.1, R10).

        Raises `ValidationError`, `NotRegistered` or `SigningFailed` (nothing was sent), `CallError` (the peer refused),
        `InvalidResult` (its answer is not right), `CallTimeout`, `Disconnected`.
        """
        future: asyncio.Future[R] = self._loop.create_future()
        seconds = self._endpoint.call_timeout if timeout is None else timeout
        deadline = self._loop.time() + seconds
        open_call = self._session.call(self._endpoint.new_unique_id(), request, deadline, Waiter(self, future, check))
        self._deadlines.schedule()
        self._flush()
        try:
            return await future
        except asyncio.CancelledError:
            self._session.cancel(open_call)
            self._flush()
            raise

    def send(self, notification: Notification) -> asyncio.Future[None]:
        """Send a message that wants no answer (2.1, R11), at once; may be awaited.

        Raises `ValidationError`, `NotRegistered`, `SigningFailed`, `Disconnected`, and `VersionMismatch` before 2.1.
        """
        self._session.send(self._endpoint.new_unique_id(), notification)
        self._flush()
        sent = self._loop.create_future()
        sent.set_result(None)
        return sent

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer; `timeout` as of `call`.

        Raises `TransferRefused` when the answer's status is not Accepted, `VersionMismatch` where the version is
        declared without DataTransfer, and what `call` raises.
        """
        envelope = self._endpoint.envelope(self.version, self.policy)
        replies: list[A] = []

        def check(response: Response) -> None:
            replies.append(envelope.reply(payload.__transfer__, response))

        await self.call(envelope.request(payload), timeout=timeout, check=check)
        return replies[0]

    async def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection; pending calls fail with `Disconnected`."""
        self._websocket.close(code, reason)
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        await self._websocket.wait_closed()

    def expire(self, open_call: OpenCall) -> None:
        """End a call whose time has run out."""
        self._ended(self._session.expire(open_call))
        self._flush()

    # The WebSocket calls

    def message_received(self, raw: bytes) -> None:
        """Take a message of the peer."""
        if self._endpoint.frame_hooks:
            self._endpoint.tasks.run(self._endpoint.frame_hooks, Direction.IN, self.speaker, raw)
        event = self._session.receive(raw)
        if isinstance(event, Received):
            self._handle(event.call)
        elif isinstance(event, Answered):
            self._ended(event)
        elif isinstance(event, Noticed):
            level = logging.INFO if event.fault.__cause__ is None else logging.ERROR  # the cause is of our side
            self._endpoint.log.log(
                level,
                "%s: %s (%s)",
                self,
                event.fault.description,
                event.fault.fault.name,
                exc_info=event.fault.__cause__,
            )
            self._noticed(event.fault)
        elif isinstance(event, Notified):
            self._notify(event.send)
        elif isinstance(event, Refused):
            self._endpoint.tasks.run(self._endpoint.refusal_hooks, *self._subject, event.error)
        self._flush()
        if self._session.is_full:
            self._websocket.pause(Pause.WAITING)

    def websocket_closed(self, code: int, reason: str) -> None:
        """Fail what is pending, and tell the hooks."""
        self.close_code = code
        self.close_reason = reason
        for answered in self._session.close():
            self._ended(answered)
        self._left()
        # Not now: the hooks of a connection that ends as it opens must be told in this order.
        self._loop.call_soon(self._endpoint.tasks.run, self._endpoint.disconnect_hooks, *self._subject)

    def _left(self) -> None:
        """The connection has ended; the hooks are told next."""

    def _noticed(self, fault: FrameFault) -> None:
        """The peer's frame was not right."""

    # Handlers

    def _notify(self, send: Send) -> None:
        route = self._endpoint.route(send.message.request)
        assert route is not None
        context = partial(_context, send)
        self._endpoint.tasks.run([partial(route, context=context)], *self._subject, send.payload)

    def _handle(self, call: Call | None) -> None:
        """Handle a call, and those that wait behind it until one takes its time."""
        while call is not None and not self._endpoint.stopping:
            route = self._endpoint.route(call.message.request)
            assert route is not None
            context = partial(_context, call)
            try:
                outcome = route(*self._subject, call.payload, context=context)
            except Exception as error:  # noqa: BLE001  # what a user's code raises
                call = self._failed(call, error)
                continue
            if inspect.isawaitable(outcome):
                self._endpoint.tasks.start(self._handle_later(call, outcome))
                return
            call = self._answer(call, outcome)

    async def _handle_later(self, call: Call, outcome: Awaitable[Any]) -> None:
        try:
            response = await outcome
        except asyncio.CancelledError:
            if self._endpoint.stopping:
                raise
            following = self._failed(call, RuntimeError("cancelled"))
        except Exception as error:  # noqa: BLE001  # what a user's code raises
            following = self._failed(call, error)
        else:
            following = self._answer(call, response)
        self._handle(following)

    def _answer(self, call: Call, response: Any) -> Call | None:
        """Send the answer of a handler; return the next call to handle."""
        try:
            following = self._session.answer(call, response)
        except SigningFailed as error:
            return self._failed(call, error)
        except ValidationError as error:
            return self._failed(call, InvalidAnswer(error.path, error.rule, error.expected))
        self._handled()
        for route in self._endpoint.routes_after(call.message.request):
            context = partial(_context, call)
            self._endpoint.tasks.run([partial(route, context=context)], *self._subject, call.payload)
        return following

    def _failed(self, call: Call, error: Exception) -> Call | None:
        """Send the CALLERROR for what a handler raised; return the next call to handle."""
        if isinstance(error, CallError):
            following = self._rejected(call, error)
        elif isinstance(error, InvalidPayload):
            following = self._refused(call, error)
        elif isinstance(error, InvalidAnswer):
            following = self._answered_wrongly(call, error)
        else:
            following = self._broken(call, error)
        self._handled()
        return following

    def _answered_wrongly(self, call: Call, error: InvalidAnswer) -> Call | None:
        self._endpoint.log.error("%s: the handler of %s answered wrongly: %s", self, call.message.action, error)
        return self._session.fail(call, "the handler's answer is not valid")

    def _refused(self, call: Call, error: InvalidPayload) -> Call | None:
        self._endpoint.log.info("%s: %s (%s)", self, error, call.message.action)
        try:
            return self._session.refuse(call, error)
        except (TypeError, ValueError) as invalid:  # the handler may have made it
            return self._broken(call, invalid)

    def _rejected(self, call: Call, error: CallError) -> Call | None:
        try:
            return self._session.reject(call, error)
        except (TypeError, ValueError) as invalid:  # nobody has checked what the handler put into it
            return self._broken(call, invalid)

    def _broken(self, call: Call, error: Exception) -> Call | None:
        self._endpoint.log.error("%s: the handler of %s failed", self, call.message.action, exc_info=error)
        try:
            return self._session.fail(call, error)
        except Exception:  # noqa: BLE001  # the text of an exception is its author's, too
            return self._session.fail(call, "the handler failed")

    def _handled(self) -> None:
        self._flush()
        if not self._session.is_full:
            self._websocket.resume(Pause.WAITING)

    # Frames and answers

    def _flush(self) -> None:
        for ended in self._session.take_ended():
            self._ended(ended)
        for frame in self._session.take_outbox():
            if self._endpoint.frame_hooks:
                self._endpoint.tasks.run(self._endpoint.frame_hooks, Direction.OUT, self.speaker, frame)
            self._websocket.send_text(frame)

    def _ended(self, answered: Answered) -> None:
        waiter: Waiter = answered.open_call.waiter
        if waiter.future.done():
            return
        outcome: Response | Exception = answered.outcome
        if waiter.check is not None and isinstance(outcome, Response):
            outcome = self._checked(answered.open_call.unique_id, outcome, waiter.check)
        if isinstance(outcome, Exception):
            waiter.future.set_exception(outcome)
        else:
            waiter.future.set_result(outcome)

    def _checked(self, unique_id: str, response: Response, check: Callable[[Any], object]) -> Response | Exception:
        """Return the response, or what the caller's check raises of it."""
        try:
            check(response)
        except StopIteration:
            return RuntimeError("the check raised StopIteration")  # which no future takes
        except Exception as error:  # noqa: BLE001  # what a user's code raises
            if isinstance(error, CallError | InvalidResult):
                self._session.refuse_result(unique_id, error)
            return error
        return response


def _context(frame: Call | Send) -> Context:
    return Context(frame.unique_id, frame.message.action, frame.raw, frame.signature)
