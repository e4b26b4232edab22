"""`Struct`: what the author of a declaration and the user of an instance may rely on."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pytest

from ocpp_fast.schema import (
    BOTH,
    CENTRAL,
    STATION,
    Action,
    MaxLength,
    Notification,
    Request,
    Response,
    Struct,
    codec_of,
    field,
    plan_of,
)


class Point(Struct):
    """A declaration with all that one may say of a field."""

    origin: ClassVar[str] = "here"

    x_axis: int
    y_axis: int = 0
    label: Annotated[str, MaxLength(5)] | None = None
    limit_l2: int | None = field(json="limit_L2", default=None)
    required_l3: int = field(json="required_L3")


class Solid(Point):
    """A declaration that extends another."""

    z_axis: int | None = None
    y_axis: int  # which was optional


def point(**changes: Any) -> Point:
    return Point(**({"x_axis": 1, "required_l3": 3} | changes))


def solid() -> Solid:
    return Solid(x_axis=1, y_axis=0, required_l3=3)


def made(annotations: dict[str, Any], **names: Any) -> Any:
    """Return a class of these fields; further names of its body are defaults and methods."""
    metaclass: Any = type(Struct)
    return metaclass("Made", (Struct,), {"__annotations__": annotations, **names})


class EmptyResponse(Response):
    pass


class ProbeRequest(Request[EmptyResponse], action="Probe", sender=CENTRAL):
    depth: int | None = None


# Fields


def test_fields_are_what_is_annotated() -> None:
    fields = Point.__struct_fields__
    assert list(fields) == ["x_axis", "y_axis", "label", "limit_l2", "required_l3"]
    assert [each.name for each in fields.values()] == list(fields)
    assert [each.json for each in fields.values()] == ["xAxis", "yAxis", "label", "limit_L2", "required_L3"]
    assert [each.required for each in fields.values()] == [True, False, False, False, True]
    assert repr(fields["limit_l2"]) == "Field('limit_l2', json='limit_L2', required=False)"
    assert Point.origin == "here"


@pytest.mark.parametrize("head", ["", "from __future__ import annotations"], ids=["as they are", "as texts"])
def test_fields_are_found_however_the_module_keeps_its_annotations(head: str) -> None:
    source = f"""{head}
import typing
from typing import ClassVar, Optional
from ocpp_fast.schema import Struct

class Made(Struct):
    kind: ClassVar[str] = 'made'
    other: typing.ClassVar = 2
    it_is: int
    more: Optional[str] = None
"""
    module: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, __name__, "exec", dont_inherit=True), module)
    made = module["Made"]
    fields = made.__struct_fields__.values()
    assert [(each.name, each.required) for each in fields] == [("it_is", True), ("more", False)]
    assert repr(made(it_is=1)) == "Made(it_is=1)"


WIRE_NAMES = """
    a:a connector_id:connectorId iso15118_schema_version:iso15118SchemaVersion tax_rule_id:taxRuleId so_c:soC l1_n:l1N
    x5c:x5c a_1_b:a1B
