"""A vendor's messages, and the peer with which the tests of this folder exchange them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, Station, v16, v21, v201
from ocpp_fast.schema import DataTransfer, Response, Str3, Str20, Struct, Version

VERSIONS: Final[dict[str, Any]] = {"1.6": v16, "2.0.1": v201, "2.1": v21}
FORMAT: Final = {"1.6": "FormationViolation", "2.0.1": "FormatViolation", "2.1": "FormatViolation"}
OCCURRENCE: Final = {
    "1.6": "OccurenceConstraintViolation",
    "2.0.1": "OccurrenceConstraintViolation",
    "2.1": "OccurrenceConstraintViolation",
}
TYPE: Final = dict.fromkeys(VERSIONS, "TypeConstraintViolation")
PROPERTY: Final = dict.fromkeys(VERSIONS, "PropertyConstraintViolation")

every_version = pytest.mark.parametrize("number", VERSIONS)


class PriceShown(Response):
    """What the display shows."""

    text: Str20
    since: datetime | None = None


class ShowPrice(DataTransfer[PriceShown], vendor_id="com.example", message_id="ShowPrice"):
    """Shows a price."""

    connector_id: int
    price: float
    currency: Str3 | None = None


class Ping(DataTransfer[None], vendor_id="com.example", message_id="Ping"):
    """Has no data, and none in its answer."""


class Note(DataTransfer[PriceShown | None], vendor_id="org.other"):
    """The one message of its vendor; its answer may have data."""

    text: Str20 | None = None


class Sign(Struct):
    """A part of a message."""

    lines: list[Str20]


class ShowSigns(DataTransfer[None], vendor_id="com.example", message_id="ShowSigns"):
    """Has nested parts."""

    signs: list[Sign]
    since: datetime


PRICE: Final = ShowPrice(connector_id=1, price=0.35, currency="EUR")
PRICE_JSON: Final = {"connectorId": 1, "price": 0.35, "currency": "EUR"}
SHOWN: Final = PriceShown(text="0.35 EUR")
SHOWN_JSON: Final = {"text": "0.35 EUR"}


def central_system(**options: Any) -> CentralSystem:
    return CentralSystem(auth=NoAuth(), versions=list(VERSIONS.values()), **options)


class Peer:
    """A station that sends what the test says."""

    def __init__(self, socket: ClientConnection, number: str) -> None:
        self._socket = socket
        self._number = number

    async def send(self, message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def receive(self) -> Any:
        return json.loads(await self._socket.recv())

    async def transfer(self, **payload: Any) -> Any:
        """Send a DataTransfer; its answer. `value` is what shall be in `data`, as the version has it."""
        if "value" in payload:
            payload |= data(self._number, payload.pop("value"))
        await self.send([2, "1", "DataTransfer", payload])
        answer = await self.receive()
        assert answer[1] == "1"
        return answer

    async def show_price(self, value: Any = PRICE_JSON) -> Any:
        """Send a ShowPrice with any value; its answer."""
        return await self.transfer(vendorId="com.example", messageId="ShowPrice", value=value)

    async def answer(self, payload: dict[str, Any]) -> Any:
        """Answer the next call; its payload."""
        kind, unique_id, action, request = await self.receive()
        assert (kind, action) == (2, "DataTransfer")
        await self.send([3, unique_id, payload])
        return request


def on_wire(number: str, value: Any) -> Any:
    """What stands in `data` for a value."""
    return json.dumps(value, separators=(",", ":")) if number == "1.6" else value


def data(number: str, value: Any) -> dict[str, Any]:
    """A payload's `data` for a value."""
    return {"data": on_wire(number, value)}


def off_wire(number: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A payload with what its `data` stands for."""
    if number == "1.6" and "data" in payload:
        return payload | {"data": json.loads(payload["data"])}
    return payload


@asynccontextmanager
async def peer_of(central: CentralSystem, number: str) -> AsyncIterator[tuple[Peer, Station]]:
    """A peer of a version, and the station that the central system sees."""
    async with central.serve(grace=1.0) as server:
        subprotocol = Subprotocol(f"ocpp{number}")
        async with connect(f"{server.url}/CP1", subprotocols=[subprotocol], compression=None) as socket:
            yield Peer(socket, number), await central.wait_connected("CP1")


def refusing(error: Exception) -> Callable[..., Any]:
    def handler(*_: object) -> Any:
        raise error

    return handler


@asynccontextmanager
async def connected(central: CentralSystem, version: Version) -> AsyncIterator[ChargePoint]:
    """A charge point of a version, connected."""
    async with central.serve(grace=1.0) as server, ChargePoint("CP1", server.url, versions=[version]) as station:
        yield station
