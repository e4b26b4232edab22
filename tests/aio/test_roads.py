"""One WebSocket, two roads: plain messages go straight, the rest through websockets' Sans-I/O layer.

Whatever a peer sends, and however it is cut, the WebSocket does what that layer does alone, a frame at a time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ocpp_fast import Limit
from ocpp_fast.aio.client_handshake import ClientOpening
from ocpp_fast.aio.handshake import ServerOpening
from ocpp_fast.aio.limits import Lobby
from ocpp_fast.aio.opening import has_long_length
from ocpp_fast.aio.server import Server
from ocpp_fast.aio.transport import Transport
from ocpp_fast.aio.websocket import WebSocket

from ..kernels.test_wire import frame
from .harness import central_system
from .peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, handshake_bytes

LIMIT: Final = 70_000
SUBPROTOCOL: Final = "ocpp1.6"


class Role(Enum):
    """What is under test."""

    SERVER = "server"
    COMPRESSING = "a server that was asked to compress"
    CLIENT = "client"


# What both roads are asked about


class Owner:
    """Echoes messages, and notes what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.transport: Any = None

    def message_received(self, raw: bytes) -> None:
        self.events.append(("message", raw))
        self.transport.send(raw)

    def transport_closed(self, code: int, reason: str) -> None:
        self.events.append(("closed", code, reason))

    def limit_reached(self, limit: Limit, detail: str = "") -> None:
        """The other road knows of no limits."""


class Wires(asyncio.Transport):
    """Takes what is written, as a socket whose peer reads at once."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.ended = False

    def write(self, data: Any) -> None:
        assert not self.ended
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.ended

    def pause_reading(self) -> None:
        """More is never sent than one segment."""

    def resume_reading(self) -> None:
        """Nor is it waited for."""

    def get_write_buffer_size(self) -> int:
        return 0


class Seen:
    """What an owner was told, what was written, and how it ended."""

    def __init__(self, role: Role, owner: Owner, written: bytes, *, ended: bool, failed: bool) -> None:
        self.told = owner.events
        self.written = written if role is Role.SERVER else frames_of(role, written)
        self.ended = ended
        self.failed = failed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"Seen({vars(self)})"


def frames_of(role: Role, written: bytes) -> list[tuple[int, bytes, bool]]:
    """Return the frames that a peer reads: masks are random, and what is compressed may be so in many ways."""
    peer = Protocol(Side.SERVER if role is Role.CLIENT else Side.CLIENT, state=State.OPEN)
    if role is Role.COMPRESSING:
        peer.extensions = [deflate()]
    peer.receive_data(written)
    assert peer.parser_exc is None
    return [(each.opcode, bytes(each.data), each.fin) for each in peer.events_received() if isinstance(each, Frame)]


def deflate() -> PerMessageDeflate:
    return PerMessageDeflate(True, True, 15, 15)


# The library


def play(role: Role, pieces: list[bytes], *, behind: bool, end: bool) -> Seen:
    """Send pieces to the library's WebSocket; the first one `behind` the handshake in one segment, `end` ends TCP."""

    async def main() -> Seen:
        owner, wires = Owner(), Wires()
        websocket = _client(owner) if role is Role.CLIENT else _server(owner)
        websocket.connection_made(wires)
        head = _answer(bytes(wires.written)) if role is Role.CLIENT else _request(role)
        segments = [head + b"".join(pieces[:1]), *pieces[1:]] if behind else [head, *pieces]
        if role is Role.CLIENT:
            wires.written.clear()
        for segment in segments:
            await _read(websocket, segment)
        if end:
            websocket.eof_received()
            websocket.connection_lost(None)
        written = bytes(wires.written)
        if role is not Role.CLIENT:
            _, _, written = written.partition(b"\r\n\r\n")
        return Seen(role, owner, written, ended=wires.ended, failed=websocket.failed)

    return asyncio.run(main())


async def _read(websocket: WebSocket, segment: bytes) -> None:
    """Give bytes to a WebSocket as an event loop does, which reads no more while it is others' turn."""
    while segment:
        buffer = websocket.get_buffer(-1)
        size = min(len(buffer), len(segment))
        buffer[:size] = segment[:size]
        websocket.buffer_updated(size)
        while websocket.paused:  # noqa: ASYNC110  # as long as the loop lets it
            await asyncio.sleep(0)
        segment = segment[size:]


def _server(owner: Owner) -> WebSocket:
    runtime: Any = central_system(max_message_size=LIMIT)._runtime

    def arrived(transport: Transport, *_: object) -> Owner:
        owner.transport = transport
        return owner

    runtime.arrived = arrived
    runtime.registrations.store("CP1", "Accepted")  # or it may not send large messages
    server = Server(runtime, Lobby(1, runtime))
    return WebSocket(server._sockets, ServerOpening(runtime, server), masks=False)


def _request(role: Role) -> bytes:
    offer = ["Sec-WebSocket-Extensions: permessage-deflate"] if role is Role.COMPRESSING else []
    return handshake_bytes(subprotocols=SUBPROTOCOL, headers=offer)


