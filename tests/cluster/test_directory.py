"""One node tells, one replica listens; what is lost on the way is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from ocpp_fast.cluster.directory import SILENCE_SECONDS, Directory, Peer
from ocpp_fast.cluster.lease import LEASE_SECONDS, Lease
from ocpp_fast.cluster.presence import ACTIVE, LEFT, RING, Announcer, HybridClock, read_presence, read_rows


class Replica:
    """A directory, what it asks for, and what it tells."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.changes: list[tuple[str, str | None, str | None]] = []
        self.now = 0.0
        self.directory = Directory(
            changed=self._changed,
            resend=lambda peer, since: self.asked.append(("resend", since)),
            load=lambda peer, after: self.asked.append(("load", after)),
        )

    def _changed(self, identity: str, before: Peer | None, after: Peer | None) -> None:
        names = [None if each is None else each.name for each in (before, after)]
        self.changes.append((identity, names[0], names[1]))

    def hear(self, raw: bytes) -> None:
        told = read_presence(raw, orjson.loads(raw)["n"])
        assert told is not None
        self.directory.heard(told, self.now)

    def load(self, node: Announcer) -> None:
        """Answer what was asked for, with a snapshot in parts."""
        peer = self.directory.peers[node.name]
        after = ""
        while True:
            part = read_rows(orjson.loads(node.snapshot(after)))
            assert part is not None
            seq, rows, last = part
            self.directory.loaded(peer, seq, rows, last, first=not after, now=self.now)
            if not last:
                return
            after = last

    @property
    def stations(self) -> dict[str, tuple[str, int]]:
        return {identity: (holder.peer.name, holder.epoch) for identity, holder in self.directory}


def beat(node: Announcer, state: str = ACTIVE) -> bytes:
    """Return what the node tells next."""
    message = node.message(1.5, 0, state)
    node.told()
    return message


@pytest.fixture
def node() -> Announcer:
    return Announcer("n1", "i1", 1)


@pytest.fixture
def replica(node: Announcer) -> Replica:
    made = Replica()
    made.hear(beat(node))
    return made


def test_what_was_asked_for_is_asked_again_once_the_bus_was_lost(node: Announcer, replica: Replica) -> None:
    node.connected("CP1", 1, "1.6")
    beat(node)
    replica.hear(beat(node))
    replica.hear(beat(node))
    assert replica.asked == [("resend", 0)]
    replica.directory.cut_off(until=0.0)
    replica.hear(beat(node))
    replica.hear(beat(node))
    assert replica.asked == [("resend", 0)] * 2


def test_a_replica_that_may_have_missed_something_is_not_up_to_date_for_a_second_at_most(
    node: Announcer, replica: Replica
) -> None:
    directory = replica.directory
    assert directory.is_up_to_date(0.0)
    directory.cut_off()
    assert not directory.is_up_to_date(100.0)
    directory.cut_off(until=0.0)
    assert not directory.is_up_to_date(0.0)
    replica.hear(beat(node))
    assert directory.is_up_to_date(0.0)
    node.connected("CP1", 1, "1.6")
    beat(node)
    directory.cut_off(until=0.0)
    replica.hear(beat(node))
    assert not directory.is_up_to_date(0.9)
    assert directory.is_up_to_date(1.0)
    for message in node.resent(0, 1.0, 1, ACTIVE):
        replica.hear(message)
    assert directory.is_up_to_date(0.0)
    for number in range(1500):
        node.connected(f"CP{number}", number + 2, "1.6")
    while node.has_news:
        beat(node)
    directory.cut_off(until=0.0)
    first, second = node.resent(1, 1.0, 1, ACTIVE)
    replica.hear(first)
    assert not directory.is_up_to_date(0.9)
    replica.hear(second)
    assert directory.is_up_to_date(0.9)
    directory.cut_off(until=0.0)
    directory.forget(directory.peers["n1"])
    assert directory.is_up_to_date(0.0)


