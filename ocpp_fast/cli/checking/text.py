"""Lines of text: whatever program wrote them, there is an identity and a direction before a frame.

Known to be read: Python's logging with the `ocpp` package (`CP1: receive message [2,...`), ocpp-go (`received JSON
message from CP1: [2,...`), evcc (`recv CP1: [2,...`), SteVe (`[chargeBoxId=CP1, sessionId=...] Received: [2,...`),
libocpp (`ChargePoint>CentralSystem` on the line before), and arrows (`CP1 -> [2,...`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, TypeAlias

__all__ = ["Told", "told"]

Told: TypeAlias = tuple[str, bool | None, bool | None]
"""The identity, whether the station has sent a frame, and whether the log's own side has; nothing, or None: untold."""

_NEAR: Final = 300
"""So many bytes before a frame are looked at."""
_TIME: Final = re.compile(rb"(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?")
_KEPT: Final = 2**13
"""So many texts before frames are remembered, without their times."""

_STATION: Final = rb"(?:charge[ _-]?(?:point|box)|charging[ _-]?station|station|charger|evse|cp)"
_CENTRAL: Final = rb"(?:central[ _-]?system|csms|cs|server|backend)"

_SIDES: Final = re.compile(
    rb"(?i)\b(?:(%b|cs(?=\W+csms))|%b)\s*(?:-+>|=>|&gt;|>|\xe2\x86\x92|\bto\b)\s*(?:%b|%b)\b"
    % (_STATION, _CENTRAL, _CENTRAL, _STATION)
)
_ARROW: Final = re.compile(rb"([^\s:\[\]|]+)\s*(-+>|<-+|>>+|<<+|\xe2\x86\x92|\xe2\x86\x90)\s*$")
_WORDS: Final = re.compile(
    rb"(?i)(?<![a-z])(?:(sent|sends?|sending|outgoing|outbound|tx|(?<=[=;,|\[\"'(])out\b|out(?=[:\]])|to|>>+)"
    rb"|(?:received?|receives|receiving|recv|incoming|inbound|rx|(?<=[=;,|\[\"'(])in\b|in(?=[:\]])|from|<<+))(?![a-z])"
)
_NOT_A_WORD: Final = rb"(?!(?:sent|sends?|sending|recv|received?|receiving|message)\b)"

_IDENTITIES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rb"(?i)(?<![a-z])(?:%b|client|identity)(?:[ _-]?id(?:entity)?|[ _-]?name)?[\"']?\s*(?:=|:\s)\s*[\"']?%b"
        rb"([^\s\"',;\])}]+)" % (_STATION, _NOT_A_WORD),
        rb"(?i)%b(?<![^\s:|\]])([^\s:|\]\[]+): (?:receive message|received?|recv|sent|sending|send)\W*$" % _NOT_A_WORD,
        rb"(?i)\b(?:sent|sending|send|recv|received|to|from) ([^\s:]+): ?\W*$",
        rb"(?i)\b(?:to|from)(?: %b)? ([^\s:,;]+)(?=[\s:,;]*(?:$|[\w ]*:))" % _STATION,
        rb"(?:wss?://[^\s/\"]+|/ocpp[\w.-]*|/websocket)(?:/[^\s/\"]+)*/([^\s/?\"',;:]+)",
        rb"(?:->|<-|>>|<<)\s*([^\s:]+):?\s*$",
        rb"\[([\w.*@#-]+)\](?!.*\[[\w.*@#-]+\])",
        rb"(?:^|[\s|])([\w.*@#-]+):\s*$",
    )
)
_NAMED: Final = 3
"""So many of these, the first, find numbers, too; what the others find may be a time."""
_NUMBERS: Final = re.compile(rb"[\dTZ.:/+-]+")
_NOBODY: Final = frozenset(
    b"server csms central central_system ocpp ocppj ws websocket main mainthread trace debug info warn warning error "
    b"message frame received receive recv sent send sending data json msg payload request response in out rx tx "
    b"root none null".split()
)
"""What stands where an identity may, and is none."""
_ECHO: Final = re.compile(rb"Unable to parse message|Error while handling|'ocpp_message'")
"""What the `ocpp` package says of a frame that it has logged before."""


def told(prefix: bytes) -> Told | None:
    """Return what a text before a frame tells of it; None if it says that the frame stands in the log before."""
    return _told(_TIME.sub(b"", prefix[-_NEAR:]))


@lru_cache(_KEPT)
def _told(prefix: bytes) -> Told | None:
    if _ECHO.search(prefix):
        return None
    sides = _SIDES.search(prefix)
    if sides is not None:
        return _identity(prefix[: sides.start()]), sides[1] is not None, None
    arrow = _ARROW.search(prefix)
    if arrow is not None and arrow[1].lower() not in _NOBODY:
        away = arrow[2].endswith((b">", b"\xe2\x86\x92"))
        return _text(arrow[1]), None, not away  # as a central system tells it
    sent: bool | None = None
    for word in _WORDS.finditer(prefix):
        sent = word[1] is not None
    return _identity(prefix), None, sent


def _identity(prefix: bytes) -> str:
    for number, pattern in enumerate(_IDENTITIES):
        found = pattern.search(prefix)
        if found is not None:
            name = found[1].rstrip(b":")
            if name and name.lower() not in _NOBODY and (number < _NAMED or not _NUMBERS.fullmatch(name)):
                return _text(name)
    return ""


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
