"""Runs a central system as a program, in one process or in several: on the fastest loop that is installed, until a
signal ends it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .draining import DrainOptions, drain_share
from .limits import raise_file_limit
from .logs import write
from .server import ServeOptions, Server
from .supervisor import supervise
from .workers import Child, Link, WorkerOptions, bound_to, worker_options

if TYPE_CHECKING:
    from .membership import Membership

__all__ = ["Lifespan", "LoopFactory", "Program", "check_program"]

Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

_PATIENCE: Final = 1.0


@dataclass(frozen=True)
class Program:
    """What runs, in each process: see `CentralSystem.run`."""

    serve: Callable[..., AbstractAsyncContextManager[Server]]
    """`CentralSystem.serve`, with all options but the last ones."""
    lifespan: Lifespan | None
    on_listening: Callable[[Server], object] | None
    loop_factory: LoopFactory | None
    drain: DrainOptions | None
    log: logging.Logger

    def run(self, link: Link | None = None, **last: Any) -> None:
        """Run until a signal, or the supervisor on a link, ends it."""
        with asyncio.Runner(loop_factory=self.loop_factory or _fastest_loop()) as runner:
            try:
                runner.run(_until_stopped(self, link, last))
            except KeyboardInterrupt:
                if sys.platform != "win32":  # there it is the first signal, and all has ended
                    raise

    def run_workers(
        self,
        workers: int | WorkerOptions,
        host: str | None,
        port: int,
        cluster: Membership | None,
        options: ServeOptions,
    ) -> None:
        """Run in several processes on one port, until a signal ends them."""
        count, stuck_after = worker_options(workers)
        if cluster is None:
            raise ValueError("workers: expected a central system with `cluster=`, such as LocalCluster()")
        if options.get("path") is not None:
            raise ValueError("path: workers share a port, or a `sock`")
        companion = cluster.companion()
        program = replace(self, drain=drain_share(self.drain, count))
        shares_port = options.get("sock") is None
        with bound_to(host, port) if shares_port else nullcontext(port) as number:
            place = {"port": number} | ({"reuse_port": True} if shares_port else {})

            def work(number: int, link: Link) -> None:
                cluster.in_worker(number)
                program.run(link, **place)

            children = [Child(f"worker-{number}", partial(work, number)) for number in range(1, count + 1)]
            if companion is not None:
                children.insert(0, companion)
            supervise(children, stuck_after=stuck_after, log=self.log)


def check_program(log: logging.Logger) -> None:
    """Raise `RuntimeError` where no program can run; let it open as many files as it may."""
    """Do what `CentralSystem.run` promises."""
    if _loop_runs():
        raise RuntimeError("run() makes an event loop, and one runs here: use `async with central.serve(...)`")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "run() waits for signals, which come to the main thread: use `async with central.serve(...)`"
        )
    raise_file_limit(log)


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


async def _until_stopped(program: Program, link: Link | None, last: Mapping[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    leave, stop = asyncio.Event(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM) if link is None else (signal.SIGTERM,)
    lifespan = program.lifespan or nullcontext

    def stopping(number: signal.Signals) -> None:
        drains = number is signal.SIGTERM and program.drain is not None and (link is not None or not leave.is_set())
        leave.set()
        if drains:
            return
        if stop.is_set() and link is None:  # else it is the supervisor that is told, and a service manager may tell all
            for each in signals:
                loop.remove_signal_handler(each)
            signal.raise_signal(number)  # it does what it does to any program, and not amid a step of the closing
        stop.set()

    with suppress(NotImplementedError):  # on Windows: there SIGINT cancels this
        for each in signals:
            loop.add_signal_handler(each, stopping, each)
    if link is not None:
        link.attach(stopping)
    try:
        async with lifespan(), program.serve(**last) as server:
            if program.on_listening is not None:
                program.on_listening(server)
            if link is not None:
                link.ready()
            await leave.wait()
            if not stop.is_set():
                await _drain(server, program.drain or {}, stop)
    finally:
        await _end_tasks(program.log)


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
