"""Vendors' messages over sockets: the same frames, replies, faults and errors in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    Context,
    Disconnected,
    Fault,
    InvalidResult,
    OcppError,
    Policy,
    Router,
    Station,
    TransferRefused,
    UnhandledActions,
    ValidationError,
    VersionMismatch,
    on,
    v16,
    v201,
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
    connected,
    handler_of,
    in_every_version,
    peer_of,
    spelled,
)

SHOW_EURO: Final = SHOW_PRICE | {"value": PRICE_JSON}
NOTE_A: Final = NOTE | {"value": {"text": "A"}}
EXCHANGES: Final[dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any]]]] = {
    "data": (PRICE, SHOW_EURO, SHOWN, {"value": SHOWN_JSON}),
    "no data": (Ping(), PING, None, {}),
    "no data, where there may be": (Note(), NOTE, None, {}),
    "data, where there may be": (Note(text="A"), NOTE_A, PriceShown(text="B"), {"value": {"text": "B"}}),
}
"""A message and its payload on the wire, a reply and the answer's."""


@pytest.mark.parametrize("case", EXCHANGES)
@in_every_version
async def test_payload_is_sent_and_the_reply_is_typed(number: str, case: str) -> None:
    message, request, reply, answer = EXCHANGES[case]
    async with peer_of(central_system(), number) as (peer, station):
        found, asked = await asyncio.gather(station.transfer(message), peer.answer(ACCEPTED | answer))
        assert (found, asked) == (reply, peer.wire(request))


@in_every_version
async def test_a_vendors_message_that_is_called_as_a_request_says_what_to_use(number: str) -> None:
    async with peer_of(central_system(), number) as (_, station):
        for message in (Ping(), Note()):
            with pytest.raises(AttributeError, match="is a vendor's message, and no request: send it by `transfer`"):
                await station.call(message)  # type: ignore[arg-type]  # as one without a type checker may


@pytest.mark.parametrize("case", EXCHANGES)
@in_every_version
async def test_handler_gets_the_typed_payload_and_its_reply_is_the_data_of_the_answer(number: str, case: str) -> None:
    message, request, reply, answer = EXCHANGES[case]
    received = []

    def handle(*given: Any) -> Any:
        received.append(given)
        return reply

    async with peer_of(central_system({type(message): handle}), number) as (peer, station):
        assert await peer.transfer(request) == [3, "1", peer.wire(ACCEPTED | answer)]
        assert received == [(station, message)]


@in_every_version
async def test_handler_may_be_async_call_its_station_and_ask_for_the_context(number: str) -> None:
    contexts = []

    async def show(station: Station, message: ShowPrice, context: Context) -> PriceShown:
        contexts.append(context)
        await station.transfer(Ping())
        return SHOWN

    async with peer_of(central_system({ShowPrice: show}), number) as (peer, _):
        await peer.send([2, "7", "DataTransfer", peer.wire(SHOW_EURO)])
        assert await peer.answer() == PING
        assert await peer.receive() == [3, "7", peer.wire(ACCEPTED | {"value": SHOWN_JSON})]
    assert [(each.unique_id, each.action.name) for each in contexts] == [("7", "DataTransfer")]


HANDLERS: Final = {ShowPrice: handler_of(SHOWN), Ping: handler_of(None)}
ANSWERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no fields": (PING | {"value": {}}, "Accepted"),
    "null": (PING | {"value": None}, "Accepted"),
    "a vendor id in capitals": (PING | {"vendorId": "COM.EXAMPLE"}, "Accepted"),
    "an unknown vendor": ({"vendorId": "V"}, "UnknownVendorId"),
    "an unknown vendor of a known message": ({"vendorId": "V", "messageId": "ShowPrice"}, "UnknownVendorId"),
    "an unknown message": ({"vendorId": "com.example", "messageId": "X"}, "UnknownMessageId"),
    "a message id that is missing": ({"vendorId": "com.example"}, "UnknownMessageId"),
}


@pytest.mark.parametrize("case", ANSWERS)
@in_every_version
async def test_message_is_found_by_its_ids_and_needs_no_fields(number: str, case: str) -> None:
    request, status = ANSWERS[case]
    async with peer_of(central_system(HANDLERS), number) as (peer, _):
        assert await peer.transfer(request) == [3, "1", {"status": status}]


