"""Shortcuts: methods that make a request from keywords and call it, typed by the request's declaration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from .struct import Notification, Request, Response

__all__ = ["Shortcuts", "notice", "shortcut"]

P = ParamSpec("P")
R = TypeVar("R", bound=Response)


class Shortcuts:
    """The base of a version's shortcuts; `call` sends a request and returns its response, `send` a notification.

    `call` takes the seconds that the call may take as the keyword `timeout`.
    """

    __slots__ = ("_call", "_send")

    def __init__(self, call: Callable[..., Coroutine[Any, Any, Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        self._call = call
        self._send = send

    def __call__(self, *, timeout: float) -> Self:
        """Return the same shortcuts, whose calls may take `timeout` seconds: `await station.v16(timeout=5).reset(...)`.

        It is not a keyword of theirs, because some messages have a field of that name.
        """
        return type(self)(partial(self._call, timeout=timeout), self._send)


class shortcut(Generic[P, R]):  # noqa: N801  # reads as a decorator does
    """One shortcut: `reset = shortcut(ResetRequest)` makes `await x.reset(type=...)` call a `ResetRequest`."""

    def __init__(self, request: Callable[P, Request[R]]) -> None:
        self._request = request

    @overload
    def __get__(self, instance: None, owner: type[Shortcuts]) -> shortcut[P, R]: ...
    @overload
    def __get__(self, instance: Shortcuts, owner: type[Shortcuts]) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Shortcuts | None, owner: type[Shortcuts]) -> Any:
        if instance is None:
            return self
        send = instance._call

        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
            return send(self._request(*args, **kwargs))

        return call


class notice(Generic[P]):  # noqa: N801  # reads as a decorator does
    """A shortcut of a message without an answer: `await x.notify_...(...)` sends it."""

    def __init__(self, notification: Callable[P, Notification]) -> None:
        self._notification = notification

    @overload
    def __get__(self, instance: None, owner: type[Shortcuts]) -> notice[P]: ...
    @overload
    def __get__(self, instance: Shortcuts, owner: type[Shortcuts]) -> Callable[P, Awaitable[None]]: ...
    def __get__(self, instance: Shortcuts | None, owner: type[Shortcuts]) -> Any:
        if instance is None:
            return self
        transmit = instance._send

        def send(*args: P.args, **kwargs: P.kwargs) -> Awaitable[None]:
            return transmit(self._notification(*args, **kwargs))

        return send
