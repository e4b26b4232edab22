"""Vendors' messages in DataTransfer: the same declarations, faults and answers in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final, TypeVar

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ocpp_fast import (
    CallError,
    CallTimeout,
    CentralSystem,
    ChargePoint,
    Context,
    Disconnected,
    Fault,
    InvalidResult,
    NoAuth,
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
    v21,
    v201,
)
from ocpp_fast.data_transfer import Envelope
from ocpp_fast.policy import STRICT
from ocpp_fast.schema import DataTransfer, Profile, Response, Str3, Str20, Struct, Version
from ocpp_fast.testing import Pair

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


# How the tests run


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function; a decorator."""

    @wraps(test)
    def run_test(**arguments: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await test(**arguments)

        asyncio.run(bounded())

    return run_test


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


# A message that was received


@every_version
@scenario
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
@scenario
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
    assert [(each.unique_id, each.action) for each in contexts] == [("7", "DataTransfer")]


@every_version
@scenario
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
@scenario
async def test_no_data_is_an_object_without_fields(number: str, nothing: Any) -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(vendorId="com.example", messageId="Ping", value=nothing)
        assert answer == [3, "1", {"status": "Accepted"}]


@scenario
async def test_empty_text_is_no_data_in_16() -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, "1.6") as (peer, _):
        answer = await peer.transfer(vendorId="com.example", messageId="Ping", data="")
        assert answer == [3, "1", {"status": "Accepted"}]


BROKEN: Final[dict[str, tuple[Any, dict[str, str], str]]] = {
    "type": ({"connectorId": 1, "price": "x"}, TYPE, "data.price: expected number"),
    "missing": ({"connectorId": 1}, OCCURRENCE, "data.price: expected a value"),
    "unknown key": ({"connectorId": 1, "price": 1, "color": 1}, FORMAT, "data.color: expected no property of this name"),
    "length": (PRICE_JSON | {"currency": "Euro"}, PROPERTY, "data.currency: expected at most 3 characters"),
    "null": (PRICE_JSON | {"currency": None}, TYPE, "data.currency: expected string"),
    "no object": ([1], TYPE, "data: expected object"),
    "a string": ("x", TYPE, "data: expected object"),
    "null data": (None, OCCURRENCE, "data.connectorId: expected a value"),
}


@pytest.mark.parametrize("fault", BROKEN)
@every_version
@scenario
async def test_broken_payload_is_answered_as_any_other_fault_and_no_handler_is_called(number: str, fault: str) -> None:
    value, codes, description = BROKEN[fault]
    central = central_system()
    central.on(ShowPrice)(refusing(AssertionError("called")))
    async with peer_of(central, number) as (peer, _):
        assert await peer.show_price(value) == [4, "1", codes[number], description, {}]


@every_version
@scenario
async def test_path_leads_into_nested_parts(number: str) -> None:
    central = central_system()
    central.on(ShowSigns)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        value = {"since": "2026-01-01T00:00:00Z", "signs": [{"lines": ["a"]}, {"lines": ["a", 1]}]}
        answer = await peer.transfer(vendorId="com.example", messageId="ShowSigns", value=value)
        assert answer == [4, "1", TYPE[number], "data.signs[1].lines[1]: expected string", {}]


@pytest.mark.parametrize("text", ["", "{", "NaN", "hello", '{"connectorId":1} x', "[" * 100_000])
@scenario
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
@scenario
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
@scenario
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
@scenario
async def test_case_of_a_vendor_id_does_not_count(number: str) -> None:
    central = central_system()
    central.on(Ping)(lambda station, message: None)
    async with peer_of(central, number) as (peer, _):
        answer = await peer.transfer(vendorId="COM.Example", messageId="Ping")
        assert answer == [3, "1", {"status": "Accepted"}]


@every_version
@pytest.mark.parametrize("first", ["own", "typed"])
@scenario
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
@scenario
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
@scenario
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
@scenario
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

    @scenario
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
    @scenario
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
    @scenario
    async def main() -> None:
        central = central_system()
        central.on(ShowPrice)(refusing(TransferRefused("Sorry")))
        async with peer_of(central, number) as (peer, _):
            assert (await peer.show_price())[2] == "InternalError"

    main()
    assert "status: expected one of Accepted" in caplog.text


# Registration


@every_version
@scenario
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


# A message that is sent


@every_version
@scenario
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
@scenario
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
@scenario
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
        assert str(error) == status
    else:
        assert (error.reason_code, error.additional_info) == ("Busy", "ask later")
        assert str(error) == f"{status}: Busy: ask later"


