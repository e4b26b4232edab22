"""Outlets that are kept free for id tokens, until those come or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .outlet import Outlet, Reservation

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["Reservations"]


class Reservations:
    """The reservations of a station; statuses are the words of OCPP."""

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station

    def reserve(self, outlets: Iterable[Outlet], reservation: Reservation) -> str:
        """Reserve the first of these outlets that is free, in place of a reservation of the same id."""
        outlets = list(outlets)
        if not outlets or reservation.expiry <= self._station.now():
            return "Rejected"
        operative = [each for each in outlets if each.available]
        if not operative:
            return "Unavailable"
        outlet = next((each for each in operative if _can_hold(each, reservation.id)), None)
        if outlet is None:
            return "Occupied"
        if outlet.reservation is None:
            self.cancel(reservation.id)
        outlet.reservation = reservation
        asyncio.get_running_loop().call_soon(self._station.charging.report, outlet)  # after the answer
        self._station.jobs.create_task(self._expire(outlet, reservation))
        return "Accepted"

    def cancel(self, number: int) -> bool:
        """Free the outlet of a reservation; return whether it was found."""
        for outlet in self._station.outlets.values():
            if outlet.reservation is not None and outlet.reservation.id == number:
                outlet.reservation = None
                self._station.charging.report(outlet)
                return True
        return False

    def resume(self) -> None:
        """Keep the reservations that have outlived a restart."""
        for outlet in self._station.outlets.values():
            if outlet.reservation is not None:
                self._station.jobs.create_task(self._expire(outlet, outlet.reservation))

    async def _expire(self, outlet: Outlet, reservation: Reservation) -> None:
        await asyncio.sleep((reservation.expiry - self._station.now()).total_seconds())
        if outlet.reservation is reservation:
            outlet.reservation = None
            await self._station.report_expired(outlet, reservation)


def _can_hold(outlet: Outlet, number: int) -> bool:
    return not outlet.busy and (outlet.reservation is None or outlet.reservation.id == number)
