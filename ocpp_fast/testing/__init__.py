"""For tests of programs that use ocpp_fast: connections in memory, without a socket.

- `connect` joins a `CentralSystem` and a station, or a `ChargePoint` and a central system: handlers, middleware and
  hooks run as they do over a socket. `FakeClock` lets time pass at once.
- `MemoryBroker` carries a cluster of several nodes in one process.
- `Pair` joins two sessions without an event loop: nothing moves by itself.
- The pytest plugin has fixtures for tests that are plain functions, with real sockets: see `plugin`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import FakeClock
    from .memory import connect
    from .memory_bus import MemoryBroker, MemoryBus
    from .pair import Clock, Pair, Side

__all__ = ["Clock", "FakeClock", "MemoryBroker", "MemoryBus", "Pair", "Side", "connect"]

_MODULES = {
    "Clock": "pair",
    "FakeClock": "clock",
    "MemoryBroker": "memory_bus",
    "MemoryBus": "memory_bus",
    "Pair": "pair",
    "Side": "pair",
    "connect": "memory",
}


def __getattr__(name: str) -> Any:
    """Import what a name needs when it is asked for: pytest loads the plugin in every run."""
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