REPLIES: Final[dict[str, tuple[Any, str]]] = {
    "missing": ({}, "data.text: expected a value"),
    "type": ({"text": 1}, "data.text: expected string"),
    "no object": (1, "data: expected object"),
}


@pytest.mark.parametrize("fault", REPLIES)
@every_version
@scenario
async def test_reply_that_breaks_its_declaration_raises_and_is_refused_in_21(number: str, fault: str) -> None:
    value, complaint = REPLIES[fault]
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        await peer.answer({"status": "Accepted"} | data(number, value))
        with pytest.raises(InvalidResult) as caught:
            await sent
        assert str(caught.value) == complaint
        if number == "2.1":
            kind, _, _, description, _ = await peer.receive()
            assert (kind, description) == (5, complaint)
        again = asyncio.create_task(station.transfer(Ping()))
        await peer.answer({"status": "Accepted"})
        await again


@every_version
@scenario
async def test_reply_without_the_data_that_it_must_have_raises(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(PRICE))
        await peer.answer({"status": "Accepted"})
        with pytest.raises(InvalidResult, match=r"data\.text: expected a value"):
            await sent


@every_version
@scenario
async def test_reply_with_data_where_none_was_declared_raises(number: str) -> None:
    async with peer_of(central_system(), number) as (peer, station):
        sent = asyncio.create_task(station.transfer(Ping()))
        await peer.answer({"status": "Accepted"} | data(number, {"a": 1}))
        with pytest.raises(InvalidResult, match="data: expected nothing"):
            await sent


@every_version
@scenario
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
@scenario
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


@scenario
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
@scenario
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


@every_version
def test_envelope_over_a_pair_of_sessions(number: str) -> None:
    version: Version = VERSIONS[number].VERSION
    pair = Pair(version)
    envelope = Envelope(version, STRICT)
    transfer = ShowPrice.__transfer__
    call = pair.station.call(envelope.request(PRICE))
    pair.station.deliver()
    assert pair.central.handling is not None
    assert envelope.payload(transfer, pair.central.handling.payload) == PRICE
    pair.central.answer(envelope.accepted(transfer, SHOWN))
    pair.central.deliver()
    assert envelope.reply(transfer, pair.station.outcome(call)) == SHOWN


@every_version
@pytest.mark.parametrize("text", ["", "ä€😀", '"\\', "\u2028\x7f", "A" * 20])
@pytest.mark.parametrize("price", [0, -1.5, 1e300, 10**30, 0.1])
def test_values_survive_the_way_there_and_back(number: str, text: str, price: float) -> None:
    version: Version = VERSIONS[number].VERSION
    pair = Pair(version)
    envelope = Envelope(version, STRICT)
    message = ShowPrice(connector_id=1, price=price, currency=text[:3])
    pair.central.call(envelope.request(message))
    pair.central.deliver()
    assert pair.station.handling is not None
    assert envelope.payload(ShowPrice.__transfer__, pair.station.handling.payload) == message


# Declarations


def test_ids_are_inherited_by_the_messages_of_a_vendor() -> None:
    Reply = TypeVar("Reply", bound=Struct | None)

    class Acme(DataTransfer[Reply], vendor_id="com.acme"):
        pass

    class First(Acme[PriceShown], message_id="First"):
        pass

    class Second(First, message_id="Second"):
        more: int

    assert repr(First.__transfer__) == "Transfer('com.acme', 'First')"
    assert repr(Second.__transfer__) == "Transfer('com.acme', 'Second')"
    assert Second.__transfer__.payload is Second
    assert Second.__transfer__.reply is PriceShown
    assert not hasattr(Acme, "__transfer__")


def test_declaration_without_a_vendor_or_an_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="NoVendor must name its vendor_id"):

        class NoVendor(DataTransfer[None], message_id="M"):
            pass

    with pytest.raises(TypeError, match="NoAnswer must derive from DataTransfer"):

        class NoAnswer(DataTransfer, vendor_id="V"):  # type: ignore[type-arg]  # meant
            pass

    with pytest.raises(TypeError, match="OddAnswer must derive from DataTransfer"):

        class OddAnswer(DataTransfer[int], vendor_id="V"):  # type: ignore[type-var]  # meant
            pass

    with pytest.raises(TypeError, match="TwoAnswers must derive from DataTransfer"):

        class TwoAnswers(DataTransfer[PriceShown | Sign], vendor_id="V"):
            pass
