"""`central.run`: a program of its own, from before it listens to after the last handler."""

from __future__ import annotations

import asyncio
import inspect
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocpp_fast import CentralSystem
from ocpp_fast.aio.server import ServeOptions

from ..cli.programs import Program, program
from .exchanges import ACCEPTED, TRANSFER
from .harness import central_system, on_one_loop
from .peer import Peer, handshake_bytes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a program can only be killed")

LOOPS = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from ocpp_fast import CentralSystem, NoAuth, v16

central = CentralSystem(auth=NoAuth(), versions=[v16])
go_on = asyncio.Event()

@central.on(v16.DataTransferRequest)
async def transfer(station, request):
    print("handling", flush=True)
    await asyncio.sleep(float(sys.argv[2]))
    print("handled")
    return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED)

@asynccontextmanager
async def lifespan():
    print("entered by", type(asyncio.get_running_loop()).__module__.partition(".")[0], flush=True)
    yield
    print("left", flush=True)

factory = __import__(sys.argv[1]).new_event_loop
central.run(grace=60, lifespan=lifespan, loop_factory=factory,
            on_listening=lambda server: print("listening on port", server.port, flush=True))
print("returned", flush=True)
"""

CHOICE = """
import os, signal, asyncio, sys
from importlib.machinery import PathFinder
from ocpp_fast import CentralSystem, NoAuth, v16

class WithoutUvloop:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name == "uvloop" else PathFinder.find_spec(name, path, target)

if sys.argv[1] == "without":
    sys.meta_path = [WithoutUvloop if each is PathFinder else each for each in sys.meta_path]

def listening(server):
    print(type(asyncio.get_running_loop()).__module__.partition(".")[0])
    os.kill(os.getpid(), signal.SIGTERM)

CentralSystem(auth=NoAuth(), versions=[v16]).run(on_listening=listening)
"""

STUBBORN = """
import asyncio, os, signal, sys
from contextlib import suppress
from ocpp_fast import CentralSystem, ChargePoint, Disconnected, NoAuth, v16

central = CentralSystem(auth=NoAuth(), versions=[v16])

async def stubborn():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

@central.on(v16.DataTransferRequest)
async def transfer(station, request):
    os.kill(os.getpid(), signal.SIGTERM)
    await stubborn()

@central.on_connect
async def beside(station):
    asyncio.create_task(stubborn(), name="beside")

def listening(server):
    asyncio.create_task(call(server.url))

async def call(url):
    async with ChargePoint("CP1", url, versions=[v16]) as station:
        with suppress(Disconnected):
            await station.v16.data_transfer(vendor_id="V")

central.run(grace=0, drain=None, on_listening=listening, loop_factory=__import__(sys.argv[1]).new_event_loop)
print("returned")
"""

FILES = """
import os, signal, resource, sys
from ocpp_fast import CentralSystem, NoAuth, v16

resource.setrlimit(resource.RLIMIT_NOFILE, tuple(map(int, sys.argv[1:])))

def listening(server):
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
    os.kill(os.getpid(), signal.SIGTERM)

