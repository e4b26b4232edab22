"""`ocpp-fast load`: stations in processes of their own, beside a central system that is one, too."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ocpp_fast import CentralSystem, Handshake, HandshakeRefused, NoAuth, Station, v16
from ocpp_fast.cli.loading.tally import Histogram

from ..aio.harness import server_context
from .programs import Program, in_time, ocpp_fast, program, serve

pytestmark = pytest.mark.once

LOWERED = """
import resource, sys
from ocpp_fast.cli import main
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
main(sys.argv[1:])
"""


def load(url: str, *options: str) -> Any:
    return ocpp_fast("load", "--url", url, *options)


async def reported(running: Program, code: int = 0) -> Any:
    """The report of a load test when it has ended: all that it has printed."""
    ended = await running.ended()
    assert running.complaints == ""
    assert len(running.printed) == 1
    assert ended == code, running.printed
    return json.loads(running.printed[0])


@asynccontextmanager
async def central_system(
    *first: v16.BootNotificationResponse, stall: float = 0.0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A central system of its own kind; yields its URL.

    It answers the first BootNotifications as told, and the first Heartbeat of each station after so many seconds.
    """
    central = CentralSystem(auth=NoAuth(), versions=[v16])
    answers = list(first)

    @central.on(v16.BootNotificationRequest)
    def boot(_: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        return answers.pop() if answers else booted(v16.RegistrationStatus.ACCEPTED)

    @central.on(v16.HeartbeatRequest)
    async def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        if station.state is None:
            station.state = "stalled"
            await asyncio.sleep(stall)
        return v16.HeartbeatResponse(current_time=datetime.now(UTC))

    async with central.serve("127.0.0.1", 0, ssl=tls) as server:
        yield server.url


def booted(status: v16.RegistrationStatus) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(current_time=datetime.now(UTC), interval=1, status=status)


# Calls


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@in_time
async def test_each_station_calls_as_soon_as_it_is_answered(version: str) -> None:
    async with (
        serve("--no-auth", "--quiet") as (_, url),
        load(url, "--closed", "--stations", "30", "--duration", "1", "--ocpp", version, "--json") as running,
    ):
        report = await reported(running)
        assert report["errors"] == {}
        assert (report["handshakes"], report["reconnects"], report["rate"]) == (30, 0, None)
        assert report["calls"] == sum(report["by_action"].values()) > 30
        assert report["generator_late_ms"]["max"] is None
        transactions = {"StartTransaction", "StopTransaction"} if version == "1.6" else {"TransactionEvent"}
        assert {"Heartbeat", "StatusNotification", "MeterValues"} | transactions <= report["by_action"].keys()
        for times in (report["latency_ms"], report["from_sending_ms"]):
            assert 0 < times["p50"] <= times["p99"] <= times["p99.9"] <= times["max"]


@in_time
async def test_the_rate_is_that_of_all_stations_in_all_processes() -> None:
    async with (
        serve("--no-auth", "--quiet") as (_, url),
        load(
            *(url, "--rate", "100", "--stations", "25", "--duration", "1.995"),
            *("--processes", "2", "--mix", "meter", "--json"),
        ) as running,
    ):
        report = await reported(running)
        assert report["errors"] == {}
        assert report["by_action"] == {"MeterValues": 200}
        assert (report["rate"], report["processes"]) == (100, 2)


@in_time
async def test_calls_that_are_due_while_the_central_system_stalls_are_made_and_count_from_then() -> None:
    async with (
        central_system(stall=1.0) as url,
        load(
            *(url, "--interval", "0.1", "--stations", "10", "--duration", "1.495"), "--mix", "heartbeat", "--json"
        ) as running,
    ):
        report = await reported(running)
        assert report["errors"] == {}
        assert report["calls"] == 150
        assert report["latency_ms"]["p50"] > 100  # of 15 calls of a station, nine are due in the first 0.9 seconds
        assert report["from_sending_ms"]["p50"] < report["latency_ms"]["p50"]
        assert 0 < report["generator_late_ms"]["max"] < report["latency_ms"]["max"]


@in_time
async def test_stations_that_are_not_accepted_boot_again() -> None:
    rejected = booted(v16.RegistrationStatus.REJECTED)
    async with (
        central_system(rejected, rejected) as url,
        load(url, "--stations", "5", "--duration", "3", "--interval", "1", "--mix", "boot", "--json") as running,
    ):
        report = await reported(running, code=1)
        assert report["errors"] == {"boot: Rejected": 2}
        assert report["by_action"] == {"BootNotification": 15}


@in_time
async def test_stations_trust_the_certificates_of_the_file_that_is_named(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--stations", "5", "--mix", "boot", "--duration", "0.5", "--json")
    async with central_system(tls=server_context(certificate)) as url:
        async with load(url, *options) as running:
            report = await reported(running, code=1)
            assert report["errors"] == {"connect: SSLCertVerificationError": 5}
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with load(url, *options) as running:
            report = await reported(running)
            assert report["handshakes"] == 5


# Storms


@in_time
async def test_in_a_storm_all_drop_and_come_back() -> None:
    async with (
        serve("--no-auth", "--quiet") as (_, url),
        load(url, "--stations", "40", "--duration", "0.5", "--processes", "2", "--storm", "--json") as running,
    ):
        report = await reported(running)
        assert report["errors"] == {}
        assert (report["handshakes"], report["reconnects"]) == (80, 40)
        storm = report["storm"]
        assert (storm["dropped"], storm["back"]) == (40, 40)
        assert storm["seconds"] > 0
        assert storm["handshakes_per_second"] > 0


@in_time
async def test_stations_that_do_not_come_back_after_the_storm_are_errors() -> None:
    central, refused = CentralSystem(auth=NoAuth(), versions=[v16]), asyncio.Event()

    @central.on_connecting
    def connecting(handshake: Handshake) -> None:
        if handshake.identity in known:
            refused.set()
            raise HandshakeRefused(503)
        known.add(handshake.identity)

    @central.on(v16.BootNotificationRequest)
    def boot(_: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        return booted(v16.RegistrationStatus.ACCEPTED)

    known: set[str] = set()
    async with central.serve("127.0.0.1", 0) as server:
        options = ("--stations", "10", "--mix", "boot", "--duration", "0.5", "--storm", "--json")
        async with load(server.url, *options) as running:
            await refused.wait()
            running.send(signal.SIGINT)
            report = await reported(running, code=1)
    assert (report["storm"]["dropped"], report["storm"]["back"]) == (10, 0)
    assert report["errors"].pop("storm: not back in time") == 10
    assert report["errors"].keys() <= {"connect: HTTP status 503"}


# What goes wrong


@in_time
async def test_without_a_central_system_it_ends_with_the_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}"
    async with load(url, "--stations", "20", "--json") as running:
        report = await reported(running, code=1)
        assert report["calls"] == report["handshakes"] == 0
        assert report["errors"].keys() == {f"connect: {os.strerror(errno.ECONNREFUSED)}"}


@in_time
async def test_stations_that_are_refused_are_told_with_the_status(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("".join(f"LOAD{number:05}:s3cret\n" for number in range(10)), encoding="utf-8")
    async with serve("--auth-file", str(passwords), "--quiet") as (_, url):
        async with load(url, "--stations", "10", "--password", "wrong", "--json") as running:
            report = await reported(running, code=1)
            assert report["errors"] == {"connect: HTTP status 401": 10}
        some = ("--stations", "15", "--password", "s3cret", "--interval", "0.4", "--duration", "1.19", "--json")
        async with load(url, *some) as running:
            report = await reported(running, code=1)
            assert report["handshakes"] == 10
            assert report["calls"] == 30
            assert report["errors"].pop("connect: HTTP status 401") >= 5
            assert report["errors"] == {"call: due, but not answered before the end": 15}


@in_time
async def test_stations_come_back_to_a_central_system_that_has_died() -> None:
    async with serve("--no-auth") as (first, url):
        port = url.rpartition(":")[2]
        async with load(url, "--closed", "--stations", "20", "--duration", "60", "--json") as running:
            for _ in range(20):
                await first.line("LOAD000.. -> MeterValues")
            await first.kill()
            async with ocpp_fast("serve", "--no-auth", "--port", port) as second:
                for _ in range(20):
                    await second.line("LOAD000.. connected")
                await second.line("LOAD000.. -> MeterValues")
                running.send(signal.SIGINT)
                report = await reported(running, code=1)
        assert report["errors"].pop("connection lost") == 20
        assert [kind for kind in report["errors"] if not kind.startswith("connect: ")] == []
        assert (report["handshakes"], report["reconnects"]) == (40, 20)


@pytest.mark.parametrize("connected", [True, False])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a process so")
@in_time
async def test_it_ends_when_a_process_of_its_own_has_died(connected: bool) -> None:
    rate = "500" if connected else "0.01"
    options = ("--stations", "10", "--interval", "0.1", "--duration", "60", "--connect-rate", rate, "--processes", "2")
    async with serve("--no-auth") as (central, url), load(url, *options, "--json") as running:
        await central.line("LOAD000.. -> " + ("MeterValues" if connected else "BootNotification"))
        os.kill(workers_of(running)[1], signal.SIGKILL)
        report = await reported(running, code=1)
        assert report["errors"] == {"generator: a process failed": 1}


def workers_of(running: Program) -> list[int]:
    """The processes that a load test has started for its stations."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text("ascii").split()
    return [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@in_time
async def test_too_low_a_limit_of_files_is_told_with_what_is_needed() -> None:
    options = ("load", "--url", "ws://127.0.0.1:9", "--processes", "1", "--stations")
    async with program("-c", LOWERED, *options, "300") as running:
        assert await running.ended() == 2
        assert "300 stations in 1 processes need 364 open files each, and 200 are allowed" in running.complaints
        assert "`ulimit -n 364`" in running.complaints


# How it connects, and ends


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
@in_time
async def test_the_stations_are_spread_over_the_sources() -> None:
    sources: list[str] = []

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sources.append(writer.get_extra_info("peername")[0])
        writer.close()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        options = ("--stations", "6", "--source", "127.0.0.2", "--source", "127.0.0.3", "--json")
        async with load(url, *options) as running:
            report = await reported(running, code=1)
        assert report["errors"] == {"connect: handshake failed": 6}
        assert sorted(sources) == ["127.0.0.2"] * 3 + ["127.0.0.3"] * 3


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
@in_time
async def test_a_signal_ends_it_with_the_table(with_signal: signal.Signals) -> None:
    async with (
        serve("--no-auth") as (central, url),
        load(url, "--stations", "20", "--interval", "0.1", "--duration", "60") as running,
    ):
        await central.line("LOAD000.. -> MeterValues")
        assert await running.stop(with_signal) == 0
        assert running.complaints == ""
        assert running.printed[:2] == [
            f"20 stations of OCPP 1.6 at {url}",
            "mix realistic, 200 calls/s; processes: 1",
        ]
        rows = {line[:44].strip(): line[44:].split() for line in running.printed[2:] if line}
        assert rows[""] == ["p50", "p99", "p99.9", "max"]
        for name in ("from when a call is due", "from when it is sent", "that the generator was late"):
            assert len(rows[f"ms {name}"]) == 4
        assert int(rows["calls answered"][0]) >= int(rows["MeterValues"][0]) >= 1
        assert rows["handshakes"][0] == "20"
        assert rows["errors"] == ["0"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("rich", [True, False])
@in_time
async def test_progress_is_shown_on_a_terminal(rich: bool) -> None:
    hidden = "" if rich else "sys.modules['rich'] = None; "
    code = f"import sys; {hidden}from ocpp_fast.cli import main; sys.exit(main(sys.argv[1:]))"
    options = ("--stations", "20", "--interval", "0.1", "--duration", "1", "--json")
    shown: list[bytes] = []
    async with serve("--no-auth", "--quiet") as (_, url):
        with terminal(shown) as stderr:
            async with program("-c", code, "load", "--url", url, *options, stderr=stderr) as running:
                report = await reported(running)
    assert report["errors"] == {}
    assert b"connecting: " in b"".join(shown)
    assert (b"from when a call is due" in b"".join(shown)) is rich


@contextmanager
def terminal(shown: list[bytes]) -> Iterator[int]:
    """A terminal, as a file for a program to write to; what is shown there is added to the list."""
    ours, theirs = os.openpty()
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: shown.append(os.read(ours, 65536)))
    try:
        yield theirs
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)


# Figures


def test_a_histogram_tells_percentiles_within_one_per_cent() -> None:
    random = Random(1)
    times = sorted(random.expovariate(100) for _ in range(10_000))
    all_of_them, even, odd = Histogram(), Histogram(), Histogram()
    for number, each in enumerate(times):
        all_of_them.note(each)
        (odd if number % 2 else even).note(each)
    for histogram in (all_of_them, even + odd):
        assert histogram.longest == times[-1]
        for percent in (1, 50, 99, 99.9, 100):
            exact = times[int(percent * 100) - 1]
            assert histogram.percentile(percent) == pytest.approx(exact, rel=0.0101)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_a_histogram_takes_any_time(seconds: float) -> None:
    histogram = Histogram()
    assert histogram.percentile(50) is None
    histogram.note(seconds)
    assert histogram.longest == seconds
    assert histogram.percentile(50) is not None
