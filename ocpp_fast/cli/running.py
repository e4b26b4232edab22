"""Running a program until it ends or is told to end, and what it runs on."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any

__all__ = ["collect_seldom", "log_to_stderr", "loop_factory", "loop_name", "on_hangup", "run"]


def run(program: Coroutine[Any, Any, int]) -> int:
    """Run it and return its exit code; SIGINT and SIGTERM cancel it, which is a clean end: 0."""
    log_to_stderr()
    try:
        return asyncio.run(_cancelled_by_sigterm(program))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


async def _cancelled_by_sigterm(program: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # on Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await program


def on_hangup(act: Callable[[], object]) -> None:
    """Do something on SIGHUP, where there is such a signal, as long as the event loop runs."""
    with suppress(NotImplementedError, AttributeError):  # on Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, act)


def log_to_stderr(*, names_process: bool = False) -> None:
    """Print what the library logs, warnings and worse."""
    process = "%(processName)s " if names_process else ""
    logging.basicConfig(level=logging.WARNING, format=f"{process}%(levelname)s %(name)s: %(message)s")


def loop_factory(name: str | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes loops of a library; None leaves the choice to the central system."""
    return None if name is None else import_module(name).new_event_loop


def loop_name() -> str:
    """Return the library of the event loop that runs."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def collect_seldom() -> None:
    """Take all that was made so far out of the garbage collector's sight, and let it look less often at the rest.

    While it looks, no station is answered. What the program is made of, some 40 000 objects, stays. Of connections a
    young collection sees those that came last, 5 000 objects at most, and a full one all of them: by default each time
    that a quarter more has come, though those that are open are no garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 5, 2_000)
