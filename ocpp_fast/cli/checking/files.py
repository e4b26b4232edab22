"""Files of any kind, and the frames in them."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from .captures import is_capture, packets
from .objects import Table, sighting_in_object
from .sighting import BEGIN, Sighting, cut
from .text import Told, told

__all__ = ["Log"]

_LINE: Final = 2**20
"""Bytes of a line; what is longer goes on in the next."""
_FRAME: Final = 2**18
"""Bytes of a frame that is spread over lines."""
_ON: Final = re.compile(rb'\s*(?!\d{4}-\d\d|\d+[:/.]\d)(?:[{}\],"]|\[(?:[\s{\[\]"\d]|$)|-?\d|true\b|false\b|null\b|$)')
"""How a line begins that goes on with a frame."""


class Log:
    """A file and the frames in it; `lines` counts what was read so far, packets of a capture, too."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines = 0
        self._before = b""
        """The last line without a frame."""
        self._table: Table | None = None

    def sightings(self) -> Iterator[Sighting]:
        """Yield the frames. Raises `OSError` or `EOFError` for a file that can't be read."""
        with _opened(self.path) as file:
            head = _peek(file)
            if is_capture(head):
                for sighting in packets(self.path):
                    self.lines += 1
                    yield sighting
            else:
                yield from self._read(_lines(file, head))

    def _read(self, lines: Iterator[bytes]) -> Iterator[Sighting]:
        number = 0
        held: _Spread | None = None
        for number, line in enumerate(lines, 1):
            if held is not None:
                if held.goes_on(line):
                    continue
                yield held.sighting()
            self.lines = number
            found = self._found(line)
            held = None
            if isinstance(found, _Spread):
                held = found
            elif found is not None:
                yield found
        if held is not None:
            yield held.sighting()
        self.lines = number

    def _found(self, line: bytes) -> Sighting | _Spread | None:
        """Return the frame of a line, or its begin, or None without one."""
        if line[:1] == b"{" and (sighting := sighting_in_object(line)) is not None:
            return sighting
        begin = BEGIN.search(line)
        if begin is None:
            return self._without(line)
        if self._table is not None and (sighting := self._table.sighting(line)) is not None:
            return sighting
        start = begin.start()
        prefix = line[:start]
        whose = told(self._before if prefix.isspace() or not prefix else prefix)
        if whose is None:
            return None
        raw, complete = cut(line[start:], begin[1])
        return Sighting(raw, *whose) if complete else _Spread(raw, whose)

    def _without(self, line: bytes) -> _Spread | None:
        """Take a line that has no frame, but may tell of the next one."""
        if self.lines == 1:
            self._table = Table.headed(line)
        whose = told(self._before) if line.strip() == b"[" else None
        self._before = line
        return None if whose is None else _Spread(line, whose)


class _Spread:
    """A frame that goes on in the next line, as far as it has come."""

    def __init__(self, raw: bytes, whose: Told) -> None:
        self._whose = whose
        self._size = len(raw)
        self._parts = [raw]
        self._whole: bytes | None = None

    def goes_on(self, line: bytes) -> bool:
        """Take a line if it is a part of the frame."""
        if self._whole is not None or self._size > _FRAME or not _ON.match(line) or BEGIN.search(line):
            return False
        self._parts.append(line)
        self._size += len(line)
        if line.rstrip().endswith(b"]"):
            raw, complete = cut(b"".join(self._parts), None)
            self._whole = raw if complete else None
        return True

    def sighting(self) -> Sighting:
        """Return the frame, or what its first line has of one that has no end."""
        return Sighting(self._parts[0] if self._whole is None else self._whole, *self._whose)


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        if _peek(file)[:2] == b"\x1f\x8b":
            yield io.BufferedReader(gzip.GzipFile(fileobj=file))
        else:
            yield file


def _peek(file: Any) -> bytes:
    head: bytes = file.peek(4)
    return head[:4]


def _lines(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):  # a shell of Windows has written it
        for line in codecs.getreader("utf-16")(file, "replace"):
            yield line.encode("utf-8", "surrogatepass")
    else:
        yield from iter(partial(file.readline, _LINE), b"")
