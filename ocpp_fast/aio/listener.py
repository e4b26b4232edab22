"""Listens at sockets by the event loop's own servers, which accept at the least cost, and pauses while files run out.

asyncio's server accepts as many connections in a turn of the loop as its backlog is long, uvloop's one. When no file is
left, the one logs a line for each that it could not accept, and the other closes them without a word. So the kernel's
backlog is set apart from asyncio's, and the servers are closed, with the sockets open, before it comes to that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl as tls
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from .limits import ROOM, Lobby, has_room
from .logs import write
from .proxies import Address

__all__ = ["PortListener", "duplicate"]

_PER_TURN: Final = 32
_PER_CHECK: Final = 16  # with those of a turn, which are counted in the next one, fewer than ROOM
_RETRY: Final = 1.0


def duplicate(sock: Any) -> socket.socket:
    """Return another socket object of the same socket.

    It knows that it is TCP, and so do those that it accepts: asyncio turns Nagle's algorithm off for no others, and a
    small message would wait for the acknowledgement of the one before it.
    """
    tcp = sock.family in (socket.AF_INET, socket.AF_INET6)
    return socket.socket(sock.family, sock.type, socket.IPPROTO_TCP if tcp else 0, os.dup(sock.fileno()))


class PortListener:
    """Accepts connections at bound sockets, which it closes in the end.

    While fewer than `ROOM` files are left to this process, connections wait in the kernel; a line a second says so. So
    they do while the lobby is full.
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
        log: logging.Logger,
    ) -> None:
        self.sockets = tuple(sockets)
        self.lobby = lobby
        self.new_protocol = new_protocol
        self._backlog = backlog
        self._options: dict[str, Any] = {"ssl": ssl, "backlog": _PER_TURN, "start_serving": False}
        if ssl is not None:
            self._options["ssl_handshake_timeout"] = timeout
        self._log = log
        self._accepted = 0
        self._servers: dict[int, Any] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._resuming: asyncio.Task[None] | None = None

    async def start_serving(self) -> None:
        """Begin to accept connections."""
        await self._resume()
        self._watch()
        self.lobby.changed = self._check

    def close(self) -> None:
        """Accept no more connections."""
        self.lobby.changed = int  # does nothing
        if self._timer is not None:
            self._timer.cancel()
        if self._resuming is not None:
            self._resuming.cancel()
        for server in self._servers.values():
            server.close()
        self._servers = {}
        for sock in self.sockets:
            sock.close()

    def _accept(self) -> asyncio.BaseProtocol:
        self._count()
        return self.new_protocol(None)

    def _count(self) -> None:
        """One more is accepted: see whether there is room for others, now and then."""
        self._accepted += 1
        if self._accepted % _PER_CHECK == 0 and self._servers and not has_room(self.sockets[0].fileno()):
            self._pause()

    def _watch(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_RETRY, self._look)

    def _look(self) -> None:
        self._watch()
        self._check()

    def _check(self) -> None:
        if not has_room(self.sockets[0].fileno()):
            self._tell(logging.ERROR, "fewer than %d files are left (ulimit -n)", ROOM)
            self._pause()
        elif self.lobby.is_full:
            self._tell(logging.WARNING, "too many wait to be let in (max_handshakes)")
            self._pause()
        elif not self._servers and (self._resuming is None or self._resuming.done()):
            self._resuming = asyncio.create_task(self._try_to_resume())

    async def _try_to_resume(self) -> None:
        try:
            await self._resume()
        except OSError as error:
            self._tell(logging.ERROR, "%s", error)
            self._pause()

    def _tell(self, level: int, reason: str, *values: object) -> None:
        write(self._log, level, f"no connections are accepted: {reason}", *values)

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        for file, server in self._servers.items():
            loop.remove_reader(file)  # asyncio's server accepts no more,
            loop.call_soon(server.close)  # and takes over those that it has accepted; uvloop's is busy with one
        self._servers = {}

    async def _resume(self) -> None:
        for each in self.sockets:
            await self._listen(each)
            each.listen(self._backlog)  # no longer as long as what asyncio accepts in a turn

    async def _listen(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listening = duplicate(sock)
        file = listening.fileno()
        try:
            if sock.family != getattr(socket, "AF_UNIX", None):
                server = await loop.create_server(self._accept, sock=listening, **self._options)
            else:
                keep: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
                server = await loop.create_unix_server(self._accept, sock=listening, **self._options, **keep)
        except BaseException:
            listening.close()
            raise
        self._servers[file] = server  # before it is suspended: `close` may come then
        await server.start_serving()
