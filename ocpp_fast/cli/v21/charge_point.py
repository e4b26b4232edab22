"""A simulated station of 2.x: the machine, its commands, and its life."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

from ocpp_fast import ChargePoint, Router

from ..arguments import StationArguments
from ..console import Console
from .additions import COMMANDS
from .authorization import AuthorizationCommands
from .availability import AvailabilityCommands
from .certificates import CertificateCommands
from .data_transfer import DataTransferCommands
from .diagnostics import DiagnosticsCommands
from .display import DisplayCommands
from .firmware import FirmwareCommands
from .machine import Machine
from .monitoring import MonitoringCommands
from .provisioning import ProvisioningCommands
from .remote_control import RemoteControlCommands
from .reservation import ReservationCommands
from .session import own_sessions
from .smart_charging import SmartChargingCommands
from .trigger import TriggerCommands
from .version import ocpp

__all__ = ["SimulatedChargePoint"]

_OF_BOTH_VERSIONS: Final = (
    AuthorizationCommands,
    AvailabilityCommands,
    CertificateCommands,
    DataTransferCommands,
    DiagnosticsCommands,
    DisplayCommands,
    FirmwareCommands,
    MonitoringCommands,
    ProvisioningCommands,
    RemoteControlCommands,
    SmartChargingCommands,
    TriggerCommands,
)


class SimulatedChargePoint:
    """Answers every command of its version, and charges by itself."""

    def __init__(self, station: ChargePoint, given: StationArguments, console: Console) -> None:
        self._machine = machine = Machine(station, given, console)
        self._reservations = ReservationCommands(machine)
        commands = Router()
        commands.include(self._reservations)
        for each in (*_OF_BOTH_VERSIONS, *COMMANDS):
            commands.include(each(machine))
        for profile in ocpp.VERSION.profiles:
            station.include(commands, profile=profile)

    async def power_cycle(self, connection: AbstractAsyncContextManager[object]) -> int | None:
        """Live, while the connection lasts, until power off; return the exit code, or None to start again."""
        return await self._machine.power_cycle(connection, self._live)

    async def _live(self) -> None:
        machine = self._machine
        await machine.boot()
        await machine.report_all(machine.evses.values())
        self._reservations.resume()
        machine.monitors.resume()
        machine.jobs.create_task(machine.heartbeats())
        await own_sessions(machine)
