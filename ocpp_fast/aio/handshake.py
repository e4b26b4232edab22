"""The opening handshakes of both sides.

The server's decides on identity, credentials and subprotocol, in that order (R30-R33); nothing of a station exists
before it is authenticated. The client's offers its subprotocols and waits for the server's choice.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final, Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..errors import HandshakeFailed
from ..schema import Version
from .arguments import is_identity
from .hooks import Tasks
from .security import WEBSOCKET_LOG, Auth, Handshake, Headers, Verdict
from .transport import CloseCode, TransportOwner
from .websocket import Pause, WebSocket

__all__ = ["ClientWebSocket", "HandshakeOwner", "Identify", "ServerWebSocket", "identity_of"]

O = TypeVar("O", bound=TransportOwner)  # noqa: E741  # an owner

# No context takeover, a small window: an idle connection keeps no compressor (R37).
_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    compress_settings={"level": 1, "memLevel": 5},
)


Identify: TypeAlias = Callable[[str, Headers], str | None]
"""Tells the identity that a request's path and headers name, or None for none (R32)."""


def identity_of(path: str, headers: Headers) -> str | None:
    """Return the identity in a request's path: its last segment, percent-decoded once; None if invalid (R32)."""
    segment = path.partition("?")[0].rpartition("/")[2]
    try:
        identity = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    return identity if is_identity(identity) else None


class HandshakeOwner(Protocol):
    """Decides on handshakes and takes over accepted connections: the central system."""

    auth: Auth
    tasks: Tasks
    log: logging.Logger
    stopping: bool
    max_message_size: int
    open_timeout: float
    close_timeout: float
    refuse_unknown_subprotocols: bool

    identify: Identify

    def version_of(self, subprotocol: str | None) -> Version | None:
        """Return the version of a subprotocol, if it is spoken."""
        ...

    def admits(self, handshake: Handshake) -> bool:
        """Whether an authenticated station may connect now (R36)."""
        ...

    def registration_of(self, identity: str) -> str | Awaitable[str | None] | None:
        """Return the registration of a station that is let in, or what to await for it (R40)."""
        ...

    def arrived(
        self, websocket: ServerWebSocket, handshake: Handshake, version: Version, status: str | None
    ) -> TransportOwner:
        """Take over a connection whose handshake is done; return the owner of its messages."""
        ...


