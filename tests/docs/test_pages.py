"""The code of the pages runs that tell of central systems, charge points, speed and more; modules stand on one."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import (
    BasicAuth,
    CallError,
    CentralSystem,
    ChargePoint,
    HandshakeFailed,
    NoAuth,
    Peer,
    Policy,
    Station,
    v16,
)
from ocpp_fast.simulator import Scenario, Settings, simulated
from ocpp_fast.testing import FakeClock, connect

from ..simulator.csms import Csms
from ..sources import ROOT

pytestmark = pytest.mark.once

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STARTED = v16.StartTransactionResponse(
    transaction_id=1, id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
)


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)


def names_of(page: str) -> dict[str, Any]:
    """Return what a page's blocks define, run one after another."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        exec(compile(block, page, "exec", dont_inherit=True), names)
    return names


def test_the_central_system_of_its_page_does_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_of("central_system.md")
    central: CentralSystem = names["central"]

    async def test() -> None:
        path = "/ocpp/acme/CP1"
        async with connect(central, "CP1", version=v16, password=b"secret", path=path) as charge_point:

            @charge_point.on(v16.GetConfigurationRequest)
            def configuration(request: v16.GetConfigurationRequest) -> v16.GetConfigurationResponse:
                return v16.GetConfigurationResponse(configuration_key=[])

            @charge_point.on(v16.RemoteStartTransactionRequest)
            async def start(request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
                return v16.RemoteStartTransactionResponse(status=v16.RemoteStartStopStatus.ACCEPTED)

            station: Station = central["acme/CP1"]
            assert (await charge_point.v16.authorize(id_tag="A")).id_tag_info.status == "Accepted"
            assert station.state.interval == []
            with pytest.raises(CallError, match="PropertyConstraintViolation: acme/CP1:Authorize"):
                await charge_point.v16.authorize(id_tag="nobody")
            central.on(v16.StartTransactionRequest)(lambda station, request: STARTED)
            script = asyncio.create_task(names["charge"](station))
            await asyncio.sleep(0)
            await charge_point.v16.start_transaction(connector_id=1, id_tag="TAG", meter_start=0, timestamp=NOW)
            assert await script == "TAG"
        with pytest.raises(HandshakeFailed, match="refused with 404"):
            await connect(central, "CP1", version=v16, path="/ocpp/acme/a%2Fb").__aenter__()

    asyncio.run(test())
    printed = capsys.readouterr().out
    assert 'acme/CP1 {"idTag":"A"}' in printed
    assert "acme/CP1 left with 1000" in printed
    assert "('127.0.0.1', 0) /ocpp/acme/a%2Fb 404 the path names no station" in printed


def test_the_charge_point_of_its_page_does_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_of("charge_point.md")
    station: ChargePoint = names["station"]
    central = CentralSystem(auth=BasicAuth({"CP001": b"renewed"}), versions=[v16])

    async def test() -> None:
        lost = asyncio.Event()
        station.on_disconnect(lost.set)
        async with connect(central, station):  # which has the old password at first, and waits for the server
            await central["CP001"].close(4001, "maintenance")
            await lost.wait()

    clock = FakeClock()

    async def advanced() -> None:
        entering = asyncio.create_task(test())
        with clock.installed():
            while not entering.done():
                await clock.advance(10)
        await entering

    asyncio.run(advanced())
    printed = capsys.readouterr().out
    assert printed.startswith("no connection: 401 CP001: refused with 401")
    assert printed.endswith("lost: 4001 maintenance\n")


def test_the_policy_of_its_page_serves_whom_the_page_names(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_of("tolerance.md")
    policy: Policy = names["policy"]
    central: CentralSystem = names["central"]
    central.on(v16.MeterValuesRequest)(lambda station, request: v16.MeterValuesResponse())
    assert len(policy.known(Peer("CP1", "ACME Ltd.", "M", "1.2")).lengths) == 0
    assert len(policy.known(Peer("CP1", "Wallbox Chargers", "M", "1.2")).lengths) == 1

    async def test() -> None:
        async with connect(central, "CP1", version=v16):
            station = central["CP1"]
            raw = b'[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00",'
            station.message_received(raw + b'"sampledValue":[{"value":"1","unit":"Hz"}]}]}]')

    asyncio.run(test())
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith('CP1 loose_time meterValue[].timestamp "2026-01-01T00:00:00" ')
    assert printed[1] == 'CP1 unknown_enum meterValue[].sampledValue[].unit "Hz" "Hz"'


def test_the_application_of_its_page_has_its_routes() -> None:
    app = names_of("asgi.md")["app"]
    assert {"/ocpp", "/stations"} < {getattr(route, "path", None) for route in app.routes}


def test_the_profiles_of_their_page_allow_what_it_says() -> None:
    names = names_of("smart_charging.md")
    assert names["now"] == (16.0, 11040.0, 3)
    assert names["later"].amperes == 10.0
    assert names["schedule"].periods == [(0, 16.0, 3), (3600, 14.0, 3)]
    assert names["grid"].periods == [(0, 22 * 690.0, 3), (3600, 20 * 690.0, 3)]
    assert [each.id for each in names["profiles"]] == [2]
    assert names["refusal"] == "ChargePointMaxProfile is for place 0 only"


def test_the_station_of_the_page_on_the_queue_reports_a_transaction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = names_of("transaction_queue.md")
    central = CentralSystem(auth=NoAuth(), versions=[v16])
    central.on(v16.StartTransactionRequest)(lambda *_: STARTED)
    central.on(v16.StopTransactionRequest)(lambda *_: v16.StopTransactionResponse())

    async def test() -> None:
        async with (
            central.serve(port=0) as server,
            names["charge_point"](server.url, str(tmp_path / "queue")) as station,
        ):
            await names["charge"](station)
            assert await station.call(v16.StopTransactionRequest(transaction_id=1, meter_stop=0, timestamp=NOW))

    asyncio.run(test())
    assert [line.split("(")[0] for line in capsys.readouterr().out.splitlines()] == [
        "answered: StartTransactionRequest",
        "answered: StopTransactionRequest",
    ]


def test_the_program_of_the_page_on_speed_spares_the_collector_what_is_there_before_it_serves() -> None:
    (program,) = blocks("performance.md")
    names: dict[str, Any] = {}
    exec(compile(program.replace("8887", "0"), "performance.md", "exec", dont_inherit=True), names)

    async def test() -> tuple[int, tuple[int, int, int]]:
        serving = asyncio.create_task(names["main"]())
        await asyncio.sleep(0)
        found = gc.get_freeze_count(), gc.get_threshold()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        return found

    before = gc.get_threshold()
    gc.unfreeze()
    try:
        frozen, thresholds = asyncio.run(test())
    finally:
        gc.set_threshold(*before)
    assert frozen > 10_000
    assert thresholds == (1_000, 5, 2_000)


def test_the_tests_of_their_page_pass(tmp_path: Path) -> None:
    memory, plugin, _ = blocks("testing.md")
    names: dict[str, Any] = {}
    exec(compile(memory, "testing.md", "exec", dont_inherit=True), names)
    tests = [each for name, each in names.items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        assert inspect.iscoroutinefunction(test)
        asyncio.run(test())
    shown = re.sub(r"async def test_.*?(?=\n\n\n|\Z)", "", memory, flags=re.DOTALL)
    boot = """
@central.on(v16.BootNotificationRequest)
def boot(station, request):
    now = datetime.now(UTC)
    return v16.BootNotificationResponse(current_time=now, interval=300, status=v16.RegistrationStatus.ACCEPTED)
"""
    (tmp_path / "test_page.py").write_text(f"{shown}\n{boot}\n{plugin}", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_simulated_stations_of_its_page_do_what_the_page_says() -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("testing.md")[2], "testing.md", "exec", dont_inherit=True), names)

    async def test() -> None:
        csms = Csms("1.6")
        async with csms.serve() as server:
            await names["test_a_session"](server.url)
            async with simulated(Settings(id="CP2", url=server.url, sessions=0)) as station:
                assert (await names["fail"](station)).kind == "TransactionEnded"
        assert [csms.told().count(f"{each}Transaction") for each in ("Start", "Stop")] == [2, 2]

    asyncio.run(test())
    page = (ROOT / "docs" / "testing.md").read_text("utf-8")
    scenario = Scenario.read(page.partition("```toml\n")[2].partition("```")[0])
    assert scenario.has_faults


def test_the_page_on_architecture_says_where_each_module_belongs() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`(\w+)`", page.partition("## Where what is")[2].partition("\n## ")[0])
    folders = [ROOT / "ocpp_fast" / folder for folder in (".", "aio", "cluster")]
    modules = {path.stem for folder in folders for path in folder.glob("*.py") if not path.stem.startswith("__")}
    assert set(named) - {"ocpp_fast", "on_event"} == modules