def test_changes_arrive_in_any_number(node: Announcer, replica: Replica) -> None:
    for number in range(2500):
        node.connected(f"CP{number}", number + 1, "1.6")
    node.disconnected("CP7")
    while node.has_news:
        replica.hear(beat(node))
    assert replica.stations == {identity: ("n1", epoch) for identity, epoch in node.own.items()}
    assert len(replica.directory) == 2499
    assert replica.asked == []


def test_a_node_whose_first_word_tells_all_that_it_has_is_asked_for_nothing() -> None:
    replica, node = Replica(), Announcer("n1", "i1", 1)
    node.connected("CP1", 1, "1.6")
    replica.hear(beat(node))
    assert replica.asked == [] and replica.stations == {"CP1": ("n1", 1)}
    assert replica.directory.is_up_to_date(0.0)


def test_a_gap_is_asked_for_once_and_filled(node: Announcer, replica: Replica) -> None:
    node.connected("CP1", 1, "1.6")
    beat(node)  # lost
    node.connected("CP2", 2, "1.6")
    replica.hear(beat(node))
    replica.hear(beat(node))
    assert replica.asked == [("resend", 0)]
    assert replica.stations == {}
    for message in node.resent(0, 1.5, 0, ACTIVE):
        replica.hear(message)
    assert replica.stations == {"CP1": ("n1", 1), "CP2": ("n1", 2)}


def test_what_is_repeated_changes_nothing(node: Announcer, replica: Replica) -> None:
    node.connected("CP1", 1, "1.6")
    node.disconnected("CP1")
    replica.hear(beat(node))
    for message in node.resent(0, 1.5, 0, ACTIVE):
        replica.hear(message)
    assert replica.stations == {}
    assert replica.changes == [("CP1", None, "n1"), ("CP1", "n1", None)]


def test_one_that_is_too_far_behind_gets_a_snapshot_and_what_is_not_in_it_is_gone(
    node: Announcer, replica: Replica
) -> None:
    node.connected("CP1", 1, "1.6")
    node.connected("CP2", 2, "1.6")
    replica.hear(beat(node))
    node.disconnected("CP1")
    for number in range(RING):
        node.connected(f"X{number}", 100 + number, "1.6")
    while node.has_news:
        beat(node)  # lost
    replica.hear(beat(node))
    assert replica.asked == [("load", "")]
    assert node.resent(0, 1.5, 0, ACTIVE) == []
    assert replica.stations["CP2"] == ("n1", 2)  # what was known goes on
    replica.load(node)
    assert "CP1" not in replica.directory
    assert len(replica.directory) == RING + 1
    replica.directory.sweep()
    assert ("CP1", "n1", None) in replica.changes
    assert replica.directory.is_swept


def test_two_may_read_a_snapshot_at_the_same_time(node: Announcer) -> None:
    for number in range(2500):
        node.connected(f"CP{number:04}", number + 1, "1.6")
    first = read_rows(orjson.loads(node.snapshot("")))
    assert first is not None
    other = Replica()
    while node.has_news:
        other.hear(beat(node))
    other.load(node)
    assert len(other.directory) == 2500
    rest = read_rows(orjson.loads(node.snapshot(first[2])))
    assert rest is not None
    assert rest[1][0][0] == "CP1000"


def test_what_changes_while_a_snapshot_is_read(node: Announcer) -> None:
    for number in range(1500):
        node.connected(f"CP{number:04}", number + 1, "1.6")
    while node.has_news:
        message = beat(node)
    late = Replica()
    late.hear(message)
    peer = late.directory.peers["n1"]
    seq, rows, last = read_rows(orjson.loads(node.snapshot(""))) or (0, [], "")
    late.directory.loaded(peer, seq, rows, last, first=True, now=0.0)
    node.disconnected("CP0001")
    node.connected("AA", 9999, "1.6")
    node.disconnected("CP1200")
    late.hear(beat(node))
    seq, rows, end = read_rows(orjson.loads(node.snapshot(last))) or (0, [], "")
    late.directory.loaded(peer, seq, rows, end, first=False, now=0.0)
    assert late.stations == {identity: ("n1", epoch) for identity, epoch in node.own.items()}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_higher_epoch_wins_and_of_equal_ones_the_name(order: tuple[int, int]) -> None:
    for first, second, winner in (
        ((5, "n1"), (6, "n2"), "n2"),
        ((5, "n1"), (5, "n2"), "n2"),
        ((7, "n1"), (6, "n2"), "n1"),
    ):
        replica = Replica()
        claims = [first, second]
        for index in order:
            epoch, name = claims[index]
            node = Announcer(name, "i", 1)
            replica.hear(beat(node))
            node.connected("CP1", epoch, "1.6")
            replica.hear(beat(node))
        assert replica.stations["CP1"][0] == winner
        assert len(replica.directory) == 1


