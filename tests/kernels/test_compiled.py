"""The compiled cores of payloads and frames where they are alone: odd declarations, and Python code in between.

What both cores do is proved in `tests/parity`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest

from ocpp_fast._core.payload import Violation
from ocpp_fast._core.plan import Member, Node, Op, Plan
from ocpp_fast.schema import (
    CustomData,
    DateTime,
    Items,
    Json,
    MaxLength,
    Range,
    Str20,
    Struct,
    codec_of,
    field,
    plan_of,
)
from ocpp_fast.schema.struct_type import StructType

from .frame_cores import Actions, Named, no_call, reader_of, writer_of

frames = pytest.importorskip("ocpp_fast_ext.frames")
payload = pytest.importorskip("ocpp_fast_ext.payload")


def compiled(struct: type[Struct]) -> Any:
    return payload.compiled(plan_of(struct))


# Declarations


class Color(StrEnum):
    RED = "Red"
    BLÉ = "Blé"


class Inner(Struct):
    number: int
    text: Str20 | None = None


class Outer(Struct):
    inner: Inner
    color: Color = Color.RED
    count: int = 7
    tags: list[str] | None = None
    custom_data: CustomData | None = None


class Point(Struct):
    größe: int = field(json="größe")
    time: DateTime | None = None


def test_a_default_stands_for_what_is_not_there() -> None:
    read = compiled(Outer).read(b'{"inner":{"number":1}}')
    assert read == Outer(inner=Inner(number=1))
    assert (read.color, read.count, read.tags) == (Color.RED, 7, None)
    assert compiled(Outer).write(read) == b'{"inner":{"number":1},"color":"Red","count":7}'


def test_names_and_members_beyond_ascii_are_read_and_written() -> None:
    text = '{"größe":5,"time":"2024-02-29T12:00:00.000Z"}'.encode()
    point = Point(größe=5, time=datetime(2024, 2, 29, 12, tzinfo=UTC))
    assert compiled(Point).read(text) == point
    assert compiled(Point).write(point) == text
    outer = '{"inner":{"number":1},"color":"Blé","count":7}'.encode()
    assert compiled(Outer).write(compiled(Outer).read(outer)) == outer


def test_64_fields_are_read_and_written_and_65_left_to_the_reference() -> None:
    plan = compiled(made({f"f{i}": int for i in range(64)}))
    text = json.dumps({f"f{i}": i for i in range(64)}, separators=(",", ":")).encode()
    assert plan.write(plan.read(text)) == text
    for missing in range(64):
        assert plan.read(json.dumps({f"f{i}": i for i in range(64) if i != missing}).encode()) is None
    assert compiled(made({f"f{i}": int for i in range(65)})) is None


def made(annotations: dict[str, Any], *bases: type, metaclass: type[StructType] = StructType, **names: Any) -> Any:
    """Return a class of these fields; further names of its body are defaults and methods."""
    return metaclass("Made", bases or (Struct,), {"__annotations__": annotations, **names})


class Unlike(StrEnum):
    A = "a"

    def __new__(cls, value: str) -> Unlike:
        self = str.__new__(cls, value + "!")
        self._value_ = value
        return self


class Nothing(StrEnum):
    pass


Half: Any = StrEnum("Half", {"A": "\ud800"})
ONLY_BY_THE_REFERENCE: dict[str, Any] = {
    "a key with a quote": made({"text": str}, text=field(json='a"b')),
    "a key twice": made({"one": int, "other": int}, one=field(json="a"), other=field(json="a")),
    "a limit that no double tells": made({"number": Annotated[int, Range(maximum=2**53)]}),
    "members that are not their values": made({"member": Unlike}),
    "no members": made({"member": Nothing | None}, member=None),
    "a member that is no text": made({"member": Half | None}, member=None),
    "a length below 0": made({"text": Annotated[str, MaxLength(-1)] | None}, text=None),
    "a list shorter than 0": made({"numbers": Annotated[list[int], Items(maximum=-1)] | None}, numbers=None),
    # lenient mode takes null for nothing, strict mode for a value: only the reference knows which it is
    "free JSON with a default": made({"data": Json}, data=5),
}


def mixin(**methods: Any) -> type:
    return type("Mixin", (), {"__slots__": (), **methods})


class CallingType(StructType):
    def __call__(cls, **values: Any) -> Any:  # noqa: N805  # of a metaclass
        return super().__call__(**values)


NUMBER = {"number": int}
OWN_CODE: dict[str, Any] = {
    "__init__": made(NUMBER, __init__=lambda self, number: setattr(self, "number", number + 1)),
    "__new__": made(NUMBER, mixin(__new__=lambda cls, **values: object.__new__(cls)), Struct),
    "__setattr__": made(NUMBER, Struct, mixin(__setattr__=lambda *each: object.__setattr__(*each))),
    "__getattribute__": made(NUMBER, mixin(__getattribute__=lambda *each: object.__getattribute__(*each)), Struct),
    "__del__": made(NUMBER, Struct, mixin(__del__=lambda self: None)),
    "__call__ of its class": made(NUMBER, metaclass=CallingType),
    "a property in place of a field": made({}, Inner, number=property(lambda self: 1)),
}
NOT_COMPILED = ONLY_BY_THE_REFERENCE | OWN_CODE


@pytest.mark.parametrize("struct", NOT_COMPILED.values(), ids=NOT_COMPILED)
def test_what_only_the_reference_can_do_has_no_compiled_plan(struct: type[Struct]) -> None:
    assert compiled(struct) is None


class Mixin:
    pass


def test_an_instance_may_have_a_dict() -> None:
    with_dict = made(NUMBER, Struct, Mixin)
    read = compiled(with_dict).read(b'{"number":1}')
    assert read == with_dict(number=1)
    read.other = 2
    assert read.__dict__ == {"other": 2}


class Bare(Struct):
    pass


class BareWithDict(Bare, Mixin):
    pass


def test_what_can_hold_nothing_is_one_object_and_what_can_is_many() -> None:
    one, other = (compiled(Bare).read(text) for text in (b"{}", b" { } "))
    assert one is other and one == Bare()
    assert compiled(BareWithDict).read(b"{}") is not compiled(BareWithDict).read(b"{}")
    for text in (b"{", b"{ ", b'{"a":1}', b"{}}", b"[]"):
        assert compiled(Bare).read(text) is None


def plan_with(node: Node) -> Plan:
    return Plan(Inner, (Member("text", "text", True, None, node),), plain=True)


@pytest.mark.parametrize("op", [Op.ENUM, Op.OBJECT, Op.LIST, -1, 10])
def test_a_value_that_is_only_half_described_has_no_compiled_form(op: Any) -> None:
    for each in (Node(op), Node(Op.LIST, item=Node(op))):
        assert payload.compiled(plan_with(each)) is None


def test_a_plan_that_holds_itself_has_no_compiled_form() -> None:
    node = Node(Op.OBJECT)
    node.plan = plan_with(node)
    assert payload.compiled(node.plan) is None


def nested_plan(levels: int, innermost: Node) -> Plan:
    """Return a plan of objects in one another, each the `text` of the next."""
    node = innermost
    for _ in range(levels):
        node = Node(Op.OBJECT, plan=plan_with(node))
    assert node.plan is not None
    return node.plan


@pytest.mark.parametrize(("most", "op"), [(63, Op.INTEGER), (31, Op.JSON)])
def test_R26_a_plan_of_more_levels_than_a_frame_may_have_has_no_compiled_form(most: int, op: Op) -> None:
    assert payload.compiled(nested_plan(most, Node(op))) is not None
    assert payload.compiled(nested_plan(most + 1, Node(op))) is None


class Free(Struct):
    data: Json = None
    custom_data: CustomData | None = None


class Holder(Struct):
    free: list[Free]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("write", [compiled(Holder).write, codec_of(Holder).encode], ids=["compiled", "reference"])
def test_R26_free_json_is_as_deep_as_the_frame_allows_where_it_stands(write: Callable[[Any], Any]) -> None:
    deepest = Holder(free=[Free(data=deep(60))])  # in an object in a list in the payload in the frame
    assert write(deepest) is not None
    try:
        assert write(Holder(free=[Free(data=deep(61))])) is None
    except Violation as violation:
        assert violation.path == "free[0].data"


def test_R26_free_json_that_holds_itself_is_declined() -> None:
    data: list[Any] = []
    data.append(data)
    assert compiled(Free).write(Free(data=data)) is None
    with pytest.raises(TypeError):
        compiled(Free).write(Free(data=data), 3, -(2**31))  # nobody else says how deep a payload stands


def test_a_plan_that_was_not_compiled_declines() -> None:
    assert payload.CompiledPlan().read(b"{}") is None
    assert payload.CompiledPlan().write(Inner(number=1)) is None


@pytest.mark.parametrize("fraction", [-1, 1, 9, 100, 2**30])
def test_another_number_of_digits_is_declined(fraction: int) -> None:
    point = Point(größe=5, time=datetime(2024, 2, 29, 12, tzinfo=UTC))
    assert compiled(Point).write(point, fraction) is None
    actions = Actions()
    actions.add(2, Point, plan_of(Point), Named("A"))
    writer = writer_of(actions, fraction)
    assert writer.call("a", point) == "declined"


# Python code in between: a format's function may do anything


class Located(Struct):
    location: Any
    rest: Any = None


class Route(Struct):
    stops: list[Located]
    last: Any = None


def route_plan(is_uri: Callable[[str], bool]) -> Plan:
    """Return a plan of `Route`, whose locations `is_uri` judges."""
    members = (
        Member("location", "location", True, None, Node(Op.STRING, uri=is_uri)),
        Member("rest", "rest", False, None, Node(Op.STRING)),
    )
    located = Node(Op.OBJECT, plan=Plan(Located, members, plain=True))
    stops = Member("stops", "stops", True, None, Node(Op.LIST, item=located))
    return Plan(Route, (stops, Member("last", "last", False, None, located)), plain=True)


def some_text(number: int) -> str:
    """Return a text that nobody else holds."""
    return f"a:{number}" * 10


def some_route() -> Route:
    stops = [Located(location=some_text(number), rest=some_text(-number)) for number in range(8)]
    return Route(stops=stops, last=Located(location=some_text(9), rest=some_text(-9)))


TEXT = b'{"stops":[{"location":"a:1"},{"location":"a:2"}]}'


@pytest.mark.parametrize("change", [list.clear, lambda stops: stops.extend(some_route().stops)], ids=["less", "more"])
def test_a_list_that_changes_its_length_while_it_is_written_is_declined(change: Callable[[list[Any]], None]) -> None:
    def is_uri(text: str) -> bool:
        change(route.stops)
        return True

    route = some_route()
    assert payload.compiled(route_plan(is_uri)).write(route) is None


def test_what_is_replaced_while_it_is_written_is_written_as_it_was_or_as_it_is() -> None:
    def replace(text: str) -> bool:
        for stop in [*route.stops, route.last]:
            stop.location = stop.rest = some_text(0)
        route.stops[:] = some_route().stops
        route.last = Located(location=some_text(1))
        return True

    route = some_route()
    written = payload.compiled(route_plan(replace)).write(route)
    assert {len(stop["location"]) for stop in json.loads(written)["stops"]} == {30}


def test_others_may_be_read_and_written_in_between() -> None:
    def again(text: str) -> bool:
        assert compiled(Outer).write(Outer(inner=Inner(number=1), tags=["x" * 10_000])) is not None
        assert compiled(Outer).read(b'{"inner":{"number":1}}') is not None
        return True

    plan = payload.compiled(route_plan(again))
    assert plan.write(plan.read(TEXT)) == TEXT


def test_a_reader_may_meet_new_actions_while_it_reads() -> None:
    def read_others(text: str) -> bool:
        for number in range(100):
            actions.add(2, f"{number}", plan_of(Inner))
            reader.decode(b'[2,"b","%d",{"number":1}]' % number, no_call)
        return True

    actions = Actions()
    action = actions.add(2, "A", route_plan(read_others))
    reader = reader_of(actions)
    assert reader.decode(b'[2,"a","A",%b]' % TEXT, no_call).action is action
    assert len(actions.asked) == 101


def broken(text: str) -> bool:
    raise ValueError(text)


@pytest.mark.parametrize(
    "is_uri", [*(lambda text, verdict=verdict: verdict for verdict in (False, None, 1, "yes")), broken]
)
def test_only_true_is_a_yes_and_an_exception_is_a_no(is_uri: Callable[[str], bool]) -> None:
    plan = payload.compiled(route_plan(is_uri))
    assert plan.read(TEXT) is None
    assert plan.write(some_route()) is None


def test_an_interrupt_in_between_is_not_lost() -> None:
    def interrupted(text: str) -> bool:
        raise KeyboardInterrupt

    plan = route_plan(interrupted)
    actions = Actions()
    message = actions.add(2, "A", plan)
    actions.add(2, plan.struct, plan, message)
    actions.add(3, message, plan)
    reader, writer = reader_of(actions), writer_of(actions)
    attempts: list[Callable[[], Any]] = [
        lambda: payload.compiled(plan).read(TEXT),
        lambda: payload.compiled(plan).write(some_route()),
        lambda: reader.decode(b'[2,"a","A",%b]' % TEXT, no_call),
        lambda: reader.decode(b'[3,"a",%b]' % TEXT, lambda unique_id: message),
        lambda: writer.call("a", some_route()),
        lambda: writer.result(frames.Call("a", message, None, b""), some_route()),
    ]
    for attempt in attempts:
        with pytest.raises(KeyboardInterrupt):
            attempt()


# Buffers


@pytest.mark.parametrize("length", [0, 1, 4000, 4096, 100_000, 5_000_000])
def test_texts_of_any_length_follow_each_other(length: int) -> None:
    plan = compiled(Outer)
    for text in ("x" * length, "\n" * length, "😀" * length, '"' * length):
        outer = Outer(inner=Inner(number=1), tags=[text])
        written = plan.write(outer)
        assert json.loads(written)["tags"] == [text]
        assert plan.read(written) == outer
        assert plan.write(Outer(inner=Inner(number=2))) == b'{"inner":{"number":2},"color":"Red","count":7}'


def test_the_codes_of_the_operations_are_those_of_the_reference() -> None:
    source = (Path(__file__).parents[2] / "ocpp_fast_ext" / "payload.pyx").read_text()
    _, _, rest = source.partition("cdef enum:  # the codes of `plan.Op`\n")
    codes = re.findall(r"^    (\w+) = (\d+)$", rest.partition("\n\n")[0], re.MULTILINE)
    assert len(codes) >= 10
    assert {name: int(code) for name, code in codes}.items() <= Op.__members__.items()
