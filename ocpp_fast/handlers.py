"""Handlers: what they are given, the types that checkers see of them, and the checks when they are registered."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, Union, get_args, get_origin, overload

from .schema import Action, DataTransfer, Notification, Request, Response, Sender, Struct, Version
from .signature import Signature

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .aio import Station

    S = TypeVar("S", default=Any)
else:
    from typing import TypeVar

    S = TypeVar("S")

__all__ = [
    "CallNext",
    "Context",
    "Middleware",
    "Register",
    "RequestClass",
    "check_handler",
    "check_request",
    "is_awaitable",
    "place_of",
    "takes_request_alone",
    "takes_station_request_and_context",
]

P = ParamSpec("P")
Q = TypeVar("Q")
R = TypeVar("R")
Q_co = TypeVar("Q_co", covariant=True)
R_co = TypeVar("R_co", covariant=True)


class Context(Generic[S]):
    """A CALL or SEND that is being handled: for middleware, and for handlers with a parameter of this type.

    `station` is who sent it (on a charge point, which has no stations, None), `request` its payload, `raw` its frame as
    it came, `signature` its signature (R17) or None. `state` is what middleware has set: it assigns an object of its
    own, or sets attributes of the one that is there, which has none at first. The `State` of a `Context[State]` is that
    object's class, or one that declares its attributes to type checkers.
    """

    __slots__ = ("_state", "action", "raw", "request", "signature", "station", "unique_id", "version")

    def __init__(
        self,
        station: Station,
        version: Version,
        action: Action,
        request: Any,
        unique_id: str,
        raw: bytes,
        signature: Signature | None = None,
    ) -> None:
        self.station = station
        self.version = version
        self.action = action
        self.request = request
        self.unique_id = unique_id
        self.raw = raw
        self.signature = signature
        self._state: Any = None

    @property
    def state(self) -> S:
        """What middleware has set."""
        if self._state is None:
            self._state = SimpleNamespace()
        state: S = self._state
        return state

    @state.setter
    def state(self, state: S) -> None:
        self._state = state

    def __repr__(self) -> str:
        return f"<Context {self.action} {self.unique_id!r} of {self.station}>"


class CallNext(Protocol):
    """Calls the next middleware, and in the end the handler; returns the response."""

    def __call__(self, call: Context[Any], /) -> Coroutine[Any, Any, Any]: ...


class Middleware(Protocol):
    """Runs around handlers; returns the response, that of `call_next` or another one."""

    def __call__(self, call: Context[Any], call_next: CallNext, /) -> Coroutine[Any, Any, Any]: ...


# The types that checkers see


class RequestClass(Protocol[Q_co, R_co]):
    """The class of a CALL, a SEND or a vendor's message, and of what its handler returns."""

    def from_dict(self, value: dict[str, Any], /) -> Q_co: ...
    def __answer__(self) -> type[R_co]: ...


class Register(Protocol[Q, R]):
    """Takes a handler of the request `Q` that returns an `R`, after a station or not, with a `Context` anywhere."""

    @overload
    def __call__(
        self, handler: Callable[Concatenate[Q, P], Awaitable[R]], /
    ) -> Callable[Concatenate[Q, P], Awaitable[R]]: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]  # where `Q` is Any
        self, handler: Callable[Concatenate[Q, P], R], /
    ) -> Callable[Concatenate[Q, P], R]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]
        self, handler: Callable[Concatenate[Any, Q, P], Awaitable[R]], /
    ) -> Callable[Concatenate[Any, Q, P], Awaitable[R]]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]
        self, handler: Callable[Concatenate[Any, Q, P], R], /
    ) -> Callable[Concatenate[Any, Q, P], R]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]
        self, handler: Callable[Concatenate[Any, Any, Q, P], Awaitable[R]], /
    ) -> Callable[Concatenate[Any, Any, Q, P], Awaitable[R]]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]
        self, handler: Callable[Concatenate[Any, Any, Q, P], R], /
    ) -> Callable[Concatenate[Any, Any, Q, P], R]: ...


# The checks


def check_request(request: Any, side: Sender, versions: Iterable[Version]) -> None:
    """Raise `TypeError` for a class that no handler of this side can be of; without versions, any is served."""
    if not isinstance(request, type) or not issubclass(request, (Request, Notification, DataTransfer)):
        if isinstance(request, type) and issubclass(request, Response):
            raise TypeError(f"{request.__name__} is a response: a handler is registered for a request")
        raise TypeError(f"expected the class of a request, such as v16.HeartbeatRequest, not {request!r}")
    if issubclass(request, DataTransfer):
        return
    action: Action | None = getattr(request, "__action__", None)
    if action is None:
        raise TypeError(f"{request.__name__} names no action")
    if not action.sender & side:
        sender, receiver = ("station", "central system") if side is Sender.CENTRAL else ("central system", "station")
        raise TypeError(f"{action} is sent by the {sender}: a {receiver} receives it, this side never does")
    served = [(each, each.actions.get(action.name)) for each in versions]
    if served and not any(found is not None and found.request is request for _, found in served):
        right = [f"{found.request.__module__}.{found.request.__name__}" for _, found in served if found is not None]
        numbers = " and ".join(each.number for each, _ in served)
        hint = f"; expected {' or '.join(right)}" if right else ""
        raise TypeError(f"{request.__module__}.{request.__name__} is not of OCPP {numbers}, which is served here{hint}")


