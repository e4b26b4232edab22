"""What fastjsonschema finds wrong with a payload by its JSON Schema, told in our words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, localcontext
from functools import cache
from typing import Any, Final, TypeAlias

import fastjsonschema

from ocpp_fast import v16
from ocpp_fast._core.texts import is_date_time, is_uri
from ocpp_fast._core.violation import Violation
from ocpp_fast.schema import Struct, schema_of

__all__ = ["Fault", "Undecided", "oracle_of"]

Fault: TypeAlias = tuple[str, str, str]
"""Path, rule, and what was expected."""

_FORMATS: Final = {"date-time": is_date_time, "uri": is_uri}
_EXACT: Final = Context(prec=1024, Emin=MIN_EMIN, Emax=MAX_EMAX)
_SHOWN: Final = 64
_EXPECTED: Final = {
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "multipleOf": "a multiple of {}",
    "type": "{}",
}
_EXPECTED_FORMATS: Final = {"date-time": "an RFC 3339 date-time", "uri": "an absolute URI"}


class Undecided(Exception):
    """The oracle does not know: it divides floats, and the largest by 0.1 are no floats."""


@cache
def oracle_of(struct: type[Struct], draft: int) -> Callable[[Any], Fault | None]:
    """Return a function of a JSON value: what is wrong with it first, or None. Raises `Undecided`."""
    schema = schema_of(struct, draft)
    unit = schema.get("definitions", {}).get("UnitOfMeasure")
    if unit is not None and "enum" in unit:
        unit["enum"] = [each.value for each in v16.UnitOfMeasure]  # what is added to the schema, too (R52)
    validate = fastjsonschema.compile(schema, formats=_FORMATS, use_default=False)

    def fault_of(value: Any) -> Fault | None:
        try:
            with localcontext(_EXACT):
                validate(value)
        except fastjsonschema.JsonSchemaValueException as error:
            violation = _explained(error)
            return violation.path, violation.rule, violation.expected
        return None

    return fault_of


def _explained(error: Any) -> Violation:
    """Turn fastjsonschema's exception into path, rule and expectation."""
    if "inifinity" in error.message:
        raise Undecided
    path = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in error.path[1:]).lstrip(".")
    rule, limit = error.rule, error.rule_definition
    if rule == "required":
        missing = next(key for key in limit if key not in error.value)
        return Violation(missing, rule, "a value").within(path)
    if rule == "additionalProperties":
        extra = next(key for key in error.value if key not in error.definition["properties"])[:_SHOWN]
        return Violation(extra or '""', rule, "no property of this name").within(path)
    if rule == "enum":
        return Violation(path, rule, f"one of {', '.join(limit)}")
    if rule == "format":
        return Violation(path, rule, _EXPECTED_FORMATS[limit])
    if rule in ("minItems", "maxItems"):
        items = "1 item" if limit == 1 else f"{limit} items"
        return Violation(path, rule, f"at {'least' if rule == 'minItems' else 'most'} {items}")
    return Violation(path, rule, _EXPECTED[rule].format(limit))
