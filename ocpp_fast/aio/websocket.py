"""A WebSocket over an asyncio transport, called back instead of awaited.

No task, timer, queue or parser belongs to a connection that is idle: bytes arrive in one buffer that all connections of
a loop share. Its base class, a `Wire`, hands whole plain messages to the owner at once and writes those that are sent.
An `Opening` makes the handshake and is dropped then. Fragments, compression, the closing handshake and whatever is
wrong go through websockets' Sans-I/O layer, made for a frame that needs it and dropped after it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol as Layer
from websockets.protocol import Side, State

from .ended import ENDED, has_hung_up
from .events import Limit
from .opening import Opening, has_long_length, release
from .pausing import MOST_UNTRUSTED, OWNER, TURN, WRITING, PausingWire
from .transport import CloseCode, TransportOwner
from .websocket_log import WEBSOCKET_LOG, logs_frames

if TYPE_CHECKING:
    from .sockets import Sockets

__all__ = ["WebSocket"]

_MOST_KEPT: Final = 256 * 1024
_PER_FRAME: Final = 2 * 1024
"""So many bytes of a frame, inflated, count as one more in the budget of a turn."""

_GLANCE: Final = 0.02

_FIN: Final = 0x80
_CLOSE: Final = _FIN | 0x08
_PING: Final = _FIN | 0x09
_PONG: Final = _FIN | 0x0A


class WebSocket(PausingWire, asyncio.BufferedProtocol):
    """One connection, of either side; `masks` is true on the client's."""

    __slots__ = (
        "__weakref__",
        "_at_end",
        "_close",
        "_end",
        "_extensions",
        "_failed",
        "_fragments",
        "_is_wrong",
        "_most",
        "_opening",
        "_pong_due",
        "_protocol",
        "owner",
    )

    def __init__(self, sockets: Sockets, opening: Opening, *, masks: bool) -> None:
        super().__init__(sockets, masks=masks)
        self._opening: Opening | None = opening
        self._most = 0
        self.owner: TransportOwner | None = None
        self._protocol: Layer | None = None
        self._extensions: Sequence[Extension] = ()
        self._fragments: list[bytes] | None = None
        self._pong_due = False
        self._at_end = self._is_wrong = False
        self._failed = False
        self._close: Close | None = None
        self._end: asyncio.Future[None] | None = None

    # asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._sockets.began(self)
        assert self._opening is not None
        self._opening.begin(self)

    def eof_received(self) -> bool:
        if not self._at_end:  # which is told again if reading is resumed
            self._at_end = True
            self._sockets.in_turn(self._eof)
        return bool(self.transport.can_write_eof())  # if not closed now, then in its turn; TLS can't stay open

    def _eof(self) -> None:
        if self._lost:
            return
        if self._opening is not None:
            self._opening.eof()
        else:
            while self._pauses == TURN:  # a TLS transport tells the end together with what came before it
                self.resume(TURN)
            if self.paused:  # of what was not handed over, a close frame still counts
                self.paused = self.plain = False
                self.feed(b"")
            if self._protocol is not None:
                self._protocol.receive_eof()
                self.flush(self._protocol)
            self._tell_end()
        self._sockets.ends(self)  # what was written may never leave
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._sockets.in_turn(self._ended if exc is None or self._opening is None else partial(self._ended, exc))

    def _ended(self, error: Exception | None = None) -> None:
        self._sockets.ended(self)
        self._tell_end()
        if self._end is not None:
            self._end.set_result(None)
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.lost(error)
        if self._protocol is not None:
            self._failed = self.failed
            release(self._protocol)
            self._protocol = None
        self.transport = ENDED

    def pause_writing(self) -> None:
        self.pause(WRITING)
        self._choose_way()
        self._sockets.writes(self, self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._sockets.writes(self, 0)
        self.resume(WRITING)
        self._choose_way()

    # The opening handshake

    def opened(
        self,
        owner: TransportOwner,
        layer: Layer | None,
        *,
        trusted: bool,
        ping_interval: float | None = None,
    ) -> None:
        """The handshake is done: messages go to `owner` from now on. `layer` has made the handshake, if any has.

        A peer that is not trusted yet may send messages of 64 KiB, and larger ones when `trust` is called.
        """
        self._opening = None
        self.owner = owner
        self._most = self._sockets.max_message_size
        self.limit = self._most = self._most if trusted else min(self._most, MOST_UNTRUSTED)
        self._sockets.opened(self, ping_interval)
        if layer is not None:
            self._extensions = tuple(layer.extensions)
            if logs_frames():
                self._protocol = layer
                layer.max_message_size = self._most
            else:
                self._sockets.loop.call_soon(release, layer)  # which has work to do yet
        self.plain = True
        self.receiver = None if logs_frames() else owner
        self._choose_way()

    def refuse(self, layer: Layer) -> None:
        """The handshake is done, but only to be closed at once."""
        self._opening = None
        self._protocol = layer
        self._sockets.opened(self)

    def opens_too_late(self) -> None:
        """The handshake takes too long."""
        if self._opening is not None:
            self._opening.too_late()

    # The owner calls

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        if self._protocol is None:
            return self.owner is not None
        return self._protocol.state is State.OPEN and not self._lost

    def trust(self) -> None:
        """Take messages of any size from now on that is allowed at all."""
        self.limit += self._sockets.max_message_size - self._most
        self._most = self._sockets.max_message_size
        if self._protocol is not None:
            self._protocol.max_message_size = self._most

    def _choose_way(self) -> None:
        """Let messages be written at once, or not."""
        may = self.owner is not None and self._protocol is None and not self._extensions
        self.writes = may and self.masked and not self._pauses & WRITING

    def send_unusual(self, raw: bytes) -> None:
        """Send a text message that can't just be written. Does nothing when the connection is closing."""
        before = self.transport.get_write_buffer_size() if self._pauses & WRITING else -1
        if self._protocol is not None:
            if self.is_open:
                self._protocol.send_text(raw)
                self.flush(self._protocol)
        elif self.owner is not None and not self.transport.is_closing():
            if self._extensions:
                frame = Frame(Opcode.TEXT, raw).serialize(mask=not self.masked, extensions=self._extensions)
                self.transport.write(frame)
            else:
                self.send_text(raw, b"" if self.masked else os.urandom(4))
        if before >= 0 and self._pauses & WRITING:
            self._sockets.writes(self, self.transport.get_write_buffer_size(), before)

    def cut(self, detail: str) -> None:
        """Cut the connection, for the peer does not read."""
        self._tell_limit(Limit.SLOW_READER, detail)
        self.transport.abort()

    def ping(self) -> None:
        """Ask for a sign of life; close with 1011 when the last one asked for has not come (R38)."""
        if self._pong_due and not self.heard:
            self._tell_limit(Limit.PING_TIMEOUT, "closed with 1011")
            self.close(CloseCode.INTERNAL_ERROR, "no pong")
            self.transport.abort()
        elif self.is_open:
            self._pong_due = True
            self._ask()

    async def answers(self, seconds: float) -> bool:
        """Whether the peer gives a sign of life within so many seconds, asked for one now."""
        if self.is_open:
            self._ask()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.is_open and not self.heard:  # noqa: ASYNC110  # the kernel that hears tells nobody
                    await asyncio.sleep(_GLANCE)
        return self.is_open and self.heard

    def _ask(self) -> None:
        self.heard = False
        self._write_control(Opcode.PING, b"")
        if not self._pauses & (OWNER | WRITING):
            return
        if self.kept < _MOST_KEPT:  # read once, for the pong that may be there, and for the end of the stream
            self.transport.resume_reading()
        elif has_hung_up(self.transport):
            self.transport.abort()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Start the closing handshake, or cut a handshake that is still going on."""
        if self._opening is not None:
            self.transport.close()
            self._sockets.ends(self)
        elif self.is_open:
            layer = self._layer()
            layer.send_close(code, reason)
            self.flush(layer)

    async def wait_closed(self) -> None:
        """Wait until TCP has ended."""
        if self.transport is not ENDED:
            if self._end is None:
                self._end = self._sockets.loop.create_future()
            await asyncio.shield(self._end)

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()

    def stalled(self, size: int) -> None:
        """A while ago so many bytes waited to be written: cut the connection if none has left."""
        now = self.transport.get_write_buffer_size()
        if now < size:
            self._sockets.writes(self, now)
        else:
            self.cut(f"cut, with {now} bytes unread for too long")

    # Frames

    def unusual(self, data: bytes) -> None:
        """Take bytes of the handshake, a whole frame that is no plain message, or what is wrong."""
        if self._opening is not None:
            self._opening.receive(data)
            return
        if self._close is not None:
            return  # what is behind a Close frame (RFC 6455, 1.4)
        if self._protocol is None and self.plain and _CLOSE <= data[0] <= _PONG and data[1] & 0x7F < 126:
            self.heard = True
            if data[0] == _PING:
                self._write_control(Opcode.PONG, self.payload(data))
            elif data[0] == _CLOSE:
                self._close_received(data)
            return
        layer = self._layer()
        if layer.reader.eof:
            return
        if not self.plain and not self._is_wrong and layer.state is State.OPEN:
            self._is_wrong = True  # what comes next need not begin with a frame
            if has_long_length(data, masked=self.masked):
                self._fail(CloseCode.PROTOCOL_ERROR, "the length is not as short as can be")
                return
        layer.receive_data(data)
        for event in layer.events_received():
            if isinstance(event, Frame):
                self._frame_received(event)
        self.flush(layer)  # not before: what came ahead of a close frame still counts
        if self.plain and self._fragments is None and layer.state is State.OPEN and not logs_frames():
            self._protocol = None
            self._choose_way()
            release(layer)

    def _close_received(self, frame: bytes) -> None:
        try:
            self._close = Close.parse(self.payload(frame))
        except (ProtocolError, UnicodeDecodeError):
            self._layer().receive_data(frame)
            self.flush(self._layer())
        else:
            self.plain, self.receiver = False, None
            self._sockets.in_turn(partial(self._answer_close, frame))

    def _answer_close(self, frame: bytes) -> None:
        """Answer a Close frame likewise; the server ends TCP then."""
        if self._protocol is not None:  # we close, too
            self._protocol.receive_data(frame)
            self.flush(self._protocol)
        elif self.owner is not None:
            self._write_control(Opcode.CLOSE, self.payload(frame))
            if self.masked:
                self._write_eof()
            self._sockets.ends(self)
            self._tell_end()

    def _layer(self) -> Layer:
        """Return the Sans-I/O layer, which is kept until a message or the connection has ended."""
        if self._protocol is None:
            side = Side.SERVER if self.masked else Side.CLIENT
            self._protocol = Layer(side, state=State.OPEN, max_size=self._most, logger=WEBSOCKET_LOG)
            self._protocol.extensions = list(self._extensions)
            self._choose_way()
        return self._protocol

    def _write_control(self, opcode: Opcode, data: bytes) -> None:
        if self._protocol is not None:
            (self._protocol.send_ping if opcode is Opcode.PING else self._protocol.send_pong)(data)
            self.flush(self._protocol)
        elif not self.transport.is_closing():
            self.transport.write(Frame(opcode, data).serialize(mask=not self.masked))

    def _frame_received(self, frame: Frame) -> None:
        self.heard = True  # any frame is a sign of life (R38)
        self.budget -= len(frame.data) // _PER_FRAME
        if frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "expected text")
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._part_received(bytes(frame.data), frame.fin)

    def _part_received(self, data: bytes, fin: bool) -> None:
        """Take a text message, or the next part of one."""
        if fin and self._fragments is None:
            self._message_received(data)
            return
        if self._fragments is None:
            self._fragments = []
            self.receiver = None
        self._fragments.append(data)
        self.limit -= len(data)
        if fin:
            whole, self._fragments = b"".join(self._fragments), None
            self.limit = self._most
            self.unfinished(0)
            self.receiver = self.owner if self.plain and not logs_frames() else None
            self._message_received(whole)
        elif len(self._fragments) > self._sockets.max_fragments:
            self._fail(
                CloseCode.POLICY_VIOLATION, f"expected at most {self._sockets.max_fragments} fragments", Limit.FRAGMENTS
            )
        else:
            self.unfinished(0)

    def unfinished(self, size: int) -> None:
        """So many bytes of a frame are kept until the rest has come, beside the fragments of a message."""
        if self._fragments is not None:
            size += self._most - self.limit + len(self._fragments)
        if not self._sockets.keeps(self, size):
            self._fail(CloseCode.TRY_AGAIN_LATER, "too many messages are unfinished", Limit.UNFINISHED)

    def ends_too_late(self) -> None:
        """A message takes too long to come; unless it is we who do not read it."""
        if self._pauses:
            self._sockets.waits_on(self)
            return
        self._fail(CloseCode.POLICY_VIOLATION, "a message takes too long to come", Limit.UNFINISHED_TIME)

    def _message_received(self, raw: bytes) -> None:
        if self.owner is None or self._pauses:
            return
        if not raw.isascii():
            try:
                raw.decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "expected UTF-8")
                return
        self.owner.message_received(raw)

    @property
    def failed(self) -> bool:
        """Whether it ends because the peer sent what it must not."""
        invalid = None if self._protocol is None else self._protocol.parser_exc
        return self._failed or (invalid is not None and not isinstance(invalid, EOFError))

    def _tell_limit(self, limit: Limit, detail: str) -> None:
        if self.owner is not None:
            self.owner.limit_reached(limit, detail)

    def _fail(self, code: CloseCode, reason: str, limit: Limit | None = None) -> None:
        if self.is_open:
            self._failed = True
            if limit is not None:
                self._tell_limit(limit, f"closed with {int(code)}")
            layer = self._layer()
            layer.fail(code, reason)
            self.flush(layer)

    def flush(self, layer: Layer) -> None:
        """Send the output of the Sans-I/O layer, and bound the wait for an end that it expects."""
        if self._lost:
            return
        writes = layer.data_to_send()
        if not self.transport.is_closing():
            if data := b"".join(writes):
                self.transport.write(data)
            if writes and not writes[-1]:
                self._write_eof()
        if layer.close_expected():
            self._sockets.ends(self)
        if layer.state is not State.OPEN:
            self._tell_end()

    def _write_eof(self) -> None:
        (self.transport.write_eof if self.transport.can_write_eof() else self.transport.close)()

    def _tell_end(self) -> None:
        """Tell the owner that the connection can't be used any more, once, and before TCP has ended (R44)."""
        self._fragments = self.receiver = None
        owner, self.owner = self.owner, None
        self.writes = False
        if owner is None:
            return
        self._sockets.keeps(self, 0)
        self._read_on()
        if self._protocol is not None and isinstance(self._protocol.parser_exc, PayloadTooBig):
            owner.limit_reached(Limit.MESSAGE_SIZE, "closed with 1009")
        layer = self._protocol
        close = self._close if layer is None else layer.close_rcvd or layer.close_sent
        if close is None:
            owner.transport_closed(CloseCode.ABNORMAL, "")
        else:
            owner.transport_closed(close.code, close.reason)

    @property
    def peer(self) -> Any:
        """The peer's address, as the operating system tells it."""
        return self.transport.get_extra_info("peername")

    @property
    def certificate(self) -> bytes | None:
        """The peer's TLS certificate in DER; None if it showed none."""
        tls = self.transport.get_extra_info("ssl_object")
        return None if tls is None else tls.getpeercert(binary_form=True)
