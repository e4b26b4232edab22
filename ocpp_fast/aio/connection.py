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
from types import CoroutineType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import CallError, Disconnected, InvalidAnswer, InvalidPayload
from ..faults import Fault
from ..frames import Call, CallResultError, FrameFault, Send
from ..handlers import Context, is_awaitable
from ..registration import RegistrationGate
from ..schema import Action, DataTransfer, Notification, Request, Response, Struct, Version
from ..session import CallEnded, Event, Session, Tolerated
from .calls import OwnCalls, check_loop
from .deadlines import Deadlines
from .transport import CloseCode, Transport
from .watching import Expectation

if TYPE_CHECKING:
    from ..policy import Policy
    from ..routing import Route
    from .endpoint import Runtime, Straight

__all__ = ["Connection", "Direction"]

_MOST_HELD: Final = 1024
"""So many messages are held for `on_connect`: the answers to its own calls come behind them."""

_MOST_HELD_BYTES: Final = 256 * 1024
"""And so many bytes of them."""

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


class Connection(OwnCalls):
    """The calls, answers and handlers of one transport; the owner of its session."""

    __slots__ = (
        "__weakref__",
        "_expected",
        "_held",
        "_held_size",
        "_paused",
        "_repeats",
        "_speaker",
        "_straight",
        "_transport",
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
        self._trusted = True
        self._held: list[Call | Send] | None = None
        self._held_size = 0
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
            station: Any = self if self._is_station else None
            outcome = run(station, event.payload, self._context(event) if wants_context else None)
            if type(outcome) is CoroutineType:
                outcome = self._runtime.tasks.step(outcome)
            may_still = event.action in self._straight  # the handler may have registered a hook
            frame = self._session.answer_now(event, outcome) if may_still else None
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # of the user's code
            self._fail(event, error)
        else:
            if frame is not None:
                self._transport.send(frame)
                if after:
                    self._run_routes(after, event)
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
        if self._held is not None and (event is None or isinstance(event, (Call, Send))):
            self._held_size += len(raw)
        if self._held is not None and isinstance(event, (Call, Send)):
            self._held.append(event)
        elif isinstance(event, Call):  # which comes only where nothing waits
            self._run_handlers(event)
            return
        else:
            self._take(event, raw)
            self._flush()
        if self._is_full and not self._paused:
            self._paused = True
            self._transport.pause()

    def _choose_way(self) -> None:
        """Let calls go straight to their handlers, or not."""
        may = self._trusted and self._held is None and not self._expected and not self._watchers
        self._straight: Mapping[Action, Straight] = self._runtime.straight if may else _NOTHING

    @property
    def _is_full(self) -> bool:
        """Whether so many messages wait that no more should be read."""
        if self._held is None:
            return self._session.is_full
        return len(self._held) + self._session.waiting > _MOST_HELD or self._held_size >= _MOST_HELD_BYTES

    def _hold(self) -> None:
        """Handle no message, until `_release`."""
        self._held = []
        self._choose_way()

    def _release(self) -> None:
        """Handle the messages that were held."""
        held, self._held = self._held or (), None
        self._choose_way()
        for event in held if self.connected else ():
            if isinstance(event, Call):
                self._run_handlers(event)
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
        elif isinstance(event, FrameFault):
            self._fault_noticed(event)
        elif isinstance(event, Send):
            self._run_routes([self._route_of(event)], event)
        elif isinstance(event, CallResultError):
            self._run_hooks(self._runtime.result_refused_hooks, *self._subject, event.error.at(self.id))

    def _judge_by(self, policy: Policy) -> None:
        """Judge the peer by another policy from now on."""
        self.policy = policy
        self._session.judge_by(*self._runtime.frames(self.version, policy, self.id))

    def _fault_noticed(self, fault: FrameFault) -> None:
        cause = fault.__cause__  # of our side, if there is one
        level = logging.ERROR if cause is not None else logging.INFO if fault.mended is None else logging.DEBUG
        extra = self._about() | {"reason": fault.description, "fault": fault.fault.name}
        message = "%s: %s (%s)"
        self._runtime.log.log(level, message, self.id, fault.description, fault.fault.name, exc_info=cause, extra=extra)
        self._run_hooks(self._runtime.fault_hooks, *self._subject, fault)

    def _run_hooks(self, hooks: Sequence[Callable[..., Any]], *args: Any, action: str = "") -> list[asyncio.Task[None]]:
        return self._runtime.tasks.run(hooks, *args, station=self.id, action=action) if hooks else []

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
        self._keep(self._run_routes(self._watchers, frame))
        self._choose_way()

    def _keep(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel tasks of hooks when the connection has ended."""

    def _run_routes(self, routes: Sequence[Route], frame: Call | Send) -> list[asyncio.Task[None]]:
        """Call routes with a request, as hooks: what they return is ignored."""
        if not routes:
            return []
        context = self._context(frame) if any(each.wants_context for each in routes) else None
        station = self if self._is_station else None
        hooks = [each.run for each in routes]
        return self._run_hooks(hooks, station, frame.payload, context, action=frame.action.name)

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
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # of the user's code
                self._fail(call, error)
            else:
                if not self._handled(call, outcome):
                    break
            call = self._next_call()
        self._resume()

    def _next_call(self) -> Call | None:
        """Return the call whose turn has come; those that are refused on the way are answered."""
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
        if is_awaitable(outcome):
            self._runtime.tasks.go_on(outcome, self._await_handler(call, outcome))
            return False
        try:
            self._answer(call, outcome)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # of the user's classes
            self._fail(call, error)
        return True

    async def _await_handler(self, call: Call, outcome: Awaitable[Any]) -> None:
        try:
            self._answer(call, await outcome)
        except asyncio.CancelledError as error:
            if self._runtime.stopping:
                raise
            self._fail(call, error)
        except Exception as error:  # noqa: BLE001  # of the user's code
            self._fail(call, error)
        self._run_handlers(self._next_call())

    def _answer(self, call: Call, response: Any) -> None:
        """Send the answer of a handler. Raises what can't be sent; the call is still to be answered then."""
        self._session.answer(call, response, self._loop.time() if self._repeats else 0.0)
        self._flush()
        self._run_routes(self._runtime.routes.after(call.action.request), call)

    def _fail(self, call: Call, error: Exception | asyncio.CancelledError) -> None:
        """Answer with the CALLERROR for an error of any kind, and log it."""
        if isinstance(error, asyncio.CancelledError):  # of the user's code: nobody cancels this
            error = RuntimeError("cancelled")
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
                self._run_hooks(self._runtime.frame_hooks, Direction.OUT, self._speaker or self, frame)
            self._transport.send(frame)
