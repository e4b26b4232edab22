"""Which handler answers which action.

A `Router` registers handlers of request classes. Handlers are plain or async functions, registered by
`@router.on(Request)`, or methods of any object marked by `@on(Request)` and taken over by `router.include(object)`.
They are called with what their side gives (the central system: station and request; a charge point: request) and, where
they have a parameter annotated `Context`, with that; they may then leave out the station, which the context has.
`Routes` is the table that they are kept in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, update_wrapper
from typing import Any, Final, TypeAlias, TypeVar

from .errors import UnhandledActions
from .handlers import (
    CallNext,
    Context,
    Middleware,
    Register,
    RequestClass,
    check_handler,
    check_request,
    is_awaitable,
    place_of,
    takes_request_alone,
    takes_station_request_and_context,
)
from .schema import DATA_TRANSFER, Action, DataTransfer, Profile, Request, Sender, Transfer, Version

__all__ = ["MiddlewareRoute", "Route", "Router", "Routes", "Run", "after", "on"]

Q = TypeVar("Q")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "__ocpp_handles__"


class Route:
    """A handler, and how it is called: `run(station, request, context)`.

    The station is None on a charge point, the context where `wants_context` is false. `run` is made when it is used
    first: of a thousand charge points in a process, few are asked for everything.
    """

    __slots__ = ("handler", "run", "wants_context")

    run: Run

    def __init__(self, handler: Callable[..., Any]) -> None:
        self.handler = handler
        self.wants_context = place_of(handler) is not None

    def __getattr__(self, name: str) -> Run:  # called while a slot is empty
        if name != "run":
            raise AttributeError(name, name=name, obj=self)
        place = place_of(self.handler)
        self.run = _without_context(self.handler) if place is None else _with_context(self.handler, place)
        return self.run


Run: TypeAlias = Callable[[Any, Any, Any], Any]


def _without_context(handler: Callable[..., Any]) -> Run:
    def run(station: Any, request: Any, context: None) -> Any:
        return handler(request) if station is None else handler(station, request)

    return update_wrapper(run, handler)


def _with_context(handler: Callable[..., Any], place: int | str) -> Run:
    if takes_station_request_and_context(handler):
        return handler
    alone = takes_request_alone(handler)

    def run(station: Any, request: Any, context: Context[Any]) -> Any:
        args = [request] if alone or station is None else [station, request]
        if isinstance(place, str):
            return handler(*args, **{place: context})
        args.insert(place, context)
        return handler(*args)

    return update_wrapper(run, handler)


class MiddlewareRoute(Route):
    """A route inside middleware, the first of which is the outermost."""

    __slots__ = ("_inner", "_outermost")

    def __init__(self, middleware: Sequence[Middleware], route: Route) -> None:
        self.handler = route.handler
        self.wants_context = True
        self.run = self._run
        self._inner = route.run
        step: Any = self._handle
        for each in reversed(middleware):
            step = partial(_call_middleware, each, step)
        self._outermost: CallNext = step

    def _run(self, station: Any, request: Any, call: Context[Any]) -> Any:
        return self._outermost(call)

    async def _handle(self, call: Context[Any]) -> Any:
        outcome = self._inner(call.station, call.request, call)
        return await outcome if is_awaitable(outcome) else outcome


def _call_middleware(middleware: Middleware, call_next: CallNext, call: Context[Any]) -> Any:
    return middleware(call, call_next)


def on(request: RequestClass[Q, R]) -> Register[Q, R]:
    """Mark a method as the handler of `request`, for `Router.include`."""
    register: Register[Q, R] = _marker("on", request)
    return register


def after(request: type[Request[Any]]) -> Callable[[F], F]:
    """Mark a method to be called after `request` was answered, for `Router.include`."""
    register: Callable[[F], F] = _marker("after", request)
    return register


def _marker(when: str, request: Any) -> Any:
    check_request(request, Sender.BOTH, ())

    def mark(handler: Any) -> Any:
        function = getattr(handler, "__func__", handler)  # of a static or class method
        setattr(function, _MARK, (*getattr(function, _MARK, ()), (when, request)))
        return handler

    return mark


class Routes:
    """Handlers by request class.

    `side` is the side whose calls they handle, `versions` are those that are spoken: any, if there are none. What can't
    be handled so raises `TypeError` when it is added.
    """

    def __init__(self, side: Sender = Sender.BOTH, versions: Sequence[Version] = ()) -> None:
        self.side = side
        self._versions = versions
        self.changed: Callable[[], object] = lambda: None
        """Called when something has been added."""
        self._handlers: dict[type, Route] = {}
        self._vendors: dict[str, dict[str | None, Transfer]] = {}
        self._after: dict[type, list[Route]] = {}

    @property
    def has_vendors(self) -> bool:
        """Whether any vendor's message has a handler."""
        return bool(self._vendors)

    def add(self, request: type, route: Route) -> None:
        """Handle a request class, in place of a handler that is there already."""
        self._check(request, route)
        self._put(request, route)
        self.changed()

    def _put(self, request: type, route: Route) -> None:
        self._handlers[request] = route
        if issubclass(request, DataTransfer):
            transfer = request.__transfer__
            self._vendors.setdefault(transfer.vendor_id.casefold(), {})[transfer.message_id] = transfer

    def add_after(self, request: type, route: Route) -> None:
        """Call a route after a request class was answered."""
        self._check(request, route)
        self._after.setdefault(request, []).append(route)
        self.changed()

    def check_request(self, request: Any) -> None:
        """Raise `TypeError` unless a class is of a request that comes here."""
        check_request(request, self.side, self._versions)

    def _check(self, request: type, route: Route) -> None:
        self.check_request(request)
        check_handler(route.handler, request, self.side)

    def merge(self, other: Routes) -> None:
        """Add every route of another table, or none."""
        after = [(request, route) for request, routes in other._after.items() for route in routes]
        for request, route in (*other._handlers.items(), *after):
            self._check(request, route)
        for request, route in other._handlers.items():
            self._put(request, route)
        for request, route in after:
            self._after.setdefault(request, []).append(route)
        self.changed()

    def find(self, request: type) -> Route | None:
        """Return what handles a request class, or None."""
        return self._handlers.get(request)

    def after(self, request: type) -> Sequence[Route]:
        """Return what is to be called after a request class was answered."""
        return self._after.get(request, ())

    def transfers_of(self, vendor_id: str) -> Mapping[str | None, Transfer]:
        """Return a vendor's messages that have a handler, by message id; vendor ids are case-insensitive."""
        return self._vendors.get(vendor_id.casefold(), {})

    def unhandled(self, profile: Profile, other: Routes) -> list[str]:
        """Return the names of the profile's calls from the other side that neither this nor another table handles."""
        handled = self._handlers.keys() | other._handlers.keys()
        by_vendors = {DATA_TRANSFER} if self.has_vendors or other.has_vendors else set()
        return [
            each.name
            for each in profile.actions
            if each.sender & self.side
            and each.response is not None
            and each.request not in handled
            and each.name not in by_vendors
        ]


