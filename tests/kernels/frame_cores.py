"""Compiled readers and writers of frames that have learnt nothing, with fallbacks that say that they were called."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast.schema import Struct

frames = pytest.importorskip("ocpp_fast_ext.frames")

__all__ = ["Named", "declined", "error_of", "no_call", "reader_of", "writer_of"]


class Named:
    """What a kernel wants to know of a message."""

    def __init__(self, action: str, request: type[Struct] | None = None) -> None:
        self.action = action
        self.request = request


def declined(*arguments: object) -> str:
    return "declined"


def reader_of() -> Any:
    return frames.FrameReader(declined, error_of, True)


def error_of(*arguments: object) -> tuple[object, ...]:
    return arguments


def writer_of(fraction: int = 3) -> Any:
    return frames.FrameWriter(fraction, call=declined, send=declined, result=declined, error=declined)


def no_call(unique_id: str) -> None:
    return None
