"""The common base of central systems and charge points: handlers and hooks above, a `Runtime` below."""

from __future__ import annotations

import inspect
import itertools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from .._core import accelerated, core, disabled
from ..data_transfer import Envelope, TransferRoute, carrier_of
from ..errors import CallError, OcppError
from ..faults import dialect_of
from ..frames import Decoder, Encoder, FrameDecoder, FrameEncoder, FrameFault
from ..handlers import Middleware, check_handler
from ..latest import Latest
from ..policy import Policy
from ..registration import BOOT
from ..routing import MiddlewareRoute, Route, Router, Routes
from ..schema import Action, Sender, Version
from ..tolerance import Peer
from .arguments import check_interval, check_seconds, check_size, check_timeouts
from .events import Event, Limit, LimitReached
from .hooks import Tasks
from .logs import write
from .membership import Membership
from .sockets import Allowance, Sockets

if TYPE_CHECKING:
    from ..signing import Signing

__all__ = ["Endpoint", "Runtime", "VersionModule"]

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware)
E = TypeVar("E", bound=Exception)


class VersionModule(Protocol):
    """`v16`, `v201`, `v21`, or any module with a `VERSION`."""

    @property
    def VERSION(self) -> Version:  # noqa: N802  # a constant of the module
        """The actions of the version."""
        ...


