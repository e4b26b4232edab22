"""An outlet of the simulated station, what it is doing, and its meter: a connector of 1.6, an EVSE of 2.x."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ocpp_fast.smart_charging import Limit, StationFacts

__all__ = ["FACTS", "MEASURANDS", "OFF", "Outlet", "Reservation", "Transaction"]

FACTS: Final = StationFacts()
"""What every outlet is built for, and how many charging profiles a station takes."""

MEASURANDS: Final[Mapping[str, str]] = {
    "Energy.Active.Import.Register": "Wh",
    "Power.Active.Import": "W",
    "Current.Import": "A",
    "Voltage": "V",
}
"""What the meter can tell, and in which unit."""


class Reservation(NamedTuple):
    """An outlet kept for id tokens: that of the driver and that of a group."""

    id: int
    tokens: frozenset[str]
    expiry: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class Transaction:
    """A running transaction; `end` is given the reason to stop, in the words of OCPP."""

    id: str
    token: str
    started: datetime
    end: asyncio.Future[str]
    remote_start_id: int | None = None
    reservation_id: int | None = None
    number: int | None = None
    """The id that a central system of 1.6 gives it, None until it does."""
    events: int = 0
    """How many TransactionEvents were sent (2.x)."""
    priority: bool = False
    """Whether profiles of the purpose PriorityCharging hold (2.1)."""

    def stop(self, reason: str) -> None:
        """End it, unless it has ended already."""
        if not self.end.done():
            self.end.set_result(reason)


OFF: Final = Limit(0.0, 0.0, FACTS.phases)


@dataclass(slots=True, eq=False)
class Outlet:
    """One outlet. `operative`, `reservation` and `energy` outlive a restart, the rest does not."""

    id: int
    operative: bool = True
    reservation: Reservation | None = None
    energy: float = 0.0
    """The meter reading in Wh."""
    flowing: Limit = OFF
    """The power, and the current of each phase in use."""
    phase: str = ""
    """The status of the charging session in the terms of 1.6; empty without one."""
    session: asyncio.Task[bool] | None = None
    transaction: Transaction | None = None

    @property
    def status(self) -> str:
        """The status of the outlet, in the terms of 1.6."""
        idle = "Available" if self.reservation is None else "Reserved"
        return self.phase or (idle if self.operative else "Unavailable")

    def is_free_for(self, *tokens: str) -> bool:
        """Whether a session of an id token, or of its group, can begin."""
        if self.session is not None or not self.operative:
            return False
        return self.reservation is None or not self.reservation.tokens.isdisjoint(tokens)

    def stop(self, reason: str) -> None:
        """Stop the transaction, if one runs."""
        if self.transaction is not None:
            self.transaction.stop(reason)

    def power_off(self) -> None:
        """Forget what a restart does not leave."""
        self.session = self.transaction = None
        self.phase, self.flowing = "", OFF

    def flow(self, seconds: float) -> None:
        """Count the energy of some time."""
        self.energy += self.flowing.watts * seconds / 3600

    def read(self, measurand: str) -> float:
        """Read the meter, in the unit of the measurand."""
        power = {"Power.Active.Import": self.flowing.watts, "Current.Import": self.flowing.amperes}
        return {**power, "Voltage": FACTS.voltage}.get(measurand, self.energy)
