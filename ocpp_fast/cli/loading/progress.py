"""How far a load test is, on stderr, if that is a terminal."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, Final

from ..load import LoadArguments
from .report import report_of, table_of
from .tally import Tally

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["Progress", "progress_of"]

_INTERVAL: Final = 2.0
"""Seconds between two lines."""


class Progress:
    """A line now and then."""

    def __init__(self) -> None:
        self._due = 0.0

    def show(self, phase: str, tally: Tally) -> None:
        """Tell what was counted so far."""
        if sys.stderr.isatty() and monotonic() >= self._due:
            self._due = monotonic() + _INTERVAL
            print(_line(phase, tally), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the terminal as it was."""


class LiveProgress(Progress):
    """The table of the end, with what was counted so far, in the place of the last one."""

    def __init__(self, given: LoadArguments) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._given = given
        self._live: Live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
        self._live.start()

    def show(self, phase: str, tally: Tally) -> None:
        """Tell what was counted so far."""
        from rich.text import Text

        table = "\n".join(table_of(report_of(self._given, tally)))
        self._live.update(Text(f"{_line(phase, tally)}\n\n{table}"), refresh=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()


def progress_of(given: LoadArguments) -> Progress:
    """Return the one for this terminal: rich's where it is installed."""
    return LiveProgress(given) if find_spec("rich") and sys.stderr.isatty() else Progress()


def _line(phase: str, tally: Tally) -> str:
    errors = tally.errors.total()
    return f"{phase}: {tally.ready} stations connected, {tally.calls.total()} calls answered, {errors} errors"
