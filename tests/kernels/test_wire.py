"""The wire kernel: both cores, each alone, against each other, and against websockets' Sans-I/O layer."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import Protocol, Side, State
from websockets.uri import parse_uri

from ocpp_fast._core import wire

LIMIT: Final = 70_000
MASK: Final = b"\x01\x80\xff\x7e"
BUFFER: Final = 64 * 1024


def core(name: str) -> Any:
    return wire.Wire if name == "reference" else pytest.importorskip("ocpp_fast_ext.wire").Wire


@pytest.fixture(params=["reference", "compiled"], scope="module")
def wire_core(request: pytest.FixtureRequest) -> Any:
    return core(str(request.param))


def frame(
    payload: bytes, opcode: int = 1, *, fin: bool = True, rsv: int = 0, masked: bool = True, width: int | None = None
) -> bytes:
    """Return a frame; `width` is that of its length, if that is not to be written as short as can be."""
    size = len(payload)
    width = (0 if size < 126 else 2 if size < 65536 else 8) if width is None else width
    mark = size if width == 0 else 126 if width == 2 else 127
    length = b"" if width == 0 else struct.pack("!H" if width == 2 else "!Q", size)
    head = bytes((fin << 7 | rsv << 4 | opcode, masked << 7 | mark)) + length
    if not masked:
        return head + payload
    return head + MASK + bytes(each ^ MASK[index & 3] for index, each in enumerate(payload))


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closes = False

    def is_closing(self) -> bool:
        return self.closes

    def write(self, data: bytes) -> None:
        self.written.append(data)


Event = tuple[str, bytes]


def owner_of(kind: Any, *, masked: bool = True, plain: bool = True) -> Any:
    """Return a wire whose `events` are the messages and the unusual bytes, in order."""

    class Owner(kind):  # type: ignore[misc]  # a class that is only known here
        def __init__(self) -> None:
            self.buffer = memoryview(bytearray(BUFFER))
            super().__init__(self.buffer, LIMIT, masked)
            self.events: list[Event] = []
            self.transport = Transport()
            self.receiver = self
            self.plain = plain
            self.sizes: list[int] = []
            self.turns = 0

        def message_received(self, raw: bytes) -> None:
            self.events.append(("message", raw))

        def unfinished(self, size: int) -> None:
            self.sizes.append(size)

        def spent(self) -> None:
            self.turns += 1

        def unusual(self, data: bytes) -> None:
            self.events.append(("unusual", data))

        def send_unusual(self, raw: bytes) -> None:
            self.events.append(("send", raw))

        def read(self, pieces: Iterable[bytes]) -> None:
            """Take bytes as an event loop reads them."""
            for piece in pieces:
                into = self.get_buffer(-1)
                into[: len(piece)] = piece
                self.buffer_updated(len(piece))

    return Owner()


def events(kind: Any, data: bytes, **options: Any) -> tuple[list[Event], bool]:
    owner = owner_of(kind, **options)
    owner.read(data[start : start + BUFFER] for start in range(0, len(data), BUFFER))
    return owner.events, owner.plain


TEXTS: Final = [
    b"",
    b"a",
    b"[2]" * 41,
    b"x" * 125,
    b"x" * 126,
    "ü€😀".encode() * 30,
    b"x" * 65535,
    b"x" * 65536,
    b"x" * LIMIT,
]


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(len(text)))
def test_plain_messages_go_to_the_receiver(wire_core: Any, text: bytes, masked: bool) -> None:
    data = frame(text, masked=masked)
    assert events(wire_core, data * 3, masked=masked) == ([("message", text)] * 3, True)


UNUSUAL: Final = {
    "binary": frame(b"a", 2),
    "ping": frame(b"a", 9),
    "pong": frame(b"", 10),
    "close": frame(b"\x03\xe8", 8),
    "first fragment": frame(b"a", fin=False),
    "continuation": frame(b"a", 0),
    "compressed": frame(b"a", rsv=4),
    "not UTF-8": frame(b"\xff"),
    "half a character": frame(b"\xe2\x82"),
    "a surrogate": frame(b"\xed\xa0\x80"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_other_frames_are_handed_on_one_by_one(wire_core: Any, name: str) -> None:
    data, plain = UNUSUAL[name], frame(b"b")
    expected = [("message", b"b"), ("unusual", data), ("unusual", data), ("message", b"b")]
    assert events(wire_core, plain + data + data + plain) == (expected, True)


WRONG: Final = {
    "not masked": frame(b"a", masked=False),
    "an unknown opcode": frame(b"a", 3),
    "an unknown control opcode": frame(b"a", 11),
    "the second reserved bit": frame(b"a", rsv=2),
    "the third reserved bit": frame(b"a", rsv=1),
    "a ping in pieces": frame(b"a", 9, fin=False),
    "a long ping": frame(b"x" * 126, 9),
    "too large": frame(b"x" * (LIMIT + 1))[:20],
    "a ping with a length of two bytes": frame(b"a", 9, width=2),
    "a pong with a length of eight bytes": frame(b"", 10, width=8),
    "a length of two bytes for 125": frame(b"x" * 125, width=2),
    "a length of eight bytes for 126": frame(b"x" * 126, width=8),
    "a length of eight bytes for 65535": frame(b"x" * 65535, width=8)[:20],
    "a fragment with a length of two bytes": frame(b"a", 0, width=2),
    "the largest length that there is": b"\x81\xff" + b"\xff" * 8,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_head_that_can_not_be_right_ends_what_is_plain_at_once(wire_core: Any, name: str) -> None:
    behind = frame(b"b")
    assert events(wire_core, frame(b"a") + WRONG[name] + behind) == (
        [("message", b"a"), ("unusual", WRONG[name] + behind)],
        False,
    )


def test_a_masked_frame_of_a_server_is_wrong(wire_core: Any) -> None:
    assert events(wire_core, frame(b"a"), masked=False) == ([("unusual", frame(b"a"))], False)


def test_without_plain_bytes_pass_as_they_come(wire_core: Any) -> None:
    owner = owner_of(wire_core, plain=False)
    data = frame(b"a")
    owner.read([data[:3], data[3:]])
    assert owner.events == [("unusual", data[:3]), ("unusual", data[3:])]


def test_frames_are_put_together_wherever_they_are_cut(wire_core: Any) -> None:
    data = b"".join(frame(text) for text in TEXTS[:6]) + UNUSUAL["ping"]
    expected = [*(("message", text) for text in TEXTS[:6]), ("unusual", UNUSUAL["ping"])]
    for size in (1, 2, 3, 7, 100):
        owner = owner_of(wire_core)
        owner.read(data[start : start + size] for start in range(0, len(data), size))
        assert owner.events == expected
    owner = owner_of(wire_core)
    owner.feed(data[:5])
    owner.read([data[5:9]])
    owner.feed(data[9:])
    assert owner.events == expected


def test_a_receiver_may_go_and_come_between_two_messages(wire_core: Any) -> None:
    owner = owner_of(wire_core)

    class Once:
        def message_received(self, raw: bytes) -> None:
            owner.events.append(("once", raw))
            owner.receiver = None

    owner.receiver = Once()
    owner.read([frame(b"a") + frame(b"b")])
    owner.receiver = owner
    owner.read([frame(b"c")])
    assert owner.events == [("once", b"a"), ("unusual", frame(b"b")), ("message", b"c")]


def test_the_beginning_of_a_frame_is_told_until_the_rest_has_come(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    data = frame(b"x" * 200)
    owner.read([data[:1], data[1:20], data[20:-1]])
    assert (owner.sizes, owner.kept) == ([1, 20, len(data) - 1], len(data) - 1)
    owner.read([data[-1:] + data[:5], data[5:]])
    assert (owner.sizes[3:], owner.kept) == ([0, 5, 0], 0)
    assert len(owner.events) == 2


def test_the_beginning_of_a_frame_is_told_that_came_with_what_is_no_frame(wire_core: Any) -> None:
    owner = owner_of(wire_core, plain=False)
    begun = frame(b"x" * 200)[:20]

    def shakes_hands(data: bytes) -> None:
        owner.plain = True
        owner.feed(begun)

    type(owner).unusual = staticmethod(shakes_hands)
    owner.read([b"a request" + begun])
    assert (owner.sizes, owner.kept) == ([20], 20)


def test_a_frame_in_single_bytes_is_put_together_in_time(wire_core: Any) -> None:
    """Each byte must cost the same, however many are kept already."""
    owner = owner_of(wire_core)
    data = frame(b"x" * LIMIT)
    for index in range(len(data)):
        owner.feed(data[index : index + 1])
    assert owner.events == [("message", b"x" * LIMIT)]


def test_a_read_gives_so_many_frames_and_then_others_have_their_turn(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    data = frame(b"a")
    owner.read([data * 38])
    assert (len(owner.events), owner.turns) == (16, 1)
    owner.feed(b"")
    assert (len(owner.events), owner.turns) == (32, 2)
    owner.read([data + data[:3]])
    assert (len(owner.events), owner.turns) == (39, 2)
    owner.feed(data[3:])
    assert (len(owner.events), owner.sizes) == (40, [3, 0])


def test_a_read_that_fills_the_buffer_ends_the_turn(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    owner.read([frame(b"x" * (BUFFER - 8))])
    assert (len(owner.events), owner.turns) == (1, 1)
    owner.read([frame(b"x" * (BUFFER - 9))])
    assert (len(owner.events), owner.turns) == (2, 1)


def test_the_budget_of_a_turn_may_be_ended(wire_core: Any) -> None:
    owner = owner_of(wire_core)

    def ends(data: bytes) -> None:
        owner.events.append(("unusual", data))
        owner.budget = 0

    type(owner).unusual = staticmethod(ends)
    owner.read([frame(b"a") + UNUSUAL["ping"] + frame(b"b")])
    assert ([kind for kind, _ in owner.events], owner.turns) == (["message", "unusual"], 1)
    owner.feed(b"")
    assert owner.events[-1] == ("message", b"b")


def test_nothing_is_handed_on_while_it_is_paused(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    data = frame(b"a")

    class Stops:
        def message_received(self, raw: bytes) -> None:
            owner.message_received(raw)
            owner.paused = True

    owner.receiver = Stops()
    owner.read([data + data[:3]])
    assert (len(owner.events), owner.kept, owner.turns, owner.sizes) == (1, 3, 0, [])
    owner.heard = False
    owner.read([data[3:] + data])
    assert (len(owner.events), owner.kept, owner.turns, owner.heard) == (1, 2 * len(data), 1, True)
    owner.paused = False
    owner.feed(b"")
    assert (len(owner.events), owner.kept) == (2, len(data))


def test_the_payload_of_a_control_frame(wire_core: Any) -> None:
    assert owner_of(wire_core).payload(frame(b"abcde", 9)) == b"abcde"
    assert owner_of(wire_core, masked=False).payload(frame(b"", 10, masked=False)) == b""


def test_messages_are_signs_of_life(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    owner.read([UNUSUAL["ping"], frame(b"abc")[:-1]])
    assert not owner.heard
    owner.read([frame(b"abc")[-1:]])
    assert owner.heard


def test_what_a_receiver_raises_passes_through(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    owner.receiver = object()
    with pytest.raises(AttributeError):
        owner.read([frame(b"a")])


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(len(text)))
def test_messages_are_written_as_one_frame(wire_core: Any, text: bytes) -> None:
    owner = owner_of(wire_core)
    owner.send_text(text)
    owner.send_text(text, MASK)
    assert owner.transport.written == [frame(text, masked=False), frame(text)]


def test_a_message_is_written_at_once_where_the_owner_lets_it_and_the_transport_is_not_closing(wire_core: Any) -> None:
    owner = owner_of(wire_core)
    owner.send(b"0")
    owner.writes = True
    owner.send(b"1")
    owner.transport.closes = True
    owner.send(b"2")
    assert owner.transport.written == [frame(b"1", masked=False)]
    assert owner.events == [("send", b"0"), ("send", b"2")]


# Against each other, and against the Sans-I/O layer alone

some_frames = st.one_of(
    st.builds(frame, st.sampled_from(TEXTS[:6])),
    st.builds(frame, st.binary(max_size=140)),
    st.builds(frame, st.sampled_from(TEXTS[6:])),
    st.builds(
        frame,
        st.binary(max_size=130),
        st.integers(0, 15),
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 1, 2, 4]),
        masked=st.sampled_from([True, True, True, False]),
    ),
    st.sampled_from([UNUSUAL["ping"], UNUSUAL["first fragment"], UNUSUAL["continuation"]]),
    st.binary(max_size=20),
)


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    data = b"".join(draw(st.lists(some_frames, max_size=8)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=10)))
    return [data[start:end] for start, end in pairwise([0, *cuts, len(data)]) if end - start <= BUFFER]


class Layer:
    """The Sans-I/O layer of a server whose handshake is over."""

    def __init__(self) -> None:
        self._protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=LIMIT)
        self.frames: list[tuple[int, bytes, bool]] = []

    def receive(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            self.frames.append((event.opcode, bytes(event.data), event.fin))

    @property
    def end(self) -> tuple[str, Any]:
        close = self._protocol.close_sent
        return self._protocol.state.name, None if close is None else close.code


class Behind(Layer):
    """The same layer behind a wire, which gets what is no plain message, and then takes it from there."""

    def __init__(self, owner: Any) -> None:
        super().__init__()
        self._owner = owner
        type(owner).unusual = staticmethod(self.receive)
        owner.receiver = self

    def message_received(self, raw: bytes) -> None:
        self.frames.append((1, raw, True))

    def receive(self, data: bytes) -> None:
        super().receive(data)
        fins = [fin for opcode, _, fin in self.frames if opcode < 8]
        is_open = self.end[0] == "OPEN" and (not fins or fins[-1])
        self._owner.receiver = self if is_open else None
        open_size = 0
        for opcode, payload, fin in self.frames:
            if opcode < 8:
                open_size = 0 if fin else open_size + len(payload)
        self._owner.limit = LIMIT - open_size


@settings(max_examples=400)
@given(cut_streams())
@example([frame(b"a", fin=False) + frame(b"x" * LIMIT)[:20]])  # more than the rest of a message may be
def test_both_cores_do_what_the_layer_does_alone(pieces: list[bytes]) -> None:
    alone = Layer()
    for piece in pieces:
        alone.receive(piece)
    for name in ("reference", "compiled"):
        owner = owner_of(core(name))
        behind = Behind(owner)
        owner.read(pieces)
        while owner.kept and owner.turns:
            owner.turns = 0
            owner.feed(b"")
        assert (behind.frames, behind.end) == (alone.frames, alone.end)


def test_the_layer_of_a_client_reads_what_is_written(wire_core: Any) -> None:
    client = ClientProtocol(parse_uri("ws://h/"), state=State.OPEN)
    owner = owner_of(wire_core)
    for text in TEXTS:
        owner.send_text(text)
    for written in owner.transport.written:
        client.receive_data(written)
    assert [bytes(each.data) for each in client.events_received() if isinstance(each, Frame)] == TEXTS
