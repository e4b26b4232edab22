"""How deep what is written may nest: as deep as what may be read (R26)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast._core.payload import Violation
from ocpp_fast._core.strict_json import MAX_DEPTH, loads
from ocpp_fast.schema import Json, Struct, codec_of

from .test_payload import refusal_of, written


class Box(Struct):
    content: Json = None


class Shelf(Struct):
    boxes: list[Box]


class Rack(Struct):
    shelves: list[Shelf]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(("levels", "fits"), [(62, True), (63, False)])
def test_R26_a_payload_nests_no_deeper_than_a_frame_may(levels: int, fits: bool) -> None:
    """Two levels are the frame's array and the payload itself."""
    if fits:
        written(anything=nested(levels))
    else:
        expected = ("anything", "type", "a JSON value: nested deeper than 64")
        assert refusal_of(anything=nested(levels)) == expected


@pytest.mark.parametrize(("levels", "fits"), [(MAX_DEPTH - 6, True), (MAX_DEPTH - 5, False)])
def test_R26_the_levels_above_free_JSON_count(levels: int, fits: bool) -> None:
    """Above it: the frame's array, the rack, its list, the shelf, its list, the box."""
    rack = Rack(shelves=[Shelf(boxes=[Box(content=nested(levels))])])
    if fits:
        loads(b'[3,"a",%b]' % codec_of(Rack).encode(rack))
    else:
        with pytest.raises(Violation, match="nested deeper than 64") as raised:
            codec_of(Rack).encode(rack)
        assert raised.value.path == "shelves[0].boxes[0].content"
