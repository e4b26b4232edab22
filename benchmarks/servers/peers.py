"""What this library is compared with: `python -m benchmarks.servers.peers NAME`, on uvloop; it prints its port.

"picows" and "websockets" read a frame and write an answer with its unique id: no OCPP, and nothing is checked. "ocpp"
is mobilityhouse's package on websockets, as its manual shows it, schemas checked.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import ocpp.routing
import uvloop
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

__all__ = ["PEERS"]

F = TypeVar("F")
on: Callable[[str], Callable[[F], F]] = ocpp.routing.on

_ANSWER: Final = b'[3,"%b",{"currentTime":"2026-01-15T08:00:30.250Z"}]'
_ACCEPTED: Final = IdTagInfo(status=AuthorizationStatus.accepted)


class Canned(WSListener):
    """Answers each frame of its connection."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, _ANSWER % frame.get_payload_as_bytes()[4:40])


async def picows() -> None:
    """Serve canned answers by picows."""
    server = await ws_create_server(lambda request: Canned(), "127.0.0.1", 0, backlog=4096)
    await _serve(server.sockets[0].getsockname()[1])


async def websockets() -> None:
    """Serve canned answers by websockets."""

    async def answer(connection: ServerConnection) -> None:
        async for frame in connection:
            assert isinstance(frame, str)
            await connection.send((_ANSWER % frame[4:40].encode()).decode())

    await _serve_websockets(answer)


class Central(ChargePoint):  # type: ignore[misc]  # the package has no types
    """The central system's end of a connection."""

    @on(Action.boot_notification)
    def boot(self, **request: Any) -> Any:
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(current_time=now, interval=300, status=RegistrationStatus.accepted)

    @on(Action.heartbeat)
    def heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on(Action.authorize)
    def authorize(self, **request: Any) -> Any:
        return call_result.Authorize(id_tag_info=_ACCEPTED)

    @on(Action.start_transaction)
    def start_transaction(self, connector_id: int, **request: Any) -> Any:
        return call_result.StartTransaction(transaction_id=connector_id, id_tag_info=_ACCEPTED)

    @on(Action.stop_transaction)
    def stop_transaction(self, **request: Any) -> Any:
        return call_result.StopTransaction(id_tag_info=_ACCEPTED)

    @on(Action.status_notification)
    def status(self, **request: Any) -> Any:
        return call_result.StatusNotification()

    @on(Action.meter_values)
    def meter(self, **request: Any) -> Any:
        return call_result.MeterValues()


async def package() -> None:
    """Serve a central system of the `ocpp` package."""

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        with suppress(ConnectionClosed):
            await Central(connection.request.path.rpartition("/")[2], connection).start()

    await _serve_websockets(talk)


async def _serve_websockets(talk: Callable[[ServerConnection], Coroutine[Any, Any, None]]) -> None:
    subprotocols = [Subprotocol("ocpp1.6")]
    async with serve(talk, "127.0.0.1", 0, subprotocols=subprotocols, backlog=4096) as server:
        await _serve(next(iter(server.sockets)).getsockname()[1])


async def _serve(port: int) -> None:
    print(port, flush=True)
    await asyncio.get_running_loop().create_future()


PEERS: Final[dict[str, Callable[[], Coroutine[Any, Any, None]]]] = {
    "picows": picows,
    "websockets": websockets,
    "ocpp": package,
}

if __name__ == "__main__":
    logging.disable()  # connections end without a closing handshake
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(PEERS[sys.argv[1]]())
