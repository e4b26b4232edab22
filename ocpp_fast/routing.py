"""Which handler answers which action.

A `Router` registers handlers of request classes. Handlers are plain or async functions, registered by
`@router.on(Request)`, or methods of any object marked by `@on(Request)` and taken over by `router.include(object)`.
They are called with what their side gives (the central system: station and request; a charge point: request) and, if
they have a parameter annotated `Context`, with that as the last one. `Routes` is the table that they are kept in.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar, overload

from .errors import UnhandledActions
from .schema import (
    DATA_TRANSFER,
    Action,
    DataTransfer,
    Notification,
    Profile,
    Request,
    Response,
    Sender,
    Struct,
    Transfer,
)
from .signature import Signature

__all__ = ["Context", "Route", "Router", "Routes", "after", "on"]

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)
F = TypeVar("F", bound=Callable[..., Any])

Handler: TypeAlias = Callable[P, T | Awaitable[T]]
Listener: TypeAlias = Callable[P, Awaitable[None] | None]
_MARK: Final = "__ocpp_handles__"


@dataclass(frozen=True, slots=True)
class Context:
    """Details of a CALL beside its payload, for a handler with a parameter of this type."""

    unique_id: str
    action: Action
    raw: bytes
    """The frame as it came."""
    signature: Signature | None = None
    """The signature (R17); None for an unsigned message."""


class Route:
    """A handler, and whether it takes a `Context`."""

    __slots__ = ("handler", "wants_context")

    def __init__(self, handler: Callable[..., Any]) -> None:
        self.handler = handler
        self.wants_context = _wants_context(handler)

    def __call__(self, *args: Any, context: Callable[[], Context]) -> Any:
        return self.handler(*args, context()) if self.wants_context else self.handler(*args)


def _wants_context(handler: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except ValueError:  # a callable without a signature
        return False
    wanted = parameters[-1].annotation if parameters else None
    return wanted is Context or (isinstance(wanted, str) and wanted.rpartition(".")[2] == Context.__name__)


@overload
def on(request: type[Request[R]]) -> Callable[[Handler[P, R]], Handler[P, R]]: ...
@overload
def on(request: type[Notification]) -> Callable[[Listener[P]], Listener[P]]: ...
@overload
def on(request: type[DataTransfer[A]]) -> Callable[[Handler[P, A]], Handler[P, A]]: ...
def on(request: type) -> Callable[[Any], Any]:
    """Mark a method as the handler of `request`, for `Router.include`."""
    return _marker("on", request)


def after(request: type[Request[Any]]) -> Callable[[F], F]:
    """Mark a method to be called after `request` was answered, for `Router.include`."""
    return _marker("after", request)


def _marker(when: str, request: type) -> Callable[[Any], Any]:
    def mark(handler: Any) -> Any:
        function = getattr(handler, "__func__", handler)  # of a static or class method
        setattr(function, _MARK, (*getattr(function, _MARK, ()), (when, request)))
        return handler

    return mark


class Routes:
    """Handlers by request class; `side` is the side whose calls they handle."""

    def __init__(self, side: Sender = Sender.BOTH) -> None:
        self.side = side
        self.changed: Callable[[], object] = lambda: None
        """Called when a handler has been added."""
        self._handlers: dict[type, Route] = {}
        self._vendors: dict[str, dict[str | None, Transfer]] = {}
        self._after: dict[type, list[Route]] = {}

    @property
    def has_vendors(self) -> bool:
        """Whether any vendor's message has a handler."""
        return bool(self._vendors)

    def add(self, request: type, route: Route) -> None:
        """Handle a request class, in place of a handler that is there already."""
        self._handlers[request] = route
        if issubclass(request, DataTransfer):
            transfer = request.__transfer__
            self._vendors.setdefault(transfer.vendor_id.casefold(), {})[transfer.message_id] = transfer
        self.changed()

    def add_after(self, request: type, route: Route) -> None:
        """Call a route after a request class was answered."""
        self._after.setdefault(request, []).append(route)

    def merge(self, other: Routes) -> None:
        """Add every route of another table."""
        for request, route in other._handlers.items():
            self.add(request, route)
        for request, routes in other._after.items():
            self._after.setdefault(request, []).extend(routes)

    def find(self, request: type) -> Route | None:
        """Return what handles a request class, or None."""
        return self._handlers.get(request)

    def after(self, request: type) -> list[Route]:
        """Return what is to be called after a request class was answered."""
        return self._after.get(request, [])

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

    @overload
    def on(self, request: type[Request[R]]) -> Callable[[Handler[P, R]], Handler[P, R]]: ...
    @overload
    def on(self, request: type[Notification]) -> Callable[[Listener[P]], Listener[P]]: ...
    @overload
    def on(self, request: type[DataTransfer[A]]) -> Callable[[Handler[P, A]], Handler[P, A]]: ...
    def on(self, request: type) -> Callable[[Any], Any]:
        """Register the handler of a request class, in place of one that is there already.

        The class may be a vendor's, a subclass of `DataTransfer`.
        """

        def register(handler: Any) -> Any:
            self._routes.add(request, Route(handler))
            return handler

        return register

    def after(self, request: type[Request[Any]]) -> Callable[[F], F]:
        """Register a function to be called, as the handler was, after `request` has been answered with a result."""

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
