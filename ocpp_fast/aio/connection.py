"""One OCPP connection of either side: a transport below, a session inside, handlers above.

The way of a call of the peer: `message_received` gives it to the session, `_run_handlers` runs its handler when its
turn has come, at once or, where the handler is async, in a task; `_answer` or `_fail` ends it, and the next one's turn
has come.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ..errors import CallError, Disconnected, InvalidAnswer, InvalidPayload, InvalidResult, OcppError
from ..faults import Fault
from ..frames import Call, FrameFault, Send
from ..handlers import Context
from ..registration import RegistrationGate
from ..schema import DataTransfer, Notification, Request, Response, Struct, Version
from ..session import CallEnded, CallReceived, Event, FaultNoticed, OpenCall, ResultRefused, SendReceived, Session
from .arguments import check_seconds
from .deadlines import Deadlines
from .transport import CloseCode, Transport
from .watching import Expectation

if TYPE_CHECKING:
    from ..policy import Policy
    from ..routing import Route
    from .endpoint import Runtime

__all__ = ["Connection", "Direction", "check_loop"]

_MOST_HELD: Final = 1024
"""So many messages are held for `on_connect`: the answers to its own calls come behind them."""

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)
Q = TypeVar("Q", bound=Request[Any] | Notification)
F = TypeVar("F", bound=Callable[..., Any])


class Direction(StrEnum):
    """The direction of a frame, seen from here."""

    IN = "in"
    OUT = "out"


class Waiter(NamedTuple):
    """The caller that waits for an answer, and its check."""

    connection: Connection
    future: asyncio.Future[Any]
    check: Callable[[Any], object] | None

    def expired(self, open_call: OpenCall) -> None:
        """End the call."""
        self.connection._expire(open_call)


def check_loop(loop: asyncio.AbstractEventLoop, identity: str) -> None:
    """Raise `RuntimeError` unless `loop` is the one that runs here."""
    if asyncio._get_running_loop() is not loop:
        raise RuntimeError(f"{identity} belongs to another event loop: use call_threadsafe() to call it from here")


class Connection:
    """The calls, answers and handlers of one transport; the owner of its session."""

    def __init__(
        self,
        runtime: Runtime,
        transport: Transport,
        version: Version,
        policy: Policy,
        gate: RegistrationGate,
        *,
        identity: str,
    ) -> None:
        self.id = identity
        self.version = version
        self.policy = policy
        self.close_code: int | None = None
        self.close_reason = ""
        self._runtime = runtime
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines.of(self._loop)
        self._session = Session(
            *runtime.frames(version, policy, identity),
            self._deadlines.table,
            policy,
            gate if policy.registration_gate else None,
        )
        self._repeats = policy.repeat_window > 0
        self._expected: Sequence[Expectation] = ()
        self._watchers: Sequence[Route] = ()
        self._paused = False
        self._held: list[CallReceived | SendReceived] | None = None
        self._subject: tuple[Any, ...] = ()
        self._speaker: object = self  # whom hooks are told of: a `Station`, or the `ChargePoint`

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
        `InvalidResult` (its answer is invalid), `CallTimeout`, `Disconnected`; `RuntimeError` on another event loop.
        """
        check_loop(self._loop, self.id)
        seconds = self._runtime.call_timeout if timeout is None else check_seconds("timeout", timeout)
        waiter = Waiter(self, self._loop.create_future(), check)
        try:
            open_call = self._session.call(self._runtime.new_unique_id(), request, self._loop.time() + seconds, waiter)
            self._deadlines.schedule()
            self._flush()
            try:
                response: R = await waiter.future
            except asyncio.CancelledError:
                self._session.cancel(open_call)
                self._flush()
                raise
        except OcppError as error:
            error.at(self.id)
            raise
        return response

    def call_threadsafe(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> concurrent.futures.Future[R]:
        """Make a call from another thread or event loop; the future ends as `call` does, and cancelling it cancels."""
        if self._loop.is_closed():
            raise Disconnected("its event loop is closed").at(self.id)
        return asyncio.run_coroutine_threadsafe(self.call(request, timeout=timeout, check=check), self._loop)

    def send(self, notification: Notification) -> asyncio.Future[None]:
        """Send an unconfirmed message (2.1, R11), at once; may be awaited.

        Raises `ValidationError`, `NotRegistered`, `SigningFailed`, `Disconnected`, and `VersionMismatch` before 2.1;
        `RuntimeError` on another event loop.
        """
        check_loop(self._loop, self.id)
        try:
            self._session.send(self._runtime.new_unique_id(), notification)
        except OcppError as error:
            error.at(self.id)
            raise
        self._flush()
        sent = self._loop.create_future()
        sent.set_result(None)
        return sent

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer; `timeout` as of `call`.

        Raises `TransferRefused` when the answer's status is not Accepted, `VersionMismatch` where the version is
        declared without DataTransfer, and what `call` raises.
        """
        check_loop(self._loop, self.id)
        replies: list[A] = []

        def check(response: Response) -> None:
            replies.append(envelope.reply(payload.__transfer__, response))

        try:
            envelope = self._runtime.envelope(self.version, self.policy)
            request = envelope.request(payload)
        except OcppError as error:
            error.at(self.id)
            raise
        await self.call(request, timeout=timeout, check=check)
        return replies[0]

    def expect(
        self, request: type[Q], predicate: Callable[[Q], object] | None = None, *, timeout: float = 30.0
    ) -> asyncio.Future[Q]:
        """Wait for a request of the peer, from this call on: one of a class for which `predicate` is true.

        The future gets it when its turn has come; its handler runs as ever. It raises `TimeoutError` after `timeout`
        seconds, and `Disconnected` when the connection ends; what `predicate` raises is raised there.
        """
        check_loop(self._loop, self.id)
        self._runtime.routes.check_request(request)
        if issubclass(request, DataTransfer):
            raise TypeError(f"{request.__name__}: expected the class of a request, such as DataTransferRequest")
        expectation = Expectation(request, predicate, timeout, self.id)
        if not self.connected:
            expectation.fail(Disconnected("the connection is closed").at(self.id))
        self._expected = [*(each for each in self._expected if not each.future.done()), expectation]
        return expectation.future

    def on_any(self, hook: F) -> F:
        """Register a function of every request that is handled, called as a handler is, until the connection ends."""
        self._watchers = [*self._watchers, self._runtime.watcher(hook)]
        return hook

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the connection; pending calls fail with `Disconnected`."""
        check_loop(self._loop, self.id)
        self._transport.close(code, reason)
        await self._transport.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        check_loop(self._loop, self.id)
        await self._transport.wait_closed()

    def _expire(self, open_call: OpenCall) -> None:
        self._call_ended(self._session.expire(open_call))
        self._flush()

    # The transport calls

    def message_received(self, raw: bytes) -> None:
        """Take a message of the peer."""
        if self._runtime.frame_hooks:
            self._run_hooks(self._runtime.frame_hooks, Direction.IN, self._speaker, raw)
        event = self._session.receive(raw, self._loop.time() if self._repeats else 0.0)
        if self._held is None and isinstance(event, CallReceived):  # which comes only where nothing waits
            self._run_handlers(event.call)
            return
        if self._held is not None and isinstance(event, (CallReceived, SendReceived)):
            self._held.append(event)
        else:
            self._take(event, raw)
            self._flush()
        if self._is_full and not self._paused:
            self._paused = True
            self._transport.pause()

    @property
    def _is_full(self) -> bool:
        """Whether so many messages wait that no more should be read."""
        if self._held is None:
            return self._session.is_full
        return len(self._held) + self._session.waiting > _MOST_HELD

    def _hold(self) -> None:
        """Handle no message, until `_release`."""
        self._held = []

    def _release(self) -> None:
        """Handle the messages that were held."""
        held, self._held = self._held or (), None
        for event in held if self.connected else ():
            if isinstance(event, CallReceived):
                self._run_handlers(event.call)
            else:
                self._take(event)
        self._resume()

    def _resume(self) -> None:
        if self._paused and not self._is_full:
            self._paused = False
            self._transport.resume()

    def transport_closed(self, code: int, reason: str) -> None:
        """Fail what is pending, and tell the hooks."""
        self.close_code = code
        self.close_reason = reason
        for ended in self._session.close():
            self._call_ended(ended)
        for each in self._expected:
            each.fail(Disconnected("the connection closed before such a request came").at(self.id))
        self._expected = ()
        if self._transport.failed:
            self._fault_noticed(FrameFault(Fault.TRANSPORT, reason, answered=False))
        self._left()
        # Not now: the hooks of a connection that ends as it opens must be told in this order.
        self._loop.call_soon(self._run_hooks, self._runtime.disconnect_hooks, *self._subject)

    def _left(self) -> None:
        """The connection has ended; the hooks are told next."""

    def _take(self, event: Event | None, raw: bytes = b"") -> None:
        """Act on an event that is not a call to handle."""
        if isinstance(event, CallEnded):
            self._call_ended(event, raw)
        elif isinstance(event, FaultNoticed):
            self._fault_noticed(event.fault)
        elif isinstance(event, SendReceived):
            self._run_send_handler(event.send)
        elif isinstance(event, ResultRefused):
            self._run_hooks(self._runtime.result_refused_hooks, *self._subject, event.error.at(self.id))

    def _fault_noticed(self, fault: FrameFault) -> None:
        cause = fault.__cause__  # of our side, if there is one
        level = logging.INFO if cause is None else logging.ERROR
        extra = self._about() | {"reason": fault.description, "fault": fault.fault.name}
        message = "%s: %s (%s)"
        self._runtime.log.log(level, message, self.id, fault.description, fault.fault.name, exc_info=cause, extra=extra)
        self._run_hooks(self._runtime.fault_hooks, *self._subject, fault)

    def _about(self) -> dict[str, object]:
        """Return what every line of the log has as `extra`."""
        return {"station": self.id}

    def _run_hooks(self, hooks: Sequence[Callable[..., Any]], *args: Any, action: str = "") -> list[asyncio.Task[None]]:
        return self._runtime.tasks.run(hooks, *args, station=self.id, action=action) if hooks else []

    # Handlers

    def _route_of(self, frame: Call | Send) -> Route:
        """Return what handles a request, whose turn has come; who watches is told of it first."""
        if self._expected or self._watchers or self._runtime.watchers:
            self._watch(frame)
        route = self._runtime.route(frame.action.request)
        assert route is not None
        return route

    def _watch(self, frame: Call | Send) -> None:
        for each in self._expected:
            each.see(frame)
        self._run_routes(self._runtime.watchers, frame)
        self._keep(self._run_routes(self._watchers, frame))

    def _keep(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel tasks of hooks when the connection has ended."""

    def _run_routes(self, routes: Sequence[Route], frame: Call | Send) -> list[asyncio.Task[None]]:
        """Call routes with a request, as hooks: what they return is ignored."""
        hooks = [partial(route, context=partial(self._context, frame)) for route in routes]
        return self._run_hooks(hooks, *self._subject, frame.payload, action=frame.action.name)

    def _run_send_handler(self, send: Send) -> None:
        self._run_routes([self._route_of(send)], send)

    def _run_handlers(self, call: Call | None) -> None:
        """Handle a call, and those that wait behind it, until one takes its time."""
        while call is not None and not self._runtime.stopping:
            try:
                outcome = self._run_handler(call)
                if inspect.isawaitable(outcome):
                    self._runtime.tasks.start(self._await_handler(call, outcome))
                    break
                self._answer(call, outcome)
            except asyncio.CancelledError:  # of the user's code: nobody cancels this
                self._fail(call, RuntimeError("cancelled"))
            except Exception as error:  # noqa: BLE001  # of the user's code
                self._fail(call, error)
            call = self._next_call()
        self._resume()

    def _next_call(self) -> Call | None:
        """Return the call whose turn has come; those that are refused on the way are answered."""
        call = self._session.next_call()
        self._flush()
        return call

    def _run_handler(self, call: Call) -> Any:
        """Return what the handler returns: the response, or an awaitable of it."""
        return self._route_of(call)(*self._subject, call.payload, context=partial(self._context, call))

    def _context(self, frame: Call | Send) -> Context[Any]:
        station: Any = self._subject[0] if self._subject else None
        return Context(station, self.version, frame.action, frame.payload, frame.unique_id, frame.raw, frame.signature)

    async def _await_handler(self, call: Call, outcome: Awaitable[Any]) -> None:
        try:
            self._answer(call, await outcome)
        except asyncio.CancelledError:
            if self._runtime.stopping:
                raise
            self._fail(call, RuntimeError("cancelled"))
        except Exception as error:  # noqa: BLE001  # of the user's code
            self._fail(call, error)
        self._run_handlers(self._next_call())

    def _answer(self, call: Call, response: Any) -> None:
        """Send the answer of a handler. Raises what can't be sent; the call is still to be answered then."""
        self._session.answer(call, response, self._loop.time() if self._repeats else 0.0)
        self._flush()
        if routes := self._runtime.routes_after(call.action.request):
            self._run_routes(routes, call)

    def _fail(self, call: Call, error: Exception) -> None:
        """Answer with the CALLERROR for an error of any kind, and log it."""
        log, action = self._runtime.log, call.action
        extra = self._about() | {"action": action.name}
        try:
            error = self._runtime.call_error_of(error)
        except (Exception, asyncio.CancelledError):  # of the user's code
            log.exception("%s: the error of %s can't be mapped", self.id, action, extra=extra)
        if isinstance(error, InvalidPayload):
            log.info("%s: %s (%s)", self.id, error, action, extra=extra)
        elif isinstance(error, InvalidAnswer):
            log.error("%s: the handler of %s answered wrongly: %s", self.id, action, error, extra=extra)
        elif not isinstance(error, CallError):
            log.error("%s: the handler of %s failed", self.id, action, exc_info=error, extra=extra)
        unwritable = self._session.fail(call, error, self._loop.time() if self._repeats else 0.0)
        if unwritable is not None:
            log.error("%s: the error of %s can't be written", self.id, action, exc_info=unwritable, extra=extra)
        self._flush()

    # Frames and answers

    def _flush(self) -> None:
        session = self._session
        for event in session.take_events():
            self._take(event)
        for frame in session.take_outbox():
            if self._runtime.frame_hooks:
                self._run_hooks(self._runtime.frame_hooks, Direction.OUT, self._speaker, frame)
            self._transport.send(frame)

    def _call_ended(self, ended: CallEnded, raw: bytes = b"") -> None:
        waiter = ended.open_call.waiter
        assert isinstance(waiter, Waiter)
        if waiter.future.done():
            return
        outcome: Response | Exception = ended.outcome
        if waiter.check is not None and isinstance(outcome, Response):
            outcome = self._checked(ended.open_call.unique_id, outcome, waiter.check, raw)
        if isinstance(outcome, Exception):
            waiter.future.set_exception(outcome)
        else:
            waiter.future.set_result(outcome)

    def _checked(
        self, unique_id: str, response: Response, check: Callable[[Any], object], raw: bytes
    ) -> Response | Exception:
        """Return the response, or what the caller's check raises of it."""
        try:
            check(response)
        except StopIteration:
            return RuntimeError("the check raised StopIteration")  # which no future takes
        except Exception as error:  # noqa: BLE001  # of the user's code
            if isinstance(error, InvalidResult):
                error.raw = error.raw or raw
            if isinstance(error, (CallError, InvalidResult)):
                self._refuse_result(unique_id, error)
            return error
        return response

    def _refuse_result(self, unique_id: str, error: CallError | InvalidResult) -> None:
        try:
            self._session.refuse_result(unique_id, error)
        except Exception:  # what is in an error is its author's
            self._runtime.log.exception("%s: the refusal of a result can't be written", self.id, extra=self._about())
