"""Who holds which station: one replica of what all nodes have told. Sans-I/O: messages and time go in.

A station belongs to the connection with the highest epoch, the pair of a hybrid clock and a node's name. Every change
is idempotent: "+" wins if its epoch is higher, "-" takes away its own epoch only. Changes of a node are numbered; a
replica that has missed one asks for it again or, if it is too far behind, for a snapshot. One that knows of another
number of stations for long asks for one, too.

An entry is one integer, so that a million of them fit in 200 MB: epoch, slot of its node, version. When a node is lost,
or when a snapshot has replaced what was known of it, its slot dies at once; `sweep` takes out the entries later, in
slices, and tells who watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Final, NamedTuple

from .presence import LEFT, RING, Change, Presence, Row

__all__ = ["SILENCE_SECONDS", "Directory", "Holder", "Peer"]

SILENCE_SECONDS: Final = 3.5
_ASK_AGAIN: Final = 1.0
_DIFFERS_SECONDS: Final = 2.0
_PATIENCE: Final = 1.0
"""Seconds that one waits for what a node may have told: it may be cut off itself."""
_SLOT_BITS: Final = 20
_VERSION_BITS: Final = 4
_SHIFT: Final = _SLOT_BITS + _VERSION_BITS
_SLOTS: Final = (1 << _SLOT_BITS) - 1
_VERSIONS: Final = (1 << _VERSION_BITS) - 1


class Slot:
    """The entries of one node, as far as one snapshot and what followed it tell of them."""

    __slots__ = ("count", "index", "peer")

    def __init__(self, peer: Peer, index: int) -> None:
        self.peer = peer
        self.index = index
        self.count = 0


class Peer:
    """A node that lives, as far as it was heard of."""

    def __init__(self, name: str, incarnation: str, born: int, now: float) -> None:
        self.name = name
        self.incarnation = incarnation
        self.born = born
        self.heard = now
        self.seq = 0
        self.state = ""
        self.slot: Slot
        self.loading: Slot | None = None
        """The slot that a snapshot is being read into; it takes the place of the other one then."""
        self.asked = -inf
        self.differs: float | None = None
        """Since when it holds another number of stations than is known of it here."""

    @property
    def inbox(self) -> str:
        """The end of the subject of what is meant for it."""
        return f"{self.name}.{self.incarnation}"

    @property
    def count(self) -> int:
        """How many stations it holds."""
        return self.slot.count + (self.loading.count if self.loading is not None else 0)

    @property
    def is_complete(self) -> bool:
        """Whether all its stations are known."""
        return self.loading is None


class Holder(NamedTuple):
    """The connection of a station."""

    peer: Peer
    epoch: int
    version: str


class Directory:
    """The stations of all nodes.

    `changed` is called with an identity, who held it and who holds it now; `resend` with a peer and the number after
    which it should repeat its changes; `load` with a peer and the identity after which its snapshot should go on.
    """

    def __init__(
        self,
        *,
        changed: Callable[[str, Peer | None, Peer | None], object],
        resend: Callable[[Peer, int], object],
        load: Callable[[Peer, str], object],
    ) -> None:
        self.peers: dict[str, Peer] = {}
        self._changed = changed
        self._resend = resend
        self._load = load
        self._entries: dict[str, int] = {}
        self._slots: list[Slot | None] = []
        self._free: list[int] = []
        self._behind: dict[Peer, float] = {}
        """Nodes that may have told something while one was cut off, and since when one is not."""
        self._dead: dict[int, Peer] = {}
        self._sweeping: Iterator[str] | None = None
        self._swept: dict[int, Peer] = {}
        self._versions: list[str] = [""]
        self._count = 0

    # What is known

    def find(self, identity: str) -> Holder | None:
        """Return who holds a station, or None."""
        entry = self._entries.get(identity)
        slot = None if entry is None else self._slots[(entry >> _VERSION_BITS) & _SLOTS]
        if entry is None or slot is None:
            return None
        return Holder(slot.peer, entry >> _SHIFT, self._versions[entry & _VERSIONS])

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str) and self.find(identity) is not None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[str, Holder]]:
        """Iterate over the stations that were there at the beginning, and are still."""
        for identity in list(self._entries):
            holder = self.find(identity)
            if holder is not None:
                yield identity, holder

    @property
    def is_complete(self) -> bool:
        """Whether all stations of all known nodes are known."""
        return all(each.is_complete for each in self.peers.values())

    def is_up_to_date(self, now: float) -> bool:
        """Whether every node has told what one missed while cut off, or was given a second to do so."""
        return not self._behind or all(now - since >= _PATIENCE for since in self._behind.values())

    # What nodes tell

    def join(self, name: str, incarnation: str, born: int, now: float) -> Peer:
        """Take in a node, in place of another incarnation of it."""
        if name in self.peers:
            self.forget(self.peers[name])
        peer = self.peers[name] = Peer(name, incarnation, born, now)
        peer.slot = self._new_slot(peer)
        return peer

    def heard(self, told: Presence, now: float) -> None:
        """Take a presence of another node."""
        peer = self.peers.get(told.name)
        if peer is not None and peer.incarnation != told.incarnation:
            if told.born <= peer.born:
                return  # of one that has been replaced
            peer = None
        if told.state == LEFT:
            if peer is not None:
                self.forget(peer)
            return
        if peer is None:
            peer = self.join(told.name, told.incarnation, told.born, now)
            if told.seq > len(told.changes):
                self._begin_loading(peer, now)
        peer.heard = now
        peer.state = told.state
        self._take(peer, told, now)

    def _take(self, peer: Peer, told: Presence, now: float) -> None:
        begin = told.seq - len(told.changes)
        if peer.loading is not None and not peer.seq:
            self._ask_again(peer, now)
            return
        if begin > peer.seq:
            self._fill_gap(peer, told.seq, now)
            return
        for change in told.changes[peer.seq - begin :]:
            self._apply(peer, change)
        peer.seq = max(peer.seq, told.seq)
        if peer.loading is not None:
            self._ask_again(peer, now)
        elif told.held is not None and peer.seq == told.seq:
            self._behind.pop(peer, None)
            self._compare(peer, told.held, now)

    def _compare(self, peer: Peer, count: int, now: float) -> None:
        """Ask for a snapshot where the number of a node's stations has differed for a while.

        So it does where a station was claimed by a node that died before the older holder heard of that.
        """
        if count == peer.count:
            peer.differs = None
        elif peer.differs is None:
            peer.differs = now
        elif now - peer.differs >= _DIFFERS_SECONDS:
            peer.differs = None
            self._begin_loading(peer, now)

    def _fill_gap(self, peer: Peer, seq: int, now: float) -> None:
        if now - peer.asked < _ASK_AGAIN:
            return
        if seq - peer.seq > RING:
            self._begin_loading(peer, now)
        else:
            peer.asked = now
            self._resend(peer, peer.seq)

    def _ask_again(self, peer: Peer, now: float) -> None:
        """Begin a snapshot anew whose next part does not come."""
        if now - peer.asked >= _ASK_AGAIN:
            self._begin_loading(peer, now)

    def _begin_loading(self, peer: Peer, now: float) -> None:
        if peer.loading is not None:  # it did not come to an end: what it told stays until the next one does
            self._retire(peer.slot)
            peer.slot = peer.loading
        peer.loading = self._new_slot(peer)
        peer.seq = 0
        peer.asked = now
        self._load(peer, "")

    def loaded(self, peer: Peer, seq: int, rows: list[Row], last: str, *, first: bool, now: float) -> None:
        """Take a part of a snapshot; `last` is its last identity, "" where it is the end."""
        slot = peer.loading
        if slot is None or self.peers.get(peer.name) is not peer:
            return
        if first:
            peer.seq = seq
        for identity, epoch, version in rows:
            self._set(slot, identity, epoch, version)
        peer.asked = now
        if last:
            self._load(peer, last)
            return
        old, peer.slot, peer.loading = peer.slot, slot, None
        self._retire(old)

    def _apply(self, peer: Peer, change: Change) -> None:
        if change.sign == "+":
            self._set(peer.loading or peer.slot, change.identity, change.epoch, change.version)
        else:
            self.remove(peer, change.identity, change.epoch)

    def add(self, peer: Peer, identity: str, epoch: int, version: str) -> bool:
        """A station has connected to a node; whether it belongs to it now."""
        return self._set(peer.loading or peer.slot, identity, epoch, version)

    def _set(self, slot: Slot, identity: str, epoch: int, version: str) -> bool:
        old = self._entries.get(identity)
        holder = None if old is None else self._slots[(old >> _VERSION_BITS) & _SLOTS]
        peer = slot.peer
        if old is not None and holder is not None:
            if ((old >> _SHIFT), holder.peer.name) > (epoch, peer.name):
                return False
            holder.count -= 1
            self._count -= 1
        self._entries[identity] = epoch << _SHIFT | slot.index << _VERSION_BITS | self._code_of(version)
        slot.count += 1
        self._count += 1
        before = None if holder is None else holder.peer
        if before is not peer or (old is not None and old >> _SHIFT != epoch):
            self._changed(identity, before, peer)
        return True

    def remove(self, peer: Peer, identity: str, epoch: int) -> None:
        """A station's connection to a node, that of an epoch, has ended."""
        entry = self._entries.get(identity)
        slot = None if entry is None else self._slots[(entry >> _VERSION_BITS) & _SLOTS]
        if entry is None or slot is None or slot.peer is not peer or entry >> _SHIFT != epoch:
            return
        del self._entries[identity]
        slot.count -= 1
        self._count -= 1
        self._changed(identity, peer, None)

    def _code_of(self, version: str) -> int:
        try:
            return self._versions.index(version)
        except ValueError:
            if len(self._versions) > _VERSIONS:
                return 0
            self._versions.append(version)
            return len(self._versions) - 1

    # Nodes that go

    def forget(self, peer: Peer) -> None:
        """A node is lost, and its stations with it."""
        if self.peers.get(peer.name) is peer:
            del self.peers[peer.name]
        self._behind.pop(peer, None)
        self._retire(peer.slot)
        if peer.loading is not None:
            self._retire(peer.loading)
            peer.loading = None

    def silent(self, now: float) -> list[Peer]:
        """Return the nodes that were not heard of for 3.5 s. To be asked only while one hears oneself."""
        return [each for each in self.peers.values() if now - each.heard >= SILENCE_SECONDS]

    def cut_off(self, until: float = inf) -> None:
        """Nobody is heard until a moment: all may tell something then, and what was asked for is asked anew."""
        for each in self.peers.values():
            each.asked = -inf
            if each.heard < inf:  # or it is oneself
                self._behind[each] = until

    def heard_again(self, now: float) -> None:
        """One was deaf, and is not any more: nobody has been silent until now."""
        for each in self.peers.values():
            each.heard = max(each.heard, now)

    def _new_slot(self, peer: Peer) -> Slot:
        if self._free:
            slot = Slot(peer, self._free.pop())
            self._slots[slot.index] = slot
            return slot
        slot = Slot(peer, len(self._slots))
        self._slots.append(slot)
        return slot

    def _retire(self, slot: Slot) -> None:
        self._slots[slot.index] = None
        self._count -= slot.count
        if slot.count:
            self._dead[slot.index] = slot.peer
        else:
            self._free.append(slot.index)

    @property
    def is_swept(self) -> bool:
        """Whether nothing is left of the nodes that are lost."""
        return not self._dead and self._sweeping is None

    def sweep(self, most: int = 5000) -> None:
        """Look at some entries, and take out those of slots that have died."""
        if self._sweeping is None:
            if not self._dead:
                return
            self._swept, self._dead = self._dead, {}
            self._sweeping = iter(list(self._entries))
            if len(self._entries) > most:
                return  # of a million, the list alone takes the time of a slice
        dead = self._swept
        for identity in self._sweeping:
            entry = self._entries.get(identity, 0)
            peer = dead.get((entry >> _VERSION_BITS) & _SLOTS)
            if peer is not None and entry:
                del self._entries[identity]
                self._changed(identity, peer, None)
            most -= 1
            if not most:
                return
        self._free.extend(dead)
        self._sweeping = None
        self._swept = {}
