"""Vendors' messages that are sent: the same frames, replies and errors in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    CentralSystem,
    ChargePoint,
    Disconnected,
    InvalidResult,
    NoAuth,
    OcppError,
    Station,
    TransferRefused,
    ValidationError,
    VersionMismatch,
    v16,
)
from ocpp_fast.schema import Profile, Version

from ..aio.harness import on_one_loop
from .exchange import (
    PRICE,
    PRICE_JSON,
    SHOWN,
    SHOWN_JSON,
    VERSIONS,
    Note,
    Ping,
    PriceShown,
    ShowPrice,
    central_system,
    data,
    every_version,
    off_wire,
    peer_of,
)


@every_version
@on_one_loop
async def test_payload_is_sent_and_the_reply_is_typed(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        request = await peer.answer({"status": "Accepted"} | data(number, SHOWN_JSON))
        assert off_wire(number, request) == {
            "vendorId": "com.example",
            "messageId": "ShowPrice",
            "data": PRICE_JSON,
        }
        assert await sent == SHOWN


@every_version
@on_one_loop
async def test_messages_and_replies_without_data_are_sent_without(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        ping = asyncio.create_task(station.transfer(Ping()))
        assert await peer.answer({"status": "Accepted"}) == {"vendorId": "com.example", "messageId": "Ping"}
        await ping

        note = asyncio.create_task(station.transfer(Note()))
        assert await peer.answer({"status": "Accepted"}) == {"vendorId": "org.other"}
        assert await note is None

        note = asyncio.create_task(station.transfer(Note(text="A")))
        request = await peer.answer({"status": "Accepted"} | data(number, {"text": "B"}))
        assert request == {"vendorId": "org.other"} | data(number, {"text": "A"})
        assert await note == PriceShown(text="B")


@pytest.mark.parametrize("status", ["Rejected", "UnknownVendorId", "UnknownMessageId"])
@every_version
@on_one_loop
async def test_answer_other_than_accepted_raises(number: str, status: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        why = {"reasonCode": "Busy", "additionalInfo": "ask later"}
        await peer.answer({"status": status, "data": "x"} | ({} if number == "1.6" else {"statusInfo": why}))
        with pytest.raises(TransferRefused) as caught:
            await sent
    error = caught.value
    assert isinstance(error, OcppError)
    assert (error.status, error.data) == (status, "x")
    if number == "1.6":
        assert str(error) == f"CP1: {status}"
    else:
        assert (error.reason_code, error.additional_info) == ("Busy", "ask later")
        assert str(error) == f"CP1: {status}: Busy: ask later"


REPLIES: Final[dict[str, tuple[Any, str]]] = {
    "missing": ({}, "data.text: expected a value"),
    "type": ({"text": 1}, "data.text: expected string"),
    "no object": (1, "data: expected object"),
}


@pytest.mark.parametrize("fault", REPLIES)
@every_version
@on_one_loop
async def test_reply_that_breaks_its_declaration_raises_and_is_refused_in_21(number: str, fault: str) -> None:
    value, complaint = REPLIES[fault]
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        await peer.answer({"status": "Accepted"} | data(number, value))
        with pytest.raises(InvalidResult) as caught:
            await sent
        assert str(caught.value) == f"CP1: {complaint}"
        if number == "2.1":
            kind, _, _, description, _ = await peer.receive()
            assert (kind, description) == (5, complaint)
        again = asyncio.create_task(station.transfer(Ping()))
        await peer.answer({"status": "Accepted"})
        await again


@every_version
@on_one_loop
async def test_reply_without_the_data_that_it_must_have_raises(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        await peer.answer({"status": "Accepted"})
        with pytest.raises(InvalidResult, match=r"data\.text: expected a value"):
            await sent


@every_version
@on_one_loop
async def test_reply_with_data_where_none_was_declared_raises(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(Ping()))
        await peer.answer({"status": "Accepted"} | data(number, {"a": 1}))
        with pytest.raises(InvalidResult, match="data: expected nothing"):
            await sent


@every_version
@on_one_loop
async def test_invalid_payload_raises_before_a_byte_is_sent(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(ValidationError) as caught:
            await station.transfer(ShowPrice(connector_id=1, price=1, currency="Euro"))
        assert (caught.value.path, caught.value.rule) == ("data.currency", "maxLength")
        with pytest.raises(ValidationError, match=r"data\.price: expected number"):
            await station.transfer(ShowPrice(connector_id=1, price="1"))  # type: ignore[arg-type]  # meant
        again = asyncio.create_task(station.transfer(Ping()))
        assert (await peer.answer({"status": "Accepted"}))["messageId"] == "Ping"
        await again


@every_version
@on_one_loop
async def test_a_transfer_ends_as_any_other_call_does(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(CallTimeout):
            await station.transfer(PRICE, timeout=0.01)
        await peer.receive()

        sent = asyncio.create_task(station.transfer(PRICE))
        _, unique_id, *_ = await peer.receive()
        await peer.send([4, unique_id, "NotImplemented", "", {}])
        with pytest.raises(CallError, match="NotImplemented"):
            await sent

        sent = asyncio.create_task(station.transfer(PRICE))
        await peer.receive()
        await station.close()
        with pytest.raises(Disconnected):
            await sent


@on_one_loop
async def test_version_without_data_transfer_mismatches() -> None:
    bare = Version(
        "1.6",
        [Profile("Bare", [v16.HeartbeatRequest])],
        central_shortcuts=v16.CentralSystemShortcuts,
        station_shortcuts=v16.ChargePointShortcuts,
    )
    central = CentralSystem(auth=NoAuth(), versions=[bare])
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, "1.6") as (peer, station):
        with pytest.raises(VersionMismatch):
            await station.transfer(PRICE)
        answer = await peer.transfer(vendorId="com.example", messageId="Ping")
        assert answer[2] == "NotImplemented"


# Both sides are ours


@every_version
@on_one_loop
async def test_both_sides_exchange_typed_messages(number: str) -> None:
    central = central_system()

    @central.on(Note)
    def note(station: Station, message: Note) -> PriceShown | None:
        return PriceShown(text=message.text.upper()) if message.text else None

    async with central.serve(grace=1.0) as server:
        station = ChargePoint("CP1", server.url, versions=[VERSIONS[number]])

        @station.on(ShowPrice)
        async def show(message: ShowPrice) -> PriceShown:
            if message.connector_id == 2:
                raise TransferRefused(reason_code="NoDisplay")
            return PriceShown(text=f"{message.price} {message.currency}", since=datetime(2026, 1, 1, tzinfo=UTC))

        async with station:
            shown = await central["CP1"].transfer(PRICE)
            assert shown == PriceShown(text="0.35 EUR", since=datetime(2026, 1, 1, tzinfo=UTC))
            with pytest.raises(TransferRefused):
                await central["CP1"].transfer(PRICE.replace(connector_id=2))
            with pytest.raises(TransferRefused, match="UnknownMessageId"):
                await central["CP1"].transfer(Ping())
            assert await station.transfer(Note(text="a")) == PriceShown(text="A")
            assert await station.transfer(Note()) is None
            with pytest.raises(TransferRefused, match="UnknownVendorId"):
                await station.transfer(Ping())
        with pytest.raises(Disconnected):
            await station.transfer(Ping())
