"""Starts processes, replaces those that die or are stuck, and ends them together.

It has no event loop and no threads, so that it may fork at any time.
"""

from __future__ import annotations

import logging
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any, Final

from .logs import write
from .workers import SIGNALS, Child

__all__ = ["supervise"]

_TURN_SECONDS: Final = 0.5
_TOLD_SECONDS: Final = 10.0
_PAUSED_SECONDS: Final = 5.0


def supervise(children: Sequence[Child], *, stuck_after: float, log: logging.Logger) -> None:
    """Run processes until SIGTERM (drain, then end) or SIGINT (end), and return when all have ended.

    The same signal again ends a drain, and then kills. Raises what a process raises before it is ready, at the first
    start, and `RuntimeError` if one ends badly when it is to end.
    """
    _Supervisor(children, stuck_after, log).run()


class _Supervisor:
    def __init__(self, children: Sequence[Child], stuck_after: float, log: logging.Logger) -> None:
        self._children = children
        self._stuck_after = stuck_after
        self._log = log
        self._signals: list[signal.Signals] = []
        self._told: signal.Signals | None = None
        self._ended_badly: list[str] = []
        self._failure: BaseException | None = None
        self._turned = time.monotonic()

    def run(self) -> None:
        woken, wakes = socket.socketpair()
        for each in (woken, wakes):
            each.setblocking(False)
        before = {each: signal.signal(each, self._signalled) for each in SIGNALS}
        file = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        try:
            while self._turn(time.monotonic()):
                wait([woken, *(file for child in self._children for file in child.files)], _TURN_SECONDS)
                with suppress(BlockingIOError):
                    woken.recv(1024)
        finally:
            for child in self._children:
                if child.process is not None:
                    child.process.kill()
                    child.process.join()
                child.close()
            signal.set_wakeup_fd(file)
            for number, handler in before.items():
                signal.signal(number, handler)
            woken.close()
            wakes.close()
        if self._failure is not None:
            raise self._failure
        if self._ended_badly:
            raise RuntimeError(", ".join(self._ended_badly))

    def _signalled(self, number: int, _: Any) -> None:
        self._signals.append(signal.Signals(number))

    def _turn(self, now: float) -> bool:
        """Do what is to be done now; False if nothing runs any more."""
        if now - self._turned > _PAUSED_SECONDS:  # not they were paused, but this
            for child in self._children:
                child.heard = now
        self._turned = now
        for child in self._children:
            if child.process is not None:
                child.read(now)
                self._look_after(child, now)
        while self._signals:
            self._take(self._signals.pop(0))
        if self._told is None:
            self._start(now)
            return True
        running = [child for child in self._children if child.process is not None]
        if all(child.serves_others for child in running):
            for child in running:
                child.tell(signal.SIGINT)
        return bool(running)

    def _start(self, now: float) -> None:
        """Start what does not run: first what serves the others."""
        are_served = all(child.was_ready for child in self._children if child.serves_others)
        for child in self._children:
            if child.process is None and now >= child.begins and (child.serves_others or are_served):
                child.start(now, self._children)

    def _take(self, number: signal.Signals) -> None:
        if number not in (signal.SIGINT, signal.SIGTERM):
            for child in self._children:
                child.kill(number)
        elif self._told is None:
            self._tell(number)
        else:
            self._tell(signal.SIGINT if self._told is signal.SIGTERM else signal.SIGKILL)

    def _tell(self, number: signal.Signals) -> None:
        self._told = number
        for child in self._children:
            if not child.serves_others or number is signal.SIGKILL:
                child.tell(number)

    def _look_after(self, child: Child, now: float) -> None:
        silent = now - child.heard
        how = child.ended(now)
        if how is not None:
            self._has_ended(child, how)
        elif silent > self._stuck_after:
            write(self._log, logging.ERROR, "%s is stuck for %.0f s: it is killed", child.name, silent)
            child.tell(signal.SIGKILL)
        elif child.is_told_stuck != (silent > _TOLD_SECONDS):
            child.is_told_stuck = silent > _TOLD_SECONDS
            state = f"is stuck: not heard of for {silent:.0f} s" if child.is_told_stuck else "goes on"
            write(self._log, logging.ERROR, "%s %s", child.name, state)

    def _has_ended(self, child: Child, how: str) -> None:
        failure = child.failure
        if self._told is not None:
            if how:
                self._ended_badly.append(f"{child.name} {how}")
        elif not child.was_ready:
            self._failure = failure or RuntimeError(f"{child.name} {how or 'has ended'} before it was ready")
            self._tell(signal.SIGINT)
        elif how.endswith("SIGHUP"):  # nobody handles it: then it ends a program
            self._ended_badly.append(f"{child.name} {how}")
            self._tell(signal.SIGTERM)
        else:
            message, pause = "%s %s: it starts again in %.1f s", child.begins - self._turned
            write(self._log, logging.ERROR, message, child.name, how or "has ended", pause, exc_info=failure)
