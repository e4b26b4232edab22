"""A frame as a log has it, and where it begins in a text."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

__all__ = ["BEGIN", "Sighting", "cut", "version_in"]

BEGIN: Final = re.compile(
    rb'\[\s*(?:[2-6]\s*,\s*(?:"(?!")|""\s*,|(\\"|"")|-?\d+\s*,\s*["{\\])|"[2-6]"\s*,\s*"[^"]*"\s*,\s*["{])'
)
"""How a frame begins, a malformed one too; the group is of its quotes, where a JSON text or a field of CSV holds it."""
_decode = json.JSONDecoder(strict=False).raw_decode
_VERSION: Final = re.compile(r"(?i)(?:ocpp)?[ _v]*(1\.6|2\.0\.1|2\.1)j?")


class Sighting(NamedTuple):
    """A frame, and what its log tells of it."""

    raw: bytes
    station: str = ""
    """The identity, or nothing."""
    from_station: bool | None = None
    sent: bool | None = None
    """Whether the log's own side sent it, where it does not tell which side that is."""
    version: str = ""
    """Of OCPP, as `1.6`, or nothing."""


def version_in(text: str) -> str:
    """Return the version that a text names, as `ocpp1.6`; nothing if it names none that is known."""
    found = _VERSION.fullmatch(text)
    return found[1] if found else ""


def cut(raw: bytes, escaped: bytes | None) -> tuple[bytes, bool]:
    """Return a frame without what follows it, and whether it has an end; `escaped` is how its quotes are written."""
    if escaped is not None:
        raw = _plain(raw, escaped)
    raw = raw.rstrip()
    if raw.endswith(b"}]"):
        return raw, True
    text = raw.decode("utf-8", "surrogateescape")
    try:
        _, end = _decode(text)
    except json.JSONDecodeError as error:
        unended = error.pos >= len(text) or error.msg.startswith("Unterminated string")
        return raw, not unended
    except RecursionError:
        return raw, True
    return text[:end].encode("utf-8", "surrogateescape"), True


def _plain(raw: bytes, escaped: bytes) -> bytes:
    """Return the text of a frame that stands in a quoted text: of JSON, of Go, or in a field of CSV."""
    if escaped == b'""':
        end = re.match(rb'(?:[^"]|"")*', raw)
        return raw[: end.end() if end else None].replace(b'""', b'"')
    text = raw.decode("utf-8", "surrogateescape")
    try:
        inner: Any = _decode(f'"{text}')[0]
    except json.JSONDecodeError:
        return raw.replace(b'\\"', b'"')
    return str(inner).encode("utf-8", "surrogateescape")
