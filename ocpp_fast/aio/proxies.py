"""Where a connection really comes from: behind proxies that are trusted, and only those.

`TrustedProxies` reads what a proxy adds to the request (`X-Forwarded-For`, `X-Forwarded-Proto`), `read_header` what it
sends before all bytes of the client's (the PROXY protocol, versions 1 and 2).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from .security import Headers

__all__ = ["Address", "TrustedProxies", "read_header"]

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


_V1: Final = b"PROXY "
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V1_LENGTH: Final = 107
_V2_LENGTH: Final = 2048
_FAMILIES: Final = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}  # over TCP


async def read_header(read: Callable[[int], Awaitable[bytes]]) -> Address:
    """Read a PROXY header, and no byte more; return the address in it, None where the proxy speaks for itself.

    `read` returns exactly so many bytes. Raises `ValueError` for anything else, and what `read` raises.
    """
    head = await read(len(_V2))
    if head == _V2:
        command, family, *length = await read(4)
        size = int.from_bytes(bytes(length))
        if command >> 4 != 2 or size > _V2_LENGTH:
            raise ValueError("not a header of version 2")
        return _binary(command & 15, family, await read(size))
    if not head.startswith(_V1):
        raise ValueError("no PROXY header")
    while not head.endswith(b"\r\n"):
        if len(head) == _V1_LENGTH:
            raise ValueError("not a header of version 1")
        head += await read(1)
    return _textual(head)


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
