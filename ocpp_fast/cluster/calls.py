"""A call across the bus is two steps, ask and go. Sans-I/O: messages and time go in, on both sides.

The caller asks the station's node, which answers with a moment of its own clock, a ticket; within 2 seconds of it the
caller may say go. Until then nothing can have been delivered, so most failures are certain, and safe to try again. No
clock is ever compared with that of another machine. A node that has given a ticket just now, for any station, is not
asked again; results bring tickets too, so that most calls to a node that is busy take one step. A ticket that was not
asked for by the call itself is good for a quarter of a second only. Calls that had to wait, and those that come next,
get their turns from a backlog of their node: if all went at once, all were uncertain if the bus or the node is lost
again.

    LOOKUP --nobody holds it--> NotConnected
    LOOKUP --its node answered in the last 10 ms--> GONE, HELD where others are
    LOOKUP --> ASKED --nobody there--> LOOKUP; --2 s, node lost, bus lost--> Unreachable
                     --moved, fenced--> LOOKUP, for 2 s
    ASKED --ready, but late--> HELD --its turn--> LOOKUP, not HELD again; --no turn in time--> CallTimeout
    ASKED --ready--> GONE --nobody there, stale, moved, fenced--> LOOKUP: nothing was delivered
    GONE --result--> done; --node lost, bus lost, no answer--> DeliveryUnknown

Messages are objects of JSON. A request or a response stands behind one, on a line of its own, as it is in its frame.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from typing import Any, Final, NamedTuple

import orjson

from .._core.strict_json import loads
from ..errors import CallTimeout, DeliveryUnknown, NotConnected, OcppError, Unreachable, VersionMismatch
from .backlog import Backlog
from .bus import BusLost
from .directory import Peer
from .words import error_of

__all__ = ["ASK_SECONDS", "TICKET_SECONDS", "Callee", "Caller", "Go", "OutgoingCall", "Target", "read_message"]

ASK_SECONDS: Final = 2.0
TICKET_SECONDS: Final = 2.0
_FRESH: Final = 0.01
"""Seconds for which a ticket serves other calls: what a node that stops meanwhile was told is uncertain."""
_BORROWED_SECONDS: Final = 0.25
"""How old the ticket of another call may be: a node that was stopped makes no call that came before it stopped."""
_LATE: Final = 0.1
"""Seconds after which a call has waited so long for a node that others will have waited with it."""
_LOOK_AGAIN: Final = 0.05
_GRACE: Final = 0.5
_MOST_DUE: Final = 1000
_LONGEST: Final = 1e9


def read_message(message: bytes) -> tuple[dict[str, Any] | None, bytes]:
    """Return the object of a message, or None if it has none, and what stands behind it."""
    head, _, payload = message.partition(b"\n")
    try:
        given = orjson.loads(head) if payload else loads(message)  # an error's details are a station's
    except ValueError:
        return None, payload
    return (given if isinstance(given, dict) else None), payload


class Target(NamedTuple):
    """Where a station is: a node, and the epoch of its connection."""

    node: str
    incarnation: str
    epoch: int
    version: str
    peer: Peer | None = None

    @property
    def inbox(self) -> str:
        """The end of the subject of what is meant for the node."""
        return f"{self.node}.{self.incarnation}"


class OutgoingCall:
    """A call of ours to a station of any node; `ended` takes the JSON text of its result, or the exception to raise."""

    __slots__ = (
        "action",
        "backlog",
        "deadline",
        "due",
        "ended",
        "gone",
        "identity",
        "is_send",
        "number",
        "request",
        "started",
        "target",
        "version",
        "why",
    )

    def __init__(
        self,
        identity: str,
        version: str,
        action: str,
        request: bytes,
        *,
        now: float,
        deadline: float,
        ended: Callable[[Any], object],
        is_send: bool = False,
    ) -> None:
        self.identity = identity
        self.version = version
        self.action = action
        self.request = request
        self.is_send = is_send
        self.started = now
        """When it was made, or had its turn."""
        self.deadline = deadline
        self.ended = ended
        self.target: Target | None = None
        self.number = 0
        self.backlog: Backlog | None = None
        """What has given it its turn."""
        self.gone = False
        self.due = 0.0
        """When something is to be done although no answer comes."""
        self.why: OcppError | None = None
        """What to raise if the station is not found again."""


class Caller:
    """Makes calls: `locate` tells where a station is, `publish` sends a payload to an inbox, for an answer.

    `lost` is told a node of which the bus says that it is not there, and says whether it believes that.
    """

    def __init__(
        self,
        locate: Callable[[str], Target | None],
        publish: Callable[[str, bytes, int], None],
        lost: Callable[[Target], bool],
    ) -> None:
        self._locate = locate
        self._publish = publish
        self._lost = lost
        self._calls: dict[int, OutgoingCall] = {}
        self._waiting: set[OutgoingCall] = set()
        self._backlogs: dict[str, Backlog] = {}
        """By a node's incarnation; the calls in them are waiting, too."""
        self._due: list[tuple[float, int, OutgoingCall]] = []
        self._tickets: dict[str, tuple[float, float]] = {}
        """Of a node's incarnation, a moment of its clock, and when that came."""
        self._number = 0

    def __len__(self) -> int:
        return len(self._calls) + len(self._waiting)

    @property
    def next_due(self) -> float:
        """When `tick` has something to do."""
        return self._due[0][0] if self._due else inf

    def new_number(self) -> int:
        """Return the number of a question."""
        self._number += 1
        return self._number

    def start(self, call: OutgoingCall, now: float) -> None:
        """Begin a call. It may end at once."""
        self._look_up(call, now)

    def _look_up(self, call: OutgoingCall, now: float) -> None:
        target = self._locate(call.identity)
        if target is None:
            self._end(call, call.why if isinstance(call.why, Unreachable) else NotConnected(call.identity))
            return
        if target.version and target.version != call.version:
            text = f"OCPP {target.version} was negotiated, not {call.version}"
            self._end(call, VersionMismatch(text))
            return
        call.target = target
        ticket = self._tickets.get(target.incarnation)
        if ticket is not None and now - ticket[1] < _FRESH and call.why is None:
            self._ready(call, ticket[0], now, age=_BORROWED_SECONDS)
            return
        ask = {"op": "ask", "id": call.identity, "ep": target.epoch}
        self._post(call, orjson.dumps(ask), min(now + ASK_SECONDS, call.deadline))

    def _post(self, call: OutgoingCall, payload: bytes, due: float) -> None:
        assert call.target is not None
        call.number = self.new_number()
        self._calls[call.number] = call
        self._set_due(call, due, call.number)
        try:
            self._publish(call.target.inbox, payload, call.number)
        except BusLost:
            self._end(call, Unreachable("the bus is not connected"))

    def _set_due(self, call: OutgoingCall, due: float, number: int) -> None:
        call.due = due
        heapq.heappush(self._due, (due, number, call))
        if len(self._due) > 4 * len(self) + _MOST_DUE:
            self._due = [each for each in self._due if each[0] == each[2].due]
            heapq.heapify(self._due)

    def cancel(self, call: OutgoingCall) -> None:
        """Nobody waits for a call any more: it is not sent, if it has not been yet."""
        if call.gone and call.target is not None and call.number in self._calls:
            withdrawal = orjson.dumps({"op": "cancel", "n": call.number})
            with suppress(BusLost):
                self._publish(call.target.inbox, withdrawal, call.number)
        self._forget(call)

    def _forget(self, call: OutgoingCall) -> None:
        self._calls.pop(call.number, None)
        self._waiting.discard(call)
        call.due = 0.0
        if call.backlog is not None:
            call.backlog.ended(call)
            call.backlog = None

    def _end(self, call: OutgoingCall, outcome: Any) -> None:
        self._forget(call)
        call.ended(outcome)

    def answered(self, number: int, payload: bytes, now: float) -> None:
        """Take an answer; an empty one says that nobody was there."""
        call = self._calls.pop(number, None)
        if call is None:
            return
        if not payload:
            assert call.target is not None
            if self._lost(call.target):
                self._try_again(call, NotConnected(call.identity), now, at_once=True)
            else:
                self._try_again(call, Unreachable("its node is not there yet"), now)
            return
        told, result = read_message(payload)
        if told is None:
            told, result = {}, b""
        moment = told.get("t")
        if type(moment) is float and call.target is not None:
            self._tickets[call.target.incarnation] = moment, now
            if not call.gone:
                self._ready(call, moment, now)
                return
        if call.gone:
            self._concluded(call, told, result, now)
            self._give_turns(now)
        elif told.get("e") in ("moved", "fenced"):
            self._try_again(call, _reason(told["e"], call), now)
        else:
            self._end(call, Unreachable("the node has not answered as a node does"))

    def _ready(self, call: OutgoingCall, moment: float, now: float, age: float = TICKET_SECONDS) -> None:
        """Its node is ready: the call goes, or gets in line."""
        assert call.target is not None
        node = call.target.incarnation
        backlog = self._backlogs.get(node)
        must_wait = now - call.started > _LATE or (backlog is not None and backlog.takes(call.identity, now))
        if now >= call.deadline:
            self._end(call, CallTimeout(call.action, delivered=False))
        elif must_wait and call.backlog is None:
            call.why = None
            self._waiting.add(call)
            self._set_due(call, call.deadline, self.new_number())
            self._backlogs.setdefault(node, Backlog(now)).add(call)
            self._give_turns(now)
        else:
            self._say_go(call, moment, now, age)

    def _give_turns(self, now: float) -> None:
        for node, backlog in list(self._backlogs.items()):
            while (call := backlog.pop(now, self._waiting)) is not None:
                self._waiting.discard(call)
                call.backlog = backlog
                call.started = now
                self._look_up(call, now)
            if backlog.is_over(now):
                del self._backlogs[node]

    def _say_go(self, call: OutgoingCall, moment: float, now: float, age: float) -> None:
        assert call.target is not None
        go = {
            "op": "go",
            "id": call.identity,
            "ep": call.target.epoch,
            "t": moment,
            "age": age,
            "T": max(round(call.deadline - now, 3), 0.001),
            "ver": call.version,
            "action": call.action,
        }
        if call.is_send:
            go["send"] = True
        call.gone = True
        self._post(call, orjson.dumps(go) + b"\n" + call.request, call.deadline + _GRACE)

    def _concluded(self, call: OutgoingCall, told: Mapping[str, Any], result: bytes, now: float) -> None:
        if result:
            self._end(call, result)
            return
        match told:
            case {"e": "moved" | "fenced" | "stale" as word}:
                self._try_again(call, _reason(word, call), now)
            case {"e": "unsent"}:
                self._end(call, Unreachable("its node was cut off before the call's turn came"))
            case _:
                self._end(call, error_of(told, call.action))

    def _try_again(self, call: OutgoingCall, why: OcppError, now: float, *, at_once: bool = False) -> None:
        """Nothing was delivered: look the station up anew, for 2 seconds from the beginning."""
        call.why = why
        call.gone = False
        if now >= min(call.started + ASK_SECONDS, call.deadline):
            self._end(call, why)
        elif at_once:
            self._look_up(call, now)
        else:
            self._waiting.add(call)
            self._set_due(call, now + _LOOK_AGAIN, self.new_number())

    def tick(self, now: float) -> None:
        """Act on what has taken too long."""
        while self._due and self._due[0][0] <= now:
            due, _, call = heapq.heappop(self._due)
            if call.due != due:
                continue
            if call.gone:
                self._end(call, DeliveryUnknown(f"{call.action} was handed over, and no answer came"))
            elif now >= call.deadline:
                self._end(call, call.why or CallTimeout(call.action, delivered=False))
            elif call in self._waiting:
                self._waiting.discard(call)
                self._look_up(call, now)
            else:
                self._end(call, Unreachable("its node does not answer"))
        self._give_turns(now)
        if self._tickets:
            self._tickets = {node: ticket for node, ticket in self._tickets.items() if now - ticket[1] < _FRESH}

    def peer_lost(self, incarnation: str) -> None:
        """A node is lost: what was asked there is not delivered, what went there may be."""
        self._tickets.pop(incarnation, None)
        self._fail(lambda call: call.target is not None and call.target.incarnation == incarnation, "its node is lost")

    def bus_lost(self) -> None:
        """The bus is lost, and all answers with it."""
        self._tickets.clear()
        self._fail(lambda _: True, "the bus was lost")

    def _fail(self, concerns: Callable[[OutgoingCall], bool], why: str) -> None:
        for call in [each for each in self._calls.values() if concerns(each)]:
            if call.gone:
                self._end(call, DeliveryUnknown(f"{call.action} was handed over, then {why}"))
            else:
                self._end(call, Unreachable(why))


