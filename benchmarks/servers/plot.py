"""A plot of lines over two logarithmic axes, as SVG that fits light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final

__all__ = ["plot"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 880, 480, 64, 24, 190, 56
_COLOURS: Final = ("#7f8c96", "#2e86de", "#8e5bd0", "#c0392b", "#1e9e5a", "#d68910", "#16a2b8", "#b0578d")
_STYLE: Final = """
    text { font: 13px system-ui, sans-serif; fill: #1d2b36 }
    .rule { stroke: #d5dce2; stroke-width: 1 }
    .line { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) { text { fill: #e4ebf1 } .rule { stroke: #3a4753 } }
"""


def plot(title: str, x_label: str, y_label: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return the SVG of lines, each of points (x, y) above 0; where a line ends stands its name."""
    points = [point for line in lines.values() for point in line]
    (x_low, x_high), (y_low, y_high) = (_decades([point[axis] for point in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        right = (log10(x) - x_low) / (x_high - x_low) * (_WIDTH - _LEFT - _RIGHT)
        up = (log10(y) - y_low) / (y_high - y_low) * (_HEIGHT - _TOP - _BOTTOM)
        return _LEFT + right, _HEIGHT - _BOTTOM - up

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">',
        f"<style>{_STYLE}</style>",
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 12}" text-anchor="middle">{x_label}</text>',
        f'<text transform="translate(14 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{y_label}</text>',
    ]
    for power in range(x_low, x_high + 1):
        x, _ = place(10.0**power, 10.0**y_low)
        parts.append(f'<path class="rule" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{10.0**power:g}</text>')
    for power in range(y_low, y_high + 1):
        _, y = place(10.0**x_low, 10.0**power)
        parts.append(f'<path class="rule" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    places = {name: [place(*point) for point in line] for name, line in lines.items() if line}
    heights = _apart({name: line[-1][1] for name, line in places.items()})
    for colour, (name, line) in zip(_COLOURS, places.items(), strict=False):
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        parts.append(f'<polyline class="line" stroke="{colour}" points="{way}"/>')
        (x, y), label = line[-1], _WIDTH - _RIGHT + 20
        parts.append(
            f'<path stroke="{colour}" stroke-dasharray="2 3" d="M{x:.1f} {y:.1f}L{label - 4} {heights[name]:.1f}"/>'
        )
        parts.append(f'<text x="{label}" y="{heights[name] + 4:.1f}" style="fill: {colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """Move labels apart, down from the highest."""
    names = sorted(heights, key=heights.__getitem__)
    moved = dict(heights)
    for above, below in pairwise(names):
        moved[below] = max(moved[below], moved[above] + 16)
    return moved
