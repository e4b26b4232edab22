"""One station of a load test: it connects, boots, and calls when a call is due."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, inf
from socket import gaierror
from ssl import SSLError
from time import monotonic
from typing import Any, Final

from ocpp_fast import BackOff, CallError, ChargePoint, Disconnected, HandshakeFailed, OcppError

from .mix import Charging, Mix
from .tally import Tally

__all__ = ["Course", "LoadStation"]

_WAITS: Final = BackOff(minimum=0.5, random_range=0.5, repeat_times=4)
"""Between tries to connect."""


@dataclass(slots=True)
class Course:
    """How far the load test is; times are those of `time.monotonic`."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    start: float = 0.0
    length: float = inf
    """In seconds; no call is due from then on."""
    storm: float = 0.0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return monotonic() - self.start

    def begin(self, seconds: float) -> None:
        """Let the stations call for so long."""
        self.start = monotonic()
        self.length = seconds
        self.started.set()


class LoadStation:
    """A station that connects again whenever it is not connected; `period` is the time between its calls.

    Without a period it calls as soon as it is answered. `phase` is when its first call is due after the start. Both are
    in seconds. While it has no connection, or waits for an answer, its calls stay due.
    """

    __slots__ = (
        "_at_once",
        "_began",
        "_calling",
        "_charge_point",
        "_charging",
        "_course",
        "_due",
        "_life",
        "_met",
        "_mix",
        "_period",
        "_returning",
        "_tally",
        "_tried",
    )

    def __init__(
        self, charge_point: ChargePoint, mix: Mix, tally: Tally, course: Course, *, period: float | None, phase: float
    ) -> None:
        self._calling = self._returning = self._at_once = self._met = self._tried = False
        self._charge_point = charge_point
        self._mix = mix
        self._tally = tally
        self._course = course
        self._period = period
        self._due = phase
        self._charging = Charging()
        self._life: asyncio.Timeout | None = None
        self._began = monotonic()
        charge_point.on_disconnect(self._lost)

    async def live(self, delay: float) -> None:
        """Connect after so many seconds, and go on until cancelled."""
        await asyncio.sleep(delay)
        waits = self._waits()
        while True:
            try:
                async with self._charge_point:
                    self._connected()
                    if await self._lived():
                        waits = self._waits()
            except (HandshakeFailed, OSError) as error:
                self._failed("connect", error)
            if self._at_once:
                self._at_once = False
            else:
                await asyncio.sleep(next(waits))

    def drop(self) -> None:
        """Cut the connection, if there is one, and connect again at once."""
        if self._life is not None and self._life.when() is None:
            self._tally.dropped += 1
            self._returning = self._at_once = True
            self._life.reschedule(0)

    @property
    def connected(self) -> bool:
        """Whether it can make calls."""
        return self._life is not None

    def owed(self) -> int:
        """Return how many calls are due, or sent, and not answered at the end of the test."""
        if self._period is None:
            return int(self._calling)
        return max(0, ceil((self._course.length - self._due) / self._period))

    # A connection

    def _waits(self) -> Iterator[float]:
        return _WAITS.waits(random.random)

    def _connected(self) -> None:
        self._tally.handshakes += 1
        self._tally.reconnects += self._met
        self._met = True
        if self._returning:
            self._tally.storm_handshakes = monotonic() - self._course.storm

    async def _lived(self) -> bool:
        """Use a connection until it ends; return whether the station was accepted."""
        accepted = False
        try:
            async with asyncio.timeout(None) as self._life:
                await self._boot()
                accepted = True
                self._tally.ready += 1
                await self._talk()
        except OcppError as error:
            self._failed("boot", error)
        except TimeoutError:
            if self._at_once:
                await self._charge_point.abort()
            else:
                self._failed("", Disconnected())
        finally:
            self._life = None
            self._tally.ready -= accepted
        return accepted

    def _lost(self) -> None:
        """The connection has ended."""
        if self._life is not None and self._life.when() is None:
            self._life.reschedule(0)

    def _failed(self, where: str, error: Exception) -> None:
        self._note_try()
        kind = "connection lost" if isinstance(error, Disconnected) else f"{where}: {_named(error)}"
        self._tally.errors[kind] += 1

    def _note_try(self) -> None:
        self._tally.tried += not self._tried
        self._tried = True

    async def _boot(self) -> None:
        """Register, as often as it takes."""
        while str((answer := await self._charge_point.call(self._mix.boot)).status) != "Accepted":
            self._failed("boot", CallError(answer.status))
            await asyncio.sleep(max(1, answer.interval))
        if not self._tried:
            self._tally.connecting = monotonic() - self._began
        self._note_try()
        if self._returning:
            self._returning = False
            self._tally.back += 1
            self._tally.storm = monotonic() - self._course.storm

    # Calls

    async def _talk(self) -> None:
        """Make the calls that are due, as long as the test lasts; then stay."""
        course = self._course
        await course.started.wait()
        while True:
            now = course.now
            due = now if self._period is None else self._due
            if due > now:
                await asyncio.sleep(due - now)
                self._tally.late.note(max(0.0, course.now - due))
            if due >= course.length:
                break
            await self._call(due)
            if self._period is not None:
                self._due += self._period
        await asyncio.Event().wait()

    async def _call(self, due: float) -> None:
        request = self._mix.next(self._charging)
        sent = self._course.now
        self._calling = True
        try:
            response: Any = await self._charge_point.call(request)
        except Disconnected:
            raise
        except OcppError as error:
            self._failed("call", error)
            return
        finally:
            self._calling = False
        now = self._course.now
        tally = self._tally
        tally.latency.note(now - min(due, sent))  # the timers of some event loops go off early
        tally.waiting.note(now - sent)
        tally.calls[request.__action__.name] += 1
        tally.talking = now
        self._mix.answered(self._charging, response)


def _named(error: Exception) -> str:
    """Return the kind of an error, in words that do not depend on the station."""
    if isinstance(error, CallError):
        return str(error.code)
    if isinstance(error, HandshakeFailed):
        return f"HTTP status {error.status}" if (error.status or 0) >= 300 else "handshake failed"
    if isinstance(error, OcppError):
        return type(error).__name__
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError) and error.errno and not isinstance(error, (gaierror, SSLError)):
        return os.strerror(error.errno)
    return type(error).__name__
