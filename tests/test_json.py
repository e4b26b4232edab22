"""Payloads as JSON, as types of pydantic and FastAPI, and as values that are copied, pickled and compared."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    HandshakeFailed,
    InvalidResult,
    NotConnected,
    OcppError,
    TransferRefused,
    UnhandledActions,
    ValidationError,
    v16,
    v21,
    v201,
)
from ocpp_fast.frames import CallResult, CallResultError, Decoder, Encoder, Send
from ocpp_fast.schema import Request, Sender, Struct, Version, plan_of, request_schema
from ocpp_fast.signature import Signature
from ocpp_fast.signing import SignedCall

from .payloads import maximal, minimal

VERSIONS = [v16.VERSION, v201.VERSION, v21.VERSION]
BOOT = v16.BootNotificationRequest(charge_point_vendor="Ä", charge_point_model="M")
BOOT_JSON = {"chargePointVendor": "Ä", "chargePointModel": "M"}


def payload_classes(version: Version) -> Iterator[type[Struct]]:
    for action in version.actions.values():
        yield action.request
        if action.response is not None:
            yield action.response


@pytest.mark.parametrize("version", VERSIONS)
def test_every_payload_comes_back_from_json_copies_and_pickles(version: Version) -> None:
    for struct in payload_classes(version):
        for make in (minimal, maximal):
            payload = struct.from_dict(make(plan_of(struct, struct.__draft__)))
            assert struct.from_dict(payload.to_dict()) == payload
            assert struct.from_json(payload.to_json()) == payload
            assert struct.from_json(payload.to_json().encode()) == payload
            assert json.loads(payload.to_json()) == payload.to_dict()
            for same in (copy.copy(payload), copy.deepcopy(payload), pickle.loads(pickle.dumps(payload))):
                assert same == payload


def test_json_has_the_names_of_the_wire() -> None:
    assert BOOT.to_dict() == BOOT_JSON
    assert BOOT.to_json() == '{"chargePointVendor":"Ä","chargePointModel":"M"}'


TEXTS = ("", "{", "null", "[]", "1", "\ud800", b"\xff", '{"a":NaN}', "[" * 100_000)


def test_bad_json_and_what_is_no_mapping_are_validation_errors() -> None:
    attempts: list[Any] = [
        (v16.HeartbeatRequest.from_json, TEXTS),
        (v16.HeartbeatRequest.from_dict, (None, [], "{}", 1)),
    ]
    for read, value in ((read, value) for read, values in attempts for value in values):
        with pytest.raises(ValidationError, match="payload: expected object"):
            read(value)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400, "\ud800", b"", object()])
def test_a_value_that_json_does_not_have_is_a_validation_error(value: Any) -> None:
    for kind, field in ((v21.CostUpdatedRequest, "totalCost"), (v16.ChargingSchedulePeriod, "limit")):
        with pytest.raises(ValidationError, match="expected"):
            kind.from_dict({field: value, "transactionId": "1", "startPeriod": 0})


def test_a_broken_rule_is_a_validation_error_with_its_path_in_either_direction() -> None:
    with pytest.raises(ValidationError, match="chargePointModel: expected at most 20 characters"):
        v16.BootNotificationRequest.from_dict(BOOT_JSON | {"chargePointModel": "M" * 21})
    for write in (v16.BootNotificationRequest.to_json, v16.BootNotificationRequest.to_dict):
        with pytest.raises(ValidationError, match="chargePointModel: expected at most 20 characters"):
            write(BOOT.replace(charge_point_model="M" * 21))


def test_R20_integers_of_a_response_are_those_of_its_version() -> None:
    boot = {"currentTime": "2026-01-01T00:00:00Z", "status": "Accepted", "interval": 1.0}
    with pytest.raises(ValidationError, match="interval"):
        v16.BootNotificationResponse.from_dict(boot)
    assert v201.BootNotificationResponse.from_dict(boot).interval == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_makes_requests_by_name(version: Version) -> None:
    assert version.request("ClearCache").to_dict() == {}
    with pytest.raises(ValueError, match=r"has no action 'reset'"):
        version.request("reset")
    with pytest.raises(ValidationError, match="type: expected one of"):
        version.request("Reset", {"type": "Softly"})
    assert v16.VERSION.request("Reset", {"type": "Soft"}) == v16.ResetRequest(type=v16.ResetType.SOFT)


def test_dataclasses_sees_the_fields() -> None:
    assert [each.name for each in dataclasses.fields(BOOT)] == list(type(BOOT).__struct_fields__)
    assert dataclasses.asdict(BOOT)["charge_point_vendor"] == "Ä"


# Frames and errors

SIGNATURE = Signature({"alg": "ES256"}, None, {"payload": ""})


def some_frames() -> list[Any]:
    station = Decoder(v21.VERSION, Sender.STATION, lambda action: True)
    central = Decoder(v21.VERSION, Sender.CENTRAL, lambda action: True)
    call = station.decode(Encoder(v21.VERSION).call("1", v21.ClearCacheRequest()), lambda unique_id: None)
    data = v21.VERSION.request(
        "NotifyPeriodicEventStream",
        {"id": 1, "pending": 1, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]},
    )
    send = central.decode(Encoder(v21.VERSION).send("2", data), lambda unique_id: None)
    assert isinstance(send, Send)
    error = CallError("GenericError", "why", {"a": 1}, unique_id="1")
    return [
        call,
        send,
        CallResult("3", v21.ClearCacheResponse(status=v21.ClearCacheStatusEnumType.ACCEPTED)),
        error,
        CallResultError(error),
        SignedCall("1", v21.ClearCacheRequest.__action__, v21.ClearCacheRequest(), b"[]", SIGNATURE),
    ]


@pytest.mark.parametrize("index", range(6))
def test_frames_compare_copy_and_pickle(index: int) -> None:
    frame, again, other = some_frames()[index], some_frames()[index], some_frames()[index - 1]
    assert frame == again
    assert frame != other
    assert frame != 5
    for same in (copy.copy(frame), copy.deepcopy(frame), pickle.loads(pickle.dumps(frame))):
        assert same == frame
        assert same is not frame


@pytest.mark.parametrize(
    "error",
    [
        *(ValidationError("a", "type", "object"), InvalidResult("a", "type", "object"), CallError("X", "y", {"z": 1})),
        *(TransferRefused("Rejected", "R", data=[1]), CallTimeout("Reset"), NotConnected("CP1")),
        *(HandshakeFailed("no", 401), UnhandledActions("Core", ["Reset"])),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_pickle_with_all_that_they_hold(error: OcppError) -> None:
    error.at("CP1")
    same = pickle.loads(pickle.dumps(error))
    assert (type(same), str(same), vars(same)) == (type(error), str(error), vars(error))


# pydantic and FastAPI


def request_of(app: Any, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Return the status and the JSON with which an ASGI application answers."""
    import httpx

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, json=body)

    answer = asyncio.run(ask())
    return answer.status_code, answer.json()


