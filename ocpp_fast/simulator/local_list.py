"""The local authorization list: which id tokens it names, and its version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["MAX_LIST", "LocalList"]

MAX_LIST: Final = 1000
"""How many entries the list may have."""


class LocalList:
    """The list of a station, which keeps it but asks the central system all the same."""

    def __init__(self) -> None:
        self._tokens: frozenset[str] = frozenset()
        self.version = 0
        """0 while the list is empty."""

    def update(self, version: int, changes: Sequence[tuple[str, bool]], *, full: bool) -> str:
        """Replace the list, or add and remove entries (token, whether it stays); return the status in OCPP's words."""
        if not full and version <= self.version:
            return "VersionMismatch"
        named = {token for token, _ in changes}
        tokens = (frozenset() if full else self._tokens - named) | {token for token, stays in changes if stays}
        if len(named) < len(changes) or len(tokens) > MAX_LIST or version < 1:
            return "Failed"
        self._tokens, self.version = tokens, version if tokens else 0
        return "Accepted"
