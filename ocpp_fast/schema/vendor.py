"""A vendor's own declarations beyond OCPP: the messages that DataTransfer carries, and what it adds to `customData`."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, Union, get_args, get_origin

from .._core.plan import Node, Plan
from .._core.violation import Violation
from ..errors import InvalidPayload, ValidationError
from .codec import codec_of
from .plan import plan_of
from .struct import Struct

__all__ = ["DATA_TRANSFER", "DataTransfer", "Extension", "Transfer"]

DATA_TRANSFER: Final = "DataTransfer"
"""The name of the action that carries vendors' messages."""

A_co = TypeVar("A_co", bound=Struct | None, covariant=True)


class Transfer:
    """The description of a vendor's message beside its fields; kept on its class as `__transfer__`.

    `reply` is the class of the answer's data, None where it has none; `optional` says that an answer may lack it.
    """

    __slots__ = ("message_id", "optional", "payload", "reply", "vendor_id")

    def __init__(
        self,
        vendor_id: str,
        message_id: str | None,
        payload: type[DataTransfer[Any]],
        reply: type[Struct] | None,
        optional: bool,
    ) -> None:
        self.vendor_id = vendor_id
        self.message_id = message_id
        self.payload = payload
        self.reply = reply
        self.optional = optional

    def __repr__(self) -> str:
        return f"Transfer({self.vendor_id!r}, {self.message_id!r})"


class _NoAction:
    """Stands where a request has its action."""

    def __get__(self, message: object, kind: type) -> Any:
        raise AttributeError(f"{kind.__name__} is a vendor's message, and no request: send it by `transfer`")


class DataTransfer(Struct, Generic[A_co]):
    """The payload of one vendor's message, the `data` of a DataTransfer that is answered by an `A_co`.

    `A_co` is the class of the answer's data, `None` for an answer without, `Reply | None` for one that may have it.
    A subclass names its `vendor_id` and, unless the vendor has but one message, its `message_id`; both are inherited,
    so that a generic subclass with a `vendor_id` can be the base of a vendor's messages. A subclass without fields is a
    message without data. Raises `TypeError` when a subclass does not say its answer or its vendor.
    """

    __transfer__: ClassVar[Transfer]
    __action__: ClassVar[Any] = _NoAction()
    __vendor_id__: ClassVar[str | None] = None
    __message_id__: ClassVar[str | None] = None

    def __init_subclass__(cls, *, vendor_id: str | None = None, message_id: str | None = None) -> None:
        super().__init_subclass__()
        if vendor_id is not None:
            cls.__vendor_id__ = vendor_id
        if message_id is not None:
            cls.__message_id__ = message_id
        answers = [answer for base in cls.__dict__.get("__orig_bases__", ()) for answer in get_args(base)]
        if any(isinstance(each, TypeVar) for each in answers):
            return
        reply, optional = _reply_of(cls, answers)
        if cls.__vendor_id__ is None:
            raise TypeError(f"{cls.__name__} must name its vendor_id")
        cls.__transfer__ = Transfer(cls.__vendor_id__, cls.__message_id__, cls, reply, optional)

    @classmethod
    def __answer__(cls) -> type[A_co]:
        """Return the class of the answer's data."""
        return cls.__transfer__.reply or NoneType  # type: ignore[return-value]  # as it was declared


def _reply_of(cls: type[DataTransfer[Any]], answers: list[Any]) -> tuple[type[Struct] | None, bool]:
    """Return the class of the answer's data, and whether it may be left out."""
    inherited = getattr(cls, "__transfer__", None)
    if not answers and inherited is not None:
        return inherited.reply, inherited.optional
    if answers == [NoneType]:
        return None, True
    optional = len(answers) == 1 and get_origin(answers[0]) in (Union, UnionType)
    if optional:
        answers = [each for each in get_args(answers[0]) if each is not NoneType]
    if len(answers) != 1 or not (isinstance(answers[0], type) and issubclass(answers[0], Struct)):
        raise TypeError(f"{cls.__name__} must derive from DataTransfer[...] with the class of its answer, or None")
    return answers[0], optional


class Extension(Struct):
    """A vendor's fields in the `customData` of OCPP's own types, recognised by the `vendorId`.

    A subclass names its `vendor_id`, which is not a field and is inherited. Raises `TypeError` if it does not.
    """

    __vendor_id__: ClassVar[str]

    def __init_subclass__(cls, *, vendor_id: str | None = None) -> None:
        super().__init_subclass__()
        if vendor_id is not None:
            cls.__vendor_id__ = vendor_id
        if not hasattr(cls, "__vendor_id__"):
            raise TypeError(f"{cls.__name__} must name its vendor_id")
        if "vendor_id" in cls.__dict__:
            raise TypeError(f"{cls.__name__}.vendor_id is no field: it is given beside the base class")

    @classmethod
    def from_custom_data(cls, custom_data: Mapping[str, Any] | None, *, ignore_unknown: bool = False) -> Self | None:
        """Return the fields of this vendor in a `custom_data`; None for no `custom_data`, and for another vendor's.

        `ignore_unknown` ignores undeclared fields. Raises `InvalidPayload`, of path `customData.…`: in a handler
        let it pass, and the peer is told as of any other fault.
        """
        if custom_data is None or custom_data.get("vendorId") != cls.__vendor_id__:
            return None
        value: Any = {key: each for key, each in custom_data.items() if key != "vendorId"}
        if ignore_unknown:
            value = _declared(plan_of(cls), value)
        try:
            found: Self = codec_of(cls).decode(value)
        except Violation as violation:
            raise InvalidPayload.of(violation.within("customData")) from None
        return found

    def to_custom_data(self, onto: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a `custom_data` of this; what `onto` holds beyond the declared fields is kept.

        Raises `ValidationError`, of path `customData.…`.
        """
        try:
            wire = codec_of(type(self)).wire(self)
        except Violation as violation:
            raise ValidationError.of(violation.within("customData")) from None
        ours = {"vendorId", *(each.key for each in plan_of(type(self)).members)}
        kept = {key: each for key, each in (onto or {}).items() if key not in ours}
        return {"vendorId": self.__vendor_id__, **kept, **wire}


def _declared(plan: Plan, value: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of an object without the fields that its plan does not have."""
    nodes = {member.key: member.node for member in plan.members}
    return {key: _declared_value(nodes[key], each) for key, each in value.items() if key in nodes}


def _declared_value(node: Node, value: Any) -> Any:
    if node.plan is not None and isinstance(value, dict):
        return _declared(node.plan, value)
    if node.item is not None and isinstance(value, list):
        item = node.item
        return [_declared_value(item, each) for each in value]
    return value
