"""A vendor's messages, and the peer with which the tests of this folder exchange them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, Station, v16, v21, v201
from ocpp_fast.schema import DataTransfer, Response, Str3, Str20, Struct, Version

from ..aio.harness import on_one_loop

VERSIONS: Final[dict[str, Any]] = {"1.6": v16, "2.0.1": v201, "2.1": v21}
OLD_SPELLINGS: Final = {
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
}

every_version = pytest.mark.parametrize("number", VERSIONS)


def in_every_version(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function, run for the number of each version; a decorator."""
    marked: Callable[..., None] = every_version(on_one_loop(test))
    return marked


class PriceShown(Response):
    text: Str20
    since: datetime | None = None


class Sign(Struct):
    lines: list[Str20]


class ShowPrice(DataTransfer[PriceShown], vendor_id="com.example", message_id="ShowPrice"):
    connector_id: int
    price: float
    currency: Str3 | None = None
    signs: list[Sign] | None = None


class Ping(DataTransfer[None], vendor_id="com.example", message_id="Ping"):
    """Has no data, and none in its answer."""


class Note(DataTransfer[PriceShown | None], vendor_id="org.other"):
    """The one message of its vendor; its answer may have data."""

    text: Str20 | None = None


SHOW_PRICE: Final = {"vendorId": "com.example", "messageId": "ShowPrice"}
PING: Final = {"vendorId": "com.example", "messageId": "Ping"}
NOTE: Final = {"vendorId": "org.other"}
ACCEPTED: Final = {"status": "Accepted"}

PRICE: Final = ShowPrice(connector_id=1, price=0.35, currency="EUR")
PRICE_JSON: Final = {"connectorId": 1, "price": 0.35, "currency": "EUR"}
SHOWN: Final = PriceShown(text="0.35 EUR", since=datetime(2026, 1, 1, tzinfo=UTC))
SHOWN_JSON: Final = {"text": "0.35 EUR", "since": "2026-01-01T00:00:00.000Z"}


def spelled(number: str, code: str) -> str:
    """An error code as a version spells it."""
    return OLD_SPELLINGS.get(code, code) if number == "1.6" else code


def central_system(handlers: Mapping[Any, Callable[..., Any]] | None = None, **options: Any) -> CentralSystem:
    options.setdefault("versions", list(VERSIONS.values()))
    central = CentralSystem(auth=NoAuth(), **options)
    register: Any = central.on
    for message, handler in (handlers or {}).items():
        register(message)(handler)
    return central


def handler_of(outcome: Any, *, later: bool = False) -> Callable[..., Any]:
    """A handler that returns its outcome or, if that is an exception, raises it; `later` makes it a coroutine."""

    def handle(*_: object) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def handle_later(*_: object) -> Any:
        return handle()

    return handle_later if later else handle


class Peer:
    """A station that sends what the test says."""

    def __init__(self, socket: ClientConnection, number: str) -> None:
        self._socket = socket
        self._number = number

    def wire(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A payload with its `value`, if it has one, as the version's `data`: in 1.6 that is a text of JSON."""
        if "value" not in payload:
            return dict(payload)
        value = json.dumps(payload["value"], separators=(",", ":")) if self._number == "1.6" else payload["value"]
        return {key: each for key, each in payload.items() if key != "value"} | {"data": value}

    async def send(self, message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def receive(self) -> Any:
        return json.loads(await self._socket.recv())

    async def transfer(self, payload: Mapping[str, Any], **more: Any) -> Any:
        """Send a DataTransfer, which may have a `value`; its answer."""
        await self.send([2, "1", "DataTransfer", self.wire({**payload, **more})])
        answer = await self.receive()
        assert answer[1] == "1"
        return answer

    async def answer(self, payload: Mapping[str, Any] = ACCEPTED) -> Any:
        """Answer the next call, maybe with a `value`; its payload."""
        kind, unique_id, action, request = await self.receive()
        assert (kind, action) == (2, "DataTransfer")
        await self.send([3, unique_id, self.wire(payload)])
        return request


@asynccontextmanager
async def peer_of(central: CentralSystem, number: str) -> AsyncIterator[tuple[Peer, Station]]:
    """A peer of a version, and the station that the central system sees."""
    async with central.serve(grace=1.0) as server:
        subprotocol = Subprotocol(f"ocpp{number}")
        async with connect(f"{server.url}/CP1", subprotocols=[subprotocol], compression=None) as socket:
            yield Peer(socket, number), await central.wait_connected("CP1")


@asynccontextmanager
async def connected(central: CentralSystem, version: Version) -> AsyncIterator[ChargePoint]:
    """A charge point of a version, connected."""
    async with central.serve(grace=1.0) as server, ChargePoint("CP1", server.url, versions=[version]) as station:
        yield station
