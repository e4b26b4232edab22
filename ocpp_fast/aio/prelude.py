"""Listens where something comes before the request: a PROXY header, or TLS.

The event loop's servers tell nobody of a connection that fails there, nor who it was. So these are accepted here; only
on Windows, whose event loop can't wait for a socket that it has not been given, TLS is left to them.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl as tls
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Protocol

from .admission import STOPPING
from .events import Limit
from .hooks import Tasks
from .limits import SHED, Lobby, Told
from .listener import PortListener
from .logs import LEFT, write
from .proxies import Address, TrustedProxies, read_header
from .security import Refusal

__all__ = ["PreludeListener"]

_TLS: Final = b"\x16"
_PLAIN: Final = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\n"
    b"this port speaks TLS\n"
)
_DRAIN: Final = 64 * 1024


class Owner(Told, Protocol):
    """The central system."""

    @property
    def tasks(self) -> Tasks: ...
    @property
    def log(self) -> Any: ...


class PreludeListener(PortListener):
    """Accepts connections at bound sockets, and makes a protocol of each when all has come before its request.

    `new_protocol` is called with the client's address, or None where no PROXY header told it. With `proxies`, whoever
    is not one of them, or sends anything but a header first, is cut off; with `ssl`, whoever speaks no TLS.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        new_protocol: Callable[[Address], asyncio.BaseProtocol],
        *,
        backlog: int,
        ssl: tls.SSLContext | None,
        timeout: float,
        lobby: Lobby,
        proxies: TrustedProxies | None,
        owner: Owner,
    ) -> None:
        super().__init__(sockets, new_protocol, backlog=backlog, ssl=ssl, timeout=timeout, lobby=lobby, log=owner.log)
        self.owner = owner
        self.proxies = proxies
        self.ssl = ssl
        self.timeout = timeout
        self.preludes: set[Prelude] = set()
        for each in sockets:
            each.setblocking(False)

    async def _listen(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(sock, self._take, sock)
        self._servers[sock.fileno()] = sock

    def _pause(self) -> None:
        for each in self._servers.values():
            asyncio.get_running_loop().remove_reader(each)
        self._servers = {}

    def close(self) -> None:
        """Accept no more connections."""
        self._pause()
        super().close()
        for each in tuple(self.preludes):
            each.cut(STOPPING)

    def _take(self, listening: socket.socket) -> None:
        try:
            sock, peer = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # nothing is left: try again with the next look, and do not spin until then
            write(self._log, logging.ERROR, "can't accept connections: %s", error)
            self._pause()
            return
        self._count()
        sock.setblocking(False)
        address: Address = None
        if sock.family in (socket.AF_INET, socket.AF_INET6):  # asyncio does so for its own
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            address = (peer[0], peer[1])
        prelude = Prelude(self, sock, address)
        prelude.task = self.owner.tasks.start(prelude.run())


class Prelude:
    """What comes before the request of one connection."""

    task: asyncio.Task[None]

    def __init__(self, listener: PreludeListener, sock: socket.socket, peer: Address) -> None:
        self._listener = listener
        self._sock = sock
        self._peer = peer
        self._stage = "PROXY protocol"
        self._is_silent = True
        self._first = b""
        self._cut = ""

    def shed(self) -> None:
        """There are too many."""
        self._listener.owner.limit_reached(Limit.HANDSHAKES, None, self._peer, SHED)
        self.cut(SHED)

    def cut(self, reason: str) -> None:
        """End it."""
        self._cut = reason
        self.task.cancel()

    async def run(self) -> None:
        """Read it, and hand the connection over; or tell why not."""
        listener = self._listener
        listener.preludes.add(self)
        listener.lobby.asks(self)
        try:
            async with asyncio.timeout(listener.timeout):
                await self._hand_over()
        except (OSError, EOFError, ValueError) as error:  # the peer's fault, or it took too long
            self._failed(error)
            self._sock.close()
        except BaseException:
            if self._cut:
                self._refused(None, self._cut)
            self._sock.close()
            raise
        finally:
            listener.preludes.discard(self)
            listener.lobby.has_asked(self)

    async def _hand_over(self) -> None:
        listener, address = self._listener, None
        if listener.proxies is not None:
            if not listener.proxies.trusts(self._peer):
                raise ValueError("not trusted")
            address = await read_header(self._read) or self._peer
        if listener.ssl is not None:
            self._stage = "TLS"
            self._first = await self._peek()
            if self._first != _TLS:
                raise ValueError("none on a port with TLS")
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: listener.new_protocol(address),
            self._sock,
            ssl=listener.ssl,
            ssl_handshake_timeout=None if listener.ssl is None else 2 * listener.timeout,  # ours is shorter
        )

    async def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = await asyncio.get_running_loop().sock_recv(self._sock, count - len(data))
            if not more:
                raise EOFError
            data += more
            self._is_silent = False
        return data

    async def _peek(self) -> bytes:
        """Return the first byte that comes, and leave it there."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(BlockingIOError):
                first = self._sock.recv(1, socket.MSG_PEEK)
                if not first:
                    raise EOFError
                self._is_silent = False
                return first
            readable = loop.create_future()
            loop.add_reader(self._sock, _set, readable)
            try:
                await readable
            finally:
                loop.remove_reader(self._sock)

    def _failed(self, error: Exception) -> None:
        listener, reason = self._listener, str(error)
        if isinstance(error, TimeoutError):
            reason = f"not complete within {listener.timeout:g} s"
            listener.owner.limit_reached(Limit.OPEN_TIMEOUT, None, self._peer, reason)
        elif isinstance(error, tls.SSLError):
            reason = (error.reason or reason).replace("_", " ").lower()
            if isinstance(error, tls.SSLCertVerificationError):
                reason += f": {error.verify_message}"
        elif isinstance(error, (OSError, EOFError)):
            if self._is_silent:
                write(listener.owner.log, logging.DEBUG, LEFT, self._peer)
                return
            reason = "it left"
        is_http = self._first.isalpha() and self._first != _TLS
        self._refused(HTTPStatus.BAD_REQUEST if is_http else None, reason)
        if is_http:
            with suppress(OSError):
                self._sock.recv(_DRAIN)  # to close with a request unread would reset the connection
                self._sock.send(_PLAIN)

    def _refused(self, status: int | None, reason: str) -> None:
        self._listener.owner.refused(Refusal(f"{self._stage}: {reason}", status, self._peer, ""))


def _set(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
