"""The charge point: a client that connects to a central system, and again when the connection is lost."""

from __future__ import annotations

import asyncio
import random
import ssl as tls
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response as HttpResponse
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..errors import Disconnected, HandshakeFailed, VersionMismatch
from ..registration import StationGate
from ..schema import DataTransfer, Notification, Request, Response, Sender, Struct, Version
from .backoff import BackOff
from .connection import Connection
from .endpoint import Endpoint, VersionModule
from .keepalive import Keepalive
from .security import WEBSOCKET_LOG, authorization
from .websocket import WebSocket

if TYPE_CHECKING:
    from .. import v16, v21, v201

__all__ = ["ChargePoint"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)


class ClientWebSocket(WebSocket):
    """A station's connection; `handshake` is done when the server has answered."""

    def __init__(self, station: ChargePoint, client: ClientProtocol) -> None:
        super().__init__(client, open_timeout=station.open_timeout, close_timeout=station.close_timeout)
        self._station = station
        self._client = client
        self.handshake: asyncio.Future[Connection] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        request = self._client.connect()
        if self._station.password is not None:
            request.headers["Authorization"] = authorization(self._station.id, self._station.password)
        self._client.send_request(request)
        self._flush()

    def handshake_event(self, event: HttpRequest | HttpResponse) -> None:
        error = self._client.handshake_exc
        version = self._station.version_of(self._client.subprotocol)
        if error is not None or version is None:
            status = error.response.status_code if isinstance(error, InvalidStatus) else None
            self._give_up(HandshakeFailed(str(error or "the server chose no subprotocol"), status))
            self.close(1002)
        elif not self.handshake.done():
            station = self._station
            connection = Connection(station, self, version, station.policy, station.gate, identity=station.id)
            connection.speaker = station
            self.opened(connection)
            self.handshake.set_result(connection)

    def disconnected(self) -> None:
        self._give_up(HandshakeFailed(str(self._client.handshake_exc or "the connection ended during the handshake")))

    def _give_up(self, error: HandshakeFailed) -> None:
        if not self.handshake.done():
            self.handshake.set_exception(error)


class ChargePoint(Endpoint):
    """A station: connects to a central system, calls it and answers it.

    `url` is the central system's, to which the identity is appended. While the context lasts (`async with station:`) a
    lost connection is made again, after the waits of `back_off` (R42). `password` is sent by HTTP basic authentication
    (R34). `ssl` replaces the default context of `wss://`. The central system is pinged every `ping_interval` seconds
    (WebSocketPingInterval; 0 is off), and taken for gone when it does not answer (R38).
    """

    role = Sender.STATION

    def __init__(
        self,
        id: str,  # noqa: A002  # the public name
        url: str,
        *,
        versions: Sequence[VersionModule | Version],
        password: bytes | None = None,
        back_off: BackOff = BackOff(),  # noqa: B008  # immutable
        ping_interval: float = 60.0,
        ssl: tls.SSLContext | None = None,
        **options: Any,
    ) -> None:
        super().__init__(versions, **options)
        self.id = id
        self.url = f"{url.rstrip('/')}/{quote(id, safe='')}"
        self.password = password
        self.back_off = back_off
        self.ping_interval = ping_interval
        self.gate = StationGate(self._keep_silent)
        self._silence: asyncio.TimerHandle | None = None
        self._ssl = ssl
        self._connection: Connection | None = None
        self._websockets: list[WebSocket] = []  # the one in use, or none
        self._runner: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    # The connection

    async def __aenter__(self) -> Self:
        """Connect. Raises `HandshakeFailed`, `OSError` or `TimeoutError` when the first try fails."""
        self.stopping = False
        self._connected = asyncio.Event()  # it belongs to one event loop
        connection = await self._connect()
        self._runner = asyncio.create_task(self._keep_connected(connection))
        self._keepalive = Keepalive(self.ping_interval, lambda: self._websockets)
        self._keepalive.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping = True
        assert self._runner is not None
        self._runner.cancel()
        await asyncio.wait([self._runner])
        self._keepalive.stop()
        if self._connection is not None:
            await self._connection.close()
        await self.tasks.finish(grace=0)

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
        while not self.connected:
            self._connected.clear()
            await self._connected.wait()

    async def _connect(self) -> Connection:
        uri = parse_uri(self.url)
        client = ClientProtocol(
            uri,
            subprotocols=[Subprotocol(each.subprotocol) for each in self.versions],
            max_size=self.max_message_size,
            logger=WEBSOCKET_LOG,
        )
        context = (self._ssl or tls.create_default_context()) if uri.secure else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self.open_timeout):
            _, websocket = await loop.create_connection(
                lambda: ClientWebSocket(self, client), uri.host, uri.port, ssl=context
            )
            try:
                connection = self._connection = await websocket.handshake
            except BaseException:
                websocket.transport.abort()
                raise
        self._websockets = [websocket]
        self._connected.set()
        self.tasks.run(self.connect_hooks)
        return connection

    async def _keep_connected(self, connection: Connection) -> None:
        while True:
            await connection.wait_closed()
            connection = await self._reconnect()

    async def _reconnect(self) -> Connection:
        for wait in self.back_off.waits(random.random):
            await asyncio.sleep(wait)
            try:
                return await self._connect()
            except (OSError, HandshakeFailed) as error:
                self.log.info("%s: can't connect: %s", self.id, error)
        raise AssertionError("the waits never end")

    def _keep_silent(self, seconds: float) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(seconds, self.gate.end_silence)

    def _current(self) -> Connection:
        if self._connection is None or not self._connection.connected:
            raise Disconnected(f"{self.id} is not connected")
        return self._connection

    # Calls

    async def call(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> R:
        """Send a request and return its response; as `Station.call`."""
        return await self._current().call(request, timeout=timeout, check=check)

    def send(self, notification: Notification) -> asyncio.Future[None]:
        """Send a message that wants no answer; as `Station.send`."""
        return self._current().send(notification)

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer; as `Station.transfer`."""
        return await self._current().transfer(payload, timeout=timeout)

    @property
    def registration(self) -> str | None:
        """What the last BootNotification was answered: Accepted, Pending, Rejected; None before there was one (R40)."""
        return self.gate.status

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
            raise VersionMismatch(f"{self.version.number} was negotiated, not {number}")
        return self.version.station_shortcuts(self.call, self.send)
