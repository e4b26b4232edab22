"""Vendors' messages that are received: the same handlers, faults and answers in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ocpp_fast import CallError, Context, Fault, Policy, Router, Station, TransferRefused, UnhandledActions, on, v201

from ..aio.harness import on_one_loop
from .exchange import (
    ACCEPTED,
    NOTE,
    PING,
    PRICE,
    PRICE_JSON,
    SHOW_PRICE,
    SHOW_SIGNS,
    SHOWN,
    SHOWN_JSON,
    VERSIONS,
    Note,
    Ping,
    PriceShown,
    ShowPrice,
    ShowSigns,
    central_system,
    every_version,
    handler_of,
    peer_of,
    spelled,
)

HANDLERS: Final[dict[Any, Any]] = {
    ShowPrice: handler_of(SHOWN),
    ShowSigns: handler_of(None),
    Ping: handler_of(None),
    Note: lambda station, note: None if note.text is None else PriceShown(text=note.text),
}
UNKNOWN_VENDOR: Final = {"status": "UnknownVendorId"}
UNKNOWN_MESSAGE: Final = {"status": "UnknownMessageId"}


@every_version
@on_one_loop
async def test_handler_gets_the_typed_payload_and_its_reply_is_the_data_of_the_answer(number: str) -> None:
    received = []

    def show(station: Station, message: ShowPrice) -> PriceShown:
        received.append((station.id, message))
        return PriceShown(text="shown", since=datetime(2026, 1, 1, tzinfo=UTC))

    async with peer_of(central_system({ShowPrice: show}), number) as (peer, _):
        shown = {"text": "shown", "since": "2026-01-01T00:00:00.000Z"}
        answer = await peer.transfer(SHOW_PRICE, value=PRICE_JSON)
        assert answer == [3, "1", peer.wire(ACCEPTED | {"value": shown})]
    assert received == [("CP1", PRICE)]


@every_version
@on_one_loop
async def test_handler_may_be_async_call_its_station_and_ask_for_the_context(number: str) -> None:
    contexts = []

    async def show(station: Station, message: ShowPrice, context: Context) -> PriceShown:
        contexts.append(context)
        await station.transfer(Ping())
        return SHOWN

    async with peer_of(central_system({ShowPrice: show}), number) as (peer, _):
        await peer.send([2, "7", "DataTransfer", peer.wire(SHOW_PRICE | {"value": PRICE_JSON})])
        assert await peer.answer() == PING
        assert await peer.receive() == [3, "7", peer.wire(ACCEPTED | {"value": SHOWN_JSON})]
    assert [(each.unique_id, each.action.name) for each in contexts] == [("7", "DataTransfer")]


ANSWERS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "no data": (PING, ACCEPTED),
    "no fields": (PING | {"value": {}}, ACCEPTED),
    "null": (PING | {"value": None}, ACCEPTED),
    "a vendor id in capitals": (PING | {"vendorId": "COM.EXAMPLE"}, ACCEPTED),
    "no reply, where there may be one": (NOTE, ACCEPTED),
    "a reply, where there may be one": (NOTE | {"value": {"text": "A"}}, ACCEPTED | {"value": {"text": "A"}}),
    "a reply": (SHOW_PRICE | {"value": PRICE_JSON}, ACCEPTED | {"value": SHOWN_JSON}),
    "an unknown vendor": ({"vendorId": "V"}, UNKNOWN_VENDOR),
    "an unknown vendor of a known message": ({"vendorId": "V", "messageId": "ShowPrice"}, UNKNOWN_VENDOR),
    "an unknown message": ({"vendorId": "com.example", "messageId": "X"}, UNKNOWN_MESSAGE),
    "a message id that is missing": ({"vendorId": "com.example"}, UNKNOWN_MESSAGE),
}


@pytest.mark.parametrize("case", ANSWERS)
@every_version
@on_one_loop
async def test_valid_message_is_answered_with_a_status_and_its_reply(number: str, case: str) -> None:
    request, answer = ANSWERS[case]
    async with peer_of(central_system(HANDLERS), number) as (peer, _):
        assert await peer.transfer(request) == [3, "1", peer.wire(answer)]


BROKEN: Final[dict[str, tuple[dict[str, str], Any, str, str]]] = {
    "type": (SHOW_PRICE, {"connectorId": 1, "price": "x"}, "TypeConstraintViolation", "data.price: expected number"),
    "missing": (SHOW_PRICE, {"connectorId": 1}, "OccurrenceConstraintViolation", "data.price: expected a value"),
    "unknown key": (SHOW_PRICE, PRICE_JSON | {"x": 1}, "FormatViolation", "data.x: expected no property of this name"),
    "length": (
        SHOW_PRICE,
        PRICE_JSON | {"currency": "Euro"},
        "PropertyConstraintViolation",
        "data.currency: expected at most 3 characters",
    ),
    "null": (SHOW_PRICE, PRICE_JSON | {"currency": None}, "TypeConstraintViolation", "data.currency: expected string"),
    "no object": (SHOW_PRICE, [1], "TypeConstraintViolation", "data: expected object"),
    "a string": (SHOW_PRICE, "x", "TypeConstraintViolation", "data: expected object"),
    "null data": (SHOW_PRICE, None, "OccurrenceConstraintViolation", "data.connectorId: expected a value"),
    "nested": (
        SHOW_SIGNS,
        {"since": "2026-01-01T00:00:00Z", "signs": [{"lines": ["a"]}, {"lines": ["a", 1]}]},
        "TypeConstraintViolation",
        "data.signs[1].lines[1]: expected string",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
@every_version
@on_one_loop
async def test_broken_payload_is_answered_as_any_other_fault_and_no_handler_is_called(number: str, fault: str) -> None:
    message, value, code, description = BROKEN[fault]
    async with peer_of(central_system(HANDLERS), number) as (peer, _):
        assert await peer.transfer(message, value=value) == [4, "1", spelled(number, code), description, {}]


NO_JSON: Final = [4, "1", "PropertyConstraintViolation", "data: expected the JSON text of an object", {}]
NO_FIELDS: Final = [4, "1", "OccurenceConstraintViolation", "data.connectorId: expected a value", {}]


@pytest.mark.parametrize(
    ("message", "text", "answer"),
    [
        (PING, "", [3, "1", ACCEPTED]),
        (SHOW_PRICE, "", NO_FIELDS),
        *((SHOW_PRICE, text, NO_JSON) for text in ("{", "NaN", "hello", '{"connectorId":1} x', "[" * 100_000)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
@on_one_loop
async def test_text_that_is_empty_or_no_json_in_16(message: dict[str, str], text: str, answer: list[Any]) -> None:
    async with peer_of(central_system(HANDLERS), "1.6") as (peer, _):
        assert await peer.transfer(message, data=text) == answer


@every_version
@on_one_loop
async def test_policy_of_the_station_decides_on_codes_and_leniency(number: str) -> None:
    def policy(_: object) -> Policy:
        return Policy(lenient={"DataTransfer"}, codes={Fault.WRONG_TYPE: "OddType"}, timespec="seconds")

    shown = PriceShown(text="A", since=datetime(2026, 1, 1, tzinfo=UTC))
    async with peer_of(central_system({ShowPrice: handler_of(shown)}, policy=policy), number) as (peer, _):
        answer = await peer.transfer(SHOW_PRICE, value={"connectorId": "1", "price": 1})
        assert answer == [4, "1", "OddType", "data.connectorId: expected integer", {}]
        answer = await peer.transfer(SHOW_PRICE, value=PRICE_JSON | {"currency": None})
        assert answer[2] == peer.wire(ACCEPTED | {"value": {"text": "A", "since": "2026-01-01T00:00:00Z"}})


# What has no handler


@every_version
@pytest.mark.parametrize("first", ["own", "typed"])
@on_one_loop
async def test_own_handler_of_data_transfer_gets_what_no_typed_handler_takes(number: str, first: str) -> None:
    version = VERSIONS[number]
    taken = []

    def own(station: Station, request: Any, context: Context) -> Any:
        taken.append((request.vendor_id, request.message_id, context.unique_id))
        return version.DataTransferResponse(status="Rejected")

    handlers = [(version.DataTransferRequest, own), (ShowPrice, handler_of(SHOWN))]
    central = central_system(dict(handlers if first == "own" else reversed(handlers)))
    async with peer_of(central, number) as (peer, _):
        assert await peer.transfer({"vendorId": "V", "messageId": "M"}) == [3, "1", {"status": "Rejected"}]
        assert await peer.transfer({"vendorId": "com.example"}) == [3, "1", {"status": "Rejected"}]
        assert (await peer.transfer(SHOW_PRICE, value=PRICE_JSON))[2]["status"] == "Accepted"
    assert taken == [("V", "M", "1"), ("com.example", None, "1")]


@every_version
@on_one_loop
async def test_data_transfer_is_not_supported_without_any_handler_and_is_with_one_registered_later(number: str) -> None:
    central = central_system()
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer({"vendorId": "V"})
        assert answer == [4, "1", "NotSupported", "DataTransfer is not handled here", {}]
        for outcome, status in ((None, "Accepted"), (TransferRefused(), "Rejected")):
            central.on(Ping)(handler_of(outcome))
            assert await peer.transfer(PING) == [3, "1", {"status": status}]


# What handlers may do


@pytest.mark.parametrize("later", [False, True])
@every_version
@on_one_loop
async def test_handler_refuses_with_a_status_or_a_callerror(number: str, later: bool) -> None:
    refusal = TransferRefused("Rejected", "NoDisplay", "It was stolen.", data="why")
    info = {"statusInfo": {"reasonCode": "NoDisplay", "additionalInfo": "It was stolen."}}
    refused = {"status": "Rejected", "data": "why"} | ({} if number == "1.6" else info)
    error = CallError("SecurityError", "no")
    handlers = {ShowPrice: handler_of(refusal, later=later), Ping: handler_of(error, later=later)}
    async with peer_of(central_system(handlers), number) as (peer, _):
        assert await peer.transfer(SHOW_PRICE, value=PRICE_JSON) == [3, "1", refused]
        assert await peer.transfer(PING) == [4, "1", "SecurityError", "no", {}]


STATUSES: Final = "Accepted, Rejected, UnknownMessageId, UnknownVendorId"
WRONG: Final[dict[str, tuple[Any, Any, str]]] = {
    "nothing": (ShowPrice, None, "data: expected PriceShown"),
    "a dict": (ShowPrice, SHOWN_JSON, "data: expected PriceShown"),
    "another class": (ShowPrice, PRICE, "data: expected PriceShown"),
    "too long": (ShowPrice, PriceShown(text="A" * 21), "data.text: expected at most 20 characters"),
    "a missing value": (ShowPrice, PriceShown(text=None), "data.text: expected a value"),  # type: ignore[arg-type]
    "a reply where none was declared": (Ping, SHOWN, "data: expected None"),
    "an unknown status": (ShowPrice, TransferRefused("Sorry"), f"status: expected one of {STATUSES}"),
}


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
@every_version
@on_one_loop
async def test_invalid_reply_is_an_internal_error_and_its_path_is_logged(
    number: str, wrong: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    message, outcome, complaint = WRONG[wrong]
    request = PING if message is Ping else SHOW_PRICE | {"value": PRICE_JSON}
    async with peer_of(central_system({message: handler_of(outcome, later=later)}), number) as (peer, _):
        answer = await peer.transfer(request)
        assert answer == [4, "1", "InternalError", "the handler's answer is not valid", {}]
    (logged,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert logged.getMessage() == f"CP1: the handler of DataTransfer answered wrongly: {complaint}"


# Registration


@every_version
@on_one_loop
async def test_marked_methods_and_included_routers_take_vendors_messages(number: str) -> None:
    class Display:
        @on(ShowPrice)
        def show(self, station: Station, message: ShowPrice) -> PriceShown:
            return SHOWN

    router = Router()
    router.on(Ping)(handler_of(None))
    central = central_system()
    central.include(Display())
    central.include(router)
    async with peer_of(central, number) as (peer, _):
        assert (await peer.transfer(SHOW_PRICE, value=PRICE_JSON))[2]["status"] == "Accepted"
        assert await peer.transfer(PING) == [3, "1", ACCEPTED]


def test_typed_handler_handles_data_transfer_of_a_profile() -> None:
    class Handlers:
        @on(Ping)
        def ping(self, station: Station, message: Ping) -> None: ...

    central_system().include(Handlers(), profile=v201.DATA_TRANSFER)
    with pytest.raises(UnhandledActions):
        central_system().include(object(), profile=v201.DATA_TRANSFER)
