"""How many connections there may be: as many as files may be open, no more than `max_connections`, and of those that
are not open yet no more than `max_handshakes`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sized
from contextlib import suppress
from http import HTTPStatus
from typing import Final, Protocol, cast

from .events import Limit
from .logs import write
from .proxies import Address
from .security import Refusal

__all__ = ["RETRY_AFTER", "ROOM", "SHED", "Lobby", "Turnstile", "has_room", "raise_file_limit"]

ROOM: Final = 64
"""Files that connections leave to the rest of the process."""

RETRY_AFTER: Final = "30"
"""Seconds that those wait who are answered 503."""

SHED: Final = "max_handshakes: the oldest without a whole request"

_FEW: Final = 4096
_LINGER: Final = 1.0
_MOST_LINGERING: Final = 100
_GRACE: Final = 5.0
_MUCH: Final = 8
_SHED_AT_ONCE: Final = 10
_FULL: Final = (
    f"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: {RETRY_AFTER}\r\n\r\n"
).encode()


def raise_file_limit(log: logging.Logger) -> None:
    """Let this process open as many files as the system allows it to; log a warning if these are few."""
    if sys.platform == "win32":
        return
    import resource

    kind = resource.RLIMIT_NOFILE
    with suppress(OSError, ValueError):  # macOS says "unlimited", and does not mean it
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (hard, hard))
    limit = resource.getrlimit(kind)[0]
    if limit != resource.RLIM_INFINITY and limit < _FEW:
        write(log, logging.WARNING, "no more than %d files may be open, a connection being one (ulimit -Hn)", limit)


def has_room(file: int) -> bool:
    """Whether `ROOM` more files can be opened; `file` is any that is open. Always true on Windows."""
    if sys.platform == "win32":
        return True
    import fcntl
    import resource

    spare: list[int] = []
    try:
        last = max(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - ROOM, 0)
        with suppress(OSError):
            spare.append(fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, last))
            if spare == [last]:  # new files take the lowest number that is free, so those above are free, too
                return True
        while len(spare) < ROOM:  # or not, if some are left from fuller times
            spare.append(os.dup(file))
    except OSError:
        return False
    finally:
        for each in spare:
            os.close(each)
    return True


class Comer(Protocol):
    """A connection that is not open yet."""

    def shed(self) -> None:
        """Cut it, for there are too many."""
        ...


class Told(Protocol):
    """Who is told of limits."""

    def limit_reached(self, limit: Limit, identity: str | None, remote_address: Address, detail: str = "") -> None: ...
    def refused(self, refusal: Refusal) -> None: ...


class Lobby:
    """The connections that are not open yet: those whose request is not whole, and those that wait to be let in.

    There are at most `most` of each. Above, the oldest of the former are shed once they have had five seconds, in which
    all that come back at once can send their requests; at eight times as many, at once. Of the latter none is:
    `is_full` tells that no more should be accepted, until half of them are decided; `changed` is called when it
    changes.
    """

    def __init__(self, most: int, owner: Told) -> None:
        self._most = most
        self._owner = owner
        self._asking: dict[Comer, float] = {}
        """When they have come, the oldest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: set[Comer] = set()
        self.is_full = False
        self.changed: Callable[[], object] = int  # does nothing

    def asks(self, each: Comer) -> None:
        """It is connected; its request is to come."""
        loop = asyncio.get_running_loop()
        self._asking[each] = loop.time()
        if len(self._asking) > _MUCH * self._most:
            self._shed_oldest()
        elif len(self._asking) > self._most and self._timer is None:
            self._timer = loop.call_at(self._oldest + _GRACE, self._shed, loop)

    @property
    def _oldest(self) -> float:
        return next(iter(self._asking.values()))

    def _shed(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for _ in range(_SHED_AT_ONCE):
            if len(self._asking) <= self._most:
                return
            if self._oldest + _GRACE > loop.time():
                break
            self._shed_oldest()
        if len(self._asking) > self._most:
            self._timer = loop.call_at(self._oldest + _GRACE, self._shed, loop)

    def _shed_oldest(self) -> None:
        oldest = next(iter(self._asking))
        del self._asking[oldest]
        oldest.shed()

    def close(self) -> None:
        """End the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def has_asked(self, each: Comer) -> None:
        """Its request has come, or will not."""
        self._asking.pop(each, None)

    def waits(self, each: Comer) -> None:
        """Whether it is let in is decided later."""
        self._waiting.add(each)
        if not self.is_full and len(self._waiting) >= self._most:
            self.is_full = True
            self._owner.limit_reached(Limit.HANDSHAKES, None, None, "no more connections are accepted")
            self.changed()

    def decided(self, each: Comer) -> None:
        """It waits no longer."""
        self._waiting.discard(each)
        if self.is_full and len(self._waiting) <= self._most // 2:
            self.is_full = False
            self.changed()


class Turnstile:
    """Makes the protocols of connections until `limit` are open; those above are answered 503, and told of.

    They are told of once a second at most, with their number. `opened` are the connections, once they are made.
    """

    def __init__(
        self,
        new_protocol: Callable[[Address], asyncio.BaseProtocol],
        opened: Sized,
        limit: int,
        owner: Told,
    ) -> None:
        self._new_protocol = new_protocol
        self._opened = opened
        self._limit = limit
        self._owner = owner
        self._untold = 0
        self._told_at = float("-inf")
        self._lingering: set[asyncio.Transport] = set()
        self._closed = False

    def __call__(self, address: Address) -> asyncio.BaseProtocol:
        return _Entrant(self, address)

    def let_in(self, address: Address) -> asyncio.BaseProtocol | None:
        """Return the protocol of a connection, which is made now; None if it is one too many."""
        return None if len(self._opened) >= self._limit else self._new_protocol(address)

    def close(self) -> None:
        """Cut those that are being turned away, now and later."""
        self._closed = True
        for each in self._lingering:
            each.abort()

    def turn_away(self, transport: asyncio.Transport, address: Address) -> asyncio.TimerHandle | None:
        """Answer, and wait a second for the client to have read it; return the timer, if it is waited for."""
        if self._closed:
            transport.abort()
            return None
        loop = asyncio.get_running_loop()
        self._tell(loop.time(), address or transport.get_extra_info("peername"))
        transport.write(_FULL)
        if not transport.can_write_eof() or len(self._lingering) >= _MOST_LINGERING:
            transport.close()
            return None
        transport.write_eof()  # to close with a request unread would reset the connection, and lose the answer
        self._lingering.add(transport)
        return loop.call_later(_LINGER, transport.abort)

    def left(self, transport: asyncio.Transport) -> None:
        """A connection that was turned away has ended."""
        self._lingering.discard(transport)

    def _tell(self, now: float, peer: Address | str) -> None:
        self._untold += 1
        if now - self._told_at >= 1:
            many = f" ({self._untold} refused since this was told last)" if self._untold > 1 else ""
            address = (peer[0], peer[1]) if isinstance(peer, tuple) else None
            reason = f"max_connections: {self._limit} are open{many}"
            self._owner.limit_reached(Limit.CONNECTIONS, None, address, reason)
            self._owner.refused(Refusal(reason, HTTPStatus.SERVICE_UNAVAILABLE, address, ""))
            self._told_at, self._untold = now, 0


class _Entrant(asyncio.Protocol):
    """A connection that is let in or not when it is made: with TLS, long after it was accepted.

    What one that is turned away sends is dropped.
    """

    def __init__(self, turnstile: Turnstile, address: Address) -> None:
        self._turnstile = turnstile
        self._address = address
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        protocol = self._turnstile.let_in(self._address)
        if protocol is not None:
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            return
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._timer = self._turnstile.turn_away(self._transport, self._address)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._turnstile.left(self._transport)
