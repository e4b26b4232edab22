"""A central system as an ASGI application: on the port of a web application, under any ASGI server.

    app = FastAPI(lifespan=ocpp.lifespan)
    app.mount("/ocpp", ocpp)  # where `ocpp = App(central)`

The rules are those of the central system's own port: who is refused is so before the WebSocket is accepted, with the
status of the refusal where the server has the extension `websocket.http.response`, else with 403. Pings, the size of
frames and compression are the server's: set them there.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, TypeAlias, cast
from urllib.parse import quote

from websockets.datastructures import Headers

from .aio.admission import NO_WEBSOCKET, Admission, Admitted, Offer, no_common_subprotocol
from .aio.authentication import NoAuth
from .aio.central_system import CentralRuntime, CentralSystem
from .aio.events import Limit
from .aio.logs import write
from .aio.transport import CloseCode, TransportOwner
from .aio.upgrade import UpgradeRequest, mend, offered_in
from .errors import HandshakeRefused
from .schema import Version

__all__ = ["App"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_HIGH_WATER: Final = 64 * 1024
"""So many bytes may wait to be sent before no more messages are read."""


class App:
    """A central system as an ASGI application.

    Connections are taken at once. `lifespan` ends the central system with the application: handlers that run get
    `grace` seconds, and can answer if the server has kept the connections until then, which are closed with 1001. A web
    application that mounts this passes it on; alone under an ASGI server it needs nothing.
    """

    def __init__(self, central: CentralSystem, *, grace: float = 5.0) -> None:
        if not isinstance(central, CentralSystem):
            raise TypeError(f"central: expected a CentralSystem, not {central!r}")
        self.central = central
        self._grace = grace
        self._transports: set[Transport] = set()
        self._told = False

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Stop the central system gracefully when the context ends: the `lifespan` of a web application."""
        async with self.central._running(self._grace) as closing:
            closing.append(self._transports)
            yield

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Take one connection, as ASGI has it."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            Admission(self.central._runtime, _offer(scope)).refuse(426, NO_WEBSOCKET)
            headers = [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
            await _respond(send, "http", HTTPStatus.UPGRADE_REQUIRED, headers)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            raise ValueError(f"ASGI has no scope {scope['type']!r} here")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            try:
                await stack.enter_async_context(self.lifespan())
            except RuntimeError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _websocket(self, scope: Message, receive: Receive, send: Send) -> None:
        runtime = self.central._runtime
        if runtime.loop is None:  # mounted without the lifespan
            runtime.loop = asyncio.get_running_loop()
        await receive()  # the client's request for a connection
        following = asyncio.ensure_future(receive())
        offer, refusal = _mended(_offer(scope), runtime)
        admission = Admission(runtime, offer)
        decision = asyncio.create_task(self._decide(admission, scope, refusal))
        try:
            await asyncio.wait((following, decision), timeout=runtime.open_timeout, return_when=asyncio.FIRST_COMPLETED)
            if decision.done():
                outcome = decision.result()
            elif following.done():
                admission.refuse(None, "it left before the handshake was complete")
                return
            else:
                outcome = HandshakeRefused(503, f"not complete within {runtime.open_timeout:g} s")
                runtime.limit_reached(Limit.OPEN_TIMEOUT, None, admission.address, outcome.reason)
                admission.refuse(outcome.status, outcome.reason)
            if isinstance(outcome, HandshakeRefused):
                await self._refuse(scope, send, outcome)
            elif outcome.version is None:
                admission.refuse(101, no_common_subprotocol(outcome.handshake.subprotocols))
                await send({"type": "websocket.accept"})
                close = {"code": int(CloseCode.PROTOCOL_ERROR), "reason": "no common subprotocol"}
                await send({"type": "websocket.close", **close})
            else:
                await self._serve(runtime, outcome, outcome.version, following, receive, send)
        finally:
            for each in (following, decision):
                each.cancel()
            await asyncio.wait((following, decision))

    async def _decide(
        self, admission: Admission, scope: Message, refusal: HandshakeRefused | None
    ) -> Admitted | HandshakeRefused:
        """Decide on a handshake; where the server listens to more than this machine, `NoAuth()` lets nobody in."""
        runtime = self.central._runtime
        if refusal is not None:
            admission.refuse(refusal.status, refusal.reason)
            return refusal
        if isinstance(runtime.auth, NoAuth):
            try:
                runtime.auth.check_served((scope.get("server") or ())[:1], runtime.log)
            except ValueError as error:
                if not self._told:
                    self._told = True
                    write(runtime.log, logging.ERROR, "%s", error)
                refusal = HandshakeRefused(HTTPStatus.FORBIDDEN, str(error))
                admission.refuse(refusal.status, refusal.reason)
                return refusal
        return await admission.decide()

    async def _refuse(self, scope: Message, send: Send, refusal: HandshakeRefused) -> None:
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": int(CloseCode.POLICY_VIOLATION), "reason": ""})
            return
        headers: list[tuple[bytes, bytes]] = []
        if refusal.status is HTTPStatus.UNAUTHORIZED:
            headers.append((b"www-authenticate", b'Basic realm="ocpp", charset="UTF-8"'))
        await _respond(send, "websocket.http", refusal.status, headers)

    async def _serve(
        self,
        runtime: CentralRuntime,
        admitted: Admitted,
        version: Version,
        following: asyncio.Future[Message],
        receive: Receive,
        send: Send,
    ) -> None:
        handshake = admitted.handshake
        transport = Transport(runtime, handshake.certificate, handshake.remote_address)
        self._transports.add(transport)
        try:
            transport.owner = runtime.arrived(transport, admitted, version)
            await send({"type": "websocket.accept", "subprotocol": admitted.subprotocol})
            await transport.run(following, receive, send)
        finally:
            self._transports.discard(transport)
            transport.ended()


async def _respond(send: Send, kind: str, status: HTTPStatus, headers: list[tuple[bytes, bytes]]) -> None:
    body = f"{status.phrase}\n".encode()
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": f"{kind}.response.start", "status": status.value, "headers": plain + headers})
    await send({"type": f"{kind}.response.body", "body": body})


def _mended(offer: Offer, runtime: CentralRuntime) -> tuple[Offer, HandshakeRefused | None]:
    """Return a handshake as the hooks mend it, and the refusal that it ends with in one."""
    if not runtime.upgrade_hooks:
        return offer, None
    headers = cast(Headers, offer.headers)
    given = UpgradeRequest(offer.path, headers, offer.peer)
    refusal = mend(runtime.upgrade_hooks, given, runtime.log)
    return offer._replace(path=given.path, subprotocols=offered_in(headers)), refusal


def _offer(scope: Message) -> Offer:
    """Return the handshake of a connection."""
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
    if scope.get("query_string"):
        path += "?" + scope["query_string"].decode("latin-1")
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    client = scope.get("client")
    chain = ((scope.get("extensions") or {}).get("tls") or {}).get("client_cert_chain")
    return Offer(
        path,
        headers,
        tuple(scope.get("subprotocols") or ()),
        (client[0], client[1]) if client and client[1] is not None else None,
        ssl.PEM_cert_to_DER_cert(chain[0]) if chain else None,
        scope.get("scheme") == "wss",
    )


class Transport:
    """Carries the messages of one connection; what is sent waits in a queue that a task empties."""

    owner: TransportOwner | None = None

    def __init__(self, runtime: CentralRuntime, certificate: bytes | None, peer: Any) -> None:
        self.certificate = certificate
        self.peer = peer
        self.failed = False
        self._close_timeout = runtime.close_timeout
        self._log = runtime.log
        self._max_size = runtime.max_message_size
        self._outgoing: deque[bytes] = deque()
        self._waiting = 0
        self._something = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._paused = False
        self._close: tuple[int, str] | None = None
        self._runner: asyncio.Task[Any] | None = None
        self._closing = asyncio.Event()
        self._closed = asyncio.Event()

    # The owner calls

    def send(self, raw: bytes) -> None:
        """Send a text message, in UTF-8. Does nothing when the connection is closing."""
        if self.owner is not None and self._close is None:
            self._outgoing.append(raw)
            self._waiting += len(raw)
            self._something.set()
            self._check_reading()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Start the closing handshake, behind what is to be sent."""
        if self._close is None:
            self._close = code, reason
            self._closing.set()
            self._something.set()
            self._readable.set()
            self._tell_end(code, reason)

    def abort(self) -> None:
        """Cut the connection, as far as an ASGI server lets an application do that."""
        self.close(CloseCode.INTERNAL_ERROR)
        if self._runner is not None:
            self._runner.cancel()

    def pause(self) -> None:
        """Hand over no more messages, until `resume`."""
        self._paused = True
        self._check_reading()

    def resume(self) -> None:
        """Hand over messages again."""
        self._paused = False
        self._check_reading()

    def trust(self) -> None:
        """Change nothing: an ASGI server bounds messages itself."""

    async def answers(self, seconds: float) -> bool:
        """Return False: pings are the ASGI server's."""
        return False

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        await self._closed.wait()

    # The application calls

    async def run(self, following: asyncio.Future[Message], receive: Receive, send: Send) -> None:
        """Carry messages until the connection ends; `following` is the first one."""
        self._runner = asyncio.create_task(self._read(following, receive))
        tasks = (self._runner, asyncio.create_task(self._write(send)), asyncio.create_task(self._closing.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not self._runner.done():  # closed from here: the client has a while to take what is left, and to agree
                await asyncio.wait([self._runner], timeout=self._close_timeout)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, OSError):
                    write(self._log, logging.ERROR, "%s: the connection failed", self.peer, exc_info=error)

    def ended(self) -> None:
        """The connection is gone."""
        self._tell_end(CloseCode.ABNORMAL, "")
        self._closed.set()

    async def _read(self, following: Awaitable[Message], receive: Receive) -> None:
        while True:
            await self._readable.wait()
            message = await following
            if message["type"] == "websocket.disconnect":
                self._close = self._close or (CloseCode.NORMAL, "")
                self._tell_end(message.get("code") or CloseCode.ABNORMAL, message.get("reason") or "")
                return
            if self.owner is not None:
                self._take(self.owner, message.get("text"))
            following = receive()

    def _take(self, owner: TransportOwner, text: str | None) -> None:
        if text is None:
            self._fail(CloseCode.UNSUPPORTED_DATA, "expected text")
            return
        raw = text.encode("utf-8", "surrogatepass")
        if len(raw) > self._max_size:
            owner.limit_reached(Limit.MESSAGE_SIZE, "closed with 1009")
            self._fail(CloseCode.TOO_BIG, f"expected at most {self._max_size} bytes")
        else:
            owner.message_received(raw)

    async def _write(self, send: Send) -> None:
        while self._outgoing or self._close is None:
            if not self._outgoing:
                self._something.clear()
                await self._something.wait()
                continue
            raw = self._outgoing.popleft()
            await send({"type": "websocket.send", "text": raw.decode()})
            self._waiting -= len(raw)
            self._check_reading()
        code, reason = self._close
        await send({"type": "websocket.close", "code": int(code), "reason": reason})

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.failed = True
        self.close(code, reason)

    def _check_reading(self) -> None:
        if (self._paused or self._waiting > _HIGH_WATER) and self._close is None:
            self._readable.clear()
        else:
            self._readable.set()

    def _tell_end(self, code: int, reason: str) -> None:
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.transport_closed(code, reason)