def _client(owner: Owner) -> WebSocket:
    def connected(transport: Transport, _: str | None) -> Owner:
        owner.transport = transport
        return owner

    url = "ws://localhost/CP1"
    opening = ClientOpening(url, [SUBPROTOCOL], connected, authorization=None, max_message_size=LIMIT)
    sockets = central_system(max_message_size=LIMIT)._runtime.sockets()
    return WebSocket(sockets, opening, masks=True)


def _answer(request: bytes) -> bytes:
    """Return a server's answer to a client's handshake."""
    server = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)])
    server.receive_data(request)
    [event] = server.events_received()
    assert isinstance(event, Request)
    server.send_response(server.accept(event))
    return b"".join(server.data_to_send())


# The layer alone


class Reference:
    """The Sans-I/O layer after the handshake, and the least that makes text messages of its frames."""

    def __init__(self, role: Role, owner: Owner) -> None:
        side = Side.CLIENT if role is Role.CLIENT else Side.SERVER
        self._protocol = Protocol(side, state=State.OPEN, max_size=LIMIT)
        if role is Role.COMPRESSING:
            self._protocol.extensions = [deflate()]
        self._owner = owner
        self._told_end = False
        self._masked = role is not Role.CLIENT
        self._text = b""
        self._refused = False

    def send(self, raw: bytes) -> None:
        self._protocol.send_text(raw)

    def receive(self, data: bytes) -> None:
        """Take a frame, or what there is of it."""
        if self._protocol.state is State.OPEN and has_long_length(data, masked=self._masked):
            self._protocol.fail(1002, "the length is not as short as can be")
            self._refused = True
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            self._frame_received(event)
        self._tell_end()

    def _frame_received(self, event: Frame) -> None:
        if event.opcode is Opcode.BINARY:
            self._refuse(1003, "expected text")
        elif event.opcode in (Opcode.TEXT, Opcode.CONT):
            self._text += event.data
            if event.fin:
                text, self._text = self._text, b""
                try:
                    text.decode()
                except UnicodeDecodeError:
                    self._refuse(1007, "expected UTF-8")
                else:
                    self._owner.message_received(text)

    def _refuse(self, code: int, reason: str) -> None:
        self._refused = True
        self._protocol.fail(code, reason)

    def end(self) -> None:
        """Take the end of TCP."""
        self._protocol.receive_eof()
        self._tell_end()

    def _tell_end(self) -> None:
        if self._protocol.state is not State.OPEN and not self._told_end:
            self._told_end = True
            close = self._protocol.close_rcvd or self._protocol.close_sent
            if close is None:
                self._owner.transport_closed(1006, "")
            else:
                self._owner.transport_closed(close.code, close.reason)

    def seen(self, role: Role) -> Seen:
        wrong = self._protocol.parser_exc
        failed = self._refused or (wrong is not None and not isinstance(wrong, EOFError))
        written = b"".join(self._protocol.data_to_send())
        return Seen(role, self._owner, written, ended=self._protocol.eof_sent, failed=failed)


def play_alone(role: Role, data: bytes, *, end: bool) -> Seen:
    """Send bytes to the layer alone, a frame at a time."""
    owner = Owner()
    owner.transport = reference = Reference(role, owner)
    for each in frames_in(data):
        reference.receive(each)
    if end:
        reference.end()
    return reference.seen(role)


def frames_in(data: bytes) -> Iterator[bytes]:
    """Cut a stream behind each frame, as long as its head says; the last one may be incomplete."""
    while data:
        size = data[1] & 0x7F if len(data) > 1 else 0
        width = {126: 2, 127: 8}.get(size, 0)
        if width:
            size = int.from_bytes(data[2 : 2 + width])
        length = 2 + width + (4 if len(data) > 1 and data[1] & 0x80 else 0) + size
        yield data[:length]
        data = data[length:]


# What a peer may send

TEXTS: Final = [
    b"",
    b"a",
    b"x" * 125,
    b"x" * 126,
    "ü€😀".encode() * 30,
    b"x" * 65535,
    b"x" * 65536,
    b"x" * LIMIT,
]
WRONG_TEXTS: Final = [b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"x" * (LIMIT + 1)]
CODES: Final = [0, 999, *range(1000, 1017), 2999, 3000, 3999, 4000, 4999, 5000, 65535]
REASONS: Final = [b"", b"bye", "ü€".encode(), b"\xff", b"x" * 123]

texts = st.sampled_from(TEXTS) | st.text(max_size=60).map(str.encode)
any_texts = texts | st.sampled_from(WRONG_TEXTS) | st.binary(max_size=140)
cuts = st.lists(st.integers(0, 2 * LIMIT), max_size=8)


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    """Return the pieces of data that is cut at these positions, or at what is left of those too large."""
    inside = sorted(each % (len(data) + 1) for each in positions)
    return [data[start:stop] for start, stop in pairwise([0, *inside, len(data)])]