CentralSystem(auth=NoAuth(), versions=[v16]).run(on_listening=listening)
"""


@asynccontextmanager
async def handling(loop: str, seconds: float, source: str = PROGRAM) -> AsyncIterator[tuple[Program, Peer, int]]:
    """A program whose handler takes that long, a station that waits for the answer, and the port."""
    async with program("-c", source, loop, str(seconds)) as running:
        port = int((await running.line(r"listening on port (\d+)"))[1])
        peer = await Peer.connect(port)
        peer.write(handshake_bytes())
        assert (await peer.http_answer()).status == 101
        peer.send(TRANSFER)
        await running.line("handling")
        yield running, peer, port


STOPPED = (1001, "the central system stops")
DRAINED = (1012, "the central system is draining")


@pytest.mark.parametrize(
    ("with_signal", "close"), [(signal.SIGINT, STOPPED), (signal.SIGTERM, DRAINED)], ids=["SIGINT", "SIGTERM"]
)
@LOOPS
@on_one_loop
async def test_a_signal_ends_it_when_handlers_have_answered(
    loop: str, with_signal: signal.Signals, close: tuple[int, str]
) -> None:
    async with handling(loop, 0.3) as (running, peer, port):
        ended = asyncio.create_task(running.stop(with_signal))
        assert await peer.message() == ACCEPTED
        assert await peer.close_frame() == close
        assert (await ended, running.complaints) == (0, "")
        listening = f"listening on port {port}"
        assert running.printed == [f"entered by {loop}", listening, "handling", "handled", "left", "returned"]


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
@LOOPS
@on_one_loop
async def test_a_second_signal_does_not_wait_for_handlers(loop: str, with_signal: signal.Signals) -> None:
    """Nor does a third one, if the first one drains."""
    async with handling(loop, 3600) as (running, _, port):
        running.send(with_signal)
        if with_signal == signal.SIGTERM:
            await lets_nobody_in(port)
            running.send(with_signal)
        await refuses(port)
        assert await running.stop(with_signal) != 0
        assert "returned" not in running.printed


@LOOPS
@on_one_loop
async def test_a_second_signal_amid_the_closing_does_not_wait_either(loop: str) -> None:
    interrupts = "lambda: os.kill(os.getpid(), signal.SIGINT)"
    source = PROGRAM.replace(
        "lambda server: print(", f"lambda server: setattr(server, '_remove_socket', {interrupts}) or print("
    )
    async with handling(loop, 3600, "import os, signal" + source) as (running, _, _):
        assert await running.stop(signal.SIGINT) != 0
        assert "returned" not in running.printed


async def lets_nobody_in(port: int) -> None:
    """Return when a station is answered 503."""
    while True:
        peer = await Peer.connect(port)
        peer.write(handshake_bytes("/CP9"))
        if (await peer.http_answer()).status == 503:
            return


async def refuses(port: int) -> None:
    """Return when nobody listens at a port any more."""
    while True:
        try:
            (await Peer.connect(port)).abort()
        except ConnectionRefusedError:
            return
        except ConnectionError:  # it came when the port was closed
            continue


@pytest.mark.parametrize(("installed", "taken"), [("with", "uvloop"), ("without", "asyncio")])
def test_it_takes_uvloop_where_that_is_installed(
    installed: str, taken: str, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    if taken == "uvloop":
        pytest.importorskip("uvloop")
    ended = run_python("-c", CHOICE, installed)
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"{taken}\n", "", 0)


@pytest.mark.parametrize(
    ("soft", "hard", "warning"),
    [
        (256, 5000, ""),
        (256, 1000, "no more than 1000 files may be open, a connection being one (ulimit -Hn)\n"),
    ],
)
def test_it_may_open_as_many_files_as_the_system_allows(
    soft: int, hard: int, warning: str, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ended = run_python("-c", FILES, str(soft), str(hard))
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"{hard} {hard}\n", warning, 0)


@on_one_loop
async def test_it_is_refused_in_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match=r"use `async with central\.serve\(\.\.\.\)`"):
        central_system().run()


def test_it_is_refused_outside_the_main_thread() -> None:
    refused: list[str] = []

    def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="signals, which come to the main thread") as raised:
            central_system().run()
        refused.append(str(raised.value))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(refused) == 1


def test_what_serve_and_the_lifespan_raise_reaches_the_caller() -> None:
    left: list[str] = []

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        try:
            yield
        finally:
            left.append("left")

    def broken(_: object) -> None:
        raise LookupError("of the user's")

    central: CentralSystem = central_system()
    with pytest.raises(ValueError, match="max_connections: expected at least 1"):
        central.run(lifespan=lifespan, max_connections=0)
    with pytest.raises(LookupError, match="of the user's"):
        central.run(lifespan=lifespan, on_listening=broken)
    assert left == ["left", "left"]


def test_it_takes_every_option_of_serve() -> None:
    positional = {"self", "host", "port"}
    assert set(ServeOptions.__annotations__) == inspect.signature(CentralSystem.serve).parameters.keys() - positional


@LOOPS
def test_a_program_ends_whatever_its_tasks_do_when_they_are_cancelled(loop: str, run_python: Any) -> None:
    done = run_python("-c", STUBBORN, loop)
    assert (done.returncode, done.stdout) == (0, "returned\n"), done.stderr
    assert done.stderr.count("left behind") == 3  # the handler twice: when the server stops, and when the program does
    assert "Traceback" not in done.stderr
