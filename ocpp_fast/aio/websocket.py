"""A WebSocket over an asyncio transport, called back instead of awaited.

No task and no queue belong to a connection: bytes arrive in one buffer that all connections of a loop share. Its base
class, a `Wire`, hands whole plain messages to the owner at once and writes those that are sent; the handshake, control
frames, fragments, compression and whatever is wrong go through websockets' Sans-I/O layer, a whole frame at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from enum import Flag, auto
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from .._core import Wire
from .security import WEBSOCKET_LOG
from .transport import CloseCode, TransportOwner

__all__ = ["Pause", "WebSocket"]

_RECEIVE_SIZE: Final = 64 * 1024
_MAX_HANDSHAKE: Final = 16 * 1024
_HEAD_END: Final = b"\r\n\r\n"
_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = WeakKeyDictionary()


def _shared_buffer(loop: asyncio.AbstractEventLoop) -> memoryview:
    if loop not in _buffers:
        _buffers[loop] = memoryview(bytearray(_RECEIVE_SIZE))
    return _buffers[loop]


class Pause(Flag):
    """Why reading is paused."""

    NONE = 0
    HANDSHAKE = auto()
    """Much has come while the handshake is being decided."""
    WRITING = auto()
    """The peer does not read what it is sent."""
    OWNER = auto()
    """The owner wants no more messages: too many of the peer's calls wait."""


