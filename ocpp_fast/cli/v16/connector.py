"""A connector of the simulated charge point: what it is doing, and its meter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import v16

from ..schedule import PHASES, VOLTAGE

__all__ = ["MEASURANDS", "Connector", "Reservation", "Transaction"]

MEASURANDS: Final = (
    v16.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER,
    v16.Measurand.POWER_ACTIVE_IMPORT,
    v16.Measurand.CURRENT_IMPORT,
    v16.Measurand.VOLTAGE,
)
"""What the meter can tell."""


@dataclass(slots=True)
class Transaction:
    """A transaction that runs; `end` is given the reason when it shall stop."""

    id: int
    id_tag: str
    started: datetime
    end: asyncio.Future[v16.Reason]


@dataclass(slots=True)
class Reservation:
    """A connector kept for an id tag."""

    id: int
    id_tag: str
    expiry: datetime


@dataclass(slots=True)
class Connector:
    """One connector. `operative` and `reservation` outlive a restart, the rest does not."""

    id: int
    operative: bool = True
    reservation: Reservation | None = None
    energy: float = 0.0
    """Wh that have flowed, ever."""
    amperes: float = 0.0
    """What flows now, in each phase."""
    phase: v16.ChargePointStatus | None = None
    """How far the charging session is; None without one."""
    session: asyncio.Task[bool] | None = None
    transaction: Transaction | None = field(default=None)

    @property
    def status(self) -> v16.ChargePointStatus:
        """What a StatusNotification says."""
        if self.phase is not None:
            return self.phase
        if not self.operative:
            return v16.ChargePointStatus.UNAVAILABLE
        if self.reservation is not None:
            return v16.ChargePointStatus.RESERVED
        return v16.ChargePointStatus.AVAILABLE

    def is_free_for(self, id_tag: str) -> bool:
        """Whether a session of the id tag can begin."""
        if self.session is not None or not self.operative:
            return False
        return self.reservation is None or self.reservation.id_tag == id_tag

    def stop(self, reason: v16.Reason) -> None:
        """Stop the transaction, if one runs."""
        if self.transaction is not None and not self.transaction.end.done():
            self.transaction.end.set_result(reason)

    def power_off(self) -> None:
        """Forget what a restart does not leave."""
        self.session = self.transaction = self.phase = None
        self.amperes = 0.0

    def flow(self, seconds: float) -> None:
        """Count the energy of some time."""
        self.energy += self._watts * seconds / 3600

    @property
    def _watts(self) -> float:
        return self.amperes * VOLTAGE * PHASES

    def read(self, measurands: Iterable[v16.Measurand], context: v16.ReadingContext) -> v16.MeterValue:
        """Read the meter."""
        sampled = [self._sampled(each, context) for each in measurands]
        return v16.MeterValue(timestamp=datetime.now(UTC), sampled_value=sampled)

    def _sampled(self, measurand: v16.Measurand, context: v16.ReadingContext) -> v16.SampledValue:
        value, unit = {
            v16.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER: (self.energy, v16.UnitOfMeasure.WH),
            v16.Measurand.POWER_ACTIVE_IMPORT: (self._watts, v16.UnitOfMeasure.W),
            v16.Measurand.CURRENT_IMPORT: (self.amperes, v16.UnitOfMeasure.A),
            v16.Measurand.VOLTAGE: (VOLTAGE, v16.UnitOfMeasure.V),
        }[measurand]
        return v16.SampledValue(value=f"{value:.1f}", context=context, measurand=measurand, unit=unit)
