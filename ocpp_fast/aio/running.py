"""Runs a central system as a program: on the fastest loop that is installed, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

from .draining import DrainOptions
from .limits import raise_file_limit
from .logs import write
from .server import Server

__all__ = ["Lifespan", "LoopFactory", "run"]

Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

_PATIENCE: Final = 1.0


def run(
    serve: Callable[[], AbstractAsyncContextManager[Server]],
    *,
    lifespan: Lifespan | None,
    on_listening: Callable[[Server], object] | None,
    loop_factory: LoopFactory | None,
    drain: DrainOptions | None,
    log: logging.Logger,
) -> None:
    """Do what `CentralSystem.run` promises."""
    if _loop_runs():
        raise RuntimeError("run() makes an event loop, and one runs here: use `async with central.serve(...)`")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "run() waits for signals, which come to the main thread: use `async with central.serve(...)`"
        )
    raise_file_limit(log)
    with asyncio.Runner(loop_factory=loop_factory or _fastest_loop()) as runner:
        try:
            within = nullcontext if lifespan is None else lifespan
            runner.run(_until_stopped(serve, within, on_listening, drain, log))
        except KeyboardInterrupt:
            if sys.platform != "win32":  # there it is the first signal, and all has ended
                raise


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _fastest_loop() -> LoopFactory | None:
    """Return uvloop's, where that is installed; None is asyncio's own."""
    if sys.platform == "win32" or find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


async def _until_stopped(
    serve: Callable[[], AbstractAsyncContextManager[Server]],
    lifespan: Lifespan,
    on_listening: Callable[[Server], object] | None,
    drain: DrainOptions | None,
    log: logging.Logger,
) -> None:
    loop = asyncio.get_running_loop()
    leave, stop = asyncio.Event(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def stopping(number: signal.Signals) -> None:
        first = not leave.is_set()
        leave.set()
        if first and number is signal.SIGTERM and drain is not None:
            return
        stop.set()
        for each in signals:
            loop.remove_signal_handler(each)  # a second one does what it does to any program

    with suppress(NotImplementedError):  # on Windows: there SIGINT cancels this
        for each in signals:
            loop.add_signal_handler(each, stopping, each)
    try:
        async with lifespan(), serve() as server:
            if on_listening is not None:
                on_listening(server)
            await leave.wait()
            if not stop.is_set():
                await _drain(server, drain or {}, stop)
    finally:
        await _end_tasks(log)


async def _drain(server: Server, options: DrainOptions, stop: asyncio.Event) -> None:
    """Drain until that is done, or it is to stop."""
    stopping = asyncio.create_task(stop.wait())
    draining = asyncio.create_task(server.drain(**options))
    await asyncio.wait((stopping, draining), return_when=asyncio.FIRST_COMPLETED)
    for each in (stopping, draining):
        each.cancel()
    await asyncio.wait((stopping, draining))
    if not draining.cancelled():
        draining.result()


async def _end_tasks(log: logging.Logger) -> None:
    """Cancel what still runs; what does not end is left behind, or the program would wait for it for ever."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, left = await asyncio.wait(left, timeout=_PATIENCE)
    for task in left:
        write(log, logging.ERROR, "left behind, for it does not end when it is cancelled: %r", task)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # it was told
        asyncio.tasks._unregister_task(task)  # or the event loop waits for it
