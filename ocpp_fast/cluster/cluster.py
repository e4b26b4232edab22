"""The cluster as its users see it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import re
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from ..aio.arguments import check_seconds, versions_of
from ..aio.watching import Arrivals
from ..data_transfer import Envelope
from ..errors import NotConnected, OcppError, Unreachable, VersionMismatch
from ..faults import MessageType
from ..frames import Encoder, Faulty, FrameFault
from ..policy import STRICT, Policy
from ..schema import Action, DataTransfer, Notification, Request, Response, Sender, Struct, Version
from .bus import Bus, BusLost
from .calls import OutgoingCall
from .deliveries import Codecs
from .directory import Peer
from .events import (
    Change,
    EventKind,
    Lagged,
    NodeInfo,
    Presence,
    StationConnected,
    StationEvent,
    Watcher,
    matcher,
    read_event,
)
from .life import NOT_STARTED, settles
from .member import Member, check_name, encoded
from .node import Node
from .remote import RemoteStation

if TYPE_CHECKING:
    from ..aio.endpoint import VersionModule

__all__ = ["Cluster"]

_BUSY: Final = 0.01
_IDLE: Final = 0.1
_START_SECONDS: Final = 5.0
_TRY_AGAIN_LATER: Final = 1013
_MOST_EVENTS: Final = 10_000

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)


def _clock() -> float:
    """Return seconds that go on while the machine sleeps, where it can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Cluster(Node):
    """The stations of all central systems that share a bus: any of them is called from anywhere.

    Given to a `CentralSystem` as `cluster=`, it makes that a node, and starts and ends with its serving; alone, it is a
    client, in `async with`. `servers` are URLs of NATS.

    - `namespace` is the name of the fleet, shared by all; `name` that of a node, its own: 1 to 32 of A-Z a-z 0-9 _ -.
    - `versions` and `policy`: what a client speaks, and how it writes requests and reads answers; a node has those of
      its central system.
    - `credentials` is the path of a `.creds` file of NATS, or a user and a password; `tls` a context for servers that
      ask for TLS.
    - `when_isolated`: a node that is cut off from the bus goes on taking stations ("accept"), or refuses them
      ("refuse"), so that they connect to another one. It serves those that it has in either case.
    - `directory=False` is for clients that call seldom: they keep no list of the stations, and ask a node each time.
    - `events` are told on the bus by a node: "connected", "disconnected", "message"; the last is every frame.
    - A call may take `call_timeout` seconds when it does not say itself.

    Raises `TypeError` or `ValueError` for an unusable argument.
    """

    def __init__(
        self,
        servers: str | Sequence[str] = "nats://127.0.0.1:4222",
        *,
        namespace: str,
        name: str | None = None,
        versions: Sequence[VersionModule | Version] = (),
        policy: Policy = STRICT,
        credentials: str | os.PathLike[str] | tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        when_isolated: Literal["accept", "refuse"] = "accept",
        directory: bool = True,
        events: Iterable[EventKind] = ("connected", "disconnected"),
        call_timeout: float = 30.0,
        log: logging.Logger | None = None,
        bus: Callable[[], Bus] | None = None,
    ) -> None:
        self.servers = [servers] if isinstance(servers, str) else list(servers)
        if when_isolated not in ("accept", "refuse"):
            raise ValueError(f"when_isolated: expected 'accept' or 'refuse', not {when_isolated!r}")
        super().__init__(
            namespace=check_name("namespace", namespace),
            name=check_name("name", name or f"{host_name()}-{os.getpid()}"),
            has_directory=directory,
            refuses=when_isolated == "refuse",
            events=events,
            new_bus=bus or self._nats,
            log=log or logging.getLogger("ocpp_fast"),
        )
        self._spoken: tuple[Version, ...] = versions_of(versions) if versions else ()
        self._policy = policy
        self._credentials = credentials
        self._tls = tls
        self._call_timeout = check_seconds("call_timeout", call_timeout)
        self._codecs = Codecs(Sender.CENTRAL)
        self._watchers: set[Watcher] = set()
        self._arrivals: Arrivals[None] = Arrivals()

    @property
    def versions(self) -> tuple[Version, ...]:
        """The OCPP versions that are spoken: those of the central system, if it has one."""
        return self._spoken if self._central is None else self._central.versions

    def _nats(self) -> Bus:
        if find_spec("nats") is None:
            raise RuntimeError("a cluster needs nats-py: pip install 'ocpp_fast[cluster]'")
        from .nats import NatsBus

        return NatsBus(self.servers, name=self.name, credentials=self._credentials, tls=self._tls, log=self._log)

    # Who is there

    def where(self, identity: str) -> Presence | None:
        """Return where a station is connected, or None. Raises `RuntimeError` without a directory."""
        holder = self._directory.find(identity)
        return None if holder is None else Presence(identity, holder.peer.name, holder.version, holder.epoch)

    @property
    def _directory(self) -> Any:
        member = self._started()
        if not member.has_directory:
            raise RuntimeError("this client has no directory: directory=False")
        return member.directory

    def __contains__(self, identity: object) -> bool:
        return identity in self._directory

    def __len__(self) -> int:
        return len(self._directory)

    def __bool__(self) -> bool:
        return True  # also without stations

    def __getitem__(self, identity: str) -> RemoteStation:
        """Return a station of any node. Raises `NotConnected`, a `KeyError`, where there is a directory."""
        if self.has_directory and identity not in self:
            raise NotConnected(identity)
        return RemoteStation(self, identity)

    def get(self, identity: str) -> RemoteStation | None:
        """Return a station of any node, or None."""
        return RemoteStation(self, identity) if identity in self else None

    def stations(self, *, node: str | None = None) -> Iterator[Presence]:
        """Iterate over the connected stations, of one node or of all."""
        for identity, holder in self._directory:
            if node is None or holder.peer.name == node:
                yield Presence(identity, holder.peer.name, holder.version, holder.epoch)

    def nodes(self) -> list[NodeInfo]:
        """Return the nodes that live, by name."""
        member = self._started()
        now = member.clock()
        peers = sorted(member.directory.peers.values(), key=lambda each: each.name)
        return [
            NodeInfo(
                each.name,
                member.state if each is member.me else each.state,
                each.count,
                max(0.0, now - (member.lease.echo if each is member.me else each.heard)),
            )
            for each in peers
        ]

    async def wait_connected(self, identity: str) -> RemoteStation:
        """Return a station as soon as it is connected anywhere; bound the wait with `asyncio.timeout`."""
        if identity not in self:
            await self._arrivals.wait(identity)
        return RemoteStation(self, identity)

    async def watch(self, pattern: str = "*") -> AsyncGenerator[Change, None]:
        """Yield the stations that are connected, then each change; `*` in the pattern stands for any text.

        A watcher that is 10 000 changes behind gets `Lagged`, and the connected stations anew.
        """
        woken = asyncio.Event()
        matches = matcher(pattern)
        watcher = Watcher(matches, woken.set)
        self._watchers.add(watcher)
        try:
            while True:
                for presence in self.stations():
                    if matches(presence.id):
                        yield StationConnected(presence.id, presence.node)
                while not watcher.lags:
                    change = watcher.take()
                    if change is not None:
                        yield change
                        continue
                    woken.clear()
                    await woken.wait()
                watcher.lags = False
                yield Lagged()
        finally:
            self._watchers.discard(watcher)

    def _changed(self, identity: str, before: Peer | None, after: Peer | None) -> None:
        if self._watchers:
            for watcher in self._watchers:
                names = [None if each is None else each.name for each in (before, after)]
                watcher.changed(identity, *names)
        if after is not None:
            self._arrivals.tell(identity, None)

    # Calls

    def version_of(self, number: str) -> Version:
        """Return the version of a number. Raises `VersionMismatch` if it is not spoken here."""
        for each in self.versions:
            if each.number == number:
                return each
        raise VersionMismatch(f"OCPP {number} is not among the versions of this cluster object")

    def _version_for(self, identity: str, action: Action) -> Version:
        """Return the version in which a request is to be written: the station's, if it has that."""
        holder = self._started().directory.find(identity)
        spoken = ""
        for each in self.versions:
            if each.actions.get(action.name) is action:
                if holder is None or each.number == holder.version:
                    return each
                spoken = spoken or each.number
        if holder is None or not spoken:
            raise VersionMismatch(f"{action.name} is of no version of this cluster object").at(identity)
        raise VersionMismatch(f"OCPP {holder.version} was negotiated, not {spoken}").at(identity)

    async def call(
        self,
        identity: str,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> R:
        """Send a request to a station, wherever it is connected, and return its response; `timeout` is in seconds.

        Raises what `Station.call` does, and `NotConnected` (nobody holds the station), `Unreachable` (its node can't be
        reached) and `DeliveryUnknown` (its node was lost while it made the call). Trying again is safe exactly when the
        error's `delivered` is False. What `check` raises of the response is raised here; it is not sent to the station.
        """
        local = self._local.get(identity)
        if local is not None:
            return await local.call(request, timeout=timeout, check=check)
        seconds = self._call_timeout if timeout is None else check_seconds("timeout", timeout)
        action = request.__action__
        version = self._version_for(identity, action)
        outcome = await self._outcome(identity, version, action, request, seconds)
        try:
            response: R = self._codecs.read(version, self._policy, action, outcome, kind=MessageType.CALLRESULT)
        except FrameFault as fault:
            raise fault.invalid_result(b"").at(identity) from None
        if check is not None:
            check(response)
        return response

    async def _outcome(
        self, identity: str, version: Version, action: Action, payload: Any, seconds: float, *, is_send: bool = False
    ) -> Any:
        """Return the JSON text of the result of a call across the bus."""
        member = self._started()
        encoder: Encoder = self._codecs.encoder(version, self._policy)
        try:
            written = encoder.payload(action, action.request, payload)
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            if not member.has_directory:
                await self._find(member, identity)
            now = member.clock()
            call = OutgoingCall(
                identity,
                version.number,
                action.name,
                written,
                now=now,
                deadline=now + seconds,
                ended=settles(future),
                is_send=is_send,
            )
            member.start_call(call)
            self._wake()
            try:
                outcome = await future
            except asyncio.CancelledError:
                member.caller.cancel(call)
                raise
            if isinstance(outcome, OcppError):
                raise outcome
        except OcppError as error:
            error.at(identity)
            raise
        return outcome

    async def _find(self, member: Member, identity: str) -> None:
        """Ask any node where a station is. Raises `NotConnected`, `Unreachable`."""
        try:
            member.found(identity, await self._answer(partial(member.where, identity), 2.0))
        except BusLost as error:
            raise Unreachable(str(error)) from None
        except TimeoutError:
            raise Unreachable("no node has told where it is") from None

    def call_threadsafe(
        self, identity: str, request: Request[R], *, timeout: float | None = None
    ) -> concurrent.futures.Future[R]:
        """Make a call from another thread or event loop; the future ends as `call` does, and cancelling it cancels.

        Raises `RuntimeError` if the cluster is not started.
        """
        if self._loop is None or self._loop.is_closed():
            raise RuntimeError(NOT_STARTED)
        return asyncio.run_coroutine_threadsafe(self.call(identity, request, timeout=timeout), self._loop)

    async def send(self, identity: str, notification: Notification, *, timeout: float | None = None) -> None:
        """Have a station's node send an unconfirmed message (2.1, R11); returns when it has been sent.

        Raises what `Station.send` does, and as `call`.
        """
        local = self._local.get(identity)
        if local is not None:
            await local.send(notification)
            return
        seconds = self._call_timeout if timeout is None else check_seconds("timeout", timeout)
        action = notification.__action__
        version = self._version_for(identity, action)
        await self._outcome(identity, version, action, notification, seconds, is_send=True)

    async def transfer(self, identity: str, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer, as `Station.transfer` does.

        Raises what that one does, and `NotConnected` as `call` does.
        """
        local = self._local.get(identity)
        if local is not None:
            return await local.transfer(payload, timeout=timeout)
        replies: list[A] = []
        member = self._started()
        if not member.has_directory:
            await self._find(member, identity)
        holder = member.locate(identity)
        if holder is None:
            raise NotConnected(identity)
        envelope = Envelope(self.version_of(holder.version), self._policy)

        def check(response: Response) -> None:
            faulty = Faulty("", MessageType.CALLRESULT, answered=False)
            replies.append(envelope.reply(payload.__transfer__, response, faulty))

        try:
            await self.call(identity, envelope.request(payload), timeout=timeout, check=check)
        except OcppError as error:
            error.at(identity)
            raise
        return replies[0]

    # Events

    async def events(
        self, identity: str | None = None, *, kinds: Iterable[EventKind] = ("connected", "disconnected")
    ) -> AsyncGenerator[StationEvent, None]:
        """Yield what nodes tell of a station, or of all. Of what is not taken, the last 10 000 are kept.

        Only what happens from now on comes, and only kinds that the nodes are set to tell (`events=`).
        """
        member = self._started()
        queue: asyncio.Queue[StationEvent] = asyncio.Queue()

        def deliver(subject: str, reply: str, payload: bytes) -> None:
            event = read_event(subject.split(".")[3], payload)
            if event is not None:
                if queue.qsize() >= _MOST_EVENTS:
                    queue.get_nowait()
                queue.put_nowait(event)

        token = "*" if identity is None else encoded(identity)
        ends = [self.bus.subscribe(f"{member.prefix}.event.{kind}.{token}", deliver) for kind in kinds]
        try:
            while True:
                yield await queue.get()
        finally:
            for end in ends:
                end()


def host_name() -> str:
    """Return the name of this machine, as part of that of a node."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:20]
