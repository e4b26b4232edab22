"""The report of a run: tables of ratios, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["AtLeast", "AtMost", "Figure", "Row", "tables"]


class AtLeast(NamedTuple):
    """A ratio, the more the better, and what is wanted of it."""

    value: float
    wanted: float | None = None

    def __str__(self) -> str:
        if self.wanted is None:
            return _shown(self.value)
        reached = self.value >= self.wanted
        return f"{_shown(self.value)} {'≥' if reached else '<'} {self.wanted:g} {'✓' if reached else '✗'}"


class AtMost(NamedTuple):
    """A ratio, the less the better, and what is wanted of it."""

    value: float
    wanted: float | None = None

    def __str__(self) -> str:
        if self.wanted is None:
            return _shown(self.value)
        reached = self.value <= self.wanted
        return f"{_shown(self.value)} {'≤' if reached else '>'} {self.wanted:g} {'✓' if reached else '✗'}"


Figure = AtLeast | AtMost | str


class Row(NamedTuple):
    """One line of the table `table`; `size` is that of the frame, in bytes, where there is one."""

    table: str
    subject: str
    size: int | None
    figures: Mapping[str, Figure]


def tables(rows: Iterable[Row]) -> str:
    """Return the tables, each under its title."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.table, []).append(row)
    return "\n\n".join(f"{title}\n\n{_table(group)}" for title, group in grouped.items())


def _table(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row.figures))
    sized = any(row.size is not None for row in rows)
    lines = [["", *(["bytes"] if sized else []), *columns]]
    for row in rows:
        size = [f"{row.size:,}" if row.size is not None else ""] if sized else []
        lines.append([row.subject, *size, *(str(row.figures.get(name, "")) for name in columns)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (width for width in widths)
    shown = [cells[0].ljust(first), *(cell.rjust(width) for cell, width in zip(cells[1:], rest, strict=True))]
    return f"| {' | '.join(shown)} |"


def _shown(value: float) -> str:
    return f"{value:.2f}" if value < 9.95 else f"{value:.0f}"
