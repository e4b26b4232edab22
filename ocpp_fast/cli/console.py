"""The one place that prints."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import shown

__all__ = ["Console", "JsonConsole", "complain", "worker_number"]


_MOST_PRINTED: Final = 1000


class Console:
    """Lines on stdout, each written at once, with nothing in it that breaks it or steers the terminal.

    A reader that goes away is no error.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def say(self, line: str, most: int = _MOST_PRINTED) -> None:
        """Print a line that is always wanted, of at most so many characters; a worker's number comes first."""
        number = worker_number()
        try:
            text = f"[{number}] " * bool(number) + _encodable(shown(line, most))
            print(f"{text}\n", end="", flush=True)  # at once, for other workers print, too
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def say_json(self, value: object) -> None:
        """Print a JSON value on a line."""
        text = json.dumps(value)
        self.say(text, len(text))

    def note(self, line: str) -> None:
        """Print a line, unless it is to be quiet."""
        if not self.quiet:
            self.say(line)

    def rewrite(self, line: str, *, last: bool) -> None:
        """Print a line over the one before, on a terminal; on anything else, the last one only."""
        if sys.stdout.isatty():
            print(f"\r\x1b[K{_encodable(shown(line, _MOST_PRINTED))}", end="\n" if last else "", flush=True)
        elif last:
            self.say(line)


class JsonConsole(Console):
    """A console whose notes are JSON: the time, and the line."""

    def note(self, line: str) -> None:
        if not self.quiet:
            self.say_json({"time": f"{datetime.now(UTC):%FT%T.%fZ}", "note": line})


def complain(line: str) -> None:
    """Say on stderr why the program ends."""
    print(f"ocpp-fast: {shown(line, _MOST_PRINTED)}", file=sys.stderr)


def _encodable(line: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def worker_number() -> int:
    """Return which worker this process is; 0 if it is none."""
    kind, _, number = multiprocessing.current_process().name.rpartition("-")
    return int(number) if kind == "worker" else 0
