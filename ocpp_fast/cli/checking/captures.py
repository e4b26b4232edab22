"""Packet captures, read by tshark: the text frames of their WebSockets, and whose they are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from .sighting import Sighting, version_in

__all__ = ["CaptureError", "is_capture", "packets"]

_MAGIC: Final = frozenset(bytes.fromhex(each) for each in ("0a0d0d0a", "a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1"))
"""How a pcapng file begins, and a pcap file in either order of bytes, with micro- or nanoseconds."""
_FIELDS: Final = (
    "tcp.stream",
    "http.request.uri",
    "http.sec_websocket_protocol",
    "websocket.mask",
    "websocket.payload.text",
)
_APART: Final = "\x1f"
_WITHIN: Final = "\x1e"


class CaptureError(OSError):
    """A packet capture can't be read: tshark is not there, or has failed."""


def is_capture(head: bytes) -> bool:
    """Tell whether the first four bytes of a file are those of a packet capture."""
    return head in _MAGIC


def packets(path: str) -> Iterator[Sighting]:
    """Yield the frames of a capture that was made without TLS, or holds its keys. Raises `CaptureError`."""
    if path == "-":
        raise CaptureError("a packet capture is read from a file only")
    tshark = shutil.which("tshark")
    if tshark is None:
        raise CaptureError("a packet capture is read by tshark, which is not installed (Debian: apt install tshark)")
    command = [tshark, "-r", path, "-Y", "websocket.payload.text or http.request or http.sec_websocket_accept"]
    command += ["-T", "fields", "-E", f"separator={_APART}", "-E", f"aggregator={_WITHIN}"]
    for field in _FIELDS:
        command += ["-e", field]
    with (
        TemporaryFile() as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        assert process.stdout is not None
        yield from _frames(process.stdout)
        if process.wait():
            complaints.seek(0)
            raise CaptureError(f"tshark: {complaints.read().decode('utf-8', 'replace').strip()[-200:] or 'failed'}")


def _frames(rows: IO[bytes]) -> Iterator[Sighting]:
    stations: dict[str, str] = {}
    versions: dict[str, str] = {}
    for row in rows:
        fields = row.decode("utf-8", "surrogateescape").rstrip("\n").split(_APART)
        if len(fields) != len(_FIELDS):
            continue
        stream, uri, protocol, masks, texts = fields
        if uri:
            stations[stream] = unquote(urlsplit(uri).path.rstrip("/").rpartition("/")[2])
        if protocol:
            versions[stream] = version_in(protocol)
        if texts:
            for mask, text in zip(masks.split(_WITHIN), texts.split(_WITHIN), strict=False):
                raw = text.encode("utf-8", "surrogateescape")
                masked = mask in ("1", "True")
                yield Sighting(raw, stations.get(stream, ""), masked, None, versions.get(stream, ""))
