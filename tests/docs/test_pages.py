"""The code of the pages runs, and does what they say; on architecture, each module has its place."""

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
from types import ModuleType
from typing import Any

import pytest

import ocpp_fast
from ocpp_fast import (
    BasicAuth,
    CallError,
    CentralSystem,
    ChargePoint,
    Disconnected,
    HandshakeFailed,
    Peer,
    Policy,
    Station,
    v16,
    v201,
)
from ocpp_fast.testing import connect

from ..cli.programs import in_time, program
from ..sources import ROOT
from ..test_examples import free_port

pytestmark = pytest.mark.once

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCEPTED = v16.BootNotificationResponse(current_time=NOW, interval=300, status=v16.RegistrationStatus.ACCEPTED)
FINE, FREE = v16.ChargePointErrorCode.NO_ERROR, v16.ChargePointStatus.AVAILABLE
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


@in_time
async def test_the_two_programs_of_the_first_page_charge_together() -> None:
    port = free_port()
    central, station = (code.replace("8887", port) for code in blocks("index.md"))
    async with program("-u", "-c", central) as server:
        while True:  # it says nowhere that it listens
            async with program("-u", "-c", station) as client:
                if await client.ended() == 0:
                    break
            assert "Connect call failed" in client.complaints
        await server.line("CP001 charged 7400 Wh$")


def test_the_block_of_the_concepts_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("concepts.md")
    names_of("concepts.md")
    assert capsys.readouterr().out in block.replace("print(error)  # ", "")


