"""A central system of this library: `python -m benchmarks.servers.ours WAY LOOP HANDLERS`; it prints its port.

WAY is "own", or the ASGI server that carries it: "uvicorn" or "hypercorn". HANDLERS are a key of `HANDLERS`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import uvloop

from ocpp_fast import CallNext, CentralSystem, Context, NoAuth, Station, v16
from ocpp_fast.schema import Action

__all__ = ["HANDLERS", "LOOPS", "WAYS"]

Answer = Callable[[Station, Any], Any]
Register = Callable[[CentralSystem, Action, Answer], None]

_ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(
        status=v16.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
    )


def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=datetime.now(UTC))


def authorize(station: Station, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
    return v16.AuthorizeResponse(id_tag_info=_ACCEPTED)


def start(station: Station, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
    return v16.StartTransactionResponse(transaction_id=request.connector_id, id_tag_info=_ACCEPTED)


def stop(station: Station, request: v16.StopTransactionRequest) -> v16.StopTransactionResponse:
    return v16.StopTransactionResponse(id_tag_info=_ACCEPTED)


def status(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
    return v16.StatusNotificationResponse()


def meter(station: Station, request: v16.MeterValuesRequest) -> v16.MeterValuesResponse:
    return v16.MeterValuesResponse()


ANSWERS: Final[dict[str, Answer]] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "Authorize": authorize,
    "StartTransaction": start,
    "StopTransaction": stop,
    "StatusNotification": status,
    "MeterValues": meter,
}

# How handlers are registered. One that wraps another pays for the call of it.


def plain(central: CentralSystem, action: Action, answer: Answer) -> None:
    central.add(action, answer)


def with_context(central: CentralSystem, action: Action, answer: Answer) -> None:
    def handle(station: Station, request: Any, context: Context[Any]) -> Any:
        return answer(station, request)

    central.add(action, handle)


def with_after(central: CentralSystem, action: Action, answer: Answer) -> None:
    def nothing(station: Station, request: Any) -> None: ...

    request: Any = action.request  # all of these are answered
    central.add(action, answer)
    central.after(request)(nothing)


def as_coroutine(central: CentralSystem, action: Action, answer: Answer) -> None:
    async def handle(station: Station, request: Any) -> Any:
        return answer(station, request)

    central.add(action, handle)


def in_middleware(central: CentralSystem, action: Action, answer: Answer) -> None:
    if action.name == "Heartbeat":  # once: it is around all handlers

        @central.middleware
        async def around(call: Context[Any], call_next: CallNext) -> Any:
            return await call_next(call)

    central.add(action, answer)


HANDLERS: Final[dict[str, Register]] = {
    "def": plain,
    "context": with_context,
    "after": with_after,
    "middleware": in_middleware,
    "async": as_coroutine,
}


def central_of(handlers: str) -> CentralSystem:
    """Return a central system of OCPP 1.6 with handlers of a kind."""
    central = CentralSystem(auth=NoAuth(), versions=[v16])
    for name, answer in ANSWERS.items():
        HANDLERS[handlers](central, v16.VERSION.actions[name], answer)
    return central


async def own(central: CentralSystem) -> None:
    """Serve by the library's own transport."""
    async with central.serve() as server:
        print(server.port, flush=True)
        await server.serve_forever()


async def uvicorn(central: CentralSystem) -> None:
    """Serve as an ASGI application under uvicorn."""
    from uvicorn import Config, Server

    from ocpp_fast.asgi import App

    sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(sock.getsockname()[1], flush=True)
    await Server(Config(App(central), log_level="critical", ws="websockets-sansio")).serve([sock])


async def hypercorn(central: CentralSystem) -> None:
    """Serve as an ASGI application under hypercorn."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from ocpp_fast.asgi import App

    sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = Config()
    config.errorlog = None
    config.bind = [f"fd://{os.dup(sock.fileno())}"]
    print(sock.getsockname()[1], flush=True)
    await serve(App(central), config)  # type: ignore[arg-type]  # it has an ASGI application's type of its own


WAYS: Final[dict[str, Callable[[CentralSystem], Coroutine[Any, Any, None]]]] = {
    "own": own,
    "uvicorn": uvicorn,
    "hypercorn": hypercorn,
}
LOOPS: Final = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}

if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[2]]) as runner:
        runner.run(WAYS[sys.argv[1]](central_of(sys.argv[3])))
