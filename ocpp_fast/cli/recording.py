"""Frames as JSON lines, for `ocpp-fast check` and other programs."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

__all__ = ["add_frames", "record"]


def add_frames(parser: ArgumentParser) -> None:
    """Declare the option that names the file."""
    parser.add_argument(
        "--frames",
        type=_appended,
        metavar="FILE",
        help="append every frame to this file, as a JSON line, for `ocpp-fast check`",
    )


def _appended(path: str) -> TextIO:
    try:
        return Path(path).open("a", 1, "utf-8")
    except OSError as error:
        raise ArgumentTypeError(f"can't write {path}: {error.strerror}") from None


def record(file: TextIO, station: str, version: str, *, from_station: bool, raw: bytes) -> None:
    """Append a frame."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "station": station,
        "version": version,
        "from": "station" if from_station else "central",
        "frame": raw.decode("utf-8", "surrogateescape"),
    }
    file.write(json.dumps(line) + "\n")