WRONG_TYPE: Final = "TypeConstraintViolation"
MISSING: Final = "OccurrenceConstraintViolation"
SIGNS: Final = [{"lines": ["a"]}, {"lines": ["a", 1]}]
BROKEN: Final[dict[str, tuple[Any, str, str]]] = {
    "type": ({"connectorId": 1, "price": "x"}, WRONG_TYPE, "data.price: expected number"),
    "missing": ({"connectorId": 1}, MISSING, "data.price: expected a value"),
    "unknown key": (PRICE_JSON | {"x": 1}, "FormatViolation", "data.x: expected no property of this name"),
    "length": (
        PRICE_JSON | {"currency": "Euro"},
        "PropertyConstraintViolation",
        "data.currency: expected at most 3 characters",
    ),
    "null": (PRICE_JSON | {"currency": None}, WRONG_TYPE, "data.currency: expected string"),
    "nested": (PRICE_JSON | {"signs": SIGNS}, WRONG_TYPE, "data.signs[1].lines[1]: expected string"),
    "no object": ([1], WRONG_TYPE, "data: expected object"),
    "a string": ("x", WRONG_TYPE, "data: expected object"),
    "null data": (None, MISSING, "data.connectorId: expected a value"),
}


@pytest.mark.parametrize("fault", BROKEN)
@in_every_version
async def test_broken_payload_is_answered_as_any_other_fault_and_no_handler_is_called(number: str, fault: str) -> None:
    value, code, description = BROKEN[fault]
    async with peer_of(central_system(HANDLERS), number) as (peer, _):
        answer = await peer.transfer(SHOW_PRICE, value=value)
        assert answer == [4, "1", spelled(number, code), description, {}]


NO_JSON: Final = [4, "1", "PropertyConstraintViolation", "data: expected the JSON text of an object", {}]
NO_FIELDS: Final = [4, "1", "OccurenceConstraintViolation", "data.connectorId: expected a value", {}]