@pytest.mark.once
def test_a_payload_is_a_body_and_a_response_model_of_fastapi() -> None:
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/reset")
    def reset(body: v16.ResetRequest) -> v16.ResetResponse:
        assert body == v16.ResetRequest(type=v16.ResetType.SOFT)
        return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

    @app.post("/events")
    def events(body: list[v201.TransactionEventRequest]) -> dict[str, v201.TransactionEventResponse]:
        return {str(each.seq_no): v201.TransactionEventResponse() for each in body}

    assert request_of(app, "POST", "/reset", {"type": "Soft"}) == (200, {"status": "Accepted"})
    status, answer = request_of(app, "POST", "/reset", {"type": "Softly"})
    assert status == 422
    assert answer["detail"][0]["msg"] == "Value error, type: expected one of Hard, Soft"
    assert request_of(app, "POST", "/events", []) == (200, {})

    _, document = request_of(app, "GET", "/openapi.json", None)
    schemas = document["components"]["schemas"]
    body = document["paths"]["/reset"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/ResetRequest"}
    assert schemas["ResetRequest"]["properties"] == {"type": {"$ref": "#/components/schemas/ResetType"}}
    assert schemas["ResetType"]["enum"] == ["Hard", "Soft"]


@pytest.mark.once
@pytest.mark.parametrize("version", VERSIONS)
def test_pydantic_has_the_schema_of_every_request(version: Version) -> None:
    from pydantic import TypeAdapter

    for action in version.actions.values():
        if not issubclass(action.request, Request):
            continue
        schema = TypeAdapter(action.request).json_schema()
        ours = request_schema(action.request)
        assert bare(schema, schema.get("$defs", {})) == bare(ours, ours.get("definitions", {})), action


def bare(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema with its references replaced by what they refer to, and without its prose."""
    if isinstance(schema, list):
        return [bare(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return bare(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    prose = {"$schema", "$defs", "definitions", "description"}
    if isinstance(schema.get("title"), str):
        prose.add("title")
    return {key: bare(each, definitions) for key, each in schema.items() if key not in prose}
