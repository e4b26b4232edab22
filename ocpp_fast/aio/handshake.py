"""The opening handshake of the server: identity, credentials, subprotocol, in that order (R30-R33)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ..schema import Version
from .hooks import Tasks
from .security import WEBSOCKET_LOG, Auth, Handshake, Verdict
from .websocket import MessageOwner, Pause, WebSocket

__all__ = ["Gate", "ServerWebSocket", "identity_of"]

_MAX_IDENTITY: Final = 48
_FORBIDDEN: Final = frozenset("/\\:%?#")
# No context takeover, a small window: an idle connection keeps no compressor (R37).
_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    compress_settings={"level": 1, "memLevel": 5},
)


Identify: TypeAlias = Callable[[str, Headers], str | None]
"""Tells the identity that a request's path and headers name, or None for none (R32)."""


def identity_of(path: str, headers: Headers) -> str | None:
    """Return the identity in a request's path: its last segment, percent-decoded once; None if it is none (R32)."""
    segment = path.partition("?")[0].rpartition("/")[2]
    try:
        identity = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    if not 1 <= len(identity) <= _MAX_IDENTITY or identity in (".", ".."):
        return None
    if not identity.isprintable() or not _FORBIDDEN.isdisjoint(identity):
        return None
    return identity


class Gate(Protocol):
    """Who decides on handshakes, and takes over what they let in: the central system."""

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
        """Whether a station that is who it says may connect now (R36)."""
        ...

    def arrived(self, websocket: ServerWebSocket, handshake: Handshake, version: Version) -> MessageOwner:
        """Take over a connection whose handshake is done; return who gets its messages."""
        ...


class ServerWebSocket(WebSocket):
    """A connection to the central system, from its handshake on."""

    def __init__(self, gate: Gate, open_sockets: set[ServerWebSocket]) -> None:
        self._gate = gate
        self._open_sockets = open_sockets
        self._decision: asyncio.Task[None] | None = None
        self._server = ServerProtocol(
            extensions=[_DEFLATE],
            select_subprotocol=lambda _, offered: self._select(offered),
            max_size=gate.max_message_size,
            logger=WEBSOCKET_LOG,
        )
        super().__init__(self._server, open_timeout=gate.open_timeout, close_timeout=gate.close_timeout)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_sockets.add(self)
        super().connection_made(transport)
        if self._gate.stopping:  # it was accepted before, and comes to be known only now
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
            identity = self._gate.identify(event.path, event.headers)
            if identity is None:
                self._refuse(HTTPStatus.NOT_FOUND)
                return
            handshake = Handshake(identity, event.path, event.headers, self.peer_name(), _offered(event))
            verdict = self._gate.auth.authenticate(handshake)
            if isinstance(verdict, Verdict):
                self._decide(event, handshake, verdict)
            else:
                self.pause(Pause.HANDSHAKE)
                self._decision = self._gate.tasks.start(self._decide_later(event, handshake, verdict))

    async def _decide_later(self, request: Request, handshake: Handshake, verdict: Awaitable[Verdict]) -> None:
        try:
            with self._hooks_guarded():
                self._decide(request, handshake, await verdict)
        finally:
            self._decision = None
            self.resume(Pause.HANDSHAKE)

    @contextmanager
    def _hooks_guarded(self) -> Iterator[None]:
        """What a user's hook raises goes to the log, and 500 to the station."""
        try:
            yield
        except asyncio.CancelledError:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            raise
        except Exception:  # what a user's code raises
            self._gate.log.exception("the handshake with %s failed", self.peer_name())
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _decide(self, request: Request, handshake: Handshake, verdict: Verdict) -> None:
        if verdict is Verdict.ACCEPTED:
            if self._gate.admits(handshake):
                self._accept(request, handshake)
            else:
                self._refuse(HTTPStatus.CONFLICT)
        elif verdict is Verdict.UNKNOWN:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif verdict is Verdict.UNAUTHORIZED:
            self._refuse(HTTPStatus.UNAUTHORIZED)
        else:
            raise TypeError(f"expected a Verdict of the auth, not {verdict!r}")

    def _accept(self, request: Request, handshake: Handshake) -> None:
        if self._has_ended():
            return
        response = self._server.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(response)
            return
        version = self._gate.version_of(self._server.subprotocol)
        if version is not None:
            owner = self._gate.arrived(self, handshake, version)
            self._answer(response)
            self.opened(owner)
        elif self._gate.refuse_unknown_subprotocols:
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._answer(response)
            self.close(CloseCode.PROTOCOL_ERROR, "no common subprotocol")

    def _select(self, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Pick the first subprotocol of the client's that is spoken here (R30)."""
        return next((each for each in offered if self._gate.version_of(each) is not None), None)

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
