"""Simulated stations, to test a central system with: `simulated(settings, observer)` makes one, its `run` is its life.

Whoever starts one decides how it ends (cancel `run`), where the lines go that tell what happens (`Observer`), and
may watch its frames: `charge_point` is the `ChargePoint` that it speaks through.
"""

from __future__ import annotations

from .settings import Observer, Settings
from .station import SimulatedStation

__all__ = ["Observer", "Settings", "SimulatedStation", "simulated"]


def simulated(settings: Settings, observer: Observer) -> SimulatedStation:
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
