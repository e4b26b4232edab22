"""One frame: its parts, or what is wrong with it as a frame."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from .judging import CALL, CALLERROR, CALLRESULT, CALLRESULTERROR, SEND
from .mending import Deviation, shown

__all__ = ["Parts", "quick_parts", "thorough_parts"]

_MAX_ID: Final = 36
_LENGTHS: Final = {CALL: 4, CALLRESULT: 3, CALLERROR: 5, CALLRESULTERROR: 5, SEND: 4}
_ID: Final = rb'\[\s*([2-6])\s*,\s*"([^"\\\x00-\x1f]{1,36})"\s*,\s*'
_CALL: Final = re.compile(_ID + rb'"([A-Za-z0-9-]+)"\s*,\s*(?=\{)')
_RESULT: Final = re.compile(_ID + rb"(?=\{)")
_BEGIN: Final = re.compile(rb'\s*\[\s*"?([2-6])"?\s*,\s*(?:"((?:[^"\\]|\\.)*+)"|(-?\d+))(?:\s*,\s*"(\w+)")?')
_ELEMENT: Final = re.compile(r"\s*,\s*")
_decode = json.JSONDecoder(strict=False).raw_decode


class Parts(NamedTuple):
    """The parts of a frame; what could not be read is empty, or 0."""

    kind: int
    unique_id: str
    action: str = ""
    payload: bytes = b""
    """The JSON text of the payload."""
    deviations: tuple[Deviation, ...] = ()
    code: str = ""
    description: str = ""
    cut: bool = False
    """Whether the log has cut the frame, and marked it so."""


def quick_parts(raw: bytes) -> Parts | None:
    """Return the parts of a CALL, SEND or CALLRESULT that looks as most do; its payload may still have no end."""
    found = _RESULT.match(raw)
    action = b""
    if found is None:
        found = _CALL.match(raw)
        if found is None:
            return None
        action = found[3]
    kind = found[1][0] - 0x30
    if (kind == CALLRESULT) is bool(action) or kind in (CALLERROR, CALLRESULTERROR) or not raw.endswith(b"]"):
        return None
    try:
        return Parts(kind, found[2].decode(), action.decode(), raw[found.end() : -1])
    except UnicodeDecodeError:
        return None


def thorough_parts(raw: bytes) -> Parts:
    """Return the parts of any text that begins as a frame does, and what is wrong with it."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        elements, end = _decode(text)
        text[:end].encode()
        return _parts(elements, _texts(text))
    except (ValueError, RecursionError):
        return _broken(raw)


def _texts(text: str) -> list[str]:
    """Return the JSON texts of an array's elements."""
    position = len(text) - len(text.partition("[")[2].lstrip())
    texts = []
    while text[position] != "]":
        _, end = _decode(text, position)
        texts.append(text[position:end])
        comma = _ELEMENT.match(text, end)
        if comma is None:
            break
        position = comma.end()
    return texts


def _broken(raw: bytes) -> Parts:
    """Return what can be told of a text that is not JSON (R1, R10a); journald marks what it cuts with `>`."""
    begin = _BEGIN.match(raw)
    kind = int(begin[1]) if begin else 0
    unique_id = (begin[2] or begin[3] or b"").decode("utf-8", "replace") if begin else ""
    action = (begin[4] or b"").decode() if begin else ""
    if raw.rstrip().endswith((b"...", "\u2026".encode(), b">")):
        return Parts(kind, unique_id, action, cut=True)
    end = shown(f"...{raw[-50:].decode('utf-8', 'replace')}")
    return Parts(kind, unique_id, action, deviations=(Deviation("", "json", "JSON, to its end", end),))


def _parts(elements: list[Any], texts: list[str]) -> Parts:
    wrong: list[Deviation] = []
    kind = elements[0]
    if type(kind) is not int:
        wrong.append(Deviation("messageType", "type", "an integer", shown(kind)))
        kind = int(kind) if str(kind) in ("2", "3", "4", "5", "6") else 0
    unique_id = elements[1] if len(elements) > 1 else None
    if not isinstance(unique_id, str):
        wrong.append(Deviation("uniqueId", "type", "a string of 1 to 36 characters", shown(unique_id)))
        unique_id = str(unique_id)
    elif not 1 <= len(unique_id) <= _MAX_ID:
        wrong.append(Deviation("uniqueId", "length", "a string of 1 to 36 characters", shown(unique_id)))
    length = _LENGTHS.get(kind, len(elements))
    if len(elements) != length:
        mend = ("short_error", "mend") if kind == CALLERROR and len(elements) in (3, 4) else ("", "")
        wrong.append(Deviation("", "elements", f"{length} elements", f"{len(elements)} elements", *mend))
    if kind in (CALLERROR, CALLRESULTERROR):
        code, description = ([each if isinstance(each, str) else "" for each in elements[2:4]] + ["", ""])[:2]
        return Parts(kind, unique_id, deviations=tuple(wrong), code=code, description=description)
    rest, texts = elements[2:], texts[2:]
    action = ""
    if kind in (CALL, SEND) and rest:
        if isinstance(rest[0], str):
            action = rest[0]
        else:
            wrong.append(Deviation("action", "type", "a string", shown(rest[0])))
        texts = texts[1:]
    payload = texts[0] if texts else ""
    raw = b"{}" if payload == "null" else payload.encode("utf-8", "surrogateescape")
    return Parts(kind, unique_id, action, raw, tuple(wrong))
