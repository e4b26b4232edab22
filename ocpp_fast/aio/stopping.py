"""The end of serving: handlers get their time, then every connection is closed, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .admission import STOPPING
from .sockets import Sockets
from .stations import Station
from .transport import CloseCode

if TYPE_CHECKING:
    from .central_system import CentralRuntime

__all__ = ["stop"]

_STOP_SECONDS = 5.0
_LAST_SECONDS = 1.0


async def stop(runtime: CentralRuntime, transports: list[Iterable[Any]], grace: float) -> None:
    """End within `grace` seconds, but 5 at least, whatever handlers and stations do."""
    loop = asyncio.get_running_loop()
    is_last = runtime.listeners == 0
    seconds = max(grace, _STOP_SECONDS)
    end = loop.time() + seconds
    if is_last:
        runtime.stopping = True
        await runtime.tasks.finish(min(grace, seconds - 2 * _LAST_SECONDS), patience=_LAST_SECONDS / 2)
    while closing := [each for opened in transports for each in opened]:
        for each in closing:
            leave = each.owner.leave if isinstance(each.owner, Station) else each.close
            leave(CloseCode.GOING_AWAY, STOPPING)
        if not await _closed(closing, end - _LAST_SECONDS / 2):
            for each in closing:
                each.abort()
            await _closed(closing, end - _LAST_SECONDS / 4)
            break
    for each in transports:
        if isinstance(each, Sockets):
            each.close()
    if is_last:
        rest = max(0.0, end - _LAST_SECONDS / 4 - loop.time())
        await runtime.tasks.finish(min(grace, rest), patience=_LAST_SECONDS / 4)
        if runtime.listeners == 0:
            runtime.loop = None


async def _closed(transports: list[Any], deadline: float) -> bool:
    """Wait until transports have closed; False if they have not in time."""
    try:
        async with asyncio.timeout_at(deadline):
            for each in transports:
                await each.wait_closed()
    except TimeoutError:
        return False
    return True
