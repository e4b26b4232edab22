"""What comes from a NATS server: our messages are delivered without nats-py's parser, tasks and queues."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from .bus import Deliver

__all__ = ["Incoming"]

_MOST_A_TURN: Final = 16
"""Messages that are delivered in a turn of the event loop: what they bring about is sent before the next ones."""
_LONGEST_LINE: Final = 64 * 1024


class Incoming:
    """Takes the messages of some subscriptions out of a stream of bytes; `pass_on` gets all else, in whole lines.

    `delivers` tells by the number of a subscription who gets its messages; `handed_on` is called after some.
    """

    def __init__(
        self, delivers: dict[int, Deliver], pass_on: Callable[[bytes], object], handed_on: Callable[[], object]
    ) -> None:
        self._handed_on = handed_on
        self._delivers = delivers
        self._pass_on = pass_on
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._is_scheduled = False
        self._waiting: deque[tuple[Deliver, bytes, bytes, bytes]] = deque()

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        if self._rest:
            data = self._rest + data
        begin = foreign = 0
        while (end := data.find(b"\r\n", begin)) >= 0:
            following = end + 2
            words = data[begin:end].split() if data.startswith((b"MSG ", b"HMSG "), begin) else []
            if len(words) > 3 and words[-1].isdigit():
                size = int(words[-1])
                following += size + 2
                if following > len(data):
                    break
                deliver = self._delivers.get(_number(words[2]))
                if deliver is not None:
                    has_headers = data[begin] == ord("H")
                    reply = words[3] if len(words) > 4 + has_headers else b""
                    payload = data[end + 2 + (_number(words[-2]) if has_headers else 0) : end + 2 + size]
                    self._waiting.append((deliver, words[1], reply, payload))
                    if foreign < begin:
                        self._pass_on(data[foreign:begin])
                    foreign = following
            begin = following
        if len(data) - begin > _LONGEST_LINE and end < 0:  # no line of NATS: nats-py may refuse it
            begin = len(data)
        if foreign < begin:
            self._pass_on(data[foreign:begin])
        self._rest = data[begin:]
        if self._waiting and not self._is_scheduled:
            self._hand_on()

    def _hand_on(self) -> None:
        for _ in range(min(_MOST_A_TURN, len(self._waiting))):
            deliver, subject, reply, payload = self._waiting.popleft()
            try:
                names = subject.decode(), reply.decode()
            except UnicodeDecodeError:  # it is not from one of us
                continue
            try:
                deliver(*names, payload)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # or it would end the connection
                self._loop.call_exception_handler({"message": "a message from NATS", "exception": error})
        self._is_scheduled = bool(self._waiting)
        if self._waiting:
            self._loop.call_soon(self._hand_on)
        self._handed_on()


def _number(word: bytes) -> int:
    return int(word) if word.isdigit() else 0
