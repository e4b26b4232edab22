"""What docs/threads.md shows runs, and what it says goes wrong goes wrong so."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
import pytest
from werkzeug.serving import make_server

from ocpp_fast import CallError, ChargePoint, Disconnected, ErrorCode, NotConnected, Station, v16

from ..cli.programs import in_time, program
from ..sources import ROOT

pytestmark = pytest.mark.once

PAGE: Final = (ROOT / "docs" / "threads.md").read_text("utf-8")
CHARGING, FLASK, DJANGO, CELERY = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CHARGING_ON_ANY_PORT: Final = CHARGING.replace("8887", "0")
SOFT: Final = v16.ResetRequest(type=v16.ResetType.SOFT)


def module(name: str, code: str) -> Any:
    """Make a module of a block of the page."""
    made = ModuleType(name)
    exec(compile(code, f"{name}.py", "exec", dont_inherit=True), vars(made))
    return made


@pytest.fixture
def charging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page's `charging.py`, for other blocks to import; fails if a thread is left over."""
    before = set(threading.enumerate())
    made = module("charging", CHARGING_ON_ANY_PORT)
    monkeypatch.setitem(sys.modules, "charging", made)
    yield made
    assert set(threading.enumerate()) <= before


@dataclass
class Charger:
    """A charge point, what it was asked, and the end of its connection."""

    point: ChargePoint
    resets: list[v16.ResetType] = field(default_factory=list)
    refusal: CallError | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self, request: v16.ResetRequest) -> v16.ResetResponse:
        self.resets.append(request.type)
        if self.refusal is not None:
            raise self.refusal
        return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)


@asynccontextmanager
async def charger(url: str) -> AsyncIterator[Charger]:
    """CP001, connected over a real socket."""
    made = Charger(ChargePoint("CP001", url, versions=[v16]))
    made.point.on(v16.ResetRequest)(made.reset)
    made.point.on_disconnect(made.left.set)
    async with made.point:
        yield made


@asynccontextmanager
async def connected(charging: Any) -> AsyncIterator[tuple[Charger, Station]]:
    """Run the thread of the page, with CP001 connected to it."""
    server = await asyncio.to_thread(charging.ocpp.start)
    try:
        async with charger(server.url) as cp001:
            waiting = charging.central.wait_connected("CP001")  # as the page has it: what is async goes to the loop
            yield cp001, await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(waiting, charging.ocpp.loop))
    finally:
        await asyncio.to_thread(charging.ocpp.stop)


@contextmanager
def flask_site() -> Iterator[str]:
    """Serve the page's Flask app, a thread for each request; its URL."""
    server = make_server("127.0.0.1", 0, module("site_flask", FLASK).app, threaded=True)
    vars(server)["daemon_threads"] = False  # so that server_close waits for them
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# The code of the page


@in_time
async def test_a_flask_view_resets_a_station(charging: Any) -> None:
    async with connected(charging) as (cp001, _), httpx.AsyncClient() as client:
        with flask_site() as url:
            answer = await client.post(f"{url}/stations/CP001/reset")
            assert (answer.status_code, answer.json()) == (200, {"status": "Accepted"})
            answer = await client.post(f"{url}/stations/CP002/reset")
            assert (answer.status_code, answer.json()) == (404, {"error": "CP002: not connected"})
            cp001.refusal = CallError(ErrorCode.INTERNAL_ERROR, "stuck")
            answer = await client.post(f"{url}/stations/CP001/reset")
            assert (answer.status_code, answer.json()) == (502, {"error": "CP001: InternalError: stuck"})
    assert cp001.resets == [v16.ResetType.SOFT] * 2


@in_time
async def test_flask_as_a_program_serves_both_and_stops_cleanly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (tmp_path / "charging.py").write_text(CHARGING_ON_ANY_PORT, "utf-8")
    (tmp_path / "site_flask.py").write_text(FLASK.replace("5000", port), "utf-8")
    patient = httpx.AsyncHTTPTransport(retries=6)
    async with program("-u", str(tmp_path / "site_flask.py")) as site, httpx.AsyncClient(transport=patient) as client:
        ocpp_url = (await site.line(r"stations connect to (\S+)"))[1]
        async with charger(ocpp_url) as cp001:
            answer = await client.post(f"http://127.0.0.1:{port}/stations/CP001/reset")
            assert answer.json() == {"status": "Accepted"}
            ended = await site.stop(signal.SIGINT)
            await cp001.left.wait()
        assert (ended, "Traceback" in site.complaints) == (0, False), site.complaints


