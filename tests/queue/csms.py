"""A central system that a test switches off and on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from ocpp_fast import CentralSystem, ChargePoint, MemoryQueue, Retries, Server, Station, v16, v201
from ocpp_fast.schema import Response

from ..aio.exchanges import BOOTED
from ..aio.harness import central_system, until
from ..aio.scripted_server import charge_point
from .transactions import started

AT_ONCE: Final = Retries(interval=0, attempts=3)
METERED: Final = v16.MeterValuesResponse()
STOPPED: Final = v16.StopTransactionResponse()
EVENT: Final = v201.TransactionEventResponse()


class Csms:
    """A central system that can be switched off and on, and keeps the CALLs that came; `says` is asked for answers.

    What `says` returns is the answer, or awaited before it; an exception is raised, and None is no answer.
    """

    def __init__(self, *, says: Callable[[Any], Any] = lambda _: ...) -> None:
        self.central: CentralSystem = central_system()
        self.frames: list[bytes] = []
        self.payloads: list[Any] = []
        self._says = says
        self._numbers = iter(range(71, 1000))
        self._stack = AsyncExitStack()
        self._port = 0
        answers: Any = {
            v16.StartTransactionRequest: lambda: started(next(self._numbers)),
            v16.MeterValuesRequest: lambda: METERED,
            v16.StopTransactionRequest: lambda: STOPPED,
            v201.TransactionEventRequest: lambda: EVENT,
            v16.BootNotificationRequest: lambda: BOOTED,
        }
        for request, answer in answers.items():
            self.central.on(request)(self._handler(request, answer))
        self.central.on_frame(lambda direction, _, raw: self.frames.append(raw) if direction == "in" else None)

    def _handler(self, kind: Any, answer: Callable[[], Any]) -> Any:
        async def handle(station: Station, request: Any) -> Any:
            self.payloads.append(request)
            said = self._says(request)
            if isinstance(said, BaseException):
                raise said
            if said is None:
                await asyncio.Event().wait()
            if isinstance(said, Awaitable):
                await said
            return said if isinstance(said, Response) else answer()

        handle.__annotations__ = {"request": kind, "station": Station}
        return handle

    async def on(self) -> Server:
        server = await self._stack.enter_async_context(self.central.serve(port=self._port, grace=0.0))
        self._port = server.port
        return server

    async def off(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    async def leave(self, station: ChargePoint) -> None:
        """Be off, and wait until a station has noticed."""
        await self.off()
        await until(lambda: not station.connected)

    async def __aenter__(self) -> Csms:
        self.url = (await self.on()).url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.off()

    def calls(self) -> list[tuple[str, Any]]:
        """The CALLs that came: id and payload."""
        elements = [json.loads(raw) for raw in self.frames]
        return [(each[1], each[3]) for each in elements if each[0] == 2]

    def station(self, **options: Any) -> ChargePoint:
        """A station of 2.0.1 and 1.6, which speaks 1.6 if not told otherwise."""
        defaults: dict[str, Any] = {"queue": MemoryQueue(), "retries": AT_ONCE}
        return charge_point(self.url, **defaults | options)
