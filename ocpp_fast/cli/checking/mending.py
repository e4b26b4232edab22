"""What deviates in a payload: the first violation, and those behind it, found by mending one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ocpp_fast import PayloadError

__all__ = ["Deviation", "deviations", "shown"]

_MOST: Final = 16
"""So many deviations of one payload are looked for."""
_SHOWN: Final = 64
_MOMENT: Final = "2000-01-01T00:00:00Z"
_LOOSE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d*)?)? ?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_INDEX: Final = re.compile(r"\[\d+\]")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_GONE: Final = object()


class Deviation(NamedTuple):
    """A rule that a frame or its payload breaks."""

    path: str
    """Within the payload; `[]` is any item of a list. Nothing for the payload or frame itself."""
    rule: str
    """The keyword of JSON Schema, or the name of a rule of OCPP-J."""
    expected: str
    example: str
    habit: str = ""
    """What a policy that tolerates it calls it; nothing if none can."""


def deviations(reader: Any, payload: bytes) -> list[Deviation]:
    """Return what deviates in a payload's JSON text; `reader` is the class of the payload."""
    try:
        reader.from_json(payload)
        return []
    except PayloadError as error:
        first = error
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return [Deviation("", "json", "JSON", _text(payload))]
    if isinstance(value, dict) and not first.path and first.rule == "type":
        return [Deviation("", "json", "strict JSON", _text(payload))]
    return _mended(reader, value, first)


def _mended(reader: Any, value: Any, error: PayloadError) -> list[Deviation]:
    found: list[Deviation] = []
    path = ""
    for _ in range(_MOST):
        if found and error.rule == "required" and error.path == path:
            # what was there can't be left out
            found[-1] = found[-1]._replace(habit="")
            break
        path = error.path
        place = _place(value, path)
        if place is None:
            found.append(Deviation(_INDEX.sub("[]", path), error.rule, error.expected, ""))
            break
        holder, key = place
        habit, mend = _habit(holder[key], error)
        found.append(Deviation(_INDEX.sub("[]", path), error.rule, error.expected, shown(holder[key]), habit))
        if mend is not _GONE:
            holder[key] = mend
        elif isinstance(holder, dict):
            del holder[key]
        else:
            break
        value = value if path else holder[0]
        try:
            reader.from_dict(value)
            break
        except PayloadError as again:
            error = again
    return found


def _place(value: Any, path: str) -> tuple[Any, Any] | None:
    """Return the object or list that holds what stands at a path, and its key there; None if nothing stands there."""
    holder: Any = [value]
    key: Any = 0
    while path:
        inner = holder[key]
        if isinstance(inner, dict):
            rest = path.removeprefix(".")
            whole = next((each for each in inner if each[:_SHOWN] == rest or (not each and rest == '""')), None)
            if whole is not None:
                return inner, whole
        step = _STEP.match(path)
        if step is None:
            return None
        path = path[step.end() :]
        holder, key = inner, step[1] if step[2] is None else int(step[2])
        if isinstance(holder, list) != isinstance(key, int) or not isinstance(holder, list | dict):
            return None
        if (key not in holder) if isinstance(holder, dict) else key >= len(holder):
            return None
    return holder, key


def _habit(value: Any, error: PayloadError) -> tuple[str, Any]:
    """Return the habit of a wrong value, "" if it is nobody's, and what to put in its place to look further."""
    if error.rule == "additionalProperties":
        return "unknown_field", _GONE
    if value is None:
        return "null_as_absent", _GONE
    if value in ("", []):
        if error.rule == "type" and error.expected == "object" and not error.path:
            return "empty_as_object", {}
        return "empty_as_absent", _GONE
    return _OF_RULES.get(error.rule, _unknown)(value, error.expected)


def _unknown(value: Any, expected: str) -> tuple[str, Any]:
    return "", _GONE


def _long(value: Any, expected: str) -> tuple[str, Any]:
    return "long_text", value[: int(re.sub(r"\D", "", expected))]


def _enum(value: Any, expected: str) -> tuple[str, Any]:
    return "unknown_enum", expected.removeprefix("one of ").partition(", ")[0]


def _format(value: Any, expected: str) -> tuple[str, Any]:
    if "date-time" in expected:
        return ("loose_time" if _LOOSE.fullmatch(value.strip()) else ""), _MOMENT
    return "", _GONE


def _type(value: Any, expected: str) -> tuple[str, Any]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if expected == "string" and number:
        return "text_as_number", json.dumps(value)
    if expected == "integer" and isinstance(value, float) and value.is_integer():
        return "decimal_as_integer", int(value)
    if expected in ("integer", "number") and isinstance(value, str) and _NUMBER.fullmatch(value):
        return "number_as_text", int(float(value)) if expected == "integer" else float(value)
    if expected == "boolean":
        return "", False
    return "", _GONE


_OF_RULES: Final[dict[str, Callable[[Any, str], tuple[str, Any]]]] = {
    "maxLength": _long,
    "enum": _enum,
    "format": _format,
    "type": _type,
}


def shown(value: Any) -> str:
    """Return a JSON value in 64 characters at most; nothing in it can break a line or steer a terminal."""
    return _printable(json.dumps(value, ensure_ascii=False))


def _text(payload: bytes) -> str:
    return _printable(payload[: 4 * _SHOWN].decode("utf-8", "replace"))


def _printable(text: str) -> str:
    if len(text) > _SHOWN:
        text = f"{text[: _SHOWN - 3]}..."
    return "".join(each if each.isprintable() else "?" for each in text)
