"""Texts that break lines, steer terminals or fill logs, and what is fit for a line."""

from __future__ import annotations

from typing import Final

__all__ = ["NASTY", "is_fit"]

NASTY: Final = {
    "line ends": "a\r\nERROR forged\x0b\x0c\x1c",
    "terminal": "\x1b[2J\x1b]0;title\x07\x9b1m\x08",
    "NUL": "a\0b",
    "10 KB": "x" * 10_000,
    "10 KB of line ends": "\n" * 10_000,
    "lone surrogates": "\udc80\ud83d",
    "right to left": "\u202eabc\u2066\u200f\u061c",
    "separators": "\x85\u2028\u2029\xa0\ufeff",
}

LONGEST_LINE: Final = 2100


def is_fit(text: str) -> bool:
    """Whether a text is one printable line, and not too long."""
    return text.isprintable() and len(text) <= LONGEST_LINE
