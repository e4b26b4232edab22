"""Scripts for `test_straight`: what arrives at a connection, what handlers do, and what the user does meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from websockets.datastructures import Headers

from ocpp_fast import CallError, ChargePoint, Context, Handshake, OcppError, Policy, Station, v16, v21
from ocpp_fast.aio.admission import Admitted
from ocpp_fast.aio.connection import Connection
from ocpp_fast.aio.endpoint import Endpoint
from ocpp_fast.aio.transport import CloseCode, TransportOwner

from .harness import central_system

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
MODULES: Final[dict[str, Any]] = {"1.6": v16, "2.1": v21}
TURNS: Final = 6
"""So many turns of the event loop: more than anything in a script takes."""


def data_transfer(unique_id: str, data: str) -> bytes:
    return json.dumps([2, unique_id, "DataTransfer", {"vendorId": "V", "data": data}]).encode()


FIRST: Final = data_transfer("first", "now answer")
HEARTBEAT: Final = b'[2,"heartbeat","Heartbeat",{}]'


@dataclass
class Script:
    """A connection, and what happens to it: `steps` are names of what the user does, or messages that come at once."""

    steps: list[str | list[bytes]]
    number: str = "1.6"
    is_central: bool = True
    policy: Policy = Policy()  # noqa: RUF009  # immutable
    status: str | None = "Accepted"
    wants_context: bool = False
    hooks: frozenset[str] = frozenset()


class Line:
    """A transport that notes what is sent, and hands over no more than its owner wants."""

    peer = certificate = None
    failed = False

    def __init__(self, timeline: list[Any]) -> None:
        self.owner: TransportOwner | None = None
        self._timeline = timeline
        self._paused = False
        self._backlog: deque[bytes] = deque()
        self._closed = asyncio.Event()

    def arrive(self, raw: bytes) -> None:
        self._backlog.append(raw)
        if not self._paused:
            self._hand_over()

    def _hand_over(self) -> None:
        while self._backlog and not self._paused and self.owner is not None:
            self.owner.message_received(self._backlog.popleft())

    def send(self, raw: bytes) -> None:
        if not self._closed.is_set():
            self._timeline.append(("sent", raw))

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        if self._closed.is_set():
            return
        self._timeline.append(("close", code))
        self._closed.set()
        owner, self.owner = self.owner, None
        assert owner is not None
        owner.transport_closed(code, reason)

    def abort(self) -> None:
        self.close(CloseCode.ABNORMAL)

    def pause(self) -> None:
        self._timeline.append("paused")
        self._paused = True

    def resume(self) -> None:
        self._timeline.append("resumed")
        self._paused = False
        self._hand_over()

    def trust(self) -> None:
        self._timeline.append("trusted")

    async def answers(self, seconds: float) -> bool:
        raise AssertionError(seconds)

    async def wait_closed(self) -> None:
        await self._closed.wait()


class Book:
    """Notes which registrations are to be remembered."""

    def __init__(self, timeline: list[Any]) -> None:
        self._timeline = timeline

    def load(self, identity: str) -> str | None:
        raise AssertionError(identity)

    def store(self, identity: str, status: str) -> None:
        self._timeline.append(("store", identity, status))


class LogBook(logging.Handler):
    """Notes what is logged."""

    def __init__(self, timeline: list[Any]) -> None:
        super().__init__()
        self._timeline = timeline

    def emit(self, record: logging.LogRecord) -> None:
        self._timeline.append(("log", record.levelname, record.getMessage()))


@dataclass
class Play:
    """One run of a script; `timeline` is what could be seen of it, `goes_straight` whether calls do in the end."""

    script: Script
    timeline: list[Any] = field(default_factory=list)
    goes_straight: bool = False
    calls: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self, *, straight: bool) -> None:
        script = self.script
        self.module = MODULES[script.number]
        log = logging.Logger("play")
        log.addHandler(LogBook(self.timeline))
        self.line = Line(self.timeline)
        self.endpoint = self._central(log) if script.is_central else self._station(log)
        runtime = self.endpoint._runtime
        numbers = iter(range(1, 1000))
        runtime.new_unique_id = lambda: f"own-{next(numbers)}"
        if not straight:
            runtime.may_go_straight = lambda *_: None  # type: ignore[method-assign]  # the general way
        self._register()
        await self._visit()
        self.connection = self._connect(self.line, script.status)
        for step in script.steps:
            await self._do(step)
        self.goes_straight = bool(self.connection._straight)
        self.line.close(CloseCode.GOING_AWAY)
        await self._turns()
        await runtime.tasks.finish(0)
        await asyncio.gather(*self.calls)

    # The two sides

    def _central(self, log: logging.Logger) -> Endpoint:
        registrations = Book(self.timeline)
        return central_system(versions=[self.module], policy=self.script.policy, registrations=registrations, log=log)

    def _station(self, log: logging.Logger) -> Endpoint:
        return ChargePoint("CP1", "ws://x", versions=[self.module], policy=self.script.policy, log=log)

    async def _visit(self) -> None:
        """Let a connection come before, whose calls may let those of the next one go straight."""
        line = Line(self.timeline)
        self._connect(line, "Accepted")
        await self._turns()
        for raw in (FIRST, HEARTBEAT):
            line.arrive(raw)
        await self._turns()
        line.close()
        await self._turns()

    def _connect(self, line: Line, status: str | None) -> Connection:
        endpoint: Any = self.endpoint
        version = self.module.VERSION
        connection: Connection
        if self.script.is_central:
            handshake = Handshake("CP1", "/CP1", Headers())
            admitted = Admitted(handshake, version, self.script.policy, status)
            connection = endpoint._runtime.arrived(line, admitted, version)
        else:
            connection = endpoint._new_connection(line, version.subprotocol)
        line.owner = connection
        return connection

    # Handlers and hooks

    def _register(self) -> None:
        endpoint, hooks = self.endpoint, self.script.hooks
        actions = self.module.VERSION.actions
        for name in ("DataTransfer", *(("Heartbeat", "BootNotification") if self.script.is_central else ())):
            self.listen(name)
        if self.script.is_central and self.module is v21:
            endpoint.add(actions["NotifyPeriodicEventStream"], self._noting("stream"))
        for kind in ("on_fault", "on_result_refused", "on_disconnect"):
            getattr(endpoint, kind)(self._noting(kind))
        if "on_connect" in hooks:
            endpoint.on_connect(self._noting("on_connect"))
        if "on_connect later" in hooks:
            endpoint.on_connect(self._later("on_connect"))
        for kind in hooks & {"on_frame", "on_any"}:
            getattr(endpoint, kind)(self._noting(kind))
        if "after" in hooks:
            endpoint.after(actions["DataTransfer"].request)(self._noting("after"))
        if "after later" in hooks:
            endpoint.after(actions["DataTransfer"].request)(self._later("after"))
        if "middleware" in hooks:
            endpoint.middleware(self._middleware)
        if "error" in hooks:
            endpoint.error(RuntimeError)(lambda error: CallError("SecurityError", str(error)))

    def listen(self, name: str) -> None:
        """Register a handler, in place of the one that is there."""
        action = self.module.VERSION.actions[name]

        def handle(request: Any, context: Context[Any] | None = None) -> Any:
            if context is not None:
                self.timeline.append(("context", context.unique_id, context.raw, context.action.name))
            return self._handle(name, request)

        def alone(request: Any) -> Any:
            return handle(request)

        def of_station(station: Station, request: Any) -> Any:
            return handle(request)

        def with_context(request: Any, context: Context[Any]) -> Any:
            return handle(request, context)

        plain: Callable[..., Any] = of_station if self.script.is_central else alone
        self.endpoint.add(action, with_context if self.script.wants_context else plain)

    def _noting(self, kind: str) -> Callable[..., None]:
        return lambda *given: self.timeline.append((kind, *map(_shown, given)))

    def _later(self, kind: str) -> Callable[..., Any]:
        async def later(*given: Any) -> None:
            await asyncio.sleep(0)
            self.timeline.append((kind, *map(_shown, given)))

        return later

    async def _middleware(self, call: Any, call_next: Any) -> Any:
        self.timeline.append(("middleware", call.unique_id))
        return await call_next(call)

    def _handle(self, name: str, request: Any) -> Any:
        """Do what the request says."""
        self.timeline.append(("handler", name, _shown(request)))
        if name == "Heartbeat":
            return self.module.HeartbeatResponse(current_time=NOW)
        if name == "BootNotification":
            status = getattr(request, "charge_point_model", None) or request.charging_station.model
            return self.module.BootNotificationResponse(current_time=NOW, interval=60, status=status)
        when, _, what = (request.data or "now answer").partition(" ")
        deed = getattr(self, f"_do_{what}")
        return deed() if when == "now" else self._do_later(deed, turns=3 if when == "later" else 0)

    async def _do_later(self, deed: Callable[[], Any], *, turns: int) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        outcome = deed()
        return await outcome if asyncio.iscoroutine(outcome) else outcome

    def _do_answer(self) -> Any:
        return self.module.DataTransferResponse(status="Accepted")

    def _do_raise(self) -> Any:
        raise RuntimeError("on purpose")

    def _do_cancel(self) -> Any:
        raise asyncio.CancelledError

    def _do_refuse(self) -> Any:
        raise CallError("GenericError", "no", {"a": 1})

    def _do_break(self) -> Any:
        raise CallError("GenericError", "no", {"a": object()})

    def _do_nothing(self) -> Any:
        return None

    def _do_mistake(self) -> Any:
        return self.module.DataTransferResponse(status="nonsense")

    def _do_confuse(self) -> Any:
        return self.module.HeartbeatResponse(current_time=NOW)

    def _do_close(self) -> Any:
        self.line.close()
        return self._do_answer()

    def _do_wait(self) -> Any:
        async def wait() -> Any:
            await self.connection.close()
            return self._do_answer()

        return wait()

    def _do_call(self) -> Any:
        async def call() -> Any:
            await self._call()
            return self._do_answer()

        return call()

    def _do_notify(self) -> Any:
        stream = v21.NotifyPeriodicEventStreamRequest(
            data=[v21.StreamDataElementType(t=0.0, v="1")], id=1, pending=0, basetime=NOW
        )
        self.connection.send(stream)
        return self._do_answer()

    def _do_register(self) -> Any:
        self.listen("DataTransfer")
        return self._do_answer()

    def _do_expect(self) -> Any:
        self.expect()
        return self._do_answer()

    def _do_watch(self) -> Any:
        self.connection.on_any(self._noting("watcher"))
        return self._do_answer()

    def _do_frames(self) -> Any:
        self.endpoint.on_frame(self._noting("late on_frame"))
        return self._do_answer()

    def _do_after(self) -> Any:
        self.endpoint.after(self.module.DataTransferRequest)(self._noting("late after"))
        return self._do_answer()

    def _do_stop(self) -> Any:
        self.endpoint._runtime.stopping = True
        return self._do_answer()

    def _do_arrive(self) -> Any:
        self.line.arrive(data_transfer("nested", "now answer"))
        return self._do_answer()

    # The user

    async def _do(self, step: str | list[bytes]) -> None:
        if isinstance(step, list):
            for raw in step:
                self.line.arrive(raw)
        elif step == "turns":
            await self._turns()
        elif step == "call":
            self.calls.append(asyncio.create_task(self._call()))
            await asyncio.sleep(0)
        elif step == "boot":
            self.calls.append(asyncio.create_task(self._call("BootNotification")))
            await asyncio.sleep(0)
        elif step == "expect":
            self.expect()
        else:
            getattr(self, f"_do_{step}")()

    async def _turns(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def expect(self) -> None:
        """Wait for a DataTransfer; one that comes is noted."""
        future = self.connection.expect(
            self.module.DataTransferRequest, lambda request: not request.data.endswith("raise")
        )
        future.add_done_callback(lambda done: self.timeline.append(("expected", repr(done.exception()))))

    async def _call(self, name: str = "DataTransfer") -> None:
        if name == "DataTransfer":
            request = self.module.DataTransferRequest(vendor_id="V")
        elif self.script.is_central:
            return
        elif self.module is v16:
            request = v16.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M")
        else:
            of = v21.ChargingStationType(model="M", vendor_name="V")
            request = v21.BootNotificationRequest(charging_station=of, reason=v21.BootReasonEnumType.POWER_UP)
        try:
            answer: Any = await self.connection.call(request)
        except OcppError as error:
            answer = error
        self.timeline.append(("answered", _shown(answer)))


def _shown(each: Any) -> str:
    """What an object says of itself, without addresses."""
    if isinstance(each, ChargePoint):
        return each.id
    return f"{type(each).__name__} {each}" if isinstance(each, Exception) else repr(each)
