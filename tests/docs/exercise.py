"""Follows an exercise: does to a copy of the sources what its blocks of code say, and runs what they run.

A block of `sh` is commands, a line each; `# fails: ...` behind one says that it fails, and which words it prints then.
The paragraph above any other block ends with the words that say where the block goes:

    In `path`, below `a line`:        or above it, or instead of it; the line is told without its indentation
    A new file, `path`:
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

from ..conftest import RunPython

__all__ = ["edit", "follow"]

BLOCK: Final = re.compile(r"(?P<lead>[^\n]+(?:\n[^\n]+)*)\n\n```(?P<language>\w*)\n(?P<code>.*?)```\n", re.DOTALL)
EDIT: Final = re.compile(
    r".*\bIn `(?P<path>[^`]+)`, (?P<where>above|below|instead of) (?P<ticks>`+)(?P<line>.+)(?P=ticks):"
)
NEW_FILE: Final = re.compile(r".*\bA new file, `(?P<path>[^`]+)`:")
DEFINITION: Final = re.compile(r"(?:c?def|class) ")


def edit(root: Path, path: str, where: str, line: str, code: str) -> None:
    """Put code above, below or instead of a line."""
    file = root / path
    assert file.exists(), f"there is no {path}"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    places = [index for index, each in enumerate(lines) if each.strip() == line]
    assert len(places) == 1, f"{path} has {len(places)} lines `{line}`, and should have one"
    (place,) = places
    gap = "\n\n" if DEFINITION.match(code) else ""
    if where == "above":
        lines.insert(place, code + gap)
    elif where == "below":
        lines.insert(place + 1, gap + code)
    else:
        lines[place] = code
    file.write_text("".join(lines), "utf-8")


def add(root: Path, path: str, code: str) -> None:
    """Make a file of our own."""
    assert not (root / path).exists(), f"{path} is there already"
    (root / path).write_text(code, "utf-8")


def run(run_python: RunPython, code: str) -> None:
    """Run Python, once for each line."""
    for line in code.splitlines():
        command, _, expected = line.partition("# fails: ")
        words = shlex.split(command)
        settings = [word.partition("=") for word in words[: words.index("python")]]
        environment = {name: value for name, _, value in settings}
        ended = run_python(*words[len(settings) + 1 :], **environment)
        printed = f"{line}\n{ended.stdout}{ended.stderr}"
        assert (ended.returncode != 0) is bool(expected), printed
        assert expected in printed.partition("\n")[2], printed


def follow(text: str, root: Path, run_python: RunPython) -> None:
    """Do what the blocks of an exercise say to the sources at `root`, in order.

    Raises `AssertionError` for a block that does not say what to do, or that can't be followed, or goes wrong.
    """
    blocks = list(BLOCK.finditer(text))
    assert 2 * len(blocks) == text.count("```"), "a block of code has no paragraph above it, or no end"
    for block in blocks:
        lead = block["lead"].replace("\n", " ")
        if block["language"] == "sh":
            run(run_python, block["code"])
        elif place := EDIT.fullmatch(lead):
            edit(root, place["path"], place["where"], place["line"], block["code"])
        elif new := NEW_FILE.fullmatch(lead):
            add(root, new["path"], block["code"])
        else:
            raise AssertionError(f"where does the block go that stands under these words?\n{lead}")
