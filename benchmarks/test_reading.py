"""Reading a frame: bytes become a checked, typed object."""

from __future__ import annotations

import pytest
from ocpp.charge_point import camel_to_snake_case

from ocpp_fast.schema import Action

from .conftest import Race
from .messages import CALLS, RESULTS, UNIQUE_ID, WITH_BLANKS, Example
from .peers import peer_payload, read_calls, read_results, wire_value
from .race import Contender

CALL = "Reading a CALL: how many times as fast as"
RESULT = "Reading a CALLRESULT: how many times as fast as"


@pytest.mark.parametrize("example", [*CALLS, WITH_BLANKS], ids=lambda example: example.name)
def test_call(example: Example, race: Race) -> None:
    ours, peers = read_calls(example)
    action = example.action
    check_equal(ours, peers, [2, UNIQUE_ID, example.action_name, example.payload], action.request, action)
    race(CALL, example.name, len(example.call), ours, peers)


@pytest.mark.parametrize("example", RESULTS, ids=lambda example: example.name)
def test_result(example: Example, race: Race) -> None:
    ours, peers = read_results(example)
    action = example.action
    check_equal(ours, peers, [3, UNIQUE_ID, example.payload], action.response, action)
    race(RESULT, example.name, len(example.result), ours, peers)


def check_equal(
    ours: Contender, peers: list[Contender], frame: list[object], struct: type | None, action: Action
) -> None:
    """Each of them reads the same out of the frame, in its own form."""
    payload = ours.result().payload
    read = {peer.name: peer.result() for peer in peers}
    assert type(payload) is struct
    assert read["reference core"].payload == payload
    assert read["msgspec"] == peer_payload(struct, action, payload)
    assert read["orjson.loads"] == frame
    assert read["orjson + fastjsonschema"] == frame[-1]
    for package in ("ocpp", "ocpp, no thread"):
        assert wire_value(read[package]) == camel_to_snake_case(frame[-1])
