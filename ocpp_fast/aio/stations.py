"""The seam above connections: `Stations` are the connected stations, each a `Station` as the central system sees it.

`ConnectedStations` are those of one process, the first implementation; a central system is given one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from ..errors import CallError, ConnectionReplaced, Disconnected, ErrorCode, OcppError, VersionMismatch
from ..escaping import shown
from ..faults import Fault
from ..frames import Call, FrameFault
from ..handlers import is_awaitable
from ..masking import masked
from ..registration import ACCEPTED, BOOT, CentralGate, Registrations
from ..schema import Version
from ..session import CallEnded
from ..tolerance import Peer
from .admission import Admitted
from .certificates import serial_number_of
from .connection import Connection
from .endpoint import Runtime
from .events import Limit, Replaced
from .security import Handshake
from .steps import kept
from .transport import CloseCode, Transport
from .watching import Arrivals

if TYPE_CHECKING:
    from .. import v16, v21, v201

__all__ = ["ConnectedStations", "Duplicates", "Station", "Stations"]

_SWAP_SECONDS: Final = 60.0
_MOST_SWAPS: Final = 64
_ANSWER_SECONDS: Final = 5.0

Duplicates: TypeAlias = Literal["replace", "reject"] | Callable[["Station", Handshake], bool]


class Stations(Protocol):
    """The connected stations, by identity."""

    def find(self, identity: str) -> Station | None:
        """Return a connected station, or None."""
        ...

    def __iter__(self) -> Iterator[Station]:
        """Iterate over the connected stations."""
        ...

    def __len__(self) -> int:
        """How many are connected."""
        ...

    async def wait(self, identity: str) -> Station:
        """Return a station as soon as it is connected."""
        ...

    def admits(self, handshake: Handshake) -> bool | Awaitable[bool]:
        """Whether an authenticated station may connect, one that is connected already included (R36)."""
        ...

    def add(self, station: Station) -> None:
        """Take a station in, and close an older connection of its identity; what it raises is logged."""
        ...

    def remove(self, station: Station) -> None:
        """Forget a connection that has ended, never another one of its identity; what it raises is logged."""
        ...


class ConnectedStations:
    """The stations that are connected to this process.

    `duplicates` decides on a second connection of one identity (R36): it replaces the first one ("replace"), is refused
    ("reject"), or a function of the connected station and the handshake tells whether it replaces it.

    When the connections of one identity have replaced each other `max_swaps` times within a minute, the connected one
    stays if it answers a ping within five seconds, and newcomers are refused.
    """

    def __init__(self, duplicates: Duplicates = "replace", *, max_swaps: int = 6) -> None:
        if duplicates not in ("replace", "reject") and not callable(duplicates):
            raise ValueError(f"duplicates: expected 'replace', 'reject' or a function, not {duplicates!r}")
        self._duplicates = duplicates
        self._max_swaps = max_swaps
        self._connected: dict[str, Station] = {}
        self._arrivals: Arrivals[Station] = Arrivals()

    def find(self, identity: str) -> Station | None:
        """Return a connected station, or None."""
        return self._connected.get(identity)

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._connected.values()))

    def __len__(self) -> int:
        return len(self._connected)

    async def wait(self, identity: str) -> Station:
        """Return a station as soon as it is connected."""
        return self._connected.get(identity) or await self._arrivals.wait(identity)

    def admits(self, handshake: Handshake) -> bool | Awaitable[bool]:
        """Whether an authenticated station may connect (R36)."""
        old = self._connected.get(handshake.id)
        if old is None:
            return True
        if self._duplicates == "replace":
            return old.swaps_lately < self._max_swaps or self._outlives(handshake)
        return callable(self._duplicates) and self._duplicates(old, handshake)

    async def _outlives(self, handshake: Handshake) -> bool:
        """Whether nobody is connected any more who answers."""
        while (old := self._connected.get(handshake.id)) is not None and old.swaps_lately >= self._max_swaps:
            if await old.withstands(handshake):
                return False
            if self._connected.get(handshake.id) is old:
                break
        return True

    def add(self, station: Station) -> None:
        """Take a station in, and close an older connection of its identity."""
        old = self._connected.get(station.id)
        if old is not None:
            old.replaced(station)
        self._connected[station.id] = station
        self._arrivals.tell(station.id, station)

    def remove(self, station: Station) -> None:
        """Forget a connection that has ended, never another one of its identity."""
        if self._connected.get(station.id) is station:
            del self._connected[station.id]


class Greeting:
    """The hooks of `on_connect` of one station that have not ended, and the timer of its patience with them."""

    def __init__(self) -> None:
        self.hooks: set[asyncio.Task[None]] = set()
        self.timer: asyncio.TimerHandle | None = None


class Station(Connection):
    """A connected station, as the central system sees it.

    `id` is its identity, or `tenant/identity`; `version` the negotiated OCPP version, `policy` how it is judged,
    `handshake` its request to connect; `state` is the user's own, that of the handshake at first.
    """

    __slots__ = (
        "_asked_to_boot",
        "_gate",
        "_greeting",
        "_is_replaced",
        "_registrations",
        "_stations",
        "_swaps",
        "handshake",
        "state",
    )

    _is_station = True

    def __init__(
        self,
        runtime: Runtime,
        stations: Stations,
        registrations: Registrations,
        transport: Transport,
        admitted: Admitted,
        version: Version,
    ) -> None:
        handshake, _, policy, status, _ = admitted
        if policy.depends_on_peer:
            policy = runtime.policy_for(policy, runtime.peers.get(handshake.id, Peer(handshake.id)))
        gate = CentralGate(status, lets_strangers=policy.lets_strangers)
        trusted = status == ACCEPTED
        super().__init__(runtime, transport, version, policy, gate, identity=handshake.id, trusted=trusted)
        self.handshake = handshake
        self.state: Any = handshake.state
        self._stations = stations
        self._registrations = registrations
        self._gate = gate
        self._asked_to_boot = False
        self._greeting: Greeting | None = None
        self._swaps: Sequence[float] = ()
        self._is_replaced = False

    @property
    def v16(self) -> v16.CentralSystemShortcuts:
        """The calls of OCPP 1.6 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v16.CentralSystemShortcuts = self._shortcuts("1.6")
        return shortcuts

    @property
    def v201(self) -> v201.CentralSystemShortcuts:
        """The calls of OCPP 2.0.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v201.CentralSystemShortcuts = self._shortcuts("2.0.1")
        return shortcuts

    @property
    def v21(self) -> v21.CentralSystemShortcuts:
        """The calls of OCPP 2.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v21.CentralSystemShortcuts = self._shortcuts("2.1")
        return shortcuts

    def _shortcuts(self, number: str) -> Any:
        if self.version.number != number:
            raise VersionMismatch(f"OCPP {self.version.number} was negotiated, not {number}").at(self.id)
        return self.version.central_shortcuts(self.call, self.send)

    @property
    def identity(self) -> str:
        """What the station calls itself."""
        return self.handshake.identity

    @property
    def tenant(self) -> str | None:
        """The tenant, if `identify` told one."""
        return self.handshake.tenant

    # Its life

    def begin(self) -> None:
        """It has connected: tell the hooks soon, and hold its messages until they have ended, or take too long."""
        if self._runtime.log.isEnabledFor(logging.INFO):
            at = self.handshake.remote_address
            self._log(logging.INFO, "connected with OCPP %s from %s", self.version.number, at)
        if self._runtime.connect_hooks:
            self._greeting = Greeting()
            self._hold()
            self._loop.call_soon(self._run_connect_hooks)

    def _run_connect_hooks(self) -> None:
        hooks = self._run_hooks(self._runtime.connect_hooks, self, own=True)
        greeting = self._greeting
        if greeting is None or not hooks:
            self._greeted()
            return
        greeting.hooks = set(hooks)
        greeting.timer = self._loop.call_later(self._runtime.open_timeout, self._hooks_are_late)

    def _hook_ended(self, task: asyncio.Task[None]) -> None:
        super()._hook_ended(task)
        if self._greeting is not None and task in self._greeting.hooks:
            self._greeting.hooks.discard(task)
            if not self._greeting.hooks:
                self._greeted()

    def _hooks_are_late(self) -> None:
        message = "on_connect takes more than %g s: messages are handled now"
        self._log(logging.WARNING, message, self._runtime.open_timeout)
        self._greeted()

    def _greeted(self) -> None:
        """The hooks have had their time: handle what the station has sent meanwhile."""
        greeting, self._greeting = self._greeting, None
        if greeting is not None and greeting.timer is not None:
            greeting.timer.cancel()
        self._release()

    @property
    def _must_hold(self) -> bool:
        return self._greeting is not None or super()._must_hold

    def replaced(self, station: Station) -> None:
        """Close, for a newer connection of the same identity (R36)."""
        newer = station.handshake.remote_address
        self._log_life("replaced by a connection from %s", newer)
        station._swaps = *self._swaps[-_MOST_SWAPS:], self._loop.time()
        self._make_way(newer, "replaced by a newer connection")

    def replaced_at(self, node: str) -> None:
        """Close, for a newer connection of the same identity at another node of the cluster (R36)."""
        self._log_life("replaced by a connection at the node %s", node)
        self._make_way(None, "replaced by a connection at another node")

    def _make_way(self, newer: tuple[str, int] | None, reason: str) -> None:
        self._is_replaced = True
        self._runtime.tell(Replaced(self.id, newer, self.handshake.remote_address), self.id)
        self.leave(CloseCode.POLICY_VIOLATION, reason)

    @property
    def has_open_calls(self) -> bool:
        """Whether calls to it have been sent and are not answered."""
        return self._session.has_open_calls

    @property
    def is_handling(self) -> bool:
        """Whether a call of its own is being handled, or waits for that."""
        return self._held is not None or self._session.current_call is not None

    def leave(self, code: int, reason: str) -> None:
        """End the connection as the policy says: with a Close frame, or without."""
        if self.policy.close_frames:
            self._transport.close(code, reason)
        else:
            self._transport.abort()

    @property
    def swaps_lately(self) -> int:
        """How often connections of this identity have replaced each other within a minute, this one the last time."""
        since = self._loop.time() - _SWAP_SECONDS
        return sum(each > since for each in self._swaps)

    async def answers(self) -> bool:
        """Whether it answers a ping within five seconds."""
        return await self._transport.answers(_ANSWER_SECONDS)

    async def withstands(self, handshake: Handshake) -> bool:
        """Whether this connection answers, and so stays although another one has come."""
        if not await self.answers():
            return False
        self._runtime.limit_reached(Limit.SWAPS, self.id, handshake.remote_address, "the connected one stays")
        return True

    def _end_of(self, ended: CallEnded) -> CallEnded:
        if not self._is_replaced or not isinstance(ended.outcome, Disconnected):
            return ended
        name = ended.open_call.action.name
        reason = f"a newer connection came before {name} was answered"
        return CallEnded(ended.open_call, ConnectionReplaced(reason, delivered=ended.outcome.delivered))

    def _left(self) -> None:
        if self._runtime.cluster is not None:
            self._runtime.cluster.left(self)
        try:
            self._stations.remove(self)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's stations
            self._log(logging.ERROR, "`stations.remove` failed", error=error)
        reason = shown(self.close_reason)
        self._log_life("disconnected: %s", f"{self.close_code} {reason}".rstrip(), reason=reason)

    def _log_life(self, message: str, *values: object, **extra: Any) -> None:
        if self._runtime.log.isEnabledFor(logging.INFO):
            self._log(logging.INFO, message, *values, **extra)

    @property
    def _remote_address(self) -> tuple[str, int] | None:
        return self.handshake.remote_address

    def _about(self) -> dict[str, object]:
        at = self.handshake
        return super()._about() | {
            "peer": at.remote_address,
            "path": shown(masked(at.path)),
            "version": self.version.number,
        }

    # Registration (R40)

    @property
    def registration(self) -> str | None:
        """The last answer to its BootNotification: Accepted, Pending, Rejected; None if unknown (R40)."""
        return self._gate.status

    def _answer(self, call: Call, response: Any) -> None:
        super()._answer(call, response)
        if not self._trusted and self._gate.status in (None, ACCEPTED):  # it has shown that it is a station
            self._trusted = True
            self._transport.trust()
            self._choose_way()

    def _run_handler(self, call: Call) -> Any:
        if call.action.name != BOOT:
            return super()._run_handler(call)
        self.boots(call.payload)
        return self.registered(super()._run_handler(call))

    def boots(self, request: Any) -> None:
        """Take a BootNotification: it tells who the station is, which its certificate may contradict.

        Raises `CallError`, and closes the connection then.
        """
        if self.handshake.serial_numbers:
            self._check_serial_number(request)
        if self.policy.depends_on_peer:
            peer = self._runtime.peers[self.id] = Peer.of_boot(self.id, request)
            self._judge_by(self._runtime.policy_for(self.policy, peer))

    def _check_serial_number(self, request: Any) -> None:
        found = serial_number_of(request)
        if found is not None and found not in self.handshake.serial_numbers:
            reason = "the serial number is not that of the certificate"
            self._runtime.limit_reached(Limit.SERIAL_NUMBER, self.id, self.handshake.remote_address, "closed")
            self._transport.close(CloseCode.POLICY_VIOLATION, reason)
            raise CallError(ErrorCode.SECURITY_ERROR, reason)

    def registered(self, outcome: Any) -> Any:
        """Store the status in the answer to its BootNotification, before that is sent; return the answer."""
        if not self.policy.registration_gate:
            return outcome
        if is_awaitable(outcome):
            return self._registered_later(outcome)
        self._session.prepare(outcome)
        stored = self._registrations.store(self.id, str(outcome.status))
        return outcome if stored is None else _after(stored, outcome)

    async def _registered_later(self, outcome: Awaitable[Any]) -> Any:
        answer = self.registered(await outcome)
        return await answer if is_awaitable(answer) else answer

    def _fault_noticed(self, fault: FrameFault) -> None:
        super()._fault_noticed(fault)
        if fault.fault is Fault.NOT_REGISTERED and self._gate.status is None and not self._asked_to_boot:
            self._asked_to_boot = True
            self._runtime.tasks.start(self._ask_to_boot(), station=self.id)

    async def _ask_to_boot(self) -> None:
        """Ask a station of which nothing is known for its BootNotification (R40)."""
        trigger: Any = self.version.actions["TriggerMessage"].request
        try:
            answer = await self.call(trigger(requested_message=BOOT))
        except OcppError as error:
            self._log(logging.INFO, "would not boot: %s", error)
            return
        if answer.status == "Rejected":  # as one must that has been accepted before (F06.FR.17)
            self._gate.status = ACCEPTED
            await kept(self._store_accepted())

    async def _store_accepted(self) -> None:
        stored = self._registrations.store(self.id, ACCEPTED)
        if stored is not None:
            await stored

    def __repr__(self) -> str:
        return f"<Station {self.id} {self.version.number}{'' if self.connected else ' disconnected'}>"

    def __str__(self) -> str:
        return self.id


async def _after(stored: Awaitable[None], answer: Any) -> Any:
    await stored
    return answer
