"""A bad network: a relay between a simulated station and its central system that drops, delays and damages."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from random import Random
from typing import Final
from urllib.parse import urlsplit

__all__ = ["Network"]

_PIECE: Final = 65536
_HANDSHAKE: Final = b"HTTP/1.1 101"


class Network:
    """What is between a station and its central system; the faults may change at any time.

    - `delay`: seconds that each piece of data takes, in both directions.
    - `damage`: the share of the pieces, from 0 to 1, of which a byte is changed, once the handshake is over.
    - `half_open`: whether nothing passes any more, while both connections stay open.

    The station connects to `url`, which is on this machine. Raises `ValueError` for the URL of a `wss://` server, whose
    certificate would be that of another name.
    """

    def __init__(self, url: str, seed: object = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "ws" or parts.hostname is None:
            raise ValueError(f"expected a ws:// URL for a network with faults, not {url!r}")
        self._target = parts.hostname, parts.port or 80
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self._socket.getsockname()[1]}").geturl()
        self.delay = 0.0
        self.damage = 0.0
        self.half_open = False
        self._random = Random(str(seed))
        self._open: set[asyncio.StreamWriter] = set()

    def drop(self) -> None:
        """Cut the connection, without a closing handshake."""
        for each in self._open:
            each.transport.abort()

    def heal(self) -> None:
        """End all faults; a connection that was half open is cut, as what it has lost would never come."""
        if self.half_open:
            self.drop()
        self.delay, self.damage, self.half_open = 0.0, 0.0, False

    async def run(self) -> None:
        """Relay until cancelled."""
        server = await asyncio.start_server(self._relay, sock=self._socket.dup())
        async with server:
            try:
                await server.serve_forever()
            finally:
                self.drop()

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            there, here = await asyncio.open_connection(*self._target)
            self._open.add(here)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, here))
                    both.create_task(self._pass(there, writer))
            finally:
                self._open.discard(here)
                here.transport.abort()
        except* OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upgrading = True
        while data := await reader.read(_PIECE):
            await asyncio.sleep(self.delay)
            if self.half_open:
                continue
            if not upgrading and self._random.random() < self.damage:
                place = self._random.randrange(len(data))
                data = data[:place] + bytes([data[place] ^ self._random.randrange(1, 256)]) + data[place + 1 :]
            upgrading = upgrading and not data.startswith((_HANDSHAKE, b"GET "))
            with suppress(ConnectionError):
                writer.write(data)
                await writer.drain()
        writer.transport.close() if not self.half_open else None
