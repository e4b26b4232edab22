"""The opening handshake of a station's connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.client import responses
from typing import Final, Generic, TypeVar

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..errors import HandshakeFailed, NoCommonVersion
from ..escaping import shown
from .head import HEAD_END
from .lean import accepted, new_key, request_for
from .opening import COMPRESSION, release
from .transport import CloseCode, TransportOwner
from .websocket import WebSocket
from .websocket_log import WEBSOCKET_LOG, logs_frames

__all__ = ["ClientOpening"]

O = TypeVar("O", bound=TransportOwner)  # noqa: E741  # an owner

_MAX_ANSWER: Final = 16 * 1024
_MAX_LINE: Final = 8 * 1024
_MAX_HEADERS: Final = 128
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r\n")
_DEFLATE: Final = ClientPerMessageDeflateFactory(**COMPRESSION)


class Unoffered(NegotiationError):
    """The server chose a version that was not offered."""


class ClientLayer(ClientProtocol):
    """The Sans-I/O layer of a station's handshake."""

    def process_subprotocol(self, headers: Headers) -> Subprotocol | None:
        """Return the subprotocol that the server chose. Raises `Unoffered`."""
        try:
            return super().process_subprotocol(headers)
        except NegotiationError as error:
            raise Unoffered(str(error)) from None


class ClientOpening(Generic[O]):
    """The handshake of a station's connection; `outcome` is what `connected` made of it, when the server has answered.

    `connected` is called with the subprotocol that the server chose, and returns who gets the messages, or None if it
    is not one that was offered. `authorization` is sent as the header of that name; `compression` offers
    permessage-deflate. A refusal is known by the first line of the answer, and what is wrong with an answer as soon as
    it has come.
    """

    _websocket: WebSocket

    def __init__(
        self,
        url: str,
        subprotocols: Sequence[str],
        connected: Callable[[WebSocket, str | None], O | None],
        *,
        authorization: str | None,
        compression: bool = False,
        max_message_size: int,
    ) -> None:
        self._url = url
        self._subprotocols = subprotocols
        self._authorization = authorization
        self._compression = compression
        self._max_message_size = max_message_size
        self._key = new_key()
        self._layer: ClientLayer | None = None
        self._connected = connected
        self._raw = b""
        self.outcome: asyncio.Future[O] = asyncio.get_running_loop().create_future()

    # The WebSocket calls

    def begin(self, websocket: WebSocket) -> None:
        """TCP is connected."""
        self._websocket = websocket
        if self._compression or not self._subprotocols or logs_frames():
            websocket.flush(self._sans_io())
        else:
            request = request_for(self._url, self._key, self._subprotocols, self._authorization)
            websocket.transport.write(request)

    def _sans_io(self) -> ClientLayer:
        """Return the Sans-I/O layer, with the request in its output, which reads what is not plainly right."""
        if self._layer is None:
            layer = self._layer = ClientLayer(
                parse_uri(self._url),
                extensions=[_DEFLATE] if self._compression else None,
                subprotocols=[Subprotocol(each) for each in self._subprotocols],
                max_size=self._max_message_size,
                logger=WEBSOCKET_LOG,
            )
            layer.key = self._key
            request = layer.connect()
            if self._authorization is not None:
                request.headers["Authorization"] = self._authorization
            layer.send_request(request)
        return self._layer

    def receive(self, data: bytes) -> None:
        """Take the server's answer, and the messages behind it."""
        if self.outcome.done():
            return
        self._raw += data
        end = self._raw.find(HEAD_END) + len(HEAD_END)
        is_whole = end >= len(HEAD_END)
        head = self._raw[:end] if is_whole else self._raw
        chosen = accepted(head, self._key, self._subprotocols) if is_whole and self._layer is None else None
        error = _fault_in(head) if chosen is None else None
        if error is not None:
            self._fail(error)
        elif is_whole:
            behind, self._raw = self._raw[end:], head
            if chosen is None:
                self._answered(head)
            else:
                self._open(chosen)
            if behind:
                self._websocket.feed(behind)

    def _answered(self, head: bytes) -> None:
        layer = self._sans_io()
        layer.data_to_send()  # has been sent
        layer.receive_data(head)
        for event in layer.events_received():
            assert isinstance(event, Response)
        error = layer.handshake_exc
        if error is not None:
            reason = shown(str(error.__cause__ or error))
            kind = NoCommonVersion if isinstance(error, Unoffered) else HandshakeFailed
            self._fail(kind(f"the answer is invalid: {reason}", HTTPStatus.SWITCHING_PROTOCOLS, reason))
        else:
            self._open(layer.subprotocol)

    def _open(self, subprotocol: str | None) -> None:
        owner = self._connected(self._websocket, subprotocol)
        if owner is None:
            reason = f"the server chose no subprotocol; offered were {', '.join(self._subprotocols)}"
            self._give_up(NoCommonVersion(reason, HTTPStatus.SWITCHING_PROTOCOLS))
            self._websocket.refuse(self._sans_io())
            self._websocket.close(CloseCode.PROTOCOL_ERROR)
        else:
            self._websocket.opened(owner, self._layer, trusted=True)
            self.outcome.set_result(owner)

    def too_late(self) -> None:
        """It takes too long."""
        self._websocket.abort()

    def eof(self) -> None:
        """The server writes no more."""
        self._give_up(self._cut_off())

    def lost(self, error: Exception | None) -> None:
        """TCP has ended, by an error or not: of TLS, too, whose server may refuse a certificate as late as this."""
        self._give_up(self._cut_off(error))
        if self._layer is not None:
            release(self._layer)

    def _cut_off(self, error: Exception | None = None) -> HandshakeFailed:
        answered = _STATUS_LINE.match(self._raw)
        reason = "the connection ended during the handshake" + (f": {error}" if error is not None else "")
        if self._url.startswith("wss:") and not self._raw:
            reason += "; so ends TLS 1.3 if the server refuses the station's certificate, or wants one"
        return HandshakeFailed(reason, None if answered is None else int(answered[1]))

    def _fail(self, error: HandshakeFailed) -> None:
        self._give_up(error)
        self._websocket.close(CloseCode.PROTOCOL_ERROR)

    def _give_up(self, error: HandshakeFailed) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


def _fault_in(head: bytes) -> HandshakeFailed | None:
    """Return why the head of an answer, or what has come of it, lets nobody in; None if nothing is wrong so far."""
    line = head[: head.find(b"\n") + 1]
    answered = _STATUS_LINE.fullmatch(line)
    if answered is None and (line or not b"HTTP/1.".startswith(head[:7])):
        return HandshakeFailed("the answer is not HTTP/1.1")
    status = None if answered is None else int(answered[1])
    if answered is not None and status != HTTPStatus.SWITCHING_PROTOCOLS:
        phrase = shown((answered[2] or b"").decode("latin-1").strip())
        reason = phrase or responses.get(int(answered[1]), "no reason given")
        return HandshakeFailed(f"the server refused with HTTP status {status}: {reason}", status, reason)
    if head.count(b"\r\n") > _MAX_HEADERS + (2 if head.endswith(HEAD_END) else 1):  # with the status line
        return HandshakeFailed(f"the answer has more than {_MAX_HEADERS} headers", status)
    if len(head) > _MAX_ANSWER or max(map(len, head.split(b"\r\n"))) >= _MAX_LINE:
        return HandshakeFailed("a line or the whole of the answer is too long", status)
    return None
