"""A frame as a log has it, and where it begins in a text."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["BEGIN", "Sighting", "version_in"]

BEGIN: Final = re.compile(
    rb'\[\s*(?:[2-6]\s*,\s*(?:"(?!")|""\s*,|(?P<escaped>\\"|"")|-?\d+\s*,\s*["{\\])|"[2-6]"\s*,\s*"[^"]*"\s*,\s*["{])'
)
"""How a frame begins, a malformed one too; `escaped` where it stands in a JSON text, or in a field of CSV."""
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
