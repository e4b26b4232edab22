"""The commands about reservations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

from ocpp_fast import on

from .evse import Evse, Reservation
from .machine import Machine
from .version import ocpp

__all__ = ["ReservationCommands"]

_CONNECTOR_TYPE = "cType2"
_Status = ocpp.ReserveNowStatusEnumType
_Update = ocpp.ReservationUpdateStatusEnumType


class ReservationCommands:
    """Keeps EVSEs free for id tokens, until they come or the time is over."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.ReserveNowRequest)
    def reserve(self, request: ocpp.ReserveNowRequest) -> ocpp.ReserveNowResponse:
        """Reserve the EVSE named, or any that is free."""
        evses = [each for each in self._machine.evses.values() if request.evse_id in (None, each.id)]
        other_plug = request.connector_type not in (None, _CONNECTOR_TYPE)
        if not evses or other_plug or request.expiry_date_time <= datetime.now(UTC):
            return ocpp.ReserveNowResponse(status=_Status.REJECTED)
        evses = [each for each in evses if each.operative]
        if not evses:
            return ocpp.ReserveNowResponse(status=_Status.UNAVAILABLE)
        evse = next((each for each in evses if _can_hold(each, request.id)), None)
        if evse is None:
            return ocpp.ReserveNowResponse(status=_Status.OCCUPIED)
        self._free(request.id, but=evse)
        reservation = Reservation(request.id, request.id_token, request.group_id_token, request.expiry_date_time)
        evse.reservation = reservation
        self._machine.jobs.create_task(self._keep(evse, reservation))
        return ocpp.ReserveNowResponse(status=_Status.ACCEPTED)

    @on(ocpp.CancelReservationRequest)
    def cancel(self, request: ocpp.CancelReservationRequest) -> ocpp.CancelReservationResponse:
        status = ocpp.CancelReservationStatusEnumType
        cancelled = self._free(request.reservation_id)
        return ocpp.CancelReservationResponse(status=status.ACCEPTED if cancelled else status.REJECTED)

    def _free(self, number: int, but: Evse | None = None) -> bool:
        """Free the EVSE of a reservation; return whether there is one."""
        for evse, reservation in self._held():
            if reservation.id == number and evse is not but:
                evse.reservation = None
                self._machine.jobs.create_task(self._machine.report(evse))
                return True
        return False

    def _held(self) -> Iterator[tuple[Evse, Reservation]]:
        for evse in self._machine.evses.values():
            if evse.reservation is not None:
                yield evse, evse.reservation

    def resume(self) -> None:
        """Keep the reservations that have outlived a restart."""
        for evse, reservation in self._held():
            self._machine.jobs.create_task(self._expire(evse, reservation))

    async def _keep(self, evse: Evse, reservation: Reservation) -> None:
        await self._machine.report(evse)
        await self._expire(evse, reservation)

    async def _expire(self, evse: Evse, reservation: Reservation) -> None:
        await asyncio.sleep((reservation.expiry - datetime.now(UTC)).total_seconds())
        if evse.reservation is reservation:
            evse.reservation = None
            await self._machine.report(evse)
            await self._machine.tell(
                lambda csms: csms.reservation_status_update(
                    reservation_id=reservation.id, reservation_update_status=_Update.EXPIRED
                )
            )


def _can_hold(evse: Evse, number: int) -> bool:
    """Whether an EVSE is free for a reservation; one of the same number is replaced."""
    return evse.session is None and (evse.reservation is None or evse.reservation.id == number)
