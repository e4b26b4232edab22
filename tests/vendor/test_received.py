"""Vendors' messages that are received: the same handlers, faults and answers in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ocpp_fast import (
    CallError,
    Context,
    Fault,
    Policy,
    Router,
    Station,
    TransferRefused,
    UnhandledActions,
    on,
    v201,
)

from ..aio.harness import on_one_loop
from .exchange import (
    FORMAT,
    OCCURRENCE,
    PRICE,
    PRICE_JSON,
    PROPERTY,
    SHOWN,
    SHOWN_JSON,
    TYPE,
    VERSIONS,
    Note,
    Ping,
    PriceShown,
    ShowPrice,
    ShowSigns,
    central_system,
    data,
    every_version,
    off_wire,
    peer_of,
    refusing,
)


@every_version
@on_one_loop
async def test_handler_gets_the_typed_payload_and_its_reply_is_the_data_of_the_answer(number: str) -> None:
    central = central_system()
    received = []

    @central.on(ShowPrice)
    def show(station: Station, message: ShowPrice) -> PriceShown:
        received.append((station.id, message))
        return PriceShown(text="shown", since=datetime(2026, 1, 1, tzinfo=UTC))

    async with peer_of(central, number) as (peer, _):
        kind, _, answer = await peer.show_price()
    assert kind == 3
    shown = {"text": "shown", "since": "2026-01-01T00:00:00.000Z"}
    assert off_wire(number, answer) == {"status": "Accepted", "data": shown}
    assert received == [("CP1", PRICE)]


@every_version
@on_one_loop
async def test_handler_may_be_async_call_its_station_and_ask_for_the_context(number: str) -> None:
    central = central_system()
    contexts = []

    @central.on(ShowPrice)
    async def show(station: Station, message: ShowPrice, context: Context) -> PriceShown:
        contexts.append(context)
        await station.transfer(Ping())
        return SHOWN

    async with peer_of(central, number) as (peer, _):
        request = {"vendorId": "com.example", "messageId": "ShowPrice"} | data(number, PRICE_JSON)
        await peer.send([2, "7", "DataTransfer", request])
        assert await peer.answer({"status": "Accepted"}) == {"vendorId": "com.example", "messageId": "Ping"}
        answer = await peer.receive()
    assert answer == [3, "7", {"status": "Accepted"} | data(number, SHOWN_JSON)]
    assert [(each.unique_id, each.action.name) for each in contexts] == [("7", "DataTransfer")]


@every_version
@on_one_loop
async def test_replies_without_data(number: str) -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    central.on(Note)(lambda station, message: None if message.text is None else PriceShown(text=message.text))
    async with peer_of(central, number) as (peer, _):
        assert await peer.transfer(vendorId="com.example", messageId="Ping") == [3, "1", {"status": "Accepted"}]
        assert await peer.transfer(vendorId="org.other") == [3, "1", {"status": "Accepted"}]
        answer = await peer.transfer(vendorId="org.other", value={"text": "A"})
        assert answer == [3, "1", {"status": "Accepted"} | data(number, {"text": "A"})]


@every_version
@pytest.mark.parametrize("nothing", [{}, None])
@on_one_loop
async def test_no_data_is_an_object_without_fields(number: str, nothing: Any) -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(vendorId="com.example", messageId="Ping", value=nothing)
        assert answer == [3, "1", {"status": "Accepted"}]


@on_one_loop
async def test_empty_text_is_no_data_in_16() -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, "1.6") as (peer, _):
        answer = await peer.transfer(vendorId="com.example", messageId="Ping", data="")
        assert answer == [3, "1", {"status": "Accepted"}]


BROKEN: Final[dict[str, tuple[Any, dict[str, str], str]]] = {
    "type": ({"connectorId": 1, "price": "x"}, TYPE, "data.price: expected number"),
    "missing": ({"connectorId": 1}, OCCURRENCE, "data.price: expected a value"),
    "unknown key": (
        {"connectorId": 1, "price": 1, "color": 1},
        FORMAT,
        "data.color: expected no property of this name",
    ),
    "length": (PRICE_JSON | {"currency": "Euro"}, PROPERTY, "data.currency: expected at most 3 characters"),
    "null": (PRICE_JSON | {"currency": None}, TYPE, "data.currency: expected string"),
    "no object": ([1], TYPE, "data: expected object"),
    "a string": ("x", TYPE, "data: expected object"),
    "null data": (None, OCCURRENCE, "data.connectorId: expected a value"),
}


@pytest.mark.parametrize("fault", BROKEN)
@every_version
@on_one_loop
async def test_broken_payload_is_answered_as_any_other_fault_and_no_handler_is_called(number: str, fault: str) -> None:
    value, codes, description = BROKEN[fault]
    central = central_system()
    central.on(ShowPrice)(refusing(AssertionError("called")))
    async with peer_of(central, number) as (peer, _):
        assert await peer.show_price(value) == [4, "1", codes[number], description, {}]


@every_version
@on_one_loop
async def test_path_leads_into_nested_parts(number: str) -> None:
    central = central_system()
    central.on(ShowSigns)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        value = {"since": "2026-01-01T00:00:00Z", "signs": [{"lines": ["a"]}, {"lines": ["a", 1]}]}
        answer = await peer.transfer(vendorId="com.example", messageId="ShowSigns", value=value)
        assert answer == [4, "1", TYPE[number], "data.signs[1].lines[1]: expected string", {}]


@pytest.mark.parametrize("text", ["", "{", "NaN", "hello", '{"connectorId":1} x', "[" * 100_000])
@on_one_loop
async def test_text_that_is_no_json_in_16(text: str) -> None:
    central = central_system()
    central.on(ShowPrice)(refusing(AssertionError("called")))
    async with peer_of(central, "1.6") as (peer, _):
        answer = await peer.transfer(vendorId="com.example", messageId="ShowPrice", data=text)
        if text:
            expected = [4, "1", PROPERTY["1.6"], "data: expected the JSON text of an object", {}]
        else:
            expected = [4, "1", OCCURRENCE["1.6"], "data.connectorId: expected a value", {}]
        assert answer == expected


@every_version
@on_one_loop
async def test_policy_of_the_station_decides_on_codes_and_leniency(number: str) -> None:
    def policy(_: object) -> Policy:
        return Policy(lenient={"DataTransfer"}, codes={Fault.WRONG_TYPE: "OddType"}, timespec="seconds")

    central = central_system(policy=policy)
    central.on(ShowPrice)(lambda *_: PriceShown(text="A", since=datetime(2026, 1, 1, tzinfo=UTC)))
    async with peer_of(central, number) as (peer, _):
        answer = await peer.show_price({"connectorId": "1", "price": 1})
        assert answer == [4, "1", "OddType", "data.connectorId: expected integer", {}]
        answer = await peer.show_price(PRICE_JSON | {"currency": None})
        assert off_wire(number, answer[2])["data"] == {"text": "A", "since": "2026-01-01T00:00:00Z"}


# What has no handler


@every_version
@on_one_loop
async def test_unknown_vendor_and_unknown_message_are_answered(number: str) -> None:
    central = central_system()
    central.on(ShowPrice)(lambda station, message: SHOWN)
    async with peer_of(central, number) as (peer, _):
        assert await peer.transfer(vendorId="V") == [3, "1", {"status": "UnknownVendorId"}]
        answer = await peer.transfer(vendorId="org.other", messageId="ShowPrice")
        assert answer == [3, "1", {"status": "UnknownVendorId"}]
        assert await peer.transfer(vendorId="com.example", messageId="X") == [3, "1", {"status": "UnknownMessageId"}]
        assert await peer.transfer(vendorId="com.example") == [3, "1", {"status": "UnknownMessageId"}]
        assert (await peer.show_price())[2]["status"] == "Accepted"


@every_version
@on_one_loop
async def test_case_of_a_vendor_id_does_not_count(number: str) -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(vendorId="COM.Example", messageId="Ping")
        assert answer == [3, "1", {"status": "Accepted"}]


@every_version
@pytest.mark.parametrize("first", ["own", "typed"])
@on_one_loop
async def test_own_handler_of_data_transfer_gets_what_no_typed_handler_takes(number: str, first: str) -> None:
    central = central_system()
    version = VERSIONS[number]
    taken = []

    def own(station: Station, request: Any, context: Context) -> Any:
        taken.append((request.vendor_id, request.message_id, context.unique_id))
        return version.DataTransferResponse(status="Rejected")

    register: Any = central.on
    if first == "own":
        register(version.DataTransferRequest)(own)
    register(ShowPrice)(lambda station, message: SHOWN)
    if first == "typed":
        register(version.DataTransferRequest)(own)
    async with peer_of(central, number) as (peer, _):
        assert await peer.transfer(vendorId="V", messageId="M") == [3, "1", {"status": "Rejected"}]
        assert await peer.transfer(vendorId="com.example") == [3, "1", {"status": "Rejected"}]
        assert (await peer.show_price())[2]["status"] == "Accepted"
    assert taken == [("V", "M", "1"), ("com.example", None, "1")]


@every_version
@on_one_loop
async def test_data_transfer_is_not_supported_without_any_handler_and_is_with_one_registered_later(number: str) -> None:
    central = central_system()
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(vendorId="V")
        assert answer == [4, "1", "NotSupported", "DataTransfer is not handled here", {}]
        central.on(Ping)(lambda station, message: None)
        assert (await peer.transfer(vendorId="com.example", messageId="Ping"))[0] == 3
        central.on(Ping)(refusing(TransferRefused()))
        assert await peer.transfer(vendorId="com.example", messageId="Ping") == [3, "1", {"status": "Rejected"}]


# What handlers may do


@pytest.mark.parametrize("later", [False, True])
@every_version
@on_one_loop
async def test_handler_refuses_with_a_status(number: str, later: bool) -> None:
    refusal = TransferRefused("Rejected", "NoDisplay", "It was stolen.", data="why")

    async def refuse_later(*_: object) -> PriceShown:
        raise refusal

    central = central_system()
    central.on(ShowPrice)(refuse_later if later else refusing(refusal))
    async with peer_of(central, number) as (peer, _):
        why = {} if number == "1.6" else {"reasonCode": "NoDisplay", "additionalInfo": "It was stolen."}
        status = {"status": "Rejected", "data": "why"} | ({"statusInfo": why} if why else {})
        assert await peer.show_price() == [3, "1", status]


@every_version
@on_one_loop
async def test_handler_answers_with_a_callerror(number: str) -> None:
    central = central_system()
    central.on(ShowPrice)(refusing(CallError("SecurityError", "no")))
    async with peer_of(central, number) as (peer, _):
        assert await peer.show_price() == [4, "1", "SecurityError", "no", {}]


WRONG: Final[dict[str, tuple[Any, str]]] = {
    "nothing": (None, "data: expected PriceShown"),
    "a dict": (SHOWN_JSON, "data: expected PriceShown"),
    "another class": (PRICE, "data: expected PriceShown"),
    "too long": (PriceShown(text="A" * 21), "data.text: expected at most 20 characters"),
    "a missing value": (PriceShown(text=None), "data.text: expected a value"),  # type: ignore[arg-type]  # meant
}


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
@every_version
def test_invalid_reply_is_an_internal_error_and_its_path_is_logged(
    number: str, wrong: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    reply, complaint = WRONG[wrong]

    async def answer_later(*_: object) -> Any:
        return reply

    @on_one_loop
    async def main() -> None:
        central = central_system()
        central.on(ShowPrice)(answer_later if later else lambda *_: reply)
        async with peer_of(central, number) as (peer, _):
            answer = await peer.show_price()
            assert answer == [4, "1", "InternalError", "the handler's answer is not valid", {}]

    main()
    (logged,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert logged.getMessage() == f"CP1: the handler of DataTransfer answered wrongly: {complaint}"


@every_version
def test_reply_where_none_was_declared_is_an_internal_error(number: str, caplog: pytest.LogCaptureFixture) -> None:
    @on_one_loop
    async def main() -> None:
        central = central_system()
        handler: Any = lambda *_: SHOWN  # noqa: E731  # its type is wrong
        central.on(Ping)(handler)
        async with peer_of(central, number) as (peer, _):
            answer = await peer.transfer(vendorId="com.example", messageId="Ping")
            assert answer == [4, "1", "InternalError", "the handler's answer is not valid", {}]

    main()
    (logged,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert logged.getMessage() == "CP1: the handler of DataTransfer answered wrongly: data: expected None"


@every_version
def test_refusal_with_an_unknown_status_is_an_internal_error(number: str, caplog: pytest.LogCaptureFixture) -> None:
    @on_one_loop
    async def main() -> None:
        central = central_system()
        central.on(ShowPrice)(refusing(TransferRefused("Sorry")))
        async with peer_of(central, number) as (peer, _):
            assert (await peer.show_price())[2] == "InternalError"

    main()
    assert "status: expected one of Accepted" in caplog.text


# Registration


@every_version
@on_one_loop
async def test_marked_methods_and_included_routers_take_vendors_messages(number: str) -> None:
    class Display:
        @on(ShowPrice)
        def show(self, station: Station, message: ShowPrice) -> PriceShown:
            return SHOWN

    router = Router()
    router.on(Ping)(lambda station, message: None)
    central = central_system()
    central.include(Display())
    central.include(router)
    async with peer_of(central, number) as (peer, _):
        assert (await peer.show_price())[2]["status"] == "Accepted"
        answer = await peer.transfer(vendorId="com.example", messageId="Ping")
        assert answer == [3, "1", {"status": "Accepted"}]


def test_typed_handler_handles_data_transfer_of_a_profile() -> None:
    class Handlers:
        @on(Ping)
        def ping(self, station: Station, message: Ping) -> None: ...

    central_system().include(Handlers(), profile=v201.DATA_TRANSFER)
    with pytest.raises(UnhandledActions):
        central_system().include(object(), profile=v201.DATA_TRANSFER)