class ServerWebSocket(WebSocket):
    """A connection to the central system, from its handshake on."""

    def __init__(self, owner: HandshakeOwner, open_sockets: set[ServerWebSocket]) -> None:
        self._central = owner
        self._open_sockets = open_sockets
        self._decision: asyncio.Task[None] | None = None
        self._server = ServerProtocol(
            extensions=[_DEFLATE],
            select_subprotocol=lambda _, offered: self._select(offered),
            max_size=owner.max_message_size,
            logger=WEBSOCKET_LOG,
        )
        super().__init__(self._server, open_timeout=owner.open_timeout, close_timeout=owner.close_timeout)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_sockets.add(self)
        super().connection_made(transport)
        if self._central.stopping:  # it was accepted before, and comes to be known only now
            self.transport.abort()

    def disconnected(self) -> None:
        self._open_sockets.discard(self)
        if self._decision is not None:
            self._decision.cancel()

    def handshake_too_large(self) -> None:
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def handshake_event(self, event: Request | Response) -> None:
        assert isinstance(event, Request)
        with self._hooks_guarded():
            identity = self._central.identify(event.path, event.headers)
            if identity is None:
                self._refuse(HTTPStatus.NOT_FOUND)
                return
            handshake = Handshake(identity, event.path, event.headers, self.peer, _offered(event))
            verdict = self._central.auth.authenticate(handshake)
            if isinstance(verdict, Verdict):
                status = self._decide(event, handshake, verdict)
                later = None if status is None else self._accept_later(event, handshake, status)
            else:
                later = self._decide_later(event, handshake, verdict)
            if later is not None:
                self._pause(Pause.HANDSHAKE)
                self._decision = self._central.tasks.start(later)

    async def _decide_later(self, request: Request, handshake: Handshake, verdict: Awaitable[Verdict]) -> None:
        try:
            with self._hooks_guarded():
                status = self._decide(request, handshake, await verdict)
                if status is not None:
                    self._accept(request, handshake, await status)
        finally:
            self._decided()

    async def _accept_later(self, request: Request, handshake: Handshake, status: Awaitable[str | None]) -> None:
        try:
            with self._hooks_guarded():
                self._accept(request, handshake, await status)
        finally:
            self._decided()

    def _decided(self) -> None:
        self._decision = None
        self._resume(Pause.HANDSHAKE)

    @contextmanager
    def _hooks_guarded(self) -> Iterator[None]:
        """Log what a user's hook raises, and answer the station with 500."""
        try:
            yield
        except asyncio.CancelledError:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            raise
        except Exception:  # what a user's code raises
            self._central.log.exception("the handshake with %s failed", self.peer)
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _decide(self, request: Request, handshake: Handshake, verdict: Verdict) -> Awaitable[str | None] | None:
        """Act on a verdict; return what is to be awaited before the station is let in."""
        if verdict is Verdict.ACCEPTED:
            status = self._central.registration_of(handshake.identity)
            if inspect.isawaitable(status):
                return status
            self._accept(request, handshake, status)
        elif verdict is Verdict.UNKNOWN:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif verdict is Verdict.UNAUTHORIZED:
            self._refuse(HTTPStatus.UNAUTHORIZED)
        else:
            raise TypeError(f"expected a Verdict of the auth, not {verdict!r}")
        return None

    def _accept(self, request: Request, handshake: Handshake, status: str | None) -> None:
        if self._has_ended():
            return
        if not self._central.admits(handshake):
            self._refuse(HTTPStatus.CONFLICT)
            return
        response = self._server.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(response)
            return
        version = self._central.version_of(self._server.subprotocol)
        if version is not None:
            owner = self._central.arrived(self, handshake, version, status)
            self._answer(response)
            self.opened(owner)
        elif self._central.refuse_unknown_subprotocols:
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._answer(response)
            self.close(CloseCode.PROTOCOL_ERROR, "no common subprotocol")

    def _select(self, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Pick the first subprotocol of the client's that is spoken here (R30)."""
        return next((each for each in offered if self._central.version_of(each) is not None), None)

    def _refuse(self, status: HTTPStatus) -> None:
        if self._has_ended():
            return
        response = self._server.reject(status, f"{status.phrase}\n")
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
        self._answer(response)

    def _answer(self, response: Response) -> None:
        self._server.send_response(response)
        self._flush()

    def _has_ended(self) -> bool:
        """Whether it is too late for an answer: the client has left, or has broken the protocol meanwhile."""
        return self._lost or self._server.eof_sent


def _offered(request: Request) -> tuple[str, ...]:
    values = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return tuple(each.strip() for each in values.split(",") if each.strip())


class ClientWebSocket(WebSocket, Generic[O]):
    """A station's connection; `handshake` is done when the server has answered, with what `connected` made of it.

    `connected` is called with the subprotocol that the server chose, and returns who gets the messages, or None if it
    is not one that was offered. `authorization` is sent as the header of that name.
    """

    def __init__(
        self,
        url: str,
        subprotocols: Sequence[str],
        connected: Callable[[ClientWebSocket[O], str | None], O | None],
        *,
        authorization: str | None,
        max_message_size: int,
        open_timeout: float,
        close_timeout: float,
    ) -> None:
        self._client = ClientProtocol(
            parse_uri(url),
            subprotocols=[Subprotocol(each) for each in subprotocols],
            max_size=max_message_size,
            logger=WEBSOCKET_LOG,
        )
        super().__init__(self._client, open_timeout=open_timeout, close_timeout=close_timeout)
        self._authorization = authorization
        self._connected = connected
        self.handshake: asyncio.Future[O] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        request = self._client.connect()
        if self._authorization is not None:
            request.headers["Authorization"] = self._authorization
        self._client.send_request(request)
        self._flush()

    def handshake_event(self, event: Request | Response) -> None:
        error = self._client.handshake_exc
        if error is not None:
            status = error.response.status_code if isinstance(error, InvalidStatus) else None
            self._give_up(HandshakeFailed(str(error), status))
            self.close(CloseCode.PROTOCOL_ERROR)
        elif not self.handshake.done():
            owner = self._connected(self, self._client.subprotocol)
            if owner is None:
                self._give_up(HandshakeFailed("the server chose no subprotocol"))
                self.close(CloseCode.PROTOCOL_ERROR)
            else:
                self.opened(owner)
                self.handshake.set_result(owner)

    def disconnected(self) -> None:
        self._give_up(HandshakeFailed(str(self._client.handshake_exc or "the connection ended during the handshake")))

    def _give_up(self, error: HandshakeFailed) -> None:
        if not self.handshake.done():
            self.handshake.set_exception(error)
