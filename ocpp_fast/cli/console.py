"""The one place that prints."""

from __future__ import annotations

import os
import sys

__all__ = ["Console", "complain"]


class Console:
    """Lines on stdout, each written at once; a reader that goes away is no error."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def say(self, line: str) -> None:
        """Print a line that is always wanted."""
        try:
            print(_encodable(line), flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def note(self, line: str) -> None:
        """Print a line, unless it is to be quiet."""
        if not self.quiet:
            self.say(line)


def complain(line: str) -> None:
    """Say on stderr why the program ends."""
    print(f"ocpp-fast: {line}", file=sys.stderr)


def _encodable(line: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)
