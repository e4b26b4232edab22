"""A bus of a test, and what it delivered and told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeAlias, TypeVar

from ocpp_fast.cluster.bus import Bus
from ocpp_fast.cluster.nats import NatsBus

from ..aio.harness import until
from .servers import NatsServer

Message: TypeAlias = tuple[str, str, bytes]


B = TypeVar("B", bound=Bus)


class End(Generic[B]):
    """A bus with the subscriptions of a test: `got` are its messages, `told` is "back" or "lost", in order."""

    def __init__(self, bus: B, *subjects: str, queue: str = "") -> None:
        self.bus = bus
        self.got: list[Message] = []
        self.told: list[str] = []
        for subject in subjects:
            bus.subscribe(subject, lambda *message: self.got.append(message), queue=queue)

    async def start(self) -> None:
        """Start the bus."""
        await self.bus.start(on_lost=lambda: self.told.append("lost"), on_back=lambda: self.told.append("back"))

    async def back(self, times: int = 2) -> None:
        """Wait until it has been connected so often; each time but the first one after a loss."""
        wanted = ["back", *["lost", "back"] * (times - 1)]
        await until(lambda: len(self.told) >= len(wanted))
        assert self.told == wanted
        assert self.bus.connected

    async def gets(self, *messages: Message) -> None:
        """Wait until these messages, and no others, have come."""
        await until(lambda: len(self.got) >= len(messages))
        assert self.got == [*messages]


@asynccontextmanager
async def started(bus: B, *subjects: str, queue: str = "") -> AsyncIterator[End[B]]:
    """Start a bus with subscriptions, and close it in the end."""
    end = End(bus, *subjects, queue=queue)
    await end.start()
    try:
        yield end
    finally:
        await bus.close()


def bus_of(*servers: NatsServer, name: str = "test", **options: Any) -> NatsBus:
    """Return a bus on these servers, with the options of `NatsBus`."""
    return NatsBus([server.url for server in servers], name=name, **options)


def server_of(bus: NatsBus, servers: list[NatsServer]) -> NatsServer:
    """Return the server that a bus is connected to."""
    connected = bus.client.connected_url
    assert connected is not None
    return next(server for server in servers if server.port == connected.port)


MakeBus: TypeAlias = Callable[[str], Bus]
