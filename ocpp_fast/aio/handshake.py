"""The opening handshake of the central system's side.

It asks `admission` whom it may let in; nothing of a station exists before it is authenticated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from websockets.exceptions import InvalidMessage
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ..errors import HandshakeRefused
from ..escaping import described
from ..registration import ACCEPTED
from . import lean
from .admission import (
    NO_WEBSOCKET,
    STOPPING,
    Admission,
    Admitted,
    HandshakeOwner,
    Offer,
    check_host,
    no_common_subprotocol,
    run_now,
    settled,
)
from .certificates import CertificateNames
from .events import Limit
from .head import HEAD_END, MAX_HEAD, HeadFault, check_head, path_in
from .limits import RETRY_AFTER, SHED
from .logs import LEFT, write
from .opening import COMPRESSION, release
from .pausing import DECIDING
from .proxies import Address
from .security import Refusal
from .server import HttpRequest, HttpResponse, Server
from .steps import is_our_end
from .transport import CloseCode, TransportOwner
from .upgrade import UpgradeRequest, mend, offered_in
from .websocket import WebSocket
from .websocket_log import WEBSOCKET_LOG, logs_frames

__all__ = ["ServerOpening"]

_DEFLATE: Final = ServerPerMessageDeflateFactory(**COMPRESSION)


class ServerLayer(ServerProtocol):
    """The Sans-I/O layer of the server's handshake; `chosen` is the subprotocol."""

    chosen: Subprotocol | None = None

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Return the subprotocol that was chosen."""
        return self.chosen


class ServerOpening:
    """The handshake of a connection to the central system.

    `address` is where the client is, if a proxy has told; else it is the peer's. Whoever does not come in is told of
    once; but nobody is told, unless at level DEBUG, of a client that leaves without a byte, as port checks do.
    """

    __slots__ = (
        "_address",
        "_admission",
        "_answered",
        "_central",
        "_decision",
        "_is_due",
        "_layer",
        "_lean",
        "_listener",
        "_raw",
        "_reason",
        "_taken",
        "_websocket",
    )

    _websocket: WebSocket

    def __init__(self, owner: HandshakeOwner, server: Server, address: Address = None) -> None:
        self._central = owner
        self._listener = server
        self._address = address
        self._admission: Admission | None = None
        self._decision: asyncio.Task[None] | None = None
        self._reason = ""
        self._answered = False
        self._is_due = self._taken = False
        self._layer: ServerLayer | None = None
        self._lean: lean.LeanRequest | None = None
        self._raw = b""

    # The WebSocket calls

    def begin(self, websocket: WebSocket) -> None:
        """TCP is connected."""
        self._websocket = websocket
        if self._address is None:
            peer = websocket.peer  # which can't be told when it is lost
            self._address = (peer[0], peer[1]) if isinstance(peer, tuple) else None
        self._listener._lobby.asks(self)
        if self._central.stopping:  # it was accepted before, and comes to be known only now
            websocket.abort()

    def receive(self, data: bytes) -> None:
        """Take the request, or a part of it; of very many that come at once, few are looked at in a turn."""
        if self._taken:
            return
        self._raw += data
        if not self._is_due:
            self._is_due = True
            self._listener._sockets.in_turn(self._look)
        elif len(self._raw) > MAX_HEAD:
            self._look()

    def _look(self) -> None:
        """See whether the request is whole, and decide; what is behind it waits, and is dropped if nobody is let in."""
        self._is_due = False
        if self._taken or self._has_ended():
            return
        if not (self._central.upgrade_hooks or logs_frames()):
            self._lean = lean.read(self._raw)
        if self._lean is not None:
            self._take(self._raw, b"")
            self._begin(self._offer(self._lean.path, self._lean.headers, self._lean.subprotocols), None)
            return
        end = self._raw.find(HEAD_END)
        head = self._raw if end < 0 else self._raw[: end + len(HEAD_END)]
        fault = check_head(head)
        if fault is not None:
            self._turn_away(fault)
        elif end >= 0:
            self._take(head, self._raw[len(head) :])
            request = self._request()
            if isinstance(request, HeadFault):
                self._websocket.resume(DECIDING)
                self._turn_away(request)
            else:
                self._begin(self._offer(request.path, request.headers, offered_in(request.headers)), request)

    def _take(self, head: bytes, behind: bytes) -> None:
        """The request is whole; keep what is behind it."""
        self._raw, self._taken = head, True
        self._listener._lobby.has_asked(self)
        self._websocket.pause(DECIDING)
        if behind:
            self._websocket.feed(behind)

    def _begin(self, offer: Offer, request: Request | None) -> None:
        """Decide, now or later."""
        decision = run_now(self._decide(offer, request), self._central.tasks)
        if decision is not None:
            self._decision = decision
            self._listener._lobby.waits(self)

    def _request(self) -> Request | HeadFault:
        """Return the request as the Sans-I/O layer reads it and the hooks mend it, or why it can't be."""
        layer = self._sans_io()
        layer.receive_data(self._raw)
        for event in layer.events_received():
            assert isinstance(event, Request)
            given = UpgradeRequest(event.path, event.headers, self._address)
            refusal = mend(self._central.upgrade_hooks, given, self._central.log)
            event.path = given.path
            return event if refusal is None else HeadFault(refusal.status, refusal.reason)
        invalid = layer.handshake_exc
        self._layer = None  # another one refuses
        status, reason = _reason_of(invalid)
        if invalid is not None:
            release(layer)
        return HeadFault(status, reason)

    def _turn_away(self, fault: HeadFault) -> None:
        """Refuse what can't be a request, and read no more of it."""
        self._taken = True
        if fault.limit is not None:
            self._central.limit_reached(fault.limit, None, self._address, fault.reason)
        self._tell(fault.status, fault.reason)
        if fault.status is None:
            self._websocket.close()
        else:
            self._refuse(fault.status)

    def _sans_io(self) -> ServerLayer:
        """Return the Sans-I/O layer, which reads what is not plainly right, and writes refusals."""
        if self._layer is None:
            self._layer = ServerLayer(
                extensions=[_DEFLATE], max_size=self._central.max_message_size, logger=WEBSOCKET_LOG
            )
        return self._layer

    def too_late(self) -> None:
        """It takes too long."""
        self._reason = f"not complete within {self._central.open_timeout:g} s"
        self._central.limit_reached(Limit.OPEN_TIMEOUT, None, self._address, self._reason)
        if self._decision is None:
            self._websocket.abort()
        else:
            self._decision.cancel()

    def shed(self) -> None:
        """There are too many; but what has come whole is looked at."""
        if self._raw:
            self._look()
        if self._taken:
            return
        self._reason = SHED
        self._central.limit_reached(Limit.HANDSHAKES, None, self._address, self._reason)
        self._websocket.abort()

    def eof(self) -> None:
        """The client writes no more."""
        self._taken = True
        if self._layer is not None:
            self._layer.receive_eof()
            self._websocket.flush(self._layer)

    def lost(self, error: Exception | None) -> None:
        """TCP has ended."""
        self._listener._lobby.has_asked(self)
        if self._decision is not None:
            self._decision.cancel()
        if not self._answered:
            if self._raw or self._reason:
                left = STOPPING if self._central.stopping else "it left before the handshake was complete"
                self._tell(None, self._reason or left)
            else:
                write(self._central.log, logging.DEBUG, LEFT, self._address)
        if self._layer is not None:
            release(self._layer)

    # The decision

    async def _decide(self, offer: Offer, request: Request | None) -> None:
        admission = self._admission = Admission(self._central, offer)
        try:
            if request is not None and not _asks_for_websocket(request):
                await self._answer_http(request, admission)
                return
            outcome = await admission.decide()
            if isinstance(outcome, HandshakeRefused):
                self._answered = True
                self._refuse(outcome.status)
            elif not self._has_ended():
                self._accept(request, outcome)
        except asyncio.CancelledError:
            if not self._has_ended():
                self._tell(HTTPStatus.SERVICE_UNAVAILABLE, self._reason or STOPPING)
                self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            raise
        finally:
            self._decision = None
            self._listener._lobby.decided(self)
            self._websocket.resume(DECIDING)

    def _offer(self, path: str, headers: Any, offered: tuple[str, ...]) -> Offer:
        websocket = self._websocket
        tls = websocket.transport.get_extra_info("ssl_object")
        certificate = None if tls is None else websocket.certificate
        names = None if tls is None or certificate is None else CertificateNames.of(tls.getpeercert())
        is_lean = self._lean is not None  # and has one Host header
        return Offer(
            path, headers, offered, self._address, certificate, tls is not None, self._listener, names, is_lean
        )

    def _accept(self, request: Request | None, admitted: Admitted) -> None:
        version = admitted.version
        if self._lean is not None and version is not None and admitted.subprotocol is not None:
            owner = self._central.arrived(self._websocket, admitted, version)
            self._websocket.transport.write(lean.accept(self._lean, admitted.subprotocol))
            self._open(owner, None, admitted)
            return
        given = self._request() if request is None else request
        assert isinstance(given, Request)
        layer = self._sans_io()
        layer.chosen = None if admitted.subprotocol is None else Subprotocol(admitted.subprotocol)
        response = layer.accept(given)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._tell(response.status_code, str(layer.handshake_exc))
            self._answer(response)
        elif version is not None:
            owner = self._central.arrived(self._websocket, admitted, version)
            self._answer(response)
            self._open(owner, layer, admitted)
        else:
            self._tell(response.status_code, no_common_subprotocol(admitted.handshake.subprotocols))
            self._answer(response)
            self._websocket.refuse(layer)
            self._websocket.close(CloseCode.PROTOCOL_ERROR, "no common subprotocol")

    def _open(self, owner: TransportOwner, layer: ServerLayer | None, admitted: Admitted) -> None:
        self._answered = True
        self._admission = None
        interval = admitted.policy.ping_interval
        self._websocket.opened(owner, layer, trusted=admitted.status == ACCEPTED, ping_interval=interval)

    async def _answer_http(self, request: Request, admission: Admission) -> None:
        """Answer a request that asks for no WebSocket."""
        given = HttpRequest(request.method, request.path, request.headers, admission.address, self._listener)
        try:
            if request.protocol == "HTTP/1.1":
                check_host(request.headers)
            answer = None if self._listener._http is None else await settled(self._listener._http(given))
            response = None if answer is None else self._http_response(answer)
        except HandshakeRefused as refusal:
            self._tell(refusal.status, refusal.reason)
            self._refuse(refusal.status)
            return
        except BaseException as error:  # of the user's code
            if is_our_end(error):
                raise
            write(self._central.log, logging.ERROR, "%s: `http` failed", admission.address, exc_info=error)
            self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, described(error))
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        if response is None:
            self._tell(HTTPStatus.UPGRADE_REQUIRED, NO_WEBSOCKET)
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
        response = self._sans_io().reject(answer.status, "")
        response.body = answer.body
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            if name in response.headers:
                del response.headers[name]
            response.headers[name] = value
        return response

    def _refuse(self, status: int) -> None:
        if self._has_ended():
            return
        response = self._sans_io().reject(status, f"{HTTPStatus(status).phrase}\n")
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
        elif status == HTTPStatus.UPGRADE_REQUIRED:
            response.headers["Upgrade"] = "websocket"
        elif status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = RETRY_AFTER
        self._answer(response)

    def _tell(self, status: int | None, reason: str) -> None:
        """Log that nobody was let in, and tell the hooks."""
        self._answered = True
        if self._admission is not None:
            self._admission.refuse(status, reason)
        else:
            self._central.refused(Refusal(reason, status, self._address, path_in(self._raw) if self._raw else ""))

    def _answer(self, response: Response) -> None:
        self._answered = True
        layer = self._sans_io()
        layer.send_response(response)
        self._websocket.flush(layer)

    def _has_ended(self) -> bool:
        """Whether it is too late for an answer: the client has left, or has broken the protocol meanwhile."""
        return self._websocket.transport.is_closing() or (self._layer is not None and self._layer.eof_sent)


def _reason_of(invalid: Exception | None) -> tuple[HTTPStatus, str]:
    """Return the status and the reason for what the Sans-I/O layer has refused to read."""
    if not isinstance(invalid, InvalidMessage):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, str(invalid)
    reason = str(invalid.__cause__ or invalid).partition(":")[0]  # behind it is what the client has sent
    return HTTPStatus.BAD_REQUEST, reason


def _asks_for_websocket(request: Request) -> bool:
    values = ",".join(request.headers.get_all("Upgrade")).lower()
    return "websocket" in (each.strip() for each in values.split(","))