def check_handler(handler: Callable[..., Any], request: type, side: Sender) -> None:
    """Raise `TypeError` for a handler that can't be called with what this side gives, or is of another request.

    `object` stands for any request.
    """
    parameters = _parameters(handler)
    if parameters is None:
        return
    name = getattr(handler, "__qualname__", repr(handler))
    given = [each for each in parameters if not _is_context(each.annotation)]
    counts: tuple[int, ...] = {Sender.STATION: (2,), Sender.CENTRAL: (1,)}.get(side, (1, 2))
    wanted = " or ".join("(station, request)" if count == 2 else "(request)" for count in counts)
    if len(parameters) - len(given) > 1 or any(
        each.kind is each.KEYWORD_ONLY and each.default is each.empty for each in given
    ):
        raise TypeError(f"{name}: expected a handler that takes {wanted} and at most one Context")
    if takes_request_alone(handler):
        counts = (1,)  # the context has the station
    places = _places(given)
    least = sum(each.default is each.empty for each in places)
    most = len(places) if not any(each.kind is each.VAR_POSITIONAL for each in given) else 2
    fits = [count for count in counts if least <= count <= max(most, least)]
    if not fits:
        raise TypeError(f"{name}: expected a handler that takes {wanted} and at most a Context, not {least} parameters")
    if fits[-1] <= len(places):
        _check_annotation(f"{name}: {places[fits[-1] - 1].name}", places[fits[-1] - 1].annotation, request)
    if request is not object:
        _check_answer(name, handler, request)


def _places(parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return the parameters that are given by their position."""
    return [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]


def takes_request_alone(handler: Callable[..., Any]) -> bool:
    """Whether a handler takes a `Context` and must be given nothing else but a request: no station."""
    parameters = _parameters(handler) or []
    given = [each for each in parameters if not _is_context(each.annotation)]
    if len(given) == len(parameters) or any(each.kind is each.VAR_POSITIONAL for each in given):
        return False
    return sum(each.default is each.empty for each in _places(given)) == 1


def takes_station_request_and_context(handler: Callable[..., Any]) -> bool:
    """Whether a handler takes just these, by their positions, and none of the first two may be left out."""
    parameters = _parameters(handler) or []
    places = _places(parameters)
    is_plain = len(parameters) == len(places) == 3 and _is_context(places[2].annotation)
    return is_plain and all(each.default is each.empty for each in places[:2])


def _check_annotation(where: str, annotation: Any, request: type) -> None:
    if (
        request is object
        or annotation in (Any, inspect.Parameter.empty)
        or not isinstance(annotation, type)
        or get_origin(annotation)
    ):
        return
    try:
        wrong = not issubclass(request, annotation)
    except TypeError:  # a protocol
        return
    if wrong:
        raise TypeError(f"{where}: expected a {request.__name__}, for which it is registered, not {_name(annotation)}")


def _check_answer(name: str, handler: Callable[..., Any], request: Any) -> None:
    answer = _resolved(inspect.signature(handler).return_annotation, handler)
    right = request.__answer__()
    if isinstance(answer, type) and issubclass(answer, Struct) and not issubclass(answer, right):
        raise TypeError(f"{name}: expected to return a {_name(right)}, not {_name(answer)}")


def place_of(handler: Callable[..., Any]) -> int | str | None:
    """Return where a handler takes a `Context`: at a position, by a keyword (behind an option, too), or nowhere."""
    has_option = False
    for index, each in enumerate(_parameters(handler) or ()):
        if _is_context(each.annotation):
            by_name = each.kind is each.KEYWORD_ONLY or (has_option and each.kind is each.POSITIONAL_OR_KEYWORD)
            return each.name if by_name else index
        has_option = has_option or each.default is not each.empty
    return None


def _parameters(handler: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return the parameters with their annotations resolved as far as they can be; None if it has no signature."""
    try:
        parameters = inspect.signature(handler).parameters.values()
    except ValueError:
        return None
    return [each.replace(annotation=_resolved(each.annotation, handler)) for each in parameters]


def _resolved(annotation: Any, handler: Any) -> Any:
    """Return what an annotation in a text stands for; the text itself if it names what is not there."""
    if not isinstance(annotation, str):
        return annotation
    while hasattr(handler, "func"):  # a partial
        handler = handler.func
    if not hasattr(handler, "__code__") and not hasattr(handler, "__func__"):
        handler = type(handler).__call__
    function = inspect.unwrap(getattr(handler, "__func__", handler))
    try:
        closure = inspect.getclosurevars(function)
        return eval(annotation, dict(function.__globals__), dict(closure.nonlocals))
    except Exception:  # noqa: BLE001  # an annotation may be any text
        return annotation


def _is_context(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.partition("[")[0].rpartition(".")[2] == Context.__name__
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_context(each) for each in get_args(annotation))
    return annotation is Context or get_origin(annotation) is Context


def _name(kind: type) -> str:
    return kind.__qualname__


def is_awaitable(outcome: object) -> bool:
    """Whether what a handler has returned is to be awaited; quick for a response."""
    return not isinstance(outcome, Response) and inspect.isawaitable(outcome)
