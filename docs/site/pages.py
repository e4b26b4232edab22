"""The pages of docs/ as the site has them: links to the sources, to rules and to the reference are filled in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

__all__ = ["LINK", "linked", "to_sources", "with_anchors"]

LINK: Final = re.compile(r"(?<=\]\()(\.\./[^)#\s]+)(#[^)\s]*)?(?=\))")
"""The target of a link to a file outside docs/."""

CODE: Final = re.compile(r"^(?:```.*?^```|#[^\n]*|    [^\n]*)$", re.DOTALL | re.MULTILINE)
"""What is left as it is: blocks of code and headings."""

KEPT: Final = re.compile(r"\[[^\]]*\]\([^)]*\)|!\[[^\]]*\]\([^)]*\)|``[^`]+``")
RULE: Final = re.compile(r"(?<![\w`\[.-])R(\d{1,2}a?)(?![\w.])")
NAME: Final = re.compile(r"`(?:ocpp_fast\.)?((?:(?:v16|v201|v21)\.)?\w+)(\([^`\n]*\)|\.\w+(?:\([^`\n]*\))?)?`")
ROW: Final = re.compile(r"^\| R(\d+a?) \|", re.MULTILINE)


def to_sources(text: str, root: Path, sources: str) -> str:
    """Let links to files beside docs/ lead to where the sources are. Raises `ValueError` for a missing file."""

    def source(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", found[1]))
        if not (root / path).exists():
            raise ValueError(f"a link leads to {path}, which is not there")
        return f"{sources}/{'tree' if (root / path).is_dir() else 'blob'}/main/{path}{found[2] or ''}"

    return LINK.sub(source, text)


def with_anchors(text: str) -> str:
    """Give each row of a table of rules an anchor of its own: `#r36`."""
    return ROW.sub(r'| <span id="r\1"></span>R\1 |', text)


def linked(text: str, names: Mapping[str, str], rules: str | None, here: str) -> str:
    """Link the public names and the rules that a page's text has.

    `names` has the place of each, `rules` the page of the rules, None on that page itself; `here` is the page's path.
    """
    folder = posixpath.dirname(here) or "."
    seen: set[str] = set()

    def name(found: re.Match[str]) -> str:
        place = names.get(found[1])
        if place is None or found[1] in seen or place.partition("#")[0] == here:
            return found[0]
        seen.add(found[1])
        return f"[{found[0]}]({posixpath.relpath(place, folder)})"

    def rule(found: re.Match[str]) -> str:
        return f"[{found[0]}]({posixpath.relpath(rules or '', folder)}#r{found[1]})"

    def line(part: str) -> str:
        part = _outside(KEPT, part, lambda plain: NAME.sub(name, plain))
        return _outside(KEPT, part, lambda plain: RULE.sub(rule, plain)) if rules else part

    return _outside(CODE, text, line)


def _outside(kept: re.Pattern[str], text: str, change: Callable[[str], str]) -> str:
    """Change what lies between the matches of a pattern."""
    parts, at = [], 0
    for found in kept.finditer(text):
        parts += [change(text[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*parts, change(text[at:])])
