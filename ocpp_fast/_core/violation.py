"""The report of a broken rule."""

from __future__ import annotations

__all__ = ["Violation"]


class Violation(ValueError):
    """A payload breaks a rule: where (`path`), which (`rule`, a JSON Schema keyword) and what was `expected`."""

    def __init__(self, path: str, rule: str, expected: str) -> None:
        super().__init__(path, rule, expected)
        self.path = path
        self.rule = rule
        self.expected = expected

    def within(self, place: str) -> Violation:
        """Return the same violation, seen from the object that holds it at `place`."""
        joint = "." if place and self.path and not self.path.startswith("[") else ""
        return Violation(f"{place}{joint}{self.path}", self.rule, self.expected)