class Router:
    """Registers handlers; the base of `CentralSystem` and `ChargePoint`, or of its own to be included there."""

    def __init__(self, routes: Routes | None = None) -> None:
        self._routes = Routes() if routes is None else routes

    def on(self, request: RequestClass[Q, R]) -> Register[Q, R]:
        """Register the handler of a request class, in place of one that is there already.

        The class may be a vendor's, a subclass of `DataTransfer`. Raises `TypeError` for a class that this side never
        receives or that is of a version that is not spoken, and for a handler with other parameters, or of another
        request.
        """
        kind: Any = request
        self._routes.check_request(kind)

        def register(handler: Any) -> Any:
            self._routes.add(kind, Route(handler))
            return handler

        return register

    def after(self, request: type[Request[Any]]) -> Callable[[F], F]:
        """Register a function to be called, as the handler was, after `request` has been answered with a result."""
        self._routes.check_request(request)

        def register(handler: F) -> F:
            self._routes.add_after(request, Route(handler))
            return handler

        return register

    def add(self, action: Action, handler: Callable[..., Any]) -> None:
        """Register the handler of an action that is only known when the program runs: of `version.actions`, say."""
        self._routes.add(action.request, Route(handler))

    def include(self, handlers: object, *, profile: Profile | None = None) -> None:
        """Take over the handlers of another router, or the methods of an object that `on` or `after` marked.

        With a `profile`, raises `UnhandledActions` when the two leave one of its actions without a handler that this
        side may receive; nothing is taken over then.
        """
        other = handlers._routes if isinstance(handlers, Router) else _marked(handlers)
        if profile is not None and (missing := self._routes.unhandled(profile, other)):
            raise UnhandledActions(profile.name, missing)
        self._routes.merge(other)


def _marked(handlers: object) -> Routes:
    routes = Routes()
    for name in dir(type(handlers)):
        method = getattr(type(handlers), name, None)
        for when, request in getattr(method, _MARK, ()):
            register = routes.add if when == "on" else routes.add_after
            register(request, Route(getattr(handlers, name)))
    return routes
