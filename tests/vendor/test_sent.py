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
    ACCEPTED,
    NOTE,
    PING,
    PRICE,
    PRICE_JSON,
    SHOW_PRICE,
    SHOWN,
    SHOWN_JSON,
    VERSIONS,
    Note,
    Ping,
    PriceShown,
    ShowPrice,
    central_system,
    every_version,
    handler_of,
    peer_of,
)

SENT: Final[dict[str, tuple[Any, dict[str, Any], dict[str, Any], Any]]] = {
    "a reply": (PRICE, SHOW_PRICE | {"value": PRICE_JSON}, {"value": SHOWN_JSON}, SHOWN),
    "no data": (Ping(), PING, {}, None),
    "no data, where there may be": (Note(), NOTE, {}, None),
    "data, where there may be": (
        Note(text="A"),
        NOTE | {"value": {"text": "A"}},
        {"value": {"text": "B"}},
        PriceShown(text="B"),
    ),
}


@pytest.mark.parametrize("case", SENT)
@every_version
@on_one_loop
async def test_payload_is_sent_and_the_reply_is_typed(number: str, case: str) -> None:
    message, request, answer, reply = SENT[case]
    async with peer_of(central_system(), number) as (peer, station):
        found, asked = await asyncio.gather(station.transfer(message), peer.answer(ACCEPTED | answer))
        assert (found, asked) == (reply, peer.wire(request))


@pytest.mark.parametrize("status", ["Rejected", "UnknownVendorId", "UnknownMessageId"])
@every_version
@on_one_loop
async def test_answer_other_than_accepted_raises(number: str, status: str) -> None:
    why = {} if number == "1.6" else {"statusInfo": {"reasonCode": "Busy", "additionalInfo": "ask later"}}
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(TransferRefused) as caught:
            await asyncio.gather(station.transfer(PRICE), peer.answer({"status": status, "data": "x"} | why))
    error = caught.value
    assert isinstance(error, OcppError)
    reason = ("Busy", "ask later") if why else ("", "")
    assert (error.status, error.data, error.reason_code, error.additional_info) == (status, "x", *reason)
    assert str(error) == (f"CP1: {status}: Busy: ask later" if why else f"CP1: {status}")


BROKEN: Final[dict[str, tuple[Any, dict[str, Any], str]]] = {
    "missing": (PRICE, {"value": {}}, "data.text: expected a value"),
    "type": (PRICE, {"value": {"text": 1}}, "data.text: expected string"),
    "no object": (PRICE, {"value": 1}, "data: expected object"),
    "no data": (PRICE, {}, "data.text: expected a value"),
    "data where none was declared": (Ping(), {"value": {"a": 1}}, "data: expected nothing"),
}


@pytest.mark.parametrize("fault", BROKEN)
@every_version
@on_one_loop
async def test_reply_that_breaks_its_declaration_raises_and_is_refused_in_21(number: str, fault: str) -> None:
    message, answer, complaint = BROKEN[fault]
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(InvalidResult) as caught:
            await asyncio.gather(station.transfer(message), peer.answer(ACCEPTED | answer))
        assert str(caught.value) == f"CP1: {complaint}"
        if number == "2.1":
            kind, _, _, description, _ = await peer.receive()
            assert (kind, description) == (5, complaint)
        await asyncio.gather(station.transfer(Ping()), peer.answer())


@every_version
@on_one_loop
async def test_invalid_payload_raises_before_a_byte_is_sent(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(ValidationError) as caught:
            await station.transfer(ShowPrice(connector_id=1, price=1, currency="Euro"))
        assert (caught.value.path, caught.value.rule) == ("data.currency", "maxLength")
        with pytest.raises(ValidationError, match=r"data\.price: expected number"):
            await station.transfer(ShowPrice(connector_id=1, price="1"))  # type: ignore[arg-type]  # meant
        _, asked = await asyncio.gather(station.transfer(Ping()), peer.answer())
        assert asked == PING


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
    central.on(Ping)(handler_of(None))
    async with peer_of(central, "1.6") as (peer, station):
        with pytest.raises(VersionMismatch):
            await station.transfer(PRICE)
        assert (await peer.transfer(PING))[2] == "NotImplemented"


# Both sides are ours


@every_version
@on_one_loop
async def test_both_sides_exchange_typed_messages(number: str) -> None:
    def note(station: Station, message: Note) -> PriceShown | None:
        return PriceShown(text=message.text.upper()) if message.text else None

    central = central_system({Note: note})
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
