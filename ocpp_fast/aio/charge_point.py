"""The charge point: a client that connects to a central system, and again when the connection is lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import ssl as tls
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import EllipsisType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..errors import Disconnected, VersionMismatch
from ..policy import STRICT, Policy
from ..queueing import AfterRestart, Retries, TransactionQueue, is_queued
from ..registration import BOOT, StationGate
from ..routing import Routes
from ..schema import DataTransfer, Notification, Request, Response, Sender, Struct, Version
from .address import NetworkProfile, profiles_of
from .arguments import check_address, check_final, check_identity, check_interval, check_policy, check_size, versions_of
from .backoff import BackOff
from .calls import check_loop
from .connection import Connection
from .delivery import Delivery
from .endpoint import F, Runtime, VersionModule
from .queued import QueuedMessages
from .transport import CloseCode, Transport
from .uplink import StationConnection, Uplink

if TYPE_CHECKING:
    from .. import v16, v21, v201
    from ..signing import Signing

__all__ = ["ChargePoint"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)
Q = TypeVar("Q", bound=Request[Any] | Notification)


class ChargePoint(QueuedMessages):
    """A station: connects to a central system, calls it and answers it.

    - `id` is its identity, which is put into the path of `url`, the central system's; `versions` are offered, the
      preferred one first.
    - `url` may be a list, of URLs and `NetworkProfile`s: each is dialled `attempts` times in a row, then the next.
    - `password` is sent by HTTP basic authentication (R34), in place of user info in the URL. `ssl` replaces the
      default context of `wss://`. The security profile never sinks below that of the lowest of `url`, nor below one
      that it has connected with.
    - While the context lasts (`async with charge_point:`) a lost connection is made again, after the waits of
      `back_off` (R42). It can be entered again when it has ended, on another event loop, too. `wait_for_server` waits
      so for the first connection, too; `start_offline` lets it be made later.
    - `final` are HTTP statuses and exceptions after which a central system is dialled no more.
    - `local_address` is an IP address of this machine to connect from; None leaves the choice to the system.
    - `compression` offers permessage-deflate (R37). `policy` says what is tolerated.
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
        url: str | NetworkProfile | Sequence[str | NetworkProfile],
        *,
        versions: Sequence[VersionModule | Version],
        password: bytes | None = None,
        ssl: tls.SSLContext | None = None,
        back_off: BackOff = BackOff(),  # noqa: B008  # immutable
        attempts: int = 3,
        wait_for_server: bool = False,
        start_offline: bool = False,
        final: Collection[int | type[Exception]] = (),
        local_address: str | None = None,
        compression: bool = False,
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
        self._uplink = Uplink(
            runtime,
            id,
            profiles_of(url),
            self._new_connection,
            password=password,
            ssl=ssl,
            back_off=back_off,
            attempts=check_size("attempts", attempts),
            final=check_final(final),
            local=None if local_address is None else (check_address("local_address", local_address), 0),
            compression=compression,
        )
        self._wait_for_server = wait_for_server
        self._start_offline = start_offline
        self._gate = StationGate(self._keep_silent)
        self._silence_ends = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self._delivery: Delivery | None = None
        if queue is not None:
            self._delivery = Delivery(self, queue, retries, AfterRestart(after_restart))
            self._uplink.connected_hook = self._delivery.wake

    # What it connects with

    @property
    def url(self) -> str:
        """The URL that is connected or dialled next, with the identity and without user info."""
        return self._uplink.plan.address.url

    @property
    def password(self) -> bytes | None:
        """The password that is sent from the next connection on; None sends none. Set it, when it is renewed."""
        return self._uplink.plan.password

    @password.setter
    def password(self, password: bytes | None) -> None:
        self._uplink.renew(password, self.ssl)

    @property
    def ssl(self) -> tls.SSLContext | None:
        """The context of `wss://` from the next connection on; None is the default one."""
        return self._uplink.plan.ssl

    @ssl.setter
    def ssl(self, ssl: tls.SSLContext | None) -> None:
        self._uplink.renew(self.password, ssl)

    @property
    def back_off(self) -> BackOff:
        """The waits, from when they start anew."""
        return self._uplink.back_off

    @back_off.setter
    def back_off(self, back_off: BackOff) -> None:
        self._uplink.back_off = back_off

    @property
    def ping_interval(self) -> float:
        """Seconds between pings, 0 if there are none; may be set at any time."""
        return self._runtime.ping_interval

    @ping_interval.setter
    def ping_interval(self, seconds: float) -> None:
        self._runtime.ping_interval = check_interval("ping_interval", seconds)
        if self._loop is not None:
            self._uplink.sockets.ping_every(self._runtime.ping_interval)

    @property
    def security_profile(self) -> int:
        """The lowest security profile that it connects with: that of `url`, or a higher one that it has connected with.

        It is 0 to 3, as SecurityProfile of OCPP; 3 needs a certificate of `client_context`.
        """
        return self._uplink.security_profile

    # The connection

    @property
    def _loop(self) -> asyncio.AbstractEventLoop | None:
        return self._uplink.loop

    async def __aenter__(self) -> Self:
        """Connect. Raises `OSError` or `OcppError` when that fails: of several central systems, the last one's error.

        With `wait_for_server` that is when each has failed for good, with `start_offline` never. Raises `RuntimeError`
        while it is entered already.
        """
        if self._loop is not None:
            raise RuntimeError(f"{self.id} is connected already: `async with` can't be entered twice at a time")
        self._uplink.enter()
        self._runtime.stopping = False
        self._resume_silence()
        try:
            if self._delivery is not None:
                await self._delivery.open()
            with self._queue_held(True):  # who enters may boot before anything of the queue is sent
                await self._uplink.connect(patient=self._wait_for_server, in_background=self._start_offline)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runtime.stopping = True
        if self._delivery is not None:
            await self._delivery.close()
        await self._uplink.disconnect(CloseCode.NORMAL, "")
        if self._silence is not None:
            self._silence.cancel()
        await self._runtime.tasks.finish(grace=0)
        self._uplink.leave()

    async def disconnect(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the connection, and make none until `reconnect`; the context goes on. Pending calls fail."""
        self._check_entered()
        await self._uplink.disconnect(code, reason)

    async def abort(self) -> None:
        """Cut the connection without a Close frame (1006), as a network does that fails; it is made again likewise."""
        self._check_entered()
        if self._connection is not None:
            await self._connection.abort()

    async def reconnect(
        self,
        url: str | NetworkProfile | Sequence[str | NetworkProfile] | None = None,
        *,
        password: bytes | EllipsisType | None = ...,
        ssl: tls.SSLContext | EllipsisType | None = ...,
    ) -> None:
        """Close the connection if there is one, and connect at once, with what is given in place of what was.

        What is left out stays. Of several central systems each is dialled once. If none takes the station, it goes back
        to what it had before, connects with that after the waits of `back_off`, and this raises the last `OSError` or
        `OcppError`. Raises `ValueError`, with the connection as it is, for a lower `security_profile` (A05).
        """
        self._check_entered()
        await self._uplink.reconnect(
            self._uplink.plan.dialling.places if url is None else profiles_of(url),
            self.password if password is ... else password,
            self.ssl if ssl is ... else ssl,
        )

    def _check_entered(self) -> None:
        if self._loop is None:
            raise RuntimeError(f"{self.id} is steered within its context only: `async with`")
        check_loop(self._loop, self.id)

    def on_reconnect(self, hook: F) -> F:
        """Register a function to be called before each try to connect again; a decorator.

        It may set `password`, `ssl` and `back_off`, or reload a context, for that try, which waits for an async one,
        `open_timeout` seconds at most.
        """
        self._uplink.reconnect_hooks.append(hook)
        return hook

    def on_connect_failed(self, hook: F) -> F:
        """Register a function of the error of each try that fails, an `OSError` or an `OcppError`; a decorator.

        A `HandshakeFailed` has the status and the reason of a refusal; if no version is in common, it is a
        `NoCommonVersion`.
        """
        self._uplink.failed_hooks.append(hook)
        return hook

    @property
    def _connection(self) -> Connection | None:
        return self._uplink.connection

    @property
    def connected(self) -> bool:
        """Whether calls can be made now."""
        return self._connection is not None and self._connection.connected

    @property
    def close_code(self) -> int | None:
        """The code that the last connection was closed with (1006 without a clean close); None while connected."""
        return None if self._connection is None else self._connection.close_code

    @property
    def close_reason(self) -> str:
        """The reason that the last connection was closed with."""
        return "" if self._connection is None else self._connection.close_reason

    @property
    def version(self) -> Version:
        """The negotiated version. Raises `Disconnected`."""
        return self._current().version

    async def wait_connected(self) -> None:
        """Wait until calls can be made; bound the wait with `asyncio.timeout`.

        Raises `Disconnected`, whose cause says why, when every central system has refused for good (`final`).
        """
        if self._loop is not None:
            check_loop(self._loop, self.id)
        while not self.connected:
            if self._uplink.gave_up is not None:
                raise Disconnected("refused for good", delivered=False).at(self.id) from self._uplink.gave_up
            await self._uplink.news()

    def _new_connection(self, transport: Transport, subprotocol: str | None) -> StationConnection | None:
        version = self._runtime.version_of(subprotocol)
        if version is None:
            return None
        policy = self._runtime.policy
        connection = StationConnection(self._runtime, transport, version, policy, self._gate, identity=self.id)
        connection.answered, connection.since = False, connection._loop.time()
        connection._speaker = self
        return connection

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
        with self._queue_held(request.__action__.name == BOOT):
            return await self._current().call(request, timeout=timeout, check=check)

    def _queue_held(self, held: bool) -> AbstractContextManager[None]:
        return self._delivery.held() if held and self._delivery is not None else nullcontext()

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
