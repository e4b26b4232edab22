"""The pytest plugin, in a run of pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

TESTS = """
import threading
from datetime import UTC, datetime

import pytest

from ocpp_fast import CentralSystem, NoAuth, v16

THREADS = threading.active_count()


@pytest.fixture
def central():
    central = CentralSystem(auth=NoAuth(), versions=[v16])

    @central.on(v16.HeartbeatRequest)
    async def heartbeat(station, request):
        return v16.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))

    @central.on(v16.BootNotificationRequest)
    def boot(station, request):
        now = datetime.now(UTC)
        return v16.BootNotificationResponse(
            current_time=now, interval=300, status=v16.RegistrationStatus.ACCEPTED
        )

    return central


def test_a_station(central, ocpp_loop, ocpp_serve, ocpp_station):
    server = ocpp_serve(central)
    assert server.port != 0
    station = ocpp_station(server, "CP1", version=v16)
    assert ocpp_loop.run(station.v16.heartbeat()).current_time.year == 2026
    assert "CP1" in central


def test_a_simulated_station(central, ocpp_loop, ocpp_serve, ocpp_simulator):
    server = ocpp_serve(central)
    simulated = ocpp_simulator(server, "CP9")
    ocpp_loop.run(simulated.until(simulated.accepted.is_set))
    ocpp_loop.run(simulated.go_offline())
    ocpp_loop.run(simulated.plug(1))
    assert simulated.outlets[1].status == "Preparing"
    ocpp_loop.run(simulated.go_online())
    station = ocpp_loop.run(central.wait_connected("CP9"))
    answer = station.call_threadsafe(v16.GetLocalListVersionRequest()).result(timeout=10)
    assert answer.list_version >= 0


def test_nothing_is_left(central):
    assert threading.active_count() == THREADS
    assert len(central) == 0
"""


def test_its_fixtures_serve_on_free_ports_and_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
