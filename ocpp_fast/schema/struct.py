"""`Struct`: a class whose annotations are a JSON object's declaration; the payloads of CALL, CALLRESULT and SEND."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Flag, auto
from types import NoneType
from typing import Any, ClassVar, Generic, Self, TypeVar, get_args

from .._core.strict_json import check_value
from .._core.violation import Violation
from ..errors import ValidationError
from ..masking import MASK, is_secret, masked
from .codec import codec_of
from .pydantic_schema import core_schema_of
from .struct_type import DataclassFields, StructType

__all__ = ["BOTH", "CENTRAL", "STATION", "Action", "Notification", "Request", "Response", "Sender", "Struct"]


class Sender(Flag):
    """Which side may send a message."""

    STATION = auto()
    CENTRAL = auto()
    BOTH = STATION | CENTRAL


STATION = Sender.STATION
CENTRAL = Sender.CENTRAL
BOTH = Sender.BOTH


class Struct(metaclass=StructType):
    """A JSON object with declared fields.

    Fields are annotations; one with a default is optional, and None means absent (it is left out when written, R25).
    Instances are mutable, compare by value and are checked when they are written, not when they are made. They can be
    copied and pickled; `dataclasses.fields` and `asdict` take them, and pydantic and FastAPI take their classes. Their
    `repr` masks secrets such as passwords.
    """

    __draft__: ClassVar[int] = 6
    __dataclass_fields__: ClassVar[Any] = DataclassFields()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).__struct_fields__)

    __hash__ = None  # type: ignore[assignment]  # mutable, so not hashable

    def __repr__(self) -> str:
        fields = type(self).__struct_fields__.values()
        values = {each.json: getattr(self, each.name) for each in fields}
        shown = ", ".join(
            f"{each.name}={MASK if is_secret(each.json, values) else repr(masked(value))}"
            for each in fields
            if (value := values[each.json]) is not None
        )
        return f"{type(self).__qualname__}({shown})"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed. Raises `TypeError` on an unknown field."""
        values = {name: getattr(self, name) for name in type(self).__struct_fields__}
        return type(self)(**(values | changes))

    __replace__ = replace

    # JSON

    def to_dict(self) -> dict[str, Any]:
        """Return the payload in JSON's values, with the names of the wire. Raises `ValidationError`."""
        try:
            return codec_of(type(self), self.__draft__).wire(self)
        except Violation as violation:
            raise ValidationError.of(violation) from None

    def to_json(self) -> str:
        """Return the payload as a JSON text. Raises `ValidationError`."""
        try:
            return codec_of(type(self), self.__draft__).write(self).decode()
        except Violation as violation:
            raise ValidationError.of(violation) from None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the payload of JSON's values, with the names of the wire. Raises `ValidationError`."""
        given: Any = value  # who knows what it is
        if isinstance(given, Mapping):
            given = dict(given)
        try:
            check_value(given)
        except ValueError as error:
            raise ValidationError("", "type", f"an object in JSON's values: {error}") from None
        try:
            payload: Self = codec_of(cls, cls.__draft__).decode(given)
        except Violation as violation:
            raise ValidationError.of(violation) from None
        return payload

    @classmethod
    def from_json(cls, text: str | bytes | bytearray) -> Self:
        """Return the payload of a JSON text. Raises `ValidationError` if it is not JSON, or breaks a rule."""
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        try:
            payload: Self = codec_of(cls, cls.__draft__).read(raw, null=False)
        except Violation as violation:
            raise ValidationError.of(violation) from None
        return payload

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema_of(cls, cls.__draft__)


class Response(Struct):
    """The payload of a CALLRESULT."""


R_co = TypeVar("R_co", bound=Response, covariant=True)


class Action:
    """The description of an action: its name, its sender and its classes; kept on its request class as `__action__`.

    `sender` says which side may send the CALL; `draft` is the JSON Schema draft that the message's integers follow
    (R20: 4 refuses `1.0`, 6 takes it). An action without `response` is unconfirmed: a SEND (R11).
    """

    __slots__ = ("draft", "name", "request", "response", "sender")

    def __init__(
        self,
        name: str,
        sender: Sender,
        draft: int,
        request: type[Request[Any] | Notification],
        response: type[Response] | None,
    ) -> None:
        self.name = name
        self.sender = sender
        self.draft = draft
        self.request = request
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        return _action_of, (self.request,)

    def __repr__(self) -> str:
        return f"Action({self.name!r}, {self.sender.name})"

    def __str__(self) -> str:
        return self.name


def _action_of(request: type[Request[Any] | Notification]) -> Action:
    return request.__action__


class Request(Struct, Generic[R_co]):
    """The payload of a CALL that is answered by an `R_co`.

    A subclass names its `action` and who may send it; `draft` is inherited. Raises `TypeError` when it does not say
    its response.
    """

    __action__: ClassVar[Action]

    def __init_subclass__(
        cls,
        *,
        action: str | None = None,
        sender: Sender | None = None,
        draft: int | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if draft is not None:
            cls.__draft__ = draft
        if action is None and sender is None:
            return
        if action is None or sender is None:
            raise TypeError(f"{cls.__name__} must say both its action and its sender")
        answers = [answer for base in cls.__dict__.get("__orig_bases__", ()) for answer in get_args(base)]
        if len(answers) != 1 or not (isinstance(answers[0], type) and issubclass(answers[0], Response)):
            raise TypeError(f"{cls.__name__} must derive from Request[...] with its response class")
        answers[0].__draft__ = cls.__draft__
        cls.__action__ = Action(action, sender, cls.__draft__, cls, answers[0])

    @classmethod
    def __answer__(cls) -> type[R_co]:
        """Return the class of the response."""
        return cls.__action__.response  # type: ignore[return-value]  # it is a request's


class Notification(Struct):
    """The payload of a SEND, 2.1's message without an answer (R11)."""

    __action__: ClassVar[Action]

    def __init_subclass__(cls, *, action: str | None = None, sender: Sender | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if action is not None and sender is not None:
            cls.__action__ = Action(action, sender, 6, cls, None)

    @classmethod
    def __answer__(cls) -> type[None]:
        """Return the class of what a handler returns: nothing."""
        return NoneType