def test_a_claim_that_died_with_its_node_brings_the_older_one_back(node: Announcer, replica: Replica) -> None:
    node.connected("CP1", 1, "1.6")
    replica.hear(beat(node))
    other = Announcer("n2", "i2", 1)
    replica.hear(beat(other))
    other.connected("CP1", 2, "1.6")
    replica.hear(beat(other))
    replica.directory.forget(replica.directory.peers["n2"])
    assert replica.stations == {}
    for replica.now in (1.0, 2.0, 3.0):
        replica.hear(beat(node))
    assert replica.asked == [("load", "")]
    replica.load(node)
    assert replica.stations == {"CP1": ("n1", 1)}


def test_a_new_incarnation_takes_the_place_of_an_older_one_and_never_the_other_way(
    node: Announcer, replica: Replica
) -> None:
    node.connected("CP1", 1, "1.6")
    replica.hear(beat(node))
    newer = Announcer("n1", "i2", 2)
    replica.hear(beat(newer))
    assert replica.stations == {}
    replica.hear(beat(node))
    replica.hear(beat(node, LEFT))
    assert replica.directory.peers["n1"].incarnation == "i2"
    replica.hear(beat(newer, LEFT))
    assert replica.directory.peers == {}


def test_a_node_is_fenced_before_anyone_forgets_it(node: Announcer, replica: Replica) -> None:
    lease = Lease()
    lease.echoed(0.0, 0.0)
    assert lease.is_active(LEASE_SECONDS - 0.01)
    assert not lease.is_active(LEASE_SECONDS)
    assert replica.directory.silent(SILENCE_SECONDS - 0.01) == []
    assert [each.name for each in replica.directory.silent(SILENCE_SECONDS)] == ["n1"]
    assert LEASE_SECONDS < SILENCE_SECONDS
    replica.directory.heard_again(SILENCE_SECONDS)
    assert replica.directory.silent(SILENCE_SECONDS) == []


def test_a_lease_believes_no_echo_of_the_future_nor_of_before_a_fence() -> None:
    lease = Lease()
    lease.echoed(5.0, 4.0)
    assert not lease.is_active(4.0)
    lease.fence(10.0)
    lease.echoed(9.0, 11.0)
    assert not lease.is_active(11.0)
    lease.echoed(10.5, 11.0)
    assert lease.is_active(11.0)


def test_a_process_that_was_held_up_delivers_nothing_until_a_heartbeat_of_since_comes_back() -> None:
    lease = Lease()
    assert lease.stepped(0.0)
    lease.echoed(0.0, 0.0)
    assert lease.stepped(0.4)
    assert lease.is_active(0.8)
    assert not lease.is_active(1.0)  # before anything has noticed
    assert not lease.stepped(1.0)
    lease.echoed(0.9, 1.0)  # which was read only now
    assert not lease.is_active(1.0)
    lease.echoed(1.0, 1.1)
    assert lease.is_active(1.1)
    lease.fence(float("inf"))
    assert not lease.stepped(2.0)
    lease.echoed(2.0, 2.0)
    assert not lease.is_active(2.0)


def test_epochs_grow_whatever_the_clock_does() -> None:
    times: Callable[[], float] = iter([2000.0, 1000.0, 3000.0]).__next__
    clock = HybridClock(times)
    first = clock.next()
    second = clock.next()
    clock.seen(1 << 52)
    assert first < second < clock.next() == (1 << 52) + 1
