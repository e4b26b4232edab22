"""A charging session, from the id token to the free outlet, and the transaction in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from .outlet import OFF, Outlet, Transaction

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
        transaction_id: str | None = None,
    ) -> asyncio.Task[bool]:
        """Occupy a free outlet and charge: until stopped, or until so many meter values were sent.

        The task tells whether the central system let it happen. A `transaction_id` is one that has charging profiles.
        """
        outlet.phase = "Preparing"
        transaction = Transaction(
            id=transaction_id or str(uuid4()),
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
        try:
            charged = not authorize or await station.authorize(transaction.token)
            if charged:
                await station.report(outlet)
                charged = await self._charge(outlet, transaction, samples)
        finally:
            station.profiles.end_transaction(transaction.id)
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
            outlet.flowing, outlet.phase = OFF, "Finishing"
            station.profiles.end_transaction(transaction.id)  # it may take long until its end can be told
            await station.finish(outlet, transaction, reason)
        outlet.transaction = None
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
        transaction.stop("Local")
        return transaction.end.result()

    async def _follow_limit(self, outlet: Outlet, transaction: Transaction) -> None:
        """Set the current to what the charging profiles allow now, and that of the others, who share the maximum."""
        station, now, running = self._station, datetime.now(UTC), self._station.running
        for place in running:
            if place == outlet.id or station.outlets[place].phase in ("Charging", "SuspendedEVSE"):
                station.outlets[place].flowing = station.profiles.limit(place, now, running)
        phase = "Charging" if outlet.flowing.amperes else "SuspendedEVSE"
        if outlet.phase != phase:
            outlet.phase = phase
            await station.report_phase(outlet, transaction)
