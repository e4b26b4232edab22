"""What 2.1 has and 2.0.1 has not: `COMMANDS` of a simulated station, `ANSWERS` of a CSMS."""

from __future__ import annotations

from typing import Final

from .answers import AdditionalAnswers
from .battery_swap import BatterySwapCommands
from .der_control import DerControlCommands
from .energy import EnergyCommands
from .event_streams import EventStreamCommands
from .payment import PaymentCommands
from .tariffs import TariffCommands

__all__ = ["ANSWERS", "COMMANDS"]

ANSWERS: Final = (AdditionalAnswers,)
COMMANDS: Final = (
    BatterySwapCommands,
    DerControlCommands,
    EnergyCommands,
    EventStreamCommands,
    PaymentCommands,
    TariffCommands,
)
