"""What a policy must say to let deviations pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from .findings import STATION, Kind

__all__ = ["tolerances"]


def tolerances(kinds: Iterable[Kind]) -> list[str]:
    """Return the lines of `Policy.tolerate` that let through what a station does, each once, in order.

    Those that take a value come first: they let pass what the others mend, too.
    """
    lines = []
    for kind in sorted(kinds, key=lambda each: each.answer != "take"):
        if kind.habit and kind.wrong == STATION:
            path = f", path={_quoted(kind.path)}" if kind.path else ""
            answer = ', answer="take"' if kind.answer == "take" else ""
            lines.append(f'Tolerance("{kind.habit}", action={_quoted(kind.action)}{path}{answer})')
    return list(dict.fromkeys(lines))


def _quoted(text: str) -> str:
    """Return an action or a path as Python; a name of the peer's that would not do in a pattern ends with `*`."""
    return json.dumps(re.sub(r"\[[^\]].*", "*", text))
