"""The charge point: a client that connects to a central system, and again when the connection is lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import random
import ssl as tls
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from ..errors import CallError, Disconnected, HandshakeFailed, VersionMismatch
from ..policy import STRICT, Policy
from ..queueing import AfterRestart, Retries, TransactionQueue, is_queued
from ..registration import BOOT, StationGate
from ..routing import Routes
from ..schema import DataTransfer, Notification, Request, Response, Sender, Struct, Version
from .address import Address
from .arguments import check_address, check_identity, check_policy, versions_of
from .backoff import BackOff
from .calls import check_loop
from .client_handshake import ClientOpening
from .connection import Connection
from .delivery import Delivery
from .endpoint import Runtime, VersionModule
from .logs import write
from .queued import QueuedMessages
from .steps import is_our_end
from .transport import Transport
from .websocket import WebSocket

if TYPE_CHECKING:
    from .. import v16, v21, v201
    from ..signing import Signing

__all__ = ["ChargePoint"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)
Q = TypeVar("Q", bound=Request[Any] | Notification)
_PROVEN: Final = 10.0
"""After so many seconds, or after an answer, a connection counts as good: the back-off starts anew (R42)."""


class ChargePoint(QueuedMessages):
    """A station: connects to a central system, calls it and answers it.

    - `id` is its identity, which is put into the path of `url`, the central system's; `versions` are offered, the
      preferred one first.
    - `password` is sent by HTTP basic authentication (R34), in place of user info in the URL.
    - While the context lasts (`async with charge_point:`) a lost connection is made again, after the waits of
      `back_off` (R42). It can be entered again when it has ended, on another event loop, too.
    - `local_address` is an IP address of this machine to connect from; None leaves the choice to the system.
    - `ssl` replaces the default context of `wss://`. `policy` says what is tolerated.
    - `signing` opens and writes signed frames (R17); without it they are unknown actions.
    - `queue` keeps transaction messages until they are answered (R43): a `SqliteQueue` or a `MemoryQueue`. It sends
      them again as `retries` says; `after_restart` tells what becomes of transactions that an earlier process left.
    - Times are in seconds: the central system is pinged every `ping_interval` (WebSocketPingInterval; 0 is off), and
      taken for gone when it does not answer (R38); a call may take `call_timeout` when it does not say itself;
      `open_timeout` bounds a handshake and `close_timeout` the closing one.
    - `max_message_size` bounds a message, in bytes. `log` takes what is logged, in place of the logger `ocpp_fast`.

    Raises `TypeError` or `ValueError` for an unusable argument.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  # the public name
        url: str,
        *,
        versions: Sequence[VersionModule | Version],
        password: bytes | None = None,
        back_off: BackOff = BackOff(),  # noqa: B008  # immutable
        local_address: str | None = None,
        ssl: tls.SSLContext | None = None,
        policy: Policy = STRICT,
        signing: Signing | None = None,
        queue: TransactionQueue | None = None,
        retries: Retries = Retries(),  # noqa: B008  # immutable
        after_restart: AfterRestart = AfterRestart.RESUME,
        ping_interval: float = 60.0,
        call_timeout: float = 30.0,
        open_timeout: float = 10.0,
        close_timeout: float = 5.0,
        handler_timeout: float | Mapping[str, float] = 60.0,
        max_message_size: int = 1024 * 1024,
        max_unfinished: int = 256 * 1024 * 1024,
        log: logging.Logger | None = None,
    ) -> None:
        spoken = versions_of(versions)
        check_policy(policy, spoken)
        routes = Routes(Sender.CENTRAL, spoken)
        runtime = Runtime(
            Sender.STATION,
            spoken,
            routes,
            policy,
            signing=signing,
            call_timeout=call_timeout,
            open_timeout=open_timeout,
            close_timeout=close_timeout,
            handler_timeout=handler_timeout,
            max_message_size=max_message_size,
            max_unfinished=max_unfinished,
            ping_interval=ping_interval,
            log=log,
        )
        super().__init__(runtime, routes)
        self.id = check_identity(id)
        self._base_url = url
        self.password = password
        self.back_off = back_off
        self._local = None if local_address is None else (check_address("local_address", local_address), 0)
        self._ssl = ssl
        self._gate = StationGate(self._keep_silent)
        self._silence_ends = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._proven = False
        self._dial: Callable[[], Awaitable[Connection]] = self._dial_socket
        self._delivery = None if queue is None else Delivery(self, queue, retries, AfterRestart(after_restart))

    @property
    def url(self) -> str:
        """The URL that it connects to, with the identity and without user info."""
        return self._address.url

    @property
    def password(self) -> bytes | None:
        """The password that is sent from the next connection on; None sends none."""
        return self._password

    @password.setter
    def password(self, password: bytes | None) -> None:
        self._address = Address(self._base_url, self.id, password)
        self._password = password

    # The connection

    async def __aenter__(self) -> Self:
        """Connect. Raises `HandshakeFailed`, `OSError` or `TimeoutError` when the first try fails.

        Raises `RuntimeError` while it is entered already.
        """
        if self._loop is not None:
            raise RuntimeError(f"{self.id} is connected already: `async with` can't be entered twice at a time")
        self._loop = asyncio.get_running_loop()
        self._sockets = self._runtime.sockets()
        self._runtime.stopping = False
        self._resume_silence()
        try:
            if self._delivery is not None:
                await self._delivery.open()
            connection = await self._connect()
        except BaseException:
            if self._delivery is not None:
                await self._delivery.close()
            self._sockets.close()
            self._loop = None
            raise
        self._runner = asyncio.create_task(self._keep_connected(connection))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runtime.stopping = True
        self._runner.cancel()
        await asyncio.wait([self._runner])
        if self._delivery is not None:
            await self._delivery.close()
        if self._silence is not None:
            self._silence.cancel()
        if self._connection is not None:
            await self._connection.close()
        await self._runtime.tasks.finish(grace=0)
        self._sockets.close()
        self._connected = asyncio.Event()  # it belongs to one event loop
        self._loop = None

    @property
    def connected(self) -> bool:
        """Whether calls can be made now."""
        return self._connection is not None and self._connection.connected

    @property
    def version(self) -> Version:
        """The negotiated version. Raises `Disconnected`."""
        return self._current().version

    async def wait_connected(self) -> None:
        """Wait until calls can be made; bound the wait with `asyncio.timeout`."""
        if self._loop is not None:
            check_loop(self._loop, self.id)
        while not self.connected:
            self._connected.clear()
            await self._connected.wait()

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._runtime.open_timeout):
                connection = self._connection = await self._dial()
        except TimeoutError as error:
            if not str(error):
                raise TimeoutError(f"{self.url} did not answer within {self._runtime.open_timeout:g} s") from None
            raise
        except HandshakeFailed as error:
            error.at(self.id)
            raise
        self._connected.set()
        connection._run_hooks(self._runtime.connect_hooks, own=True)
        if self._delivery is not None:
            self._delivery.wake()
        return connection

    async def _dial_socket(self) -> Connection:
        """Connect over a socket, and make the handshake."""
        address = self._address
        context = (self._ssl or tls.create_default_context()) if address.secure else None
        opening = ClientOpening(
            self.url,
            [each.subprotocol for each in self.versions],
            self._new_connection,
            authorization=address.authorization,
            max_message_size=self._runtime.max_message_size,
        )
        _, websocket = await asyncio.get_running_loop().create_connection(
            partial(WebSocket, self._sockets, opening, masks=True),
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

    def _new_connection(self, transport: Transport, subprotocol: str | None) -> Connection | None:
        version = self._runtime.version_of(subprotocol)
        if version is None:
            return None
        connection = Connection(self._runtime, transport, version, self._runtime.policy, self._gate, identity=self.id)
        connection._speaker = self
        return connection

    async def _keep_connected(self, connection: Connection) -> None:
        """Connect again, whenever the connection is lost; ends only by cancellation."""
        waits = self._waits()
        while True:
            self._proven = False
            began = time.monotonic()
            await connection.wait_closed()
            if self._proven or time.monotonic() - began >= _PROVEN:
                waits = self._waits()
            connection = await self._reconnect(waits)

    def _waits(self) -> Iterator[float]:
        return self.back_off.waits(random.random)

    async def _reconnect(self, waits: Iterator[float]) -> Connection:
        for wait in waits:
            await asyncio.sleep(wait)
            try:
                return await self._connect()
            except (OSError, HandshakeFailed) as error:
                reason = str(error) or type(error).__name__
                write(self._runtime.log, logging.INFO, "%s: can't connect: %s", self.id, reason)
            except BaseException as error:  # of ssl contexts, resolvers, hooks: whatever it is, the next try follows
                if is_our_end(error):
                    raise
                write(self._runtime.log, logging.ERROR, "%s: can't connect", self.id, exc_info=error)
        raise AssertionError("the waits never end")

    # Registration (R40)

    @property
    def registration(self) -> str | None:
        """The last answer to the BootNotification: Accepted, Pending, Rejected; None before there was one (R40)."""
        return self._gate.status

    def _keep_silent(self, seconds: float) -> None:
        self._silence_ends = time.monotonic() + seconds
        self._resume_silence()

    def _resume_silence(self) -> None:
        """Keep silent for the rest of a rejection's interval, on the loop that runs now."""
        if self._silence is not None:
            self._silence.cancel()
        rest = max(0.0, self._silence_ends - time.monotonic())
        self._silence = asyncio.get_running_loop().call_later(rest, self._gate.end_silence)

    # Calls

    def _current(self) -> Connection:
        if self._connection is None or not self._connection.connected:
            raise Disconnected("not connected", delivered=False).at(self.id)
        return self._connection

    async def call(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> R:
        """Send a request and return its response; as `Station.call`.

        With a `queue`, a transaction message waits its turn there, offline too, and `timeout` bounds each of its tries.
        When it is given up, the error of the last try is raised. A cancelled call takes no message back.
        """
        delivery = self._delivery
        if delivery is not None and is_queued(request):
            return await delivery.call(request, timeout, check)
        boots = int(delivery is not None and request.__action__.name == BOOT)
        if delivery is not None:
            delivery.hold(boots)
        try:
            response = await self._current().call(request, timeout=timeout, check=check)
        except CallError:
            self._proven = True
            raise
        finally:
            if delivery is not None:
                delivery.hold(-boots)
        self._proven = True
        return response

    def call_threadsafe(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> concurrent.futures.Future[R]:
        """Make a call from another thread or event loop; as `Station.call_threadsafe`."""
        if self._loop is None or self._loop.is_closed():
            raise Disconnected("not connected", delivered=False).at(self.id)
        return asyncio.run_coroutine_threadsafe(self.call(request, timeout=timeout, check=check), self._loop)

    def send(self, notification: Notification) -> asyncio.Future[None]:
        """Send an unconfirmed message; as `Station.send`."""
        return self._current().send(notification)

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer; as `Station.transfer`."""
        return await self._current().transfer(payload, timeout=timeout)

    def expect(
        self, request: type[Q], predicate: Callable[[Q], object] | None = None, *, timeout: float = 30.0
    ) -> asyncio.Future[Q]:
        """Wait for a request of the central system on this connection; as `Station.expect`."""
        return self._current().expect(request, predicate, timeout=timeout)

    @property
    def v16(self) -> v16.ChargePointShortcuts:
        """The calls of OCPP 1.6 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v16.ChargePointShortcuts = self._shortcuts("1.6")
        return shortcuts

    @property
    def v201(self) -> v201.ChargePointShortcuts:
        """The calls of OCPP 2.0.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v201.ChargePointShortcuts = self._shortcuts("2.0.1")
        return shortcuts

    @property
    def v21(self) -> v21.ChargePointShortcuts:
        """The calls of OCPP 2.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v21.ChargePointShortcuts = self._shortcuts("2.1")
        return shortcuts

    def _shortcuts(self, number: str) -> Any:
        if self.version.number != number:
            raise VersionMismatch(f"OCPP {self.version.number} was negotiated, not {number}").at(self.id)
        return self.version.station_shortcuts(self.call, self.send)
