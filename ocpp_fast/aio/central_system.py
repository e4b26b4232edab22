"""The central system: a server that stations connect to."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl as tls
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Unpack

from ..errors import NotConnected
from ..policy import STRICT, Policy
from ..registration import MemoryRegistrations, Registrations
from ..routing import Routes
from ..schema import Sender, Version
from .admission import Admitted, Assume, Identify, identity_of, is_deferred
from .arguments import check_assumed, check_interval, check_policy, check_size, versions_of
from .authentication import NoAuth
from .calls import check_loop
from .draining import DEFAULT_RATE, DrainOptions, drain_options
from .endpoint import Endpoint, Runtime, VersionModule
from .events import VersionAssumed
from .handshake import ServerOpening
from .limits import Lobby, Turnstile
from .logs import write
from .proxies import Address, TrustedProxies
from .running import Lifespan, LoopFactory, Program, check_program
from .security import Auth, Handshake, Refusal, check_auth
from .server import Http, ServeOptions, Server, listen
from .stations import ConnectedStations, Duplicates, Station, Stations
from .steps import is_our_end
from .stopping import stop
from .throttle import Throttle
from .transport import Transport
from .upgrade import UpgradeHook, UpgradeRequest, check_hook
from .websocket import WebSocket
from .workers import WorkerOptions

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..signing import Signing

__all__ = ["CentralSystem"]

F = TypeVar("F", bound=Callable[..., Any])

AssumedVersion: TypeAlias = VersionModule | Version | None
VersionChoice: TypeAlias = AssumedVersion | Callable[[Handshake], AssumedVersion | Awaitable[AssumedVersion]]
PolicyChoice: TypeAlias = Policy | Callable[[Handshake], Policy | Awaitable[Policy]]
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
        assume: VersionChoice,
        refuse_unknown_subprotocols: bool,
        stations: Stations,
        registrations: Registrations,
        proxies: TrustedProxies,
        throttle: Throttle,
        **settings: Any,
    ) -> None:
        policy = policy_choice if isinstance(policy_choice, Policy) else STRICT
        super().__init__(Sender.CENTRAL, versions, routes, policy, **settings)
        self.auth = auth
        self.identify = identify
        self.assume = self._assume_of(assume)
        self.refuse_unknown_subprotocols = refuse_unknown_subprotocols
        self.stations = stations
        self.registrations = registrations
        self.proxies = proxies
        self.throttle = throttle
        self.upgrade_hooks: list[UpgradeHook] = []
        self.connecting_hooks: list[Callable[[Handshake], Any]] = []
        self.refused_hooks: list[Callable[[Refusal], Any]] = []
        self.drain_hooks: list[Callable[[Server], Any]] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listeners = 0
        self._policy_choice = policy_choice

    def _assume_of(self, given: Any) -> Assume:
        if given is None or (callable(given) and not isinstance(given, type)):
            return given
        version = check_assumed(given, self.version_of)
        return lambda _: version

    def policy_of(self, handshake: Handshake) -> Policy | Awaitable[Policy]:
        """Return the policy of a station that is let in, the one that its handshake was given first."""
        if handshake.policy is not None:
            return handshake.policy
        choice = self._policy_choice
        return choice if isinstance(choice, Policy) else choice(handshake)

    def admits(self, handshake: Handshake) -> bool | Awaitable[bool]:
        """Whether an authenticated station may connect, one that is connected already included (R36)."""
        checked = None if self.cluster is None else self.cluster.check(handshake)
        return self.stations.admits(handshake) if checked is None else self._admits_after(checked, handshake)

    async def _admits_after(self, checked: Awaitable[None], handshake: Handshake) -> bool:
        await checked
        admits = self.stations.admits(handshake)
        return admits if isinstance(admits, bool) else await admits

    def registration_of(self, identity: str) -> str | Awaitable[str | None] | None:
        """Return the status of a station, or what to await for it; never raises."""
        try:
            status: Any = self.registrations.load(identity)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's code
            self._not_loaded(identity, error)
            return None
        return self._loaded(identity, status) if is_deferred(status) else status

    async def _loaded(self, identity: str, status: Awaitable[str | None]) -> str | None:
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                return await status
        except BaseException as error:  # of the user's code, or it took too long
            if is_our_end(error):
                raise
            self._not_loaded(identity, error)
            return None

    def _not_loaded(self, identity: str, error: BaseException) -> None:
        message = "%s: the registration can't be loaded"
        write(self.log, logging.ERROR, message, identity, exc_info=error, extra={"station": identity})

    def arrived(self, transport: Transport, admitted: Admitted, version: Version) -> Station:
        """Take a station in, in place of an older connection of the same identity."""
        station = Station(self, self.stations, self.registrations, transport, admitted, version)
        if self.cluster is not None:
            self.cluster.arrived(station)
        try:
            self.stations.add(station)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's stations
            write(self.log, logging.ERROR, "%s: `stations.add` failed", station.id, exc_info=error)
        station.begin()
        if admitted.subprotocol != version.subprotocol and self.event_hooks:
            at = admitted.handshake
            self.tell(VersionAssumed(at.id, version.number, at.subprotocols, at.remote_address), at.id)
        return station

    def refused(self, refusal: Refusal) -> None:
        """Log a handshake that was refused, and tell the hooks."""
        host = refusal.remote_address[0] if refusal.remote_address else "a Unix socket"
        extra: dict[str, object] = {"station": refusal.id, "peer": refusal.remote_address, "path": refusal.path}
        extra |= {"reason": refusal.reason, "status": refusal.status}
        values = refusal.id or host, refusal.reason, refusal.path or "-"
        write(self.log, logging.INFO, "%s: refused: %s (%s)", *values, extra=extra)
        self.tasks.run((*self.refused_hooks, *self.event_hooks), refusal, station=refusal.id or "")


class CentralSystem(Endpoint):
    """Accepts stations, answers them and calls them.

    - `auth` decides who may connect (`NoAuth()`, `BasicAuth(...)`, `Profile2(...)`, `ClientCertificate(...)`);
      `versions` are spoken.
    - `password_tries`: after so many wrong passwords of one source for one identity, one in 30 seconds is verified, and
      the others get 429; 0 is off.
    - `policy` says what is tolerated; it may be a plain or async function of the handshake.
    - `duplicates`: a station that connects a second time replaces its old connection ("replace"), is refused
      ("reject"), or a function of the connected station and the handshake tells whether it replaces it (R36).
    - `stations` are the connected ones; given in place of `duplicates` by what extends a central system.
    - `assume`: the version of clients without a common subprotocol: `v16`, or a plain or async function of the
      handshake that returns one, or None for those that are turned away (R31). None assumes nothing.
    - `refuse_unknown_subprotocols`: such clients are turned away with HTTP 400; else they are closed with 1002 right
      after the handshake (R31).
    - `identify`, plain or async, maps a request's path and headers to an identity, or to a tenant and an identity, in
      place of the path's last segment (R32). A tenant's station is called `tenant/identity` here.
    - `trusted_proxies` are networks, such as "10.0.0.0/8", whose word on where a connection comes from is taken.
    - `registrations` remembers who was accepted (R40); the default forgets with the process.
    - `signing` opens and writes signed frames (R17); without it they are unknown actions.
    - `cluster` shares the stations with other central systems; it starts and ends with the serving.
    - Times are in seconds: stations are pinged every `ping_interval` (R38, 0 is off); a call may take `call_timeout`
      when it does not say itself; `open_timeout` bounds a handshake and `close_timeout` the closing one.
    - A handler may take `handler_timeout`, in seconds; then it is cancelled, and its CALL answered with InternalError.
      A mapping has those of some actions, such as `{"Authorize": 5}`; the others have 60. `float("inf")` is no limit.
      A `def` handler can't be interrupted.
    - `max_message_size` bounds a message, in bytes, and `max_unfinished` all messages together of which only a part has
      come. `log` takes what is logged, in place of the logger `ocpp_fast`.

    It is a mapping of the connected stations: `central["CP001"]`, `"CP001" in central`, `len(central)`; iteration gives
    the stations themselves. Raises `TypeError` or `ValueError` for an unusable argument.
    """

    _runtime: CentralRuntime

    def __init__(
        self,
        *,
        auth: Auth,
        versions: Sequence[VersionModule | Version],
        password_tries: int = 10,
        policy: PolicyChoice = STRICT,
        duplicates: Duplicates = "replace",
        stations: Stations | None = None,
        assume: VersionChoice = None,
        refuse_unknown_subprotocols: bool = False,
        identify: Identify = identity_of,
        registrations: Registrations | None = None,
        trusted_proxies: Iterable[str] = (),
        signing: Signing | None = None,
        cluster: Cluster | None = None,
        ping_interval: float = 60.0,
        call_timeout: float = 30.0,
        open_timeout: float = 10.0,
        close_timeout: float = 5.0,
        handler_timeout: float | Mapping[str, float] = 60.0,
        max_message_size: int = 1024 * 1024,
        max_unfinished: int = 256 * 1024 * 1024,
        log: logging.Logger | None = None,
    ) -> None:
        spoken = versions_of(versions)
        check_policy(policy, spoken, or_function=True)
        routes = Routes(Sender.STATION, spoken)
        runtime = CentralRuntime(
            spoken,
            routes,
            auth=check_auth(auth),
            identify=identify,
            policy_choice=policy,
            assume=assume,
            refuse_unknown_subprotocols=refuse_unknown_subprotocols,
            stations=ConnectedStations(duplicates) if stations is None else stations,
            registrations=MemoryRegistrations() if registrations is None else registrations,
            proxies=TrustedProxies(trusted_proxies),
            throttle=Throttle(password_tries),
            signing=signing,
            call_timeout=call_timeout,
            open_timeout=open_timeout,
            close_timeout=close_timeout,
            handler_timeout=handler_timeout,
            max_message_size=max_message_size,
            max_unfinished=max_unfinished,
            ping_interval=ping_interval,
            log=log,
        )
        super().__init__(runtime, routes)
        self._cluster = cluster
        runtime.cluster = cluster
        if cluster is not None:
            cluster.joined_by(self)

    @property
    def cluster(self) -> Cluster:
        """The cluster that this is a node of: handlers call any station by it. Raises `RuntimeError` without one."""
        if self._cluster is None:
            raise RuntimeError("the central system is in no cluster: give it `cluster=`")
        return self._cluster

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

    # Hooks of the handshake

    def on_upgrade(self, hook: Callable[[UpgradeRequest], object]) -> Callable[[UpgradeRequest], object]:
        """Register a plain function of each `UpgradeRequest`, before any check of it; a decorator.

        It may mend path and headers, or raise `HandshakeRefused`. What it changes is believed, as if the client had
        sent it: make it narrow. Raises `TypeError` for an async function.
        """
        check_hook(hook)
        self._runtime.upgrade_hooks.append(hook)
        return hook

    def on_connecting(self, hook: F) -> F:
        """Register a plain or async function of the `Handshake` of a station that was authenticated; a decorator.

        It is awaited before the handshake is answered, as long as `open_timeout` allows, and may set `handshake.state`
        and `handshake.policy`, or raise `HandshakeRefused`.
        """
        self._runtime.connecting_hooks.append(hook)
        return hook

    def on_refused(self, hook: F) -> F:
        """Register a plain or async function of the `Refusal` of a handshake; a decorator."""
        self._runtime.refused_hooks.append(hook)
        return hook

    def on_drain(self, hook: F) -> F:
        """Register a plain or async function of a `Server` whose drain begins; a decorator."""
        self._runtime.drain_hooks.append(hook)
        return hook

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
        path: str | os.PathLike[str] | None = None,
        http: Http | None = None,
        proxy_protocol: bool = False,
        max_connections: int | None = None,
        max_handshakes: int = 2000,
        backlog: int = 4096,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> AsyncIterator[Server]:
        """Listen while the context lasts; port 0 picks a free one.

        `sock` is a bound socket, such as one of socket activation, or `path` that of a Unix socket, in place of `host`
        and `port`. `http` answers requests that ask for no WebSocket, such as health checks; by default 426. With
        `proxy_protocol` every connection must begin with a PROXY header of one of the `trusted_proxies`. Above
        `max_connections`, those included that still shake hands (but for TLS), new ones are answered 503, and told of
        once a second at most. Of those whose request is not whole, `max_handshakes` are waited for; above, the oldest
        are cut once they have had five seconds. When as many wait to be let in, no more are accepted. `backlog` is the
        kernel's queue of connections not accepted yet: few are in each turn of the event loop, so that a storm of them
        delays no station much. The other options are those of `loop.create_server`.

        Raises `ValueError` where `NoAuth()` would listen to more than this machine.

        In the end all has ended within `grace` seconds, but 5 at least, whatever stations do: handlers that run have
        `grace` but for the last two seconds to answer, then connections are closed with 1001. A handler that goes on
        when it is cancelled is logged, and left behind. Several ports may be served at once, on one event loop; the
        handlers are waited for when the last of them ends.
        """
        runtime = self._runtime
        check_interval("grace", grace)
        if max_connections is not None and max_connections < 1:
            raise ValueError(f"max_connections: expected at least 1, or None, not {max_connections!r}")
        check_size("max_handshakes", max_handshakes)
        if sock is not None and path is not None:
            raise ValueError("sock, path: expected one of them")
        if proxy_protocol and not runtime.proxies:
            raise ValueError("proxy_protocol: expected trusted_proxies, whose headers are believed")
        async with self._running(grace) as closing:
            lobby = Lobby(max_handshakes, runtime)
            server = Server(runtime, lobby, http=http)
            sockets = server._sockets

            def new_protocol(address: Address) -> WebSocket:
                return WebSocket(sockets, ServerOpening(runtime, server, address), masks=False)

            turnstile = None if max_connections is None else Turnstile(new_protocol, sockets, max_connections, runtime)
            listener = await listen(
                new_protocol if turnstile is None else turnstile,
                host=host,
                port=port,
                sock=sock,
                path=path,
                ssl=ssl,
                timeout=runtime.open_timeout,
                backlog=backlog,
                reuse_address=reuse_address,
                reuse_port=reuse_port,
                proxies=runtime.proxies if proxy_protocol else None,
                lobby=lobby,
                owner=runtime,
            )
            server._bound(listener, host if sock is None and path is None else None, secure=ssl is not None)
            closing.append(sockets)
            try:
                if isinstance(runtime.auth, NoAuth):
                    names = [each.getsockname() for each in listener.sockets]
                    runtime.auth.check_served([each[0] for each in names if isinstance(each, tuple)], runtime.log)
                await listener.start_serving()
                yield server
            finally:
                listener.close()
                if turnstile is not None:
                    turnstile.close()
                lobby.close()
                server._remove_socket()

    def run(
        self,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        lifespan: Lifespan | None = None,
        on_listening: Callable[[Server], object] | None = None,
        loop_factory: LoopFactory | None = None,
        drain: int | DrainOptions | None = DEFAULT_RATE,
        workers: int | WorkerOptions | None = None,
        **options: Unpack[ServeOptions],
    ) -> None:
        """Serve until SIGINT or SIGTERM, and return when all has ended as `serve` ends it; a second one does not wait.

        On SIGTERM the stations are drained first: `drain` are closed in a second, or it has the options of
        `Server.drain`; the second one ends that, and the third one does not wait. With None it is as on SIGINT.

        The event loop is uvloop's where that is installed (the extra `speed`), asyncio's otherwise, or what
        `loop_factory` makes. `lifespan`, a function that returns an async context manager, is entered in it before the
        central system listens, and left after the last handler has ended: what handlers need is opened there, and tasks
        that run beside them begin. `on_listening` is called with the `Server`, whose `url` is known then; `options` are
        those of `serve`.

        With `workers`, so many processes share the port, and a cluster, which has to be given, has the stations of all;
        a supervisor replaces those that die, and those whose event loop is stuck for `stuck_after` seconds. Each is a
        fork of this process, in which no thread should run; `lifespan` and `on_listening` are called in each. `drain`
        is the rate of all together. Raises `RuntimeError` where processes can't be forked, as on Windows.

        From then on the process may open as many files as the system allows it; if these are few, a warning is logged.
        Raises `RuntimeError` where an event loop runs, and outside the main thread; and what `serve` raises.
        """
        log = self._runtime.log
        serve = partial(self.serve, host, **options)
        program = Program(serve, lifespan, on_listening, loop_factory, drain_options(drain), log)
        check_program(log)
        if workers is None:
            program.run(port=port)
        else:
            program.run_workers(workers, host, port, self._runtime.cluster, options)

    @asynccontextmanager
    async def _running(self, grace: float) -> AsyncIterator[list[Iterable[Any]]]:
        """Take connections in while the context lasts; in the end, close those in the sets that were appended."""
        runtime = self._runtime
        loop = asyncio.get_running_loop()
        if runtime.listeners and runtime.loop is not loop:
            raise RuntimeError("the central system serves on another event loop")
        runtime.loop = loop
        runtime.stopping = False
        closing: list[Iterable[Any]] = []
        async with nullcontext() if runtime.cluster is None else runtime.cluster.serving():
            runtime.listeners += 1
            try:
                yield closing
            finally:
                runtime.listeners -= 1
                await stop(runtime, closing, grace)
