"""The compiled core reads nothing outside its text, keeps nothing, and survives when there is no memory.

`sanitize.sh` has the same proved by the compiler's sanitizers. OCPP_FAST_MEMORY_TIMES says how often each frame
is read, and each value written, that must keep nothing; where that is less than 100 times, a lost object may go unseen.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import sys
import tracemalloc
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from ocpp_fast._core.plan import Op

from ..payloads import random_payload, slots
from .cores import DECLINED, Subject, difference, subjects
from .errors import Errors, errors, odd_elements, odd_error, plain_error
from .fuzz import damaged_frames, odd_frames
from .typed import odd_typed

SUBJECTS = subjects()
TIMES = int(os.environ.get("OCPP_FAST_MEMORY_TIMES", "100"))
WARM_UP = 5_000
"""So often before anything is counted: what texts keep of themselves is kept then."""
VALUES = 4
ODD_VALUES = 4
"""So many objects of a class are written, with so many odd values in turn at each place."""


def sample() -> list[Subject]:
    """Return small subjects that have every kind of frame and of value between them."""
    missing: set[Any] = {*Op, "uri", "multiple_of", "call", "send", "result"}
    chosen = []
    for subject in sorted(SUBJECTS, key=lambda each: len(list(each.nodes()))):
        nodes = list(subject.nodes())
        rules = {rule for rule in ("uri", "multiple_of") for node in nodes if getattr(node, rule)}
        kinds = {subject.kind, *rules, *(node.op for node in nodes)}
        if kinds & missing:
            missing -= kinds
            chosen.append(subject)
    assert not missing
    return chosen


SAMPLE = sample()


def frames_of(subject: Subject, rng: Random) -> list[bytes]:
    """Return frames of a subject, good and bad; the first one is good."""
    value = random_payload(rng, subject.plan, 1.5)
    good = subject.framed(orjson.dumps(value).decode())
    return [good, *odd_frames(rng, subject, value), *damaged_frames(rng, [good])]


def errors_of(subject: Errors, rng: Random) -> list[bytes]:
    """Return frames of errors, good and bad."""
    good = subject.framed(orjson.dumps(plain_error(rng)).decode())
    return [good, *(odd_error(rng, subject) for _ in range(100)), *damaged_frames(rng, [good])]


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


@pytest.mark.parametrize("subject", [*SUBJECTS, *errors()], ids=repr)
def test_nothing_is_read_past_the_end(edge: Edge, subject: Subject | Errors) -> None:
    assert edge.bytes_of(b"12345").strip() == b"12345"
    rng = Random(repr(subject))
    for raw in frames_of(subject, rng) if isinstance(subject, Subject) else errors_of(subject, rng):
        if len(raw) < mmap.PAGESIZE - 64:
            assert (subject.read(edge.bytes_of(raw)) is DECLINED) is (subject.read(raw) is DECLINED)


# References


def held_by(subject: Subject) -> Iterator[Any]:
    """Yield what the compiled form of a payload class refers to, and what may be in its values."""
    yield from (subject.action, subject.plan.struct, None, True, False, UTC, "", 0, 1)
    for node in subject.nodes():
        yield from node.enum or ()
        if node.plan is not None:
            yield node.plan.struct
            yield from (member.default for member in node.plan.members)


def resident() -> int:
    """Return how much memory the process has, in bytes; 0 where that can't be told, or a sanitizer keeps it."""
    statm = Path("/proc/self/statm")
    if "PYTHONMALLOC" in os.environ or not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * mmap.PAGESIZE


def references(held: list[Any]) -> array[int]:
    """Return how often each of some objects is referred to; an array refers to no integer itself."""
    return array("q", map(sys.getrefcount, held))


def check_keeps_nothing(held: list[Any], action: Callable[[int], None], times: int, warm_up: int = WARM_UP) -> None:
    """Assert that an action, done so often, leaves no references and no memory behind."""
    tracemalloc.start()
    try:
        action(warm_up)
        gc.collect()
        counts = references(held)
        (traced, _), size = tracemalloc.get_traced_memory(), resident()
        action(times)
        gc.collect()
        (traced_after, _), size_after = tracemalloc.get_traced_memory(), resident()
        counts_after = references(held)
    finally:
        tracemalloc.stop()
    assert all(abs(after - before) < 10 for before, after in zip(counts, counts_after, strict=True))
    assert traced_after - traced < 2_000
    assert size_after - size < 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize("subject", SAMPLE, ids=repr)
def test_reading_keeps_nothing(subject: Subject) -> None:
    raws = [raw for raw in frames_of(subject, Random(repr(subject))) if len(raw) < 2000]

    def read(times: int) -> None:
        for index in range(times):
            subject.read(raws[index % len(raws)])

    check_keeps_nothing(list(held_by(subject)), read, TIMES * len(raws))


@pytest.mark.slow
@pytest.mark.parametrize("subject", SAMPLE, ids=repr)
def test_writing_keeps_nothing(subject: Subject) -> None:
    rng = Random(repr(subject))
    values = [subject.check_plain(frames_of(subject, rng)[0]).payload for _ in range(VALUES)]
    changes = [
        (value, slot, odd_typed(rng, slot.node, slot.get()))
        for value in values
        for slot in slots(subject.plan, value)
        for _ in range(ODD_VALUES)
    ]
    held = [*held_by(subject), *values, *(slot.get() for _, slot, _ in changes), *(odd for *_, odd in changes)]

    def write(times: int) -> None:
        for index in range(times):
            subject.write(values[index % len(values)])
            if changes:
                value, slot, odd = changes[index % len(changes)]
                before = slot.put(odd)
                subject.write(value)
                slot.put(before)

    check_keeps_nothing(held, write, TIMES * max(len(values), len(changes)))


@pytest.mark.slow
@pytest.mark.parametrize("subject", errors(), ids=repr)
def test_errors_keep_nothing(subject: Errors) -> None:
    rng = Random(repr(subject))
    raws = errors_of(subject, rng)
    elements = [odd_elements(rng) for _ in raws]

    def read_and_write(times: int) -> None:
        for index in range(times):
            subject.read(raws[index % len(raws)])
            subject.write(elements[index % len(elements)])

    held = [subject, None, True, False, "", *(each for odd in elements for each in odd)]
    check_keeps_nothing(held, read_and_write, TIMES * len(raws))


def test_long_texts_keep_nothing() -> None:
    subject = next(each for each in SUBJECTS if "v201.data_transfer.DataTransferRequest" in repr(each))
    short, long = (subject.plan.struct(vendor_id="v", data="\n" * length) for length in (10, 2**20))

    def write(times: int) -> None:
        for _ in range(times):
            subject.check_plain_write(long)
            subject.check_plain_write(short)

    check_keeps_nothing([short, long], write, 40, warm_up=2)


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
