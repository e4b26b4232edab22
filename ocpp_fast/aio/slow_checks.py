"""Checks of passwords that take their time: in threads, seldom, and as long for a station that nobody knows."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from typing import Any, Final

from ..escaping import described
from ..latest import Latest

__all__ = ["Durations", "SlowCheck"]

_MOST_REMEMBERED: Final = 65_536
_MOST_DURATIONS: Final = 32


class Durations:
    """How long checks took lately, in seconds: one that knows nobody is made to take as long."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_MOST_DURATIONS)

    async def measure(self, answer: Awaitable[bool | None]) -> bool | None:
        """Return what a check answers; a None no sooner than others."""
        began = time.monotonic()
        found = await answer
        await self.settle(found, time.monotonic() - began)
        return found

    async def settle(self, found: bool | None, seconds: float) -> None:
        """Note how long a check took or, if it has found nobody, wait for the rest of the time that others take."""
        if found is not None:
            self._latest.append(seconds)
        elif self._latest:
            await asyncio.sleep(max(0.0, random.choice(self._latest) - seconds))


class SlowCheck:
    """A plain check that runs in threads, and the last right password of each station, for `remember` seconds."""

    def __init__(self, check: Callable[..., bool | None], durations: Durations, threads: int, remember: float) -> None:
        self._check = check
        self._durations = durations
        self._pool = ThreadPoolExecutor(threads, "ocpp_fast-auth")
        self._remember = remember
        self._key = os.urandom(32)
        self._remembered: Latest[str, tuple[bytes, float]] = Latest(_MOST_REMEMBERED)

    def remembers(self, identity: str, password: bytes) -> bool:
        """Whether this was the right password a while ago."""
        digest, until = self._remembered.get(identity, (b"", 0.0))
        return compare_digest(digest, self._digest(password)) and time.monotonic() < until

    def forget(self, identity: str) -> None:
        """Remember no password of a station."""
        self._remembered.pop(identity, None)

    async def __call__(self, identity: str, given: tuple[Any, ...]) -> bool | None:
        """Return what the check answers."""
        found, seconds = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, given)
        self.forget(identity)
        if found is True and self._remember:
            self._remembered[identity] = self._digest(given[1]), time.monotonic() + self._remember
        await self._durations.settle(found, seconds)
        return found

    def _run(self, given: tuple[Any, ...]) -> tuple[bool | None, float]:
        began = time.monotonic()
        try:
            found = self._check(*given)
        except (StopIteration, GeneratorExit) as error:  # which no future can raise
            raise RuntimeError(described(error)) from error
        return found, time.monotonic() - began

    def _digest(self, password: bytes) -> bytes:
        return hashlib.blake2b(password, key=self._key, digest_size=32).digest()
