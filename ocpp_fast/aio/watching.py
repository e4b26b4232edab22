"""What somebody waits for: requests of a peer beside their handlers, and stations that are to connect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ..frames import Call, Send
from .arguments import check_seconds

__all__ = ["Arrivals", "Expectation", "for_future"]

T = TypeVar("T")


class Expectation:
    """Waits for a request of a class for which `predicate` is true; `future` gets it, or a `TimeoutError`."""

    def __init__(self, request: type, predicate: Callable[[Any], object] | None, timeout: float, identity: str) -> None:
        loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = loop.create_future()
        self._request = request
        self._predicate = predicate
        late = TimeoutError(f"{identity}: no such {request.__name__} came within {timeout:g} s")
        timer = loop.call_later(check_seconds("timeout", timeout), self.fail, late)
        self.future.add_done_callback(lambda _: timer.cancel())

    def see(self, frame: Call | Send) -> None:
        """Take a request if it is the one."""
        if self.future.done() or not isinstance(frame.payload, self._request):
            return
        try:
            is_it = self._predicate is None or bool(self._predicate(frame.payload))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's code
            self.fail(error)
            return
        if is_it:
            self.future.set_result(frame.payload)

    def fail(self, error: BaseException) -> None:
        """It does not come any more."""
        if not self.future.done():
            self.future.set_exception(for_future(error))
            self.future.exception()  # who does not wait for it any more need not be told


class Arrivals(Generic[T]):
    """Who waits for stations to connect."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[T]]] = {}

    async def wait(self, identity: str) -> T:
        """Wait for a station; return what is told of it."""
        arrival: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(identity, set())
        waiting.add(arrival)
        try:
            return await arrival
        finally:
            waiting.discard(arrival)
            if not waiting and self._waiting.get(identity) is waiting:
                del self._waiting[identity]

    def tell(self, identity: str, arrived: T) -> None:
        """A station has connected."""
        for arrival in self._waiting.pop(identity, ()):
            if not arrival.done():
                arrival.set_result(arrived)


def for_future(error: BaseException) -> Exception:
    """Return an exception as a future can hold it, and raise it without harm to who awaits that."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"{type(error).__name__} was raised")
    wrapped.__cause__ = error
    return wrapped
