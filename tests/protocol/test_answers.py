"""Every row, by every version that it has an answer of: a frame goes in, and exactly these bytes come out."""

from __future__ import annotations

import json
from collections import Counter

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast import LENIENT

from . import frame_rows, payload_rows, value_rows
from .cases import TIME, Row, Setup, answers, each, each_version, pair_of, receiver

ROWS = [*frame_rows.ROWS, *payload_rows.ROWS, *value_rows.ROWS]


@pytest.mark.parametrize(("setup", "row"), each(ROWS))
def test_answer(setup: Setup, row: Row) -> None:
    side = receiver(pair_of(setup, row.policy), row)
    expected = row.answers[setup.number]
    for _ in range(2):  # a compiled core reads what the other has read before it
        assert answers(setup, side, row.frame) == ([] if expected is None else [expected])


@pytest.mark.parametrize(("setup", "row"), each(frame_rows.ROWS))
def test_R45_the_session_goes_on_after_it(setup: Setup, row: Row) -> None:
    pair = pair_of(setup)
    answers(setup, pair.central, row.frame)
    assert answers(setup, pair.central, b'[2,"after","Heartbeat",{}]') == [b'[3,"after",%b]' % TIME]
    assert len(pair.table) == 0


def test_row_names_are_told_apart() -> None:
    names = Counter((row.rule, row.name) for row in ROWS)
    assert [name for name, times in names.items() if times > 1] == []


@each_version
@given(text=st.text(st.characters(codec="utf-8")))
def test_R02_the_broken_text_is_never_in_the_answer(setup: Setup, text: str) -> None:
    for frame in (f"<{text}", f"[<{text}", f'[2,"<{text}', f'[2,"a","Heartbeat",<{text}]'):
        (answer,) = answers(setup, pair_of(setup).central, frame.encode())
        assert b"<" not in answer


# R45: nothing that arrives raises, whatever it is, and every answer is a frame

WORDS = ["a", "-1", "Heartbeat", "StartTransaction", "connectorId", "timestamp", "2024-01-01T00:00:00Z"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(WORDS), inner),
    max_leaves=12,
)
FRAMES = st.lists(VALUES, max_size=6) | st.tuples(
    st.integers(2, 6), st.sampled_from(["a", "b"]), st.sampled_from([*WORDS, {}]) | VALUES, VALUES
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a row's frame with some bytes lost, changed or repeated."""
    frame = bytearray(draw(st.sampled_from([row.frame for row in ROWS if len(row.frame) < 1000])))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(frame)))
        end = draw(st.integers(start, min(len(frame), start + 8)))
        frame[start:end] = draw(st.binary(max_size=3) | st.just(bytes(frame[start:end]) * 2))
    return bytes(frame)


@each_version
@given(raw=st.binary() | damaged() | FRAMES.map(json.dumps).map(str.encode))
def test_R45_whatever_arrives_nothing_raises(setup: Setup, raw: bytes) -> None:
    pair = pair_of(setup, LENIENT)
    for side, request in ((pair.central, setup.requests[0]), (pair.station, setup.requests[1])):
        side.call(request, unique_id="a")
        side.in_transit.clear()
        for answer in answers(setup, side, raw):
            message_type, unique_id, *_ = orjson.loads(answer)
            assert message_type in (3, 4, 5)
            assert isinstance(unique_id, str)
