"""Files of any kind, and the frames in them."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from .captures import is_capture, packets
from .objects import sighting_in_object
from .sighting import Sighting
from .text import sighting_in, sighting_of

__all__ = ["Log"]

_LINE: Final = 2**20
"""Bytes of a line; what is longer goes on in the next."""
_FRAME: Final = 2**18
"""Bytes of a frame that is spread over lines."""
_ON: Final = re.compile(rb'\s*(?!\d{4}-\d\d|\d+[:/.]\d)(?:[{}\],"]|\[(?:[\s{\[\]"\d]|$)|-?\d|true\b|false\b|null\b|$)')
"""How a line begins that goes on with a frame."""
_decode = json.JSONDecoder(strict=False).raw_decode


class Log:
    """A file and the frames in it; `lines` counts what was read so far, packets of a capture, too."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines = 0

    def sightings(self) -> Iterator[Sighting]:
        """Yield the frames. Raises `OSError` or `EOFError` for a file that can't be read."""
        with _opened(self.path) as file:
            head = _peek(file)
            if is_capture(head):
                for self.lines, sighting in enumerate(packets(self.path), 1):
                    yield sighting
            else:
                yield from self._read(_lines(file, head))

    def _read(self, lines: Iterator[bytes]) -> Iterator[Sighting]:
        before = b""
        number = 0
        held: _Spread | None = None
        for number, line in enumerate(lines, 1):
            if held is not None:
                if held.goes_on(line):
                    continue
                yield held.sighting()
                held = None
            self.lines = number
            if line[:1] == b"{" and (sighting := sighting_in_object(line)) is not None:
                yield sighting
                continue
            found = sighting_in(line, before)
            if found is None:
                if line.strip() == b"[":
                    held = _Spread(sighting_of(line, before))
                before = line
                continue
            sighting, begin = found
            raw, complete = _cut(sighting.raw, begin["escaped"])
            sighting = sighting._replace(raw=raw)
            if complete:
                yield sighting
            else:
                held = _Spread(sighting)
        if held is not None:
            yield held.sighting()
        self.lines = number


class _Spread:
    """A frame that goes on in the next line, as far as it has come."""

    def __init__(self, sighting: Sighting) -> None:
        self._sighting = sighting
        self._size = len(sighting.raw)
        self._parts = [sighting.raw]
        self._whole = False

    def goes_on(self, line: bytes) -> bool:
        """Take a line if it is a part of the frame."""
        if self._whole or self._size > _FRAME or not _ON.match(line) or sighting_in(line) is not None:
            return False
        self._parts.append(line)
        self._size += len(line)
        if line.rstrip().endswith(b"]"):
            raw, self._whole = _cut(b"".join(self._parts), None)
            if self._whole:
                self._parts = [raw]
        return True

    def sighting(self) -> Sighting:
        """Return what there is of the frame."""
        if self._whole:
            return self._sighting._replace(raw=self._parts[0])
        return self._sighting


def _cut(raw: bytes, escaped: bytes | None) -> tuple[bytes, bool]:
    """Return a frame without what follows it, and whether it has an end; `escaped` is how its quotes are written."""
    if escaped is not None:
        raw = _plain(raw, escaped)
    raw = raw.rstrip()
    if raw.endswith(b"}]"):
        return raw, True
    text = raw.decode("utf-8", "surrogateescape")
    try:
        _, end = _decode(text)
    except json.JSONDecodeError as error:
        unended = error.pos >= len(text) or error.msg.startswith("Unterminated string")
        return raw, not unended
    except RecursionError:
        return raw, True
    return text[:end].encode("utf-8", "surrogateescape"), True


def _plain(raw: bytes, escaped: bytes) -> bytes:
    """Return the text of a frame that stands in a quoted text: of JSON, of Go, or in a field of CSV."""
    if escaped == b'""':
        end = re.match(rb'(?:[^"]|"")*', raw)
        return raw[: end.end() if end else None].replace(b'""', b'"')
    text = raw.decode("utf-8", "surrogateescape")
    try:
        inner: Any = _decode(f'"{text}')[0]
    except json.JSONDecodeError:
        return raw.replace(b'\\"', b'"')
    return str(inner).encode("utf-8", "surrogateescape")


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        if _peek(file)[:2] == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield unpacked
        else:
            yield file


def _peek(file: Any) -> bytes:
    head: bytes = file.peek(4)
    return head[:4]


def _lines(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):  # a shell of Windows has written it
        for line in io.TextIOWrapper(file, encoding="utf-16", errors="replace"):
            yield line.encode("utf-8", "surrogatepass")
    else:
        yield from iter(partial(file.readline, _LINE), b"")
