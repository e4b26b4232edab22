"""The first step of a coroutine, at once: one that has nothing to wait for costs no task.

`asyncio.current_task()` is right from the first step on, as `asyncio.timeout` and database clients need it. From Python
3.12 on an eager task does that. Before, there is a `Spare`: a task with nothing to do, which is the current one while a
first step runs, and goes on with the coroutine if that suspends.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator
from typing import Any

__all__ = ["Job", "Spare", "step_of"]

Work = Coroutine[Any, Any, Any]


class Job:
    """A coroutine that has suspended in its first step, run by `spare`: the rest of it is to be awaited there."""

    __slots__ = ("_context", "_waits_for", "_work", "cancelled", "spare")

    def __init__(self, spare: Spare, work: Work, context: contextvars.Context, waits_for: Any) -> None:
        self.spare = spare
        self.cancelled: asyncio.CancelledError | None = None
        """Set if the task is cancelled before it goes on."""
        self._work = work
        self._context = context
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        error: BaseException | None = self.cancelled
        if error is not None and self._waits_for is not None:
            self._waits_for.cancel()
        while True:
            value = None
            if error is None:
                try:
                    value = yield self._waits_for
                except BaseException as raised:  # noqa: BLE001  # whatever it is, it is the coroutine's
                    error = raised
            try:
                if error is None:
                    self._waits_for = self._context.run(self._work.send, value)
                else:
                    thrown, error = error, None
                    self._waits_for = self._context.run(self._work.throw, thrown)
            except StopIteration as ended:
                return ended.value


class Spare:
    """A task for the next coroutine that suspends; it is not used before it has begun."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()
        self._job: Job | None = None
        self._work: Work | None = None
        self._has_begun = False
        self.task: asyncio.Task[None] = self._loop.create_task(self._run(), context=contextvars.Context())

    @property
    def is_over(self) -> bool:
        """Whether it can't be used any more."""
        return self._woken.done()

    def step(self, work: Work) -> Any:
        """Run the first step of a coroutine; return what it returns, a `Job` if it suspends, itself if it can't be run.

        Raises what it raises.
        """
        if not self._has_begun:
            return work
        try:
            _enter_task(self._loop, self.task)
        except RuntimeError:  # a task is running
            return work
        context = contextvars.copy_context()
        try:
            waits_for = context.run(work.send, None)
        except StopIteration as ended:
            return ended.value
        finally:
            _leave_task(self._loop, self.task)
        return Job(self, work, context, waits_for)

    def go_on(self, job: Job, work: Work) -> asyncio.Task[None]:
        """Run a coroutine that awaits the job; return its task."""
        self._job, self._work = job, work
        if not self._woken.done():
            self._woken.set_result(None)
        return self.task

    async def _run(self) -> None:
        self._has_begun = True
        try:
            await self._woken
        except asyncio.CancelledError as error:
            if self._job is None:
                raise
            self._job.cancelled = error
        work, self._work, self._job = self._work, None, None
        assert work is not None
        await work


def step_of(work: Work) -> Any:
    """Run the first step of a coroutine; return what it returns, or a task if it suspends. Raises what it raises."""
    assert sys.version_info >= (3, 12)
    task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)  # type: ignore[call-arg]  # of 3.12
    return task.result() if task.done() else task
