"""Calls and their answers as lines of text, whatever the version: what `on_frame` sees goes in."""

from __future__ import annotations

import json
from typing import Any, Final

from ocpp_fast import masked, shown

from .console import Console

__all__ = ["Traffic"]

_MAX_TEXT: Final = 40
_MAX_FIELD: Final = 60
_MAX_PART: Final = 220
"""A line has two parts: the call and its answer."""
_MAX_DEPTH: Final = 6
_MAX_ITEMS: Final = 4


class Traffic:
    """Prints a line for each call that is answered, and for what wants no answer.

    An arrow tells who called: `CP001 -> Heartbeat()` the station, `CP001 <- Reset(type=Hard)` the other side. What the
    station sends and gets no answer to, but is wrong, has a line by `faulty`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: dict[str, dict[tuple[bool, str], str]] = {}

    def frame(self, name: str, *, from_station: bool, raw: bytes) -> None:
        """Take a frame of the station called `name`."""
        match _elements(raw):
            case [2, str(unique_id), str(action), payload]:
                calls = self._open.setdefault(name, {})
                calls[from_station, unique_id] = f"{_shown(action)}({_cut(_fields(payload), _MAX_PART)})"
            case [3, str(unique_id), payload]:
                self._answered(name, not from_station, unique_id, _fields(payload) or "ok")
            case [4, str(unique_id), code, description, *_]:
                reason = f"refused, {_shown(code)}: {_shown(description, limit=_MAX_PART)}"
                self._answered(name, not from_station, unique_id, reason)
            case [5, str(), code, description, *_]:
                reason = f"{_shown(code)}: {_shown(description, limit=_MAX_PART)}"
                self._note(name, from_station, f"the answer is refused, {_cut(reason, _MAX_PART)}")
            case [6, str(), str(action), payload]:
                self._note(name, from_station, f"{_shown(action)}({_cut(_fields(payload), _MAX_PART)})")

    def faulty(self, name: str, unique_id: str, description: str) -> None:
        """Take the fault of a frame of the station, or of its transport, that it is not answered."""
        call = self._open.get(name, {}).pop((False, unique_id), None)
        what = "faulty" if call is None else f"{call}: faulty answer"
        self._note(name, call is None, f"{what}, {shown(description, _MAX_PART)}")

    def forget(self, name: str) -> None:
        """The station is gone: what was not answered will not be."""
        self._open.pop(name, None)

    def _answered(self, name: str, from_station: bool, unique_id: str, answer: str) -> None:
        call = self._open.get(name, {}).pop((from_station, unique_id), None)
        if call is None and not from_station:  # the station answers what nobody has asked
            return
        call = call or "something unreadable"
        self._note(name, from_station, f"{call}: {_cut(answer, _MAX_PART)}")

    def _note(self, name: str, from_station: bool, what: str) -> None:
        self._console.note(f"{name} {'->' if from_station else '<-'} {what}")


def _elements(raw: bytes) -> Any:
    try:
        return masked(json.loads(raw))
    except (ValueError, RecursionError):
        return None


def _fields(payload: Any) -> str:
    if not isinstance(payload, dict):
        return "" if payload is None else _shown(payload)
    return " ".join(f"{_shown(key)}={_cut(_shown(value), _MAX_FIELD)}" for key, value in payload.items())


def _shown(value: Any, depth: int = 1, limit: int = _MAX_TEXT) -> str:
    """Return a JSON value in short."""
    if isinstance(value, str):
        return shown(value, limit)
    if isinstance(value, dict | list) and depth == _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        inner = (f"{_shown(key)}={_shown(each, depth + 1)}" for key, each in value.items())
        return f"{{{' '.join(inner)}}}"
    if isinstance(value, list):
        items = [_shown(each, depth + 1) for each in value[:_MAX_ITEMS]]
        return f"[{', '.join(items)}{', ...' if len(value) > _MAX_ITEMS else ''}]"
    return json.dumps(value)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
