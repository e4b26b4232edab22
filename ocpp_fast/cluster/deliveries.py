"""A node's side of calls from elsewhere: they are made as local ones are, under the station's policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from ..errors import Disconnected, NotSent, OcppError, VersionMismatch
from ..faults import MessageType
from ..frames import Decoder, Encoder, FrameFault
from ..policy import Policy
from ..schema import Sender, Version
from .calls import Go
from .member import Member
from .words import word_of

if TYPE_CHECKING:
    from ..aio import Station

__all__ = ["Codecs", "Deliveries"]

_PATIENCE = 0.02


class Codecs:
    """Payloads alone, by version and policy, on one side of a call."""

    def __init__(self, receiver: Sender) -> None:
        self.encoder = lru_cache(64)(Encoder)
        self.decoder = lru_cache(64)(
            lambda version, policy: Decoder(version, receiver, lambda _: True, policy),
        )

    def read(self, version: Version, policy: Policy, name: str, value: Any, *, kind: MessageType) -> Any:
        """Return a typed payload of JSON's values. Raises `FrameFault`."""
        decoder: Decoder = self.decoder(version, policy)
        return decoder.payload(version.actions[name], kind, value, decoder.faulty(kind, ""))


class Deliveries:
    """The calls that this node makes for others; `find` returns the station of an identity that is connected here."""

    def __init__(self, member: Callable[[], Member], find: Callable[[str], Station | None]) -> None:
        self._member = member
        self._find = find
        self._codecs = Codecs(Sender.STATION)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def perform(self, go: Go) -> None:
        """Make a call, and answer with its end."""
        self._begin(go.reply, self._performed(go))

    def _begin(self, reply: str, work: Coroutine[Any, Any, None]) -> None:
        if reply in self._tasks:
            work.close()
            return
        task = self._tasks[reply] = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda _: self._tasks.pop(reply, None))

    def is_alive(self, identity: str, epoch: int, reply: str) -> None:
        """Answer whether a connection of ours answers a ping."""
        self._begin(reply, self._alive(identity, epoch, reply))

    async def _alive(self, identity: str, epoch: int, reply: str) -> None:
        station = self._find(identity)
        is_same = station is not None and self._member().announcer.own.get(identity) == epoch
        answers = station is not None and is_same and await station.answers()
        self._member().answer(reply, {"r": answers})

    def withdrawn(self, reply: str) -> None:
        """Nobody waits for a call any more."""
        task = self._tasks.get(reply)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """Cancel all calls."""
        tasks = list(self._tasks.values())
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _performed(self, go: Go) -> None:
        told: dict[str, Any] | bytes
        try:
            told = await self._outcome(go)
        except FrameFault as fault:
            told = word_of(VersionMismatch(fault.description))
        except OcppError as error:
            told = word_of(error)
        self._member().answer(go.reply, told, go.deadline)

    async def _outcome(self, go: Go) -> dict[str, Any] | bytes:
        station = self._find(go.identity)
        if station is None:
            return {"e": "moved"}
        version = station.version
        action = version.actions.get(go.action)
        if action is None or version.number != go.version:
            return word_of(VersionMismatch(f"OCPP {version.number} has no {go.action} here"))
        request = self._codecs.read(version, station.policy, go.action, go.payload, kind=MessageType.CALL)
        member = self._member()
        while True:
            try:
                if go.is_send:
                    if not go.may_send():
                        raise NotSent
                    await station.send(request)
                    return {"r": {}}
                seconds = go.deadline - member.clock()
                response = await station.call(request, timeout=max(seconds, 0.001), may_send=go.may_send)
            except Disconnected as error:
                if error.delivered is False:  # it has left since it was found, or is about to: it may be elsewhere soon
                    return {"e": "moved"}
                raise
            except NotSent:
                if not go.is_current:
                    return {"e": "unsent"}
                await asyncio.sleep(_PATIENCE)  # until the lease is back: then all that happened meanwhile is known
                continue
            encoder: Encoder = self._codecs.encoder(version, station.policy)
            result = encoder.payload(action, action.response, response)
            return orjson.dumps({"r": orjson.Fragment(result), "t": member.callee.ticket()})