class UniqueIds:
    """The unique ids of this process (R3); none is given twice, in a forked process either."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):  # not on Windows
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._ids = map("{}-{}".format, itertools.repeat(os.urandom(6).hex()), itertools.count(1))

    def __call__(self) -> str:
        return next(self._ids)


_new_unique_id = UniqueIds()
_untold = [] if accelerated else [core]


class Straight(NamedTuple):
    """How calls of an action are handled; `after` is called when they have been answered.

    `run` takes what that of a `Route` does, with the context; without it, what a handler takes.
    """

    run: Callable[..., Any]
    wants_context: bool
    after: Sequence[Route]


class Runtime:
    """The shared state of one endpoint's connections: settings, handlers, hooks, tasks, decoders, encoders."""

    def __init__(
        self,
        role: Sender,
        versions: tuple[Version, ...],
        routes: Routes,
        policy: Policy,
        *,
        call_timeout: float,
        max_message_size: int,
        max_unfinished: int,
        open_timeout: float,
        close_timeout: float,
        handler_timeout: float | Mapping[str, float],
        ping_interval: float,
        signing: Signing | None,
        log: logging.Logger | None,
    ) -> None:
        self.role = role
        self.versions = versions
        self.routes = routes
        self.policy = policy
        self.call_timeout = check_seconds("call_timeout", call_timeout, most=float("inf"))
        self.max_message_size = check_size("max_message_size", max_message_size)
        self.unfinished = Allowance(check_size("max_unfinished", max_unfinished))
        self.open_timeout = check_seconds("open_timeout", open_timeout)
        self.close_timeout = check_seconds("close_timeout", close_timeout)
        self._handler_seconds = check_timeouts("handler_timeout", handler_timeout)
        self.ping_interval = check_interval("ping_interval", ping_interval)
        self.signing = signing
        self.log = log or logging.getLogger("ocpp_fast")
        if _untold:  # once in a process
            write(self.log, logging.INFO if disabled else logging.WARNING, "%s", _untold.pop())
        self.tasks = Tasks(self.log)
        self.connect_hooks: list[Callable[..., Any]] = []
        self.disconnect_hooks: list[Callable[..., Any]] = []
        self.frame_hooks: list[Callable[..., Any]] = []
        self.fault_hooks: list[Callable[..., Any]] = []
        self.result_refused_hooks: list[Callable[..., Any]] = []
        self.event_hooks: list[Callable[..., Any]] = []
        self.watchers: list[Route] = []
        self.cluster: Membership | None = None
        self.bad_frames: dict[object, tuple[float, int]] = {}
        """The connections with bad frames: since when they are counted, and how many there were."""
        self.leaving: set[object] = set()
        """The connections that are closed as soon as our open calls have ended; new ones are refused."""
        self.peers: Latest[str, Peer] = Latest()
        """What is known of stations on which a policy depends, by their id; of those that booted last."""
        self._stopping = False
        self.new_unique_id: Callable[[], str] = _new_unique_id
        self.envelope = lru_cache(256)(Envelope)
        self._frames = lru_cache(256)(self._new_frames)
        self._carriers = {each.request: version for version in self.versions if (each := carrier_of(version))}
        self._resolved: dict[type, Route | None] = {}
        self.straight: dict[Action, Straight] = {}
        """How calls are handled that nobody else is told of; filled when the first of an action has been handled."""
        self.middleware: list[Middleware] = []
        self.errors: dict[type[BaseException], Callable[[Any], CallError]] = {}
        routes.changed = self._changed
        for version in self.versions:
            dialect_of(version.number)

    def version_of(self, subprotocol: str | None) -> Version | None:
        """Return the version of a WebSocket subprotocol, if it is spoken here."""
        for each in self.versions:
            if each.subprotocol == subprotocol:
                return each
        return None

    def handler_seconds(self, action: Action) -> float:
        """Return how long a handler of an action may take."""
        return self._handler_seconds.get(action.name, self._handler_seconds[""])

    @property
    def stopping(self) -> bool:
        """Whether no call is handled any more."""
        return self._stopping

    @stopping.setter
    def stopping(self, stopping: bool) -> None:
        self._stopping = stopping
        self.straight.clear()

    def _changed(self) -> None:
        self._resolved.clear()
        self.straight.clear()

    def may_go_straight(self, action: Action, route: Route) -> None:
        """Let the next calls of an action go straight to their route, if nobody else is told of them."""
        if not (self.frame_hooks or self.watchers or self.stopping):
            run = route.run if route.wants_context else route.handler
            run = partial(_boot, run) if action.name == BOOT else run
            self.straight[action] = Straight(run, route.wants_context, self.routes.after(action.request))

    def route(self, request: type) -> Route | None:
        """Return the route of a request class, or None; DataTransfer has one if a vendor's message has."""
        try:
            return self._resolved[request]
        except KeyError:
            return self._resolve(request)

    def _resolve(self, request: type) -> Route | None:
        route = self.routes.find(request)
        version = self._carriers.get(request)
        if self.routes.has_vendors and version is not None:
            route = TransferRoute(self.routes, partial(self._envelope_of, version), self._tolerated, rest=route)
        if route is not None and self.middleware:
            route = MiddlewareRoute(self.middleware, route)
        self._resolved[request] = route
        return route

    def watcher(self, hook: Callable[..., Any]) -> Route:
        """Return how a hook is called that is told of every request. Raises `TypeError` for other parameters."""
        check_handler(hook, object, self.routes.side)
        return Route(hook)

    def call_error_of(self, error: BaseException) -> BaseException:
        """Return the `CallError` that a handler's exception is mapped to, or the exception itself.

        The library's own exceptions say themselves how they are answered, unless their very class is mapped. Raises
        what the user's mapping raises, and `TypeError` if it returns anything else.
        """
        kinds = (type(error),) if isinstance(error, OcppError) else type(error).__mro__
        mapping = next((self.errors[kind] for kind in kinds if kind in self.errors), None)
        if mapping is None:
            return error
        try:
            mapped: Any = mapping(error)
        except CallError as raised:
            return raised
        if not isinstance(mapped, CallError):
            raise TypeError(f"error: expected a CallError, not {mapped!r}")
        return mapped

    def limit_reached(
        self, limit: Limit, identity: str | None, remote_address: tuple[str, int] | None, detail: str = ""
    ) -> None:
        """Tell the hooks of events that a peer met a limit."""
        if self.event_hooks:
            self.tell(LimitReached(limit, identity, remote_address, detail), identity or "")

    def tell(self, event: Event, identity: str) -> None:
        """Tell the hooks of events."""
        self.tasks.run(self.event_hooks, event, station=identity)

    def _envelope_of(self, version: Version, station: Any) -> Envelope:
        return self.envelope(version, self.policy if station is None else station.policy)

    def _tolerated(self, station: Any, fault: FrameFault) -> None:
        """Tell the hooks what was tolerated in a vendor's message; of None on a charge point."""
        self.tasks.run(self.fault_hooks, *(() if station is None else (station,)), fault)

    def sockets(self) -> Sockets:
        """Return what WebSockets share that are opened together."""
        return Sockets(
            max_message_size=self.max_message_size,
            unfinished=self.unfinished,
            open_timeout=self.open_timeout,
            close_timeout=self.close_timeout,
            ping_interval=self.ping_interval,
        )

    def policy_for(self, policy: Policy, peer: Peer) -> Policy:
        """Return the policy of a station of which more is known; never raises."""
        try:
            return policy.known(peer)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's functions
            extra = {"station": peer.identity}
            write(self.log, logging.ERROR, "%s: the policy failed", peer.identity, exc_info=error, extra=extra)
            return policy

    def frames(self, version: Version, policy: Policy, identity: str) -> tuple[FrameDecoder, FrameEncoder]:
        """Return the decoder and encoder of one station's connection; equal policies share them."""
        decoder, encoder = self._frames(version, policy)
        if self.signing is not None and dialect_of(version.number).signs:
            return self.signing.bind(identity, decoder, encoder)
        return decoder, encoder

    def _new_frames(self, version: Version, policy: Policy) -> tuple[Decoder, Encoder]:
        return Decoder(version, self.role, self._has_handler, policy), Encoder(version, policy)

    def _has_handler(self, action: Action) -> bool:
        return self.route(action.request) is not None


