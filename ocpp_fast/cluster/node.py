"""The node's side of a cluster: what its central system tells it and asks it, and the calls that it makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from ..aio.events import Limit
from ..aio.security import Handshake
from ..errors import HandshakeRefused
from ..latest import Latest
from .bus import BusLost
from .calls import Go
from .deliveries import Deliveries
from .directory import Holder, Peer
from .events import KINDS, EventKind, event_payload
from .life import Life
from .member import Member, check_name, encoded

if TYPE_CHECKING:
    from ..aio import CentralSystem, Direction, Station
    from ..aio.workers import Child

__all__ = ["Node"]

_TRY_AGAIN_LATER: Final = 1013
_SWAP_SECONDS: Final = 60.0
_MOST_SWAPS: Final = 6
_ASK_SECONDS: Final = 6.0


class Node(Life):
    """The `Membership` of a central system; of a client, nothing of it is used."""

    def __init__(self, *, refuses: bool, events: Iterable[EventKind], **life: Any) -> None:
        super().__init__(**life)
        self._refuses = refuses
        self._events = frozenset(events)
        if unknown := self._events.difference(KINDS):
            raise ValueError(f"events: expected some of {', '.join(KINDS)}, not {', '.join(map(repr, unknown))}")
        self._local: dict[str, Station] = {}
        self._deliveries = Deliveries(self._started, self._local.get)
        self._swaps: Latest[str, tuple[float, ...]] = Latest(10_000)

    def joined_by(self, central: CentralSystem) -> None:
        """A central system is its node. Raises `ValueError` for a second one."""
        if self._central is not None:
            raise ValueError("cluster: it has a central system already")
        self._central = central
        if "message" in self._events:
            central.on_frame(self._frame_passed)

    def companion(self) -> Child | None:
        """Return what is to run beside workers: nothing, for the bus is there."""
        return None

    def in_worker(self, number: int) -> None:
        """This process is a worker. Raises `ValueError` if the name becomes too long for that."""
        self.name = check_name("name", f"{self.name}-{number}")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Start the cluster, if it is not, while the central system serves."""
        async with self:
            yield

    def check(self, handshake: Handshake) -> Awaitable[None] | None:
        """Raise `HandshakeRefused` while the node is cut off, if it is set to."""
        if self._refuses and not self.is_connected:
            raise HandshakeRefused(503, "cut off from the cluster")
        if self._swaps_lately(handshake.id) < _MOST_SWAPS or self._member is None:
            return None
        holder = self._member.directory.find(handshake.id)
        return None if holder is None or holder.peer is self._member.me else self._check_holder(handshake, holder)

    def _swaps_lately(self, identity: str) -> int:
        since = self._started().clock() - _SWAP_SECONDS if self._swaps else 0.0
        return sum(each > since for each in self._swaps.get(identity, ()))

    def _swapped(self, identity: str) -> None:
        """A station has changed its node."""
        self._swaps[identity] = (*self._swaps.get(identity, ())[1 - _MOST_SWAPS :], self._started().clock())

    async def _check_holder(self, handshake: Handshake, holder: Holder) -> None:
        """Refuse a station that has changed its node all the time, if the connected one answers its node (R36)."""
        answer = await self._ask(holder.peer.inbox, {"op": "alive", "id": handshake.id, "ep": holder.epoch})
        if answer.get("r") is True:
            assert self._central is not None
            limit_reached = self._central._runtime.limit_reached
            limit_reached(Limit.SWAPS, handshake.id, handshake.remote_address, f"the one at {holder.peer.name} stays")
            raise HandshakeRefused(409, "a station of this identity is connected to another node")

    async def _ask(self, inbox: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return a node's answer; {} if none comes."""
        member = self._started()
        ask = partial(member.question, inbox, orjson.dumps(message))
        try:
            answer: Any = orjson.loads(await self._answer(ask, _ASK_SECONDS))
        except (BusLost, TimeoutError, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def _asked(self, message: Mapping[str, Any], reply: str) -> None:
        match message:
            case {"op": "alive", "id": str(identity), "ep": int(epoch)}:
                self._deliveries.is_alive(identity, epoch, reply)

    def arrived(self, station: Station) -> None:
        """A station has connected here: it is this node's from now on."""
        if self._member is None:
            return
        holder = self._member.directory.find(station.id)
        if holder is not None and holder.peer is not self._member.me:
            self._swapped(station.id)
        self._local[station.id] = station
        epoch = self._member.arrived(station.id, station.version.number)
        self._wake()
        self._tell("connected", station.id, epoch)

    def left(self, station: Station) -> None:
        """A connection has ended; it may have been replaced by then."""
        if self._local.get(station.id) is not station:
            return
        del self._local[station.id]
        if self._member is not None:
            epoch = self._member.announcer.own.get(station.id, 0)
            self._member.left(station.id)
            self._wake()
            self._tell("disconnected", station.id, epoch)

    def draining(self) -> None:
        """No more stations are taken."""
        if self._member is not None:
            self._member.drain()

    def _dropped(self, identity: str, to: Peer) -> None:
        self._swapped(identity)
        station = self._local.pop(identity, None)
        if station is not None:
            station.replaced_at(to.name)

    def _ticked(self, member: Member) -> None:
        """While the node is cut off, close what nobody was told of, so that it goes where it can be called."""
        if self._refuses and not member.lease.is_active(member.clock()):
            for identity in member.announcer.untold:
                station = self._local.get(identity)
                if station is not None:
                    station.leave(_TRY_AGAIN_LATER, "cut off from the cluster")

    def _perform(self, go: Go) -> None:
        self._deliveries.perform(go)

    def _withdrawn(self, reply: str) -> None:
        self._deliveries.withdrawn(reply)

    async def _end_calls(self) -> None:
        await self._deliveries.close()

    # Events

    def _tell(self, kind: EventKind, identity: str, epoch: int, **more: Any) -> None:
        if kind not in self._events or self._member is None or self._bus is None:
            return
        self._member.events_told += 1
        more |= {"n": self.name, "i": self._member.incarnation}
        payload = event_payload(identity, epoch, self._member.events_told, datetime.now(UTC), **more)
        with suppress(BusLost):  # then its number is missing: consumers see that
            self._bus.publish(f"{self._member.prefix}.event.{kind}.{encoded(identity)}", payload)

    def _frame_passed(self, direction: Direction, station: Station, raw: bytes) -> None:
        epoch = 0 if self._member is None else self._member.announcer.own.get(station.id, 0)
        self._tell("message", station.id, epoch, dir=str(direction), frame=raw.decode("utf-8", "replace"))
