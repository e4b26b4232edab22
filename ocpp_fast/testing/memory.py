"""A central system and a charge point joined in memory: all of both but the sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Any, overload
from urllib.parse import urlsplit, urlunsplit

from websockets.datastructures import Headers

from ..aio import CentralSystem, ChargePoint, NoAuth, Station
from ..aio.address import Address
from ..aio.admission import Admission, Offer, no_common_subprotocol
from ..aio.endpoint import VersionModule
from ..aio.events import Limit
from ..aio.transport import CloseCode, TransportOwner
from ..aio.uplink import StationConnection
from ..errors import HandshakeFailed, HandshakeRefused, NoCommonVersion
from ..schema import Version
from .clock import FakeClock

__all__ = ["connect"]


@overload
def connect(
    central: CentralSystem,
    station: str,
    *,
    version: VersionModule | Version,
    password: bytes | None = None,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    clock: FakeClock | None = None,
) -> AbstractAsyncContextManager[ChargePoint]: ...
@overload
def connect(
    central: CentralSystem,
    station: ChargePoint,
    *,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    clock: FakeClock | None = None,
) -> AbstractAsyncContextManager[ChargePoint]: ...
@overload
def connect(central: ChargePoint, *, clock: FakeClock | None = None) -> AbstractAsyncContextManager[Station]: ...
def connect(
    central: CentralSystem | ChargePoint,
    station: str | ChargePoint | None = None,
    *,
    version: VersionModule | Version | None = None,
    password: bytes | None = None,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    clock: FakeClock | None = None,
) -> AbstractAsyncContextManager[Any]:
    """Join both sides in memory while the context lasts.

    - `connect(central, "CP1", version=v16)` gives a `ChargePoint` that is connected to your central system.
    - `connect(central, charge_point)` connects a charge point of your own, which may have handlers already.
    - `connect(charge_point)` gives the `Station` of your charge point, in a central system that lets everyone in.

    The handshake is decided as over a socket: `path` (by default `/` and the identity) and `headers` are the request's,
    and it comes from 127.0.0.1. `clock` becomes the event loop's. Raises `HandshakeFailed` with the status when it is
    refused.
    """
    if isinstance(central, ChargePoint):
        return _station(central, clock)
    if isinstance(station, ChargePoint):
        return _charge_point(central, station, path, headers or {}, clock)
    if station is None or version is None:
        raise TypeError(
            "expected a central system, an identity and a version, such as connect(central, 'CP1', version=v16)"
        )
    made = ChargePoint(station, "ws://memory", versions=[version], password=password)
    return _charge_point(central, made, path, headers or {}, clock)


@asynccontextmanager
async def _station(charge_point: ChargePoint, clock: FakeClock | None) -> AsyncIterator[Station]:
    central = CentralSystem(auth=NoAuth(), versions=charge_point.versions)
    async with _charge_point(central, charge_point, None, {}, clock):
        yield central[charge_point.id]


@asynccontextmanager
async def _charge_point(
    central: CentralSystem,
    charge_point: ChargePoint,
    path: str | None,
    headers: Mapping[str, str],
    clock: FakeClock | None,
) -> AsyncIterator[ChargePoint]:
    dial = _Dial(central, charge_point, path, headers)
    charge_point._uplink.dial = dial
    try:
        with nullcontext() if clock is None else clock.installed():
            async with central._running(grace=1.0) as closing:
                closing.append(dial.transports)
                async with charge_point:
                    yield charge_point
                for each in tuple(dial.transports):
                    await each.wait_closed()
                await asyncio.sleep(0)  # for hooks, which are told a moment later
    finally:
        charge_point._uplink.dial = charge_point._uplink.dial_socket


class _Dial:
    """Connects a charge point to a central system, as often as it likes."""

    def __init__(
        self, central: CentralSystem, charge_point: ChargePoint, path: str | None, headers: Mapping[str, str]
    ) -> None:
        self.transports: set[Transport] = set()
        self._central = central
        self._charge_point = charge_point
        self._path = path
        self._headers = headers

    async def __call__(self, address: Address) -> StationConnection:
        runtime, charge_point = self._central._runtime, self._charge_point
        headers = Headers({"Host": "memory", **self._headers})
        if address.authorization is not None and "Authorization" not in headers:
            headers["Authorization"] = address.authorization
        offers = tuple(each.subprotocol for each in charge_point.versions)
        path = self._path or urlunsplit(urlsplit(address.url)._replace(scheme="", netloc=""))
        offer = Offer(path, headers, offers, ("127.0.0.1", 0), secure=address.secure)
        admission = Admission(runtime, offer)
        admitted = await admission.decide()
        if isinstance(admitted, HandshakeRefused):
            reason = admitted.reason
            raise HandshakeFailed(f"refused with {admitted.status.value}: {reason}", admitted.status, reason)
        if admitted.version is None or admitted.subprotocol is None:  # which a station takes for no answer
            if admitted.version is None:
                admission.refuse(101, no_common_subprotocol(offers))
            raise NoCommonVersion("the server chose no subprotocol", HTTPStatus.SWITCHING_PROTOCOLS)
        there = Transport(self.transports, runtime.max_message_size)
        here = Transport(self.transports, charge_point._runtime.max_message_size)
        there.other, here.other = here, there
        connection = charge_point._new_connection(here, admitted.subprotocol)
        assert connection is not None
        there.owner = runtime.arrived(there, admitted, admitted.version)
        here.owner = connection
        return connection


class Transport:
    """One end of a connection in memory: what is sent arrives at the other end when the event loop comes to it."""

    peer = "memory"
    certificate = None

    def __init__(self, opened: set[Transport], max_size: int) -> None:
        self.other: Transport
        self.owner: TransportOwner | None = None
        self._loop = asyncio.get_running_loop()
        self.failed = False
        self._max_size = max_size
        self._opened = opened
        self._paused = False
        self._backlog: deque[bytes] = deque()
        self._closed = asyncio.Event()
        opened.add(self)

    def send(self, raw: bytes) -> None:
        """Send a text message, in UTF-8. Does nothing when the connection is closed."""
        if not self._closed.is_set():
            self._loop.call_soon(self.other._arrive, raw)

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """End the connection, at the other end when what was sent has arrived."""
        if not self._closed.is_set():
            self._loop.call_soon(self.other._end, code, reason)
            self._end(code, reason)

    def abort(self) -> None:
        """Cut the connection."""
        self.close(CloseCode.ABNORMAL)

    def pause(self) -> None:
        """Hand over no more messages, until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Hand over messages again, those that came meanwhile first."""
        self._paused = False
        while self._backlog and not self._paused and self.owner is not None:
            self.owner.message_received(self._backlog.popleft())

    def trust(self) -> None:
        """Change nothing: messages of any size that is allowed at all are taken from the beginning."""

    async def answers(self, seconds: float) -> bool:
        """Whether it is connected."""
        return not self._closed.is_set()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        await self._closed.wait()

    def _arrive(self, raw: bytes) -> None:
        if len(raw) > self._max_size and self.owner is not None:
            self.failed = True
            self.owner.limit_reached(Limit.MESSAGE_SIZE, f"closed with {int(CloseCode.TOO_BIG)}")
            self.close(CloseCode.TOO_BIG, f"expected at most {self._max_size} bytes")
        elif self._paused:
            self._backlog.append(raw)
        elif self.owner is not None:
            self.owner.message_received(raw)

    def _end(self, code: int, reason: str) -> None:
        if not self._closed.is_set():
            self._closed.set()
            self._opened.discard(self)
            owner, self.owner = self.owner, None
            if owner is not None:
                owner.transport_closed(code, reason)
