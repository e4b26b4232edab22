"""How a participant lives on an event loop: started and stopped with its bus, and ticking."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ..aio.logs import write
from ..errors import Unreachable
from .bus import Bus
from .calls import Go
from .directory import Peer
from .member import Member

if TYPE_CHECKING:
    from ..aio import CentralSystem

__all__ = ["NOT_STARTED", "Life", "settles"]

_BUSY: Final = 0.01
_IDLE: Final = 0.1
_START_SECONDS: Final = 5.0
NOT_STARTED: Final = "the cluster is not started: use `async with cluster`, or serve the central system"


def settles(future: asyncio.Future[Any]) -> Callable[[Any], None]:
    """Return a function that sets a result, unless nobody waits for it any more."""

    def settle(result: Any) -> None:
        if not future.done():
            future.set_result(result)

    return settle


_clock: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""Seconds that go on while the machine sleeps, where it can tell."""


class Life:
    """The base of `Cluster`: its member, its bus and the timer; several may use it, the last one stops it."""

    def __init__(
        self, *, namespace: str, name: str, has_directory: bool, new_bus: Callable[[], Bus], log: logging.Logger
    ) -> None:
        self.namespace = namespace
        self.name = name
        self.has_directory = has_directory
        self._new_bus = new_bus
        self._log = log
        self._central: CentralSystem | None = None
        self._member: Member | None = None
        self._bus: Bus | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._users = 0

    async def __aenter__(self) -> Self:
        """Join the cluster: returns when all its stations are known.

        A client raises `Unreachable` if the bus can't be reached within 5 seconds; a node goes on without it, and tries
        for ever. Raises `RuntimeError` if another node of this name is there, `PermissionError` for wrong credentials.
        """
        self._users += 1
        if self._users > 1:
            return self
        try:
            await self._start()
        except BaseException:
            self._users -= 1
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._users -= 1
        if not self._users:
            await self._stop()

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bus = self._new_bus()
        member = self._member = Member(
            self._bus,
            namespace=self.namespace,
            name=self.name,
            incarnation=os.urandom(5).hex(),
            is_node=self._central is not None,
            clock=_clock,
            wall=time.time,
            perform=self._perform,
            withdrawn=self._withdrawn,
            asked=self._asked,
            dropped=self._dropped,
            changed=self._changed,
            has_directory=self.has_directory or self._central is not None,
            log=self._log,
        )
        member.subscribe()
        await self._bus.start(on_lost=member.bus_lost, on_back=member.bus_back)
        self._tick()
        end = self._loop.time() + _START_SECONDS
        while not member.is_ready:
            if member.namesake:
                raise RuntimeError(f"another node has the name {self.name!r} in the namespace {self.namespace!r}")
            if self._loop.time() > end:
                why = self._bus.trouble or f"its heartbeats have not come back within {_START_SECONDS:g} s"
                if self._central is None:
                    raise Unreachable(f"the cluster {self.namespace!r} can't be joined: {why}")
                write(self._log, logging.WARNING, "%r can't be joined: serving without it for now: %s", self, why)
                break
            await asyncio.sleep(_BUSY)

    async def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._end_calls()
        member, self._member = self._member, None
        bus, self._bus = self._bus, None
        if member is not None:
            member.leave()
            member.bus_lost()
        if bus is not None:
            await bus.close()
        self._loop = None

    def _tick(self) -> None:
        member, loop = self._member, self._loop
        if member is None or loop is None:
            return
        try:
            member.tick(member.clock())
            self._ticked(member)
        finally:  # the heartbeat must go on
            self._timer = loop.call_later(_BUSY if member.is_busy else _IDLE, self._tick)

    def _wake(self) -> None:
        """Something is to be done sooner than the next tick."""
        if self._timer is not None and self._loop is not None and self._timer.when() - self._loop.time() > _BUSY:
            self._timer.cancel()
            self._timer = self._loop.call_later(_BUSY, self._tick)

    def _started(self) -> Member:
        if self._member is None:
            raise RuntimeError(NOT_STARTED)
        return self._member

    async def _answer(self, ask: Callable[[Callable[[bytes], object]], int], seconds: float) -> bytes:
        """Return the answer to a question of the member's. Raises `BusLost`, `TimeoutError`."""
        member = self._started()
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        number = ask(settles(future))
        try:
            async with asyncio.timeout(seconds):
                return await future
        finally:
            member.forget_question(number)

    @property
    def bus(self) -> Bus:
        """The bus. Raises `RuntimeError` before the cluster is started."""
        if self._bus is None:
            raise RuntimeError(NOT_STARTED)
        return self._bus

    @property
    def is_connected(self) -> bool:
        """Whether one's own heartbeats come back: a node that is cut off makes no calls for others."""
        return self._member is not None and self._member.lease.is_active(self._member.clock())

    def __repr__(self) -> str:
        return f"<Cluster {self.namespace} {self.name}>"

    # What the member tells

    def _perform(self, go: Go) -> None:
        """Make a call for another participant."""
        raise NotImplementedError

    def _withdrawn(self, reply: str) -> None:
        """Nobody waits for the call any more that was to be answered to a subject."""
        raise NotImplementedError

    def _asked(self, message: Mapping[str, Any], reply: str) -> None:
        """Answer a question of another participant."""
        raise NotImplementedError

    def _dropped(self, identity: str, to: Peer) -> None:
        """A station of ours has connected to another node since."""
        raise NotImplementedError

    def _changed(self, identity: str, before: Peer | None, after: Peer | None) -> None:
        """A station has changed its node."""
        raise NotImplementedError

    def _ticked(self, member: Member) -> None:
        """Time has passed."""
        raise NotImplementedError

    async def _end_calls(self) -> None:
        """Cancel the calls that are made for others."""
        raise NotImplementedError
