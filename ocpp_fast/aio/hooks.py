"""Runs a user's hooks, plain or async, without delaying the connection."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from math import inf
from types import CoroutineType
from typing import Any, Final

from .logs import write
from .steps import Job, Spare, kept, step_of
from .timeouts import Timeouts

__all__ = ["Tasks"]


_TASKS_ARE_EAGER: Final = sys.version_info >= (3, 12)


class Tasks:
    """The tasks of one owner, which waits for them when it stops."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()
        self._spare: Spare | None = None
        self._timeouts: dict[float, Timeouts[asyncio.Task[None]]] = {}
        self.cancels = False
        """Whether all that is left is being cancelled, because the owner stops."""

    def start(self, work: Coroutine[Any, Any, None], *, station: str = "", action: str = "") -> asyncio.Task[None]:
        """Run a coroutine; an exception it ends with is logged, with the station and the action."""
        return self._take(asyncio.create_task(work), partial(self._done, work, station, action))

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

    def go_on(
        self, begun: Awaitable[Any], work: Coroutine[Any, Any, None], seconds: float, late: Callable[[], object]
    ) -> None:
        """Run a coroutine that awaits what `step` has returned, or anything else; as `limit` for so many seconds."""
        if isinstance(begun, Job):
            self._spare = None
            task = begun.spare.go_on(begun, work)
        else:
            task = asyncio.create_task(work)
        self.limit(self._take(task, partial(self._done, work, "", "")), seconds, late)

    def limit(self, task: asyncio.Task[None], seconds: float, late: Callable[[], object]) -> None:
        """Cancel a task that has not ended after so many seconds, and call `late`."""
        if seconds == inf:
            return
        if seconds not in self._timeouts:
            self._timeouts[seconds] = Timeouts(asyncio.get_running_loop(), seconds, _cancel)
        self._timeouts[seconds].start(task, late)
        task.add_done_callback(self._timeouts[seconds].stop)

    def _take(self, task: asyncio.Task[None], done: Callable[[asyncio.Task[None]], object]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(done)
        return task

    def run(
        self, hooks: Iterable[Callable[..., Any]], *args: Any, station: str = "", action: str = ""
    ) -> list[asyncio.Task[None]]:
        """Call hooks one after another; an exception is logged. What is async goes on as tasks, which are returned."""
        tasks = []
        for hook in hooks:
            try:
                result = hook(*args)
                if isinstance(result, CoroutineType):
                    tasks.append(self.go(result, station=station, action=action))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # what a user's code raises
                self.failed(hook, error, station=station, action=action)
        return tasks

    def go(self, hook: Coroutine[Any, Any, Any], *, station: str, action: str) -> asyncio.Task[None]:
        """Let a hook that is async go on as a task, as `start`."""
        return self._take(asyncio.create_task(kept(hook)), partial(self._done, hook, station, action))

    def _done(self, work: Coroutine[Any, Any, Any], station: str, action: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        work.close()  # or Python warns of one that was cancelled before it began
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed(work, error, station=station, action=action)

    def failed(self, hook: object, error: BaseException, *, station: str, action: str) -> None:
        """Log what a hook has raised."""
        who = ": ".join([*(each for each in (station, action) if each), _name_of(hook)])
        extra = {"station": station or None, "action": action or None}
        write(self._log, logging.ERROR, "%s failed", who, exc_info=error, extra=extra)

    async def finish(self, grace: float, patience: float = 1.0) -> None:
        """Wait for the tasks, those that begin meanwhile too, `grace` seconds at most; cancel those that are left.

        What does not end within `patience` seconds then is left behind, and logged.
        """
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
        self.cancels = True
        for task in late:
            task.cancel()
        if late:
            _, left = await asyncio.wait(late, timeout=patience)
            self._tasks -= left
            for task in left:
                write(self._log, logging.ERROR, "left behind, for it does not end when it is cancelled: %r", task)
        self.cancels = False
        for timeouts in self._timeouts.values():
            timeouts.close()
        self._timeouts.clear()


def _cancel(task: asyncio.Task[None], late: Callable[[], object]) -> None:
    task.cancel()
    late()


def _name_of(hook: Any) -> str:
    """Return the name of a hook, or of a coroutine of it; what it was called with is nobody's business."""
    while isinstance(hook, partial):
        hook = hook.func
    hook = getattr(hook, "__wrapped__", hook)
    name: str = getattr(hook, "__qualname__", "") or type(hook).__name__
    return name
