"""What a test or a scenario says to a simulated station: what happens at it, and what to wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .events import Event, EventKind, Watch
from .outlet import Outlet, Transaction

if TYPE_CHECKING:
    import asyncio

    from .charging import Charging
    from .network import Network
    from .reports import Reports
    from .settings import Settings
    from .uplink import Uplink

__all__ = ["Refused", "Script"]


class Refused(Exception):
    """A transaction can't be started: the outlet is not free, or the id token is not accepted."""


class Script:
    """The methods for it; an outlet is a connector of 1.6, or an EVSE, from 1 up.

    What happens at an outlet happens at once, connected or not. The methods return when the central system has been
    told all that follows from it or, while there is no connection, when that is kept to be told later.

    They raise `KeyError` for an unknown outlet.
    """

    settings: Settings
    outlets: Mapping[int, Outlet]
    charging: Charging
    reports: Reports
    uplink: Uplink
    watch: Watch
    accepted: asyncio.Event

    async def plug(self, outlet: int = 1) -> None:
        """Plug a car in."""
        self.charging.plug(self.outlets[outlet])
        await self.told()

    async def unplug(self, outlet: int = 1) -> None:
        """Take the car away."""
        self.charging.unplug(self.outlets[outlet])
        await self.told()

    async def authorize(self, token: str | None = None, outlet: int = 1) -> bool:
        """Present an id token, by default that of the settings; return whether it is accepted.

        At a free outlet it may charge from then on, if a car comes within the ConnectionTimeOut; the token of a
        transaction ends it. In 2.x the type of a token may stand before it: `ISO14443/04A1B2`; by default, Central.
        """
        place, text = self.outlets[outlet], self.token(self.settings.id_tag if token is None else token)
        if place.token == text:
            self.charging.stop(place, "Local")
            accepted = True
        else:
            accepted = await self.charging.request(place, text)
        await self.told()
        return accepted

    async def start(self, outlet: int = 1, token: str | None = None) -> Transaction:
        """Plug a car in, present an id token, and return the transaction that this starts. Raises `Refused`."""
        place = self.outlets[outlet]
        self.charging.plug(place)
        if place.token is not None or not await self.authorize(token, outlet):
            raise Refused(f"outlet {outlet} is {place.status}, or the id token is not accepted")
        if (transaction := place.transaction) is None or transaction.accepted is False:
            raise Refused(f"the central system refuses the transaction at outlet {outlet}")
        return transaction

    async def stop(self, outlet: int = 1, reason: str = "Local") -> None:
        """End the transaction at an outlet, if one goes on; `reason` is a word of OCPP. The car stays."""
        self.charging.stop(self.outlets[outlet], reason)
        await self.told()

    async def fault(self, outlet: int = 1, code: str = "OtherError") -> None:
        """Let an outlet fail, which ends its transaction; `code` is a ChargePointErrorCode of 1.6."""
        place = self.outlets[outlet]
        place.fault = code
        self.charging.stop(place, "Other")
        await self.told()

    async def repair(self, outlet: int = 1) -> None:
        """End a fault."""
        place = self.outlets[outlet]
        place.fault = ""
        self.charging.settle(place, "ChargingStateChanged")
        await self.told()

    async def go_offline(self) -> None:
        """Close the connection, and make no other."""
        await self.uplink.want(False)

    async def go_online(self) -> None:
        """Connect again; returns when all that was kept has been told."""
        await self.uplink.want(True)
        await self.until(lambda: self.online, timeout=None)
        await self.told()

    @property
    def network(self) -> Network:
        """The network, whose faults can be set if the settings want it to have any. Raises `ValueError` if not."""
        if self.uplink.relay is None:
            raise ValueError("expected Settings(faults=True)")
        return self.uplink.relay

    # Waiting

    @property
    def online(self) -> bool:
        """Whether there is a connection."""
        return self.uplink.charge_point.connected

    async def booted(self, *, timeout: float = 30.0) -> None:
        """Wait until the central system has accepted the station, and knows its statuses. Raises `TimeoutError`."""
        await self.until(self.accepted.is_set, timeout=timeout)
        await self.told(timeout=timeout)

    async def until(self, condition: Callable[[], object], *, timeout: float | None = 30.0) -> None:
        """Wait until a condition of the station is met: `lambda: station.outlets[1].status == "Charging"`.

        It is called whenever something has changed. Raises `TimeoutError`.
        """
        await self.watch.until(condition, timeout)

    def expect(
        self, kind: EventKind, *, outlet: int | None = None, detail: str | None = None, timeout: float = 30.0
    ) -> asyncio.Future[Event]:
        """Return a future of the next event of a kind; it may raise `TimeoutError`. Call it before what you expect."""

        def matches(event: Event) -> bool:
            return event.kind == kind and outlet in (None, event.outlet) and detail in (None, event.detail)

        return self.watch.expect(matches, timeout)

    async def told(self, *, timeout: float | None = None) -> None:
        """Wait until the central system has been told everything, or there is no connection. Raises `TimeoutError`."""
        await self.until(lambda: self.reports.idle or not self.online, timeout=timeout)

    def token(self, text: str) -> str:
        """Return an id token as the station keeps it."""
        raise NotImplementedError
