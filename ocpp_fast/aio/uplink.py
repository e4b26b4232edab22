"""A station's way to its central systems: it connects, connects again when the connection is lost, and is steered."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl as tls
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from ..errors import Disconnected, HandshakeFailed, OcppError
from ..escaping import described, shown
from ..masking import masked
from ..session import CallEnded
from .address import Address, NetworkProfile
from .backoff import BackOff
from .client_handshake import ClientOpening
from .connection import Connection
from .dialling import Dialling
from .endpoint import Runtime
from .logs import write
from .steps import is_our_end
from .transport import Transport
from .websocket import WebSocket

__all__ = ["StationConnection", "Uplink"]

Outcome: TypeAlias = "asyncio.Future[None]"
Work: TypeAlias = Callable[[Outcome], Awaitable[None]]
NewConnection: TypeAlias = Callable[[Transport, str | None], "StationConnection | None"]


class StationConnection(Connection):
    """The connection of a charge point: `since` when, by its loop, and whether a call of it was `answered`."""

    __slots__ = ("answered", "since")

    answered: bool
    since: float

    def _call_ended(self, ended: CallEnded, raw: bytes = b"") -> None:
        self.answered = self.answered or getattr(ended.outcome, "delivered", True) is True
        super()._call_ended(ended, raw)


@dataclass(slots=True)
class Plan:
    """Which central systems a station dials, and with which credentials."""

    identity: str
    dialling: Dialling[NetworkProfile]
    password: bytes | None
    ssl: tls.SSLContext | None
    addresses: dict[NetworkProfile, Address] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """Where the central system is that is dialled next, with the credentials for it."""
        return self.address_of(self.dialling.current)

    def address_of(self, profile: NetworkProfile) -> Address:
        """Return where a central system is, with the credentials for it."""
        if profile not in self.addresses:
            password = self.password if profile.password is None else profile.password
            ssl = self.ssl if profile.ssl is None else profile.ssl
            self.addresses[profile] = Address(profile.url, self.identity, password, ssl)
        return self.addresses[profile]

    def renew(self, password: bytes | None, ssl: tls.SSLContext | None) -> None:
        """Use other credentials from now on."""
        self.password, self.ssl = password, ssl
        self.addresses.clear()

    @property
    def security_profile(self) -> int:
        """The lowest of all of them. Raises `TypeError` or `ValueError` if one can't be dialled."""
        return min(self.address_of(each).security_profile for each in self.dialling.places)


