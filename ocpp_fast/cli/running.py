"""Running a program until it ends or is told to end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

__all__ = ["run"]


def run(program: Coroutine[Any, Any, int]) -> int:
    """Run it and return its exit code; SIGINT and SIGTERM cancel it, which is a clean end: 0.

    What the library logs goes to stderr, warnings and worse.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
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
