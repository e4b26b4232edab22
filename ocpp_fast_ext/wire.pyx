"""The compiled core of the wire: plain messages go straight to their receiver; see `contract.Wire`.

Bounds: `scan_frame` is given the first and the last byte that it may look at, and returns a length that the caller
compares with what is there before it touches the frame's payload.
"""

from cpython.bytearray cimport PyByteArray_FromStringAndSize, PyByteArray_GET_SIZE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

__all__ = ["Wire"]

cdef extern from "Python.h":
    Py_buffer* PyMemoryView_GET_BUFFER(PyObject* view) noexcept

cdef enum:
    TEXT = 0x81
    UNKNOWN = 0
    WRONG = -1
    BUDGET = 16


cdef inline uint64_t scan_number(const unsigned char* p, int width) noexcept:
    """Read an unsigned integer, the highest byte first."""
    cdef uint64_t number = 0
    cdef int index
    for index in range(width):
        number = number << 8 | p[index]
    return number


cdef inline void unmask(
    unsigned char* to, const unsigned char* text, Py_ssize_t size, const unsigned char* mask
) noexcept:
    """Copy a payload and take its mask off, eight bytes at a time."""
    cdef uint32_t half
    cdef uint64_t whole, word
    cdef Py_ssize_t index = 0
    memcpy(&half, mask, 4)
    whole = <uint64_t>half << 32 | half
    while index + 8 <= size:
        memcpy(&word, text + index, 8)
        word ^= whole
        memcpy(to + index, &word, 8)
        index += 8
    while index < size:
        to[index] = text[index] ^ mask[index & 3]
        index += 1


cdef inline bint is_ascii(const unsigned char* text, Py_ssize_t size) noexcept:
    cdef uint64_t word, seen = 0
    cdef Py_ssize_t index = 0
    while index + 8 <= size:
        memcpy(&word, text + index, 8)
        seen |= word
        index += 8
    while index < size:
        seen |= text[index]
        index += 1
    return not seen & <uint64_t>0x8080808080808080


