"""What the pages of the reference are made of: tables, and words that a table's cell can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "table"]


def cell(text: str) -> str:
    """Return a text as one line of a table."""
    return re.sub(r"\s+", " ", text).strip().replace("|", r"\|")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, or nothing if it has no rows."""
    lines = [" | ".join(row) for row in rows]
    return (
        "\n".join(f"| {line} |" for line in (" | ".join(heads), " | ".join("---" for _ in heads), *lines)) + "\n\n"
        if lines
        else ""
    )