@in_time
async def test_a_celery_task_resets_a_station_in_eager_mode_and_over_http(charging: Any) -> None:
    async with connected(charging) as (cp001, _):
        with flask_site() as url:
            tasks = module("tasks", CELERY.replace("http://127.0.0.1:5000", url))
            tasks.celery.conf.task_always_eager = True
            for task in (tasks.reset, tasks.reset_here):
                assert (await asyncio.to_thread(task.delay, "CP001")).get() == "Accepted"
            for task, error in ((tasks.reset, httpx.HTTPError), (tasks.reset_here, NotConnected)):
                with pytest.raises(error):
                    (await asyncio.to_thread(task.delay, "CP002")).get()
    assert cp001.resets == [v16.ResetType.SOFT] * 2


def test_the_view_of_django_compiles() -> None:
    compile(DJANGO, "views.py", "exec", dont_inherit=True)


# The thread


@in_time
async def test_stopping_closes_the_connections(charging: Any) -> None:
    async with connected(charging) as (cp001, station):
        await asyncio.to_thread(charging.ocpp.stop)
        await cp001.left.wait()
        assert station.close_code == 1001


def test_a_port_that_is_taken_is_told_to_the_caller_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ocpp = module("charging", CHARGING.replace("8887", str(taken.getsockname()[1]))).ocpp
        with pytest.raises(OSError, match="error while attempting to bind on address"):
            ocpp.start()
    ocpp._thread.join()
    assert set(threading.enumerate()) <= before


def test_starting_twice_raises(charging: Any) -> None:
    charging.ocpp.start()
    try:
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            charging.ocpp.start()
    finally:
        charging.ocpp.stop()


# What goes wrong


def said(words: str) -> str:
    """Return words that the page has, broken into lines or not, as a pattern."""
    assert words in PAGE.replace("\n  ", " "), f"the page does not say {words!r}"
    return re.escape(words)


@in_time
async def test_a_plain_call_from_another_thread_names_call_threadsafe(charging: Any) -> None:
    def call_there() -> Any:
        return asyncio.run(station.call(SOFT))

    async with connected(charging) as (cp001, station):
        with pytest.raises(RuntimeError, match=said("CP001 belongs to another event loop: use call_threadsafe()")):
            await asyncio.to_thread(call_there)
        with pytest.warns(RuntimeWarning, match=said("was never awaited")):
            station.call(SOFT)  # type: ignore[unused-coroutine]  # the mistake that the page tells
    assert cp001.resets == []


@in_time
async def test_a_station_that_is_kept_after_the_end_is_disconnected(charging: Any) -> None:
    async with connected(charging) as (_, station):
        pass
    with pytest.raises(Disconnected, match=said("CP001: its event loop is closed")):
        station.call_threadsafe(SOFT)
    with pytest.raises(NotConnected, match=said("CP001: not connected")):
        charging.soft_reset("CP001")


@in_time
async def test_waiting_for_a_result_in_a_handler_blocks_the_loop_and_awaiting_a_call_does_not(charging: Any) -> None:
    said("With a timeout it fails, and the request is sent afterwards.")
    resets: list[v16.ResetType] = []
    waits: list[BaseException | None] = []
    now = v16.HeartbeatResponse(current_time=datetime.now(UTC))

    @charging.central.on(v16.HeartbeatRequest)  # type: ignore[untyped-decorator]  # of a module that is made here
    def blocks(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        future = station.call_threadsafe(SOFT)
        try:
            future.result(timeout=0.05)
        except TimeoutError as error:
            waits.append(error)
            resets.extend(cp001.resets)
        return now

    @charging.central.on(v16.StatusNotificationRequest)  # type: ignore[untyped-decorator]
    async def awaits(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
        await station.call(SOFT)
        return v16.StatusNotificationResponse()

    async with connected(charging) as (cp001, _):
        reset = cp001.point.expect(v16.ResetRequest)
        await cp001.point.v16.heartbeat()
        assert (len(waits), resets) == (1, [])
        await reset
        status = v16.ChargePointStatus.AVAILABLE
        await cp001.point.v16.status_notification(
            connector_id=1, error_code=v16.ChargePointErrorCode.NO_ERROR, status=status
        )
    assert len(cp001.resets) == 2
