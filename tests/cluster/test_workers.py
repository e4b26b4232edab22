"""`central.run(workers=...)`: processes on one port that know each other's stations, and who looks after them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from ocpp_fast import CentralSystem, Cluster, LocalCluster, NoAuth, v16

from ..aio.exchanges import answered
from ..aio.harness import on_one_loop, until
from ..aio.peer import Peer, handshake_bytes
from ..cli.programs import Program, program

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]

PROGRAM: Final = """
import asyncio, multiprocessing, os, sys, time
from ocpp_fast import CentralSystem, LocalCluster, NoAuth, OcppError, v16

central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=LocalCluster())

async def call(identity):
    while True:
        try:
            called = await central.cluster.wait_connected(identity)
            return str((await called.v16.clear_cache()).status)
        except OcppError as error:
            if error.delivered is not False:
                raise
        await asyncio.sleep(0.1)  # the server starts again

@central.on(v16.DataTransferRequest)
async def transfer(station, request):
    data = multiprocessing.current_process().name
    if request.vendor_id == "call":
        data = await call(request.data)
    elif request.vendor_id == "hang":
        time.sleep(1000)
    return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=data)

def listening(server):
    name = multiprocessing.current_process().name
    if name == sys.argv[1]:
        raise LookupError("of the user's")
    print(f"{name} {os.getpid()} on port {server.port}\\n", end="", flush=True)  # in one piece: two print

central.run(port=int(sys.argv[2]), workers={"count": 2, "stuck_after": 4}, drain=1000, on_listening=listening)
print("returned", flush=True)
"""


class Workers:
    """A running program of two workers, and a station at each."""

    def __init__(self, running: Program, pids: dict[str, int], port: int) -> None:
        self.running = running
        self.pids = pids
        self.port = port

    async def station(self, worker: str) -> tuple[Peer, str]:
        """A station that the kernel leads to a worker, and its identity."""
        for number in range(200):
            identity = f"{worker}-{number}"
            peer = await Peer.connect(self.port)
            peer.write(handshake_bytes(f"/{identity}"))
            assert (await peer.http_answer()).status == 101
            if await self.ask(peer, "who") == worker:
                return peer, identity
            peer.abort()
        raise AssertionError(f"no station comes to {worker}")

    async def ask(self, peer: Peer, vendor: str, data: str = "") -> Any:
        peer.send([2, vendor, "DataTransfer", {"vendorId": vendor, "data": data}])
        _, _, payload = await peer.message()
        return payload["data"]

    async def call_across(self) -> None:
        """Fails unless the handler of a station calls one of the other worker."""
        caller, _ = await self.station("worker-1")
        called, identity = await self.station("worker-2")
        caller.send([2, "call", "DataTransfer", {"vendorId": "call", "data": identity}])
        await answered(called)
        assert await caller.message() == [3, "call", {"status": "Accepted", "data": "Accepted"}]
        for peer in (caller, called):
            peer.abort()

    async def replaced(self, worker: str) -> None:
        """Wait until a worker runs in another process, at the same port."""
        found = await self.running.line(rf"{worker} (\d+) on port {self.port}$")
        assert self.pids[worker] != int(found[1])
        self.pids[worker] = int(found[1])


@asynccontextmanager
async def workers() -> AsyncIterator[Workers]:
    async with program("-c", PROGRAM, "none", "0") as running:
        pids, port = {}, 0
        for _ in range(2):
            found = await running.line(r"(worker-\d) (\d+) on port (\d+)$")
            pids[found[1]] = int(found[2])
            assert port in (0, int(found[3]))
            port = int(found[3])
        assert set(pids) == {"worker-1", "worker-2"}
        yield Workers(running, pids, port)


def below(pid: int) -> Iterator[int]:
    """All processes that a process has started, and those that these have."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it has ended
        return
    for child in children:
        yield int(child)
        yield from below(int(child))


def command(pid: int) -> str:
    """The command line of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@on_one_loop
async def test_a_handler_calls_a_station_of_another_worker_and_all_end_together() -> None:
    async with workers() as site:
        started = list(below(site.running.pid))
        commands = [each for each in map(command, started) if "nats-server" in each]
        assert len(started) == 4
        assert [each.split("\0")[1] for each in commands] == ["-c"]  # its token is in a file
        await site.call_across()
        peer, _ = await site.station("worker-2")
        site.running.send(signal.SIGTERM)
        os.kill(site.pids["worker-2"], signal.SIGTERM)  # as a service manager does that tells all
        assert await peer.close_frame() == (1012, "the central system is draining")
        assert (await site.running.ended(), site.running.complaints) == (0, "")
        assert site.running.printed[-1] == "returned"
        assert not any(map(command, started))


@on_one_loop
async def test_who_dies_or_is_stuck_is_replaced_and_nothing_outlives_the_supervisor() -> None:
    async with workers() as site:
        await site.station("worker-2")  # one that dies before it is ready ends the program
        os.kill(site.pids["worker-2"], signal.SIGKILL)
        await site.replaced("worker-2")
        stuck, _ = await site.station("worker-1")
        stuck.send([2, "1", "DataTransfer", {"vendorId": "hang"}])
        await site.replaced("worker-1")
        server = next(each for each in below(site.running.pid) if "nats-server" in command(each))
        os.kill(server, signal.SIGKILL)
        await until(lambda: any("nats-server" in command(each) for each in below(site.running.pid) if each != server))
        await site.call_across()
        started = list(below(site.running.pid))
        assert len(started) == 4
        await site.running.stop(signal.SIGKILL)
        await until(lambda: not any(map(command, started)))
        for line in ("worker-2 was killed by SIGKILL", "worker-1 is stuck for", "nats-server has failed with 1"):
            assert line in site.running.complaints


@pytest.mark.parametrize("fails", ["worker-1", "worker-2"])
def test_what_a_worker_raises_at_the_first_start_is_raised(
    fails: str, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ended = run_python("-c", PROGRAM, fails, "0")
    assert ended.returncode == 1
    assert ended.stderr.rstrip().splitlines()[-1].strip() == "LookupError: of the user's"
    assert "returned" not in ended.stdout


def test_a_port_in_use_is_told_before_anything_starts(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run_python("-c", PROGRAM, "none", str(taken.getsockname()[1]))
    assert "Address already in use" in ended.stderr
    assert (ended.returncode, ended.stdout) == (1, "")


@on_one_loop
async def test_the_exit_code_tells_of_a_worker_that_ends_badly() -> None:
    async with workers() as site:
        peer, _ = await site.station("worker-1")
        peer.send([2, "1", "DataTransfer", {"vendorId": "hang"}])
        site.running.send(signal.SIGTERM)
        assert await site.running.ended() == 1
        assert "RuntimeError: worker-1 was killed by SIGKILL" in site.running.complaints


def test_workers_need_a_cluster_and_a_port() -> None:
    alone = CentralSystem(auth=NoAuth(), versions=[v16])
    with pytest.raises(ValueError, match="expected a central system with `cluster=`"):
        alone.run(workers=2)
    with pytest.raises(ValueError, match="workers: expected an integer"):
        alone.run(workers=0)
    node = CentralSystem(auth=NoAuth(), versions=[v16], cluster=Cluster(namespace="test"))
    with pytest.raises(ValueError, match="path: workers share a port"):
        node.run(workers=2, path="x")
    local = CentralSystem(auth=NoAuth(), versions=[v16], cluster=LocalCluster())
    with pytest.raises(RuntimeError, match=r"central\.run\(workers=\.\.\.\)"):
        local.run()
