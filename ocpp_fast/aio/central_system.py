"""The central system: a server that stations connect to."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
import ssl as tls
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import NotConnected
from ..policy import STRICT, Policy
from ..registration import MemoryRegistrations, Registrations
from ..routing import Routes
from ..schema import Sender, Version
from .arguments import check_interval, check_policy, versions_of
from .connection import check_loop
from .endpoint import Endpoint, Runtime, VersionModule
from .handshake import Identify, ServerWebSocket, identity_of
from .keepalive import Keepalive
from .security import Auth, Handshake, check_auth
from .stations import ConnectedStations, Duplicates, Station, Stations
from .transport import CloseCode

if TYPE_CHECKING:
    from ..signing import Signing

__all__ = ["CentralSystem", "Server"]

PolicyChoice: TypeAlias = Policy | Callable[[Handshake], Policy]
_LOAD_SECONDS = 1.0


class CentralRuntime(Runtime):
    """The shared state of the connections to one central system; the owner of their handshakes."""

    def __init__(
        self,
        versions: tuple[Version, ...],
        routes: Routes,
        *,
        auth: Auth,
        identify: Identify,
        policy_choice: PolicyChoice,
        refuse_unknown_subprotocols: bool,
        stations: Stations,
        registrations: Registrations,
        **settings: Any,
    ) -> None:
        policy = policy_choice if isinstance(policy_choice, Policy) else STRICT
        super().__init__(Sender.CENTRAL, versions, routes, policy, **settings)
        self.auth = auth
        self.identify = identify
        self.refuse_unknown_subprotocols = refuse_unknown_subprotocols
        self.stations = stations
        self.registrations = registrations
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listeners = 0
        self._policy_choice = policy_choice

    def admits(self, handshake: Handshake) -> bool:
        """Whether an authenticated station may connect now (R36)."""
        return not self.stopping and self.stations.admits(handshake)

    def registration_of(self, identity: str) -> str | Awaitable[str | None] | None:
        """Return the status of a station, or what to await for it; never raises."""
        try:
            status = self.registrations.load(identity)
        except Exception:  # of the user's code
            self.log.exception("%s: the registration can't be loaded", identity)
            return None
        return self._loaded(identity, status) if inspect.isawaitable(status) else status

    async def _loaded(self, identity: str, status: Awaitable[str | None]) -> str | None:
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                return await status
        except Exception:  # of the user's code, or it took too long
            self.log.exception("%s: the registration can't be loaded", identity)
            return None

    def arrived(
        self, websocket: ServerWebSocket, handshake: Handshake, version: Version, status: str | None
    ) -> Station:
        """Take a station in, in place of an older connection of the same identity."""
        policy = self._policy_choice
        if not isinstance(policy, Policy):
            policy = policy(handshake)
            check_policy(policy)
        station = Station(self, self.stations, self.registrations, websocket, handshake, version, policy, status)
        self.stations.add(station)
        asyncio.get_running_loop().call_soon(self.tasks.run, self.connect_hooks, station)
        return station


class CentralSystem(Endpoint):
    """Accepts stations, answers them and calls them.

    - `auth` decides who may connect (`NoAuth()`, `BasicAuth(...)`); `versions` are spoken.
    - `policy` says what is tolerated; it may be a function of the handshake.
    - `duplicates`: a station that connects a second time replaces its old connection ("replace"), is refused
      ("reject"), or a function of the connected station and the handshake tells whether it replaces it (R36).
    - `stations` are the connected ones; given in place of `duplicates` by what extends a central system.
    - `refuse_unknown_subprotocols`: a client without a common subprotocol gets HTTP 400; else it is closed with 1002
      right after the handshake (R31).
    - `identify` maps a request's path and headers to an identity, in place of the path's last segment (R32).
    - `registrations` remembers who was accepted (R40); the default forgets with the process.
    - `signing` opens and writes signed frames (R17); without it they are unknown actions.
    - Times are in seconds: stations are pinged every `ping_interval` (R38, 0 is off); a call may take `call_timeout`
      when it does not say itself; `open_timeout` bounds a handshake and `close_timeout` the closing one.
    - `max_message_size` bounds a message, in bytes. `log` takes what is logged, in place of the logger `ocpp_fast`.

    It is a mapping of the connected stations: `central["CP001"]`, `"CP001" in central`, `len(central)`; iteration gives
    the stations themselves. Raises `TypeError` or `ValueError` for an unusable argument.
    """

    _runtime: CentralRuntime

    def __init__(
        self,
        *,
        auth: Auth,
        versions: Sequence[VersionModule | Version],
        policy: PolicyChoice = STRICT,
        duplicates: Duplicates = "replace",
        stations: Stations | None = None,
        refuse_unknown_subprotocols: bool = False,
        identify: Identify = identity_of,
        registrations: Registrations | None = None,
        signing: Signing | None = None,
        ping_interval: float = 60.0,
        call_timeout: float = 30.0,
        open_timeout: float = 10.0,
        close_timeout: float = 5.0,
        max_message_size: int = 1024 * 1024,
        log: logging.Logger | None = None,
    ) -> None:
        check_policy(policy, or_function=True)
        spoken = versions_of(versions)
        routes = Routes(Sender.STATION, spoken)
        runtime = CentralRuntime(
            spoken,
            routes,
            auth=check_auth(auth),
            identify=identify,
            policy_choice=policy,
            refuse_unknown_subprotocols=refuse_unknown_subprotocols,
            stations=ConnectedStations(duplicates) if stations is None else stations,
            registrations=MemoryRegistrations() if registrations is None else registrations,
            signing=signing,
            call_timeout=call_timeout,
            open_timeout=open_timeout,
            close_timeout=close_timeout,
            max_message_size=max_message_size,
            log=log,
        )
        super().__init__(runtime, routes)
        self._ping_interval = check_interval("ping_interval", ping_interval)

    # The connected stations

    def get(self, identity: str) -> Station | None:
        """Return a connected station, or None."""
        return self._runtime.stations.find(identity)

    def __getitem__(self, identity: str) -> Station:
        """Return a connected station. Raises `NotConnected`, a `KeyError`."""
        station = self.get(identity)
        if station is None:
            raise NotConnected(identity)
        return station

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str) and self.get(identity) is not None

    def __iter__(self) -> Iterator[Station]:
        return iter(self._runtime.stations)

    def __len__(self) -> int:
        return len(self._runtime.stations)

    def __bool__(self) -> bool:
        return True  # also without stations

    async def wait_connected(self, identity: str) -> Station:
        """Return a station as soon as it is connected; bound the wait with `asyncio.timeout`.

        Raises `RuntimeError` on another event loop than the one that serves.
        """
        if self._runtime.loop is not None:
            check_loop(self._runtime.loop, "the central system")
        return await self._runtime.stations.wait(identity)

    # Serving

    @asynccontextmanager
    async def serve(
        self,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        ssl: tls.SSLContext | None = None,
        grace: float = 5.0,
        sock: socket.socket | None = None,
        backlog: int = 100,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> AsyncIterator[Server]:
        """Listen while the context lasts; port 0 picks a free one.

        `sock` is a bound socket, in place of `host` and `port`; it and what follows are as in `loop.create_server`. In
        the end handlers that run get `grace` seconds to answer, then all connections are closed with 1001. Several
        ports may be served at once, on one event loop; the handlers are waited for when the last of them ends.
        """
        runtime = self._runtime
        loop = asyncio.get_running_loop()
        check_interval("grace", grace)
        if runtime.listeners and runtime.loop is not loop:
            raise RuntimeError("the central system serves on another event loop")
        sockets: set[ServerWebSocket] = set()
        place: dict[str, Any] = {"host": host, "port": port} if sock is None else {"sock": sock}
        listener = await loop.create_server(
            lambda: ServerWebSocket(runtime, sockets),
            **place,
            ssl=ssl,
            ssl_handshake_timeout=runtime.open_timeout if ssl is not None else None,
            backlog=backlog,
            reuse_address=reuse_address,
            reuse_port=reuse_port,
            start_serving=False,
        )
        keepalive = Keepalive(self._ping_interval, lambda: sockets)
        runtime.loop = loop
        runtime.listeners += 1
        runtime.stopping = False
        try:
            await listener.start_serving()
            keepalive.start()
            yield Server(listener, host if sock is None else None, secure=ssl is not None)
        finally:
            keepalive.stop()
            listener.close()
            runtime.listeners -= 1
            await self._stop(sockets, grace)

    async def _stop(self, sockets: set[ServerWebSocket], grace: float) -> None:
        runtime = self._runtime
        is_last = runtime.listeners == 0
        if is_last:
            runtime.stopping = True
            await runtime.tasks.finish(grace)
        while closing := list(sockets):
            for each in closing:
                each.close(CloseCode.GOING_AWAY, "the central system stops")
            for each in closing:
                await each.wait_closed()
        if is_last:
            await runtime.tasks.finish(grace)
            if runtime.listeners == 0:
                runtime.loop = None


class Server:
    """A central system that listens, and its address."""

    def __init__(self, listener: asyncio.Server, host: str | None, *, secure: bool) -> None:
        bound, port = listener.sockets[0].getsockname()[:2]
        self.host: str = host or bound
        self.port: int = port
        self.url = f"{'wss' if secure else 'ws'}://{f'[{self.host}]' if ':' in self.host else self.host}:{port}"
        """The URL that stations connect to, to which they append their identity."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()
