"""Payloads, judged by the library's own readers, in the version that a station speaks or seems to speak."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ocpp_fast import PayloadError, v16, v21, v201

from .mending import Deviation, behind, deviations

__all__ = ["CALL", "CALLERROR", "CALLRESULT", "CALLRESULTERROR", "SEND", "SENDERS", "Judge", "unsigned"]

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4
CALLRESULTERROR: Final = 5
SEND: Final = 6

_VERSIONS: Final = {module.VERSION.number: module.VERSION for module in (v16, v201, v21)}
_READERS: Final[Mapping[str, Mapping[tuple[int, str], Any]]] = {
    number: {
        **{(SEND if each.response is None else CALL, name): each.request for name, each in version.actions.items()},
        **{(CALLRESULT, name): each.response for name, each in version.actions.items() if each.response is not None},
    }
    for number, version in _VERSIONS.items()
}
"""The class of a payload, by the version, and by the message type and the action."""
SENDERS: Final[Mapping[str, bool | None]] = {
    name: {"STATION": True, "CENTRAL": False}.get(str(each.sender.name))
    for version in _VERSIONS.values()
    for name, each in version.actions.items()
}
"""Whether the station sends an action; None for either side."""

_FAR: Final = 5
"""A field that is missing tells more of a payload's version than a value that is wrong."""


class _Judgement(NamedTuple):
    version: str
    deviations: list[Deviation]

    @property
    def distance(self) -> int:
        return sum(_FAR if each.rule in ("required", "action") else 1 for each in self.deviations)


class Judge:
    """Judges what one station and its central system send; `version` is "" as long as nothing tells it.

    A version that was told is kept. One that was inferred changes when a station boots in another, uses an action
    that only another has, or goes beyond 2.0.1 where 2.1 may.
    """

    def __init__(self, version: str = "", *, told: bool = False) -> None:
        self.version = version
        self._told = told

    def heard(self, version: str) -> None:
        """The log names the version, unless the command line has."""
        if not self._told:
            self.version = version

    def judge(self, kind: int, action: str, payload: bytes) -> list[Deviation]:
        """Return what deviates in the payload of a CALL, SEND or CALLRESULT of an action; nothing for a valid one."""
        if not self.version:
            return self._first(kind, action, payload)
        reader = _READERS[self.version].get((kind, action))
        if reader is None:
            return self._elsewhere(kind, action, payload, _judgement(self.version, kind, action, payload))
        try:
            reader.from_json(payload)
        except PayloadError:
            judgement = _Judgement(self.version, behind(reader, payload))
            return self._elsewhere(kind, action, payload, judgement)
        return []

    def _elsewhere(self, kind: int, action: str, payload: bytes, judged: _Judgement) -> list[Deviation]:
        """Return what deviates in the version to which the station has gone over, or in its own."""
        known = judged.deviations[0].rule != "action"
        boots = action == "BootNotification"
        if not self._told and (not known or boots or self.version == "2.0.1"):
            for other in _others(self.version, upwards=known and not boots):
                again = _judgement(other, kind, action, payload)
                if again.distance < judged.distance and (not known or not again.deviations):
                    self.version = other
                    return again.deviations
        return judged.deviations

    def _first(self, kind: int, action: str, payload: bytes) -> list[Deviation]:
        """Judge by the version that fits best, and settle on it if none fits as well, but for 2.1 beside 2.0.1."""
        judged = [_judgement(number, kind, action, payload) for number in _VERSIONS]
        best = min(judged, key=lambda each: each.distance)
        as_good = [each.version for each in judged if each.distance == best.distance]
        if len(as_good) == 1 or as_good == ["2.0.1", "2.1"]:
            self.version = best.version
        return best.deviations


def _others(version: str, *, upwards: bool) -> Iterator[str]:
    for number in _VERSIONS:
        if number > version if upwards else number != version:
            yield number


def _judgement(version: str, kind: int, action: str, payload: bytes) -> _Judgement:
    reader = _READERS[version].get((kind, action))
    if reader is None:
        return _Judgement(version, [Deviation("", "action", f"an action of OCPP {version}", action)])
    return _Judgement(version, deviations(reader, payload))


def unsigned(action: str, payload: bytes) -> tuple[str, bytes]:
    """Return an action and its payload without the signature around it (R17), which is not checked."""
    name = action.removesuffix("-Signed")
    if name == action:
        return action, payload
    try:
        text = json.loads(payload)["payload"]
        return name, urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, KeyError, TypeError):
        return name, payload
