"""The compiled core reads nothing outside its text, keeps nothing, and survives when there is no memory.

`sanitize.sh` has the same proved by the compiler's sanitizers.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from ocpp_fast._kernels.plan import Node, Plan

from .cores import DECLINED, Subject, difference, subjects
from .fuzz import damaged_frames, odd_frames
from .typed import get, odd_typed, places, put
from .wire import valid_object

SUBJECTS = subjects()
SAMPLE = SUBJECTS[::39]


def frames_of(subject: Subject, rng: Random) -> list[bytes]:
    """Return frames of a subject, good and bad; the first one is good."""
    value = valid_object(rng, subject.plan, 0.7)
    good = subject.framed(orjson.dumps(value).decode())
    if not subject.learnt:
        subject.learn(good)
    return [good, *odd_frames(rng, subject, value), *damaged_frames(rng, [good])]


# Bounds


class Edge:
    """A page whose last bytes can be lent to a `bytes` object; the page behind it can't be read."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 2 * mmap.PAGESIZE)
        self._end = ctypes.addressof(ctypes.c_char.from_buffer(self._map)) + mmap.PAGESIZE
        self._head = bytes.__basicsize__ - 1  # what stands before the text of a bytes object
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(self._end), ctypes.c_size_t(mmap.PAGESIZE), 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")

    def bytes_of(self, text: bytes) -> bytes:
        """Return `text` right before the forbidden page; only one such object is good at a time."""
        start = self._end - len(text) - self._head
        start -= start % 8  # an object is aligned: what is left is filled with blanks
        text = text.rjust(self._end - start - self._head)
        head = ctypes.string_at(id(text), self._head)
        ctypes.memmove(start, head, self._head)
        ctypes.c_ssize_t.from_address(start).value = 1 << 20  # so that it is never freed
        ctypes.memmove(start + self._head, text, len(text))
        return ctypes.cast(start, ctypes.py_object).value  # type: ignore[no-any-return]  # these bytes


@pytest.fixture(scope="module")
def edge() -> Edge:
    if sys.platform == "win32" or sys.implementation.name != "cpython":
        pytest.skip("wants mprotect and CPython's bytes")
    return Edge()


def test_the_edge_holds_texts(edge: Edge) -> None:
    assert edge.bytes_of(b"12345").strip() == b"12345"


@pytest.mark.parametrize("subject", SUBJECTS, ids=repr)
def test_nothing_is_read_past_the_end(edge: Edge, subject: Subject) -> None:
    for raw in frames_of(subject, Random(repr(subject))):
        if len(raw) < mmap.PAGESIZE - 64:
            assert (subject.read(edge.bytes_of(raw)) is DECLINED) is (subject.read(raw) is DECLINED)


# References


def held_by(plan: Plan) -> Iterator[Any]:
    """Yield what a plan refers to: classes, enum members and defaults."""
    yield plan.struct
    for member in plan.members:
        yield member.default
        yield from _held_by(member.node)


def _held_by(node: Node) -> Iterator[Any]:
    yield from node.enum or ()
    if node.plan is not None:
        yield from held_by(node.plan)
    if node.item is not None:
        yield from _held_by(node.item)


def resident() -> int:
    """Return how much memory the process has, in bytes; 0 where that can't be told, or a sanitizer keeps it."""
    statm = Path("/proc/self/statm")
    if "PYTHONMALLOC" in os.environ or not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * mmap.PAGESIZE


def state(held: list[Any]) -> tuple[list[int], int, int]:
    """Return how often each of some objects is referred to, and how much memory is used."""
    gc.collect()
    return [sys.getrefcount(each) for each in held], tracemalloc.get_traced_memory()[0], resident()


def check_keeps_nothing(subject: Subject, action: Callable[[int], None]) -> None:
    """Assert that an action, done 100 000 times, leaves no references and no memory behind."""
    held = [*held_by(subject.plan), subject.message, None, True, False, UTC, "", 0, 1]
    tracemalloc.start()
    try:
        action(5_000)
        counts, traced, size = state(held)
        action(100_000)
        counts_after, traced_after, size_after = state(held)
    finally:
        tracemalloc.stop()
    assert max(abs(after - before) for before, after in zip(counts, counts_after, strict=True)) < 50
    assert traced_after - traced < 20_000
    assert size_after - size < 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize("subject", SAMPLE, ids=repr)
def test_reading_keeps_nothing(subject: Subject) -> None:
    raws = [raw for raw in frames_of(subject, Random(repr(subject))) if len(raw) < 2000]

    def read(times: int) -> None:
        for index in range(times):
            subject.read(raws[index % len(raws)])

    check_keeps_nothing(subject, read)


@pytest.mark.slow
@pytest.mark.parametrize("subject", SAMPLE, ids=repr)
def test_writing_keeps_nothing(subject: Subject) -> None:
    rng = Random(repr(subject))
    value = subject.check_plain(frames_of(subject, rng)[0])
    changes = [(place, odd_typed(rng, place.node, get(place))) for place in places(subject.plan, value)]

    def write(times: int) -> None:
        for _ in range(times // 2):
            subject.write(value)
        for place, odd in islice(cycle(changes), times // 2):
            before = put(place, odd)
            subject.write(value)
            put(place, before)

    check_keeps_nothing(subject, write)


# No memory


def plain_frame(subject: Subject) -> bytes:
    """Return a frame without an escape: those are read by orjson, which does not survive this test."""
    numbers = count()
    while b"\\" in (frame := frames_of(subject, Random(next(numbers)))[0]):
        pass
    return frame


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if "v16" in repr(each)], ids=repr)
def test_without_memory_it_declines_or_says_so(subject: Subject) -> None:
    testcapi = pytest.importorskip("_testcapi")
    raw = plain_frame(subject)
    expected = subject.read(raw)
    text = subject.write(expected.payload)

    def attempt(action: Callable[[], Any], number: int) -> Any:
        """Return what comes of an action whose allocation of this number fails."""
        testcapi.set_nomemory(number, number + 1)
        try:
            return action()
        except MemoryError:
            return None
        finally:
            testcapi.remove_mem_hooks()

    for number in range(200):
        found = attempt(lambda: subject.read(raw), number)
        assert found in (None, DECLINED) or difference(found, expected) is None
        assert attempt(lambda: subject.write(expected.payload), number) in (None, text)
