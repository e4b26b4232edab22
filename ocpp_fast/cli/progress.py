"""A job that goes through stages, such as an upload, and the stage it has reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

__all__ = ["Progress"]

S = TypeVar("S")


class Progress(Generic[S]):
    """One kind of job, of which there is one at a time."""

    def __init__(self, idle: S) -> None:
        self._idle = idle
        self._task: asyncio.Task[None] | None = None
        self.stage = idle
        self.request_id: int | None = None
        """The id that the central system gave the job."""

    def begin(
        self,
        jobs: asyncio.TaskGroup,
        stages: Callable[[], Coroutine[Any, Any, None]],
        request_id: int | None = None,
    ) -> bool:
        """Begin a job; return whether one that still ran was given up for it."""
        running = self._task is not None and not self._task.done()
        if self._task is not None:
            self._task.cancel()
        self.stage, self.request_id = self._idle, request_id
        self._task = jobs.create_task(stages())
        return running

    def end(self) -> None:
        """The job is done."""
        self.stage, self.request_id, self._task = self._idle, None, None
