"""The opening handshake of a station's side: it offers its subprotocols and waits for the server's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..errors import HandshakeFailed
from .head import HEAD_END
from .opening import release
from .transport import CloseCode, TransportOwner
from .websocket import WebSocket
from .websocket_log import WEBSOCKET_LOG

__all__ = ["ClientOpening"]

O = TypeVar("O", bound=TransportOwner)  # noqa: E741  # an owner

_MAX_ANSWER: Final = 16 * 1024


class Head:
    """Finds where the head of an answer ends, in bytes that come in pieces."""

    __slots__ = ("_tail", "is_whole", "size")

    def __init__(self) -> None:
        self._tail = b""
        self.is_whole = False
        self.size = 0

    def cut(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what belongs to the head, and what is behind it."""
        known = self._tail + data
        end = known.find(HEAD_END)
        self.is_whole = end >= 0
        cut = end + len(HEAD_END) - len(self._tail) if self.is_whole else len(data)
        self._tail = known[1 - len(HEAD_END) :]
        self.size += cut
        return data[:cut], data[cut:]


class ClientOpening(Generic[O]):
    """The handshake of a station's connection; `outcome` is what `connected` made of it, when the server has answered.

    `connected` is called with the subprotocol that the server chose, and returns who gets the messages, or None if it
    is not one that was offered. `authorization` is sent as the header of that name.
    """

    _websocket: WebSocket

    def __init__(
        self,
        url: str,
        subprotocols: Sequence[str],
        connected: Callable[[WebSocket, str | None], O | None],
        *,
        authorization: str | None,
        max_message_size: int,
    ) -> None:
        self._layer = ClientProtocol(
            parse_uri(url),
            subprotocols=[Subprotocol(each) for each in subprotocols],
            max_size=max_message_size,
            logger=WEBSOCKET_LOG,
        )
        self._authorization = authorization
        self._connected = connected
        self._head = Head()
        self.outcome: asyncio.Future[O] = asyncio.get_running_loop().create_future()

    # The WebSocket calls

    def begin(self, websocket: WebSocket) -> None:
        """TCP is connected."""
        self._websocket = websocket
        request = self._layer.connect()
        if self._authorization is not None:
            request.headers["Authorization"] = self._authorization
        self._layer.send_request(request)
        websocket.flush(self._layer)

    def receive(self, data: bytes) -> None:
        """Take the server's answer, or what is behind it: messages, or the body of a refusal."""
        behind = data
        if not self._head.is_whole:
            data, behind = self._head.cut(data)
            if self._head.size > _MAX_ANSWER:
                self._websocket.abort()
                return
            self._take(data)
        if self._layer.state is State.CONNECTING:
            self._take(behind)
        elif behind:
            self._websocket.feed(behind)

    def _take(self, data: bytes) -> None:
        self._layer.receive_data(data)
        for event in self._layer.events_received():
            assert isinstance(event, Response)
            self._answered()
        self._websocket.flush(self._layer)

    def _answered(self) -> None:
        error = self._layer.handshake_exc
        if error is not None:
            status = error.response.status_code if isinstance(error, InvalidStatus) else None
            self._give_up(HandshakeFailed(str(error), status))
            self._websocket.close(CloseCode.PROTOCOL_ERROR)
        elif not self.outcome.done():
            owner = self._connected(self._websocket, self._layer.subprotocol)
            if owner is None:
                self._give_up(HandshakeFailed("the server chose no subprotocol"))
                self._websocket.refuse(self._layer)
                self._websocket.close(CloseCode.PROTOCOL_ERROR)
            else:
                self._websocket.opened(owner, self._layer, trusted=True)
                self.outcome.set_result(owner)

    def too_late(self) -> None:
        """It takes too long."""
        self._websocket.abort()

    def eof(self) -> None:
        """The server writes no more."""
        self._layer.receive_eof()
        self._websocket.flush(self._layer)

    def lost(self) -> None:
        """TCP has ended."""
        self._give_up(HandshakeFailed(str(self._layer.handshake_exc or "the connection ended during the handshake")))
        release(self._layer)

    def _give_up(self, error: HandshakeFailed) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
