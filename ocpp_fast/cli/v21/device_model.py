"""The device model: components, their variables, and what values those take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from .version import ocpp

__all__ = ["DeviceModel", "Key", "Variable"]

_Data = ocpp.DataEnumType
_Get = ocpp.GetVariableStatusEnumType
_Mutability = ocpp.MutabilityEnumType
_Set = ocpp.SetVariableStatusEnumType

_ABSENT: Final = {"Active": True, "Available": True, "Enabled": True, "Problem": False}
"""What holds of a component that has no variable of that name."""


class Key(NamedTuple):
    """Where a variable is found; names are in lower case: case does not count."""

    component: str
    component_instance: str
    evse: int | None
    connector: int | None
    variable: str
    variable_instance: str

    @staticmethod
    def of(component: ocpp.ComponentType, variable: ocpp.VariableType | None) -> Key:
        """Return the key of a component and a variable, "" for none."""
        evse = component.evse
        return Key(
            component.name.lower(),
            (component.instance or "").lower(),
            evse.id if evse is not None else None,
            evse.connector_id if evse is not None else None,
            variable.name.lower() if variable is not None else "",
            (variable.instance or "").lower() if variable is not None else "",
        )

    @property
    def of_component(self) -> tuple[str, str, int | None, int | None]:
        """The part of the component."""
        return self[:4]

    def matches(self, wanted: Key) -> bool:
        """Whether a question is about this; what the question leaves out is anything."""
        return all(want in (None, "", have) for want, have in zip(wanted, self, strict=True))


@dataclass(slots=True, kw_only=True)
class Variable:
    """A variable of a component; its value is text, or what is asked each time."""

    component: ocpp.ComponentType
    variable: ocpp.VariableType
    value: str | Callable[[], str]
    kind: ocpp.DataEnumType
    mutability: ocpp.MutabilityEnumType
    unit: str | None = None
    options: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def key(self) -> Key:
        """Where it is found."""
        return Key.of(self.component, self.variable)

    @property
    def is_number(self) -> bool:
        """Whether it can be compared with a threshold."""
        return self.kind in (_Data.INTEGER, _Data.DECIMAL)

    def read(self) -> str:
        """Return the value that it has now."""
        return self.value if isinstance(self.value, str) else self.value()

    def takes(self, text: str) -> bool:
        """Whether it may be set to a value."""
        match self.kind:
            case _Data.BOOLEAN:
                return text.lower() in ("true", "false")
            case _Data.INTEGER | _Data.DECIMAL:
                return self._takes_number(text)
            case _Data.OPTION_LIST:
                return text in self.options
            case _Data.SEQUENCE_LIST | _Data.MEMBER_LIST:
                return not self.options or all(each in self.options for each in listed(text))
            case _Data.DATE_TIME:
                return _is_date_time(text)
            case _:
                return len(text) <= (1000 if self.maximum is None else self.maximum)

    def _takes_number(self, text: str) -> bool:
        pattern = r"[+-]?\d+" if self.kind is _Data.INTEGER else r"[+-]?\d+(\.\d+)?"
        if not re.fullmatch(pattern, text, re.ASCII):
            return False
        low = self.minimum is None or float(text) >= self.minimum
        return low and (self.maximum is None or float(text) <= self.maximum)

    def report(self) -> ocpp.ReportDataType:
        """Return what a report says of it."""
        secret = self.mutability is _Mutability.WRITE_ONLY
        return ocpp.ReportDataType(
            component=self.component,
            variable=self.variable,
            variable_attribute=[
                ocpp.VariableAttributeType(
                    type=ocpp.AttributeEnumType.ACTUAL,
                    value=None if secret else self.read(),
                    mutability=self.mutability,
                )
            ],
            variable_characteristics=ocpp.VariableCharacteristicsType(
                data_type=self.kind,
                unit=self.unit,
                min_limit=self.minimum,
                max_limit=self.maximum,
                values_list=",".join(self.options) or None,
                supports_monitoring=True,
            ),
        )


class DeviceModel:
    """All variables of a station."""

    def __init__(self, variables: Iterable[Variable]) -> None:
        self._variables = {each.key: each for each in variables}
        self._components = {key.of_component for key in self._variables}

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variables.values())

    def find(self, component: ocpp.ComponentType, variable: ocpp.VariableType) -> Variable | str:
        """Return a variable, or why there is none, in the word of every status: UnknownComponent, UnknownVariable."""
        key = Key.of(component, variable)
        if key in self._variables:
            return self._variables[key]
        return "UnknownVariable" if key.of_component in self._components else "UnknownComponent"

    # What commands ask

    def get(self, asked: ocpp.GetVariableDataType) -> ocpp.GetVariableResultType:
        """Answer a question of GetVariables."""
        found = self.find(asked.component, asked.variable)
        value = None
        if isinstance(found, str):
            status = _Get(found)
        elif asked.attribute_type not in (None, ocpp.AttributeEnumType.ACTUAL):
            status = _Get.NOT_SUPPORTED_ATTRIBUTE_TYPE
        elif found.mutability is _Mutability.WRITE_ONLY:
            status = _Get.REJECTED
        else:
            status, value = _Get.ACCEPTED, found.read()
        return ocpp.GetVariableResultType(
            attribute_status=status,
            attribute_type=asked.attribute_type,
            attribute_value=value,
            component=asked.component,
            variable=asked.variable,
        )

    def set(self, wanted: ocpp.SetVariableDataType) -> ocpp.SetVariableResultType:
        """Do what SetVariables wants, where that can be done."""
        return ocpp.SetVariableResultType(
            attribute_status=self._set(wanted),
            attribute_type=wanted.attribute_type,
            component=wanted.component,
            variable=wanted.variable,
        )

    def _set(self, wanted: ocpp.SetVariableDataType) -> ocpp.SetVariableStatusEnumType:
        found = self.find(wanted.component, wanted.variable)
        if isinstance(found, str):
            return _Set(found)
        if wanted.attribute_type not in (None, ocpp.AttributeEnumType.ACTUAL):
            return _Set.NOT_SUPPORTED_ATTRIBUTE_TYPE
        if found.mutability is _Mutability.READ_ONLY or not found.takes(wanted.attribute_value):
            return _Set.REJECTED
        found.value = wanted.attribute_value
        return _Set.ACCEPTED

    def matching(self, wanted: Iterable[ocpp.ComponentVariableType] | None) -> list[Variable]:
        """Return the variables that a list names; all without one."""
        if wanted is None:
            return list(self)
        keys = [Key.of(each.component, each.variable) for each in wanted]
        return [each for each in self if any(each.key.matches(key) for key in keys)]

    def is_met(self, criterion: str, of: Variable) -> bool:
        """Whether Active, Available, Enabled or Problem holds of a variable's component."""
        key = of.key._replace(variable=criterion.lower(), variable_instance="")
        found = self._variables.get(key)
        return _ABSENT[criterion] if found is None else found.read() == "true"

    # What the station itself reads and writes

    def _own(self, component: str, variable: str) -> Variable:
        return self._variables[Key(component.lower(), "", None, None, variable.lower(), "")]

    def text(self, component: str, variable: str) -> str:
        """Return a setting."""
        return self._own(component, variable).read()

    def number(self, component: str, variable: str) -> float:
        """Return a setting that is a number."""
        return float(self.text(component, variable))

    def flag(self, component: str, variable: str) -> bool:
        """Return a setting that is true or false."""
        return self.text(component, variable).lower() == "true"

    def measurands(self, component: str, variable: str) -> list[ocpp.MeasurandEnumType]:
        """Return a setting that says what the meter tells."""
        return [ocpp.MeasurandEnumType(each) for each in listed(self.text(component, variable))]

    def put(self, component: str, variable: str, value: str) -> None:
        """Change a setting."""
        self._own(component, variable).value = value


def listed(text: str) -> list[str]:
    """Return the items of a value that is a list."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _is_date_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
