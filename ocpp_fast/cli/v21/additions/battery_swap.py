"""The command that gives a battery out."""

from __future__ import annotations

import asyncio
from typing import Final

from ocpp_fast import on, v21

from ..machine import Machine

__all__ = ["BatterySwapCommands"]

_Event = v21.BatterySwapEventEnumType

_EMPTY: Final = 12.0
_FULL: Final = 98.0
"""Charge in percent."""


class BatterySwapCommands:
    """Takes an empty battery in at one EVSE, and gives a full one out."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v21.RequestBatterySwapRequest)
    def request_swap(self, request: v21.RequestBatterySwapRequest) -> v21.RequestBatterySwapResponse:
        self._machine.jobs.create_task(self._swap(request))
        return v21.RequestBatterySwapResponse(status=v21.GenericStatusEnumType.ACCEPTED)

    async def _swap(self, request: v21.RequestBatterySwapRequest) -> None:
        await self._tell(request, _Event.BATTERY_IN, "OLD", _EMPTY)
        await asyncio.sleep(self._machine.given.interval)
        await self._tell(request, _Event.BATTERY_OUT, "NEW", _FULL)

    async def _tell(
        self,
        request: v21.RequestBatterySwapRequest,
        event: v21.BatterySwapEventEnumType,
        serial_number: str,
        charge: float,
    ) -> None:
        battery = v21.BatteryDataType(evse_id=1, serial_number=serial_number, soc=charge, soh=95.0)
        await self._machine.tell(
            lambda csms: csms.battery_swap(
                battery_data=[battery], event_type=event, id_token=request.id_token, request_id=request.request_id
            )
        )
