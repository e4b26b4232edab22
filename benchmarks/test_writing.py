"""Writing a frame: a typed object becomes bytes, checked."""

from __future__ import annotations

import orjson
import pytest

from .conftest import Race
from .messages import CALLS, RESULTS, UNIQUE_ID, Example
from .peers import read_calls, read_results, write_calls, write_results

CALL = "Writing a CALL: how many times as fast as"
RESULT = "Writing a CALLRESULT: how many times as fast as"


@pytest.mark.parametrize("example", CALLS, ids=lambda example: example.name)
def test_call(example: Example, race: Race) -> None:
    ours, peers = write_calls(example)
    reader, _ = read_calls(example)
    payload = reader.result().payload
    for writer in (ours, *peers):
        frame = writer.result()
        assert reader.with_names(raw=frame).result().payload == payload
    assert orjson.loads(ours.result()) == [2, UNIQUE_ID, example.action_name, example.payload]
    race(CALL, example.name, len(example.call), ours, peers)


@pytest.mark.parametrize("example", RESULTS, ids=lambda example: example.name)
def test_result(example: Example, race: Race) -> None:
    ours, peers = write_results(example)
    reader, _ = read_results(example)
    payload = reader.result().payload
    for writer in (ours, *peers):
        assert reader.with_names(raw=writer.result()).result().payload == payload
    assert orjson.loads(ours.result()) == [3, UNIQUE_ID, example.payload]
    race(RESULT, example.name, len(example.result), ours, peers)
