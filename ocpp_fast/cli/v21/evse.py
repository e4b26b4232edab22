"""An EVSE of the simulated station, with its one connector: what it is doing, and its meter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ..schedule import PHASES, VOLTAGE
from .version import ocpp

__all__ = ["CONNECTOR", "MEASURANDS", "Evse", "Reservation", "Stop", "Transaction"]

CONNECTOR: Final = 1
"""The id of the connector of every EVSE."""
MEASURANDS: Final = (
    ocpp.MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER,
    ocpp.MeasurandEnumType.POWER_ACTIVE_IMPORT,
    ocpp.MeasurandEnumType.CURRENT_IMPORT,
    ocpp.MeasurandEnumType.VOLTAGE,
)
"""What the meter can tell."""

_Status = ocpp.ConnectorStatusEnumType


class Stop(NamedTuple):
    """Why a transaction ends."""

    reason: ocpp.ReasonEnumType
    trigger: ocpp.TriggerReasonEnumType


@dataclass(slots=True)
class Transaction:
    """A transaction that runs; `end` is given the cause when it shall stop."""

    id: str
    id_token: ocpp.IdTokenType
    remote_start_id: int | None
    started: datetime
    end: asyncio.Future[Stop]
    state: ocpp.ChargingStateEnumType = ocpp.ChargingStateEnumType.EV_CONNECTED
    events: int = 0
    """How many were sent; the sequence number of the next."""
    priority: bool = False
    """Whether profiles of the purpose PriorityCharging hold (2.1)."""

    def stop(self, stop: Stop) -> None:
        """End it, if nothing else has."""
        if not self.end.done():
            self.end.set_result(stop)


@dataclass(slots=True)
class Reservation:
    """An EVSE kept for an id token, or for those of a group."""

    id: int
    id_token: ocpp.IdTokenType
    group: ocpp.IdTokenType | None
    expiry: datetime

    def is_for(self, *tokens: ocpp.IdTokenType | None) -> bool:
        """Whether one of these tokens may use it."""
        return any(each in (self.id_token, self.group) for each in tokens if each is not None)


@dataclass(slots=True)
class Evse:
    """One EVSE. `operative` and `reservation` outlive a restart, the rest does not."""

    id: int
    operative: bool = True
    reservation: Reservation | None = None
    energy: float = 0.0
    """Wh that have flowed, ever."""
    amperes: float = 0.0
    """What flows now, in each phase."""
    session: asyncio.Task[bool] | None = None
    transaction: Transaction | None = None

    @property
    def status(self) -> ocpp.ConnectorStatusEnumType:
        """What a StatusNotification says."""
        if self.session is not None:
            return _Status.OCCUPIED
        if not self.operative:
            return _Status.UNAVAILABLE
        return _Status.AVAILABLE if self.reservation is None else _Status.RESERVED

    @property
    def watts(self) -> float:
        """What flows now."""
        return self.amperes * VOLTAGE * PHASES

    def is_free_for(self, *tokens: ocpp.IdTokenType | None) -> bool:
        """Whether a session of an id token, or of its group, can begin."""
        if self.session is not None or not self.operative:
            return False
        return self.reservation is None or self.reservation.is_for(*tokens)

    def stop(self, reason: ocpp.ReasonEnumType, trigger: ocpp.TriggerReasonEnumType) -> None:
        """Stop the transaction, if one runs."""
        if self.transaction is not None:
            self.transaction.stop(Stop(reason, trigger))

    def power_off(self) -> None:
        """Forget what a restart does not leave."""
        self.session = self.transaction = None
        self.amperes = 0.0

    def flow(self, seconds: float) -> None:
        """Count the energy of some time."""
        self.energy += self.watts * seconds / 3600

    def read(
        self, measurands: Iterable[ocpp.MeasurandEnumType], context: ocpp.ReadingContextEnumType
    ) -> list[ocpp.MeterValueType] | None:
        """Read the meter; None when nothing is to be told."""
        sampled = [self._sampled(each, context) for each in measurands]
        return [ocpp.MeterValueType(timestamp=datetime.now(UTC), sampled_value=sampled)] if sampled else None

    def _sampled(
        self, measurand: ocpp.MeasurandEnumType, context: ocpp.ReadingContextEnumType
    ) -> ocpp.SampledValueType:
        value, unit = {
            ocpp.MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER: (self.energy, "Wh"),
            ocpp.MeasurandEnumType.POWER_ACTIVE_IMPORT: (self.watts, "W"),
            ocpp.MeasurandEnumType.CURRENT_IMPORT: (self.amperes, "A"),
            ocpp.MeasurandEnumType.VOLTAGE: (float(VOLTAGE), "V"),
        }[measurand]
        return ocpp.SampledValueType(
            value=round(value, 3),
            context=context,
            measurand=measurand,
            unit_of_measure=ocpp.UnitOfMeasureType(unit=unit),
        )