"""


def test_R27_a_wire_name_is_the_camelCase_of_the_name() -> None:
    names = dict(pair.split(":") for pair in WIRE_NAMES.split())
    fields = made(dict.fromkeys(names, int)).__struct_fields__
    assert {name: each.json for name, each in fields.items()} == names


def test_a_subclass_adds_fields_and_may_change_those_it_has() -> None:
    assert list(Solid.__struct_fields__) == [*Point.__struct_fields__, "z_axis"]
    assert Solid.__struct_fields__["y_axis"].required
    assert not Point.__struct_fields__["y_axis"].required
    assert solid().z_axis is None
    with pytest.raises(TypeError, match="y_axis"):
        Solid(x_axis=1, required_l3=3)  # type: ignore[call-arg]  # what the test is about


def test_methods_properties_and_constants_are_left_alone() -> None:
    class Square(Struct):
        LIMIT = 5
        side: int

        @property
        def area(self) -> int:
            return self.side**2

        @classmethod
        def unit(cls) -> Square:
            return cls(side=1)

    assert list(Square.__struct_fields__) == ["side"]
    assert (Square(side=3).area, Square.unit().side, Square.LIMIT) == (9, 1, 5)


def test_fields_may_have_any_name_that_is_an_identifier() -> None:
    odd = made(dict.fromkeys(["id", "type", "format", "cls", "_private", "fields"], int), format=1, cls=2)
    assert list(odd.__struct_fields__) == ["id", "type", "format", "cls", "_private", "fields"]
    value = odd(id=1, type=2, _private=3, fields=4)
    assert (value.id, value.format, value.cls, value._private) == (1, 1, 2, 3)


# Instances


def test_instances_have_slots_that_take_anything_and_nothing_else() -> None:
    value = point(required_l3="no int")
    value.label = "longer than allowed"
    assert repr(value) == "Point(x_axis=1, y_axis=0, label='longer than allowed', required_l3='no int')"
    assert not hasattr(value, "__dict__")
    assert not hasattr(ProbeRequest(), "__dict__")
    with pytest.raises(AttributeError, match="nonsense"):
        value.nonsense = 1  # type: ignore[attr-defined]  # what the test is about


def test_instances_are_equal_when_all_fields_are_and_not_hashable() -> None:
    with pytest.raises(TypeError, match="unhashable type: 'Point'"):
        hash(point())
    assert point() == point()
    assert point(label="a") != point(label="b")
    assert point() != solid()
    assert solid() != point()
    assert point() != (1, 0)
    assert (point() == 1) is False


def test_repr_shows_the_fields_that_have_a_value() -> None:
    assert repr(point()) == "Point(x_axis=1, y_axis=0, required_l3=3)"
    assert repr(point(label="é")) == "Point(x_axis=1, y_axis=0, label='é', required_l3=3)"
    assert repr(ProbeRequest()) == "ProbeRequest()"


def test_replace_gives_a_changed_copy() -> None:
    value = point(label="old")
    changed = value.replace(label="new", x_axis=5)
    assert type(changed) is Point
    assert changed == point(label="new", x_axis=5)
    assert value == point(label="old")
    with pytest.raises(TypeError, match="nonsense"):
        value.replace(nonsense=1)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in 3.13")
def test_copy_replace_is_replace() -> None:
    replace: Callable[..., Any] = getattr(copy, "replace")  # noqa: B009  # mypy reads this for 3.11
    assert replace(point(), label="new") == point(label="new")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_instances_can_be_pickled(protocol: int) -> None:
    for value in (point(label="a"), solid(), ProbeRequest(depth=1)):
        assert pickle.loads(pickle.dumps(value, protocol)) == value


def test_copies_share_values_and_deep_copies_do_not() -> None:
    value = point(label=["a"])
    assert copy.copy(value) == value
    assert copy.copy(value).label is value.label
    assert copy.deepcopy(value) == value
    assert copy.deepcopy(value).label is not value.label


# The constructor, which is generated when it is first used


def declare() -> tuple[type[Any], type[Any], type[Any]]:
    """Return new classes, none of which has been used."""

    class A(Struct):
        a: int

    class B(A):
        b: int = 2

    class C(B):
        c: int | None = None

    return A, B, C


def test_classes_of_a_family_may_be_used_in_any_order() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)):
        family = declare()
        for index in order * 2:
            cls = family[index]
            value = cls(a=1)
            assert list(cls.__struct_fields__) == ["a", "b", "c"][: index + 1]
            assert [getattr(value, each) for each in cls.__struct_fields__] == [1, 2, None][: index + 1]


def test_the_constructor_is_generated_once() -> None:
    cls, _, _ = declare()
    inits = [(cls.__init__, cls(a=1))[0] for _ in range(3)]
    assert inits[0] is not inits[1] is inits[2]
    assert (inits[1].__qualname__, inits[1].__module__) == (f"{cls.__qualname__}.__init__", __name__)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda cls: cls(), "missing 1 required keyword-only argument: 'a'"),
        (lambda cls: cls(a=1, nonsense=2), "got an unexpected keyword argument 'nonsense'"),
        (lambda cls: cls(1), "takes 1 positional argument but 2 were given"),
        (lambda cls: made({})(nonsense=1), "nonsense"),
    ],
)
def test_wrong_arguments_are_named_the_first_time_and_later(
    times: int, make: Callable[[type[Any]], Any], message: str
) -> None:
    cls, _, _ = declare()
    for _ in range(times):
        with pytest.raises(TypeError, match=message):
            make(cls)


def test_a_constructor_of_the_users_own_may_call_the_generated_one() -> None:
    base, _, _ = declare()

    class Own(base):  # type: ignore[misc,valid-type]  # a class made at run time
        def __init__(self, text: str) -> None:
            super().__init__(a=int(text))

    assert [Own("1").a, Own("2").a, base(a=3).a, Own("4").a] == [1, 2, 3, 4]


class Shouting(Struct):
    text: str


def shout(self: Any, text: str) -> None:
    self.text = text.upper()


Shouting.__init__ = shout  # type: ignore[method-assign]  # as a decorator may


class Whispering(Shouting):
    pass


def test_a_constructor_that_is_given_to_the_class_later_is_the_users_own() -> None:
    assert codec_of(Shouting).decode({"text": "a"}).text == "A"
    assert not plan_of(Shouting).plain  # so that the compiled core leaves it alone
    assert not plan_of(Whispering).plain
    assert plan_of(Point).plain


def test_the_signature_is_that_of_the_constructor() -> None:
    signature = inspect.signature(Point)
    assert [each.kind for each in signature.parameters.values()] == [inspect.Parameter.KEYWORD_ONLY] * 5
    assert signature.parameters["x_axis"].default is inspect.Parameter.empty
    assert signature.parameters["y_axis"].default == 0
    assert signature.parameters["x_axis"].annotation is int
    assert str(inspect.signature(ProbeRequest)) == "(*, depth: int | None = None)"
    signature.bind(x_axis=1, required_l3=2)
    with pytest.raises(TypeError):
        signature.bind(x_axis=1)


# Messages


class News(Notification, action="News", sender=STATION):
    text: str


def test_a_request_and_a_notification_know_their_message() -> None:
    assert (News.__action__.name, News.__action__.response) == ("News", None)
    message = ProbeRequest.__action__
    assert isinstance(message, Action)
    assert (message.name, message.sender, message.draft) == ("Probe", CENTRAL, 6)
    assert (message.request, message.response) == (ProbeRequest, EmptyResponse)
    assert repr(message) == "Action('Probe', CENTRAL)"


def test_a_draft_is_inherited_and_may_be_changed() -> None:
    R = TypeVar("R", bound=Response)

    class Old(Request[R], Generic[R], draft=4):
        pass

    class OldRequest(Old[EmptyResponse], action="Old", sender=STATION):
        pass

    class NewRequest(Old[EmptyResponse], action="New", sender=BOTH, draft=6):
        pass

    assert OldRequest.__action__.draft == 4
    assert NewRequest.__action__.draft == 6
    assert Request.__draft__ == 6


def test_a_request_must_say_its_response() -> None:
    with pytest.raises(TypeError, match=r"^SilentRequest must derive from Request\[...\] with its response class$"):

        class SilentRequest(Request, action="Silent", sender=STATION):  # type: ignore[type-arg]  # the test
            pass

    with pytest.raises(TypeError, match="ForeignRequest"):

        class ForeignRequest(Request[int], action="Foreign", sender=STATION):  # type: ignore[type-var]  # the test
            pass
