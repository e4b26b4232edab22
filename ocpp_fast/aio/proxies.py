"""Where a connection really comes from: behind proxies that are trusted, and only those.

`TrustedProxies` reads what a proxy adds to the request (`X-Forwarded-For`, `X-Forwarded-Proto`), `ProxyListener` what
it sends before all bytes of the client's (the PROXY protocol, versions 1 and 2).
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import ssl as tls
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from .hooks import Tasks
from .security import Headers, Refusal

__all__ = ["Address", "ProxyListener", "TrustedProxies"]

Address: TypeAlias = tuple[str, int] | None
"""Host and port; None on a Unix socket."""


class TrustedProxies:
    """Networks whose word on where a request comes from is taken: `["10.0.0.0/8", "::1"]`; "unix" is Unix sockets.

    Raises `ValueError` for what is no network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        if isinstance(networks, str):
            raise TypeError(f"trusted_proxies: expected a list of networks, such as [{networks!r}]")
        given = list(networks)
        self._unix = "unix" in given
        self._networks = [ipaddress.ip_network(each) for each in given if each != "unix"]

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def trusts(self, peer: Address) -> bool:
        """Whether a peer is one of them."""
        if peer is None:
            return self._unix
        try:
            address = ipaddress.ip_address(peer[0].partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in each for each in self._networks)

    def origin(self, peer: Address, headers: Headers, *, secure: bool) -> tuple[Address, bool]:
        """Return the address of the client, and whether it speaks TLS: the peer's own, unless that is trusted."""
        if not self or not self.trusts(peer):
            return peer, secure
        hops = [each.strip() for value in headers.get_all("X-Forwarded-For") for each in value.split(",")]
        while hops and self.trusts(peer):  # the last was added by the peer, the one before by that
            hop = _host_and_port(hops.pop())
            if hop is None:
                break
            peer = hop
        protocols = headers.get_all("X-Forwarded-Proto")
        return peer, protocols[-1].strip().lower() in ("https", "wss") if protocols else secure


def _host_and_port(text: str) -> tuple[str, int] | None:
    """Return what a hop says: an address, with a port or without; None if it says anything else."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    try:
        return str(ipaddress.ip_address(host)), int(port) if port.isdecimal() else 0
    except ValueError:
        return None


_NO_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RETRY: Final = 1.0
_V1: Final = b"PROXY "
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V1_LENGTH: Final = 107
_V2_LENGTH: Final = 2048
_FAMILIES: Final = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}  # over TCP


class ProxyListener:
    """Accepts connections that begin with a PROXY header; has the methods of `asyncio.Server` that are needed here.

    `new_protocol` is called with the client's address, or None where the proxy speaks for itself. A peer that is not
    trusted, or that sends anything else, is cut off.
    """

    def __init__(
        self,
        sock: socket.socket,
        new_protocol: Callable[[Address], asyncio.BaseProtocol],
        *,
        proxies: TrustedProxies,
        ssl: tls.SSLContext | None,
        timeout: float,
        tasks: Tasks,
        log: logging.Logger,
        refused: Callable[[Refusal], None],
    ) -> None:
        sock.setblocking(False)
        self.sockets = (sock,)
        self._new_protocol = new_protocol
        self._proxies = proxies
        self._ssl = ssl
        self._timeout = timeout
        self._tasks = tasks
        self._log = log
        self._refused = refused
        self._again: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    async def start_serving(self) -> None:
        """Begin to accept connections."""
        self._loop.add_reader(self.sockets[0], self._accept)

    def close(self) -> None:
        """Accept no more connections."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self.sockets[0])
        self.sockets[0].close()

    def _accept(self) -> None:
        try:
            sock, peer = self.sockets[0].accept()
        except OSError as error:
            if error.errno in _NO_RESOURCES:  # as asyncio does: try again later, and do not spin until then
                self._log.error("can't accept connections: %s", error)
                self._loop.remove_reader(self.sockets[0])
                self._again = self._loop.call_later(_RETRY, self._loop.add_reader, self.sockets[0], self._accept)
            return
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):  # asyncio does so for its own
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tasks.start(self._open(sock, _tcp_address(sock, peer)))

    async def _open(self, sock: socket.socket, peer: Address) -> None:
        try:
            if not self._proxies.trusts(peer):
                raise ValueError("not trusted")
            async with asyncio.timeout(self._timeout):
                address = await self._header(sock)
            timeout = self._timeout if self._ssl is not None else None
            await self._loop.connect_accepted_socket(
                lambda: self._new_protocol(peer if address is None else address),
                sock,
                ssl=self._ssl,
                ssl_handshake_timeout=timeout,
            )
        except (OSError, EOFError, ValueError) as error:  # the peer's fault
            sock.close()
            reason = str(error) or "no PROXY header within the time" if not isinstance(error, EOFError) else "it left"
            self._refused(Refusal(f"PROXY protocol: {reason}", None, peer, ""))
        except BaseException:
            sock.close()
            raise

    async def _header(self, sock: socket.socket) -> Address:
        """Read a header, and no byte more; return the address in it, or None. Raises `ValueError`."""
        head = await self._read(sock, len(_V2))
        if head == _V2:
            command, family, *length = await self._read(sock, 4)
            size = int.from_bytes(bytes(length))
            if command >> 4 != 2 or size > _V2_LENGTH:
                raise ValueError("not a header of version 2")
            return _binary(command & 15, family, await self._read(sock, size))
        if not head.startswith(_V1):
            raise ValueError("no PROXY header")
        while not head.endswith(b"\r\n"):
            if len(head) == _V1_LENGTH:
                raise ValueError("not a header of version 1")
            head += await self._read(sock, 1)
        return _textual(head)

    async def _read(self, sock: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = await self._loop.sock_recv(sock, count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def _tcp_address(sock: socket.socket, peer: Any) -> Address:
    return None if sock.family == getattr(socket, "AF_UNIX", None) else (peer[0], peer[1])


def _binary(command: int, family: int, body: bytes) -> Address:
    if command == 0 or family not in _FAMILIES:  # the proxy speaks for itself, or not of TCP
        return None
    kind, size = _FAMILIES[family]
    if command != 1 or len(body) < 2 * size + 4:
        raise ValueError("not a header of version 2")
    return socket.inet_ntop(kind, body[:size]), int.from_bytes(body[2 * size : 2 * size + 2])


def _textual(head: bytes) -> Address:
    words = head[:-2].decode("ascii").split(" ")
    if words[1] == "UNKNOWN":
        return None
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6") or not words[4].isdecimal():
        raise ValueError("not a header of version 1")
    return str(ipaddress.ip_address(words[2])), int(words[4])