cdef class Wire:
    """The frames of one WebSocket: keeps `contract.Wire`."""

    cdef public object transport
    cdef public object receiver
    cdef public bint plain
    cdef public bint heard
    cdef public bint paused
    cdef public bint writes
    cdef public int budget
    cdef public Py_ssize_t limit
    cdef object buffer
    cdef bytearray rest
    cdef Py_ssize_t needed
    cdef readonly bint masked
    cdef bint waits

    def __init__(self, memoryview buffer, Py_ssize_t limit, bint masked):
        self.transport = None
        self.receiver = None
        self.plain = False
        self.heard = False
        self.paused = False
        self.writes = False
        self.budget = 0
        self.limit = limit
        self.buffer = buffer
        self.rest = None
        self.needed = 0
        self.masked = masked
        self.waits = False

    def unusual(self, data):
        """Take bytes that are no plain message."""
        raise NotImplementedError

    def unfinished(self, size):
        """So many bytes of a frame are kept."""

    def spent(self):
        """Stop reading."""

    def send_unusual(self, raw):
        """Send a text message in another way."""
        raise NotImplementedError

    @property
    def kept(self):
        """How many bytes are kept."""
        return 0 if self.rest is None else PyByteArray_GET_SIZE(self.rest)

    def get_buffer(self, sizehint):
        """Return the buffer that the event loop reads into."""
        return self.buffer

    def buffer_updated(self, Py_ssize_t nbytes):
        """Take what the event loop has read."""
        cdef Py_buffer* buffer = PyMemoryView_GET_BUFFER(<PyObject*>self.buffer)
        if self.paused or self.rest is not None:
            self.feed(PyBytes_FromStringAndSize(<const char*>buffer.buf, nbytes))
        else:
            self.budget = BUDGET
            self.take_all(<const unsigned char*>buffer.buf, nbytes)
        if nbytes == buffer.len and not self.paused:
            self.spent()

    def feed(self, bytes data):
        """Take bytes of the peer."""
        if self.paused:
            if PyBytes_GET_SIZE(data) > 0:
                self.rest = bytearray() if self.rest is None else self.rest
                self.rest += data
                self.heard = True
                self.spent()
            return
        if self.rest is not None:
            self.rest += data
            if PyByteArray_GET_SIZE(self.rest) < self.needed:
                self.unfinished(PyByteArray_GET_SIZE(self.rest))
                return
            data, self.rest = bytes(self.rest), None
        self.budget = BUDGET
        self.take_all(<const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def payload(self, bytes frame):
        """Return the payload of a whole control frame, its length in one byte."""
        cdef Py_ssize_t head = 6 if self.masked else 2
        cdef Py_ssize_t size = PyBytes_GET_SIZE(frame) - head
        cdef const unsigned char* p = <const unsigned char*>PyBytes_AS_STRING(frame)
        cdef bytes text = PyBytes_FromStringAndSize(NULL, size)
        if self.masked:
            unmask(<unsigned char*>PyBytes_AS_STRING(text), p + head, size, p + 2)
        else:
            memcpy(PyBytes_AS_STRING(text), p + head, size)
        return text

    def send(self, bytes raw):
        """Send a text message."""
        if self.writes and not self.transport.is_closing():
            self.write_text(raw, b"")
        else:
            self.send_unusual(raw)

    def send_text(self, bytes raw, bytes mask=b""):
        """Write a text message in one frame, masked if a mask is given."""
        self.write_text(raw, mask)

    cdef int write_text(self, bytes raw, bytes mask) except -1:
        cdef bint masks = PyBytes_GET_SIZE(mask) == 4
        cdef Py_ssize_t size = PyBytes_GET_SIZE(raw)
        cdef int width = 0 if size < 126 else 2 if size < 65536 else 8
        cdef Py_ssize_t head = 2 + width + (4 if masks else 0)
        cdef bytes frame = PyBytes_FromStringAndSize(NULL, head + size)
        cdef unsigned char* p = <unsigned char*>PyBytes_AS_STRING(frame)
        cdef const unsigned char* text = <const unsigned char*>PyBytes_AS_STRING(raw)
        cdef int index
        p[0] = TEXT
        p[1] = <unsigned char>((size if width == 0 else 126 if width == 2 else 127) | (0x80 if masks else 0))
        for index in range(width):
            p[2 + index] = <unsigned char>(<uint64_t>size >> 8 * (width - 1 - index))
        if masks:
            memcpy(p + head - 4, PyBytes_AS_STRING(mask), 4)
            unmask(p + head, text, size, p + head - 4)
        else:
            memcpy(p + head, text, size)
        self.transport.write(frame)
        return 0

    cdef int report(self, Py_ssize_t size) except -1:
        if size != 0 or self.waits:
            self.waits = size != 0
            self.unfinished(size)
        return 0

    cdef int take_all(self, const unsigned char* p, Py_ssize_t size) except -1:
        """Hand on every whole frame, and keep the rest."""
        cdef const unsigned char* end = p + size
        cdef Py_ssize_t length
        while p < end:
            if self.paused or self.budget <= 0:
                self.keep(p, end, 0)
                if not self.paused:
                    self.spent()
                return 0
            self.budget -= 1
            if not self.plain:
                self.report(0)
                self.unusual(PyBytes_FromStringAndSize(<const char*>p, end - p))
                return 0
            length = self.scan_frame(p, end)
            if length == WRONG:
                self.plain = False
            elif length == UNKNOWN or length > end - p:
                self.keep(p, end, length)
                self.report(end - p)
                return 0
            else:
                self.report(0)
                if p[0] != TEXT or self.receiver is None or not self.take_message(p, length):
                    self.unusual(PyBytes_FromStringAndSize(<const char*>p, length))
                p += length
        return 0

    cdef int keep(self, const unsigned char* p, const unsigned char* end, Py_ssize_t needed) except -1:
        self.rest = PyByteArray_FromStringAndSize(<const char*>p, end - p)
        self.needed = needed
        return 0

    cdef Py_ssize_t scan_frame(self, const unsigned char* p, const unsigned char* end) noexcept:
        """Return how long a frame is, UNKNOWN if that can't be told yet, and WRONG for one that can't be right."""
        cdef uint64_t size
        cdef Py_ssize_t head = 6 if self.masked else 2
        cdef int opcode, width
        if end - p < 2:
            return UNKNOWN
        opcode = p[0] & 0x0F
        size = p[1] & 0x7F
        if not (opcode <= 2 or 8 <= opcode <= 10) or p[0] & 0x30 or (p[1] >= 0x80) != self.masked:
            return WRONG
        if opcode >= 8 and p[0] < 0x80:
            return WRONG
        if size > 125:
            width = 2 if size == 126 else 8
            if end - p < 2 + width:
                return UNKNOWN
            head += width
            size = scan_number(p + 2, width)
            if opcode >= 8 or size < <uint64_t>(126 if width == 2 else 65536):
                return WRONG
        return WRONG if size > <uint64_t>self.limit else head + <Py_ssize_t>size

    cdef bint take_message(self, const unsigned char* p, Py_ssize_t length) except -1:
        """Hand on a text; False if it is not UTF-8."""
        cdef int mark = p[1] & 0x7F
        cdef int width = 0 if mark < 126 else 2 if mark == 126 else 8
        cdef Py_ssize_t head = 2 + width + (4 if self.masked else 0)
        cdef Py_ssize_t size = length - head
        cdef bytes raw
        cdef unsigned char* text
        raw = PyBytes_FromStringAndSize(NULL, size)
        text = <unsigned char*>PyBytes_AS_STRING(raw)
        if self.masked:
            unmask(text, p + head, size, p + head - 4)
        else:
            memcpy(text, p + head, size)
        if not is_ascii(text, size):
            try:
                raw.decode()
            except UnicodeDecodeError:
                return False
        self.heard = True
        self.receiver.message_received(raw)
        return True