def _reason(word: str, call: OutgoingCall) -> OcppError:
    if word == "moved":
        return NotConnected(call.identity)
    return Unreachable("its node is cut off" if word == "fenced" else "the answer of its node came too late")


class Go:
    """A call that a node was told to make; `may_send` is asked in the same step that writes the frame."""

    __slots__ = ("_callee", "action", "deadline", "epoch", "identity", "is_send", "payload", "reply", "version")

    def __init__(
        self,
        callee: Callee,
        identity: str,
        epoch: int,
        version: str,
        action: str,
        payload: bytes,
        *,
        reply: str,
        deadline: float,
        is_send: bool,
    ) -> None:
        self._callee = callee
        self.identity = identity
        self.epoch = epoch
        self.version = version
        self.action = action
        self.payload = payload
        self.reply = reply
        self.deadline = deadline
        self.is_send = is_send

    def may_send(self) -> bool:
        """Whether the frame may be written now: the node delivers, the connection is the same, there is time."""
        return self._callee.allows(self)

    @property
    def is_current(self) -> bool:
        """Whether the station's connection is still the one that was asked for, and there is time left."""
        return self._callee.is_current(self)


class Callee:
    """A node's side: `own` are the epochs of its stations, `may_deliver` says whether it delivers now."""

    def __init__(
        self,
        own: Mapping[str, int],
        version_of: Callable[[str], str],
        may_deliver: Callable[[float], bool],
        clock: Callable[[], float],
    ):
        self._own = own
        self._version_of = version_of
        self._may_deliver = may_deliver
        self._clock = clock

    def asked(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to an ask."""
        refusal = self._refusal(message, self._clock())
        if refusal:
            return {"e": refusal}
        return {"t": self.ticket(), "ver": self._version_of(message["id"])}

    def ticket(self) -> float:
        """Return the moment with which a caller may say go."""
        return self._clock()

    def _refusal(self, message: Mapping[str, Any], now: float) -> str:
        if not self._may_deliver(now):
            return "fenced"
        identity, epoch = message.get("id"), message.get("ep")
        if not isinstance(identity, str) or type(epoch) is not int or self._own.get(identity) != epoch:
            return "moved"
        return ""

    def go(self, message: Mapping[str, Any], payload: bytes, reply: str) -> Go | dict[str, Any]:
        """Return the call to make, or the answer that says why it is not made."""
        now = self._clock()
        moment, age = message.get("t"), message.get("age")
        if type(moment) is not float or type(age) is not float or not 0.0 <= now - moment <= age <= TICKET_SECONDS:
            return {"e": "stale"}
        refusal = self._refusal(message, now)
        if refusal:
            return {"e": refusal}
        seconds, version, action = message.get("T"), message.get("ver"), message.get("action")
        if (
            not isinstance(seconds, (float, int))
            or not 0 < seconds < _LONGEST
            or not isinstance(version, str)
            or not isinstance(action, str)
            or not payload
        ):
            return {"e": "unsupported", "text": "not a call"}
        at = message["id"], message["ep"], version, action, payload
        return Go(self, *at, reply=reply, deadline=now + float(seconds), is_send=message.get("send") is True)

    def is_current(self, go: Go) -> bool:
        """Whether a call's connection is still the same, and there is time."""
        return self._own.get(go.identity) == go.epoch and self._clock() < go.deadline

    def allows(self, go: Go) -> bool:
        """Whether the frame of a call may be written now."""
        return self.is_current(go) and self._may_deliver(self._clock())
