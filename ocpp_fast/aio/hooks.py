"""Runs a user's hooks, plain or async, without delaying the connection."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

__all__ = ["Tasks"]


class Tasks:
    """The tasks of one owner, which waits for them when it stops."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine; an exception it ends with is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def run(self, hooks: Iterable[Callable[..., Any]], *args: Any) -> None:
        """Call hooks one after another; an exception is logged, what is async goes on as a task."""
        for hook in hooks:
            try:
                result = hook(*args)
            except Exception:  # noqa: BLE001  # what a user's code raises
                self._log.exception("%r failed", hook)
                continue
            if inspect.iscoroutine(result):
                self.start(result)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("%r failed", task.get_coro(), exc_info=error)

    async def finish(self, grace: float) -> None:
        """Wait for the tasks, those that begin meanwhile too, `grace` seconds at most; cancel those that are left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while running := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(running, timeout=max(0.0, deadline - loop.time()))
            if loop.time() >= deadline:
                break
        late = self._tasks - {asyncio.current_task()}
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
