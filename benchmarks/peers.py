"""Ours and its peers: the contenders that read and write a frame, each in the quickest way it has."""

from __future__ import annotations

import asyncio
import atexit
import json
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Final

import fastjsonschema
import msgspec
import ocpp.messages
import orjson
from ocpp.charge_point import camel_to_snake_case, remove_nones, serialize_as_dict, snake_to_camel_case

from ocpp_fast._core import Call
from ocpp_fast._core.plan import Node, Op
from ocpp_fast.frames import Decoder, Encoder
from ocpp_fast.schema import BOTH, Action, Sender, Version, codec_of, plan_of, schema_of

from .messages import UNIQUE_ID, Example
from .msgspec_types import CallHead, ResultHead, peer_value, struct_of
from .race import Contender

__all__ = [
    "decoder_of",
    "no_call",
    "peer_payload",
    "read_calls",
    "read_results",
    "wire_value",
    "write_calls",
    "write_results",
]

OURS: Final = "ocpp_fast"
PACKAGE_REPEATS: Final = 10


@cache
def decoder_of(version: Version, receiver: Sender) -> Decoder:
    """Return the decoder of one side, which handles everything."""
    return Decoder(version, receiver, lambda action: True)


def _receiver(action: Action) -> Sender:
    return ~action.sender & BOTH or Sender.CENTRAL


def no_call(unique_id: str) -> None:
    """Know of no open call."""


def wire_value(value: Any) -> Any:
    """Return a payload as a JSON parser gives it: the `ocpp` package has Decimals in some."""
    return json.loads(json.dumps(value, default=float))


# Reading


def read_calls(example: Example) -> tuple[Contender, list[Contender]]:
    """Return what reads a CALL. All but `orjson.loads` check it; ours, the reference core and msgspec make objects."""
    action, raw = example.action, example.call
    plan = plan_of(action.request, action.draft)
    payloads = {example.action_name: msgspec.json.Decoder(struct_of(plan)).decode}
    heads = msgspec.json.Decoder(CallHead)
    validators = {example.action_name: _validator(action.request, action)}
    peers = [
        _loads(raw),
        Contender(
            "msgspec",
            "payloads[(frame := head(raw)).action](frame.payload)",
            {"payloads": payloads, "head": heads.decode, "raw": raw},
            wanted=1.8,
        ),
        _fastjsonschema(example, _checked_call(validators), raw),
        _reference(example, raw, no_call),
        *_package(_package_call, example, raw, no_call),
    ]
    return _ours(example, raw, no_call), peers


def read_results(example: Example) -> tuple[Contender, list[Contender]]:
    """Return what reads the CALLRESULT that one open call waits for."""
    action, raw = example.action, example.result
    assert action.response is not None
    plan = plan_of(action.response, action.draft)
    open_call = {UNIQUE_ID: action}.get
    payloads = {action: msgspec.json.Decoder(struct_of(plan)).decode}
    heads = msgspec.json.Decoder(ResultHead)
    validators = {action: _validator(action.response, action)}
    peers = [
        _loads(raw),
        Contender(
            "msgspec",
            "payloads[open_call((frame := head(raw)).unique_id)](frame.payload)",
            {"payloads": payloads, "open_call": open_call, "head": heads.decode, "raw": raw},
            wanted=1.8,
        ),
        _fastjsonschema(example, _checked_result(validators, open_call), raw),
        _reference(example, raw, open_call),
        *_package(_package_result, example, raw, open_call),
    ]
    return _ours(example, raw, open_call), peers


def _ours(example: Example, raw: bytes, open_call: Callable[[str], Any]) -> Contender:
    decode = decoder_of(example.version, _receiver(example.action)).decode
    decode(raw, open_call)  # asks for the action
    return Contender(OURS, "decode(raw, open_call)", {"decode": decode, "raw": raw, "open_call": open_call})


def _reference(example: Example, raw: bytes, open_call: Callable[[str], Any]) -> Contender:
    decode = decoder_of(example.version, _receiver(example.action))._decode
    names = {"decode": decode, "raw": raw, "open_call": open_call}
    return Contender("reference core", "decode(raw, open_call)", names, wanted=10)


def _loads(raw: bytes) -> Contender:
    return Contender("orjson.loads", "loads(raw)", {"loads": orjson.loads, "raw": raw}, wanted=1.2)


def _fastjsonschema(example: Example, read: Callable[[bytes], Any], raw: bytes) -> Contender:
    wanted = 12 if example.action_name == "MeterValues" else 6
    return Contender("orjson + fastjsonschema", "read(raw)", {"read": read, "raw": raw}, wanted)


def _checked_call(validators: dict[str, Callable[[Any], Any]]) -> Callable[[bytes], Any]:
    def read(raw: bytes) -> Any:
        frame = orjson.loads(raw)
        if type(frame) is not list or len(frame) != 4 or frame[0] != 2:
            raise ValueError
        _, unique_id, action, payload = frame
        if type(unique_id) is not str or not 0 < len(unique_id) <= 36:
            raise ValueError
        return validators[action](payload)

    return read


def _checked_result(
    validators: dict[Action, Callable[[Any], Any]], open_call: Callable[[str], Any]
) -> Callable[[bytes], Any]:
    def read(raw: bytes) -> Any:
        frame = orjson.loads(raw)
        if type(frame) is not list or len(frame) != 3 or frame[0] != 3:
            raise ValueError
        _, unique_id, payload = frame
        if type(unique_id) is not str or not 0 < len(unique_id) <= 36:
            raise ValueError
        return validators[open_call(unique_id)](payload)

    return read


