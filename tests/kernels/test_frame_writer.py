"""The compiled writer of frames: what it has learnt, and what it leaves to its fallbacks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ocpp_fast.schema import Struct, plan_of

frames = pytest.importorskip("ocpp_fast_ext.frames")


class Inner(Struct):
    number: int


def declined(*arguments: object) -> str:
    return "declined"


def test_a_writer_writes_what_it_has_learnt_and_no_subclass_of_it() -> None:
    class More(Inner):
        pass

    writer = frames.FrameWriter(3, declined, declined)
    message = SimpleNamespace(action='"A"', request=Inner)
    call = frames.Call("a", message, None, b"")
    assert writer.call("a", Inner(number=1)) == writer.result(call, Inner(number=1)) == "declined"
    for _ in range(2):
        writer.learn_call(message, plan_of(Inner))
        writer.learn_result(message, plan_of(Inner))
    assert writer.call("a", Inner(number=1)) == rb'[2,"a","\"A\"",{"number":1}]'
    assert writer.result(call, Inner(number=1)) == b'[3,"a",{"number":1}]'
    assert writer.call("a", More(number=1)) == writer.result(call, More(number=1)) == "declined"
    assert writer.result(frames.Call("a", SimpleNamespace(action="B"), None, b""), Inner(number=1)) == "declined"
    assert writer.result(object(), Inner(number=1)) == "declined"
