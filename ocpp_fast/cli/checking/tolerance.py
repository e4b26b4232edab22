"""What a policy must say to let deviations pass."""

from __future__ import annotations

from collections.abc import Iterable

from .findings import STATION, Kind

__all__ = ["tolerances"]


def tolerances(kinds: Iterable[Kind]) -> list[str]:
    """Return the lines of `Policy.tolerate` that let through what a station does, each once, in order."""
    lines = []
    for kind in kinds:
        if kind.habit and kind.wrong == STATION:
            path = f', path="{kind.path}"' if kind.path else ""
            lines.append(f'Tolerance("{kind.habit}", action="{kind.action}"{path})')
    return list(dict.fromkeys(lines))
