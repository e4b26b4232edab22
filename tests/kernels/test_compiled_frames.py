"""The compiled core of frames, alone: the actions that it asks for, and what it leaves to its fallbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast._core.plan import Member, Node, Op, Plan
from ocpp_fast.schema import Json, Struct, plan_of

from .frame_cores import Actions, Named, declined, no_call, reader_of, writer_of

frames = pytest.importorskip("ocpp_fast_ext.frames")

FRAME = b'[2,"a","A",{"number":1}]'


class Inner(Struct):
    number: int


class Looped(Struct):
    more: Json = None


class Text(str):
    __slots__ = ()


ONE = Inner(number=1)
PLAN = plan_of(Inner)


@pytest.fixture
def actions() -> Actions:
    return Actions()


def test_an_action_is_asked_for_once_and_its_first_frame_is_read_here(actions: Actions) -> None:
    action = actions.add(2, "A", PLAN)
    reader = reader_of(actions)
    for number in range(3):
        call = reader.decode(b'[2,"a","A",{"number":%d}]' % number, no_call)
        assert (type(call), call.action, call.payload) == (frames.Call, action, Inner(number=number))
    assert actions.asked == [(2, "A")]


def test_an_action_that_is_not_taken_is_asked_for_again_and_one_that_is_added_is_found(actions: Actions) -> None:
    reader = reader_of(actions)
    assert reader.decode(FRAME, no_call) == reader.decode(FRAME, no_call) == "declined"
    action = actions.add(2, "A", PLAN)
    assert reader.decode(FRAME, no_call).action is action
    assert actions.asked == [(2, "A")] * 3


def test_a_plan_without_a_compiled_form_is_asked_for_once_and_declined(actions: Actions) -> None:
    plan = Plan(Looped, (), plain=True)
    plan.members = (Member("more", "more", True, None, Node(Op.OBJECT, plan=plan)),)  # it holds itself
    action = actions.add(2, "A", plan)
    actions.add(3, action, plan)
    actions.add(2, Looped, plan, action)
    reader, writer = reader_of(actions), writer_of(actions)
    for _ in range(2):
        assert reader.decode(b'[2,"a","A",{}]', no_call) == "declined"
        assert reader.decode(b'[3,"a",{}]', lambda unique_id: action) == "declined"
        assert writer.call("a", Looped()) == "declined"
    assert actions.asked == [(2, "A"), (3, action), (2, Looped)]


def test_an_action_that_needs_an_escape_is_left_to_the_fallback(actions: Actions) -> None:
    reader = reader_of(actions)
    for name in (r"\u0041", 'a"b', "a\nb"):
        actions.add(2, name, PLAN)
        assert reader.decode(f'[2,"a","{name}",{{"number":1}}]'.encode(), no_call) == "declined"
    beyond = actions.add(2, "größe", PLAN)
    assert reader.decode('[2,"a","größe",{"number":1}]'.encode(), no_call).action is beyond
    assert reader.decode(b'[2,"a","\xff",{"number":1}]', no_call) == "declined"


def test_a_reader_that_is_made_again_keeps_what_it_knows(actions: Actions) -> None:
    action = actions.add(2, "A", PLAN)
    reader = reader_of(actions)
    reader.__init__(fallback=declined, error=declined, lookup=declined, refuses_results=True)
    assert reader.decode(FRAME, no_call).action is action
    with pytest.raises(TypeError):
        frames.CompiledDecoder.__new__(frames.CompiledDecoder)


def test_hundreds_of_actions_are_told_apart(actions: Actions) -> None:
    reader = reader_of(actions)
    known = [actions.add(2, f"Action{number}", PLAN) for number in range(300)]
    for _ in range(2):
        for action in known:
            raw = f'[2,"a","{action.name}",{{"number":1}}]'.encode()
            assert reader.decode(raw, no_call).action is action
    assert reader.decode(b'[2,"a","Action300",{"number":1}]', no_call) == "declined"
    assert len(actions.asked) == 301


@pytest.mark.parametrize("raw", ["[]", None, type("Raw", (bytes,), {})(b"[]")])
def test_what_is_not_exactly_bytes_is_left_to_the_fallback(raw: Any) -> None:
    assert reader_of().decode(raw, no_call) == "declined"


BUFFER = bytearray(b'..[2,"a","A",{"number":1}]..')


@pytest.mark.parametrize("raw", [BUFFER[2:-2], memoryview(BUFFER)[2:-2], memoryview(bytes(BUFFER))[2:-2]])
def test_a_part_of_a_buffer_is_read_and_copied(actions: Actions, raw: Any) -> None:
    actions.add(2, "A", PLAN)
    call = reader_of(actions).decode(raw, no_call)
    assert call.payload == ONE
    assert type(call.raw) is bytes and call.raw == BUFFER[2:-2]


def test_calls_and_sends_are_told_apart(actions: Actions) -> None:
    actions.add(2, "A", PLAN)
    sent = actions.add(6, "B", PLAN)
    reader = reader_of(actions)
    assert type(reader.decode(FRAME, no_call)) is frames.Call
    send = reader.decode(b'[6,"a","B",{"number":1}]', no_call)
    assert (type(send), send.action, send.payload, send.signature) == (frames.Send, sent, ONE, None)
    assert reader.decode(b'[6,"a","A",{"number":1}]', no_call) == "declined"
    assert reader.decode(b'[2,"a","B",{"number":1}]', no_call) == "declined"


def test_errors_are_read_of_open_calls_and_of_results_where_there_are_such() -> None:
    reader, older = reader_of(), reader_of(refuses_results=False)
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
def test_an_id_that_is_not_exactly_text_is_declined(actions: Actions, unique_id: Any) -> None:
    message = actions.add(2, Inner, PLAN, Named("A"))
    actions.add(3, message, PLAN)
    writer = writer_of(actions)
    assert writer.call(unique_id, ONE) == "declined"
    assert writer.result(frames.Call(unique_id, message, None, b""), ONE) == "declined"
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


def broken(*arguments: object) -> None:
    raise LookupError(arguments)


def test_an_exception_of_the_lookup_or_of_the_open_calls_is_let_through() -> None:
    action = Named("A")
    attempts: list[Callable[[], Any]] = [
        lambda: reader_of().decode(b'[3,"a",{}]', broken),
        lambda: reader_of(broken).decode(b'[2,"a","A",{}]', no_call),
        lambda: reader_of(broken).decode(b'[3,"a",{}]', lambda unique_id: action),
        lambda: writer_of(broken).call("a", ONE),
        lambda: writer_of(broken).send("a", ONE),
        lambda: writer_of(broken).result(frames.Call("a", action, None, b""), ONE),
    ]
    for attempt in attempts:
        with pytest.raises(LookupError):
            attempt()


def test_a_writer_writes_the_classes_that_it_is_told_of_and_no_subclass(actions: Actions) -> None:
    class More(Inner):
        pass

    writer = writer_of(actions)
    action = Named('"A"')
    call = frames.Call("a", action, None, b"")
    assert writer.call("a", ONE) == writer.result(call, ONE) == "declined"
    assert writer.send("a", ONE) == "declined"
    actions.add(2, Inner, PLAN, action)
    actions.add(3, action, PLAN)
    assert writer.send("a", ONE) == "declined"
    actions.add(6, Inner, PLAN, action)
    for _ in range(2):
        assert writer.send("a", ONE) == rb'[6,"a","\"A\"",{"number":1}]'
        assert writer.call("a", ONE) == rb'[2,"a","\"A\"",{"number":1}]'
        assert writer.result(call, ONE) == b'[3,"a",{"number":1}]'
    assert writer.call("a", More(number=1)) == writer.result(call, More(number=1)) == "declined"
    assert writer.result(frames.Call("a", Named("B"), None, b""), ONE) == "declined"
    assert writer.result(object(), ONE) == "declined"
