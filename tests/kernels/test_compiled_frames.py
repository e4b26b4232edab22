"""The compiled core of frames, alone: what it has learnt, and what it leaves to its fallbacks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ocpp_fast.schema import Struct, plan_of

from .frame_cores import Named, declined, error_of, no_call, reader_of, writer_of

frames = pytest.importorskip("ocpp_fast_ext.frames")


class Inner(Struct):
    number: int


class Text(str):
    __slots__ = ()


def test_an_action_that_needs_an_escape_is_left_to_the_fallback() -> None:
    reader = reader_of()
    for action in (r"\u0041", 'a"b', "a\nb"):
        reader.learn_call(Named(action), plan_of(Inner))
        assert reader.decode(f'[2,"a","{action}",{{"number":1}}]'.encode(), no_call) == "declined"
    beyond = Named("größe")
    reader.learn_call(beyond, plan_of(Inner))
    assert reader.decode('[2,"a","größe",{"number":1}]'.encode(), no_call).message is beyond


def test_a_reader_that_is_made_again_keeps_what_it_has_learnt() -> None:
    reader = reader_of()
    message = Named("A")
    reader.learn_call(message, plan_of(Inner))
    reader.__init__(declined, declined, True)
    assert reader.decode(b'[2,"a","A",{"number":1}]', no_call).message is message
    with pytest.raises(TypeError):
        frames.FrameReader.__new__(frames.FrameReader)


def test_hundreds_of_actions_are_told_apart() -> None:
    reader = reader_of()
    messages = [Named(f"Action{number}") for number in range(300)]
    for message in messages:
        reader.learn_call(message, plan_of(Inner))
    for message in messages:
        raw = f'[2,"a","{message.action}",{{"number":1}}]'.encode()
        assert reader.decode(raw, no_call).message is message
    assert reader.decode(b'[2,"a","Action300",{"number":1}]', no_call) == "declined"


@pytest.mark.parametrize("raw", ["[]", None, type("Raw", (bytes,), {})(b"[]")])
def test_what_is_not_exactly_bytes_is_left_to_the_fallback(raw: Any) -> None:
    assert reader_of().decode(raw, no_call) == "declined"


BUFFER = bytearray(b'..[2,"a","A",{"number":1}]..')


@pytest.mark.parametrize("raw", [BUFFER[2:-2], memoryview(BUFFER)[2:-2], memoryview(bytes(BUFFER))[2:-2]])
def test_a_part_of_a_buffer_is_read_and_copied(raw: Any) -> None:
    reader = reader_of()
    reader.learn_call(Named("A"), plan_of(Inner))
    call = reader.decode(raw, no_call)
    assert call.payload == Inner(number=1)
    assert type(call.raw) is bytes and call.raw == BUFFER[2:-2]


def test_a_message_is_read_as_what_it_was_learnt() -> None:
    reader = reader_of()
    called, sent = Named("A"), Named("B")
    reader.learn_call(called, plan_of(Inner))
    reader.learn_send(sent, plan_of(Inner))
    assert type(reader.decode(b'[2,"a","A",{"number":1}]', no_call)) is frames.Call
    send = reader.decode(b'[6,"a","B",{"number":1}]', no_call)
    assert (type(send), send.message, send.payload, send.signature) == (frames.Send, sent, Inner(number=1), None)
    assert reader.decode(b'[6,"a","A",{"number":1}]', no_call) == "declined"
    assert reader.decode(b'[2,"a","B",{"number":1}]', no_call) == "declined"


def test_errors_are_read_of_open_calls_and_of_results_where_there_are_such() -> None:
    reader, older = reader_of(), frames.FrameReader(declined, error_of, False)
    raw = b'[4,"a","GenericError","why",{"a":[1]}]'
    for each in (reader, older):
        assert each.decode(raw, lambda unique_id: object()) == (4, "a", "GenericError", "why", {"a": [1]})
        assert each.decode(raw, no_call) == "declined"
    assert reader.decode(raw.replace(b"4", b"5"), no_call) == (5, "a", "GenericError", "why", {"a": [1]})
    assert older.decode(raw.replace(b"4", b"5"), no_call) == "declined"


@pytest.mark.parametrize(
    "elements", ['7,"",{}', '"a",7,{}', '"a","",[]', '"a","",null', '"a","",{"a":1e9}', '"a",""', '"a","",{},1']
)
def test_odd_errors_are_left_to_the_fallback(elements: str) -> None:
    raw = f'[4,"a",{elements}]'.encode()
    assert reader_of().decode(raw, lambda unique_id: object()) == "declined"


@pytest.mark.parametrize("unique_id", [Text("a"), None, b"a", 7, "\ud800"])
def test_an_id_that_is_not_exactly_text_is_declined(unique_id: Any) -> None:
    writer = writer_of()
    message = Named("A", Inner)
    writer.learn_call(message, plan_of(Inner))
    writer.learn_result(message, plan_of(Inner))
    assert writer.call(unique_id, Inner(number=1)) == "declined"
    assert writer.result(frames.Call(unique_id, message, None, b""), Inner(number=1)) == "declined"
    assert writer.error(4, unique_id, "GenericError", "", {}) == "declined"
    assert writer.error(4, "a", unique_id, "", {}) == "declined"
    assert writer.error(4, "a", "GenericError", unique_id, {}) == "declined"


@pytest.mark.parametrize("details", [None, [], {1: 2}, {"a": object()}, {"a": float("nan")}, type("D", (dict,), {})()])
def test_details_that_are_not_plainly_json_are_declined(details: Any) -> None:
    assert writer_of().error(4, "a", "GenericError", "", details) == "declined"


def test_errors_are_written() -> None:
    writer = writer_of()
    assert writer.error(4, "a", "X", 'say "no"', {"a": [1]}) == rb'[4,"a","X","say \"no\"",{"a":[1]}]'
    assert writer.error(5, "a", "X", "é" * 255, {}) == f'[5,"a","X","{"é" * 255}",{{}}]'.encode()
    assert writer.error(5, "a", "X", "é" * 256, {}) == writer.error(3, "a", "X", "", {}) == "declined"


def test_an_exception_of_the_function_that_knows_the_open_calls_is_let_through() -> None:
    def broken(unique_id: str) -> None:
        raise LookupError(unique_id)

    with pytest.raises(LookupError):
        reader_of().decode(b'[3,"a",{}]', broken)


def test_a_writer_writes_what_it_has_learnt_and_no_subclass_of_it() -> None:
    class More(Inner):
        pass

    writer = writer_of()
    message = SimpleNamespace(action='"A"', request=Inner)
    call = frames.Call("a", message, None, b"")
    assert writer.call("a", Inner(number=1)) == writer.result(call, Inner(number=1)) == "declined"
    assert writer.send("a", Inner(number=1)) == "declined"
    for _ in range(2):
        writer.learn_call(message, plan_of(Inner))
        writer.learn_result(message, plan_of(Inner))
    assert writer.send("a", Inner(number=1)) == "declined"
    writer.learn_send(message, plan_of(Inner))
    assert writer.send("a", Inner(number=1)) == rb'[6,"a","\"A\"",{"number":1}]'
    assert writer.call("a", Inner(number=1)) == rb'[2,"a","\"A\"",{"number":1}]'
    assert writer.result(call, Inner(number=1)) == b'[3,"a",{"number":1}]'
    assert writer.call("a", More(number=1)) == writer.result(call, More(number=1)) == "declined"
    assert writer.result(frames.Call("a", SimpleNamespace(action="B"), None, b""), Inner(number=1)) == "declined"
    assert writer.result(object(), Inner(number=1)) == "declined"