class WebSocket(Wire, asyncio.BufferedProtocol):
    """One connection, of either side. A subclass does the opening handshake.

    `open_timeout` bounds the handshake and `close_timeout` the closing one, in seconds; `max_message_size` a message,
    in bytes.
    """

    def __init__(
        self,
        protocol: ServerProtocol | ClientProtocol,
        *,
        max_message_size: int,
        open_timeout: float,
        close_timeout: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._masks = isinstance(protocol, ClientProtocol)
        super().__init__(_shared_buffer(self._loop), max_message_size, not self._masks)
        self._protocol = protocol
        self._open_timeout = open_timeout
        self._close_timeout = close_timeout
        self._timer: asyncio.TimerHandle | None = None
        self._pauses = Pause.NONE
        self._backlog: deque[bytes] | None = None
        self._fragments: bytearray | None = None
        self._max_message_size = max_message_size
        self._owner: TransportOwner | None = None
        self._head: bytes | None = b""  # its last bytes, as long as its end may be among them
        self._early = b""
        self._eof = False
        self._handshake_size = 0
        self._writes_plainly = False
        self._pong_due = False
        self._lost = False
        self._failed = False
        self._end: asyncio.Future[None] | None = None

    # What the subclass does

    def handshake_event(self, event: Request | Response) -> None:
        """Decide on the opening handshake."""
        raise NotImplementedError

    def handshake_too_late(self) -> None:
        """The handshake takes longer than `open_timeout`."""
        self.transport.abort()

    def handshake_too_large(self) -> None:
        """The peer's part of the handshake is larger than any honest one."""
        self.transport.abort()

    def disconnected(self) -> None:
        """TCP has ended, whether the handshake was done or not."""

    # asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._timer = self._loop.call_later(self._open_timeout, self.handshake_too_late)

    def unusual(self, data: bytes) -> None:
        """Take bytes for the Sans-I/O layer: the handshake, a frame that is no plain message, or what is wrong."""
        if self._protocol.state is not State.CONNECTING:
            self._receive(data)
            return
        if self._head is not None:
            data, behind = self._split_head(data)
            if self._handshake_size > _MAX_HANDSHAKE:
                self.handshake_too_large()
                return
            self._receive(data)
        else:
            behind = data
        if self._masks and self._protocol.state is State.CONNECTING:
            self._receive(behind)  # the body of a server's refusal
        else:
            self._early += behind
            self.take_early()

    def _split_head(self, data: bytes) -> tuple[bytes, bytes]:
        """Cut bytes of the handshake where its head ends: a server may send messages right behind it."""
        assert self._head is not None
        known = self._head + data
        end = known.find(_HEAD_END)
        cut = len(data) if end < 0 else end + len(_HEAD_END) - len(self._head)
        self._head = known[1 - len(_HEAD_END) :] if end < 0 else None
        self._handshake_size += cut
        return data[:cut], data[cut:]

    def take_early(self) -> None:
        """Take what came behind the handshake's head, as soon as the handshake is decided."""
        if self._protocol.state is not State.CONNECTING:
            early, self._early = self._early, b""
            self._resume(Pause.HANDSHAKE)
            if early and not self._eof:
                self.feed(early)
        elif len(self._early) > _MAX_HANDSHAKE:
            self._pause(Pause.HANDSHAKE)

    def _receive(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame_received(event)
            else:
                self.handshake_event(event)
        self._flush()  # not before: what came ahead of a close frame still counts

    def eof_received(self) -> bool:
        self._eof = True
        self._protocol.receive_eof()
        self._flush()
        self._bound_end()  # what was written may never leave
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._stop_timer()
        self._protocol.receive_eof()
        self._protocol.data_to_send()
        self._tell_end()
        if self._end is not None:
            self._end.set_result(None)
        self.disconnected()

    def pause_writing(self) -> None:
        self._pause(Pause.WRITING)

    def resume_writing(self) -> None:
        self._resume(Pause.WRITING)

    # The owner calls

    def opened(self, owner: TransportOwner) -> None:
        """The handshake is done: messages go to `owner` from now on."""
        self._stop_timer()
        self._owner = owner
        watched = WEBSOCKET_LOG.isEnabledFor(logging.DEBUG)  # every frame is to be logged
        self._writes_plainly = not watched and not self._protocol.extensions
        self.plain = not watched
        self._go_straight()

    def _go_straight(self) -> None:
        """Let plain messages go to the owner, if nothing speaks against it."""
        if self._owner is not None and not self._pauses and self._fragments is None:
            self.receiver = self._owner.message_received

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._protocol.state is State.OPEN and not self._lost

    def send(self, raw: bytes) -> None:
        """Send a text message, in UTF-8. Does nothing when the connection is closing."""
        if not self.is_open:
            return
        if self._writes_plainly:
            if not self.transport.is_closing():
                self.send_text(raw, os.urandom(4) if self._masks else b"")
        else:
            self._protocol.send_text(raw)
            self._flush()

    def ping(self) -> None:
        """Ask for a sign of life; close with 1011 when the last one asked for has not come (R38)."""
        if self._pong_due and not self.heard and not self._pauses & Pause.OWNER:  # where the pong would wait as well
            self.close(CloseCode.INTERNAL_ERROR, "no pong")
            self.transport.abort()
        elif self.is_open:
            self._pong_due, self.heard = True, False
            self._protocol.send_ping(b"")
            self._flush()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Start the closing handshake, or cut a handshake that is still going on."""
        if self._protocol.state is State.CONNECTING:
            self.transport.close()
        elif self.is_open:
            self._protocol.send_close(code, reason)
            self._flush()

    async def wait_closed(self) -> None:
        """Wait until TCP has ended."""
        if not self._lost:
            if self._end is None:
                self._end = self._loop.create_future()
            await asyncio.shield(self._end)

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()

    def pause(self) -> None:
        """Hand over no more messages, until `resume`."""
        self._pause(Pause.OWNER)

    def resume(self) -> None:
        """Hand over messages again, those that came meanwhile first."""
        self._resume(Pause.OWNER)

    def _pause(self, reason: Pause) -> None:
        """Stop reading, until every reason given has been taken back by `_resume`."""
        if not self._pauses:
            self.transport.pause_reading()
            self.receiver = None
        self._pauses |= reason

    def _resume(self, reason: Pause) -> None:
        """Take a reason back; what was read meanwhile is delivered first."""
        if not self._pauses & reason:
            return
        self._pauses &= ~reason
        if reason is Pause.OWNER:
            self.heard = True  # the pong may be behind what was not read
        while self._backlog and not self._pauses and self._owner is not None:
            self._owner.message_received(self._backlog.popleft())
        if not self._pauses and not self._lost:
            self.transport.resume_reading()
            self._go_straight()

    # Frames

    def _frame_received(self, frame: Frame) -> None:
        self.heard = True  # any frame is a sign of life (R38)
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            if frame.fin and self._fragments is None:
                self._message_received(bytes(frame.data))
                return
            if self._fragments is None:
                self._fragments = bytearray()
                self.receiver = None
            self._fragments += frame.data
            self.limit = self._max_message_size - len(self._fragments)
            if frame.fin:
                whole, self._fragments = bytes(self._fragments), None
                self.limit = self._max_message_size
                self._message_received(whole)
                self._go_straight()
        elif frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "expected text")

    def _message_received(self, raw: bytes) -> None:
        if self._owner is None:
            return
        if not raw.isascii():
            try:
                raw.decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "expected UTF-8")
                return
        if self._pauses:
            if self._backlog is None:
                self._backlog = deque()
            self._backlog.append(raw)
        else:
            self._owner.message_received(raw)

    @property
    def failed(self) -> bool:
        """Whether it ends because the peer sent what it must not."""
        invalid = self._protocol.parser_exc
        return self._failed or (invalid is not None and not isinstance(invalid, EOFError))

    def _fail(self, code: CloseCode, reason: str) -> None:
        if self.is_open:
            self._failed = True
            self._protocol.fail(code, reason)
            self._flush()

    def _flush(self) -> None:
        """Send the output of the Sans-I/O layer, and bound the wait for an end that it expects."""
        if self._lost:
            return
        writes = self._protocol.data_to_send()
        if not self.transport.is_closing():
            if data := b"".join(writes):
                self.transport.write(data)
            if writes and not writes[-1]:
                self._write_eof()
        if self._protocol.close_expected():
            self._bound_end()
        if self._protocol.state is not State.OPEN:
            self._tell_end()

    def _write_eof(self) -> None:
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _bound_end(self) -> None:
        """Cut the connection if it does not end by itself."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._close_timeout, self.transport.abort)

    def _tell_end(self) -> None:
        """Tell the owner that the connection can't be used any more, once, and before TCP has ended (R44)."""
        self._backlog = self._fragments = self.receiver = None
        owner, self._owner = self._owner, None
        if owner is None:
            return
        if self._pauses and not self._lost:  # or the end of the stream would not be noticed
            self._pauses = Pause.NONE
            self.transport.resume_reading()
        close = self._protocol.close_rcvd or self._protocol.close_sent
        if close is None:
            owner.transport_closed(CloseCode.ABNORMAL, "")
        else:
            owner.transport_closed(close.code, close.reason)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def peer(self) -> Any:
        """The peer's address, as the operating system tells it."""
        return self.transport.get_extra_info("peername")

    @property
    def certificate(self) -> bytes | None:
        """The peer's TLS certificate in DER; None if it showed none."""
        tls = self.transport.get_extra_info("ssl_object")
        return None if tls is None else tls.getpeercert(binary_form=True)
