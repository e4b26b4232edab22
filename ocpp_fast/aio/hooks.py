"""Runs a user's hooks, plain or async, without delaying the connection."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Final

from .steps import Job, Spare, step_of

__all__ = ["Tasks"]


_TASKS_ARE_EAGER: Final = sys.version_info >= (3, 12)


class Tasks:
    """The tasks of one owner, which waits for them when it stops."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()
        self._spare: Spare | None = None

    def start(self, work: Coroutine[Any, Any, None], *, station: str = "", action: str = "") -> asyncio.Task[None]:
        """Run a coroutine; an exception it ends with is logged, with the station and the action."""
        return self._take(asyncio.create_task(work), station, action)

    def step(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run the first step of a coroutine; return what it returns, or what `go_on` is to be called with.

        Raises what it raises.
        """
        if _TASKS_ARE_EAGER:
            return step_of(work)
        spare = self._spare
        if spare is None or spare.woken.done():
            spare = self._spare = Spare()
        return spare.step(work)

    def go_on(self, begun: Awaitable[Any], work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that awaits what `step` has returned, or anything else."""
        if isinstance(begun, Job):
            self._spare = None
            self._take(begun.spare.go_on(begun, work))
        else:
            self.start(work)

    def _take(self, task: asyncio.Task[None], station: str = "", action: str = "") -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, station, action) if station else self._done_unnamed)
        return task

    def run(
        self, hooks: Iterable[Callable[..., Any]], *args: Any, station: str = "", action: str = ""
    ) -> list[asyncio.Task[None]]:
        """Call hooks one after another; an exception is logged. What is async goes on as tasks, which are returned."""
        tasks = []
        for hook in hooks:
            try:
                result = hook(*args)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # what a user's code raises
                self._failed(hook, error, station, action)
                continue
            if inspect.iscoroutine(result):
                tasks.append(self.start(result, station=station, action=action))
        return tasks

    def _done_unnamed(self, task: asyncio.Task[None]) -> None:
        self._done("", "", task)

    def _done(self, station: str, action: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(task.get_coro(), error, station, action)

    def _failed(self, hook: object, error: BaseException, station: str, action: str) -> None:
        who = ": ".join([*(each for each in (station, action) if each), _name_of(hook)])
        self._log.error("%s failed", who, exc_info=error, extra={"station": station or None, "action": action or None})

    async def finish(self, grace: float) -> None:
        """Wait for the tasks, those that begin meanwhile too, `grace` seconds at most; cancel those that are left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while running := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(running, timeout=max(0.0, deadline - loop.time()))
            if loop.time() >= deadline:
                break
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.task.cancel()
            await asyncio.wait([spare.task])
        late = self._tasks - {asyncio.current_task()}
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


def _name_of(hook: Any) -> str:
    """Return the name of a hook, or of a coroutine of it; what it was called with is nobody's business."""
    while isinstance(hook, partial):
        hook = hook.func
    hook = getattr(hook, "__wrapped__", hook)
    name: str = getattr(hook, "__qualname__", "") or type(hook).__name__
    return name
