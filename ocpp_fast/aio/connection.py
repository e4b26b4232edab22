"""One OCPP connection of either side: a transport below, a session inside, handlers above.

The way of a call of the peer: `message_received` gives it to the session and, if nothing waits and nobody else is told,
straight to its handler and back; else `_run_handlers` runs the handler when its turn has come, `_handled` takes what it
returns, now or, where it is async, from a task; `_answer` or `_fail` ends the call, and the next one's turn has come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from types import CoroutineType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import CallError, Disconnected, InvalidAnswer, InvalidPayload
from ..faults import Fault
from ..frames import Call, CallResultError, FrameFault, Send
from ..handlers import Context, is_awaitable
from ..registration import RegistrationGate
from ..schema import Action, DataTransfer, Notification, Request, Response, Struct, Version
from ..session import CallEnded, Event, Session, Tolerated
from .calls import check_loop
from .deadlines import Deadlines
from .events import Limit
from .intake import BAD_FAULTS, Intake, Rate
from .transport import CloseCode, Transport
from .watching import Expectation

if TYPE_CHECKING:
    from ..policy import Policy
    from ..routing import Route
    from .endpoint import Runtime, Straight

__all__ = ["Connection", "Direction"]

_MOST_HANDLED: Final = 32
"""So many calls that wait are handled in a turn of the event loop."""

_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""No call goes straight to its handler."""

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)
Q = TypeVar("Q", bound=Request[Any] | Notification)
F = TypeVar("F", bound=Callable[..., Any])


class Direction(StrEnum):
    """The direction of a frame, seen from here."""

    IN = "in"
    OUT = "out"


