"""What the most laborious frames cost their receiver, measured by right ones of the same size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast.frames import FrameFault

from .conftest import Record, Times
from .hostile import FRAMES, QUICKEST, SIZE, USUAL, Hostile
from .peers import decoder_of, no_call
from .race import Contender
from .report import AtMost, Row

TABLE = "Reading 64 KiB of ...: how many times as dear as reading 64 KiB of"
ROUNDS = 10
MOST = 40


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_rejecting(frame: Hostile, times: Times, record: Record) -> None:
    assert SIZE - 300 < len(frame.raw) <= SIZE
    assert reading(frame).result() is frame.right
    assert reading(USUAL).result() and reading(QUICKEST).result()
    time, usual, quickest = times([reading(frame), reading(USUAL), reading(QUICKEST)], ROUNDS)
    figures = {USUAL.name: AtMost(time / usual, MOST), QUICKEST.name: AtMost(time / quickest)}
    record(Row(TABLE, frame.name, None, figures))


def reading(frame: Hostile) -> Contender:
    decode = decoder_of(frame.version, frame.receiver).decode
    return Contender(frame.name, "attempt(decode, raw)", {"attempt": attempt, "decode": decode, "raw": frame.raw})


def attempt(decode: Callable[..., Any], raw: bytes) -> bool:
    """Try to read a frame; tell whether it is right."""
    try:
        decode(raw, no_call)
    except FrameFault:
        return False
    return True
