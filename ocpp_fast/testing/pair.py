"""Both sides of a connection in memory, with a clock: for tests without a socket, a loop or a sleep.

    pair = Pair(v16.VERSION)
    call = pair.station.call(v16.HeartbeatRequest())
    pair.station.deliver()
    pair.central.answer(v16.HeartbeatResponse(current_time=now))
    pair.central.deliver()
    assert pair.station.outcome(call) == v16.HeartbeatResponse(current_time=now)

Nothing moves by itself: frames wait for `deliver`, and time waits for `advance`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from .._core import PendingTable
from ..errors import OcppError
from ..frames import Call, Decoder, Encoder, FrameDecoder, FrameEncoder, FrameFault
from ..policy import STRICT, Policy
from ..registration import RegistrationGate
from ..schema import Action, Request, Response, Sender, Version
from ..session import CallEnded, Event, OpenCall, Session, Tolerated

if TYPE_CHECKING:
    from ..signing import Signing

__all__ = ["Clock", "Pair", "Side"]


class Clock:
    """Seconds that pass only where `now` is changed."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now


class Side:
    """One side of a connection.

    `in_transit` are the frames it has sent that have not arrived, oldest first: drop or reorder them there.
    `events` are all events so far, `handling` is the call that is to be answered.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session: Final = session
        self.peer: Side
        self.in_transit: list[bytes] = []
        self.events: list[Event] = []
        self.handling: Call | None = None
        self._clock: Final = clock
        self._ids: Final = map(str, count(1))
        self._outcomes: dict[OpenCall, Response | OcppError] = {}

    def call(self, request: Request[Any], *, timeout: float = 30.0, unique_id: str = "") -> OpenCall:
        """Send a request, or let it wait for its turn; ids are 1, 2, 3... Raises as `Session.call` does."""
        open_call = self.session.call(unique_id or next(self._ids), request, self._clock.now + timeout)
        self.record(None)
        return open_call

    def outcome(self, open_call: OpenCall) -> Response | OcppError | None:
        """Return how a call has ended; None while it is open, or when it was cancelled."""
        return self._outcomes.get(open_call)

    def cancel(self, open_call: OpenCall) -> None:
        """Give a call up."""
        self.session.cancel(open_call)
        self.record(None)

    def answer(self, response: Any) -> None:
        """Answer the call that is being handled. Raises as `Session.answer` does."""
        self.session.answer(self._to_answer(), response, self._clock.now)
        self._concluded()

    def fail(self, error: Exception) -> None:
        """Answer the call that is being handled with the CALLERROR of an error; as `Session.fail`."""
        self.session.fail(self._to_answer(), error, self._clock.now)
        self._concluded()

    def receive(self, raw: bytes) -> None:
        """Take a frame, whoever wrote it."""
        self.record(self.session.receive(raw, self._clock.now))

    def deliver(self, index: int = 0) -> None:
        """Let a frame in transit arrive, the oldest unless told otherwise."""
        self.peer.receive(self.in_transit.pop(index))

    def record(self, event: Event | None) -> None:
        """Note what the session says has happened, and take what it sends."""
        tolerated: list[FrameFault] = []
        if isinstance(event, Tolerated):
            tolerated, event = event.faults, event.event
        for each in (*tolerated, event, *self.session.take_events()):
            if each is not None:
                self.events.append(each)
            if isinstance(each, Call):
                self.handling = each
            elif isinstance(each, CallEnded):
                self._outcomes[each.open_call] = each.outcome
        self.in_transit += self.session.take_outbox()

    def _to_answer(self) -> Call:
        if self.handling is None:
            raise LookupError("no call is being handled")
        return self.handling

    def _concluded(self) -> None:
        following = self.session.next_call()
        self.handling = None
        self.record(following)


class Pair:
    """A central system and the station `CP1`, connected; each handles the actions that `has_handler` is true of."""

    def __init__(
        self,
        version: Version,
        *,
        central: Policy = STRICT,
        station: Policy = STRICT,
        central_signing: Signing | None = None,
        station_signing: Signing | None = None,
        central_gate: RegistrationGate | None = None,
        station_gate: RegistrationGate | None = None,
        has_handler: Callable[[Action], bool] = lambda action: True,
    ) -> None:
        self.clock: Final = Clock()
        self.table: Final[PendingTable[OpenCall]] = PendingTable(tick=1 / 64)  # notices whole seconds in time

        def side(role: Sender, policy: Policy, signing: Signing | None, gate: RegistrationGate | None) -> Side:
            decoder, encoder = Decoder(version, role, has_handler, policy), Encoder(version, policy)
            ends: tuple[FrameDecoder, FrameEncoder] = decoder, encoder
            if signing is not None:
                ends = signing.bind("CP1", decoder, encoder)
            return Side(Session(*ends, self.table, policy, gate), self.clock)

        self.central: Final = side(Sender.CENTRAL, central, central_signing, central_gate)
        self.station: Final = side(Sender.STATION, station, station_signing, station_gate)
        self.central.peer, self.station.peer = self.station, self.central
        self._sides: Final = {each.session: each for each in (self.central, self.station)}

    def advance(self, seconds: float) -> None:
        """Let time pass; calls whose deadline comes end in the order of time."""
        until = self.clock.now + seconds
        while (due := self.table.next_deadline()) is not None and due <= until:
            self.clock.now = max(self.clock.now, due)
            for session, _, open_call in self.table.expire(due):
                assert isinstance(session, Session)
                self._sides[session].record(session.expire(open_call))
        self.clock.now = until

    def disconnect(self) -> None:
        """End the connection; what was in transit is lost, and so are the calls that were being handled."""
        for side in self._sides.values():
            side.in_transit.clear()
            side.handling = None
            for answered in side.session.close():
                side.record(answered)
