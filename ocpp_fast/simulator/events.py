"""Waiting for what happens at a simulated station."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Event", "EventKind", "Watch"]

EventKind: TypeAlias = Literal[
    "Connected", "Disconnected", "Booted", "StatusChanged", "TransactionStarted", "TransactionEnded"
]


class Event(NamedTuple):
    """Something that has happened."""

    kind: EventKind
    outlet: int
    """0 is the station."""
    detail: str
    """Of StatusChanged, the status in the terms of 1.6; of a transaction, its id."""


class Watch:
    """Those who wait, for a condition or for an event."""

    def __init__(self) -> None:
        self._conditions: dict[asyncio.Future[None], Callable[[], object]] = {}
        self._expected: dict[asyncio.Future[Event], Callable[[Event], bool]] = {}

    def look(self) -> None:
        """Wake who waits for a condition that is met."""
        for future, condition in list(self._conditions.items()):
            if not future.done() and condition():
                future.set_result(None)

    def tell(self, event: Event) -> None:
        """Wake who waits for an event."""
        for future, matches in list(self._expected.items()):
            if not future.done() and matches(event):
                future.set_result(event)
        self.look()

    async def until(self, condition: Callable[[], object], seconds: float | None) -> None:
        """Wait until a condition is met. Raises `TimeoutError`."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._conditions[future] = condition
        try:
            async with asyncio.timeout(seconds):
                await future
        finally:
            del self._conditions[future]

    def expect(self, matches: Callable[[Event], bool], seconds: float) -> asyncio.Future[Event]:
        """Return a future of the next event that matches; it may raise `TimeoutError`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Event] = loop.create_future()
        self._expected[future] = matches
        late = loop.call_later(seconds, _time_out, future, seconds)

        def forget(_: asyncio.Future[Event]) -> None:
            late.cancel()
            del self._expected[future]

        future.add_done_callback(forget)
        return future


def _time_out(future: asyncio.Future[Event], seconds: float) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"it did not happen within {seconds:g} s"))
