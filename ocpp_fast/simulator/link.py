"""The connection of a simulated station: it is made again whenever it is wanted and not there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from ocpp_fast import BackOff, ChargePoint, HandshakeFailed

from .events import Watch
from .network import Network
from .settings import Observer, Settings

__all__ = ["Link"]


class Link:
    """Keeps a charge point connected; `lost` is called when the connection ends, `made` when there is one.

    `made` is told for how many seconds there was none.
    """

    def __init__(
        self,
        version: object,
        settings: Settings,
        observer: Observer,
        watch: Watch,
        made: Callable[[float], object],
        lost: Callable[[], object],
    ) -> None:
        faults = settings.faults or (settings.scenario is not None and settings.scenario.has_faults)
        self.network = Network(settings.url, settings.id) if faults else None
        self.charge_point = ChargePoint(
            settings.id,
            settings.url if self.network is None else self.network.url,
            versions=[version],  # type: ignore[list-item]  # a module, which `simulated` has chosen
            password=settings.password,
            ssl=settings.ssl,
            back_off=BackOff(minimum=settings.retry, random_range=settings.retry / 2),
        )
        self.online = asyncio.Event()
        self._observer, self._watch = observer, watch
        self._made, self._lost = made, lost
        self._wanted = True
        self._lost_at = 0.0
        self.charge_point.on_connect(self._connected)
        self.charge_point.on_disconnect(self._disconnected)

    def want(self, connection: bool) -> None:
        """Connect, or disconnect and stay so."""
        self._wanted = connection
        self._watch.look()

    async def run(self) -> None:
        """Stay connected, as long as that is wanted."""
        async with asyncio.TaskGroup() as group:
            if self.network is not None:
                group.create_task(self.network.run())
            group.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        while True:
            await self._watch.until(lambda: self._wanted, None)
            async with self._connection():
                await self._watch.until(lambda: not self._wanted, None)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[None]:
        """Connect, however long it takes, and stay connected."""
        async with AsyncExitStack() as stack:
            for wait in self.charge_point.back_off.waits(random.random):
                try:
                    await stack.enter_async_context(self.charge_point)
                    break
                except OSError as error:
                    url, reason = self.charge_point.url, _reason(error)
                    self._observer.note(f"cannot connect to {url}: {reason}; next try in {wait:.1f} s")
                await asyncio.sleep(wait)
            yield

    def _connected(self) -> None:
        self.online.set()
        self._made(asyncio.get_running_loop().time() - self._lost_at)

    def _disconnected(self) -> None:
        self.online.clear()
        self._lost_at = asyncio.get_running_loop().time()
        self._lost()


def _reason(error: OSError) -> str:
    if isinstance(error, HandshakeFailed):
        return f"the server refuses with HTTP status {error.status}" if (error.status or 0) >= 300 else error.reason
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return error.strerror or str(error) or type(error).__name__
