"""A simulated charge point of OCPP 1.6: the machine, its commands, and its life."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from ocpp_fast import ChargePoint, v16

from ..arguments import StationArguments
from ..console import Console
from .core import CoreCommands
from .firmware_management import FirmwareManagementCommands
from .local_auth_list import LocalAuthListCommands
from .machine import Machine
from .remote_trigger import RemoteTriggerCommands
from .reservation import ReservationCommands
from .security import SecurityCommands
from .session import own_sessions
from .smart_charging import SmartChargingCommands

__all__ = ["SimulatedChargePoint"]


class SimulatedChargePoint:
    """Answers every command of 1.6, and charges by itself."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        self._machine = machine = Machine(station, given, console)
        self._reservations = ReservationCommands(machine)
        station.include(CoreCommands(machine), profile=v16.CORE)
        station.include(FirmwareManagementCommands(machine), profile=v16.FIRMWARE_MANAGEMENT)
        station.include(LocalAuthListCommands(machine), profile=v16.LOCAL_AUTH_LIST)
        station.include(self._reservations, profile=v16.RESERVATION)
        station.include(SmartChargingCommands(machine), profile=v16.SMART_CHARGING)
        station.include(RemoteTriggerCommands(machine), profile=v16.REMOTE_TRIGGER)
        station.include(SecurityCommands(machine), profile=v16.SECURITY)

    async def power_cycle(self, connection: AbstractAsyncContextManager[object]) -> int | None:
        """Live, while the connection lasts, until power off; return the exit code, or None to start again."""
        return await self._machine.power_cycle(connection, self._live)

    async def _live(self) -> None:
        machine = self._machine
        await machine.boot()
        await machine.report_all()
        self._reservations.resume()
        machine.jobs.create_task(machine.heartbeats())
        await own_sessions(machine)
