"""How a simulated station connects, and what its settings and network profiles say of that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from ocpp_fast import BackOff, ChargePoint, HandshakeFailed, MemoryQueue, NetworkProfile, OcppError, Retries

from .network import Network
from .variables import Variable

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["Uplink"]


class Uplink:
    """The charge point of a station; `relay` is a network that may have faults, if it is to have any.

    `wanted` is whether there should be a connection. `profiles` are the network profiles by their slots, at first that
    of the settings in slot 1; NetworkConfigurationPriority says which are dialled after the next start (2.x).
    """

    def __init__(self, station: SimulatedStation, version: Any) -> None:
        settings = station.settings
        faults = settings.faults or (settings.scenario is not None and settings.scenario.has_faults)
        self._station = station
        self.relay = Network(settings.url, settings.id) if faults else None
        url = settings.url if self.relay is None else self.relay.url
        self.charge_point = ChargePoint(
            settings.id,
            url,
            versions=[version],
            password=settings.password,
            ssl=settings.ssl,
            start_offline=True,
            attempts=1,
            back_off=BackOff(minimum=settings.retry, random_range=settings.retry / 2),
            queue=MemoryQueue(),
            retries=self._retries(),
            ping_interval=station.number("ping"),
        )
        self.wanted = True
        self.profiles = {1: NetworkProfile(url)}
        self._dialled = [self.profiles[1]]
        self._powered = False
        self._lost_at = 0.0
        self.charge_point.on_connect(self._connected)
        self.charge_point.on_disconnect(self._disconnected)
        self.charge_point.on_connect_failed(self._not_connected)

    async def power_on(self) -> None:
        """Dial what is to be dialled, in the context of the charge point."""
        self._powered = True
        wanted = [self.profiles[int(each)] for each in self._station.items("network_priority")]
        if not self.wanted:
            await self.charge_point.disconnect()
        elif wanted and wanted != self._dialled:
            self._dialled = wanted
            with suppress(OSError, OcppError, ValueError):  # it goes back to what it had
                await self.charge_point.reconnect(wanted)

    def power_off(self) -> None:
        """Leave `want` for the next start."""
        self._powered = False

    async def want(self, connection: bool) -> None:
        """Disconnect and stay so, or connect, for which it may try again and again."""
        self.wanted = connection
        if self._powered and not connection:
            await self.charge_point.disconnect()
        elif self._powered and not self.charge_point.connected:
            with suppress(OSError, OcppError):
                await self.charge_point.reconnect()

    def take_profile(self, slot: int, url: str, password: bytes | None, security_profile: int) -> bool:
        """Keep a network profile in a slot; return whether it can be dialled with what the station has."""
        settings = self._station.settings
        used = replace(settings, url=url, password=password or settings.password).security_profile
        if not url.startswith(("ws://", "wss://")) or security_profile != int(used):
            return False
        self.profiles[slot] = NetworkProfile(url, password)
        priority = self._station.variables.own(*self._station.settings_of["network_priority"])
        priority.options = tuple(str(each) for each in sorted(self.profiles))
        return True

    def follow(self, variable: Variable) -> None:
        """Do as a variable says that was set."""
        station, charge_point = self._station, self.charge_point
        match variable.name:
            case "AuthorizationKey" | "BasicAuthPassword":  # shown at the next connection
                charge_point.password = station.password_of(variable.read())
            case "RetryBackOffWaitMinimum" | "RetryBackOffRandomRange" | "RetryBackOffRepeatTimes":
                numbers = [station.number(f"back_off_{each}") for each in ("minimum", "range", "times")]
                charge_point.back_off = BackOff(max(numbers[0], 0.1), numbers[1], int(numbers[2]))
            case "WebSocketPingInterval":
                charge_point.ping_interval = station.number("ping")
        charge_point.retries = self._retries()

    def _retries(self) -> Retries:
        return Retries(self._station.number("retry_interval"), max(1, int(self._station.number("attempts"))))

    def _connected(self) -> None:
        station = self._station
        offline = asyncio.get_running_loop().time() - self._lost_at
        if station.accepted.is_set() and offline > station.number("offline_threshold", inf):
            for each in station.outlets.values():
                station.send_status(each)
        station.happened("Connected")

    def _disconnected(self) -> None:
        self._lost_at = asyncio.get_running_loop().time()
        self._station.reports.collapse()
        self._station.happened("Disconnected")

    def _not_connected(self, error: Exception) -> None:
        self._station.observer.note(f"cannot connect to {self.charge_point.url}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, HandshakeFailed):
        return f"the server refuses with HTTP status {error.status}" if (error.status or 0) >= 300 else error.reason
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
