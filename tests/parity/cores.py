"""Both cores of every payload class, side by side, and what it means that they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

from ocpp_fast import v16, v21, v201
from ocpp_fast._core.payload import PayloadCodec, Violation
from ocpp_fast._core.plan import Node, Plan
from ocpp_fast._core.texts import Timespec
from ocpp_fast.frames import CallError, CallResultError, Decoder, FrameFault, MendedFrame
from ocpp_fast.lengths import with_lengths
from ocpp_fast.policy import STRICT, Policy
from ocpp_fast.schema import CENTRAL, STATION, Action, Struct, Version, codec_with, plan_of
from ocpp_fast_ext.frames import Call, CallResult, CompiledEncoder, Send
from ocpp_fast_ext.payload import compiled

__all__ = ["DECLINED", "VERSIONS", "Disparity", "Pair", "Subject", "Watched", "difference", "subjects", "writer_of"]

Kind = Literal["call", "send", "result"]

DECLINED: Final = "declined"
VERSIONS: Final = (v16.VERSION, v201.VERSION, v21.VERSION)
ID: Final = "550e8400-e29b-41d4-a716-446655440000"
TIMESPECS: Final[dict[int, Timespec]] = {0: "seconds", 3: "milliseconds", 6: "microseconds"}


class Disparity(AssertionError):
    """The compiled core does what the reference does not."""


class Watched(Decoder):
    """A decoder whose fallback declines."""

    def _decode(self, raw: bytes | bytearray | memoryview, open_call: Callable[[str], Action | None]) -> Any:
        return DECLINED

    def reference(self, raw: bytes, open_call: Callable[[str], Action | None]) -> Any:
        """Return what the reference core reads."""
        return super()._decode(raw, open_call)


class Pair:
    """Both cores, reading and writing the frames of one kind."""

    def __init__(self, decoder: Watched) -> None:
        self._decoder: Final = decoder

    def _open_call(self, unique_id: str) -> Action | None:
        raise NotImplementedError

    def read(self, raw: bytes) -> Any:
        """Return what the compiled core reads, or `DECLINED`."""
        return self._decoder.decode(raw, self._open_call)

    def reference(self, raw: bytes) -> Any:
        """Return what the reference core reads, or `DECLINED`. Lets through what it must not raise.

        A frame that is only tolerated is one that the reference declines: the compiled core must not accept it.
        """
        try:
            return self._decoder.reference(raw, self._open_call)
        except (FrameFault, MendedFrame):
            return DECLINED

    def check_read(self, raw: bytes) -> Any:
        """Return what the compiled core reads, or `DECLINED`. Raises `Disparity` if the reference reads another."""
        found = self.read(raw)
        if found is not DECLINED:
            unlike = difference(found, self.reference(raw))
            if unlike:
                raise Disparity(f"{self}, reading: {unlike}\n{raw!r}")
        return found

    def check_plain(self, raw: bytes) -> Any:
        """Return a frame that any sensible program writes. Raises `Disparity` if it is declined."""
        found = self.check_read(raw)
        if found is DECLINED:
            raise Disparity(f"{self}: what is plain is declined\n{raw!r}")
        return found

    def write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes | None:
        """Return the frame that the compiled core writes, or None."""
        raise NotImplementedError

    def reference_write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes | None:
        """Return the frame that the reference core writes, or None where it says what is wrong."""
        raise NotImplementedError

    def check_write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes | None:
        """Return what the compiled core writes, or None. Raises `Disparity` if the reference writes other bytes."""
        found = self.write(value, fraction, bounded)
        if found is not None and found != (expected := self.reference_write(value, fraction, bounded)):
            raise Disparity(f"{self}, writing {value!r}:\ncompiled  {found!r}\nreference {expected!r}")
        return found


class Subject(Pair):
    """One payload class as calls, sends or results carry it."""

    def __init__(self, decoder: Watched, policy: Policy, action: Action, struct: type[Struct], kind: Kind) -> None:
        super().__init__(decoder)
        plan: Plan = with_lengths(plan_of(struct, action.draft), action.name, tuple(policy.lengths))
        assert compiled(plan) is not None, f"{struct} has no compiled plan"
        self.action: Final = action
        self.kind: Final = kind
        self.plan: Final = plan
        self.codec: Final[PayloadCodec] = codec_with(plan)
        self._writers: dict[tuple[int, bool], CompiledEncoder] = {}
        self._head: Final = {
            "call": f'[2,"{ID}","{action.name}",',
            "result": f'[3,"{ID}",',
            "send": f'[6,"{ID}","{action.name}",',
        }[kind]

    def __repr__(self) -> str:
        return f"{self.plan.struct.__module__}.{self.plan.struct.__name__}"

    def nodes(self) -> Iterator[Node]:
        """Yield every kind of value that the payload may hold, and what rules it."""
        return _nodes(self.plan)

    def framed(self, payload: str) -> bytes:
        """Return the frame of a payload's text."""
        return f"{self._head}{payload}]".encode("utf-8", "surrogatepass")

    def _open_call(self, unique_id: str) -> Action | None:
        return self.action if self.kind == "result" else None

    def write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes | None:
        if (fraction, bounded) not in self._writers:
            self._writers[fraction, bounded] = writer_of(fraction, lambda kind, key: (self.action, self.plan), bounded)
        writer = self._writers[fraction, bounded]
        if self.kind == "result":
            return writer.result(Call(ID, self.action, None, b""), value)
        return (writer.send if self.kind == "send" else writer.call)(ID, value)

    def reference_write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes | None:
        try:
            payload = self.codec.encode(value, TIMESPECS[fraction], bounded)
        except (Violation, AttributeError):  # the latter for an object that lacks a field altogether
            return None
        return b"%b%b]" % (self._head.encode(), payload)

    def check_plain_write(self, value: Any, fraction: int = 3, bounded: bool = False) -> bytes:
        """Return the frame of a payload that is right. Raises `Disparity` if it is declined."""
        written = self.check_write(value, fraction, bounded)
        if written is None:
            raise Disparity(f"{self}: a plain message is not written\n{value!r}")
        return written


