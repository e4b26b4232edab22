"""One participant of a cluster: a node, which holds stations, or a client. Sans-I/O but for the bus; time is passed in.

node   JOINING --own heartbeat comes back--> ACTIVE --none for 3 s--> FENCED --a newer one--> ACTIVE
       ACTIVE --bus lost--> FENCED --bus back, all nodes have told what it missed, 1 s--> ACTIVE
       ACTIVE --drain--> DRAINING --> LEFT
peer   (none) --presence--> LIVE --gap--> BEHIND --resent, snapshot--> LIVE
       LIVE --3.5 s of silence, nobody there, a new incarnation--> (none), its stations with it
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

import orjson

from ..aio.logs import write
from ..latest import Latest
from .bus import Bus, BusLost
from .calls import Callee, Caller, Go, OutgoingCall, Target, read_message
from .directory import Directory, Peer
from .lease import LEASE_SECONDS, Lease
from .presence import ACTIVE, DRAINING, LEFT, Announcer, HybridClock, read_presence, read_rows

__all__ = ["BEAT_SECONDS", "Member", "check_name", "encoded"]

BEAT_SECONDS: Final = 1.0
_LISTEN_SECONDS: Final = 0.3
_JUMP_SECONDS: Final = 2.0
_RETURN_SECONDS: Final = 1.5
_BATCH: Final = (0.01, 0.001, 0.1)
_KEPT_ANSWERS: Final = 10_000
_NOBODY: Final = "nobody.0"
_NEVER: Final = float("-inf")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def check_name(argument: str, value: str) -> str:
    """Return the name of a node or a namespace. Raises `ValueError` for one that can't stand in a subject."""
    given: Any = value
    if not isinstance(given, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{argument}: expected 1 to 32 of A-Z a-z 0-9 _ -, not {value!r}")
    return value


def encoded(identity: str) -> str:
    """Return an identity as one token of a subject: all but A-Z a-z 0-9 _ - ~ is percent-encoded."""
    return quote(identity, safe="~").replace(".", "%2E")


class Member:
    """Takes part in a cluster.

    - `perform` is given each call that this node is to make, and answers with `answer`; `withdrawn` the subject for the
      answer of one that nobody waits for any more.
    - `asked` is given all other questions, and the subject for the answer.
    - `dropped` is told a station of ours that has connected to another node since.
    - `changed` is told each station, who held it and who holds it now.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        namespace: str,
        name: str,
        incarnation: str,
        is_node: bool,
        clock: Callable[[], float],
        wall: Callable[[], float],
        perform: Callable[[Go], object],
        withdrawn: Callable[[str], object],
        asked: Callable[[dict[str, Any], str], object],
        dropped: Callable[[str, Peer], object],
        changed: Callable[[str, Peer | None, Peer | None], object],
        has_directory: bool = True,
        log: logging.Logger,
    ) -> None:
        self.bus = bus
        self.name = name
        self.incarnation = incarnation
        self.is_node = is_node
        self.prefix = f"ocpp.{namespace}"
        self._replies = f"{self.prefix}.reply."
        self.has_directory = has_directory
        self.log = log
        self.clock = clock
        self._wall = wall
        self._perform = perform
        self._withdrawn = withdrawn
        self._asked = asked
        self._dropped = dropped
        self._on_change = changed
        self.epochs = HybridClock(wall)
        self.lease = Lease()
        self.directory = Directory(changed=self._changed, resend=self._ask_resend, load=self._ask_snapshot)
        self.announcer = Announcer(name, incarnation, self.epochs.next())
        self.caller = Caller(self.locate, self._ask, self._nobody_there)
        self.callee = Callee(self.announcer.own, self._version_of, self._may_deliver, clock)
        self.me: Peer | None = None
        self.state = ACTIVE
        self.namesake = False
        """Whether another node of this name is there: this one must not start, or has lost its name."""
        self.events_told = 0
        self._questions: dict[int, Callable[[bytes], object]] = {}
        self._answers: list[tuple[str, bytes, float]] = []
        self._found: Latest[str, Target] = Latest(1000)
        self._began = _NEVER
        self._beat = _NEVER
        self._sent = _NEVER
        """When a client's last question to nobody was sent, which the bus itself answers."""
        self._news_since: float | None = None
        self._was_active = False
        self._connected_since = _NEVER
        self._resend_since: int | None = None
        self._skew = wall() - clock()

    # Its life

    def subscribe(self) -> None:
        """Subscribe to all that concerns this participant; before the bus is started."""
        subscribe, prefix = self.bus.subscribe, self.prefix
        subscribe(f"{prefix}.reply.{self.incarnation}.*", self._reply_received)
        if self.has_directory:
            subscribe(f"{prefix}.presence.*", self._presence_received)
        if self.is_node:
            subscribe(f"{prefix}.hello", self._hello_received)
            subscribe(f"{prefix}.node.{self.name}.{self.incarnation}", self._inbox_received)
            subscribe(f"{prefix}.where", self._where_received, queue="nodes")

    def bus_back(self) -> None:
        """The bus is connected: say hello, and listen."""
        now = self._connected_since = self.clock()
        self.directory.cut_off(until=now)
        if self._began == _NEVER:
            self._began = now
        if self.has_directory:
            self._publish("hello", orjson.dumps({"i": self.incarnation}))
        self._beat = _NEVER
        self.tick(now)

    def bus_lost(self) -> None:
        """The bus is lost, and all answers with it."""
        self._questions.clear()
        self.directory.cut_off()
        self.caller.bus_lost()

    @property
    def is_ready(self) -> bool:
        """Whether its own messages come back to it, and all stations of all nodes are known."""
        if not self.lease.is_active(self.clock()) or (self.is_node and self.me is None):
            return False
        listened = self.clock() - self._began >= _LISTEN_SECONDS
        return not self.has_directory or (listened and self.directory.is_complete)

    def _may_deliver(self, now: float) -> bool:
        """Whether calls may be delivered: nobody has forgotten this node, and all have told what it missed."""
        return self.lease.is_active(now) and self.directory.is_up_to_date(now)

    def drain(self) -> None:
        """Say that no more stations are taken."""
        self.state = DRAINING
        self._beat_now()

    def leave(self) -> None:
        """Say that the node is gone."""
        if self.me is not None and not self.namesake:
            self.state = LEFT
            self._beat_now()

    def tick(self, now: float) -> None:
        """Do what is due; to be called every 10 ms while `is_busy`, else every 100 ms."""
        self._check_clock(now)
        if not self.lease.stepped(now):
            write(self.log, logging.INFO, "%s was held up: it calls no station for others until it is heard", self.name)
            self._was_active = False
            self._beat = _NEVER  # the sooner it comes back
        if self.is_node and self.me is None and now - self._began >= _LISTEN_SECONDS and self._began != _NEVER:
            self._join(now)
        if now - self._beat >= BEAT_SECONDS and self.bus.connected:
            self._beat_now()
        elif self._resend_since is not None:
            self._resend()
        elif self.announcer.has_news and self.me is not None:
            self._tell_news(now)
        is_active = self.lease.is_active(now)
        if is_active and not self._was_active:
            self.directory.heard_again(now)
            self._send_kept(now)
        elif self._was_active and not is_active:
            write(self.log, logging.WARNING, "%s is cut off from the cluster", self.name)
        self._was_active = is_active
        if is_active:
            for peer in self.directory.silent(now):
                self._lose(peer, "it is silent")
        elif (
            self.bus.connected and now - max(self._connected_since, self.lease.echo, self.lease.since) >= LEASE_SECONDS
        ):
            self._connected_since = now
            self.bus.reset()
        self.caller.tick(now)
        self.directory.sweep()

    @property
    def is_busy(self) -> bool:
        """Whether `tick` should be called soon."""
        return self.announcer.has_news or len(self.caller) > 0 or not self.directory.is_swept or not self.is_ready

    def _check_clock(self, now: float) -> None:
        """A machine that was stopped as a whole wakes with another time of day: trust nothing until the next echo."""
        skew = self._wall() - now
        if abs(skew - self._skew) > _JUMP_SECONDS:
            self.lease.fence(now)
        self._skew = skew

    def _join(self, now: float) -> None:
        if self.namesake:
            return
        self.me = self.directory.join(self.name, self.incarnation, self.announcer.born, now)
        self.me.heard = float("inf")
        for identity, epoch in list(self.announcer.own.items()):
            if not self.directory.add(self.me, identity, epoch, self._version_of(identity)):
                holder = self.directory.find(identity)  # it has connected there since
                assert holder is not None
                self.announcer.disconnected(identity)
                self._dropped(identity, holder.peer)
        self._beat_now()

    def _publish(self, subject: str, payload: bytes, reply: str = "") -> bool:
        try:
            self.bus.publish(f"{self.prefix}.{subject}", payload, reply=reply)
        except BusLost:
            return False
        return True

    # Heartbeats and changes

    def _beat_now(self) -> None:
        self._beat = self.clock()
        if not self.is_node:
            with suppress(BusLost):
                self._ask(_NOBODY, orjson.dumps({"op": "echo"}), 0)
                self._sent = self._beat
            return
        if self.me is None or self.namesake:
            return
        while self._tell() and self.announcer.has_news:
            pass

    def _tell(self) -> bool:
        message = self.announcer.message(self.clock(), self.epochs.last, self.state)
        is_told = self._publish(f"presence.{self.name}", message)
        if is_told:
            self.announcer.told()
            self._news_since = None
        return is_told

    def _tell_news(self, now: float) -> None:
        """Tell changes, some at once: of many nodes rarely, that no one has too much to read."""
        if self._news_since is None:
            self._news_since = now
        least, each, most = _BATCH
        if now - self._news_since >= min(max(least, each * len(self.directory.peers)), most) - 1e-4:
            self._beat_now()

    def _resend(self) -> None:
        since, self._resend_since = self._resend_since, None
        if since is not None and self.me is not None:
            for message in self.announcer.resent(since, self.clock(), self.epochs.last, self.state):
                self._publish(f"presence.{self.name}", message)

    def _hello_received(self, subject: str, reply: str, payload: bytes) -> None:
        if self.me is not None:
            self._beat_now()

    def _presence_received(self, subject: str, reply: str, payload: bytes) -> None:
        told = read_presence(payload, subject.rpartition(".")[2])
        if told is None:
            return
        now = self.clock()
        self.epochs.seen(told.hybrid)
        for change in told.changes:
            self.epochs.seen(change.epoch)
        if told.name == self.name and self.is_node:
            if told.incarnation == self.incarnation:
                self.lease.echoed(told.clock, now)
            elif told.state != LEFT and (self.me is None or told.born > self.announcer.born):
                self._is_namesake(now)
            return
        self.directory.heard(told, now)

    def _is_namesake(self, now: float) -> None:
        if not self.namesake and self.me is not None:
            write(
                self.log, logging.ERROR, "another node has the name %s: this one delivers nothing any more", self.name
            )
        self.namesake = True
        self.lease.fence(float("inf"))

    def _lose(self, peer: Peer, why: str) -> None:
        write(self.log, logging.WARNING, "the node %s is lost: %s", peer.name, why)
        self.directory.forget(peer)
        self.caller.peer_lost(peer.incarnation)

    def _nobody_there(self, target: Target) -> bool:
        """The bus has said that nobody listens at a node's inbox; whether it is lost.

        After the bus was lost itself, the node may be on its way back to it.
        """
        now = self.clock()
        if now - self._connected_since < _RETURN_SECONDS:
            return False
        peer = self.directory.peers.get(target.node)
        if peer is not None and peer.incarnation == target.incarnation and peer is not self.me:
            self._lose(peer, "nobody listens at its inbox")
        return True

    # Questions and answers

    def question(self, inbox: str, payload: bytes, answered: Callable[[bytes], object]) -> int:
        """Ask a node; return the number of the question. Raises `BusLost`."""
        number = self.caller.new_number()
        self._questions[number] = answered
        try:
            self._ask(inbox, payload, number)
        except BusLost:
            del self._questions[number]
            raise
        return number

    def where(self, identity: str, answered: Callable[[bytes], object]) -> int:
        """Ask any node who holds a station; return the number of the question. Raises `BusLost`."""
        number = self.caller.new_number()
        subject = f"{self.prefix}.where"
        self.bus.publish(subject, orjson.dumps({"id": identity}), reply=self._reply_subject(number))
        self._questions[number] = answered
        return number

    def forget_question(self, number: int) -> None:
        """Nobody waits for an answer any more."""
        self._questions.pop(number, None)

    def _reply_subject(self, number: int) -> str:
        return f"{self._replies}{self.incarnation}.{number}"

    def _ask(self, inbox: str, payload: bytes, number: int) -> None:
        self.bus.publish(f"{self.prefix}.node.{inbox}", payload, reply=self._reply_subject(number))

    def _reply_received(self, subject: str, reply: str, payload: bytes) -> None:
        token = subject.rpartition(".")[2]
        if not token.isascii() or not token.isdigit() or len(token) > 18:
            return
        number, now = int(token), self.clock()
        if number == 0:
            if not self.is_node and not payload:
                self.lease.echoed(self._sent, now)
            return
        answered = self._questions.pop(number, None)
        if answered is not None:
            answered(payload)
        else:
            self.caller.answered(number, payload, now)

    def _ask_resend(self, peer: Peer, since: int) -> None:
        with suppress(BusLost):
            self._ask(peer.inbox, orjson.dumps({"op": "resend", "since": since}), 0)

    def _ask_snapshot(self, peer: Peer, after: str) -> None:
        def answered(payload: bytes) -> None:
            told, _ = read_message(payload)
            part = None if told is None else read_rows(told)
            if part is not None and (not part[2] or part[2] > after):  # or it would never end
                seq, rows, last = part
                for _, epoch, _ in rows:
                    self.epochs.seen(epoch)
                self.directory.loaded(peer, seq, rows, last, first=not after, now=self.clock())

        with suppress(BusLost):
            self.question(peer.inbox, orjson.dumps({"op": "snap", "after": after}), answered)

    # The node's inbox

    def _inbox_received(self, subject: str, reply: str, payload: bytes) -> None:
        message, call = read_message(payload)
        match message:
            case None:
                pass
            case {"op": "ask"}:
                self.answer(reply, self.callee.asked(message))
            case {"op": "go"}:
                outcome = self.callee.go(message, call, reply)
                if isinstance(outcome, Go):
                    self._perform(outcome)
                else:
                    self.answer(reply, outcome)
            case {"op": "cancel"}:
                self._withdrawn(reply)
            case {"op": "resend", "since": int(since)}:
                self._resend_since = since if self._resend_since is None else min(since, self._resend_since)
            case {"op": "snap", "after": str(after)} if self._is_ours(reply):
                with suppress(BusLost):
                    self.bus.publish(reply, self.announcer.snapshot(after))
            case _:
                self._asked(message, reply)

    def _where_received(self, subject: str, reply: str, payload: bytes) -> None:
        message, _ = read_message(payload)
        identity = None if message is None else message.get("id")
        target = self.locate(identity) if isinstance(identity, str) else None
        if target is None:
            self.answer(reply, {"e": "not_connected"})
        else:
            answer = {"n": target.node, "i": target.incarnation, "ep": target.epoch, "ver": target.version}
            self.answer(reply, answer)

    def answer(self, reply: str, told: dict[str, Any] | bytes, deadline: float = _NEVER) -> None:
        """Answer a question; if the bus is lost, after it is back, until a deadline."""
        if not self._is_ours(reply):
            return
        payload = told if isinstance(told, bytes) else orjson.dumps(told)
        try:
            self.bus.publish(reply, payload)
        except BusLost:
            if deadline > self.clock() and len(self._answers) < _KEPT_ANSWERS:
                self._answers.append((reply, payload, deadline))

    def _send_kept(self, now: float) -> None:
        answers, self._answers = self._answers, []
        for reply, payload, deadline in answers:
            if deadline > now:
                self.answer(reply, payload, deadline)

    def _is_ours(self, reply: str) -> bool:
        """Whether a subject is one for answers, so that nobody has a node write anywhere else."""
        return reply.startswith(self._replies)

    # Stations

    def arrived(self, identity: str, version: str) -> int:
        """A station has connected here; return the epoch of its connection."""
        epoch = self.epochs.next()
        self.announcer.connected(identity, epoch, version)
        if self.me is not None:
            self.directory.add(self.me, identity, epoch, version)
        return epoch

    def left(self, identity: str) -> None:
        """The connection of a station of ours has ended."""
        epoch = self.announcer.own.get(identity)
        if epoch is not None:
            self.announcer.disconnected(identity)
            if self.me is not None:
                self.directory.remove(self.me, identity, epoch)

    def _changed(self, identity: str, before: Peer | None, after: Peer | None) -> None:
        if before is self.me and after is not None and after is not before and before is not None:
            self.announcer.disconnected(identity)
            self._dropped(identity, after)
        self._on_change(identity, before, after)

    def _version_of(self, identity: str) -> str:
        return self.announcer.version_of(identity)

    def found(self, identity: str, answer: bytes) -> None:
        """A node has told a client without a directory where a station is."""
        match read_message(answer)[0]:
            case {"n": str(node), "i": str(incarnation), "ep": int(epoch), "ver": str(version)}:
                self._found[identity] = Target(node, incarnation, epoch, version)
            case _:
                self._found.pop(identity, None)

    def locate(self, identity: str) -> Target | None:
        """Return where a station is, as far as it is known."""
        holder = self.directory.find(identity)
        if holder is None:
            return self._found.get(identity)
        peer = holder.peer
        return Target(peer.name, peer.incarnation, holder.epoch, holder.version, peer)

    def start_call(self, call: OutgoingCall) -> None:
        """Begin a call of ours."""
        self.caller.start(call, self.clock())
