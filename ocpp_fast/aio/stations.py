"""The seam above connections: `Stations` are the connected stations, each a `Station` as the central system sees it.

`ConnectedStations` are those of one process, the first implementation; a central system is given one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from ..errors import OcppError, VersionMismatch
from ..faults import Fault
from ..frames import Call, FrameFault
from ..handlers import is_awaitable
from ..registration import ACCEPTED, BOOT, CentralGate, Registrations
from ..schema import Version
from ..tolerance import Peer
from .admission import Admitted
from .connection import Connection
from .endpoint import Runtime
from .security import Handshake
from .transport import CloseCode, Transport

if TYPE_CHECKING:
    from .. import v16, v21, v201

__all__ = ["ConnectedStations", "Duplicates", "Station", "Stations"]

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

    def admits(self, handshake: Handshake) -> bool:
        """Whether an authenticated station may connect, one that is connected already included (R36)."""
        ...

    def add(self, station: Station) -> None:
        """Take a station in, and close an older connection of its identity."""
        ...

    def remove(self, station: Station) -> None:
        """Forget a connection that has ended, never another one of its identity."""
        ...


class ConnectedStations:
    """The stations that are connected to this process.

    `duplicates` decides on a second connection of one identity (R36): it replaces the first one ("replace"), is refused
    ("reject"), or a function of the connected station and the handshake tells whether it replaces it.
    """

    def __init__(self, duplicates: Duplicates = "replace") -> None:
        if duplicates not in ("replace", "reject") and not callable(duplicates):
            raise ValueError(f"duplicates: expected 'replace', 'reject' or a function, not {duplicates!r}")
        self._duplicates = duplicates
        self._connected: dict[str, Station] = {}
        self._arrivals: dict[str, set[asyncio.Future[Station]]] = {}

    def find(self, identity: str) -> Station | None:
        """Return a connected station, or None."""
        return self._connected.get(identity)

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._connected.values()))

    def __len__(self) -> int:
        return len(self._connected)

    async def wait(self, identity: str) -> Station:
        """Return a station as soon as it is connected."""
        station = self._connected.get(identity)
        if station is not None:
            return station
        arrival: asyncio.Future[Station] = asyncio.get_running_loop().create_future()
        waiting = self._arrivals.setdefault(identity, set())
        waiting.add(arrival)
        try:
            return await arrival
        finally:
            waiting.discard(arrival)
            if not waiting and self._arrivals.get(identity) is waiting:
                del self._arrivals[identity]

    def admits(self, handshake: Handshake) -> bool:
        """Whether an authenticated station may connect (R36)."""
        old = self._connected.get(handshake.id)
        if old is None or self._duplicates == "replace":
            return True
        return callable(self._duplicates) and self._duplicates(old, handshake)

    def add(self, station: Station) -> None:
        """Take a station in, and close an older connection of its identity."""
        old = self._connected.get(station.id)
        if old is not None:
            old.replaced(station)
        self._connected[station.id] = station
        for arrival in self._arrivals.pop(station.id, ()):
            if not arrival.done():
                arrival.set_result(station)

    def remove(self, station: Station) -> None:
        """Forget a connection that has ended, never another one of its identity."""
        if self._connected.get(station.id) is station:
            del self._connected[station.id]


class Station(Connection):
    """A connected station, as the central system sees it.

    `id` is its identity, or `tenant/identity`; `version` the negotiated OCPP version, `policy` how it is judged,
    `handshake` its request to connect; `state` is the user's own, that of the handshake at first.
    """

    __slots__ = (
        "_asked_to_boot",
        "_gate",
        "_hooks",
        "_patience",
        "_registrations",
        "_stations",
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
        handshake, _, policy, status = admitted
        if policy.depends_on_peer:
            policy = runtime.policy_for(policy, runtime.peers.get(handshake.id, Peer(handshake.id)))
        gate = CentralGate(status, lets_strangers=policy.lets_strangers)
        super().__init__(runtime, transport, version, policy, gate, identity=handshake.id)
        self.handshake = handshake
        self.state: Any = handshake.state
        self._stations = stations
        self._registrations = registrations
        self._gate = gate
        self._asked_to_boot = False
        self._trusted = status == ACCEPTED
        self._choose_way()
        self._hooks: set[asyncio.Task[None]] | None = None
        self._patience: asyncio.TimerHandle | None = None

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
        self._log_life("connected with OCPP %s from %s", self.version.number, self.handshake.remote_address)
        if self._runtime.connect_hooks:
            self._hold()
            self._loop.call_soon(self._run_connect_hooks)

    def _run_connect_hooks(self) -> None:
        hooks = self._runtime.tasks.run(self._runtime.connect_hooks, self, station=self.id)
        if not hooks:
            self._release()
            return
        self._keep(hooks)
        self._patience = self._loop.call_later(self._runtime.open_timeout, self._hooks_are_late)
        if not self.connected:
            self._end_hooks()

    def _keep(self, tasks: list[asyncio.Task[None]]) -> None:
        if tasks:
            self._hooks = {*(self._hooks or ()), *tasks}
        for each in tasks:
            each.add_done_callback(self._hook_ended)

    def _hook_ended(self, hook: asyncio.Task[None]) -> None:
        if self._hooks is not None:
            self._hooks.discard(hook)
        if not self._hooks and self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._release()

    def _hooks_are_late(self) -> None:
        self._patience = None
        message = "on_connect takes more than %g s: messages are handled now"
        self._log_life(message, self._runtime.open_timeout, level=logging.WARNING)
        self._release()

    def _end_hooks(self) -> None:
        for each in self._hooks or ():
            each.cancel()

    def replaced(self, station: Station) -> None:
        """Close, for a newer connection of the same identity (R36)."""
        self._log_life("replaced by a connection from %s", station.handshake.remote_address)
        self._transport.close(CloseCode.POLICY_VIOLATION, "replaced by a newer connection")

    def _left(self) -> None:
        self._stations.remove(self)
        self._end_hooks()
        self._log_life("disconnected: %s %s", self.close_code, self.close_reason, reason=self.close_reason)

    def _log_life(self, message: str, *values: object, level: int = logging.INFO, **extra: object) -> None:
        if self._runtime.log.isEnabledFor(level):
            self._runtime.log.log(level, f"%s: {message}", self.id, *values, extra=self._about() | extra)

    def _about(self) -> dict[str, object]:
        at = self.handshake
        return super()._about() | {"peer": at.remote_address, "path": at.path, "version": self.version.number}

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
        """Note who it is, for a policy that depends on it."""
        if self.policy.depends_on_peer:
            peer = self._runtime.peers[self.id] = Peer.of_boot(self.id, request)
            self._judge_by(self._runtime.policy_for(self.policy, peer))

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
            self._runtime.log.info("%s: would not boot: %s", self.id, error, extra=self._about())
            return
        if answer.status == "Rejected":  # as one must that has been accepted before (F06.FR.17)
            self._gate.status = "Accepted"
            stored = self._registrations.store(self.id, "Accepted")
            if stored is not None:
                await stored

    def __repr__(self) -> str:
        return f"<Station {self.id} {self.version.number}{'' if self.connected else ' disconnected'}>"

    def __str__(self) -> str:
        return self.id


async def _after(stored: Awaitable[None], answer: Any) -> Any:
    await stored
    return answer
