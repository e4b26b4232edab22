"""The promises of the kernels: one protocol per pair, kept by the reference core and the compiled core alike.

A kernel is pure logic: it imports nothing of ours, raises nothing of ours, and knows no clock, socket or log.
Both cores of a pair give equal answers to equal calls. `Payload`, `CompiledDecoder` and `CompiledEncoder` have no twin:
the compiled core alone has them, and `payload.PayloadCodec` and `ocpp_fast.frames` are their fallbacks.
"""

from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeAlias, TypeVar

from .plan import Plan

__all__ = [
    "CallValue",
    "CompilePayload",
    "CompiledDecoder",
    "CompiledEncoder",
    "ExactFloat",
    "Lookup",
    "Payload",
    "PendingTable",
    "Wire",
]

V = TypeVar("V")


class PendingTable(Protocol[V]):
    """The open calls of any number of owners, each waiting for its answer or its deadline.

    One table serves all the connections of an event loop, so that all their deadlines cost one timer: arm it
    for `next_deadline()`, and when it fires, deal with what `expire()` returns, which is nothing if the timer
    was early. An owner without open calls costs nothing.

    An *owner* is what unique ids are unique within, as a rule a connection. Owners and ids are told apart by
    `==` and `hash()`. Times are seconds on any one clock that never goes back.
    """

    def __init__(self, tick: float = 0.05) -> None:
        """An empty table; `tick` is how late, in seconds, a deadline may be noticed.

        ValueError unless `tick` is finite and greater than zero.
        """
        ...

    def add(self, owner: Hashable, unique_id: str, value: V, deadline: float) -> None:
        """Open a call. An infinite `deadline` never comes due; one in the past is as good as any.

        KeyError if this owner has a call with this id open, ValueError if `deadline` is NaN or -inf; the
        table is unchanged then. Let `value` be anything but None, which `get` and `take` could not tell
        from a call that is not open.
        """
        ...

    def get(self, owner: Hashable, unique_id: str) -> V | None:
        """The value of an open call, which stays open; None if no such call is open."""
        ...

    def take(self, owner: Hashable, unique_id: str) -> V | None:
        """The value of an open call, which is closed by this; None if no such call is open."""
        ...

    def take_all(self, owner: Hashable) -> list[tuple[str, V]]:
        """Close every open call of `owner`; their ids and values in the order they were added."""
        ...

    def expire(self, now: float) -> list[tuple[Hashable, str, V]]:
        """Close every call that is due at `now`; owner, id and value of each.

        A call is due at its deadline or at most one tick after it, never before. Calls that are due at
        different ticks come in the order of time; those of one tick in any order, the same in both cores.
        """
        ...

    def next_deadline(self) -> float | None:
        """When `expire` should be called next: at that time it will return something.

        None if no open call has a deadline.
        """
        ...

    def __len__(self) -> int:
        """How many calls are open."""
        ...


class Receiver(Protocol):
    """Takes the messages of a wire."""

    def message_received(self, raw: bytes) -> None: ...


class Wire(Protocol):
    """The frames of one WebSocket: what is plainly a message goes straight to a receiver, all else to `unusual`.

    While `plain` is true, a plain message is a whole, final, uncompressed text frame, masked as it must be, its length
    within the limit, its text valid UTF-8. It goes to `receiver` as a new bytes object, unless that is None. Every
    other frame goes to `unusual`, one whole frame at a time, in order; the beginning of a frame is kept until the rest
    has come. A frame whose head can't be right, as one whose length is not written as short as can be, sets `plain` to
    false: from then on, and whenever `plain` is false, bytes go to `unusual` as they come. It never raises for what a
    peer sent; what a receiver or a hook raises passes through.

    So that no peer holds the event loop, `spent` is called after 16 frames, and after a read that has filled the
    buffer. While `paused` is true nothing is handed on: the bytes are kept. `feed(b"")` goes on with them.
    """

    transport: Any
    """What is written to; the owner's to set."""
    receiver: Receiver | None
    """May be changed at any time, by itself, too."""
    plain: bool
    heard: bool
    """Set when a plain message has come, or bytes while `paused`; the owner's to take back."""
    paused: bool
    """The owner's to set, at any time."""
    writes: bool
    """Whether `send` writes messages in one frame each, unmasked; the owner's to set, at any time."""
    budget: int
    """How many more frames are handed on before `spent`; 0 ends it behind this one."""
    limit: int
    """The bytes that the payload of a frame may have; what is left of a message after its first fragments."""
    masked: bool
    """Whether the peer masks its frames."""

    def __init__(self, buffer: memoryview, limit: int, masked: bool) -> None:
        """`buffer` is what the event loop reads into."""
        ...

    def unusual(self, data: bytes) -> None:
        """Take what is no plain message; the owner's to define."""
        ...

    def unfinished(self, size: int) -> None:
        """So many bytes of a frame are kept until the rest has come, 0 when it has; the owner's to define."""
        ...

    def spent(self) -> None:
        """Bytes are to wait: stop reading, and let others have their turn; the owner's to define."""
        ...

    @property
    def kept(self) -> int:
        """How many bytes are kept."""
        ...

    def get_buffer(self, sizehint: int) -> memoryview: ...
    def buffer_updated(self, nbytes: int) -> None: ...
    def feed(self, data: bytes) -> None:
        """Take bytes of the peer that the event loop has not put into the buffer."""
        ...

    def payload(self, frame: bytes) -> bytes:
        """Return the payload of a whole control frame, its length in one byte, the mask taken off."""
        ...

    def send(self, raw: bytes) -> None:
        """Send a text message; by `send_unusual`, unless `writes` is true and the transport is not closing."""
        ...

    def send_unusual(self, raw: bytes) -> None:
        """Send a text message in another way; the owner's to define."""
        ...

    def send_text(self, raw: bytes, mask: bytes = b"") -> None:
        """Write a text message in one frame; a client gives a mask of four random bytes."""
        ...


