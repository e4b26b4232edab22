"""A place that a central system listens at: a port, a socket or a path, with proxies in front or without."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl as tls
import stat
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

from .draining import DEFAULT_RATE, Busy, Code, Draining
from .listener import PortListener, duplicate
from .prelude import PreludeListener
from .proxies import Address, TrustedProxies
from .security import Headers
from .transport import CloseCode

if TYPE_CHECKING:
    from .admission import HandshakeOwner
    from .central_system import CentralRuntime
    from .limits import Lobby

__all__ = ["Http", "HttpRequest", "HttpResponse", "ServeOptions", "Server", "health", "listen"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request on the port of the central system that asks for no WebSocket, and has no body."""

    method: str
    path: str
    """The path as requested, with its query."""
    headers: Headers = field(repr=False)
    remote_address: Address
    server: Server = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The answer to an `HttpRequest`; the connection ends with it."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Http: TypeAlias = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse | None] | None]
"""Answers plain HTTP; None leaves the answer to the central system: 426, Upgrade Required."""


def health(request: HttpRequest) -> HttpResponse | None:
    """Answer a load balancer: /healthz with 200, /readyz with 200 or, unless it `is_ready`, with 503."""
    path = request.path.partition("?")[0]
    if path not in ("/healthz", "/readyz"):
        return None
    is_well = path == "/healthz" or request.server.is_ready
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return HttpResponse(status, b"ok\n" if is_well else b"draining\n", {"Content-Type": "text/plain"})


class ServeOptions(TypedDict, total=False):
    """The options of `CentralSystem.serve`, which has their defaults."""

    ssl: tls.SSLContext | None
    grace: float
    sock: socket.socket | None
    path: str | os.PathLike[str] | None
    http: Http | None
    proxy_protocol: bool
    max_connections: int | None
    max_handshakes: int
    backlog: int
    reuse_address: bool | None
    reuse_port: bool | None


class Listener(Protocol):
    """What accepts connections: a `PortListener` or a `PreludeListener`."""

    @property
    def sockets(self) -> tuple[socket.socket, ...]: ...
    async def start_serving(self) -> None: ...
    def close(self) -> None: ...


class Server:
    """A central system that listens, and its address.

    `url` is what stations connect to, with their identity appended. On a Unix socket `host` is its path and `port` 0.
    """

    def __init__(self, runtime: CentralRuntime, lobby: Lobby, *, http: Http | None = None) -> None:
        self.host: str = ""
        self.port: int = 0
        self.url: str = ""
        self._http = http
        self._file: tuple[int, int] | None = None
        self._runtime = runtime
        self._sockets = runtime.sockets()
        self._lobby = lobby
        self.is_draining = False
        """Whether `drain` was called: no station is let in any more."""

    def _bound(self, listener: Listener, host: str | None, *, secure: bool) -> None:
        """Take the address of what listens for this."""
        name: Any = listener.sockets[0].getsockname()
        if isinstance(name, tuple):
            self.host, self.port = host or name[0], name[1]
            shown = f"[{self.host}]" if ":" in self.host else self.host
            self.url = f"{'wss' if secure else 'ws'}://{shown}:{self.port}"
        else:
            self.host = os.fsdecode(name)
            self._file = _file_of(self.host)
            self.url = f"{'wss' if secure else 'ws'}+unix://{self.host}"

    def _remove_socket(self) -> None:
        """Remove the file of a Unix socket, unless another one has taken its place."""
        if self._file is not None and _file_of(self.host) == self._file:
            os.unlink(self.host)

    @property
    def is_ready(self) -> bool:
        """Whether stations are let in: it does not drain, and the central system does not stop."""
        return not (self.is_draining or self._runtime.stopping)

    async def drain(
        self,
        rate: int = DEFAULT_RATE,
        *,
        timeout: float = 300.0,
        busy: Busy | None = None,
        code: Code = CloseCode.SERVICE_RESTART,
    ) -> int:
        """Let the stations leave, for another node to take them; return how many are left: 0, unless it takes too long.

        From now on none is let in: newcomers are answered 503. `rate` are closed in each second, at random moments of
        it, first those that are not busy: without an open call in either direction, and without what `busy`, a function
        of a station, says of it, such as a running transaction. A call that is open is waited for; one made meanwhile
        raises `Disconnected`, `delivered` False. `code` is the close code, or a function of a station that returns it.
        After `timeout` seconds those that are left stay connected.
        """
        draining = Draining(self._runtime, self._sockets, rate=rate, timeout=timeout, busy=busy, code=code)
        if not self.is_draining:
            self.is_draining = True
            if self._runtime.cluster is not None:
                self._runtime.cluster.draining()
            self._runtime.tasks.run(self._runtime.drain_hooks, self)
        return await draining.run()

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()


async def listen(
    new_protocol: Callable[[Address], asyncio.BaseProtocol],
    *,
    host: str | None,
    port: int,
    sock: socket.socket | None,
    path: str | os.PathLike[str] | None,
    ssl: tls.SSLContext | None,
    timeout: float,
    backlog: int,
    reuse_address: bool | None,
    reuse_port: bool | None,
    proxies: TrustedProxies | None,
    lobby: Lobby,
    owner: HandshakeOwner,
) -> Listener:
    """Bind what accepts connections; `new_protocol` takes the client's address where a PROXY header told it."""
    if path is not None:
        sock = _unix_socket(path)
    bound = [sock] if sock is not None else await _bind(host, port, reuse_address, reuse_port)
    if proxies is None and (ssl is None or sys.platform == "win32"):
        return PortListener(bound, new_protocol, backlog=backlog, ssl=ssl, timeout=timeout, lobby=lobby, log=owner.log)
    return PreludeListener(
        bound, new_protocol, backlog=backlog, ssl=ssl, timeout=timeout, lobby=lobby, proxies=proxies, owner=owner
    )


async def _bind(
    host: str | None, port: int, reuse_address: bool | None, reuse_port: bool | None
) -> list[socket.socket]:
    """Return a bound socket for each address of a host, as asyncio makes them."""
    server = await asyncio.get_running_loop().create_server(
        asyncio.Protocol, host, port, start_serving=False, reuse_address=reuse_address, reuse_port=reuse_port
    )
    try:
        return [duplicate(each) for each in server.sockets]
    finally:
        server.close()


def _unix_socket(path: str | os.PathLike[str]) -> socket.socket:
    """Return a bound Unix socket, in place of one that nobody listens at any more."""
    name = os.fspath(path)
    if _file_of(name) is not None and stat.S_ISSOCK(os.stat(name).st_mode):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            if probe.connect_ex(name) not in (errno.ECONNREFUSED, errno.ENOENT):
                raise OSError(errno.EADDRINUSE, "somebody listens there", name)
        os.unlink(name)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.bind(name)
    except BaseException:
        sock.close()
        raise
    return sock


def _file_of(path: str) -> tuple[int, int] | None:
    """Return what tells a file from another one that has its path later; None if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
