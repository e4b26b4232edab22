"""The metaclass of `Struct`: annotations become slots and a keyword-only constructor.

Creating a class is cheap: its constructor is generated when its first instance is made, its plan when its first message
is read or written.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import (
    Any,
    ClassVar,
    dataclass_transform,
    get_origin,
    get_type_hints,
)

from .constraints import check_rules

__all__ = ["REQUIRED", "DataclassFields", "Field", "StructType", "field"]


class Field:
    """One field of a `Struct`: its Python name, its name on the wire, and its default."""

    __slots__ = ("default", "json", "name")

    def __init__(self, name: str, json: str, default: Any) -> None:
        self.name = name
        self.json = json
        self.default = default

    @property
    def required(self) -> bool:
        """Whether the constructor and the wire demand a value."""
        return self.default is REQUIRED

    def __repr__(self) -> str:
        return f"Field({self.name!r}, json={self.json!r}, required={self.required})"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class _FieldSpecifier:
    """A mark that `field()` leaves in the class body for the metaclass."""

    __slots__ = ("default", "json")

    def __init__(self, json: str | None, default: Any) -> None:
        self.json = json
        self.default = default


def field(*, json: str | None = None, default: Any = REQUIRED) -> Any:
    """Say of a field what its annotation can't: `json` is its wire name where camelCase does not give it (R27).

    An optional field has `default=None`.
    """
    return _FieldSpecifier(json, default)


def wire_name(name: str) -> str:
    """Return the camelCase form of a snake_case name: `charge_point_model` is `chargePointModel`."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def _own_annotations(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a class body that is about to become a class."""
    if sys.version_info >= (3, 14) and "__annotations__" not in namespace:
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is None:
            return {}
        return annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
    return dict(namespace.get("__annotations__", {}))


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.removeprefix("typing.").startswith("ClassVar")
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _declared_fields(owner: str, namespace: dict[str, Any]) -> dict[str, Field]:
    """Take the fields out of a class body, so that their names are free to become slots; check their rules."""
    fields = {}
    for name, annotation in _own_annotations(namespace).items():
        if _is_class_variable(annotation):
            continue
        try:
            check_rules(annotation)
        except TypeError as error:
            raise TypeError(f"{owner}.{name}: {error}") from None
        default = namespace.pop(name, REQUIRED)
        json = wire_name(name)
        if isinstance(default, _FieldSpecifier):
            json, default = default.json or json, default.default
        if isinstance(default, (list, dict, set)):
            raise TypeError(f"{name}: a default that can change would be shared by all instances")
        fields[name] = Field(name, json, default)
    return fields


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class StructType(type):
    """The metaclass of `Struct`: turns annotations into slots."""

    __struct_fields__: Mapping[str, Field]
    __struct_plain__: bool
    """Whether an instance is made by filling its slots: the class has no constructor of its own."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> StructType:
        own = _declared_fields(namespace.get("__qualname__", name), namespace)
        namespace["__slots__"] = tuple(own)
        plain = namespace.keys().isdisjoint(("__init__", "__new__", "__setattr__"))
        namespace.setdefault("__init__", _first_init)
        cls = super().__new__(mcls, name, bases, namespace, **options)
        inherited: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            if isinstance(base, StructType):
                inherited |= base.__struct_fields__
        cls.__struct_fields__ = inherited | own
        cls.__struct_plain__ = plain and all(each.__struct_plain__ for each in bases if isinstance(each, StructType))
        return cls

    def __setattr__(cls, name: str, value: Any) -> None:
        if name == "__init__":  # given to the class later, say by a decorator
            cls.__struct_plain__ = False
        super().__setattr__(name, value)

    @property
    def __signature__(cls) -> Signature:
        hints = get_type_hints(cls, include_extras=True)
        parameters = [
            Parameter(
                each.name,
                Parameter.KEYWORD_ONLY,
                default=Parameter.empty if each.required else each.default,
                annotation=hints[each.name],
            )
            for each in cls.__struct_fields__.values()
        ]
        return Signature(parameters)


def _generate_init(cls: StructType) -> Any:
    """Compile the constructor that `cls` would have had if it were written by hand."""
    fields = cls.__struct_fields__.values()
    parameters = "".join(
        f", {each.name}" if each.required else f", {each.name}=_default_{each.name}" for each in fields
    )
    body = "".join(f"\n    self.{each.name} = {each.name}" for each in fields) or "\n    pass"
    star = ", *" if fields else ""
    scope = {f"_default_{each.name}": each.default for each in fields}
    exec(f"def __init__(self{star}{parameters}):{body}", scope)  # the names are identifiers
    init: Any = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _first_init(self: Any, **values: Any) -> None:
    """The constructor of every class until its first use: generates the real one and hands over."""
    for cls in type(self).__mro__:
        if isinstance(cls, StructType) and cls.__dict__.get("__init__") is _first_init:
            init = _generate_init(cls)
            type.__setattr__(cls, "__init__", init)
            init(self, **values)
            return


class DataclassFields:
    """The fields of a struct as `dataclasses` has them: it, and FastAPI, look for them on classes and instances."""

    def __get__(self, instance: object, owner: StructType) -> dict[str, dataclasses.Field[Any]]:
        return _dataclass_fields(owner)


@cache
def _dataclass_fields(owner: StructType) -> dict[str, dataclasses.Field[Any]]:
    options: list[Any] = [(each.name, Any, _dataclass_field(each)) for each in owner.__struct_fields__.values()]
    made: Any = dataclasses.make_dataclass(owner.__name__, options, kw_only=True)
    fields: dict[str, dataclasses.Field[Any]] = made.__dataclass_fields__
    return fields


def _dataclass_field(each: Field) -> Any:
    return dataclasses.field() if each.required else dataclasses.field(default=each.default)
