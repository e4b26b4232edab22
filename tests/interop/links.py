"""Connections over real sockets between one side of ours and the other side of the `ocpp` package."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, TypeVar

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ocpp_fast import CentralSystem, ChargePoint, Direction, NoAuth, v16
from ocpp_fast.schema import CENTRAL, STATION, Request, Sender

from .package import Package

T = TypeVar("T")

ROLES = (CENTRAL, STATION)


class Script:
    """The handler of everything on one side: it keeps what it was asked, and answers as it was told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answer: Any = None
        """What the handler returns, or the exception that it raises."""

    def __call__(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Link:
    """An open connection: `ours` is our `Station` or `ChargePoint`, `theirs` the package's `ChargePoint`."""

    ours: Any
    theirs: Any
    socket: Connection
    """Their end of the WebSocket."""

    def __init__(self, package: Package, endpoint: CentralSystem | ChargePoint, *, handles: bool) -> None:
        self.package = package
        self.our_script = Script()
        self.their_script = Script()
        self.frames: list[tuple[Direction, Any]] = []
        """What went over the wire, seen from our side; a text that is not JSON stands as it is."""
        endpoint.on_frame(self._frame)
        peer = STATION if isinstance(endpoint, CentralSystem) else CENTRAL
        for action in package.version.actions.values() if handles else ():
            if action.sender & peer and issubclass(action.request, Request):
                endpoint.add(action, lambda *asked: self.our_script(asked[-1]))

    def reset(self) -> None:
        self.our_script.asked.clear()
        self.their_script.asked.clear()
        self.frames.clear()

    def connect(self, socket: Connection, *, careless: bool) -> None:
        """Put their charge point on a WebSocket."""
        self.socket = socket
        self.theirs = self.package.charge_point(socket, self.their_script, careless=careless)

    def accept(self) -> None:
        """Let both sides accept any DataTransfer."""
        self.their_script.answer = self.package.payload("call_result", "DataTransfer", {"status": "Accepted"})
        module = self.package.module
        status = module.DataTransferStatus if module is v16 else module.DataTransferStatusEnumType
        self.our_script.answer = module.DataTransferResponse(status=status.ACCEPTED)

    async def they_transfer(self) -> Any:
        call = self.package.payload("call", "DataTransfer", {"vendorId": "V"})
        return await self.theirs.call(call, suppress=False)

    async def we_transfer(self) -> Any:
        return await self.ours.call(self.package.module.DataTransferRequest(vendor_id="V"))

    async def read(self) -> None:
        """Let their side read until the connection ends."""
        with suppress(ConnectionClosed):
            await self.theirs.start()

    def _frame(self, direction: Direction, _: object, raw: bytes) -> None:
        try:
            self.frames.append((direction, json.loads(raw)))
        except ValueError:
            self.frames.append((direction, raw))


@asynccontextmanager
async def our_central_system(
    package: Package, *, handles: bool = True, careless: bool = False, compression: str | None = "deflate"
) -> AsyncIterator[Link]:
    """Open a link from a charge point of the package to our central system.

    We handle everything or nothing; a careless peer does not validate what its handlers are asked and answer.
    """
    central = CentralSystem(auth=NoAuth(), versions=[package.version])
    link = Link(package, central, handles=handles)
    subprotocols = [Subprotocol(package.version.subprotocol)]
    async with central.serve() as server:
        async with connect(f"{server.url}/CP001", subprotocols=subprotocols, compression=compression) as socket:
            link.connect(socket, careless=careless)
            link.ours = await central.wait_connected("CP001")
            reader = asyncio.create_task(link.read())
            yield link
        await reader


@asynccontextmanager
async def our_charge_point(package: Package, *, handles: bool = True, careless: bool = False) -> AsyncIterator[Link]:
    """Open a link from our charge point to a central system of the package; as `our_central_system`."""

    async def accept(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == "/CP001"
        link.connect(socket, careless=careless)
        await link.read()

    async with serve(accept, "127.0.0.1", 0, subprotocols=[Subprotocol(package.version.subprotocol)]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        station = ChargePoint("CP001", f"ws://127.0.0.1:{port}", versions=[package.version])
        link = Link(package, station, handles=handles)
        link.ours = station
        async with station:
            yield link


def opener(ours: Sender) -> Callable[..., AbstractAsyncContextManager[Link]]:
    """Return what opens a link on which we play a role."""
    return our_central_system if ours is CENTRAL else our_charge_point


class Links:
    """Links that are kept open, in an event loop that stands still between tests."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._links: dict[tuple[Sender, str], Link] = {}

    def open(self, ours: Sender, package: Package) -> Link:
        """Return the link on which we play the role `ours`, a new one if it was lost."""
        key = ours, package.name
        if key not in self._links or not self._links[key].ours.connected:
            self._links[key] = self.run(self._stack.enter_async_context(opener(ours)(package)))
        self._links[key].reset()
        return self._links[key]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns; it has ten seconds."""
        return self._runner.run(asyncio.wait_for(work, 10))

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._runner.close()


def on_a_new_link(
    ours: Sender, package: Package, check: Callable[[Link], Coroutine[Any, Any, None]], **options: Any
) -> None:
    """Run a check on a link of its own, which has `options`; it has ten seconds."""

    async def main() -> None:
        async with asyncio.timeout(10), opener(ours)(package, **options) as link:
            await check(link)

    asyncio.run(main())
