"""JSON by R26, on top of orjson: what orjson lets pass or rounds is refused or kept exact here."""

from __future__ import annotations

import json
import re
from functools import cache
from math import isfinite
from typing import Any, Final

import orjson

from . import exact_float
from .decimals import MAX_LITERAL, exact_int

__all__ = ["MAX_DEPTH", "check_value", "dumps", "loads"]

MAX_DEPTH: Final = 64
"""Arrays and objects may nest this deep, the frame's own array included."""

_SHAPE = bytes.maketrans(b"123456789.{E", b"0000000000[e")
_LONG_NUMBER = b"0" * 16  # a double keeps 15 digits
_TINY_NUMBER = b"e-000"  # and fewer of what is near to 0
_TOO_LONG = b"0" * MAX_LITERAL  # if a sign stands before it
_MAX_INT: Final = 10**MAX_LITERAL - 1
_MIN_INT: Final = 1 - 10 ** (MAX_LITERAL - 1)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))


@cache
def _levels(count: int) -> re.Pattern[bytes]:
    """Return the pattern of pairs of brackets that nest no deeper; it never takes a bracket up again."""
    pattern = b""
    for _ in range(count):
        pattern = rb"(?:\[%b\])*+" % pattern
    return re.compile(pattern)


def loads(raw: bytes | bytearray, depth: int = 0) -> Any:
    """Return the value of a JSON text in UTF-8, `depth` levels inside a frame. Raises `ValueError` by R26."""
    value = orjson.loads(raw)
    shape = raw.translate(_SHAPE)
    if shape.count(b"[") > MAX_DEPTH - depth:
        _check_depth(raw, MAX_DEPTH - depth)
    if _LONG_NUMBER in shape or _TINY_NUMBER in shape:
        return (_EXACT if _TOO_LONG in shape else _SHORT).decode(raw.decode())
    return value


def _check_depth(raw: bytes | bytearray, levels: int) -> None:
    """Raise `ValueError` for a JSON text that nests too deep; no loop of Python runs over all its bytes."""
    if b"\\" in raw:
        raw = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = raw.translate(_BRACKETS, _NO_MARKS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])  # what stands outside the strings
    if _levels(levels).fullmatch(brackets) is None:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")


_EXACT = json.JSONDecoder(parse_int=exact_int, parse_float=exact_float)
_SHORT = json.JSONDecoder(parse_float=exact_float)  # for a text without too long an integer


def dumps(value: Any) -> bytes:
    """Return the JSON text of a value that `check_value` let pass, or that was made of such."""
    try:
        return orjson.dumps(value, default=_plain)
    except TypeError:  # an integer of more than 64 bits
        return _long_text(value)


def _long_text(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"{%b}" % b",".join(b"%b:%b" % (orjson.dumps(key), _long_text(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return b"[%b]" % b",".join(map(_long_text, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return b"%d" % value
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> float:
    if isinstance(value, float):
        return float(value)
    raise TypeError


def check_value(value: Any, depth: int = 0) -> None:
    """Raise `ValueError` when `value`, `depth` levels inside a text, can't be written as JSON by R26."""
    if isinstance(value, str):
        _check_text(value)
    elif value is None or isinstance(value, bool):
        pass
    elif isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise ValueError("number too long")
    elif isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"{float(value)!r} is no JSON number")
    elif isinstance(value, (dict, list, tuple)):
        _check_container(value, depth + 1)
    else:
        raise ValueError(f"{type(value).__name__} is no JSON type")


def _check_container(value: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise ValueError("a key must be a string")
            _check_text(key)
        value = list(value.values())
    for each in value:
        check_value(each, depth)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate is no character") from None
