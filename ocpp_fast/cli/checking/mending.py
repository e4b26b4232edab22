"""What deviates in a payload: the first violation, and those behind it, found by mending one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from ocpp_fast import PayloadError
from ocpp_fast import shown as escaped

__all__ = ["Deviation", "behind", "deviations", "shown"]

_MOST: Final = 16
"""So many deviations of one payload are looked for."""
_SHOWN: Final = 64
_MOMENT: Final = "2000-01-01T00:00:00Z"
_LOOSE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d*)?)? ?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_EXACT: Final = 2.0**53
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
    """Return what deviates in a payload's JSON text, once each; `reader` is the class of the payload."""
    try:
        reader.from_json(payload)
    except PayloadError as error:
        return behind(reader, payload, error)
    return []


def behind(reader: Any, payload: bytes, first: PayloadError) -> list[Deviation]:
    """Return the deviation that `reader` has raised for a payload, and those that it hides."""
    try:
        value = orjson.loads(payload)
    except ValueError:
        return [Deviation("", "json", "JSON", _text(payload))]
    if isinstance(value, dict) and not first.path and first.rule == "type":
        return [Deviation("", "json", "JSON", _text(payload))]
    return _mended(reader, [value], first)


def _mended(reader: Any, root: list[Any], error: PayloadError) -> list[Deviation]:
    """Mend one kind of deviation after the other; `root` holds the payload."""
    found: list[Deviation] = []
    for _ in range(_MOST):
        path = _INDEX.sub("[]", error.path)
        if found and error.rule == "required" and path == found[-1].path:
            # what was there can't be left out
            found[-1] = found[-1]._replace(habit="")
            break
        steps = _steps(root, error.path)
        if steps is None:
            found.append(Deviation(path, error.rule, error.expected, ""))
            break
        holder, key = next(_places(root, steps))
        habit, mend = _habit(holder[key], error)
        found.append(Deviation(path, error.rule, error.expected, shown(holder[key]), habit))
        places = list(_places(root, steps, everywhere=True)) if habit else [(holder, key)]
        if mend is _GONE and isinstance(holder, list):
            break
        for holder, key in places:
            again, mend = _habit(holder[key], error)
            if again == habit and mend is _GONE:
                del holder[key]
            elif again == habit:
                holder[key] = mend
        try:
            reader.from_json(orjson.dumps(root[0]))
            break
        except PayloadError as next_one:
            error = next_one
    return found


def _steps(root: list[Any], path: str) -> list[str | int] | None:
    """Return the keys and indexes that lead to what stands at a path; None if nothing stands there."""
    steps: list[str | int] = [0]
    inner: Any = root[0]
    while path:
        rest = path.removeprefix(".")
        found = _STEP.match(path)
        key: Any = None
        if isinstance(inner, dict):
            # a key that the peer made up may be cut, empty, or look like several
            key = next((each for each in inner if (each[:_SHOWN] or '""') == rest), None)
            path = "" if key is not None else path
            key = found[1] if key is None and found is not None else key
        elif isinstance(inner, list) and found is not None and found[2] is not None:
            key = int(found[2])
        if key is None or (key not in inner if isinstance(inner, dict) else key >= len(inner)):
            return None
        steps.append(key)
        inner = inner[key]
        path = path[found.end() :] if path and found is not None else ""
    return steps


def _places(holder: Any, steps: Sequence[str | int], *, everywhere: bool = False) -> Iterator[tuple[Any, Any]]:
    """Yield what holds the value behind some steps, and its key there; `everywhere` goes to all items of lists."""
    step, *rest = steps
    if everywhere and isinstance(holder, list):
        keys: Iterable[Any] = range(len(holder))
    else:
        keys = [step] if isinstance(holder, list) or (isinstance(holder, dict) and step in holder) else []
    for key in keys:
        if rest:
            yield from _places(holder[key], rest, everywhere=everywhere)
        else:
            yield holder, key


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
    if expected == "integer" and isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
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
    return _short(json.dumps(value, ensure_ascii=False))


def _text(payload: bytes) -> str:
    return _short(payload[: 4 * _SHOWN].decode("utf-8", "replace"))


def _short(text: str) -> str:
    return escaped(text, _SHOWN)