def _package(
    unpacked: Callable[[str, Callable[[str], Any]], Any], example: Example, raw: bytes, open_call: Callable[[str], Any]
) -> list[Contender]:
    """Return what the `ocpp` package does with a message before its user sees it: as it ships, and without its thread.

    As it ships, every payload is checked in a thread of the loop's executor.
    """
    number, text = example.version.number, raw.decode()

    def read() -> Any:
        message = unpacked(text, open_call)
        ocpp.messages._validate_payload(message, number)
        return camel_to_snake_case(message.payload)

    async def read_many() -> Any:
        for _ in range(PACKAGE_REPEATS):
            message = unpacked(text, open_call)
            await ocpp.messages.validate_payload(message, number)
            payload = camel_to_snake_case(message.payload)
        return payload

    return [
        Contender(
            "ocpp",
            "run(read_many())",
            {"run": _loop().run_until_complete, "read_many": read_many},
            wanted=300,
            repeats=PACKAGE_REPEATS,
        ),
        Contender("ocpp, no thread", "read()", {"read": read}),
    ]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that the `ocpp` package runs on, which is closed at the end."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def _package_call(text: str, open_call: Callable[[str], Any]) -> Any:
    return ocpp.messages.unpack(text)


def _package_result(text: str, open_call: Callable[[str], Any]) -> Any:
    result = ocpp.messages.unpack(text)
    result.action = open_call(result.unique_id).name
    return result


# Writing


def write_calls(example: Example) -> tuple[Contender, list[Contender]]:
    """Return what writes a CALL: all but msgspec and `orjson.dumps` check it."""
    action = example.action
    request = _ours(example, example.call, no_call).result().payload
    frame = {"unique_id": UNIQUE_ID, "action": action.name, "dumps": orjson.dumps, "request": request}
    ours = Contender(OURS, "call(unique_id, request)", {**frame, "call": Encoder(example.version).call})
    peers = [
        Contender(
            "msgspec",
            "encode((2, unique_id, action, payload))",
            {
                **frame,
                "encode": msgspec.json.Encoder().encode,
                "payload": peer_payload(action.request, action, request),
            },
            wanted=1.2,
        ),
        Contender(
            "orjson.dumps",
            "dumps([2, unique_id, action, payload])",
            {**frame, "payload": example.payload},
        ),
        Contender(
            "fastjsonschema + orjson",
            "dumps([2, unique_id, action, validate(payload)])",
            {**frame, "payload": example.payload, "validate": _validator(action.request, action)},
        ),
        _package_writing(example, "call", lambda payload: ocpp.messages.Call(UNIQUE_ID, example.action_name, payload)),
        Contender(
            "reference core",
            'b"[2,%b,%b,%b]" % (dumps(unique_id), dumps(action), encode(request))',
            {**frame, "encode": codec_of(action.request, action.draft).encode},
        ),
    ]
    return ours, peers


def write_results(example: Example) -> tuple[Contender, list[Contender]]:
    """Return what writes a CALLRESULT, as `write_calls` does."""
    action = example.action
    assert action.response is not None
    response = _ours(example, example.result, {UNIQUE_ID: action}.get).result().payload
    asked = Call(UNIQUE_ID, action, None, b"")
    frame = {"unique_id": UNIQUE_ID, "dumps": orjson.dumps, "response": response, "asked": asked}
    ours = Contender(OURS, "result(asked, response)", {**frame, "result": Encoder(example.version).result})
    peers = [
        Contender(
            "msgspec",
            "encode((3, unique_id, payload))",
            {
                **frame,
                "encode": msgspec.json.Encoder().encode,
                "payload": peer_payload(action.response, action, response),
            },
            wanted=1.2,
        ),
        Contender(
            "orjson.dumps",
            "dumps([3, unique_id, payload])",
            {**frame, "payload": example.payload},
        ),
        Contender(
            "fastjsonschema + orjson",
            "dumps([3, unique_id, validate(payload)])",
            {**frame, "payload": example.payload, "validate": _validator(action.response, action)},
        ),
        _package_writing(
            example, "call_result", lambda payload: ocpp.messages.CallResult(UNIQUE_ID, payload, example.action_name)
        ),
        Contender(
            "reference core",
            'b"[3,%b,%b]" % (dumps(unique_id), encode(response))',
            {**frame, "encode": codec_of(action.response, action.draft).encode},
        ),
    ]
    return ours, peers


def _package_writing(example: Example, kind: str, framed: Callable[[Any], Any]) -> Contender:
    """Return what the `ocpp` package does with a dataclass of its user before it sends it, as it ships."""
    number = example.version.number
    module = import_module(f"ocpp.v{number.replace('.', '')}.{kind}")
    payload = getattr(module, example.action_name)(**camel_to_snake_case(example.payload))

    async def write_many() -> Any:
        for _ in range(PACKAGE_REPEATS):
            message = framed(remove_nones(snake_to_camel_case(serialize_as_dict(payload))))
            await ocpp.messages.validate_payload(message, number)
            text = message.to_json().encode()
        return text

    names = {"run": _loop().run_until_complete, "write_many": write_many}
    return Contender("ocpp", "run(write_many())", names, repeats=PACKAGE_REPEATS)


def _validator(struct: Any, action: Action) -> Callable[[Any], Any]:
    validate: Callable[[Any], Any] = fastjsonschema.compile(schema_of(struct, action.draft))
    return validate


def peer_payload(struct: Any, action: Action, value: Any) -> Any:
    """Return the Struct that is equal to one of our payloads."""
    return peer_value(Node(Op.OBJECT, plan=plan_of(struct, action.draft)), value)
