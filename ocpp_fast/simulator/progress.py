"""A job that goes through stages, such as an upload, and the stage it has reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["UPLOAD", "Progress", "Stage", "update_stages"]

Stage: TypeAlias = tuple[str, datetime | None]
"""The status that is reported; with a moment, the status while that is waited for. An empty one is not reported."""

UPLOAD: Sequence[Stage] = [("Uploading", None), ("Uploaded", None)]


def update_stages(retrieve: datetime, install: datetime | None, *, signed: bool) -> Sequence[Stage]:
    """Return the stages of an update of firmware that is scheduled, and verified if signed."""
    verified: list[Stage] = [("SignatureVerified", None)] if signed else []
    return [
        *(("DownloadScheduled", retrieve), ("Downloading", None), ("Downloaded", None), *verified),
        *(("InstallScheduled", install or retrieve), ("Installing", None), ("Installed", None)),
    ]


class Progress:
    """One kind of job, of which one runs at a time; `tell` sends the stage and the id of the job."""

    def __init__(self, station: SimulatedStation, tell: Callable[[str, int | None], Awaitable[object]]) -> None:
        self._station = station
        self._tell = tell
        self.power_off()

    def power_off(self) -> None:
        """Forget the job."""
        self.stage = "Idle"
        self.request_id: int | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, stages: Sequence[Stage], request_id: int | None = None) -> bool:
        """Begin a job; return whether one that still ran was given up for it."""
        replaced = self._task is not None
        if self._task is not None:
            self._task.cancel()
        self.stage, self.request_id = "Idle", request_id
        self._task = self._station.jobs.create_task(self._run(stages))
        return replaced

    async def report(self) -> None:
        """Send the stage."""
        await self._tell(self.stage, self.request_id)

    async def _run(self, stages: Sequence[Stage]) -> None:
        for stage, moment in stages:
            if moment is None:
                await self._reach(stage, self._station.settings.interval)
            elif (seconds := (moment - self._station.now()).total_seconds()) > 0:
                await self._reach(stage, seconds)
        self.power_off()

    async def _reach(self, stage: str, seconds: float) -> None:
        if stage:
            self.stage = stage
            await self.report()
        await asyncio.sleep(seconds)
