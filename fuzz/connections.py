"""A connection to the central system, from its first byte: the first byte chooses where the rest is cut in two.

Bytes that come in one piece are answered as if they came in two, though then no shortcut reads the handshake; nothing
is raised or logged as an error, and nothing of the connection is left. The wire kernels of both cores, given the same
bytes, hand over the same.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime
from typing import Any

from .target import fuzz, instrument_imports

with instrument_imports(include=["ocpp_fast", "websockets"]):
    from ocpp_fast import CentralSystem, NoAuth, v16, v21, v201
    from ocpp_fast._core import wire
    from ocpp_fast.aio.handshake import ServerOpening
    from ocpp_fast.aio.limits import Lobby
    from ocpp_fast.aio.server import Server
    from ocpp_fast.aio.sockets import Sockets
    from ocpp_fast.aio.websocket import WebSocket

import ocpp_fast_ext.wire
from tests.kernels.test_wire import owner_of

MOST_TURNS = 50
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATE = re.compile(rb"Date: [^\r]*\r\n")


class Troubles(logging.Handler):
    """Raises what is logged as an error; atheris sees only what the target itself raises, so it is kept."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


class Line:
    """A transport that keeps what is written, and ends in the next turn when it is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.written: list[bytes] = []
        self.closing = False
        self._loop = loop
        self.protocol: Any = None

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            self._loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.written.append(b"<end>")

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 5) if name == "peername" else default

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """The bytes are there already."""

    resume_reading = pause_reading


class Place:
    """A central system, without a socket."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.troubles = Troubles()
        logging.getLogger("ocpp_fast").addHandler(self.troubles)
        self.loop.set_exception_handler(lambda _, trouble: self.troubles.found.append(repr(trouble)))
        self.central = CentralSystem(auth=NoAuth(), versions=[v16, v201, v21])
        self.central.on(v16.HeartbeatRequest)(lambda *_: v16.HeartbeatResponse(current_time=NOW))
        self.central.on(v16.DataTransferRequest)(self._later)
        self.runtime: Any = self.central._runtime
        self.runtime.loop = self.loop
        self.sockets = self.loop.run_until_complete(self._open())
        self.server = self.loop.run_until_complete(self._server())

    async def _server(self) -> Server:
        return Server(self.runtime, Lobby(2000, self.runtime))

    async def _open(self) -> Sockets:
        return Sockets(
            max_message_size=100_000,
            unfinished=self.runtime.unfinished,
            open_timeout=60.0,
            close_timeout=60.0,
            ping_interval=0.0,
        )

    async def _later(self, _: Any, request: Any) -> v16.DataTransferResponse:
        await asyncio.sleep(0)
        return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=request.data)

    def answers(self, pieces: list[bytes]) -> bytes:
        """Return what the central system writes to somebody who sends these bytes, and then ends the stream."""
        line = self.loop.run_until_complete(self._connect(pieces))
        if self.troubles.found:
            raise AssertionError("\n".join(self.troubles.found))
        left = len(self.central), len(self.sockets), self.runtime.unfinished.size
        assert left == (0, 0, 0), f"left over: {left}"
        return DATE.sub(b"", b"".join(line.written))

    async def _connect(self, pieces: list[bytes]) -> Line:
        line = Line(self.loop)
        websocket: Any = WebSocket(self.sockets, ServerOpening(self.runtime, self.server), masks=False)
        line.protocol = websocket
        websocket.connection_made(line)
        for piece in pieces:
            if piece and not line.closing:
                websocket.get_buffer(-1)[: len(piece)] = piece
                websocket.buffer_updated(len(piece))
            await turns()
        if not line.closing:
            websocket.eof_received()
            await turns()
            line.close()
        await turns()
        return line


async def turns() -> None:
    """Let the event loop do all that is to be done now."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(MOST_TURNS):
        await asyncio.sleep(0)
        if not loop._ready:
            return


def events(kind: Any, pieces: list[bytes], *, masked: bool) -> Any:
    owner = owner_of(kind, masked=masked)
    owner.read(pieces)
    return owner.events, owner.plain, owner.sizes, owner.turns, owner.kept


PLACE = Place()


def play(data: bytes) -> None:
    """Play one input."""
    if len(data) < 2:
        return
    cut, data = data[0] * len(data) // 256, data[1:60_000]
    pieces = [data[:cut], data[cut:]]
    for masked in (True, False):
        compiled, reference = (events(each.Wire, pieces, masked=masked) for each in (ocpp_fast_ext.wire, wire))
        assert compiled == reference, f"the wire kernels differ:\n{compiled}\n{reference}"
    whole, parts = PLACE.answers([data]), PLACE.answers(pieces)
    assert whole == parts, f"in one piece and in two:\n{whole!r}\n{parts!r}"


if __name__ == "__main__":
    fuzz(play)
