"""JSON lines and tables: an object or a row on each line, a value of which is a frame, or a text with one.

What `ocpp-fast serve --frames` writes is `{"time": "...", "station": "CP1", "version": "1.6", "from": "station",
"frame": "[2,...]"}`; other keys that are in use are known, too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import orjson

from .sighting import BEGIN, Sighting, cut, version_in
from .text import told

__all__ = ["Table", "sighting_in_object"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEPT: Final = 2**10
"""So many keys and directions are remembered."""
_STATIONS: Final = _words(
    "station stationid chargepoint chargepointid chargepointidentity chargebox chargeboxid chargingstation "
    "chargingstationid charger chargerid cp cpid client clientid identity identifier"
)
_DIRECTIONS: Final = _words("from fromstation direction dir origin sender source event type kind")
_VERSIONS: Final = _words("version ocpp ocppversion protocol subprotocol")

_FROM_STATION: Final = _words(
    "station chargepoint chargingstation charger chargebox cp true cptocs cptocsms cstocsms stationtocentral "
    "chargepointtocentralsystem chargingstationtocsms fromstation fromcp fromchargepoint"
)
_FROM_CENTRAL: Final = _words(
    "central centralsystem csms server backend false cstocp csmstocp csmstocs centraltostation "
    "centralsystemtochargepoint csmstochargingstation tostation tocp fromcentral fromcsms"
)
_SENT: Final = _words("out outgoing outbound sent send sending tx")
_RECEIVED: Final = _words("in incoming inbound received receive recv rx")


def sighting_in_object(line: bytes) -> Sighting | None:
    """Return the frame of a line that is a JSON object; None without one, or if it is not JSON."""
    try:
        value = orjson.loads(line)
    except ValueError:
        return None
    return _sighting(value) if isinstance(value, dict) else None


class Table:
    """A file of comma-separated values, or others, whose first line names the columns as a JSON line names its keys."""

    def __init__(self, names: list[str], delimiter: str) -> None:
        self._names = names
        self._delimiter = delimiter

    @classmethod
    def headed(cls, line: bytes) -> Table | None:
        """Return the table that a line is the head of; None for any other line."""
        for delimiter in ",;\t":
            names = _cells(line, delimiter)
            if len(names) > 1 and any(_plain(each) in _STATIONS | _DIRECTIONS for each in names):
                return cls(names, delimiter)
        return None

    def sighting(self, line: bytes) -> Sighting | None:
        """Return the frame of a row; None without one."""
        return _sighting(dict(zip(self._names, _cells(line, self._delimiter), strict=False)))


def _cells(line: bytes, delimiter: str) -> list[str]:
    text = line.decode("utf-8-sig", "surrogateescape").rstrip("\r\n")
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _sighting(value: dict[str, Any]) -> Sighting | None:
    found = _frame(value)
    if found is None:
        return None
    station, from_station, sent, version = found.station, found.from_station, found.sent, found.version
    for key, each in _members(value):
        if key in _STATIONS and isinstance(each, str) and each:
            station = each
        elif key in _DIRECTIONS and from_station is None and isinstance(each, str | bool):
            from_station, sent = _direction(each, sent)
        elif key in _VERSIONS and isinstance(each, str):
            version = version_in(each) or version
    return Sighting(found.raw, station, from_station, sent, version)


def _members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what an object and the objects in it hold, by names without case and separators."""
    for key, each in value.items():
        if isinstance(each, dict):
            yield from ((_plain(inner), what) for inner, what in each.items())
        else:
            yield _plain(key), each


@lru_cache(_KEPT)
def _plain(text: str) -> str:
    for separator in "_- .":
        text = text.replace(separator, "")
    return text.replace("->", "to").replace(">", "to").lower()


def _direction(told: str | bool, sent: bool | None) -> tuple[bool | None, bool | None]:
    word = _plain(str(told).replace("->", "to"))
    if word in _FROM_STATION or word in _FROM_CENTRAL:
        return word in _FROM_STATION, sent
    if word in _SENT or word in _RECEIVED:
        return None, word in _SENT
    return None, sent


def _frame(value: dict[str, Any]) -> Sighting | None:
    """Return the frame of an object, which is a value of its own or within a line of text."""
    for each in value.values():
        if isinstance(each, list):
            if len(each) > 2 and each[0] in (2, 3, 4, 5, 6):
                return Sighting(orjson.dumps(each))
        elif isinstance(each, str):
            text = each.encode("utf-8", "surrogateescape").strip()
            begin = BEGIN.search(text)
            if begin is not None and (whose := told(text[: begin.start()])) is not None:
                return Sighting(cut(text[begin.start() :], begin[1])[0], *whose)
        elif isinstance(each, dict) and (inner := _frame(each)) is not None:
            return inner
    return None