def compressed(text: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def message(text: bytes, compress: bool, positions: list[int], between: list[bytes], masked: bool) -> bytes:
    """Return a text message in fragments, and the control frames `between` them, as many as there is room for."""
    first, *others = cut(compressed(text) if compress else text, positions[:3])
    stream = frame(first, TEXT, fin=not others, rsv=4 if compress else 0, masked=masked)
    for position, piece in enumerate(others, 1):
        stream += b"".join(between[position - 1 :: 3])
        stream += frame(piece, CONTINUATION, fin=position == len(others), masked=masked)
    return stream


def streams(role: Role) -> st.SearchStrategy[list[bytes]]:
    """Streams in pieces: what a peer may send, then perhaps what it must not, or should not, and more behind it."""
    masked = role is not Role.CLIENT
    side = st.just(masked)
    compresses = st.sampled_from([False, role is Role.COMPRESSING])
    controls = st.builds(frame, st.sampled_from([b"", b"a", b"x" * 125]), st.sampled_from([PING, PONG]), masked=side)
    few_cuts: st.SearchStrategy[list[int]] = st.just([]) | cuts
    plain = st.builds(message, texts, compresses, few_cuts, st.lists(controls, max_size=4), side)
    codes = st.builds(lambda code, reason: code.to_bytes(2) + reason, st.sampled_from(CODES), st.sampled_from(REASONS))
    closes = st.builds(frame, codes | st.sampled_from([b"", b"\x03"]), st.just(CLOSE), masked=side)
    fragments = st.builds(frame, texts, st.sampled_from([TEXT, CONTINUATION]), fin=st.booleans(), masked=side)
    wrong = st.builds(message, any_texts, st.booleans(), few_cuts, st.lists(controls, max_size=4), side)
    odd = {
        "opcode": st.sampled_from([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG, 3, 7, 11, 15]),
        "fin": st.booleans(),
        "rsv": st.sampled_from([0, 0, 0, 1, 2, 4, 6]),
        "masked": st.sampled_from([masked, masked, masked, not masked]),
    }
    odd_frames = st.builds(frame, any_texts, width=st.sampled_from([None, 8]), **odd)
    long_heads = st.builds(frame, st.binary(max_size=140), width=st.sampled_from([2, 8]), **odd)
    fine = st.lists(plain | controls, max_size=5).map(b"".join)
    change = st.one_of(st.just(b""), fragments, closes, wrong, odd_frames, long_heads, st.binary(max_size=20))
    unfinished = st.builds(lambda sent, size: sent[:size], fragments | odd_frames, st.integers(0, 20))
    return st.builds(lambda positions, *parts: cut(b"".join(parts), positions), cuts, fine, change, fine | unfinished)


def check(role: Role, pieces: list[bytes], *, behind: bool, end: bool) -> None:
    assert play(role, pieces, behind=behind, end=end) == play_alone(role, b"".join(pieces), end=end)


@settings(max_examples=300)
@given(streams(Role.SERVER), st.booleans(), st.booleans())
def test_a_server_does_what_the_layer_does_alone(pieces: list[bytes], behind: bool, end: bool) -> None:
    check(Role.SERVER, pieces, behind=behind, end=end)


@settings(max_examples=300)
@given(streams(Role.COMPRESSING), st.booleans(), st.booleans())
def test_a_server_that_compresses_does_what_the_layer_does_alone(pieces: list[bytes], behind: bool, end: bool) -> None:
    check(Role.COMPRESSING, pieces, behind=behind, end=end)


@settings(max_examples=300)
@given(streams(Role.CLIENT), st.booleans(), st.booleans())
def test_a_client_does_what_the_layer_does_alone(pieces: list[bytes], behind: bool, end: bool) -> None:
    check(Role.CLIENT, pieces, behind=behind, end=end)


RARE: Final[dict[str, Callable[[bool], bytes]]] = {
    "a message inside of another one": lambda masked: (
        frame(b"a", fin=False, masked=masked) + frame(b"b", masked=masked)
    ),
    "the head of a fragment that makes a message too large": lambda masked: (
        frame(b"a", fin=False, masked=masked) + frame(b"x" * LIMIT, CONTINUATION, masked=masked)[:20]
    ),
    "control frames with long lengths around a message": lambda masked: (
        frame(b"a", PING, masked=masked, width=2)
        + frame(b"b", masked=masked)
        + frame(b"c", PING, masked=masked, width=8)
        + frame(b"d", PING, masked=masked)
    ),
    "a message behind a binary one": lambda masked: frame(b"a", BINARY, masked=masked) + frame(b"b", masked=masked),
    "a message behind one that is not UTF-8": lambda masked: frame(b"\xff", masked=masked) + frame(b"b", masked=masked),
    "a ping behind a close frame": lambda masked: (
        frame(b"\x03\xe8", CLOSE, masked=masked) + frame(b"", PING, masked=masked)
    ),
    "a close frame inside of a message": lambda masked: (
        frame(b"a", fin=False, masked=masked) + frame(b"\x03\xe8", CLOSE, masked=masked)
    ),
}
"""What chance seldom finds."""


@pytest.mark.parametrize("size", [1, 3, 100_000])
@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("role", Role)
def test_what_is_rare_does_what_the_layer_does_alone(role: Role, name: str, size: int) -> None:
    data = RARE[name](role is not Role.CLIENT)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    check(role, pieces, behind=True, end=False)
