"""The central system: a server that stations connect to."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from websockets.frames import CloseCode

from ..dialect import Fault
from ..errors import NotConnected, OcppError, VersionMismatch
from ..frames import FrameFault
from ..policy import STRICT, Policy
from ..registration import CentralGate, MemoryRegistrations, Registrations
from ..schema import Sender, Version
from .connection import Connection
from .endpoint import Endpoint, VersionModule
from .handshake import Identify, ServerWebSocket, identity_of
from .keepalive import Keepalive
from .security import Auth, Handshake

if TYPE_CHECKING:
    from .. import v16, v21, v201

__all__ = ["CentralSystem", "Server", "Station"]

PolicyChoice: TypeAlias = Policy | Callable[[Handshake], Policy]
Duplicates: TypeAlias = Literal["replace", "reject"] | Callable[["Station", Handshake], bool]


class Station(Connection):
    """A connected station, as the central system sees it.

    `id` is its identity, `version` the negotiated OCPP version, `policy` how it is judged, `handshake` what it said
    when it connected; `data` is the user's own.
    """

    def __init__(
        self,
        central: CentralSystem,
        websocket: ServerWebSocket,
        handshake: Handshake,
        version: Version,
        policy: Policy,
    ) -> None:
        self.id = handshake.identity
        gate = CentralGate(
            central.registrations.load(self.id),
            partial(central.registrations.store, self.id),
            lets_strangers=policy.lets_strangers,
        )
        super().__init__(central, websocket, version, policy, gate, identity=self.id)
        self._central = central
        self._gate = gate
        self._subject = (self,)
        self.handshake = handshake
        self.data: Any = None
        self._asked_to_boot = False

    @property
    def v16(self) -> v16.CentralSystemShortcuts:
        """The calls of OCPP 1.6 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v16.CentralSystemShortcuts = self._shortcuts("1.6")
        return shortcuts

    @property
    def v201(self) -> v201.CentralSystemShortcuts:
        """The calls of OCPP 2.0.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v201.CentralSystemShortcuts = self._shortcuts("2.0.1")
        return shortcuts

    @property
    def v21(self) -> v21.CentralSystemShortcuts:
        """The calls of OCPP 2.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v21.CentralSystemShortcuts = self._shortcuts("2.1")
        return shortcuts

    def _shortcuts(self, number: str) -> Any:
        if self.version.number != number:
            raise VersionMismatch(f"{self.id} speaks OCPP {self.version.number}, not {number}")
        return self.version.central_shortcuts(self.call, self.send)

    @property
    def registration(self) -> str | None:
        """What its last BootNotification was answered: Accepted, Pending, Rejected; None when not known (R40)."""
        return self._gate.status

    def _noticed(self, fault: FrameFault) -> None:
        if fault.fault is Fault.NOT_REGISTERED and self._gate.status is None and not self._asked_to_boot:
            self._asked_to_boot = True
            self._central.tasks.start(self._ask_to_boot())

    async def _ask_to_boot(self) -> None:
        """Ask a station of which nothing is known for its BootNotification (R40)."""
        trigger: Any = self.version.messages["TriggerMessage"].request
        try:
            answer = await self.call(trigger(requested_message="BootNotification"))
        except OcppError as error:
            self._central.log.info("%s: would not boot: %s", self, error)
            return
        if answer.status == "Rejected":  # as one must that has been accepted before (F06.FR.17)
            self._gate.accept()

    def _left(self) -> None:
        self._central._departed(self)

    def __repr__(self) -> str:
        return f"<Station {self.id} {self.version.number}{'' if self.connected else ' disconnected'}>"

    def __str__(self) -> str:
        return self.id


