"""Both ends of the library's WebSocket with nothing of OCPP above them: text messages are sent back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from ocpp_fast import CentralSystem, Limit, NoAuth, v16
from ocpp_fast.aio import central_system
from ocpp_fast.aio.client_handshake import ClientOpening
from ocpp_fast.aio.sockets import Allowance, Sockets
from ocpp_fast.aio.transport import Transport
from ocpp_fast.aio.websocket import WebSocket

__all__ = ["AGENT", "drive_client", "serving_echo"]

AGENT: Final = "ocpp_fast"
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of the largest message of all cases."""
FRAGMENTS: Final = 65_536
"""The most that a message of any case has."""
SECONDS: Final = 10.0
"""How long a handshake may take, the opening one or the closing one."""


class Echo:
    """The owner of a transport; `last` is the last message."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.last = b""

    def message_received(self, raw: bytes) -> None:
        self.last = raw
        self._transport.send(raw)

    def transport_closed(self, code: int, reason: str) -> None:
        """The cases judge that."""

    def limit_reached(self, limit: Limit, detail: str = "") -> None:
        """The cases judge that, too."""


class OfferingSocket(WebSocket):
    """A server's connection whose client offers OCPP 1.6, though the fuzzing client offers no subprotocol at all."""

    _has_offered = False

    def buffer_updated(self, nbytes: int) -> None:
        if not self._has_offered:
            self._has_offered = True
            buffer = self.get_buffer(-1)
            head = bytes(buffer[:nbytes]).replace(b"\r\n", b"\r\nSec-WebSocket-Protocol: ocpp1.6\r\n", 1)
            nbytes = len(head)
            buffer[:nbytes] = head
        super().buffer_updated(nbytes)


@asynccontextmanager
async def serving_echo() -> AsyncIterator[str]:
    """Serve on a free port; the URL is yielded."""
    central = CentralSystem(
        auth=NoAuth(),
        versions=[v16],
        ping_interval=0,  # a ping would end a case
        open_timeout=SECONDS,
        close_timeout=SECONDS,
        max_message_size=LARGEST,
    )
    runtime: Any = central._runtime
    runtime.arrived = lambda transport, *_: Echo(transport)
    runtime.registrations.store("CP1", "Accepted")  # or it may not send large messages
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(central_system, "WebSocket", OfferingSocket)
        async with central.serve() as server:
            server._sockets.max_fragments = FRAGMENTS
            yield f"{server.url}/CP1"


async def drive_client(port: int, *, at_once: int) -> None:
    """Let a fuzzing server run all its cases, so many at the same time, and make its report."""
    limit = asyncio.Semaphore(at_once)

    async def run(number: int) -> None:
        async with limit:
            await _connect(port, f"/runCase?case={number}&agent={AGENT}")

    count = int(await _connect(port, "/getCaseCount"))
    async with asyncio.TaskGroup() as cases:
        for number in range(1, count + 1):
            cases.create_task(run(number))
    await _connect(port, f"/updateReports?agent={AGENT}")


async def _connect(port: int, path: str) -> bytes:
    """Connect, echo until the server closes, and return the last message."""

    sockets = Sockets(
        max_message_size=LARGEST,
        unfinished=Allowance(10 * LARGEST),
        open_timeout=SECONDS,
        close_timeout=SECONDS,
        ping_interval=0,
    )
    sockets.max_fragments = FRAGMENTS
    url = f"ws://127.0.0.1:{port}{path}"
    opening = ClientOpening(url, [], lambda transport, _: Echo(transport), authorization=None, max_message_size=LARGEST)
    _, websocket = await asyncio.get_running_loop().create_connection(
        lambda: WebSocket(sockets, opening, masks=True), "127.0.0.1", port
    )
    owner = await opening.outcome
    await websocket.wait_closed()
    sockets.close()
    return owner.last
