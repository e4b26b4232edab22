"""The commands of the Reservation profile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ocpp_fast import on, v16

from .connector import Connector, Reservation
from .machine import Machine

__all__ = ["ReservationCommands"]

_Status = v16.ReservationStatus


class ReservationCommands:
    """Keeps connectors free for id tags, until they come or the time is over."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v16.ReserveNowRequest)
    def reserve(self, request: v16.ReserveNowRequest) -> v16.ReserveNowResponse:
        connector = self._machine.connectors.get(request.connector_id)
        if connector is None or request.expiry_date <= datetime.now(UTC):
            return v16.ReserveNowResponse(status=_Status.REJECTED)
        if not connector.operative:
            return v16.ReserveNowResponse(status=_Status.UNAVAILABLE)
        present = connector.reservation
        if connector.session is not None or (present is not None and present.id != request.reservation_id):
            return v16.ReserveNowResponse(status=_Status.OCCUPIED)
        self._cancel(request.reservation_id, but=connector)
        reservation = Reservation(request.reservation_id, request.id_tag, request.expiry_date)
        connector.reservation = reservation
        self._machine.jobs.create_task(self._keep(connector, reservation))
        return v16.ReserveNowResponse(status=_Status.ACCEPTED)

    @on(v16.CancelReservationRequest)
    def cancel(self, request: v16.CancelReservationRequest) -> v16.CancelReservationResponse:
        cancelled = self._cancel(request.reservation_id)
        status = v16.CancelReservationStatus
        return v16.CancelReservationResponse(status=status.ACCEPTED if cancelled else status.REJECTED)

    def _cancel(self, reservation_id: int, but: Connector | None = None) -> bool:
        """Free the connector of a reservation; return whether there is one."""
        for connector in self._machine.connectors.values():
            present = connector.reservation
            if connector is not but and present is not None and present.id == reservation_id:
                connector.reservation = None
                self._machine.jobs.create_task(self._machine.report(connector.id))
                return True
        return False

    def resume(self) -> None:
        """Keep the reservations that have outlived a restart."""
        for connector in self._machine.connectors.values():
            if connector.reservation is not None:
                self._machine.jobs.create_task(self._expire(connector, connector.reservation))

    async def _keep(self, connector: Connector, reservation: Reservation) -> None:
        await self._machine.report(connector.id)
        await self._expire(connector, reservation)

    async def _expire(self, connector: Connector, reservation: Reservation) -> None:
        await asyncio.sleep((reservation.expiry - datetime.now(UTC)).total_seconds())
        if connector.reservation is reservation:
            connector.reservation = None
            await self._machine.report(connector.id)
