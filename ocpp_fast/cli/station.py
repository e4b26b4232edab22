"""`ocpp-fast station`: a simulated charge point: how it connects, restarts and ends, whatever the version."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ocpp_fast import BackOff, ChargePoint, Direction, HandshakeFailed

from .arguments import StationArguments
from .console import Console
from .running import run
from .traffic import Traffic
from .versions import messages_of, station_of

__all__ = ["station"]


def station(given: StationArguments) -> int:
    """Simulate until told to end, or until the one session is over; return the exit code."""
    return run(_simulate(given, Console(quiet=given.quiet)))


async def _simulate(given: StationArguments, console: Console) -> int:
    charge_point = ChargePoint(
        given.id,
        given.url,
        versions=[messages_of(given.version)],
        password=given.password,
        back_off=BackOff(minimum=given.retry, random_range=given.retry / 2),
    )
    if not given.quiet:
        _tell(charge_point, console)
    simulated = station_of(given.version)(charge_point, given, console)
    while (code := await simulated.power_cycle(_connected(charge_point, console))) is None:
        console.note(f"{charge_point.id} restarts")
    return code


@asynccontextmanager
async def _connected(charge_point: ChargePoint, console: Console) -> AsyncIterator[None]:
    """Connect, however long it takes, and stay connected."""
    async with AsyncExitStack() as stack:
        for wait in charge_point.back_off.waits(random.random):
            try:
                await stack.enter_async_context(charge_point)
                break
            except OSError as error:
                console.note(f"cannot connect to {charge_point.url}: {_reason(error)}; next try in {wait:.1f} s")
            await sleep(wait)
        yield


def _reason(error: OSError) -> str:
    if isinstance(error, HandshakeFailed):
        return f"the server refuses with HTTP status {error.status}" if error.status else str(error)
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return error.strerror or str(error) or type(error).__name__


def _tell(charge_point: ChargePoint, console: Console) -> None:
    """Print what happens at a charge point."""
    traffic = Traffic(console)

    @charge_point.on_connect
    def connected() -> None:
        console.note(f"{charge_point.id} connected to {charge_point.url}, OCPP {charge_point.version.number}")

    @charge_point.on_disconnect
    def disconnected() -> None:
        traffic.forget(charge_point.id)
        console.note(f"{charge_point.id} disconnected")

    @charge_point.on_frame
    def frame(direction: Direction, _: object, raw: bytes) -> None:
        traffic.frame(charge_point.id, from_station=direction is Direction.OUT, raw=raw)
