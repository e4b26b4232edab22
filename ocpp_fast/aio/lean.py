"""The plain opening handshake of both sides, written and read without an HTTP parser.

It only ever says yes: what is not plainly right, or asks for more, is left to the Sans-I/O layer, with the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["LeanRequest", "RawHeaders", "accept", "accepted", "new_key", "read", "request_for"]

_LINES: Final = rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[ -~\t]*+\r\n){1,32}+)\r\n"
_HEAD: Final = re.compile(rb"GET (/[!-~]*+) HTTP/1\.1\r\n" + _LINES)
_ANSWER: Final = re.compile(rb"HTTP/1\.1 101 [ -~]*+\r\n" + _LINES)
_LINE: Final = re.compile(rb"([^:]++):[ \t]*+([^\r]*+)\r\n")
_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")
_UPGRADES: Final = frozenset({b"upgrade", b"keep-alive, upgrade", b"upgrade, keep-alive"})
_TOKENS: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:, ?[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
_LEFT_TO_OTHERS: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"sec-websocket-extensions"})
_LARGE: Final = 4096
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class RawHeaders(Mapping[str, str]):
    """The headers of a request, looked up in its lines; a multi-valued mapping with case-insensitive names."""

    __slots__ = ("_head",)

    def __init__(self, head: bytes) -> None:
        self._head = head

    def _lines(self) -> Iterator[tuple[str, str]]:
        for line in self._head.decode("latin-1").split("\r\n")[1:-2]:
            name, _, value = line.partition(":")
            yield name, value.strip(" \t")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and ":" not in name and _begin_of(name) in self._head.lower()

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): None for name, _ in self._lines()})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> str:
        """Return the only value of a header. Raises `KeyError` if there is none, `LookupError` if there are several."""
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        if len(values) > 1:
            raise LookupError(f"{name}: several values")
        return values[0]

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header, in order."""
        lower, begin = self._head.lower(), _begin_of(name)
        values: list[str] = []
        at = -1 if ":" in name else lower.find(begin)
        while at >= 0:
            end = lower.find(b"\r\n", at + 2)
            values.append(self._head[at + len(begin) : end].decode("latin-1").strip(" \t"))
            at = lower.find(begin, end)
        return values

    def __repr__(self) -> str:
        return f"<headers: {', '.join(self)}>"


@lru_cache(64)
def _begin_of(name: str) -> bytes:
    """Return what a header begins with in a head in lower case."""
    return f"\r\n{name.lower()}:".encode("latin-1", "replace")


class LeanRequest(NamedTuple):
    """A request for a WebSocket that can be accepted as it is."""

    path: str
    headers: RawHeaders
    key: bytes
    subprotocols: tuple[str, ...]


def read(head: bytes) -> LeanRequest | None:
    """Return the request in all the bytes that a client has sent; None if somebody else must judge it."""
    matched = _HEAD.fullmatch(head)
    values = None if matched is None else _upgrade_in(head, matched[2])
    if matched is None or values is None:
        return None
    key = values.get(b"sec-websocket-key", b"")
    subprotocols = _listed(values.get(b"sec-websocket-protocol", b""))
    if (
        not values.get(b"host")
        or values.get(b"sec-websocket-version") != b"13"
        or _KEY.fullmatch(key) is None
        or not subprotocols
    ):
        return None
    return LeanRequest(matched[1].decode(), RawHeaders(head), key, subprotocols)


def _upgrade_in(head: bytes, lines: bytes) -> dict[bytes, bytes] | None:
    """Return the headers by their names in lower case, if they are plainly those of an upgrade to a WebSocket."""
    each = _LINE.findall(lines)
    values: dict[bytes, bytes] = {name.lower(): value for name, value in each}
    if (
        len(head) > _LARGE
        or len(values) < len(each)
        or not _LEFT_TO_OTHERS.isdisjoint(values)
        or values.get(b"upgrade", b"").lower() != b"websocket"
        or values.get(b"connection", b"").lower() not in _UPGRADES
    ):
        return None
    return values


@lru_cache(64)
def _listed(offered: bytes) -> tuple[str, ...]:
    """Return the subprotocols in a header, none if it is invalid; most stations share a few such tuples."""
    return tuple(offered.decode().replace(" ", "").split(",")) if _TOKENS.fullmatch(offered) else ()


_ACCEPTED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nDate: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\nSec-WebSocket-Protocol: %b\r\n\r\n"
)


def accept(request: LeanRequest, subprotocol: str) -> bytes:
    """Return the answer that lets a client in."""
    return _ACCEPTED % (_date(), _proof(request.key), subprotocol.encode())


def _proof(key: bytes) -> bytes:
    """Return what a server shows that it has read the key (RFC 6455, 4.2.2)."""
    return b2a_base64(hashlib.sha1(key + _GUID, usedforsecurity=False).digest(), newline=False)


_now: tuple[int, bytes] = (0, b"")


def _date() -> bytes:
    """Return the time as HTTP writes it."""
    global _now
    seconds = int(time.time())
    if _now[0] != seconds:
        _now = seconds, formatdate(seconds, usegmt=True).encode()
    return _now[1]


# The client's side

_REQUEST: Final = (
    "GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {offered}\r\n{more}\r\n"
)


def new_key() -> str:
    """Return the nonce of a request (RFC 6455, 4.1)."""
    return b2a_base64(os.urandom(16), newline=False).decode()


def request_for(url: str, key: str, subprotocols: Sequence[str], authorization: str | None) -> bytes:
    """Return the request to a URL as `Address` writes it."""
    scheme, _, place = url.partition("://")
    host, _, path = place.partition("/")
    more = "" if authorization is None else f"Authorization: {authorization}\r\n"
    host = host.removesuffix(":443" if scheme == "wss" else ":80")
    return _REQUEST.format(path=path, host=host, key=key, offered=", ".join(subprotocols), more=more).encode()


def accepted(head: bytes, key: str, subprotocols: Sequence[str]) -> str | None:
    """Return the subprotocol that the server has chosen of those; None if somebody else must judge its answer."""
    matched = _ANSWER.fullmatch(head)
    values = None if matched is None else _upgrade_in(head, matched[1])
    if values is None or values.get(b"sec-websocket-accept") != _proof(key.encode()):
        return None
    chosen = values.get(b"sec-websocket-protocol", b"").decode()
    return chosen if chosen in subprotocols else None
