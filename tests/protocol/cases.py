"""The form of a row, and the two sides that answer it: the same few handlers in every version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CallError, ErrorCode, ValidationError, v16, v21, v201
from ocpp_fast.policy import STRICT, Policy
from ocpp_fast.schema import Request, Sender, Version
from ocpp_fast.testing import Pair, Side

__all__ = ["SETUPS", "Row", "Setup", "each", "error", "pair_of", "receiver", "same", "serve"]

Handlers = Mapping[type, Callable[[Any], Any]]

NOON = datetime(2024, 2, 29, 12, 0, 0, 123456, UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """A frame and its answer in every version that knows it; None is silence.

    `to` is the side that receives it, `policy` that side's.
    """

    name: str
    rule: str
    frame: bytes
    answers: Mapping[str, bytes | None]
    to: Sender = Sender.CENTRAL
    policy: Policy = STRICT


@dataclass(frozen=True, slots=True)
class Setup:
    """A version and what both sides of it handle."""

    version: Version
    handlers: Handlers
    requests: tuple[Request[Any], Request[Any]]
    """What the central system and the station may ask."""


def same(answer: bytes | None) -> dict[str, bytes | None]:
    """Return an answer that is the same in every version."""
    return dict.fromkeys(SETUPS, answer)


def error(
    code: str | tuple[str, str], description: str, unique_id: str = "a", details: str = "{}"
) -> dict[str, bytes | None]:
    """Return the CALLERROR of every version; a pair of codes is that of 1.6 and that of 2.x."""
    old, new = (code, code) if isinstance(code, str) else code
    return {
        number: f'[4,"{unique_id}","{old if number == "1.6" else new}","{description}",{details}]'.encode()
        for number in SETUPS
    }


def each(rows: Sequence[Row]) -> list[Any]:
    """Return the rows as parameters, once for every version that has an answer."""
    return [
        pytest.param(SETUPS[number], row, id=f"{row.rule}-{row.name}-{number}")
        for row in rows
        for number in row.answers
    ]


def pair_of(setup: Setup, policy: Policy = STRICT) -> Pair:
    """Return a connection whose both sides keep `policy`."""
    return Pair(
        setup.version,
        central=policy,
        station=policy,
        has_handler=lambda action: action.request in setup.handlers,
    )


def receiver(pair: Pair, row: Row) -> Side:
    """Return the side that gets the frame of a row."""
    return pair.central if row.to is Sender.CENTRAL else pair.station


def serve(setup: Setup, side: Side) -> None:
    """Handle what waits to be handled, with the answers that a central system or charge point gives."""
    while (call := side.handling) is not None:
        try:
            side.answer(setup.handlers[call.action.request](call.payload))
        except (ValidationError, CallError, RuntimeError) as error:
            side.fail(error)


def outcomes(response: Callable[..., Any], accepted: Any) -> Callable[[Any], Any]:
    """Return a DataTransfer handler that does what the vendor id says, and echoes the data otherwise."""

    def handle(request: Any) -> Any:
        match request.vendor_id:
            case "raises":
                raise RuntimeError("the password is 1234")
            case "raises with a lone surrogate":
                raise RuntimeError("\udc80")
            case "returns None":
                return None
            case "returns another class":
                return request
            case "returns too little":
                return response(status=None)
            case "returns a wrong value":
                return response(status="Perhaps")
            case "refuses":
                raise CallError(ErrorCode.SECURITY_ERROR, "not you", {"tries": 3})
            case "refuses in its own words":
                raise CallError("VendorError")
            case "refuses by a code of 2.x":
                raise CallError(ErrorCode.FORMAT_VIOLATION)
            case "refuses by a code of the framework":
                raise CallError(ErrorCode.RPC_FRAMEWORK_ERROR)
            case "refuses at length":
                raise CallError(ErrorCode.GENERIC_ERROR, "é" * 254 + "😀😀")
            case _:
                return response(status=accepted, data=request.data)

    return handle


def _setup_of_2(module: Any) -> Setup:
    """Return what both sides of 2.0.1 or 2.1 handle."""
    return Setup(
        module.VERSION,
        {
            module.DataTransferRequest: outcomes(module.DataTransferResponse, "Accepted"),
            module.HeartbeatRequest: lambda request: module.HeartbeatResponse(current_time=NOON),
            module.TriggerMessageRequest: lambda request: module.TriggerMessageResponse(status="Accepted"),
        },
        requests=(module.ClearCacheRequest(), module.HeartbeatRequest()),
    )


SETUPS: dict[str, Setup] = {
    "1.6": Setup(
        v16.VERSION,
        {
            v16.AuthorizeRequest: lambda request: v16.AuthorizeResponse(
                id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED, parent_id_tag=request.id_tag)
            ),
            v16.BootNotificationRequest: lambda request: v16.BootNotificationResponse(
                status=v16.RegistrationStatus.ACCEPTED, current_time=NOON, interval=300
            ),
            v16.DataTransferRequest: outcomes(v16.DataTransferResponse, v16.DataTransferStatus.ACCEPTED),
            v16.GetDiagnosticsRequest: lambda request: v16.GetDiagnosticsResponse(file_name=request.location),
            v16.HeartbeatRequest: lambda request: v16.HeartbeatResponse(current_time=NOON),
            v16.LogStatusNotificationRequest: lambda request: v16.LogStatusNotificationResponse(),
            v16.MeterValuesRequest: lambda request: v16.MeterValuesResponse(),
            v16.SetChargingProfileRequest: lambda request: v16.SetChargingProfileResponse(
                status=v16.ChargingProfileStatus.ACCEPTED
            ),
            v16.StartTransactionRequest: lambda request: v16.StartTransactionResponse(
                id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED, expiry_date=request.timestamp),
                transaction_id=request.meter_start,
            ),
            v16.StatusNotificationRequest: lambda request: v16.StatusNotificationResponse(),
            v16.StopTransactionRequest: lambda request: v16.StopTransactionResponse(),
            v16.TriggerMessageRequest: lambda request: v16.TriggerMessageResponse(
                status=v16.TriggerMessageStatus.ACCEPTED
            ),
        },
        requests=(v16.GetConfigurationRequest(), v16.HeartbeatRequest()),
    ),
    "2.0.1": _setup_of_2(v201),
    "2.1": _setup_of_2(v21),
}
