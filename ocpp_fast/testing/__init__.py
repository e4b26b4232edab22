"""For tests of programs that use ocpp_fast: connections in memory, without a socket.

- `connect` joins a `CentralSystem` and a station, or a `ChargePoint` and a central system: handlers, middleware and
  hooks run as they do over a socket. `FakeClock` lets time pass at once.
- `Pair` joins two sessions without an event loop: nothing moves by itself.
- The pytest plugin has fixtures for tests that are no coroutines, with real sockets: see `plugin`.
"""

from .clock import FakeClock
from .memory import connect
from .pair import Clock, Pair, Side

__all__ = ["Clock", "FakeClock", "Pair", "Side", "connect"]