def _boot(run: Callable[..., Any], station: Any, request: Any, *context: Any) -> Any:
    """Handle a BootNotification: its status is stored before it is answered (R40)."""
    station.boots(request)
    return station.registered(run(station, request, *context))


def _is_async(function: object) -> bool:
    return any(map(inspect.iscoroutinefunction, (function, getattr(function, "__call__", None))))  # noqa: B004


class Endpoint(Router):
    """The base of `CentralSystem` and `ChargePoint`: where handlers and hooks are registered."""

    def __init__(self, runtime: Runtime, routes: Routes) -> None:
        super().__init__(routes)
        self._runtime = runtime

    @property
    def versions(self) -> tuple[Version, ...]:
        """The OCPP versions that are spoken."""
        return self._runtime.versions

    def middleware(self, function: M) -> M:
        """Register an async function to run around every handler; a decorator.

        It is called with the call, a `Context`, and with `call_next`, which it awaits for the response; it returns that
        or another one. The first registered is the outermost. With any, `def` handlers run in a task, too.
        """
        if not _is_async(function):
            raise TypeError(f"middleware: expected an `async def` of call and call_next, not {function!r}")
        self._runtime.middleware.append(function)
        self._runtime.routes.changed()
        return function

    def error(self, kind: type[E]) -> Callable[[Callable[[E], CallError]], Callable[[E], CallError]]:
        """Register a function that makes a `CallError` of an exception that handlers raise; a decorator.

        It is called for subclasses of `kind`, too; the nearest one registered is taken.
        """
        given: Any = kind
        if not (isinstance(given, type) and issubclass(given, Exception)):
            raise TypeError(f"error: expected a class of exceptions, not {given!r}")

        def register(function: Callable[[E], CallError]) -> Callable[[E], CallError]:
            if _is_async(function):
                raise TypeError(f"error: expected a plain function, not {function!r}")
            self._runtime.errors[kind] = function
            return function

        return register

    def on_connect(self, hook: F) -> F:
        """Register a plain or async function to be called when a connection is ready; a decorator."""
        self._runtime.connect_hooks.append(hook)
        return hook

    def on_disconnect(self, hook: F) -> F:
        """Register a plain or async function to be called when a connection has ended; a decorator."""
        self._runtime.disconnect_hooks.append(hook)
        return hook

    def on_result_refused(self, hook: F) -> F:
        """Register a function of the `CallError` by which the peer refused a result of ours; a decorator.

        In 2.1 alone (CALLRESULTERROR, R10); the central system's is called with the station first.
        """
        self._runtime.result_refused_hooks.append(hook)
        return hook

    def on_any(self, hook: F) -> F:
        """Register a function of every request that is handled, whatever its class; a decorator.

        It is called as a handler is, before that, and may be plain or async; what it returns is ignored.
        """
        self._runtime.watchers.append(self._runtime.watcher(hook))
        self._runtime.straight.clear()
        return hook

    def on_fault(self, hook: F) -> F:
        """Register a function of the `FrameFault` of every invalid message of the peer; a decorator.

        The central system's is called with the station first. `fault.raw` is the frame, where there was a whole one.
        What a policy tolerates is told, too, before the message is handled: `fault.mended` says what was done.
        """
        self._runtime.fault_hooks.append(hook)
        return hook

    def on_event(self, hook: F) -> F:
        """Register a function of each `Event`: limits, refusals and replacements, a queue that failed; a decorator."""
        self._runtime.event_hooks.append(hook)
        return hook

    def on_frame(self, hook: F) -> F:
        """Register a function of direction ("in", "out"), station and raw frame; a decorator. It should be quick."""
        self._runtime.frame_hooks.append(hook)
        self._runtime.straight.clear()
        return hook
