"""Which handler answers which message.

A `Router` maps message classes to handlers. Handlers are plain or async functions, registered by `@router.on(Message)`,
or methods of any object marked by `@on(Message)` and taken over by `router.include(object)`. They are called with what
their side gives (the central system: station and request; a charge point: request) and, if they have a parameter
annotated `Context`, with that as the last one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar, overload

from .errors import UnhandledActions, ValidationError
from .schema import DataTransfer, Notification, Profile, Request, Response, Sender, Struct, Transfer
from .signature import Signature

__all__ = ["Context", "InvalidAnswer", "Route", "Router", "after", "on"]

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
    """What is known of a CALL beside its payload, for a handler that asks."""

    unique_id: str
    action: str
    raw: bytes
    """The frame as it came."""
    signature: Signature | None = None
    """Who signed it (R17); None when nobody did."""


class InvalidAnswer(ValidationError):
    """A handler's answer breaks its declaration; raised by a route, never by a handler."""


class Route:
    """A handler and how it wants to be called."""

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


class Router:
    """Handlers by message class."""

    def __init__(self) -> None:
        self._routes: dict[type, Route] = {}
        self._vendors: dict[str, dict[str | None, Transfer]] = {}
        self._after: dict[type, list[Route]] = {}

    @overload
    def on(self, request: type[Request[R]]) -> Callable[[Handler[P, R]], Handler[P, R]]: ...
    @overload
    def on(self, request: type[Notification]) -> Callable[[Listener[P]], Listener[P]]: ...
    @overload
    def on(self, request: type[DataTransfer[A]]) -> Callable[[Handler[P, A]], Handler[P, A]]: ...
    def on(self, request: type) -> Callable[[Any], Any]:
        """Register the handler of a message, in place of one that is there already.

        The message may be a vendor's, a subclass of `DataTransfer`.
        """

        def register(handler: Any) -> Any:
            self._add(request, Route(handler))
            return handler

        return register

    def _add(self, request: type, route: Route) -> None:
        self._routes[request] = route
        if issubclass(request, DataTransfer):
            transfer = request.__transfer__
            self._vendors.setdefault(transfer.vendor_id.casefold(), {})[transfer.message_id] = transfer

    def after(self, request: type[Request[Any]]) -> Callable[[F], F]:
        """Register a function to be called, as the handler was, after `request` has been answered with a result."""

        def register(handler: F) -> F:
            self._after.setdefault(request, []).append(Route(handler))
            return handler

        return register

    def include(self, handlers: object, *, profile: Profile | None = None) -> None:
        """Take over the handlers of another router, or the methods of an object that `on` or `after` marked.

        With a `profile`, raises `UnhandledActions` when the two leave one of its actions without a handler that this
        side may receive; nothing is taken over then.
        """
        other = handlers if isinstance(handlers, Router) else _routes_of(handlers)
        if profile is not None:
            handled = self._routes.keys() | other._routes.keys()
            missing = [
                each.action
                for each in profile.messages
                if each.sender & self.peer and each.response is not None and each.request not in handled
            ]
            if self._vendors or other._vendors:
                missing = [each for each in missing if each != DataTransfer.__action__]
            if missing:
                raise UnhandledActions(profile.name, missing)
        for message, route in other._routes.items():
            self._add(message, route)
        for request, routes in other._after.items():
            self._after.setdefault(request, []).extend(routes)

    peer: Sender = Sender.BOTH
    """The side whose messages are handled here."""

    def route(self, request: type) -> Route | None:
        """Return what handles a message class, or None."""
        return self._routes.get(request)

    def transfers_of(self, vendor_id: str) -> Mapping[str | None, Transfer]:
        """Return the messages of a vendor that have a handler, by message id; of vendor ids the case does not count."""
        return self._vendors.get(vendor_id.casefold(), {})

    def routes_after(self, request: type) -> list[Route]:
        """Return what is to be called after a message class was answered."""
        return self._after.get(request, [])

    @property
    def handled(self) -> list[type]:
        """The message classes that have a handler."""
        return list(self._routes)


def _routes_of(handlers: object) -> Router:
    router = Router()
    for name in dir(type(handlers)):
        method = getattr(type(handlers), name, None)
        for when, request in getattr(method, _MARK, ()):
            register: Any = router.on if when == "on" else router.after
            register(request)(getattr(handlers, name))
    return router
