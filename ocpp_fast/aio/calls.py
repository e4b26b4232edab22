"""The calls of one connection that we make ourselves."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import CallError, Disconnected, InvalidResult, OcppError, QueueFull
from ..faults import MessageType
from ..frames import Faulty, FrameFault
from ..schema import DataTransfer, Notification, Request, Response, Struct, Version
from ..session import CallEnded, OpenCall, Session, Waiter
from .arguments import check_seconds
from .deadlines import Deadlines
from .events import Limit
from .logs import write
from .watching import for_future

if TYPE_CHECKING:
    from ..policy import Policy
    from .endpoint import Runtime

__all__ = ["OwnCalls", "check_loop"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)


class Awaited:
    """A call that a coroutine waits for, with its check of the response."""

    __slots__ = ("_calls", "_check", "future")

    def __init__(self, calls: OwnCalls, check: Callable[[Any], object] | None) -> None:
        self._calls = calls
        self._check = check
        self.future: asyncio.Future[Any] = calls._loop.create_future()

    def expired(self, open_call: OpenCall) -> None:
        """End the call."""
        self._calls._expire(open_call)

    def ended(self, ended: CallEnded, raw: bytes) -> None:
        """Tell the coroutine."""
        if self.future.done():
            return
        outcome: Response | BaseException = ended.outcome
        if self._check is not None and isinstance(outcome, Response):
            outcome = self._calls._checked(ended.open_call.unique_id, outcome, self._check, raw)
        if isinstance(outcome, BaseException):
            self.future.set_exception(for_future(outcome))
        else:
            self.future.set_result(outcome)


def check_loop(loop: asyncio.AbstractEventLoop, identity: str) -> None:
    """Raise `RuntimeError` unless `loop` is the one that runs here."""
    if asyncio._get_running_loop() is not loop:
        raise RuntimeError(f"{identity} belongs to another event loop: use call_threadsafe() to call it from here")


class OwnCalls:
    """Makes calls in the session of a connection, which is a subclass, and tells their callers how they ended."""

    __slots__ = ("_deadlines", "_loop", "_paused", "_runtime", "_session", "id", "policy", "version")

    _deadlines: Deadlines
    _loop: asyncio.AbstractEventLoop
    _paused: bool
    _runtime: Runtime
    _session: Session
    id: str
    policy: Policy
    version: Version

    def _flush(self) -> None:
        """Send what the session has to send, and act on its events."""
        raise NotImplementedError

    def _resume(self) -> None:
        """Read on, if that was stopped and need not be any more."""
        raise NotImplementedError

    def _fault_noticed(self, fault: FrameFault) -> None:
        """Tell the hooks of a fault of the peer."""
        raise NotImplementedError

    def limit_reached(self, limit: Limit, detail: str = "") -> None:
        """Tell the hooks of events that the peer has met a limit; `detail` says what was done."""
        self._runtime.limit_reached(limit, self.id, self._remote_address, detail)

    @property
    def _remote_address(self) -> tuple[str, int] | None:
        raise NotImplementedError

    def _about(self) -> dict[str, object]:
        """Return what every line of the log has as `extra`."""
        return {"station": self.id}

    def _log(
        self, level: int, message: str, *values: object, error: BaseException | None = None, **extra: object
    ) -> None:
        """Write a line to the log: of this station, with a traceback of an error, and fields beside `_about`."""
        log = self._runtime.log
        write(log, level, f"%s: {message}", self.id, *values, exc_info=error, extra=self._about() | extra)

    async def call(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
        may_send: Callable[[], object] | None = None,
    ) -> R:
        """Send a request and return its response; `timeout` in seconds counts from now on.

        `check` is called with the response as soon as it comes; a `CallError` or `InvalidResult` that it raises is
        raised here, and sent to the peer as a CALLRESULTERROR where the version has that (2.1, R10). `may_send` is
        asked when the call's turn has come, in the step that writes its frame; if it says no, `NotSent` is raised.

        Raises `ValidationError`, `NotRegistered`, `QueueFull` or `SigningFailed` (nothing was sent), `CallError`
        (the peer refused), `InvalidResult` (its answer is invalid), `CallTimeout`, `Disconnected`; `RuntimeError` on
        another event loop.
        """
        return await self._call(self._runtime.new_unique_id(), request, timeout, check, may_send)

    async def _call(
        self,
        unique_id: str,
        request: Request[R],
        timeout: float | None,
        check: Callable[[R], object] | None,
        may_send: Callable[[], object] | None = None,
        frame: bytes = b"",
    ) -> R:
        """Make a call of an id; its frame may be written already."""
        check_loop(self._loop, self.id)
        seconds = self._runtime.call_timeout if timeout is None else check_seconds("timeout", timeout)
        waiter = Awaited(self, check)
        try:
            open_call = self._begin(unique_id, request, seconds, waiter, may_send, frame)
            try:
                response: R = await waiter.future
            except asyncio.CancelledError:
                self._cancel(open_call)
                raise
            finally:
                del open_call, waiter  # or a cycle: the future, its exception, the traceback, this frame
        except OcppError as error:
            error.at(self.id)
            raise
        return response

    def _begin(
        self,
        unique_id: str,
        request: Request[Any],
        seconds: float,
        waiter: Waiter,
        may_send: Callable[[], object] | None = None,
        frame: bytes = b"",
    ) -> OpenCall:
        """Begin a call, of whose end `waiter` is told. Raises what ends it before that."""
        if self in self._runtime.leaving:
            raise Disconnected("it is being closed", delivered=False)
        deadline = self._loop.time() + seconds
        try:
            open_call = self._session.call(unique_id, request, deadline, waiter, may_send, frame)
        except QueueFull:
            self.limit_reached(Limit.QUEUED_CALLS, f"{type(request).__name__} was not sent")
            raise
        self._deadlines.schedule()
        self._flush()
        if self._paused:  # the answer may be behind what is not read
            self._loop.call_soon(self._resume)
        return open_call

    def _cancel(self, open_call: OpenCall) -> None:
        """Give a call up."""
        self._session.cancel(open_call)
        self._flush()

    def _expire(self, open_call: OpenCall) -> None:
        """End a call whose time has run out."""
        self._call_ended(self._session.expire(open_call))
        self._flush()

    def call_threadsafe(
        self,
        request: Request[R],
        *,
        timeout: float | None = None,
        check: Callable[[R], object] | None = None,
    ) -> concurrent.futures.Future[R]:
        """Make a call from another thread or event loop; the future ends as `call` does, and cancelling it cancels."""
        if self._loop.is_closed():
            raise Disconnected("its event loop is closed", delivered=False).at(self.id)
        return asyncio.run_coroutine_threadsafe(self.call(request, timeout=timeout, check=check), self._loop)

    def send(self, notification: Notification) -> asyncio.Future[None]:
        """Send an unconfirmed message (2.1, R11), at once; may be awaited.

        Raises `ValidationError`, `NotRegistered`, `SigningFailed`, `Disconnected`, and `VersionMismatch` before 2.1;
        `RuntimeError` on another event loop.
        """
        check_loop(self._loop, self.id)
        try:
            self._session.send(self._runtime.new_unique_id(), notification)
        except OcppError as error:
            error.at(self.id)
            raise
        self._flush()
        sent = self._loop.create_future()
        sent.set_result(None)
        return sent

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer; `timeout` as of `call`.

        Raises `TransferRefused` when the answer's status is not Accepted, `VersionMismatch` where the version is
        declared without DataTransfer, and what `call` raises.
        """
        check_loop(self._loop, self.id)
        replies: list[A] = []

        def check(response: Response) -> None:
            faulty = Faulty("", MessageType.CALLRESULT, answered=False)
            replies.append(envelope.reply(payload.__transfer__, response, faulty))
            for fault in faulty.mended_faults():
                self._fault_noticed(fault)

        try:
            envelope = self._runtime.envelope(self.version, self.policy)
            request = envelope.request(payload)
        except OcppError as error:
            error.at(self.id)
            raise
        await self.call(request, timeout=timeout, check=check)
        return replies[0]

    def _call_ended(self, ended: CallEnded, raw: bytes = b"") -> None:
        waiter = ended.open_call.waiter
        assert waiter is not None
        waiter.ended(ended, raw)

    def _checked(
        self, unique_id: str, response: Response, check: Callable[[Any], object], raw: bytes
    ) -> Response | BaseException:
        """Return the response, or what the caller's check raises of it."""
        try:
            check(response)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # of the user's code
            if isinstance(error, InvalidResult):
                error.raw = error.raw or raw
            if isinstance(error, (CallError, InvalidResult)):
                self._refuse_result(unique_id, error)
            return error
        return response

    def _refuse_result(self, unique_id: str, error: CallError | InvalidResult) -> None:
        unwritable = self._session.refuse_result(unique_id, error)
        if unwritable is not None:
            self._log(logging.ERROR, "the refusal of a result can't be written", error=unwritable)
