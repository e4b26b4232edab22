"""Many simulated stations in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from .station import SimulatedStation

__all__ = ["Fleet"]


class Fleet:
    """Simulated stations that start one after another, `rate` a second; each is made when it starts."""

    def __init__(self, makers: Sequence[Callable[[], SimulatedStation]], *, rate: float = 50.0) -> None:
        self._makers = makers
        self._rate = rate
        self.stations: list[SimulatedStation] = []
        """Those that have started."""
        self.ended: list[int] = []
        """What `run` of each station has returned that has ended."""

    def counts(self) -> dict[str, int]:
        """Return how many stations there are, connected and accepted, and how many outlets charge or are at fault."""
        outlets = [outlet for each in self.stations for outlet in each.outlets.values()]
        return {
            "stations": len(self._makers),
            "connected": sum(each.online for each in self.stations),
            "accepted": sum(each.accepted.is_set() for each in self.stations),
            "charging": sum(each.flowing.amperes > 0 for each in outlets),
            "faulted": sum(each.fault != "" for each in outlets),
            "waiting": sum(not each.reports.idle for each in self.stations),
            "ended": len(self.ended),
        }

    async def run(self) -> int:
        """Start them all, and wait until all have ended; return 0 if all have returned 0, or 1."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with asyncio.TaskGroup() as group:
            for number, make in enumerate(self._makers):
                await asyncio.sleep(max(0.0, begin + number / self._rate - loop.time()))
                self.stations.append(make())
                group.create_task(self._live(self.stations[-1]))
        return int(any(self.ended))

    async def _live(self, station: SimulatedStation) -> None:
        self.ended.append(await station.run())
