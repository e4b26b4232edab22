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
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

__all__ = ["Job", "Spare", "is_our_end", "kept", "step_of"]

Work = Coroutine[Any, Any, Any]


class Rest:
    """A coroutine that has suspended, to be awaited: `send` and `throw` are its own, `waits_for` is what it yielded."""

    __slots__ = ("_send", "_throw", "_waits_for", "cancelled")

    def __init__(self, send: Callable[..., Any], throw: Callable[..., Any], waits_for: Any) -> None:
        self._send = send
        self._throw = throw
        self._waits_for = waits_for
        self.cancelled: asyncio.CancelledError | None = None
        """Set if the task is cancelled before it goes on."""

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
                    self._waits_for = self._send(value)
                else:
                    thrown, error = error, None
                    self._waits_for = self._throw(thrown)
            except StopIteration as ended:
                return ended.value


class Job(Rest):
    """A coroutine that has suspended in its first step, run by `spare` in `context`: to be awaited in both."""

    __slots__ = ("context", "spare")

    def __init__(self, spare: Spare, work: Work, context: contextvars.Context, waits_for: Any) -> None:
        super().__init__(work.send, work.throw, waits_for)
        self.spare = spare
        self.context = context


class Spare:
    """A task for the next coroutine that suspends; it is not used before it has begun."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.woken: asyncio.Future[None] = self._loop.create_future()
        """Done when it can't be used any more."""
        self._job: Job | None = None
        self._work: Work | None = None
        self._has_begun = False
        self.task: asyncio.Task[None] = self._loop.create_task(self._run(), context=contextvars.Context())

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
        """Run a coroutine that awaits the job, in the context of its first step; return its task."""
        self._job, self._work = job, work
        if not self.woken.done():
            self.woken.set_result(None)
        return self.task

    async def _run(self) -> None:
        self._has_begun = True
        try:
            await self.woken
        except asyncio.CancelledError as error:
            if self._job is None:
                raise
            self._job.cancelled = error
        job, work, self._job, self._work = self._job, self._work, None, None  # or what fails would keep itself alive
        assert job is not None
        assert work is not None
        run: Callable[..., Any] = job.context.run
        try:
            waits_for = run(work.send, None)
        except StopIteration:
            return
        await Rest(partial(run, work.send), partial(run, work.throw), waits_for)


def step_of(work: Work) -> Any:
    """Run the first step of a coroutine; return what it returns, or a task if it suspends. Raises what it raises."""
    assert sys.version_info >= (3, 12)
    task = asyncio.Task(kept(work), loop=asyncio.get_running_loop(), eager_start=True)  # type: ignore[call-arg]  # of 3.12
    if not task.done():
        return task
    try:
        return task.result()
    finally:
        del task  # or what it raises would lead to itself


async def kept(work: Work) -> Any:
    """Run a coroutine in a task; a `SystemExit`, which would end the event loop, becomes a `RuntimeError`."""
    try:
        return await work
    except SystemExit as error:
        raise RuntimeError(f"SystemExit: {error.code!r}") from error


def is_our_end(error: BaseException) -> bool:
    """Whether an exception ends the program, or the task that runs, rather than that a user's code raises it."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()  # which no frame of the error's traceback must hold, or there is a cycle
        return task is not None and task.cancelling() > 0
    if isinstance(error, GeneratorExit):
        return asyncio._get_running_loop() is None
    return isinstance(error, KeyboardInterrupt)