@pytest.mark.parametrize(
    ("message", "text", "answer"),
    [
        (PING, "", [3, "1", ACCEPTED]),
        (SHOW_PRICE, "", NO_FIELDS),
        *((SHOW_PRICE, text, NO_JSON) for text in ("{", "NaN", "hello", '{"connectorId":1} x', "[" * 60_000)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
@on_one_loop
async def test_text_that_is_empty_or_no_json_in_16(message: dict[str, str], text: str, answer: list[Any]) -> None:
    async with peer_of(central_system(HANDLERS), "1.6") as (peer, _):
        assert await peer.transfer(message, data=text) == answer


@in_every_version
async def test_policy_of_the_station_decides_on_codes_and_leniency(number: str) -> None:
    policy = Policy(lenient={"DataTransfer"}, codes={Fault.WRONG_TYPE: "OddType"}, timespec="seconds")
    central = central_system({ShowPrice: handler_of(SHOWN)}, policy=lambda _: policy)
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(SHOW_PRICE, value={"connectorId": "1", "price": 1})
        assert answer == [4, "1", "OddType", "data.connectorId: expected integer", {}]
        answer = await peer.transfer(SHOW_PRICE, value=PRICE_JSON | {"currency": None})
        assert answer[2] == peer.wire(ACCEPTED | {"value": SHOWN_JSON | {"since": "2026-01-01T00:00:00Z"}})


@pytest.mark.parametrize("first", ["own", "typed"])
@in_every_version
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
        assert (await peer.transfer(SHOW_EURO))[2]["status"] == "Accepted"
    assert taken == [("V", "M", "1"), ("com.example", None, "1")]


@in_every_version
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
@in_every_version
async def test_handler_refuses_with_a_status_or_a_callerror(number: str, later: bool) -> None:
    refusal = TransferRefused("Rejected", "NoDisplay", "It was stolen.", data="why")
    info = {"statusInfo": {"reasonCode": "NoDisplay", "additionalInfo": "It was stolen."}}
    refused = {"status": "Rejected", "data": "why"} | ({} if number == "1.6" else info)
    error = CallError("SecurityError", "no")
    handlers = {ShowPrice: handler_of(refusal, later=later), Ping: handler_of(error, later=later)}
    async with peer_of(central_system(handlers), number) as (peer, _):
        assert await peer.transfer(SHOW_EURO) == [3, "1", refused]
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
@in_every_version
async def test_invalid_reply_is_an_internal_error_and_its_path_is_logged(
    number: str, wrong: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    message, outcome, complaint = WRONG[wrong]
    request = PING if message is Ping else SHOW_EURO
    async with peer_of(central_system({message: handler_of(outcome, later=later)}), number) as (peer, _):
        answer = await peer.transfer(request)
        assert answer == [4, "1", "InternalError", "the handler's answer is not valid", {}]
    (logged,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert logged.getMessage() == f"CP1: the handler of DataTransfer answered wrongly: {complaint}"


# Registration


@in_every_version
async def test_marked_methods_and_included_routers_take_vendors_messages(number: str) -> None:
    class Display:
        @on(ShowPrice)
        def show(self, station: Station, message: ShowPrice) -> PriceShown:
            return SHOWN

    router = Router()
    router.on(Ping)(handler_of(None))
    central = central_system()
    with pytest.raises(UnhandledActions):
        central.include(object(), profile=v201.DATA_TRANSFER)
    central.include(Display(), profile=v201.DATA_TRANSFER)
    central.include(router)
    async with peer_of(central, number) as (peer, _):
        assert (await peer.transfer(SHOW_EURO))[2]["status"] == "Accepted"
        assert await peer.transfer(PING) == [3, "1", ACCEPTED]


# What comes back


@pytest.mark.parametrize("status", ["Rejected", "UnknownVendorId", "UnknownMessageId"])
@in_every_version
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


REPLIES: Final[dict[str, tuple[Any, dict[str, Any], str]]] = {
    "missing": (PRICE, {"value": {}}, "data.text: expected a value"),
    "type": (PRICE, {"value": {"text": 1}}, "data.text: expected string"),
    "no object": (PRICE, {"value": 1}, "data: expected object"),
    "no data": (PRICE, {}, "data.text: expected a value"),
    "data where none was declared": (Ping(), {"value": {"a": 1}}, "data: expected nothing"),
}


@pytest.mark.parametrize("fault", REPLIES)
@in_every_version
async def test_reply_that_breaks_its_declaration_raises_and_is_refused_in_21(number: str, fault: str) -> None:
    message, answer, complaint = REPLIES[fault]
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(InvalidResult) as caught:
            await asyncio.gather(station.transfer(message), peer.answer(ACCEPTED | answer))
        assert str(caught.value) == f"CP1: {complaint}"
        if number == "2.1":
            kind, _, _, description, _ = await peer.receive()
            assert (kind, description) == (5, complaint)
        await asyncio.gather(station.transfer(Ping()), peer.answer())


@in_every_version
async def test_invalid_payload_raises_before_a_byte_is_sent(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        with pytest.raises(ValidationError) as caught:
            await station.transfer(ShowPrice(connector_id=1, price=1, currency="Euro"))
        assert (caught.value.path, caught.value.rule) == ("data.currency", "maxLength")
        with pytest.raises(ValidationError, match=r"data\.price: expected number"):
            await station.transfer(ShowPrice(connector_id=1, price="1"))  # type: ignore[arg-type]  # meant
        _, asked = await asyncio.gather(station.transfer(Ping()), peer.answer())
        assert asked == PING


@in_every_version
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
    async with peer_of(central_system({Ping: handler_of(None)}, versions=[bare]), "1.6") as (peer, station):
        with pytest.raises(VersionMismatch):
            await station.transfer(PRICE)
        assert (await peer.transfer(PING))[2] == "NotImplemented"


# Both sides are ours


@in_every_version
async def test_both_sides_exchange_typed_messages(number: str) -> None:
    def note(station: Station, message: Note) -> PriceShown | None:
        return PriceShown(text=message.text.upper()) if message.text else None

    async def show(message: ShowPrice) -> PriceShown:
        if message.connector_id == 2:
            raise TransferRefused(reason_code="NoDisplay")
        return SHOWN.replace(text=f"{message.price} {message.currency}")

    central = central_system({Note: note})
    async with connected(central, VERSIONS[number].VERSION) as station:
        station.on(ShowPrice)(show)
        assert await central["CP1"].transfer(PRICE) == SHOWN
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
