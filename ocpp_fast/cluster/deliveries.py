"""A node's side of calls from elsewhere: they are made as local ones are, under the station's policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import Disconnected, NotSent, OcppError, VersionMismatch
from ..faults import MessageType
from ..frames import Decoder, Encoder, Faulty, FrameFault
from ..policy import Policy
from ..schema import Action, Response, Sender, Version
from .calls import Go
from .member import Member
from .words import word_of

if TYPE_CHECKING:
    from ..aio import Station
    from ..session import CallEnded, OpenCall

__all__ = ["Codecs", "Deliveries"]

_PATIENCE = 0.02


class Codecs:
    """Payloads alone, by version and policy, on one side of a call."""

    def __init__(self, receiver: Sender) -> None:
        self.encoder = lru_cache(64)(Encoder)
        self.decoder = lru_cache(64)(
            lambda version, policy: Decoder(version, receiver, lambda _: True, policy),
        )

    def read(self, version: Version, policy: Policy, action: Action, text: bytes, *, kind: MessageType) -> Any:
        """Return the typed payload of a JSON text. Raises `FrameFault`."""
        decoder: Decoder = self.decoder(version, policy)
        return decoder.payload(action, kind, text, Faulty("", kind, answered=False))


class Deliveries:
    """The calls that this node makes for others; `find` returns the station of an identity that is connected here."""

    def __init__(self, member: Callable[[], Member], find: Callable[[str], Station | None]) -> None:
        self.member = member
        self.find = find
        self.codecs = Codecs(Sender.STATION)
        self._open: dict[str, Delivery] = {}
        self._checks: dict[str, asyncio.Task[None]] = {}

    def perform(self, go: Go) -> None:
        """Make a call, and answer with its end."""
        if go.reply not in self._open:
            delivery = self._open[go.reply] = Delivery(self, go)
            delivery.begin()

    def ended(self, go: Go, told: dict[str, Any] | bytes) -> None:
        """Answer with the end of a call."""
        if self._open.pop(go.reply, None) is not None:
            self.member().answer(go.reply, told, go.deadline)

    def withdrawn(self, reply: str) -> None:
        """Nobody waits for a call any more."""
        delivery = self._open.pop(reply, None)
        if delivery is not None:
            delivery.cancel()

    def is_alive(self, identity: str, epoch: int, reply: str) -> None:
        """Answer whether a connection of ours answers a ping."""
        if reply not in self._checks:
            task = asyncio.get_running_loop().create_task(self._check(identity, epoch, reply))
            self._checks[reply] = task
            task.add_done_callback(lambda _: self._checks.pop(reply, None))

    async def _check(self, identity: str, epoch: int, reply: str) -> None:
        station = self.find(identity)
        is_same = station is not None and self.member().announcer.own.get(identity) == epoch
        answers = station is not None and is_same and await station.answers()
        self.member().answer(reply, {"r": answers})

    async def close(self) -> None:
        """Cancel all calls."""
        for reply in list(self._open):
            self.withdrawn(reply)
        checks = list(self._checks.values())
        for each in checks:
            each.cancel()
        await asyncio.gather(*checks, return_exceptions=True)


class Delivery:
    """A call that is made for another participant: it waits for the station's answer, without a task."""

    __slots__ = ("_deliveries", "_go", "_open_call", "_retry", "_station")

    def __init__(self, deliveries: Deliveries, go: Go) -> None:
        self._deliveries = deliveries
        self._go = go
        self._station: Station | None = None
        self._open_call: OpenCall | None = None
        self._retry: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Make the call."""
        try:
            told = self._begun()
        except FrameFault as fault:
            told = word_of(VersionMismatch(fault.description))
        except OcppError as error:
            told = self._told_of(error)
        if told is not None:
            self._deliveries.ended(self._go, told)

    def _begun(self) -> dict[str, Any] | bytes | None:
        """Begin the call; return the answer if it has ended by that."""
        go, station = self._go, self._deliveries.find(self._go.identity)
        if station is None:
            return {"e": "moved"}
        version = station.version
        action = version.actions.get(go.action)
        if action is None or version.number != go.version:
            return word_of(VersionMismatch(f"OCPP {version.number} has no {go.action} here"))
        read = self._deliveries.codecs.read
        request = read(version, station.policy, action, go.payload, kind=MessageType.CALL)
        if go.is_send:
            if not go.may_send():
                raise NotSent
            station.send(request)
            return self._told(b"{}")
        seconds = max(go.deadline - self._deliveries.member().clock(), 0.001)
        self._station = station
        self._open_call = station._begin(station._runtime.new_unique_id(), request, seconds, self, go.may_send)
        return None

    def ended(self, ended: CallEnded, raw: bytes) -> None:
        """Answer with what the station has answered, or why it has not."""
        self._open_call = None  # or a cycle
        outcome = ended.outcome
        told = (
            self._told_of(outcome) if isinstance(outcome, OcppError) else self._result(ended.open_call.action, outcome)
        )
        if told is not None:
            self._deliveries.ended(self._go, told)

    def _result(self, action: Action, response: Response) -> dict[str, Any] | bytes:
        assert self._station is not None
        encoder: Encoder = self._deliveries.codecs.encoder(self._station.version, self._station.policy)
        try:
            result = encoder.payload(action, action.response, response)
        except OcppError as error:
            return word_of(error)
        return self._told(result)

    def _told(self, result: bytes) -> bytes:
        """Return the answer with the JSON text of a result, and a ticket for another call."""
        return b'{"t":%a}\n%b' % (self._deliveries.member().callee.ticket(), result)

    def _told_of(self, error: OcppError) -> dict[str, Any] | None:
        """Return the answer for an error; None if the call is to be tried again."""
        if isinstance(error, NotSent):
            if not self._go.is_current:
                return {"e": "unsent"}
            # until the node delivers again: then all that happened meanwhile is known
            self._retry = asyncio.get_running_loop().call_later(_PATIENCE, self.begin)
            return None
        if isinstance(error, Disconnected) and error.delivered is False:
            return {"e": "moved"}  # it has left since it was found, or is about to: it may be elsewhere soon
        return word_of(error)

    def expired(self, open_call: OpenCall) -> None:
        """The station has not answered in time."""
        assert self._station is not None
        self._station._expire(open_call)

    def cancel(self) -> None:
        """Give the call up."""
        if self._retry is not None:
            self._retry.cancel()
        if self._station is not None and self._open_call is not None:
            self._station._cancel(self._open_call)
