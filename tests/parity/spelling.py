"""The text of wire values: as anybody writes it, or as hardly anybody does; and what damage may do to a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from random import Random
from typing import Any

import orjson

from .odd import Literal, Repeated

__all__ = ["damaged", "plain_texts", "shuffled", "spelt"]

_DUMPS = json.JSONEncoder().encode
_SPACES = ("", "", "", " ", "\n", "\t", "\r\n  ")
_NO_SPACES = ("\x0b", "\x0c", "\u00a0", "\ufeff", "\x00", "/**/", ",")


def plain_texts(rng: Random, value: Any) -> Iterator[bytes]:
    """Yield what sensible programs write: compact or spaced, in declared order or in any other."""
    for ordered in (value, shuffled(rng, value)):
        yield orjson.dumps(ordered)
        yield json.dumps(ordered).encode()
        yield json.dumps(ordered, ensure_ascii=False, indent=rng.choice((0, 2, "\t"))).encode()


def shuffled(rng: Random, value: Any) -> Any:
    """Return a copy whose keys stand in any order."""
    if isinstance(value, dict):
        items = [(key, shuffled(rng, each)) for key, each in value.items()]
        rng.shuffle(items)
        return dict(items)
    return [shuffled(rng, each) for each in value] if isinstance(value, list) else value


def spelt(rng: Random, value: Any, oddness: float) -> str:
    """Return a text of `value`; `oddness` is how likely each token is spelt in a rare way, or wrongly."""
    space = partial(_space, rng, oddness) if oddness else _no_space
    return _spelt(rng, value, oddness, space)


def _spelt(rng: Random, value: Any, oddness: float, space: Callable[[], str]) -> str:
    if isinstance(value, Literal):
        return value
    if isinstance(value, str):
        return _quoted(rng, value, oddness)
    if isinstance(value, dict):
        items = list(value.items())
        if isinstance(value, Repeated):
            items.insert(rng.randrange(1, len(items) + 1), items[0])
        pairs = [
            f"{space()}{_quoted(rng, key, oddness / 20)}{space()}:"
            f"{space()}{_spelt(rng, each, oddness, space)}{space()}{space()}"
            for key, each in items
        ]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(f"{space()}{_spelt(rng, each, oddness, space)}{space()}" for each in value) + "]"
    return _DUMPS(value)


def _space(rng: Random, oddness: float) -> str:
    if rng.random() >= oddness:
        return ""
    return rng.choice(_SPACES) if rng.random() < 0.99 else rng.choice(_NO_SPACES)


def _no_space() -> str:
    return ""


def _quoted(rng: Random, text: str, oddness: float) -> str:
    if rng.random() >= oddness:
        return orjson.dumps(text).decode() if rng.random() < 0.7 else _DUMPS(text)
    chances = rng.randbytes(len(text))
    return (
        '"'
        + "".join(_escaped(each) if chance < 77 else _raw(each) for each, chance in zip(text, chances, strict=True))
        + '"'
    )


@cache
def _raw(character: str) -> str:
    return _escaped(character) if character in '"\\' or character < " " else character


@cache
def _escaped(character: str) -> str:
    if character == "/":
        return "\\/"
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))


def damaged(rng: Random, raw: bytes, times: int) -> bytes:
    """Return a text with some bytes lost, changed, added or repeated."""
    text = bytearray(raw)
    for _ in range(times):
        kind = rng.randrange(6)
        start = rng.randrange(len(text) + 1)
        if kind == 0:
            text[start : start + 1] = bytes((rng.randrange(256),))
        elif kind == 1:
            text[start:start] = rng.choice(_INSERTED)
        elif kind == 2:
            del text[start : start + rng.choice((1, 1, 2, 5, 17))]
        elif kind == 3:
            end = min(len(text), start + rng.randrange(1, 24))
            place = rng.randrange(len(text) + 1)
            text[place:place] = text[start:end]
        elif kind == 4 and start < len(text):
            text[start] ^= 1 << rng.randrange(8)
        else:
            text[start : start + 1] = rng.choice(_INSERTED)
    return bytes(text)


_INSERTED = (
    *(bytes((each,)) for each in b'"\\{}[]:,.-+eE0123456789 \n\t\x00\x1f\x7f\x80\xff/tfnu'),
    *(b"\xc3\xa9", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xef\xbb\xbf"),
    *(b"null", b"true", b'""', b"\\u0041", b"\\ud83d", b',"', b'":', b"{}", b"[]", b"1e5", b"00"),
)
