"""The process that starts those of the stations, tells them what to do, and reports."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from contextlib import closing
from math import inf
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, Final

from ..console import Console, complain
from ..load import LoadArguments
from .progress import progress_of
from .report import report_of, table_of
from .tally import Tally, total
from .worker import charge_point_of, work

__all__ = ["load"]

_STORM: Final = 60.0
"""Seconds for all to come back."""
_LEAVING: Final = 20.0
"""Seconds for all to leave."""


def load(given: LoadArguments) -> int:
    """Run a load test; return the exit code, 1 if there were errors. SIGINT and SIGTERM end it with the report, too."""
    try:
        charge_point_of(given, given.stations - 1, None)
    except ValueError as error:
        complain(str(error))
        return 2
    report = report_of(given, _Fleet(given).run())
    console = Console(quiet=False)
    if given.json:
        console.say_json(report)
    else:
        for line in table_of(report):
            console.say(line)
    return 1 if report["errors"] else 0


class _Fleet:
    """The processes, and the last tally of each."""

    def __init__(self, given: LoadArguments) -> None:
        self._given = given
        self._stopping = False
        self._tallies: dict[Connection[str, Tally], Tally] = {}
        self._running: list[Connection[str, Tally]] = []
        self._progress = progress_of(given)

    def run(self) -> Tally:
        """Go through all phases; return what was counted."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # the processes take that over
        processes = [self._started(number) for number in range(self._given.processes)]
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._stop)
        with closing(self._progress):
            self._phases()
            tally = self._ended()
        for process in processes:
            if self._stopping:  # told so twice
                process.kill()
            process.join(_LEAVING)
            if process.exitcode != 0:
                tally.errors["generator: a process failed"] += 1
        return tally

    def _started(self, number: int) -> Any:
        spawn = multiprocessing.get_context("spawn")
        pipe, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(self._given, number, theirs), daemon=True)
        process.start()
        theirs.close()
        self._tallies[pipe] = Tally()
        self._running.append(pipe)
        return process

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _phases(self) -> None:
        given = self._given
        self._until("connecting", lambda tally: tally.tried >= given.stations)
        if total(self._tallies.values()).ready == 0:
            return
        self._tell("start")
        self._until("calling", lambda tally: tally.obeyed["end"] >= given.processes)
        if given.storm:
            self._tell("storm")
            self._until(
                "coming back",
                lambda tally: tally.obeyed["storm"] >= given.processes and tally.back >= tally.dropped,
                within=_STORM,
            )

    def _ended(self) -> Tally:
        self._stopping = False
        self._tell("stop")
        deadline = monotonic() + _LEAVING
        while self._running and not self._stopping and (rest := deadline - monotonic()) > 0:
            self._collect("leaving", rest)
        return total(self._tallies.values())

    def _tell(self, command: str) -> None:
        for pipe in self._running if not self._stopping else ():
            try:
                pipe.send(command)
            except OSError:
                continue  # it has ended, which will be noticed

    def _until(self, phase: str, done: Callable[[Tally], bool], *, within: float = inf) -> None:
        """Collect tallies until they say that a phase is done, its time is over, or the test is to end."""
        deadline = monotonic() + within
        while not self._stopping and (rest := deadline - monotonic()) > 0:
            if done(self._collect(phase, rest)) or len(self._running) < self._given.processes:
                return

    def _collect(self, phase: str, seconds: float) -> Tally:
        """Wait so long at most for tallies; return the sum, after showing it."""
        for pipe in wait(self._running, min(seconds, 0.25)):
            self._receive(pipe)
        tally = total(self._tallies.values())
        self._progress.show(phase, tally)
        return tally

    def _receive(self, pipe: Any) -> None:
        try:
            self._tallies[pipe] = pipe.recv()
        except (EOFError, OSError):
            self._running.remove(pipe)