def _not_written(*arguments: object) -> Any:
    """Take the place of the reference core."""
    return None


def writer_of(
    fraction: int = 3, lookup: Callable[[int, Any], Any] = _not_written, bounded: bool = False
) -> CompiledEncoder:
    """Return a compiled writer whose fallbacks decline."""
    fallbacks = dict.fromkeys(("call", "send", "result", "error"), _not_written)
    return CompiledEncoder(fraction, lookup=lookup, bounded=bounded, **fallbacks)


def _nodes(plan: Plan) -> Iterator[Node]:
    for member in plan.members:
        node: Node | None = member.node
        while node is not None:
            yield node
            if node.plan is not None:
                yield from _nodes(node.plan)
            node = node.item


def subjects(policy: Policy = STRICT, versions: Iterable[Version] = VERSIONS) -> list[Subject]:
    """Return every payload class of some versions; each side of a version has one decoder, as in a server."""
    return [subject for version in versions for subject in _subjects(version, policy)]


def _subjects(version: Version, policy: Policy) -> Iterable[Subject]:
    def has_handler(action: Action) -> bool:
        return True

    central, station = (Watched(version, side, has_handler, policy) for side in (CENTRAL, STATION))
    for action in version.actions.values():
        callee, caller = (central, station) if action.sender & STATION else (station, central)
        if action.response is None:
            yield Subject(callee, policy, action, action.request, "send")
        else:
            yield Subject(callee, policy, action, action.request, "call")
            yield Subject(caller, policy, action, action.response, "result")


def difference(found: Any, expected: Any, path: str = "") -> str | None:
    """Return where two values are not of equal types and equal values all the way down, or None."""
    kind = type(found)
    if kind is not type(expected):
        return f"{path}: {found!r} is a {kind.__name__}, {expected!r} a {type(expected).__name__}"
    if kind is list:
        if len(found) != len(expected):
            return f"{path}: {len(found)} items, not {len(expected)}"
        pairs = enumerate(zip(found, expected, strict=True))
        return _first(difference(*pair, f"{path}[{index}]") for index, pair in pairs)
    if kind is dict:
        if list(found) != list(expected):
            return f"{path}: keys {list(found)}, not {list(expected)}"
        return _first(difference(found[key], expected[key], f"{path}.{key}") for key in found)
    names = _FRAMES.get(kind) or getattr(kind, "__struct_fields__", None)
    if names is not None:
        return _first(difference(getattr(found, name), getattr(expected, name), f"{path}.{name}") for name in names)
    if kind is datetime and not found.tzinfo is expected.tzinfo is UTC:
        return f"{path}: {found!r} or {expected!r} is not in UTC"
    same = found == expected and repr(found) == repr(expected)
    return None if same else f"{path}: {found!r}, not {expected!r}"


def _first(differences: Iterable[str | None]) -> str | None:
    return next((each for each in differences if each is not None), None)


_FRAMES: dict[type, tuple[str, ...]] = {
    Call: ("unique_id", "action", "payload", "raw"),
    CallResult: ("unique_id", "payload"),
    Send: ("unique_id", "action", "payload", "raw"),
    CallError: ("unique_id", "code", "description", "details"),
    CallResultError: ("error",),
}
