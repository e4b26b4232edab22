"""The form of a row, and the two sides that answer it: the same few handlers in every version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CallError, ErrorCode, ValidationError, v16, v21, v201
from ocpp_fast.policy import STRICT, Policy
from ocpp_fast.schema import Request, Sender
from ocpp_fast.testing import Pair, Side

__all__ = [
    *("HEARTBEAT", "NOON", "SETUPS", "TIME", "Answers", "Row", "Setup", "answers", "each", "each_version", "error"),
    *("pair_of", "receiver", "row", "same", "since_2"),
]

Answers = Mapping[str, bytes | None]
"""The answer of every version that knows a frame; None is silence."""

NOON = datetime(2024, 2, 29, 12, 0, 0, 123456, UTC)
TIME = b'{"currentTime":"2024-02-29T12:00:00.123Z"}'
HEARTBEAT = b'[2,"a","Heartbeat",{}]'


@dataclass(frozen=True, slots=True)
class Row:
    """A frame and its answers. `to` is the side that receives it, `policy` that side's."""

    name: str
    rule: str
    frame: bytes
    answers: Answers
    to: Sender = Sender.CENTRAL
    policy: Policy = STRICT


@dataclass(frozen=True, slots=True)
class Setup:
    """A version and what both sides of it handle."""

    module: Any
    handlers: Mapping[type, Callable[[Any], Any]]
    requests: tuple[Request[Any], Request[Any]]
    """What the central system and the station may ask."""

    @property
    def number(self) -> str:
        return str(self.module.VERSION.number)


def row(rule: str, frame: bytes, answers: Answers, name: str = "", **options: Any) -> Row:
    """Return a row that is named after its frame: after the beginning and the length of a long one."""
    text = repr(frame)[2:-1]
    return Row(name or (text if len(text) < 100 else f"{text[:60]}_of_{len(frame)}"), rule, frame, answers, **options)


def same(answer: bytes | None) -> Answers:
    """Return an answer that is the same in every version."""
    return dict.fromkeys(SETUPS, answer)


def error(code: str | tuple[str, str], description: str, unique_id: str = "a", details: str = "{}") -> Answers:
    """Return the CALLERROR of every version; a pair of codes is that of 1.6 and that of 2.x."""
    old, new = (code, code) if isinstance(code, str) else code
    codes = {number: old if number == "1.6" else new for number in SETUPS}
    return {number: f'[4,"{unique_id}","{each}","{description}",{details}]'.encode() for number, each in codes.items()}


def each(rows: Sequence[Row]) -> list[Any]:
    """Return the rows as parameters, once for every version that has an answer."""
    versions = [(row, number) for row in rows for number in row.answers]
    return [pytest.param(SETUPS[number], row, id=f"{row.rule}-{row.name}-{number}") for row, number in versions]


def pair_of(setup: Setup, policy: Policy = STRICT, **gates: Any) -> Pair:
    """Return a connection whose both sides keep `policy`."""
    handled = setup.handlers.keys()
    options = {"central": policy, "station": policy, **gates}
    return Pair(setup.module.VERSION, has_handler=lambda action: action.request in handled, **options)


def receiver(pair: Pair, row: Row) -> Side:
    """Return the side that gets the frame of a row."""
    return pair.central if row.to is Sender.CENTRAL else pair.station


def answers(setup: Setup, side: Side, frame: bytes) -> list[bytes]:
    """Return what a side sends when a frame comes and its handlers have answered, and forget it."""
    side.receive(frame)
    while (call := side.handling) is not None:
        try:
            side.answer(setup.handlers[call.action.request](call.payload))
        except (ValidationError, CallError, RuntimeError) as error:
            side.fail(error)
    sent = side.in_transit[:]
    side.in_transit.clear()
    return sent


def _transfer(response: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return a DataTransfer handler that does what the vendor id says, and echoes the data otherwise."""

    def handle(request: Any) -> Any:
        outcomes = {
            "raises": RuntimeError("the password is 1234"),
            "raises with a lone surrogate": RuntimeError("\udc80"),
            "returns None": None,
            "returns another class": request,
            "returns too little": response(status=None),
            "returns a wrong value": response(status="Perhaps"),
            "refuses": CallError(ErrorCode.SECURITY_ERROR, "not you", {"tries": 3}),
            "refuses in its own words": CallError("VendorError"),
            "refuses by a code of 2.x": CallError(ErrorCode.FORMAT_VIOLATION),
            "refuses by a code of the framework": CallError(ErrorCode.RPC_FRAMEWORK_ERROR),
            "refuses at length": CallError(ErrorCode.GENERIC_ERROR, "é" * 254 + "😀😀"),
        }
        outcome = outcomes.get(request.vendor_id, response(status="Accepted", data=request.data))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return handle


def _handlers(module: Any) -> dict[type, Callable[[Any], Any]]:
    """Return what is handled in every version; `test_versions` has other answers to a BootNotification."""
    return {
        module.BootNotificationRequest: lambda request: module.BootNotificationResponse(
            current_time=NOON, interval=60, status="Accepted"
        ),
        module.DataTransferRequest: _transfer(module.DataTransferResponse),
        module.HeartbeatRequest: lambda request: module.HeartbeatResponse(current_time=NOON),
        module.StatusNotificationRequest: lambda request: module.StatusNotificationResponse(),
        module.TriggerMessageRequest: lambda request: module.TriggerMessageResponse(status="Accepted"),
    }


def _handlers_of_16() -> dict[type, Callable[[Any], Any]]:
    accepted = v16.AuthorizationStatus.ACCEPTED
    return {
        v16.AuthorizeRequest: lambda request: v16.AuthorizeResponse(
            id_tag_info=v16.IdTagInfo(status=accepted, parent_id_tag=request.id_tag)
        ),
        v16.GetDiagnosticsRequest: lambda request: v16.GetDiagnosticsResponse(file_name=request.location),
        v16.LogStatusNotificationRequest: lambda request: v16.LogStatusNotificationResponse(),
        v16.MeterValuesRequest: lambda request: v16.MeterValuesResponse(),
        v16.SetChargingProfileRequest: lambda request: v16.SetChargingProfileResponse(
            status=v16.ChargingProfileStatus.ACCEPTED
        ),
        v16.StartTransactionRequest: lambda request: v16.StartTransactionResponse(
            id_tag_info=v16.IdTagInfo(status=accepted, expiry_date=request.timestamp),
            transaction_id=request.meter_start,
        ),
        v16.StopTransactionRequest: lambda request: v16.StopTransactionResponse(),
    }


def _setup_of_2(module: Any, *notifications: type) -> Setup:
    handlers = {
        **_handlers(module),
        module.NotifyReportRequest: lambda request: module.NotifyReportResponse(),
        **dict.fromkeys(notifications, lambda request: None),
    }
    return Setup(module, handlers, requests=(module.ClearCacheRequest(), module.HeartbeatRequest()))


SETUPS: dict[str, Setup] = {
    "1.6": Setup(
        v16, {**_handlers(v16), **_handlers_of_16()}, requests=(v16.GetConfigurationRequest(), v16.HeartbeatRequest())
    ),
    "2.0.1": _setup_of_2(v201),
    "2.1": _setup_of_2(v21, v21.NotifyPeriodicEventStreamRequest),
}
each_version = pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
since_2 = pytest.mark.parametrize("setup", [SETUPS["2.0.1"], SETUPS["2.1"]], ids=["2.0.1", "2.1"])
