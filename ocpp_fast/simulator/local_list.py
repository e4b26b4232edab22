"""The local authorization list: which id tokens it names, and its version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["MAX_LIST", "LocalList", "Verdict"]

MAX_LIST: Final = 1000
"""How many entries the list may have."""


class Verdict(NamedTuple):
    """What is known of an id token."""

    accepted: bool
    group: str | None = None
    """The token of its group: the parentIdTag of 1.6."""


class LocalList:
    """The list of a station, which decides when to rely on it."""

    def __init__(self) -> None:
        self._tokens: dict[str, Verdict] = {}
        self.version = 0
        """0 while the list is empty."""

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, token: str) -> Verdict | None:
        """Return what the list says of an id token."""
        return self._tokens.get(token)

    def update(self, version: int, changes: Sequence[tuple[str, Verdict | None]], *, full: bool) -> str:
        """Replace the list, or add and remove entries (None removes); return the status in OCPP's words."""
        if not full and version <= self.version:
            return "VersionMismatch"
        named = dict(changes)
        merged = ({} if full else self._tokens) | named
        tokens = {token: verdict for token, verdict in merged.items() if verdict is not None}
        if len(named) < len(changes) or len(tokens) > MAX_LIST or version < 1:
            return "Failed"
        self._tokens, self.version = tokens, version if tokens else 0
        return "Accepted"