class CentralSystem(Endpoint):
    """Accepts stations, answers them and calls them.

    `auth` decides who may connect (`NoAuth()`, `BasicAuth(...)`). `policy` may be a function of the handshake. A
    station that connects a second time replaces its old connection (`duplicates="replace"`), is refused (`"reject"`),
    or a function of the connected station and the handshake tells whether it replaces it (R36). A client without a
    common subprotocol is closed with 1002, or refused with HTTP 400 (`refuse_unknown_subprotocols`, R31).
    `identify` maps a request's path and headers to an identity, in place of the path's last segment (R32). Stations are
    pinged every `ping_interval` seconds (R38, 0 is off). `registrations` remembers who was accepted (R40); the default
    forgets with the process.

    It is a mapping of the connected stations: `central["CP001"]`, `"CP001" in central`, `len(central)`; iteration gives
    the stations themselves.
    """

    role = Sender.CENTRAL

    def __init__(
        self,
        *,
        auth: Auth,
        versions: Sequence[VersionModule | Version],
        policy: PolicyChoice = STRICT,
        duplicates: Duplicates = "replace",
        refuse_unknown_subprotocols: bool = False,
        identify: Identify = identity_of,
        ping_interval: float = 60.0,
        registrations: Registrations | None = None,
        **options: Any,
    ) -> None:
        super().__init__(versions, **options)
        self.auth = auth
        self.duplicates = duplicates
        self.refuse_unknown_subprotocols = refuse_unknown_subprotocols
        self.identify = identify
        self.ping_interval = ping_interval
        self.registrations: Registrations = MemoryRegistrations() if registrations is None else registrations
        self._policy_of: Callable[[Handshake], Policy] = policy if callable(policy) else lambda _: policy
        self._stations: dict[str, Station] = {}
        self._arrivals: dict[str, set[asyncio.Future[Station]]] = {}
        self._listeners = 0

    # The connected stations

    def __getitem__(self, identity: str) -> Station:
        """Return a connected station. Raises `NotConnected`."""
        try:
            return self._stations[identity]
        except KeyError:
            raise NotConnected(identity) from None

    def get(self, identity: str) -> Station | None:
        """Return a connected station, or None."""
        return self._stations.get(identity)

    def __contains__(self, identity: object) -> bool:
        return identity in self._stations

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._stations.values()))

    def __len__(self) -> int:
        return len(self._stations)

    def __bool__(self) -> bool:
        return True  # also without stations

    async def wait_connected(self, identity: str) -> Station:
        """Return a station as soon as it is connected; bound the wait with `asyncio.timeout`."""
        station = self._stations.get(identity)
        if station is not None:
            return station
        arrival: asyncio.Future[Station] = asyncio.get_running_loop().create_future()
        self._arrivals.setdefault(identity, set()).add(arrival)
        try:
            return await arrival
        finally:
            self._give_up_waiting(identity, arrival)

    def _give_up_waiting(self, identity: str, arrival: asyncio.Future[Station]) -> None:
        waiting = self._arrivals.get(identity, set())
        waiting.discard(arrival)
        if not waiting:
            self._arrivals.pop(identity, None)

    # Serving

    @asynccontextmanager
    async def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ssl: tls.SSLContext | None = None,
        grace: float = 5.0,
        **options: Any,
    ) -> AsyncIterator[Server]:
        """Listen while the context lasts; port 0 picks a free one. `options` are those of `loop.create_server`.

        In the end handlers that run get `grace` seconds to answer, then all connections are closed with 1001. Several
        ports may be served at once; the handlers are waited for when the last of them ends.
        """
        sockets: set[ServerWebSocket] = set()
        loop = asyncio.get_running_loop()
        if ssl is not None:
            options.setdefault("ssl_handshake_timeout", self.open_timeout)
        listener = await loop.create_server(
            lambda: ServerWebSocket(self, sockets), host, port, ssl=ssl, start_serving=False, **options
        )
        keepalive = Keepalive(self.ping_interval, lambda: sockets)
        self._listeners += 1
        self.stopping = False
        try:
            await listener.start_serving()
            keepalive.start()
            yield Server(listener, host, secure=ssl is not None)
        finally:
            keepalive.stop()
            listener.close()
            self._listeners -= 1
            await self._stop(sockets, grace)

    async def _stop(self, sockets: set[ServerWebSocket], grace: float) -> None:
        is_last = self._listeners == 0
        if is_last:
            self.stopping = True
            await self.tasks.finish(grace)
        while closing := list(sockets):
            for socket in closing:
                socket.close(CloseCode.GOING_AWAY, "the central system stops")
            for socket in closing:
                await socket.wait_closed()
        if is_last:
            await self.tasks.finish(grace)

    # The handshake asks

    def admits(self, handshake: Handshake) -> bool:
        """Whether the identity may connect, one that is connected already included (R36)."""
        if self.stopping:
            return False
        old = self._stations.get(handshake.identity)
        if old is None or self.duplicates == "replace":
            return True
        return callable(self.duplicates) and self.duplicates(old, handshake)

    def arrived(self, websocket: ServerWebSocket, handshake: Handshake, version: Version) -> Station:
        """Take a station in, in place of an older connection of the same identity."""
        station = Station(self, websocket, handshake, version, self._policy_of(handshake))
        old = self._stations.get(station.id)
        if old is not None:
            old._websocket.close(CloseCode.POLICY_VIOLATION, "replaced by a newer connection")
        self._stations[station.id] = station
        for arrival in self._arrivals.pop(station.id, ()):
            if not arrival.done():
                arrival.set_result(station)
        asyncio.get_running_loop().call_soon(self.tasks.run, self.connect_hooks, station)
        return station

    def _departed(self, station: Station) -> None:
        if self._stations.get(station.id) is station:
            del self._stations[station.id]


class Server:
    """A central system that listens: where, and until when."""

    def __init__(self, listener: asyncio.Server, host: str, *, secure: bool) -> None:
        self._listener = listener
        self.host = host
        self.port: int = listener.sockets[0].getsockname()[1]
        self.url = f"{'wss' if secure else 'ws'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        """Where stations connect to; their identity follows as the last segment of the path."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()
