"""The messages that the modules of this package are about: those of 2.1."""

from __future__ import annotations

from ocpp_fast import ChargePoint
from ocpp_fast import v21 as ocpp

__all__ = ["custom_monitor", "ocpp", "shortcuts"]


def shortcuts(station: ChargePoint) -> ocpp.ChargePointShortcuts:
    """Return the calls of a station as methods."""
    return station.v21


def custom_monitor(
    number: int, kind: ocpp.MonitorEnumType, value: float, severity: int, *, transaction: bool
) -> ocpp.VariableMonitoringType:
    """Return what a report says of a monitor that the CSMS has set."""
    return ocpp.VariableMonitoringType(
        id=number,
        type=kind,
        value=value,
        severity=severity,
        transaction=transaction,
        event_notification_type=ocpp.EventNotificationEnumType.CUSTOM_MONITOR,
    )
