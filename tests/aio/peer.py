"""A WebSocket client made by hand on a TCP stream, so that it can break every rule there is."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

PATIENCE: Final = 15.0
"""Seconds that anything may take before a test fails."""


@dataclass(frozen=True)
class HttpAnswer:
    """What a server answers to a handshake; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True)
class Frame:
    """A WebSocket frame."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv1: bool = False


def frame_bytes(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False, masked: bool = True
) -> bytes:
    """A frame as a client sends it."""
    head = bytes([opcode | fin << 7 | rsv1 << 6])
    size, mask_bit = len(payload), masked << 7
    if size < 126:
        head += bytes([size | mask_bit])
    elif size < 65536:
        head += struct.pack("!BH", 126 | mask_bit, size)
    else:
        head += struct.pack("!BQ", 127 | mask_bit, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ repeated).to_bytes(size, "big")


def handshake_bytes(
    path: str = "/CP1",
    *,
    subprotocols: str | None = "ocpp1.6",
    headers: Iterable[str] = (),
    method: str = "GET",
    version: str = "HTTP/1.1",
    without: str = "",
) -> bytes:
    """A handshake; `headers` are added, and the one whose name is `without` is left out."""
    lines = [
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([] if subprotocols is None else [f"Sec-WebSocket-Protocol: {subprotocols}"]),
        *headers,
    ]
    kept = [each for each in lines if each.partition(":")[0] != without]
    return "\r\n".join([f"{method} {path} {version}", *kept, "", ""]).encode("latin-1")


class Peer:
    """One TCP connection to a server under test."""

    opened: ClassVar[list[Peer]] = []
    """All of them, so that a test need not end each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened.append(self)
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, receive_buffer: int | None = None) -> Self:
        """Open a TCP connection, and say nothing yet."""
        sock = socket.socket(proto=socket.IPPROTO_TCP)  # which asyncio wants to see to turn Nagle's algorithm off
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        reader, writer = await asyncio.open_connection(sock=sock, limit=2**24)
        return cls(reader, writer)

    # The handshake

    async def http_answer(self) -> HttpAnswer:
        """Read an HTTP answer; the body of one that is not 101 ends with the connection."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            status = int(first.split(" ")[1])
            body = "" if status == 101 else (await self.reader.read()).decode()
        pairs = (line.partition(": ") for line in lines)
        return HttpAnswer(status, {name.lower(): value for name, _, value in pairs}, body)

    # Frames

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)

    def send_frame(self, opcode: int, payload: bytes = b"", **options: Any) -> None:
        """Send a WebSocket frame, with the options of `frame_bytes`."""
        self.write(frame_bytes(opcode, payload, **options))

    def send(self, message: Any) -> None:
        """Send a text message: a string or bytes as they are, anything else as JSON."""
        if isinstance(message, str):
            message = message.encode()
        elif not isinstance(message, bytes):
            message = json.dumps(message).encode()
        self.send_frame(TEXT, message)

    def heartbeat(self, unique_id: str) -> None:
        """Send a Heartbeat CALL."""
        self.send([2, unique_id, "Heartbeat", {}])

    async def frame(self) -> Frame | None:
        """The next frame, or None at the end of the stream."""
        try:
            async with asyncio.timeout(PATIENCE):
                first, second = await self.reader.readexactly(2)
                assert not second & 0x80, "a server does not mask"
                size = second & 0x7F
                if size == 126:
                    (size,) = struct.unpack("!H", await self.reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
                payload = await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return Frame(first & 0x0F, payload, bool(first & 0x80), bool(first & 0x40))

    async def message(self) -> Any:
        """The JSON of the next text message; pings are answered on the way."""
        while True:
            frame = await self.frame()
            assert frame is not None, "the connection ended"
            if frame.opcode == PING:
                self.send_frame(PONG, frame.payload)
                continue
            assert frame.opcode == TEXT, frame
            return json.loads(frame.payload)

    async def close_frame(self) -> tuple[int, str]:
        """Read on until the server closes, and do the same: the code and the reason it gives, else 1006."""
        while True:
            frame = await self.frame()
            if frame is None:
                return 1006, ""
            if frame.opcode == CLOSE:
                with suppress(OSError):  # the server may have left already
                    self.send_frame(CLOSE, frame.payload)
                    self.writer.write_eof()
                return int.from_bytes(frame.payload[:2], "big"), frame.payload[2:].decode()

    async def eof(self) -> None:
        """Read on until TCP ends."""
        while await self.frame() is not None:
            pass

    # The end

    def close(self, code: int = 1000) -> None:
        """Send a close frame; the server ends TCP."""
        self.send_frame(CLOSE, code.to_bytes(2, "big"))

    def abort(self) -> None:
        """Cut the connection with a TCP reset."""
        if self.writer.is_closing():
            return
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
