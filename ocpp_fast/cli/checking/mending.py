"""What deviates in a payload, and what would let it pass: as the library itself would mend it under a policy."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from ocpp_fast import PayloadError
from ocpp_fast import shown as escaped
from ocpp_fast._core.strict_json import loads
from ocpp_fast._core.violation import Violation
from ocpp_fast.mending import Mender
from ocpp_fast.schema import plan_of

__all__ = ["Deviation", "behind", "deviations", "shown"]

_MOST: Final = 16
"""So many deviations of one payload that nothing mends are looked for."""
_SHOWN: Final = 64
_MOMENT: Final = "2000-01-01T00:00:00Z"
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
    """The rule of a `Tolerance` that lets it pass; nothing if none can."""
    answer: str = ""
    """What that must answer: "mend", or "take" where nothing mends it."""


def deviations(reader: Any, payload: bytes) -> list[Deviation]:
    """Return what deviates in a payload's JSON text, once each; `reader` is the class of the payload."""
    try:
        reader.from_json(payload)
    except PayloadError:
        return behind(reader, payload)
    return []


def behind(reader: Any, payload: bytes) -> list[Deviation]:
    """Return what deviates in a payload that `reader` does not take: the first deviation, and those that it hides."""
    try:
        root = [loads(payload)]
    except ValueError:
        root = []
    plan = plan_of(reader, reader.__draft__)
    found: dict[tuple[str, str], Deviation] = {}
    for _ in range(_MOST if root else 0):
        mender = Mender(lambda rule, path: "mend")
        try:
            mender.read(plan, root[0])
            error = None
        except Violation as violation:
            error = violation
        for each in mender.mended:
            broken, example = each.violation, escaped(each.old, _SHOWN)
            deviation = Deviation(each.path, broken.rule, broken.expected, example, each.rule, "mend")
            found.setdefault((each.path, each.rule), deviation)
        if error is None or not _put_aside(root, error, found):
            break
    return list(found.values()) or [Deviation("", "json", "JSON", _text(payload))]


def _put_aside(root: list[Any], error: Violation, found: dict[tuple[str, str], Deviation]) -> bool:
    """Note what nothing mends, and put another value in its place to look further; `root` holds the payload."""
    path = _INDEX.sub("[]", error.path)
    if error.rule == "required" and any(path == each.path for each in found.values()):
        return False  # what was there can't be left out
    fraction = found.get((path, "decimal_as_integer"))
    steps = _steps(root, error.path)
    if steps is None:
        found.setdefault((path, error.rule), Deviation(path, error.rule, error.expected, ""))
        return False
    holder: Any = root
    for step in steps[:-1]:
        holder = holder[step]
    value = holder[steps[-1]]
    if isinstance(value, float) and fraction is not None and error.rule == fraction.rule:
        found[path, "decimal_as_integer"] = fraction._replace(answer="take", example=shown(value))
    else:
        found.setdefault((path, error.rule), Deviation(path, error.rule, error.expected, shown(value)))
    other = _other(value, error)
    if other is not _GONE:
        holder[steps[-1]] = other
    elif isinstance(holder, dict):
        del holder[steps[-1]]
    return other is not _GONE or isinstance(holder, dict)


def _other(value: Any, error: Violation) -> Any:
    """Return what may stand in place of a wrong value, or that nothing may."""
    if error.rule == "format" and "date-time" in error.expected:
        return _MOMENT
    if error.expected == "integer" and isinstance(value, float):
        return int(value)
    return False if error.expected == "boolean" else _GONE


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


def shown(value: Any) -> str:
    """Return a JSON value in 64 characters at most; nothing in it can break a line or steer a terminal."""
    return _short(json.dumps(value, ensure_ascii=False))


def _text(payload: bytes) -> str:
    return _short(payload[: 4 * _SHOWN].decode("utf-8", "replace"))


def _short(text: str) -> str:
    return escaped(text, _SHOWN)
