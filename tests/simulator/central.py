"""A central system of 1.6, and simulated stations in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from ocpp_fast import Station, v16
from ocpp_fast.simulator import Settings, simulated

from ..cli.programs import in_time
from .recorder import Recorder

__all__ = ["Central", "Notes", "commanded", "in_process", "station_of_16"]

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


class Notes(list[str]):
    """Keeps the lines that an observer is told."""

    def note(self, line: str, /) -> None:
        self.append(line)


@asynccontextmanager
async def in_process(central: Recorder, version: str, interval: float) -> AsyncIterator[Notes]:
    """A simulated station in this process, while the context lasts, and what it tells."""
    notes = Notes()
    async with central.serve() as server:
        given = Settings(id="CP001", url=server.url, version=version, sessions=0, interval=interval, retry=0.01)
        life = asyncio.create_task(simulated(given, notes).run())
        try:
            yield notes
        finally:
            life.cancel()
            await asyncio.wait([life])
        if not life.cancelled():
            life.result()


@asynccontextmanager
async def station_of_16(interval: float = 0.02) -> AsyncIterator[tuple[Station, Central]]:
    """A simulated station of 1.6 in this process, when it has reported its connectors, and its central system."""
    central = Central()
    async with in_process(central, "1.6", interval):
        await central.next_status(2, v16.ChargePointStatus.AVAILABLE)
        yield central["CP001"], central


def commanded(test: Callable[[Station, Central], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test with a simulated station of 1.6 and its central system."""

    @in_time
    async def bounded() -> None:
        async with station_of_16() as (station, central):
            await test(station, central)

    bounded.__name__ = test.__name__
    return bounded