class ExactFloat(Protocol):
    """The function that reads a JSON number with a point or an exponent, without loss (R23)."""

    def __call__(self, literal: str) -> float:
        """Return the float whose `repr` has the literal's value, or a `LongFloat`: where no float has, and next to 0.

        ValueError for more than 256 characters, and for an exponent that no `Decimal` has. A number beyond the largest
        double must not come here.
        """
        ...


class Payload(Protocol):
    """Reads and writes the payloads of one class, as JSON text in UTF-8, and declines what it cannot judge."""

    def read(self, text: bytes) -> Any:
        """Return the typed object of a text, or None to decline."""
        ...

    def write(self, value: Any, fraction: int = 3, *, bounded: bool = False) -> bytes | None:
        """Return the text of a typed object, or None to decline; date-times get `fraction` digits: 0, 3 or 6.

        `bounded` writes what 2.x sends (R50, R51).
        """
        ...


CompilePayload: TypeAlias = Callable[[Plan], Payload | None]
"""Returns the compiled payload of a plan; None for a plan that it can't follow."""


Lookup: TypeAlias = Callable[[int, Any], tuple[Any, Plan] | None]
"""Returns an action and the plan of its payload, by message type and key; None for an unknown action.

The key of a result is the action itself. Of a call or send it is the action's name while reading, and the class of the
payload while writing. An action is any object with a `name`.
"""


class CallValue(Protocol):
    """A CALL or a SEND that was received."""

    @property
    def unique_id(self) -> str: ...
    @property
    def action(self) -> Any: ...
    @property
    def payload(self) -> Any: ...
    @property
    def raw(self) -> bytes:
        """The frame as it came."""
        ...

    @property
    def signature(self) -> Any:
        """The signature; None for an unsigned frame."""
        ...


class CompiledDecoder(Protocol):
    """Reads valid frames in one pass from bytes to typed objects, and leaves the rest to a fallback.

    *Whatever it accepts, the fallback accepts with an equal value.* It asks `lookup` once for an action that it meets
    for the first time, and keeps the answer, unless that is None.
    """

    def __init__(
        self,
        *,
        fallback: Callable[[Any, Callable[[str], Any]], Any],
        error: Callable[[int, str, str, str, dict[str, Any]], Any],
        lookup: Lookup,
        refuses_results: bool,
    ) -> None:
        """A reader that knows no action; `fallback` is called as `decode` is.

        `error` makes a frame of an error's message type, unique id, code, description and details.
        `refuses_results` tells whether there are CALLRESULTERRORs.
        """
        ...

    @property
    def decode(self) -> Callable[[Any, Callable[[str], Any]], Any]:
        """The function of a frame, and of a function that returns the action of an open call.

        The frame may be bytes, a bytearray or a memoryview, whose bytes are copied first. It returns a `Call`, a
        `CallResult`, a `Send`, what `error` makes, or what the fallback returns or raises.
        """
        ...


class CompiledEncoder(Protocol):
    """Writes valid frames in one pass from typed objects to bytes, and leaves the rest to fallbacks.

    *Whatever it writes, the fallback writes with the same bytes.* It asks `lookup` as a `CompiledDecoder` does.
    """

    def __init__(
        self,
        fraction: int,
        *,
        lookup: Lookup,
        call: Callable[[str, Any], bytes],
        send: Callable[[str, Any], bytes],
        result: Callable[[Any, Any], bytes],
        error: Callable[[int, str, str, str, Any], bytes],
        bounded: bool = False,
    ) -> None:
        """A writer that knows no action, of date-times with `fraction` digits (0, 3 or 6), and its fallbacks.

        It is `bounded` where payloads are those that 2.x sends (R50, R51).
        """
        ...

    @property
    def call(self) -> Callable[[str, Any], bytes]:
        """The function that returns the CALL of a unique id and a request, or what its fallback returns or raises."""
        ...

    @property
    def send(self) -> Callable[[str, Any], bytes]:
        """The function that returns the SEND of a unique id and a notification, as `call` does."""
        ...

    @property
    def result(self) -> Callable[[Any, Any], bytes]:
        """The function that returns the CALLRESULT of a `Call` and a response, as `call` does."""
        ...

    @property
    def error(self) -> Callable[[int, str, str, str, Any], bytes]:
        """The function of an error's message type, unique id, code, description and details, as `call` does."""
        ...
