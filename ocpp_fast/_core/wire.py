"""The reference core of the wire: plain messages go straight to their receiver; see `contract.Wire`."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Wire"]

_TEXT: Final = 0x81
_CONTROL: Final = 0x08
_BUDGET: Final = 16
_OPCODES: Final = frozenset({0, 1, 2, 8, 9, 10})


class Wire:
    """The frames of one WebSocket: keeps `contract.Wire`."""

    __slots__ = (
        "_buffer",
        "_needed",
        "_rest",
        "_waits",
        "budget",
        "heard",
        "limit",
        "masked",
        "paused",
        "plain",
        "receiver",
        "transport",
        "writes",
    )

    def __init__(self, buffer: memoryview, limit: int, masked: bool) -> None:
        self.transport: Any = None
        self.receiver: Any = None
        self.plain = False
        self.heard = False
        self.paused = False
        self.writes = False
        self.budget = 0
        self.limit = limit
        self._buffer = buffer
        self.masked = masked
        self._rest: bytearray | None = None
        self._needed = 0
        self._waits = False

    def unusual(self, data: bytes) -> None:
        """Take bytes that are no plain message."""
        raise NotImplementedError

    def unfinished(self, size: int) -> None:
        """So many bytes of a frame are kept."""

    def spent(self) -> None:
        """Stop reading."""

    def send_unusual(self, raw: bytes) -> None:
        """Send a text message in another way."""
        raise NotImplementedError

    @property
    def kept(self) -> int:
        """How many bytes are kept."""
        return 0 if self._rest is None else len(self._rest)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that the event loop reads into."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the event loop has read."""
        self.feed(bytes(self._buffer[:nbytes]))
        if nbytes == len(self._buffer) and not self.paused:
            self.spent()

    def feed(self, data: bytes) -> None:
        """Take bytes of the peer."""
        if self.paused:
            if data:
                self._rest = (self._rest or bytearray()) + data
                self.heard = True
                self.spent()
            return
        if self._rest is not None:
            self._rest += data
            if len(self._rest) < self._needed:
                self.unfinished(len(self._rest))
                return
            data, self._rest = bytes(self._rest), None
        self.budget = _BUDGET
        self._take_all(data)

    def _report(self, size: int) -> None:
        if size or self._waits:
            self._waits = size > 0
            self.unfinished(size)

    def _take_all(self, data: bytes) -> None:
        """Hand on every whole frame, and keep the rest."""
        start = 0
        while start < len(data):
            if self.paused or self.budget <= 0:
                self._keep(data[start:], 0)
                if not self.paused:
                    self.spent()
                return
            self.budget -= 1
            if not self.plain:
                self._report(0)
                self.unusual(data[start:])
                return
            length = self._frame_length(data, start)
            if length < 0:
                self.plain = False
            elif length == 0 or start + length > len(data):
                self._keep(data[start:], length)
                self._report(len(data) - start)
                return
            else:
                self._report(0)
                self._take(data[start : start + length])
                start += length

    def _keep(self, rest: bytes, needed: int) -> None:
        self._rest = bytearray(rest)
        self._needed = needed

    def _frame_length(self, data: bytes, start: int) -> int:
        """Return how long a frame is, 0 if that can't be told yet, and -1 for one that can't be right."""
        if len(data) - start < 2:
            return 0
        first, second = data[start], data[start + 1]
        size, head = second & 0x7F, 2 + 4 * self.masked
        if first & 0x0F not in _OPCODES or first & 0x30 or bool(second & 0x80) is not self.masked:
            return -1
        if first & _CONTROL and not first & 0x80:
            return -1
        if size > 125:
            width = 2 if size == 126 else 8
            if len(data) - start < 2 + width:
                return 0
            head, size = head + width, int.from_bytes(data[start + 2 : start + 2 + width])
            if first & _CONTROL or size < (126 if width == 2 else 65536):
                return -1
        return head + size if size <= self.limit else -1

    def _take(self, frame: bytes) -> None:
        """Hand on a whole frame."""
        if frame[0] == _TEXT and self.receiver is not None:
            raw = self._message(frame)
            if raw is not None:
                self.heard = True
                self.receiver.message_received(raw)
                return
        self.unusual(frame)

    def _message(self, frame: bytes) -> bytes | None:
        """Return the text of a frame; None if it is not UTF-8."""
        size = frame[1] & 0x7F
        width = 0 if size < 126 else 2 if size == 126 else 8
        head = 2 + width + 4 * self.masked
        raw = frame[head:]
        if self.masked:
            raw = _masked(raw, frame[head - 4 : head])
        if not raw.isascii():
            try:
                raw.decode()
            except UnicodeDecodeError:
                return None
        return raw

    def payload(self, frame: bytes) -> bytes:
        """Return the payload of a whole control frame, its length in one byte."""
        return _masked(frame[6:], frame[2:6]) if self.masked else frame[2:]

    def send(self, raw: bytes) -> None:
        """Send a text message."""
        if self.writes and not self.transport.is_closing():
            self.send_text(raw)
        else:
            self.send_unusual(raw)

    def send_text(self, raw: bytes, mask: bytes = b"") -> None:
        """Write a text message in one frame, masked if a mask is given."""
        size, mask_bit = len(raw), 0x80 if mask else 0
        if size < 126:
            head = bytes((_TEXT, size | mask_bit))
        elif size < 65536:
            head = bytes((_TEXT, 126 | mask_bit)) + size.to_bytes(2)
        else:
            head = bytes((_TEXT, 127 | mask_bit)) + size.to_bytes(8)
        self.transport.write(head + mask + (_masked(raw, mask) if mask else raw))


def _masked(text: bytes, mask: bytes) -> bytes:
    """Return a text with a mask put on, or taken off."""
    size = len(text)
    masks = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(text, "little") ^ int.from_bytes(masks, "little")).to_bytes(size, "little")
