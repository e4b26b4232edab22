"""A charging session, from the id token to the free outlet, and the transaction in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from .outlet import Outlet, Transaction

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["Sessions"]


class Sessions:
    """The charging sessions of a station: its own, and those that are asked for."""

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station
        self._left = 1 if station.settings.once else station.settings.sessions

    def begin(
        self,
        outlet: Outlet,
        token: str,
        *,
        authorize: bool,
        samples: int | None = None,
        remote_start_id: int | None = None,
    ) -> asyncio.Task[bool]:
        """Occupy a free outlet and charge: until stopped, or until so many meter values were sent.

        The task tells whether the central system let it happen.
        """
        outlet.phase = "Preparing"
        transaction = Transaction(
            id=str(uuid4()),
            token=token,
            started=datetime.now(UTC),
            end=asyncio.get_running_loop().create_future(),
            remote_start_id=remote_start_id,
        )
        outlet.session = self._station.jobs.create_task(self._run(outlet, transaction, authorize, samples))
        return outlet.session

    async def own(self) -> None:
        """Charge as often as the settings say, one session after another."""
        station, settings = self._station, self._station.settings
        while self._left:
            free = (each for each in station.outlets.values() if each.is_free_for(station.own_token))
            if (outlet := next(free, None)) is not None:
                charged = await self.begin(outlet, station.own_token, authorize=True, samples=settings.samples)
                self._left -= 1
                if settings.once:
                    station.power_off(0 if charged else 1)
            await asyncio.sleep(settings.interval)

    async def _run(self, outlet: Outlet, transaction: Transaction, authorize: bool, samples: int | None) -> bool:
        station = self._station
        charged = not authorize or await station.authorize(transaction.token)
        if charged:
            await station.report(outlet)
            charged = await self._charge(outlet, transaction, samples)
        outlet.session, outlet.phase = None, ""
        await station.report(outlet)
        return charged

    async def _charge(self, outlet: Outlet, transaction: Transaction, samples: int | None) -> bool:
        """Run a transaction; return whether the central system agreed to it."""
        station = self._station
        if outlet.reservation is not None:
            transaction.reservation_id, outlet.reservation = outlet.reservation.id, None
        transaction.started = datetime.now(UTC)
        outlet.transaction = transaction
        accepted = await station.start(outlet, transaction)
        if accepted is not None:
            reason = await self._flow(outlet, transaction, samples)
            outlet.amperes, outlet.phase = 0.0, "Finishing"
            await station.finish(outlet, transaction, reason)
        outlet.transaction = None
        station.profiles.end_transaction(outlet.id)
        return bool(accepted)

    async def _flow(self, outlet: Outlet, transaction: Transaction, samples: int | None) -> str:
        """Let energy flow; return why it ended."""
        station, taken = self._station, 0
        while not transaction.end.done() and (samples is None or taken < samples):
            await self._follow_limit(outlet, transaction)
            sample_interval = station.variables.number(*station.sample_interval)
            interval = sample_interval or station.settings.interval
            await asyncio.wait([transaction.end], timeout=interval)
            if not transaction.end.done():
                outlet.flow(interval)
                taken += 1
                if sample_interval:
                    await station.sample(outlet, transaction)
        return transaction.end.result() if transaction.end.done() else "Local"

    async def _follow_limit(self, outlet: Outlet, transaction: Transaction) -> None:
        """Set the current to what the charging profiles allow now."""
        station = self._station
        outlet.amperes = station.profiles.limit(
            outlet.id, datetime.now(UTC), transaction.started, priority=transaction.priority
        )
        phase = "Charging" if outlet.amperes else "SuspendedEVSE"
        if outlet.phase != phase:
            outlet.phase = phase
            await station.report_phase(outlet, transaction)