def test_the_handlers_of_their_page_answer_what_it_says(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    names = names_of("handlers.md")
    central: CentralSystem = names["central"]
    assert "BootNotification, DataTransfer, MeterValues" in capsys.readouterr().out  # what the profile lacks
    central.on(v16.BootNotificationRequest)(lambda station, request: ACCEPTED)

    async def test() -> None:
        station: ChargePoint = names["station"]

        @station.on(v16.GetConfigurationRequest)
        def configuration(request: v16.GetConfigurationRequest) -> v16.GetConfigurationResponse:
            asked.set()
            return v16.GetConfigurationResponse(configuration_key=[])

        asked = asyncio.Event()
        async with connect(central, station):
            await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
            await asked.wait()
            assert (await station.v16.heartbeat()).current_time.tzinfo is UTC
            assert (await station.v16.authorize(id_tag="A")).id_tag_info.status == "Accepted"
            with pytest.raises(CallError, match=r"GenericError: call .* can't be answered"):
                await station.v16.authorize(id_tag="broken")
            await station.v16.start_transaction(connector_id=2, id_tag="A", meter_start=0, timestamp=NOW)
            with pytest.raises(CallError, match="PropertyConstraintViolation: transaction 7 was never started"):
                await station.v16.stop_transaction(transaction_id=7, meter_stop=0, timestamp=NOW)
            with pytest.raises(CallError, match="NotSupported"):
                await station.v16.status_notification(connector_id=1, error_code=FINE, status=FREE)
            assert (await central["CP001"].v16.reset(type=v16.ResetType.SOFT)).status == "Accepted"

    asyncio.run(test())
    printed = capsys.readouterr().out
    assert "CP001 has 0 settings" in printed
    assert "CP001 charges at 2" in printed
    assert "CP001 StopTransaction took 0 s" in printed


def test_the_call_of_the_page_on_errors_is_made_again_only_while_nothing_was_sent() -> None:
    names = names_of("errors.md")
    central: CentralSystem = names["central"]

    async def test() -> None:
        async with connect(central, "CP1", version=v16) as station:
            assert await names["unlock"]("CP1") == "this station has no lock"

            @station.on(v16.UnlockConnectorRequest)
            def unlock(request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
                return v16.UnlockConnectorResponse(status=v16.UnlockStatus.UNLOCKED)

            assert await names["unlock"]("CP1") == "Unlocked"

            @station.on(v16.UnlockConnectorRequest)
            async def leave(request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
                asked.append(request)
                await central["CP1"].close()
                raise AssertionError

            asked: list[v16.UnlockConnectorRequest] = []
            with pytest.raises(Disconnected):
                await names["unlock"]("CP1")
            assert len(asked) == 1

    asyncio.run(test())
    assert names["patient"]


def test_the_page_on_errors_says_of_each_whether_it_was_delivered() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE)
    told = {name: delivered for cell, delivered in rows for name in re.findall(r"\w+", cell)}
    kinds = {name: getattr(ocpp_fast, name) for name in told}
    assert {"True", "False", "False or None"} == set(told.values())
    assert told == {
        name: "False or None" if kind.delivered is None else str(kind.delivered) for name, kind in kinds.items()
    }


@pytest.mark.parametrize("version", [v16, v201])
def test_the_charge_point_of_its_page_is_accepted_in_either_version(
    version: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    names = names_of("charge_point.md")
    station: ChargePoint = names["station"]
    central = CentralSystem(auth=BasicAuth({"CP001": b"secret"}), versions=[version])
    statuses = [v16.RegistrationStatus.PENDING, v16.RegistrationStatus.ACCEPTED]

    @central.on(version.BootNotificationRequest)
    def boot(station: Station, request: Any) -> Any:
        return version.BootNotificationResponse(current_time=NOW, interval=0, status=statuses.pop(0))

    async def test() -> None:
        async with central.serve() as server:
            names["station"] = ChargePoint("CP001", server.url, versions=[v201, v16], password=b"secret")
            names["station"].on_connect(names["connected"])
            await names["main"]()
            names["station"].password = b"wrong"
            await names["main"]()

    asyncio.run(test())
    printed = capsys.readouterr().out
    assert f"connected with OCPP {version.VERSION.number}" in printed
    assert "accepted at" in printed
    assert "refused: 401" in printed
    assert station.url == "ws://127.0.0.1:8887/ocpp/CP001"


def test_the_answers_of_the_faq_work(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_of("faq.md")
    central: CentralSystem = names["central"]
    central.on(v16.BootNotificationRequest)(lambda station, request: ACCEPTED)
    central.on(v16.StartTransactionRequest)(lambda station, request: STARTED)

    async def test() -> None:
        station = ChargePoint("CP1", "ws://csms.example", versions=[v16])
        cleared = station_of_the_faq(station)
        async with connect(central, station):
            await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
            assert await names["start"]("CP1", "TAG") == "Accepted"
            starting = asyncio.ensure_future(names["start_and_wait"](central["CP1"], "TAG"))
            await station.expect(v16.RemoteStartTransactionRequest)
            await station.v16.start_transaction(connector_id=2, id_tag="TAG", meter_start=0, timestamp=NOW)
            assert (await starting).connector_id == 2
            await names["clear_all"]()
            assert len(cleared) == 1
            central["CP1"].message_received(b'[2,"1","Authorize",{}]')

    asyncio.run(test())
    printed = capsys.readouterr().out
    assert "CP1 MeterValueSampleInterval Accepted\nCP1 MeterValuesSampledData Accepted" in printed
    assert "CP1 Authorize is not handled here b'" in printed


def station_of_the_faq(station: ChargePoint) -> list[v16.ClearCacheRequest]:
    """Answer what the page sends; return where each ClearCache is noted."""
    cleared: list[v16.ClearCacheRequest] = []

    @station.on(v16.ChangeConfigurationRequest)
    def change(request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
        return v16.ChangeConfigurationResponse(status=v16.ConfigurationStatus.ACCEPTED)

    @station.on(v16.RemoteStartTransactionRequest)
    def start(request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
        return v16.RemoteStartTransactionResponse(status=v16.RemoteStartStopStatus.ACCEPTED)

    @station.on(v16.ClearCacheRequest)
    def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        cleared.append(request)
        return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)

    return cleared


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
    try:
        frozen, thresholds = asyncio.run(test())
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
    assert frozen > 10_000
    assert thresholds == (5_000, 5, 400)


def test_the_tests_of_their_page_pass(tmp_path: Path) -> None:
    memory, plugin = blocks("testing.md")
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
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_page_on_architecture_says_where_each_module_belongs() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`(\w+)`", page.partition("## Where what is")[2].partition("\n## ")[0])
    folders = (ROOT / "ocpp_fast", ROOT / "ocpp_fast" / "aio")
    modules = [path.stem for folder in folders for path in folder.glob("*.py") if not path.stem.startswith("__")]
    assert sorted(set(named) - {"ocpp_fast", "on_event"}) == sorted(modules)
