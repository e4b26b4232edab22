"""The pytest plugin: central systems and stations on real sockets, for tests that are plain functions.

pytest loads it where ocpp_fast is installed. Everything lives on one event loop in a thread of its own, and ends with
the test:

    def test_reset(ocpp_loop, ocpp_serve, ocpp_station):
        server = ocpp_serve(central)                          # on a free port of 127.0.0.1
        station = ocpp_station(server, "CP1", version=v16)    # a connected ChargePoint
        ocpp_loop.run(station.v16.heartbeat())

Tests that are coroutines need none of it: they use `central.serve()` and `ocpp_fast.testing.connect`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from ..aio import CentralSystem, ChargePoint, Server
    from ..simulator import SimulatedStation

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="ocpp_fast")
        self._stack = AsyncExitStack()

    def run(self, work: Coroutine[Any, Any, T], *, timeout: float | None = 30.0) -> T:
        """Run a coroutine on the loop and return its result; raises `TimeoutError` after so many seconds."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        """Enter a context on the loop, until the test ends."""
        return self.run(self._stack.enter_async_context(context))

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Leave all contexts, and end the thread."""
        try:
            self.run(self._stack.aclose())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()


@pytest.fixture
def ocpp_loop() -> Iterator[LoopThread]:
    """The event loop of this test's central systems and stations: `ocpp_loop.run(station.v16.heartbeat())`."""
    thread = LoopThread()
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()


@pytest.fixture
def ocpp_serve(ocpp_loop: LoopThread) -> Callable[..., Server]:
    """Serve a central system on a free port of 127.0.0.1 until the test ends; options of `CentralSystem.serve`."""

    def serve(central: CentralSystem, **options: Any) -> Server:
        return ocpp_loop.enter(central.serve(**{"grace": 1.0, **options}))

    return serve


@pytest.fixture
def ocpp_station(ocpp_loop: LoopThread) -> Callable[..., ChargePoint]:
    """Connect a `ChargePoint` to a server until the test ends; options of `ChargePoint`, with `version` for one."""

    def station(server: Server, identity: str, *, version: Any = None, **options: Any) -> ChargePoint:
        from ..aio import ChargePoint

        if version is not None:
            options["versions"] = [version]
        return ocpp_loop.enter(ChargePoint(identity, server.url, **options))

    return station


@pytest.fixture
def ocpp_simulator(ocpp_loop: LoopThread) -> Callable[..., SimulatedStation]:
    """Run a simulated station against a server until the test ends; options of `simulator.Settings`.

    It starts no session by itself, unless `sessions` says how many; what happens at it, the test says:
    `ocpp_loop.run(station.start())`.
    """

    def simulator(server: Server, identity: str, **options: Any) -> SimulatedStation:
        from ..simulator import Settings, simulated

        settings = Settings(id=identity, url=server.url, **{"sessions": 0, **options})
        return ocpp_loop.enter(simulated(settings))

    return simulator