class Uplink:
    """The connection of a station to one of its central systems; `connection` is the last one that was made.

    One task at a time dials, and waits for the end of the connection. Whoever steers replaces it by another one, and
    waits for what that says: a caller who is cancelled does no harm. Every failure of a try is an `OSError` or an
    `OcppError`.
    """

    def __init__(
        self,
        runtime: Runtime,
        identity: str,
        profiles: Sequence[NetworkProfile],
        new_connection: NewConnection,
        *,
        password: bytes | None,
        ssl: tls.SSLContext | None,
        back_off: BackOff,
        attempts: int,
        final: Collection[int | type[Exception]],
        local: tuple[str, int] | None,
        compression: bool,
    ) -> None:
        self.connection: StationConnection | None = None
        self.gave_up: BaseException | None = None
        """Why nothing is dialled any more: every central system has refused for good."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.dial: Callable[[Address], Awaitable[StationConnection]] = self.dial_socket
        self.back_off = back_off
        self.reconnect_hooks: list[Callable[[], Any]] = []
        self.failed_hooks: list[Callable[[Any], Any]] = []
        self.connected_hook: Callable[[], object] | None = None
        """Called after the user's, for what waits to be sent."""
        self._runtime = runtime
        self._id = identity
        self._new_connection = new_connection
        self._attempts = attempts
        self._final = final
        self._local = local
        self._compression = compression
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()
        self.security_profile = 0
        self.plan = self.planned(profiles, password, ssl)
        self.security_profile = self.plan.security_profile

    # What is dialled

    def planned(
        self, profiles: Sequence[NetworkProfile], password: bytes | None, ssl: tls.SSLContext | None, at: int = 0
    ) -> Plan:
        """Return how to dial these. Raises `TypeError` or `ValueError` for what can't be used, or is a downgrade."""
        plan = Plan(self._id, Dialling(profiles, self._attempts, self._waits, at), password, ssl)
        lowest, wanted = plan.security_profile, self.security_profile
        if lowest < wanted:
            raise ValueError(f"expected security profile {wanted}, as before, or a higher one, not {lowest}")
        return plan

    def renew(self, password: bytes | None, ssl: tls.SSLContext | None) -> None:
        """Use other credentials from the next try on; raises as `planned` does."""
        self.planned(self.plan.dialling.places, password, ssl)
        self.plan.renew(password, ssl)

    def _waits(self) -> Iterator[float]:
        return self.back_off.waits(random.random)

    # Steering

    def enter(self) -> None:
        """Begin, on the event loop that runs."""
        self.loop = asyncio.get_running_loop()
        self.sockets = self._runtime.sockets()

    def leave(self) -> None:
        """End; `disconnect` comes before."""
        self.sockets.close()
        self.loop = None

    async def connect(self, *, patient: bool, in_background: bool) -> None:
        """Connect, with the back-off if `patient`. Raises what the last try has failed with."""
        self.plan = self.planned(self.plan.dialling.places, self.plan.password, self.plan.ssl)
        if in_background:
            self._steer(self._insist).set_result(None)
        else:
            await asyncio.shield(self._steer(self._insist if patient else self._begin))

    async def reconnect(
        self, profiles: Sequence[NetworkProfile], password: bytes | None, ssl: tls.SSLContext | None
    ) -> None:
        """Close the connection, and connect with these. Raises what the last try has failed with, and goes back."""
        places = self.plan.dialling.places
        at = places.index(self.plan.dialling.current) if profiles is places else 0
        plan = self.planned(profiles, password, ssl, at)
        await asyncio.shield(self._steer(partial(self._move, plan)))

    async def disconnect(self, code: int, reason: str) -> None:
        """Close the connection, and dial no more."""
        if self.connection is not None:
            self.connection._transport.close(code, reason)  # raises for a code that can't be sent
        await asyncio.shield(self._steer(self._hang_up))

    async def news(self) -> None:
        """Wait until it is connected, or nothing is dialled any more."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    def _tell(self) -> None:
        for each in self._waiting:
            if not each.done():
                each.set_result(None)

    def _steer(self, work: Work) -> Outcome:
        """Let `work` have the connection from now on; return what it tells how it went."""
        assert self.loop is not None
        outcome: Outcome = self.loop.create_future()
        outcome.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits any more
        before = frozenset(self._tasks)
        for each in before:
            each.cancel()
        task = asyncio.create_task(self._take_over(before, work, outcome))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, outcome))
        return outcome

    def _ended(self, outcome: Outcome, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not outcome.done():
            outcome.set_exception(Disconnected("it was steered elsewhere meanwhile", delivered=False).at(self._id))
        if not task.cancelled():
            task.result()  # which nobody else asks for

    async def _take_over(self, before: frozenset[asyncio.Task[None]], work: Work, outcome: Outcome) -> None:
        try:
            if before:
                await asyncio.wait(before)
            del before
            self.gave_up = None
            await work(outcome)
        except (OSError, OcppError) as error:
            error.__traceback__ = None  # or it would lead to itself
            if not outcome.done():
                outcome.set_exception(error)
            else:
                write(self._runtime.log, logging.ERROR, "%s: gives up: %s", self._id, _reason(error))
                self.gave_up = error
                self._tell()

    # What a task does with the connection

    async def _begin(self, outcome: Outcome) -> None:
        connection = await self._dial_each(self.plan)
        outcome.set_result(None)
        await self._keep(connection)

    async def _insist(self, outcome: Outcome) -> None:
        connection = None
        try:
            connection = await self._try(self.plan)
        except (OSError, OcppError) as error:
            self._missed(self.plan, error, final=self._is_final(error))
        connection = connection or await self._dial_again()
        if not outcome.done():
            outcome.set_result(None)
        await self._keep(connection)

    async def _move(self, plan: Plan, outcome: Outcome) -> None:
        if self.connection is not None and self.connection.connected:
            self._lost(self.connection)
        if self.connection is not None:
            await self.connection.close()
        connection = None
        try:
            connection = await self._dial_each(plan)
            outcome.set_result(None)
        except (OSError, OcppError) as error:
            outcome.set_exception(error.with_traceback(None))
        await self._keep(connection or await self._dial_again())

    async def _hang_up(self, outcome: Outcome) -> None:
        if self.connection is not None:
            await self.connection.close()
        outcome.set_result(None)

    async def _keep(self, connection: StationConnection) -> None:
        """Dial again whenever the connection is lost."""
        while True:
            await connection.wait_closed()
            self._lost(connection)
            connection = await self._dial_again()

    def _lost(self, connection: StationConnection) -> None:
        lived = asyncio.get_running_loop().time() - connection.since
        self.plan.dialling.ended(lived=lived, answered=connection.answered)
        ended = connection.close_code, shown(connection.close_reason)
        write(self._runtime.log, logging.INFO, "%s: the connection has ended: %s %s", self._id, *ended)

    # Dialling

    async def _dial_each(self, plan: Plan) -> StationConnection:
        """Dial each central system once, until one takes us. Raises what the last one has failed with."""
        while True:
            try:
                return await self._try(plan)
            except (OSError, OcppError) as error:
                self._missed(plan, error, final=True)

    async def _dial_again(self) -> StationConnection:
        """Wait and dial until a central system takes us. Raises what the last one has failed with for good."""
        while True:
            await asyncio.sleep(self.plan.dialling.wait())
            if hooks := self._runtime.tasks.run(self.reconnect_hooks, station=self._id):
                await asyncio.wait(hooks, timeout=self._runtime.open_timeout)
            try:
                return await self._try(self.plan)
            except (OSError, OcppError) as error:
                self._missed(self.plan, error, final=self._is_final(error))

    def _missed(self, plan: Plan, error: OSError | OcppError, *, final: bool) -> None:
        """Log why a try failed; raise it, for others to tell, if no central system is left to dial."""
        where = shown(masked(plan.address.url))
        if not plan.dialling.failed(final=final):
            raise error
        level, cause = logging.INFO if error.__cause__ is None else logging.ERROR, error.__cause__
        text = "%s: can't connect to %s: %s"
        write(self._runtime.log, level, text, self._id, where, _reason(error), exc_info=cause)

    def _is_final(self, error: Exception) -> bool:
        kinds = tuple(each for each in self._final if isinstance(each, type))
        return isinstance(error, kinds) or (isinstance(error, HandshakeFailed) and error.status in self._final)

    async def _try(self, plan: Plan) -> StationConnection:
        """Dial the central system whose turn it is."""
        address = plan.address
        try:
            connection = await self._dial(address)
        except (OSError, OcppError) as error:
            if isinstance(error, OcppError):
                error.at(self._id)
            self._runtime.tasks.run(self.failed_hooks, error, station=self._id)
            raise
        self.connection, self.plan = connection, plan
        plan.dialling.connected()
        if address.security_profile > self.security_profile:
            self.security_profile = address.security_profile
            plan.dialling.only(lambda each: plan.address_of(each).security_profile >= address.security_profile)
        self._tell()
        message = "%s: connected to %s with OCPP %s"
        write(self._runtime.log, logging.INFO, message, self._id, shown(masked(address.url)), connection.version.number)
        connection._run_hooks(self._runtime.connect_hooks, own=True)
        if self.connected_hook is not None:
            self.connected_hook()
        return connection

    async def _dial(self, address: Address) -> StationConnection:
        seconds = self._runtime.open_timeout
        try:
            async with asyncio.timeout(seconds):
                return await self.dial(address)
        except TimeoutError as error:
            if not str(error):
                raise TimeoutError(f"{address.url} did not answer within {seconds:g} s") from None
            raise
        except (OSError, OcppError):
            raise
        except BaseException as error:  # of ssl contexts and resolvers
            if is_our_end(error):
                raise
            raise HandshakeFailed(f"the connection can't be made: {described(error)}") from error

    async def dial_socket(self, address: Address) -> StationConnection:
        """Connect over a socket, and make the handshake."""
        context = (address.ssl or tls.create_default_context()) if address.secure else None
        opening = ClientOpening(
            address.url,
            [each.subprotocol for each in self._runtime.versions],
            self._new_connection,
            authorization=address.authorization,
            compression=self._compression,
            max_message_size=self._runtime.max_message_size,
        )
        _, websocket = await asyncio.get_running_loop().create_connection(
            partial(WebSocket, self.sockets, opening, masks=True),
            address.host,
            address.port,
            ssl=context,
            local_addr=self._local,
        )
        try:
            return await opening.outcome
        except BaseException:
            websocket.abort()
            raise
        finally:
            del opening  # or a cycle: the outcome, its exception, the traceback, this frame


def _reason(error: OSError | OcppError) -> str:
    return str(error).removeprefix(f"{getattr(error, 'station', '')}: ") or type(error).__name__
