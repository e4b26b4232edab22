"""Simulated stations, to test a central system with: `simulated(settings)` makes one.

    async with simulated(Settings(id="CP1", url="ws://127.0.0.1:8887", version="2.0.1", sessions=0)) as station:
        await station.booted()
        await station.start(outlet=1, token="TAG")
        await station.until(lambda: station.outlets[1].status == "Charging")
        await station.stop(outlet=1)
        await station.unplug(outlet=1)

It lives as long as the context, or as its `run`. An `Observer` is told, in lines, what happens; `charge_point` is the
`ChargePoint` that it speaks through.
"""

from __future__ import annotations

from .events import Event, EventKind
from .fleet import Fleet
from .network import Network
from .outlet import Outlet, Transaction
from .scenario import Scenario
from .script import Refused
from .settings import Observer, Settings, Silent
from .station import SimulatedStation

__all__ = [
    "Event",
    "EventKind",
    "Fleet",
    "Network",
    "Observer",
    "Outlet",
    "Refused",
    "Scenario",
    "Settings",
    "SimulatedStation",
    "Transaction",
    "simulated",
]


def simulated(settings: Settings, observer: Observer = Silent()) -> SimulatedStation:  # noqa: B008  # it has no state
    """Return a station that speaks the version of its settings; only the messages of that version are imported."""
    if settings.version == "1.6":
        from . import v16

        return v16.Station(settings, observer)
    if settings.version == "2.0.1":
        from ocpp_fast import v201

        from . import v2

        return v2.Station(v201, settings, observer)
    if settings.version == "2.1":
        from . import v21

        return v21.Station(settings, observer)
    raise ValueError(f"expected the version 1.6, 2.0.1 or 2.1, not {settings.version!r}")
