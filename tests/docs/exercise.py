"""Follows an exercise: does to a copy of the sources what its blocks of code say, and runs what they run.

A block of `sh` is commands, a line each; `# fails: ...` behind one says that it fails, and which words it prints then.
The paragraph above any other block ends with the words that say where the block goes:

    In `path`, below `a line`:        or above it, or instead of it; the line is told without its indentation
    A new file, `path`:
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final, Protocol

__all__ = ["Step", "steps"]

RunPython = Callable[..., "CompletedProcess[str]"]

BLOCK: Final = re.compile(r"(?P<lead>[^\n]+(?:\n[^\n]+)*)\n\n```(?P<language>\w*)\n(?P<code>.*?)```\n", re.DOTALL)
EDIT: Final = re.compile(
    r".*\bIn `(?P<path>[^`]+)`, (?P<where>above|below|instead of) (?P<ticks>`+)(?P<line>.+)(?P=ticks):"
)
NEW_FILE: Final = re.compile(r".*\bA new file, `(?P<path>[^`]+)`:")
DEFINITION: Final = re.compile(r"(?:c?def|class) ")


class Step(Protocol):
    """One block of code."""

    def follow(self, root: Path, run: RunPython) -> None:
        """Do what it says to the sources at `root`. Raises `AssertionError` if it can't be done, or goes wrong."""


class Edit:
    """Lines that go above, below or instead of a line."""

    def __init__(self, path: str, where: str, line: str, code: str) -> None:
        self.path = path
        self.where = where
        self.line = line
        self.code = code

    def follow(self, root: Path, run: RunPython) -> None:
        file = root / self.path
        assert file.exists(), f"there is no {self.path}"
        lines = file.read_text("utf-8").splitlines(keepends=True)
        places = [index for index, line in enumerate(lines) if line.strip() == self.line]
        assert len(places) == 1, f"{self.path} has {len(places)} lines `{self.line}`, and should have one"
        (place,) = places
        gap = "\n\n" if DEFINITION.match(self.code) else ""
        if self.where == "above":
            lines.insert(place, self.code + gap)
        elif self.where == "below":
            lines.insert(place + 1, gap + self.code)
        else:
            lines[place] = self.code
        file.write_text("".join(lines), "utf-8")


class NewFile:
    """A file of our own."""

    def __init__(self, path: str, code: str) -> None:
        self.path = path
        self.code = code

    def follow(self, root: Path, run: RunPython) -> None:
        file = root / self.path
        assert not file.exists(), f"{self.path} is there already"
        file.write_text(self.code, "utf-8")


class Commands:
    """Runs of Python, a line each."""

    def __init__(self, code: str) -> None:
        self.lines = code.splitlines()

    def follow(self, root: Path, run: RunPython) -> None:
        for line in self.lines:
            command, _, expected = line.partition("# fails: ")
            words = shlex.split(command)
            settings = [word.partition("=") for word in words[: words.index("python")]]
            environment = {name: value for name, _, value in settings}
            ended = run(*words[len(settings) + 1 :], **environment)
            printed = f"{line}\n{ended.stdout}{ended.stderr}"
            assert (ended.returncode != 0) is bool(expected), printed
            assert expected in printed.partition("\n")[2], printed


def steps(text: str) -> Iterator[Step]:
    """Yield what the blocks of an exercise say, in order. Raises `AssertionError` for one that does not say it."""
    blocks = list(BLOCK.finditer(text))
    assert 2 * len(blocks) == text.count("```"), "a block of code has no paragraph above it, or no end"
    for block in blocks:
        lead = block["lead"].replace("\n", " ")
        if block["language"] == "sh":
            yield Commands(block["code"])
        elif edit := EDIT.fullmatch(lead):
            yield Edit(edit["path"], edit["where"], edit["line"], block["code"])
        elif new := NEW_FILE.fullmatch(lead):
            yield NewFile(new["path"], block["code"])
        else:
            raise AssertionError(f"where does the block go that stands under these words?\n{lead}")
