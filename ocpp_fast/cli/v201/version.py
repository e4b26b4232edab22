"""The messages that the modules of this package are about: those of 2.0.1."""

from __future__ import annotations

from ocpp_fast import ChargePoint
from ocpp_fast import v201 as ocpp

__all__ = ["ocpp", "shortcuts"]


def shortcuts(station: ChargePoint) -> ocpp.ChargePointShortcuts:
    """Return the calls of a station as methods."""
    return station.v201
