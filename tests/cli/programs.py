"""Programs that run beside the test, and what they print."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import wraps
from typing import Any, Final, ParamSpec

import pytest

__all__ = ["PATIENCE", "Program", "in_time", "ocpp_fast", "program", "serve"]

P = ParamSpec("P")

PATIENCE: Final = 30.0
"""Seconds that anything may take before a test fails."""


def in_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in an event loop; it fails if it takes too long."""

    @wraps(test)
    def bounded(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 3 * PATIENCE))

    return bounded


class Program:
    """A running program; `printed` is what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.printed: list[str] = []
        self.complaints = ""
        self.pid = process.pid

    async def line(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches, from its begin on; fails when none does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                async for line in self._lines():
                    if found := re.match(pattern, line):
                        return found
        raise AssertionError(f"no line matches {pattern!r}:\n" + "\n".join(self.printed) + self.complaints)

    async def _lines(self) -> AsyncIterator[str]:
        assert self._process.stdout is not None
        while raw := await self._process.stdout.readline():
            self.printed.append(raw.decode().rstrip("\r\n"))
            yield self.printed[-1]

    async def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal, and return its exit code; skips the test where there are no signals."""
        self.send(with_signal)
        return await self.ended()

    def send(self, with_signal: signal.Signals) -> None:
        """Send it a signal; skips the test where there are no signals."""
        if sys.platform == "win32":
            pytest.skip("a program can only be killed")
        self._process.send_signal(with_signal)

    async def ended(self) -> int:
        """Read the rest of what it prints, and return its exit code."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self._lines():
                pass
            if self._process.stderr is not None:
                self.complaints = (await self._process.stderr.read()).decode()
            return await self._process.wait()

    async def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
            await self.ended()


@asynccontextmanager
async def program(*arguments: str, stderr: int = asyncio.subprocess.PIPE) -> AsyncIterator[Program]:
    """Run Python with these arguments as long as the context lasts; `stderr` may be a file."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200", "NO_COLOR": "1"},
    )
    running = Program(process)
    try:
        yield running
    finally:
        await running.kill()


def ocpp_fast(*arguments: str) -> AbstractAsyncContextManager[Program]:
    """Run the command line."""
    return program("-m", "ocpp_fast", *arguments)


@asynccontextmanager
async def serve(*options: str) -> AsyncIterator[tuple[Program, str]]:
    """A central system on a free port, and its URL."""
    async with ocpp_fast("serve", "--port", "0", *options) as running:
        listening = await running.line(r"listening on (ws://127\.0\.0\.1:\d+)$")
        yield running, listening[1]
