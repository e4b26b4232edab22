"""Shortcuts: methods that make a request from keywords and call it, typed by the request's declaration."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, ParamSpec, TypeVar, overload

from .struct import Request, Response

__all__ = ["Shortcuts", "shortcut"]

P = ParamSpec("P")
R = TypeVar("R", bound=Response)


class Shortcuts:
    """The base of a version's shortcuts; `call` sends a request and returns its response."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> None:
        self._call = call


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