class Connection(Intake):
    """The calls, answers and handlers of one transport; the owner of its session."""

    __slots__ = (
        "__weakref__",
        "_expected",
        "_repeats",
        "_speaker",
        "_straight",
        "_trusted",
        "_watchers",
        "close_code",
        "close_reason",
    )

    _is_station = False

    def __init__(
        self,
        runtime: Runtime,
        transport: Transport,
        version: Version,
        policy: Policy,
        gate: RegistrationGate,
        *,
        identity: str,
        trusted: bool = True,
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
        self._trusted = trusted
        self._held = None
        self._hooks = None
        self._rate = Rate(policy.max_rate, self._loop.time()) if policy.max_rate else None
        self._speaker: object = None  # of whom hooks are told, if not of this
        self._choose_way()

    @property
    def connected(self) -> bool:
        """Whether calls can be made."""
        return self.close_code is None

    def expect(
        self, request: type[Q], predicate: Callable[[Q], object] | None = None, *, timeout: float = 30.0
    ) -> asyncio.Future[Q]:
        """Wait for a request of the peer, from this call on: one of a class for which `predicate` is true.

        The future gets it when its turn has come; its handler runs as ever. It raises `TimeoutError` after `timeout`
        seconds, and `Disconnected` when the connection ends; what `predicate` raises is raised there. The call itself
        raises `TypeError` for a class that this side never receives.
        """
        check_loop(self._loop, self.id)
        self._runtime.routes.check_request(request)
        if issubclass(request, DataTransfer):
            raise TypeError(f"{request.__name__}: expected the class of a request, such as DataTransferRequest")
        expectation = Expectation(request, predicate, timeout, self.id)
        if not self.connected:
            expectation.fail(Disconnected("the connection is closed", delivered=False).at(self.id))
        self._expected = [*(each for each in self._expected if not each.future.done()), expectation]
        self._choose_way()
        return expectation.future

    def on_any(self, hook: F) -> F:
        """Register a function of every request that is handled, called as a handler is, until the connection ends."""
        self._watchers = [*self._watchers, self._runtime.watcher(hook)]
        self._choose_way()
        return hook

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the connection; pending calls fail with `Disconnected`."""
        check_loop(self._loop, self.id)
        self._transport.close(code, reason)
        await self._transport.wait_closed()

    async def abort(self) -> None:
        """Cut the connection without a Close frame (1006), and without what waits to be written; calls fail likewise.

        An ASGI server sends one all the same.
        """
        check_loop(self._loop, self.id)
        self._transport.abort()
        await self._transport.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        check_loop(self._loop, self.id)
        await self._transport.wait_closed()

    # The transport calls

    def message_received(self, raw: bytes) -> None:
        """Take a message of the peer."""
        event = self._session.receive(raw, self._loop.time() if self._repeats else 0.0)
        if type(event) is not Call or (way := self._straight.get(event.action)) is None:
            self._take_message(event, raw)
            return
        run, wants_context, after = way
        try:
            if wants_context:
                outcome = run(self if self._is_station else None, event.payload, self._context(event))
            else:
                outcome = run(self, event.payload) if self._is_station else run(event.payload)
            if type(outcome) is CoroutineType:
                outcome = self._runtime.tasks.step(outcome)
            may_still = self._straight  # or else the handler has registered a hook
            frame = self._session.answer_now(event, outcome) if may_still else None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's code
            self._fail(event, error)
        else:
            if frame is not None:
                self._transport.send(frame)
                if after:
                    self._run_routes(after, event, own=True)
                return
            if not self._handled(event, outcome):
                return
        self._run_handlers(self._next_call())

    def _take_message(self, event: Event | None, raw: bytes) -> None:
        """Act on a message that does not go straight to a handler."""
        if type(event) is Tolerated:
            for fault in event.faults:
                self._fault_noticed(fault)
            event = event.event
        if self._runtime.frame_hooks:
            self._run_hooks(self._runtime.frame_hooks, Direction.IN, self._speaker or self, raw)
        if isinstance(event, CallEnded):
            self._call_ended(event, raw)
        else:
            if self._rate is not None:
                self._count(self._rate)
            if self._held is not None:
                self._held.add(event, len(raw))
            elif isinstance(event, Call):  # which comes only where nothing waits
                self._run_handlers(event)
                return
            else:
                self._take(event)
        self._flush()
        self._pause_if_full()

    def _choose_way(self) -> None:
        """Let calls go straight to their handlers, or not."""
        may = self._trusted and self._held is None and not self._expected and not self._watchers
        may = may and self._rate is None
        self._straight: Mapping[Action, Straight] = self._runtime.straight if may else _NOTHING

    def transport_closed(self, code: int, reason: str) -> None:
        """Fail what is pending, and tell the hooks."""
        self.close_code = code
        self.close_reason = reason
        for ended in self._session.close():
            self._call_ended(self._end_of(ended))
        for each in self._expected:
            each.fail(Disconnected("the connection closed before such a request came").at(self.id))
        self._expected = ()
        if self._transport.failed:
            self._fault_noticed(FrameFault(Fault.TRANSPORT, reason, answered=False))
        self._runtime.bad_frames.pop(self, None)
        self._left()
        for task, is_own in (self._hooks or {}).items():
            if is_own:
                task.cancel()
        # Not now: the hooks of a connection that ends as it opens must be told in this order.
        self._loop.call_soon(self._run_hooks, self._runtime.disconnect_hooks, *self._subject)

    def _end_of(self, ended: CallEnded) -> CallEnded:
        """Return how a call ends whose connection does."""
        return ended

    def _left(self) -> None:
        """The connection has ended; the hooks are told next."""

    def _take(self, event: Event | None) -> None:
        """Act on an event that is not a call to handle."""
        if isinstance(event, CallEnded):
            self._call_ended(event)
        elif isinstance(event, FrameFault):
            self._fault_noticed(event)
        elif isinstance(event, Send):
            self._send_received(event)
        elif isinstance(event, CallResultError):
            self._run_hooks(self._runtime.result_refused_hooks, *self._subject, event.error.at(self.id))

    def _judge_by(self, policy: Policy) -> None:
        """Judge the peer by another policy from now on."""
        self.policy = policy
        self._session.judge_by(*self._runtime.frames(self.version, policy, self.id))

    def _fault_noticed(self, fault: FrameFault) -> None:
        cause = fault.__cause__  # of our side, if there is one
        level = logging.ERROR if cause is not None else logging.INFO if fault.mended is None else logging.DEBUG
        reason, name = fault.description, fault.fault.name
        self._log(level, "%s (%s)", reason, name, error=cause, reason=reason, fault=name)
        self._run_hooks(self._runtime.fault_hooks, *self._subject, fault)
        if fault.fault in BAD_FAULTS and fault.mended is None:
            self._count_bad_frame()

    # Handlers

    @property
    def _subject(self) -> tuple[Any, ...]:
        """What hooks and handlers are called with first: a station, or nothing."""
        return (self,) if self._is_station else ()

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
        self._expected = [each for each in self._expected if not each.future.done()]
        self._run_routes(self._runtime.watchers, frame)
        self._run_routes(self._watchers, frame, own=True)
        self._choose_way()

    def _run_routes(
        self, routes: Sequence[Route], frame: Call | Send, *, own: bool = False
    ) -> list[asyncio.Task[None]]:
        """Call routes with a request, as hooks, whose results nobody wants; return the tasks of async ones."""
        started: list[asyncio.Task[None]] = []
        context = None
        for each in routes:
            try:
                if each.wants_context:
                    context = self._context(frame) if context is None else context
                    outcome = each.run(self if self._is_station else None, frame.payload, context)
                elif self._is_station:
                    outcome = each.handler(self, frame.payload)
                else:
                    outcome = each.handler(frame.payload)
                if type(outcome) is CoroutineType:
                    started.append(self._runtime.tasks.go(outcome, station=self.id, action=frame.action.name))
                    self._keep(started[-1], own=own)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # of the user's code
                self._runtime.tasks.failed(each.handler, error, station=self.id, action=frame.action.name)
        return started

    def _send_received(self, send: Send) -> None:
        for task in self._run_routes([self._route_of(send)], send):
            late = partial(self._is_late, send)
            self._runtime.tasks.limit(task, self._runtime.handler_seconds(send.action), late)

    def _run_handlers(self, call: Call | None) -> None:
        """Handle a call, and those that wait behind it, until one takes its time, or others have their turn."""
        budget = _MOST_HANDLED
        while call is not None and self.connected and not self._runtime.stopping:
            if not budget:
                self._loop.call_soon(self._run_handlers, call)
                return
            budget -= 1
            try:
                outcome = self._run_handler(call)
                if type(outcome) is CoroutineType:
                    outcome = self._runtime.tasks.step(outcome)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # of the user's code
                self._fail(call, error)
            else:
                if not self._handled(call, outcome):
                    break
            call = self._next_call()
        self._resume()

    def _next_call(self) -> Call | None:
        """Return the call whose turn has come, if any may; those that are refused on the way are answered."""
        if self._held is not None:
            return None
        call = self._session.next_call()
        self._flush()
        return call

    def _run_handler(self, call: Call) -> Any:
        """Return what the handler returns: the response, or an awaitable of it."""
        route = self._route_of(call)
        self._runtime.may_go_straight(call.action, route)
        station = self if self._is_station else None
        return route.run(station, call.payload, self._context(call) if route.wants_context else None)

    def _context(self, frame: Call | Send) -> Context[Any]:
        station: Any = self if self._is_station else None
        return Context(station, self.version, frame.action, frame.payload, frame.unique_id, frame.raw, frame.signature)

    def _handled(self, call: Call, outcome: Any) -> bool:
        """Answer a call with what its handler has returned; False if that is to be awaited first."""
        try:
            if is_awaitable(outcome):
                seconds, late = self._runtime.handler_seconds(call.action), partial(self._is_late, call)
                self._runtime.tasks.go_on(outcome, self._await_handler(call, outcome), seconds, late)
                return False
            self._answer(call, outcome)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's classes
            self._fail(call, error)
        return True

    async def _await_handler(self, call: Call, outcome: Awaitable[Any]) -> None:
        try:
            response = await outcome
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the user's code, but for what ends this task
            if isinstance(error, asyncio.CancelledError) and (self._runtime.tasks.cancels or not self.connected):
                raise
            if isinstance(error, GeneratorExit) and not self._loop.is_running():
                raise
            if call is not self._session.current_call:
                return  # it was late
            self._fail(call, error)
        else:
            if call is not self._session.current_call:
                return
            try:
                self._answer(call, response)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # of the user's classes
                self._fail(call, error)
        finally:
            del outcome  # or its exception would lead to itself
        self._run_handlers(self._next_call())

    def _is_late(self, frame: Call | Send) -> None:
        """A handler takes too long, and is being cancelled: the next call's turn has come."""
        seconds = self._runtime.handler_seconds(frame.action)
        self.limit_reached(Limit.HANDLER_TIMEOUT, f"{frame.action} took more than {seconds:g} s")
        late = TimeoutError(f"it took more than {seconds:g} s")
        if isinstance(frame, Send):
            self._log(logging.ERROR, "the handler of %s failed", frame.action, error=late, action=frame.action.name)
            return
        self._fail(frame, late)
        self._run_handlers(self._next_call())

    def _answer(self, call: Call, response: Any) -> None:
        """Send the answer of a handler. Raises what can't be sent; the call is still to be answered then."""
        self._session.answer(call, response, self._loop.time() if self._repeats else 0.0)
        self._flush()
        if self.connected:
            self._run_routes(self._runtime.routes.after(call.action.request), call, own=True)

    def _fail(self, call: Call, error: BaseException) -> None:
        """Answer with the CALLERROR for an error of any kind, and log it."""
        if isinstance(error, asyncio.CancelledError):  # of the user's code: nobody cancels this
            error = RuntimeError("cancelled")
        unmapped: BaseException | None = None
        try:
            error = self._runtime.call_error_of(error)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # noqa: BLE001  # of the user's code
            unmapped = raised
        unwritable = self._session.fail(call, error, self._loop.time() if self._repeats else 0.0)
        self._flush()
        log, action = partial(self._log, action=call.action.name), call.action
        if unmapped is not None:
            log(logging.ERROR, "the error of %s can't be mapped", action, error=unmapped)
        if isinstance(error, InvalidPayload):
            log(logging.INFO, "%s (%s)", error, action)
        elif isinstance(error, InvalidAnswer):
            log(logging.ERROR, "the handler of %s answered wrongly: %s", action, error)
        elif not isinstance(error, CallError):
            log(logging.ERROR, "the handler of %s failed", action, error=error)
        if unwritable is not None:
            log(logging.ERROR, "the error of %s can't be written", action, error=unwritable)

    @property
    def _remote_address(self) -> tuple[str, int] | None:
        peer = self._transport.peer
        return (peer[0], peer[1]) if isinstance(peer, tuple) else None

    # Frames and answers

    def _flush(self) -> None:
        session = self._session
        for event in session.take_events():
            self._take(event)
        for frame in session.take_outbox():
            if self._runtime.frame_hooks:
                self._run_hooks(self._runtime.frame_hooks, Direction.OUT, self._speaker or self, frame)
            self._transport.send(frame)
