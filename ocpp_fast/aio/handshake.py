"""The opening handshakes of both sides.

The server's asks `admission` whom it may let in; nothing of a station exists before it is authenticated. The client's
offers its subprotocols and waits for the server's choice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..errors import HandshakeFailed, HandshakeRefused
from .admission import STOPPING, Admission, Admitted, HandshakeOwner, Offer, no_common_subprotocol, run_now, settled
from .proxies import Address
from .security import WEBSOCKET_LOG, Refusal
from .server import HttpRequest, HttpResponse, Server
from .transport import CloseCode, TransportOwner
from .websocket import WebSocket

__all__ = ["ClientWebSocket", "ServerWebSocket"]

O = TypeVar("O", bound=TransportOwner)  # noqa: E741  # an owner

# No context takeover, a small window: an idle connection keeps no compressor (R37).
_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    compress_settings={"level": 1, "memLevel": 5},
)


class ServerWebSocket(WebSocket):
    """A connection to the central system, from its handshake on.

    `address` is where the client is, if a proxy has told; else it is the peer's.
    """

    def __init__(self, owner: HandshakeOwner, server: Server, address: Address = None) -> None:
        self._central = owner
        self._listener = server
        self._address = address
        self._admission: Admission | None = None
        self._decision: asyncio.Task[None] | None = None
        self._reason = ""
        self._answered = False
        self._server = ServerProtocol(
            extensions=[_DEFLATE],
            select_subprotocol=lambda _, offered: self._subprotocol,
            max_size=owner.max_message_size,
            logger=WEBSOCKET_LOG,
        )
        self._subprotocol: Subprotocol | None = None
        super().__init__(
            self._server,
            max_message_size=owner.max_message_size,
            open_timeout=owner.open_timeout,
            close_timeout=owner.close_timeout,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener._open_sockets.add(self)
        super().connection_made(transport)
        if self._central.stopping:  # it was accepted before, and comes to be known only now
            self.transport.abort()

    def disconnected(self) -> None:
        self._listener._open_sockets.discard(self)
        if self._decision is not None:
            self._decision.cancel()
        if self._handshake_size and not self._answered:
            invalid = self._server.handshake_exc or self._server.parser_exc
            self._tell(None, self._reason or str(invalid or "it left before the handshake was complete"))

    def handshake_too_late(self) -> None:
        self._reason = f"not complete within {self._central.open_timeout:g} s"
        if self._decision is None:
            self.transport.abort()
        else:
            self._decision.cancel()

    def handshake_too_large(self) -> None:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._tell(status, "the request is too large")
        self._refuse(status)

    def handshake_event(self, event: Request | Response) -> None:
        assert isinstance(event, Request)
        self._decision = run_now(self._decide(event), self._central.tasks)

    async def _decide(self, request: Request) -> None:
        admission = self._admission = Admission(self._central, self._offer(request))
        try:
            if not _asks_for_websocket(request):
                await self._answer_http(request, admission)
                return
            outcome = await admission.decide()
            if self._has_ended():
                return
            if isinstance(outcome, HandshakeRefused):
                self._answered = True
                self._refuse(outcome.status)
            else:
                self._accept(request, outcome)
        except asyncio.CancelledError:
            if not self._has_ended():
                self._tell(HTTPStatus.SERVICE_UNAVAILABLE, self._reason or STOPPING)
                self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            raise
        finally:
            self._decision = None
            self.take_early()

    def _offer(self, request: Request) -> Offer:
        return Offer(
            request.path,
            request.headers,
            _offered(request),
            self._origin,
            self.certificate,
            self.transport.get_extra_info("ssl_object") is not None,
            self._listener,
        )

    @property
    def _origin(self) -> Address:
        peer = self.peer
        return self._address or ((peer[0], peer[1]) if isinstance(peer, tuple) else None)

    def _accept(self, request: Request, admitted: Admitted) -> None:
        version = admitted.version
        self._subprotocol = None if version is None else Subprotocol(version.subprotocol)
        response = self._server.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._tell(response.status_code, str(self._server.handshake_exc))
            self._answer(response)
        elif version is not None:
            owner = self._central.arrived(self, admitted, version)
            self._answer(response)
            self._admission = None
            self.opened(owner)
        else:
            self._tell(response.status_code, no_common_subprotocol(admitted.handshake.subprotocols))
            self._answer(response)
            self.close(CloseCode.PROTOCOL_ERROR, "no common subprotocol")

    async def _answer_http(self, request: Request, admission: Admission) -> None:
        """Answer a request that asks for no WebSocket."""
        given = HttpRequest(request.method, request.path, request.headers, admission.address)
        try:
            answer = None if self._listener._http is None else await settled(self._listener._http(given))
            response = None if answer is None else self._http_response(answer)
        except Exception as error:  # of the user's code
            self._central.log.error("%s: `http` failed", admission.address, exc_info=error)
            self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        if response is None:
            self._tell(HTTPStatus.UPGRADE_REQUIRED, "the request asks for no WebSocket")
            self._refuse(HTTPStatus.UPGRADE_REQUIRED)
        elif not self._has_ended():
            if request.method == "HEAD":
                response.body = b""
            self._answer(response)

    def _http_response(self, answer: HttpResponse) -> Response:
        """Return the answer as the Sans-I/O layer has it."""
        given: Any = answer
        if not isinstance(given, HttpResponse) or not isinstance(given.body, bytes):
            raise TypeError(f"http: expected an HttpResponse whose body is bytes, or None, not {given!r}")
        response = self._server.reject(answer.status, "")
        response.body = answer.body
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            if name in response.headers:
                del response.headers[name]
            response.headers[name] = value
        return response

    def _refuse(self, status: int) -> None:
        if self._has_ended():
            return
        response = self._server.reject(status, f"{HTTPStatus(status).phrase}\n")
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
        elif status == HTTPStatus.UPGRADE_REQUIRED:
            response.headers["Upgrade"] = "websocket"
        self._answer(response)

    def _tell(self, status: int | None, reason: str) -> None:
        """Log that nobody was let in, and tell the hooks."""
        self._answered = True
        if self._admission is not None:
            self._admission.refuse(status, reason)
        else:
            self._central.refused(Refusal(reason, status, self._origin, ""))

    def _answer(self, response: Response) -> None:
        self._answered = True
        self._server.send_response(response)
        self._flush()

    def _has_ended(self) -> bool:
        """Whether it is too late for an answer: the client has left, or has broken the protocol meanwhile."""
        return self._lost or self._server.eof_sent


def _asks_for_websocket(request: Request) -> bool:
    values = ",".join(request.headers.get_all("Upgrade")).lower()
    return "websocket" in (each.strip() for each in values.split(","))


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
        super().__init__(
            self._client, max_message_size=max_message_size, open_timeout=open_timeout, close_timeout=close_timeout
        )
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
