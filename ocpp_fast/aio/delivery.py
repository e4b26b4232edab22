"""Sends a charge point's transaction messages (R43): one after another, each once it is durable, until it is answered.

Two tasks: one makes durable what has changed, one sends what is due. Both end with the charge point's context.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ..errors import (
    CallTimeout,
    Disconnected,
    MessageDropped,
    NotDurable,
    NotRegistered,
    OcppError,
    QueueDamaged,
    QueueFull,
    QueueInUse,
    VersionMismatch,
)
from ..queueing import (
    AfterRestart,
    Backlog,
    Change,
    Contents,
    Delivered,
    Dropped,
    DropReason,
    Message,
    Posted,
    Retries,
    TransactionQueue,
)
from ..queueing.transactions import power_loss
from ..schema import Request, Response, Version
from .arguments import check_seconds
from .calls import check_loop
from .events import QueueFailed
from .logs import write
from .steps import is_our_end
from .watching import for_future

if TYPE_CHECKING:
    from .charge_point import ChargePoint
    from .connection import Connection

__all__ = ["Delivery"]

R = TypeVar("R", bound=Response)
T = TypeVar("T")

_A_MOMENT: Final = 1.0
"""Seconds until a message is tried again that could not be sent because too many calls were in front of it."""


class Waiter(NamedTuple):
    """Who waits for the answer to a message."""

    future: asyncio.Future[Any]
    timeout: float | None
    check: Callable[[Any], object] | None


class Delivery:
    """The queue of one charge point, while its context lasts; `held` keeps it from sending."""

    def __init__(self, station: ChargePoint, queue: TransactionQueue, retries: Retries, after: AfterRestart) -> None:
        if not all(hasattr(queue, name) for name in ("blocks", "capacity", "open", "write", "close")):
            raise TypeError(f"queue: expected a queue, such as SqliteQueue(path), not {queue!r}")
        self.retries = retries
        self.delivered_hooks: list[Callable[..., Any]] = []
        self.dropped_hooks: list[Callable[..., Any]] = []
        self._station = station
        self._runtime = station._runtime
        self._queue = queue
        self._after: AfterRestart | None = after
        self._backlog: Backlog | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._holds = 0

    # Its life

    async def open(self) -> None:
        """Read what is kept, and begin to send. Raises `QueueInUse`."""
        self._loop = asyncio.get_running_loop()
        self._awake, self._dirty = asyncio.Event(), asyncio.Event()
        self._saving: list[asyncio.Future[None]] = []
        if self._queue.blocks:
            self._thread = ThreadPoolExecutor(1, "ocpp_fast queue")
        try:
            contents = await self._open()
        except BaseException:
            self._end_thread()  # and the queue stays open: another's
            raise
        self._backlog = Backlog(
            contents,
            self._runtime.versions,
            capacity=self._queue.capacity,
            retries=self.retries,
            now=self._loop.time(),
            clock=time.time(),
        )
        self._end_what_was_cut_off(self._backlog)
        tasks, station = self._runtime.tasks, self._station.id
        self._writer = tasks.start(self._write_all(self._backlog), station=station)
        self._sender = tasks.start(self._send_all(self._backlog), station=station)
        if self._backlog.has_changes:
            self._dirty.set()

    async def _open(self) -> Contents:
        try:
            contents = await self._run(self._queue.open)
        except (QueueInUse, KeyboardInterrupt):
            raise
        except BaseException as error:  # of the user's queue
            if is_our_end(error):
                raise
            self._trouble(error)
            return Contents()
        if contents.damage is not None:
            self._trouble(contents.damage)
        return contents

    def _end_what_was_cut_off(self, backlog: Backlog) -> None:
        after, self._after = self._after, None  # once: what runs on when the context is left was not cut off
        if after is AfterRestart.END:
            for each in backlog.running():
                version = next((known for known in self._runtime.versions if known.number == each.version), None)
                if version is None:
                    continue
                try:
                    self._add_to(backlog, power_loss(each, version), version)
                except (ValueError, OcppError) as error:  # what is kept is odd: it starts all the same
                    text = "%s: transaction %s can't be ended: %s"
                    write(self._runtime.log, logging.ERROR, text, self._station.id, each.transaction_id, error)

    async def close(self) -> None:
        """Stop to send, and make durable what has changed; calls that wait for an answer fail."""
        backlog, self._backlog = self._backlog, None
        if backlog is None:
            return
        self._sender.cancel()
        await asyncio.wait([self._sender])
        for each in backlog.messages():
            waiter: Waiter | None = each.waiter
            if waiter is not None and not waiter.future.done():
                waiter.future.set_exception(Disconnected("the charge point was stopped; the message stays queued"))
        await asyncio.wait([self._save()])  # in any case: it also ends a write that has begun
        self._writer.cancel()
        await asyncio.wait([self._writer])
        await self._close()

    async def _close(self) -> None:
        try:
            await self._run(self._queue.close)
        finally:
            self._end_thread()

    def _end_thread(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        """Call a method of the queue, in its thread if it blocks."""
        if self._thread is None:
            return work(*args)
        return await self._loop.run_in_executor(self._thread, work, *args)

    # What the user does

    @property
    def backlog(self) -> Backlog:
        """What waits. Raises `Disconnected` while the charge point is not running."""
        if self._backlog is None:
            raise Disconnected("not running: enter its context first", delivered=False).at(self._station.id)
        return self._backlog

    async def post(self, request: Request[Any]) -> Posted:
        """Queue a request, and return when that is durable; see `ChargePoint.post`."""
        message = self._add(request)
        posted = message.as_posted()
        try:
            await self._save()
        except NotDurable as error:
            told = NotDurable(*error.args).at(self._station.id)
            told.posted = posted
            raise told from error.__cause__
        return posted

    async def call(self, request: Request[R], timeout: float | None, check: Callable[[R], object] | None) -> R:
        """Queue a request, and return its answer; see `ChargePoint.call`."""
        if timeout is not None:
            check_seconds("timeout", timeout)
        message = self._add(request)
        message.waiter = Waiter(self._loop.create_future(), timeout, check)
        self._dirty.set()
        try:
            response: R = await message.waiter.future
        except OcppError as error:
            error.at(self._station.id)
            raise
        finally:
            message.waiter = None
        return response

    def _add(self, request: Request[Any]) -> Message:
        backlog = self.backlog
        check_loop(self._loop, self._station.id)
        version = self._version_of(request)
        try:
            message = self._add_to(backlog, request, version)
        except OcppError as error:
            error.at(self._station.id)
            raise
        self._dropped(backlog.thin(), DropReason.NO_SPACE)
        return message

    def _add_to(self, backlog: Backlog, request: Request[Any], version: Version) -> Message:
        unique_id = self._runtime.new_unique_id()
        return backlog.add(request, version, unique_id, self._encoder(version), offline=not self._station.connected)

    def _encoder(self, version: Version) -> Callable[[str, Request[Any]], bytes]:
        return self._runtime.frames(version, self._runtime.policy, self._station.id)[1].call

    def _version_of(self, request: Request[Any]) -> Version:
        """Return the version that a request is of: if connected, the one that is spoken."""
        known = (self._station.version,) if self._station.connected else self._runtime.versions
        action = request.__action__
        for each in known:
            if each.actions.get(action.name) is action:
                return each
        spoken = ", ".join(each.number for each in known)
        raise VersionMismatch(f"{type(request).__name__} is not a message of OCPP {spoken}").at(self._station.id)

    # Durable

    def _save(self) -> asyncio.Future[None]:
        """Return what is done when all that has changed so far is durable, or raises `NotDurable`."""
        saved = self._loop.create_future()
        self._saving.append(saved)
        self._dirty.set()
        return saved

    async def _write_all(self, backlog: Backlog) -> None:
        """Make durable what has changed, again and again; ends only by cancellation."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            saving, self._saving = self._saving, []
            change = backlog.take_changes()
            error = await self._write(change)
            if isinstance(error, QueueDamaged):
                backlog.all_lost()
                change = backlog.take_changes()
                error = await self._write(change)
            backlog.written(change, durable=error is None)
            for each in saving:
                if each.done():
                    continue
                if error is None:
                    each.set_result(None)
                else:
                    each.set_exception(error)
                    each.exception()  # who does not wait for it any more need not be told
            self._awake.set()

    async def _write(self, change: Change) -> NotDurable | None:
        if not any(change):
            return None
        try:
            await self._run(self._queue.write, change)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the user's queue
            if is_our_end(error):
                raise
            return self._trouble(error)
        return None

    def _trouble(self, error: BaseException) -> NotDurable:
        """Tell that something is not durable."""
        cause = None if isinstance(error, NotDurable) else error
        if not isinstance(error, NotDurable):
            error = NotDurable(str(error) or type(error).__name__)
            error.__cause__ = cause
        error.at(self._station.id)
        write(self._runtime.log, logging.ERROR, "%s", error, exc_info=cause, extra={"station": self._station.id})
        self._runtime.tell(QueueFailed(error), self._station.id)
        return error

    # Sending

    def wake(self) -> None:
        """Look again at what may be sent."""
        if self._backlog is not None:
            self._awake.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold everything back, as while a BootNotification is not answered."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self.wake()

    async def _send_all(self, backlog: Backlog) -> None:
        """Send what is due, again and again; ends only by cancellation."""
        while True:
            self._awake.clear()
            wait = await self._send_next(backlog)
            try:
                async with asyncio.timeout(wait):
                    await self._awake.wait()
            except TimeoutError:
                pass

    async def _send_next(self, backlog: Backlog) -> float | None:
        """Send the next message; return the seconds to wait then, or None until something changes."""
        await asyncio.sleep(0)  # who has just connected boots first, if he does so at once
        connection = self._station._connection
        if connection is None or not connection.connected or self._holds:
            return None
        message, wait = backlog.next(connection.version.number, self._loop.time())
        return wait if message is None else await self._try(backlog, connection, message)

    async def _try(self, backlog: Backlog, connection: Connection, message: Message) -> float | None:
        request, waiter = message.request, message.waiter
        answers: list[Response] = []
        if request is None:
            self._give_up(backlog, message, DropReason.UNREADABLE, None)
            return 0.0

        def checked(response: Response) -> None:
            answers.append(response)
            if waiter is not None and waiter.check is not None:
                waiter.check(response)

        outcome: Any
        try:
            frame = await self._frame(backlog, connection, message)
            timeout = None if waiter is None else waiter.timeout
            outcome = await connection._call(message.row.unique_id, request, timeout, checked, frame=frame)
        except BaseException as error:  # of the user's check, and of a CALLERROR, and so on
            if is_our_end(error):
                raise
            outcome = error
        if answers:
            self._answered(backlog, message, answers[0], outcome)
        elif isinstance(outcome, (Disconnected, NotRegistered)):
            return None  # no attempt: it begins anew when that has changed
        elif isinstance(outcome, QueueFull) or (isinstance(outcome, CallTimeout) and outcome.delivered is False):
            return _A_MOMENT
        elif isinstance(outcome, MessageDropped):
            self._give_up(backlog, message, DropReason.UNREADABLE, outcome)
        else:
            self._failed(backlog, message, outcome)
        await asyncio.wait([self._save()])
        return 0.0

    async def _frame(self, backlog: Backlog, connection: Connection, message: Message) -> bytes:
        """Return the bytes to send, the same each time."""
        changed = backlog.changed(message)
        if changed is not None:
            backlog.finish(message, self._encoder(connection.version)(message.row.unique_id, changed))
            await asyncio.wait([self._save()])
        return message.row.frame

    def _answered(self, backlog: Backlog, message: Message, response: Response, outcome: Any) -> None:
        backlog.delivered(message, response)
        if not self._tell_waiter(message, outcome):
            delivered = Delivered(message.as_posted(), response)
            self._runtime.tasks.run(self.delivered_hooks, delivered, station=self._station.id)

    def _failed(self, backlog: Backlog, message: Message, error: BaseException) -> None:
        dropped = backlog.failed(message, self.retries, self._loop.time(), time.time())
        about = {"station": self._station.id, "action": message.row.action}
        text = "%s: a try of %s has failed: %s"
        write(self._runtime.log, logging.INFO, text, self._station.id, message.row.action, error, extra=about)
        self._dropped(dropped, DropReason.GIVEN_UP, error)

    def _give_up(self, backlog: Backlog, message: Message, reason: DropReason, error: BaseException | None) -> None:
        self._dropped(backlog.drop(message), reason, error)

    def _dropped(self, messages: Any, reason: DropReason, error: BaseException | None = None) -> None:
        """Tell of messages that are not sent any more: who waits for them, or the hooks."""
        if not messages:
            return
        first = messages[0]
        for each in messages:
            mine = error if each is first and error is not None else MessageDropped(f"{each.row.action}: {reason}")
            self._tell_waiter(each, mine)
        dropped = Dropped(
            tuple(each.as_posted() for each in messages), reason, error if isinstance(error, OcppError) else None
        )
        about = {"station": self._station.id}
        text = "%s: %d messages of a transaction are dropped: %s"
        write(self._runtime.log, logging.WARNING, text, self._station.id, len(messages), reason, extra=about)
        self._runtime.tasks.run(self.dropped_hooks, dropped, station=self._station.id)

    def _tell_waiter(self, message: Message, outcome: Any) -> bool:
        """Tell who waits for a message how it ended; return whether anyone does."""
        waiter: Waiter | None = message.waiter
        if waiter is None or waiter.future.done():
            return False
        if isinstance(outcome, BaseException):
            waiter.future.set_exception(for_future(outcome))
        else:
            waiter.future.set_result(outcome)
        return True
