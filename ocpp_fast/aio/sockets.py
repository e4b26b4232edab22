"""What the WebSockets of one listener, or of one client, share: limits, timers, and the set of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from .keepalive import Keepalive
from .timeouts import Timeouts

if TYPE_CHECKING:
    from .websocket import WebSocket

__all__ = ["Allowance", "Sockets"]

_RECEIVE_SIZE: Final = 64 * 1024
_PATIENCE: Final = 30.0
"""Seconds that a message may take to come, and that a peer may read nothing of what it is sent."""

_STEPS_PER_TURN: Final = 50
_MOST_UNWRITTEN: Final = 1024 * 1024

_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = WeakKeyDictionary()


class Allowance:
    """The bytes of unfinished messages that a program keeps: `size` of at most `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0


class Sockets:
    """The WebSockets that were opened together; iterates over those that have not ended.

    `max_message_size` bounds a message in bytes, `unfinished` all those together that have come in part; `open_timeout`
    bounds a handshake and `close_timeout` the closing one; a WebSocket is pinged every `ping_interval` unless it says
    otherwise. Times are in seconds.
    """

    def __init__(
        self,
        *,
        max_message_size: int,
        unfinished: Allowance,
        open_timeout: float,
        close_timeout: float,
        ping_interval: float,
    ) -> None:
        loop = self.loop = asyncio.get_running_loop()
        if loop not in _buffers:
            _buffers[loop] = memoryview(bytearray(_RECEIVE_SIZE))
        self.buffer = _buffers[loop]
        self.max_message_size = max_message_size
        self.max_fragments = 1024
        self._allowance = unfinished
        self._ping_interval = ping_interval
        self._opening: Timeouts[WebSocket] = Timeouts(loop, open_timeout, lambda each, _: each.opens_too_late())
        self._closing: Timeouts[WebSocket] = Timeouts(loop, close_timeout, lambda each, _: each.abort())
        self._stalled: Timeouts[WebSocket] = Timeouts(loop, _PATIENCE, lambda each, size: each.stalled(size))
        self._unfinished: Timeouts[WebSocket] = Timeouts(loop, _PATIENCE, lambda each, _: each.ends_too_late())
        self._timeouts = (self._opening, self._closing, self._stalled, self._unfinished)
        self._sizes: dict[WebSocket, int] = {}
        self._keepalives: dict[float, Keepalive[WebSocket]] = {}
        self._count = 0
        self._steps = 0
        self._later: deque[Callable[[], object]] = deque()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[WebSocket]:
        connected = (each for keepalive in self._keepalives.values() for each in keepalive)
        return iter({*self._opening, *self._closing, *connected})

    # A WebSocket calls

    def began(self, each: WebSocket) -> None:
        """TCP is connected; the handshake follows."""
        self._count += 1
        self._opening.start(each)

    def opened(self, each: WebSocket, ping_interval: float | None = None) -> None:
        """The handshake is done."""
        self._opening.stop(each)
        interval = self._ping_interval if ping_interval is None else ping_interval
        if interval not in self._keepalives:
            self._keepalives[interval] = Keepalive(self.loop, interval)
        self._keepalives[interval].add(each)

    def ends(self, each: WebSocket) -> None:
        """It is to end soon, or is cut."""
        self._opening.stop(each)
        if each not in self._closing:
            self._closing.start(each)

    def ping_every(self, seconds: float) -> None:
        """Ping all of them so often from now on."""
        self._ping_interval = seconds
        before, self._keepalives = self._keepalives, {}
        for keepalive in before.values():
            keepalive.close()
            for each in keepalive:
                each.heard = True  # the answer to the last ping may be on its way
                self.opened(each)

    def in_turn(self, step: Callable[[], object]) -> None:
        """Do what a connection's handshake or end asks for: now or, where many do at once, in one of the next turns."""
        if self._steps == 0:
            self.loop.call_soon(self._next_turn)
        self._steps += 1
        if self._steps <= _STEPS_PER_TURN and not self._later:
            step()
        else:
            self._later.append(step)

    def _next_turn(self) -> None:
        self._steps = min(len(self._later), _STEPS_PER_TURN)
        for _ in range(self._steps):
            self._later.popleft()()
        if self._steps:
            self.loop.call_soon(self._next_turn)

    def ended(self, each: WebSocket) -> None:
        """TCP has ended."""
        self._count -= 1
        self.keeps(each, 0)
        for timeouts in self._timeouts:
            timeouts.stop(each)
        for keepalive in self._keepalives.values():
            keepalive.discard(each)

    def writes(self, each: WebSocket, size: int, before: int | None = None) -> None:
        """So many bytes wait to be written, more than should, because the peer does not read; 0 when it does again.

        With `before`, so many did before one more message, and the time goes on that the peer has to read.
        """
        if not size:
            self._stalled.stop(each)
        elif before is None:
            self._stalled.start(each, size)
        else:
            self._stalled.add(each, size - before)
        if size > _MOST_UNWRITTEN:
            each.cut(f"cut, with {size} bytes unread")

    def keeps(self, each: WebSocket, size: int) -> bool:
        """Note how many bytes of an unfinished message are kept; False if all sockets together keep too many."""
        before = self._sizes.get(each, 0)
        self._allowance.size += size - before
        if not size:
            if before:
                del self._sizes[each]
                self._unfinished.stop(each)
            return True
        if not before:
            self._unfinished.start(each)
        self._sizes[each] = size
        return self._allowance.size <= self._allowance.most

    def waits_on(self, each: WebSocket) -> None:
        """Give its unfinished message as long again."""
        self._unfinished.start(each)

    def close(self) -> None:
        """End the timers; all sockets have ended."""
        for timeouts in self._timeouts:
            timeouts.close()
        for keepalive in self._keepalives.values():
            keepalive.close()
