"""A central system of ours, and a simulated station: as a program of its own, or in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from ocpp_fast import ChargePoint, Station, v16
from ocpp_fast.cli.arguments import StationArguments
from ocpp_fast.cli.console import Console
from ocpp_fast.cli.versions import SimulatedStation, messages_of, station_of

from .programs import PATIENCE, Program, ocpp_fast
from .recorder import Recorder

__all__ = ["Central", "commanded", "connected", "in_process", "simulated"]

_ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


class Central(Recorder):
    """A central system of 1.6."""

    def __init__(self) -> None:
        super().__init__(v16)
        self._transaction_ids = count(1)

    def usual(self, action: str, request: Any) -> Any:
        now = datetime.now(UTC)
        usual: dict[str, Callable[[], Any]] = {
            "BootNotification": lambda: v16.BootNotificationResponse(
                status=v16.RegistrationStatus.ACCEPTED, current_time=now, interval=300
            ),
            "Heartbeat": lambda: v16.HeartbeatResponse(current_time=now),
            "Authorize": lambda: v16.AuthorizeResponse(id_tag_info=_ACCEPTED),
            "StartTransaction": lambda: v16.StartTransactionResponse(
                id_tag_info=_ACCEPTED, transaction_id=next(self._transaction_ids)
            ),
            "DataTransfer": lambda: v16.DataTransferResponse(status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID),
            "SignCertificate": lambda: v16.SignCertificateResponse(status=v16.GenericStatusEnumType.ACCEPTED),
        }
        return usual[action]() if action in usual else request.__action__.response()

    async def next_status(self, connector_id: int, status: v16.ChargePointStatus) -> None:
        """Wait for a status of a connector."""
        await self.next(v16.StatusNotificationRequest, connector_id=connector_id, status=status)


@asynccontextmanager
async def simulated(
    *options: str, central: Central | None = None, sessions: int = 0
) -> AsyncIterator[tuple[Program, Central, Station]]:
    """A simulated station of 1.6, as soon as it has booted, with its central system."""
    central = Central() if central is None else central
    async with connected(*options, central=central, sessions=sessions) as (program, station):
        yield program, central, station


@asynccontextmanager
async def connected(*options: str, central: Recorder, sessions: int = 0) -> AsyncIterator[tuple[Program, Station]]:
    """A simulated station as a program of its own, as soon as it is connected to a central system."""
    async with (
        central.serve() as server,
        ocpp_fast(
            *("station", "--id", "CP001", "--url", server.url, "--interval", "0.05", "--retry", "0.05"),
            *(() if "--once" in options else ("--sessions", str(sessions))),
            *options,
        ) as program,
    ):
        async with asyncio.timeout(PATIENCE):
            station = await central.wait_connected("CP001")
        yield program, station


@asynccontextmanager
async def in_process(central: Recorder, version: str, interval: float) -> AsyncIterator[None]:
    """A simulated station in this process, while the context lasts."""
    async with central.serve() as server:
        given = StationArguments(
            id="CP001",
            url=server.url,
            version=version,
            password=None,
            connectors=2,
            id_tag="OWN",
            sessions=0,
            once=False,
            samples=1,
            interval=interval,
            retry=0.01,
            quiet=True,
        )
        charge_point = ChargePoint(given.id, given.url, versions=[messages_of(version)])
        station = station_of(version)(charge_point, given, Console(quiet=True))
        life = asyncio.create_task(_live(station, charge_point))
        try:
            yield
        finally:
            life.cancel()
            await asyncio.wait([life])
        if not life.cancelled():
            life.result()


async def _live(station: SimulatedStation, charge_point: ChargePoint) -> None:
    """Start again as often as the station wants to."""
    while await station.power_cycle(charge_point) is None:
        pass


@asynccontextmanager
async def commanded(interval: float = 0.02) -> AsyncIterator[tuple[Station, Central]]:
    """A simulated station of 1.6 in this process, when it has reported its connectors, and its central system."""
    central = Central()
    async with in_process(central, "1.6", interval):
        await central.next_status(2, v16.ChargePointStatus.AVAILABLE)
        yield central["CP001"], central
