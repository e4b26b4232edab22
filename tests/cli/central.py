"""A central system of ours, and a simulated station: as a program of its own, or in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, Station, v16
from ocpp_fast.cli.arguments import StationArguments
from ocpp_fast.cli.console import Console
from ocpp_fast.cli.v16.charge_point import SimulatedChargePoint

from .programs import PATIENCE, Program, ocpp_fast

__all__ = ["Central", "commanded", "simulated"]

T = TypeVar("T")

_ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


class Central(CentralSystem):
    """Answers everything, and remembers it in the order of arrival; `answers` replaces answers by action."""

    def __init__(self) -> None:
        super().__init__(auth=NoAuth(), versions=[v16])
        self.received: list[Any] = []
        self.answers: dict[str, Any] = {}
        self._read = 0
        self._news = asyncio.Event()
        self._transaction_ids = count(1)
        for message in v16.VERSION.messages.values():
            if message.sender & self.peer:
                register: Any = self.on(message.request)
                register(self._answer)

    def _answer(self, station: Station, request: Any) -> Any:
        self.received.append(request)
        self._news.set()
        action = request.__message__.action
        return self.answers[action] if action in self.answers else self._usual(action, request)

    def _usual(self, action: str, request: Any) -> Any:
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
        return usual[action]() if action in usual else request.__message__.response()

    async def next(self, kind: type[T], **fields: Any) -> T:
        """Return the next request of a kind, with these fields; what comes before it is passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self._read < len(self.received):
                    request = self.received[self._read]
                    self._read += 1
                    if isinstance(request, kind) and all(
                        getattr(request, name) == value for name, value in fields.items()
                    ):
                        return request
                self._news.clear()
                await self._news.wait()

    async def next_status(self, connector_id: int, status: v16.ChargePointStatus) -> None:
        """Wait for a status of a connector."""
        await self.next(v16.StatusNotificationRequest, connector_id=connector_id, status=status)


@asynccontextmanager
async def simulated(
    *options: str, central: Central | None = None, sessions: int = 0
) -> AsyncIterator[tuple[Program, Central, Station]]:
    """A simulated station, as soon as it has booted, with its central system."""
    central = Central() if central is None else central
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
        yield program, central, station


@asynccontextmanager
async def commanded(interval: float = 0.02) -> AsyncIterator[tuple[Station, Central]]:
    """A simulated station in this process, when it has reported its connectors, and its central system."""
    central = Central()
    async with central.serve() as server:
        given = StationArguments(
            id="CP001",
            url=server.url,
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
        charge_point = ChargePoint(given.id, given.url, versions=[v16])
        station = SimulatedChargePoint(charge_point, given, Console(quiet=True))
        life = asyncio.create_task(station.power_cycle(charge_point))
        try:
            await central.next_status(2, v16.ChargePointStatus.AVAILABLE)
            yield central["CP001"], central
        finally:
            life.cancel()
            await asyncio.wait([life])
        if not life.cancelled():
            life.result()
