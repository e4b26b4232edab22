"""Many stations at once: all are served, and none is left. What it costs is printed, not judged (`pytest -s`)."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ocpp_fast import v16

from .exchanges import BOOTED, give
from .harness import central_system, scenario, until

resource = pytest.importorskip("resource")  # not on Windows

STATIONS = 2000
HEARTBEATS = 10
SCRIPT = Path(__file__).with_name("stations.py")


def resident() -> int:
    """The memory of this process, in bytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * int(resource.getpagesize())
    except OSError:
        return 0


@pytest.mark.slow
@scenario
async def test_two_thousand_stations(capfd: pytest.CaptureFixture[str]) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 < limits[1] < STATIONS + 200:
        pytest.skip("too few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    central = central_system(ping_interval=0.0)
    central.on(v16.BootNotificationRequest)(give(BOOTED))
    try:
        async with central.serve(backlog=1000) as server:
            await many_stations(str(server.port), lambda: len(central), capfd)
            await until(lambda: len(central) == 0, seconds=60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def many_stations(port: str, connected: Callable[[], int], capfd: pytest.CaptureFixture[str]) -> None:
    pipe = asyncio.subprocess.PIPE
    before = resident()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), port, str(STATIONS), str(HEARTBEATS), stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 120) == b"booted\n"
        assert connected() == STATIONS
        held = resident() - before
        cpu = time.process_time()
        process.stdin.write(b"\n")
        assert await asyncio.wait_for(process.stdout.readline(), 120) == b"done\n"
        cpu = time.process_time() - cpu
        process.stdin.write(b"\n")
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    with capfd.disabled():
        sys.stdout.write(
            f" {held / STATIONS / 1024:.1f} KiB a connection, {cpu / STATIONS / HEARTBEATS * 1e6:.0f} µs CPU a call "
        )
