"""An outlet of the simulated station, what happens at it, and its meter: a connector of 1.6, an EVSE of 2.x."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from ocpp_fast.smart_charging import Limit, StationFacts

__all__ = ["FACTS", "MEASURANDS", "OFF", "Outlet", "Reading", "Reservation", "Transaction"]

FACTS: Final = StationFacts()
"""What every outlet is built for, and how many charging profiles a station takes."""

MEASURANDS: Final[Mapping[str, str]] = {
    "Energy.Active.Import.Register": "Wh",
    "Power.Active.Import": "W",
    "Current.Import": "A",
    "Voltage": "V",
}
"""What the meter can tell, and in which unit."""

OFF: Final = Limit(0.0, 0.0, FACTS.phases)


class Reservation(NamedTuple):
    """An outlet kept for id tokens: that of the driver, and that of a group."""

    id: int
    tokens: frozenset[str]
    expiry: datetime
    group: str | None = None
    """The token of the group, which the central system may know others to belong to."""


class Reading(NamedTuple):
    """What the meter showed at a moment; values in the units of `MEASURANDS`."""

    at: datetime
    context: str
    """A ReadingContext of OCPP."""
    values: Mapping[str, float]


@dataclass(slots=True, eq=False, kw_only=True)
class Transaction:
    """A transaction; `reason` is why it ended, in the words of OCPP, and empty while it goes on."""

    id: str
    outlet: int
    token: str | None
    """In 2.x with its type, as Central/TAG; None while nobody is authorized (2.x)."""
    started: datetime
    remote_start_id: int | None = None
    reservation_id: int | None = None
    number: int | None = None
    """The id that a central system of 1.6 gives it; a provisional, negative one until it does."""
    reason: str = ""
    accepted: bool | None = None
    """Whether the central system takes its token, None before it has said so."""
    refused: bool = False
    """Whether the central system answered with an error, again and again: it knows nothing of the transaction."""
    events: int = 0
    """How many TransactionEvents were made (2.x)."""
    samples: int = 0
    """How often the meter was read at the interval."""
    priority: bool = False
    """Whether profiles of the purpose PriorityCharging hold (2.1)."""
    powered: bool = False
    """Whether energy may flow: the central system has answered, or can't be asked."""
    state: str = ""
    """The charging state that was told last (2.x)."""
    told: str | None = None
    """The token that was told last (2.x)."""
    kept: list[Reading] = field(default_factory=list)
    """What is told when it ends."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.reason != ""


@dataclass(slots=True, eq=False)
class Outlet:
    """One outlet. A restart leaves `token`, `held` and `transaction` behind it, and no current flows after one."""

    id: int
    operative: bool = True
    closed: bool = False
    """Whether the whole station is out of service."""
    plugged: bool = False
    """Whether a car is there."""
    visiting: bool = False
    """Whether that car came by itself, and leaves when its transaction has ended."""
    finished: bool = False
    """Whether a transaction of that car has ended."""
    fault: str = ""
    """A ChargePointErrorCode of 1.6, empty without a fault."""
    token: str | None = None
    """Who is authorized."""
    reservation: Reservation | None = None
    energy: float = 0.0
    """The meter reading in Wh, at the moment `metered`, on the loop's clock."""
    metered: float = 0.0
    flowing: Limit = OFF
    """The power, and the current of each phase in use."""
    transaction: Transaction | None = None
    held: frozenset[str] = frozenset()
    """The values of TxStartPoint that held when it was last looked at."""
    told: str = ""
    """The status that was last to be reported."""
    word: str = ""
    """The word for it that was."""
    prepared: Transaction | None = None
    """The transaction of the token, before it begins."""
    timer: asyncio.TimerHandle | None = None
    """Ends the wait for a car."""
    lasting: asyncio.TimerHandle | None = None
    """Reports the status when it has lasted."""

    @property
    def available(self) -> bool:
        """Whether it is in service."""
        return self.operative and not self.closed

    @property
    def state(self) -> str:
        """The charging state, in the terms of 2.x."""
        if not self.plugged:
            return "Idle"
        if self.flowing.amperes:
            return "Charging"
        powered = self.transaction is not None and self.transaction.powered and self.token is not None
        return "SuspendedEVSE" if powered else "EVConnected"

    @property
    def status(self) -> str:
        """The status of the outlet, in the terms of 1.6."""
        if self.fault:
            return "Faulted"
        if self.transaction is not None and self.transaction.powered:
            return {"Idle": "SuspendedEV", "EVConnected": "Preparing"}.get(self.state, self.state)
        if self.finished:
            return "Finishing"
        return "Preparing" if self.plugged or self.token is not None else self.idle_status

    @property
    def idle_status(self) -> str:
        """The status of the outlet when nobody uses it."""
        if not self.available:
            return "Unavailable"
        return "Available" if self.reservation is None else "Reserved"

    @property
    def busy(self) -> bool:
        """Whether someone uses it, or is about to."""
        return self.transaction is not None or self.token is not None or self.plugged

    def is_free_for(self, *tokens: str) -> bool:
        """Whether an id token, or one of its group, can be authorized."""
        if self.token is not None or not self.available or self.fault:
            return False
        if self.transaction is not None and self.transaction.token is not None:
            return False
        return self.reservation is None or not self.reservation.tokens.isdisjoint(tokens)

    def power_off(self) -> None:
        """Forget what a restart does not leave."""
        for each in (self.timer, self.lasting):
            if each is not None:
                each.cancel()
        self.token = self.transaction = self.prepared = self.timer = self.lasting = None
        self.held, self.flowing, self.told, self.word = frozenset(), OFF, "", ""
        self.plugged, self.visiting = self.plugged and not self.visiting, False
        self.finished = self.finished and self.plugged

    def flow(self, limit: Limit, now: float) -> None:
        """Count the energy until now, on the loop's clock, and let a current flow from now on."""
        self.energy += self.flowing.watts * (now - self.metered) / 3600
        self.metered, self.flowing = now, limit

    def read(self, measurand: str) -> float:
        """Read the meter as it was at the last `flow`, in the unit of the measurand."""
        power = {"Power.Active.Import": self.flowing.watts, "Current.Import": self.flowing.amperes}
        return {**power, "Voltage": FACTS.voltage}.get(measurand, self.energy)
