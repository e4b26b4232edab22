"""What bounds the messages of one peer: how many wait, how many hooks run, how many a second, how many are invalid."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ..faults import Fault
from ..frames import Call
from ..session import Event
from .calls import OwnCalls
from .events import Limit
from .transport import CloseCode, Transport

__all__ = ["BAD_FAULTS", "Intake", "Rate"]

_MOST_HOOKS: Final = 16
"""So many async hooks and SENDs of one connection run at a time; then no more messages are handled."""

BAD_FAULTS: Final = frozenset({Fault.MALFORMED, Fault.UNKNOWN_TYPE, Fault.WRONG_SHAPE, Fault.UNKNOWN_ID})
"""The faults of bad frames (R1, R4, R5, R6, R12), which `Policy.max_bad_frames` counts."""

_BAD_SECONDS: Final = 60.0
"""The time in which they are counted."""

_MOST_HELD: Final = 1024
"""So many messages are held: the answers to calls of `on_connect` come behind them."""

_MOST_HELD_BYTES: Final = 256 * 1024
"""And so many bytes of them."""


class Held:
    """Events to be handled later, with the bytes of their messages, oldest first."""

    __slots__ = ("_events", "_size")

    def __init__(self) -> None:
        self._events: deque[tuple[Event, int]] = deque()
        self._size = 0

    def add(self, event: Event | None, size: int) -> None:
        """Hold an event; None is a message that waits elsewhere."""
        self._size += size
        if event is not None:
            self._events.append((event, size))

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[tuple[Event, int]]:
        return iter(self._events)

    def is_full(self, beside: int) -> bool:
        """Whether no more should be held; so many messages wait beside these."""
        return len(self._events) + beside > _MOST_HELD or self._size >= _MOST_HELD_BYTES


class Rate:
    """A bucket of tokens, one for each message: `rate` more a second, and no more than a second's, at least one."""

    __slots__ = ("_at", "_most", "_rate", "_tokens", "is_spent")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._most = self._tokens = max(1.0, rate)
        self._at = now
        self.is_spent = False
        """Whether no more messages should be read for now."""

    def take(self, now: float) -> float:
        """Take a token; return for how many seconds none is left, or 0. Those that come meanwhile are counted, too."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate) - 1.0
        self._at = now
        if self._tokens >= 1.0 or self.is_spent:
            return 0.0
        self.is_spent = True
        return (1.0 - self._tokens) / self._rate


class Intake(OwnCalls):
    """Decides when the messages of a peer are taken; a connection, which is a subclass, acts on them."""

    __slots__ = ("_held", "_hooks", "_rate", "_transport")

    _held: Held | None
    _hooks: dict[asyncio.Task[None], bool] | None
    """The async hooks that run, and whether they end with the connection."""
    _rate: Rate | None
    _transport: Transport

    def _choose_way(self) -> None:
        raise NotImplementedError

    def _take(self, event: Event | None) -> None:
        raise NotImplementedError

    def _next_call(self) -> Call | None:
        raise NotImplementedError

    def _run_handlers(self, call: Call | None) -> None:
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether calls can be made."""
        raise NotImplementedError

    # Messages that wait

    @property
    def _is_full(self) -> bool:
        """Whether so many messages wait that no more should be read."""
        if self._rate is not None and self._rate.is_spent:
            return True
        if self._held is None:
            return self._session.is_full
        if self._is_busy and not self._session.has_open_calls:
            return True
        return self._held.is_full(self._session.waiting)

    def _pause_if_full(self) -> None:
        if self._paused or not self._is_full:
            return
        self._paused = True
        self._transport.pause()
        if not self._is_busy and (self._rate is None or not self._rate.is_spent):
            self.limit_reached(Limit.WAITING_CALLS, "reading pauses")

    def _resume(self) -> None:
        if self._paused and not self._is_full:
            self._paused = False
            self._transport.resume()

    def _hold(self) -> None:
        """Handle no message, until `_release`."""
        self._held = Held()
        self._choose_way()

    def _release(self) -> None:
        """Handle the messages that were held, unless they are to be held on."""
        if self._must_hold or self._held is None:
            return
        held, self._held = self._held, None
        self._choose_way()
        for event in held if self.connected else ():
            if self._held is not None:  # again, because of those before
                self._held.add(*event)
            elif isinstance(event[0], Call):
                self._run_handlers(event[0])
            else:
                self._take(event[0])
        if self._session.current_call is None:
            self._run_handlers(self._next_call())
        self._resume()

    @property
    def _must_hold(self) -> bool:
        """Whether no message may be handled now."""
        return self._is_busy

    @property
    def _is_busy(self) -> bool:
        """Whether so many hooks run that no more messages are handled."""
        return self._hooks is not None and len(self._hooks) >= _MOST_HOOKS

    def _count(self, rate: Rate) -> None:
        """Count a message; read no more for a moment if there were too many."""
        wait = rate.take(self._loop.time())
        if wait:
            self._loop.call_later(wait, self._resume_later)
            self.limit_reached(Limit.RATE, "reading pauses")

    def _resume_later(self) -> None:
        assert self._rate is not None
        self._rate.is_spent = False
        self._resume()

    # Invalid messages, and hooks

    def _count_bad_frame(self) -> None:
        """Close the connection if that was one too many."""
        now, counts, most = self._loop.time(), self._runtime.bad_frames, self.policy.max_bad_frames
        since, count = counts.get(self, (now, 0))
        if not most or not self.connected:
            return
        counts[self] = since, count = (since, count + 1) if now - since < _BAD_SECONDS else (now, 1)
        if count >= most:
            self.limit_reached(Limit.BAD_FRAMES, f"closed with {int(CloseCode.POLICY_VIOLATION)}")
            self._transport.close(CloseCode.POLICY_VIOLATION, "too many invalid messages")

    def _run_hooks(
        self, hooks: Sequence[Callable[..., Any]], *args: Any, action: str = "", own: bool = False
    ) -> list[asyncio.Task[None]]:
        """Call hooks; return the tasks of those that are async, which end with the connection if they are its `own`."""
        if not hooks:
            return []
        tasks = self._runtime.tasks.run(hooks, *args, station=self.id, action=action)
        for each in tasks:
            self._keep(each, own=own)
        return tasks

    def _keep(self, task: asyncio.Task[None], *, own: bool) -> None:
        """Count a task of this connection, and hold its messages while there are too many."""
        if self._hooks is None:
            self._hooks = {}
        self._hooks[task] = own
        task.add_done_callback(self._hook_ended)
        if own and not self.connected:
            task.cancel()
        if self._is_busy and self._held is None and self.connected:
            self._hold()
            self.limit_reached(Limit.HOOKS, "reading pauses")
            self._pause_if_full()

    def _hook_ended(self, task: asyncio.Task[None]) -> None:
        hooks = self._hooks
        if hooks is not None:
            hooks.pop(task, None)
            self._hooks = hooks or None
        self._release()
