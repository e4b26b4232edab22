"""The code of the pages for those who begin runs, and does what they say."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from types import ModuleType
from typing import Any

import pytest

import ocpp_fast
from ocpp_fast import BasicAuth, CallError, CentralSystem, ChargePoint, Disconnected, Station, v16, v201
from ocpp_fast.testing import connect

from ..cli.programs import in_time, program
from ..sources import ROOT
from ..test_examples import free_port
from .test_pages import NOW, STARTED, blocks, names_of

pytestmark = pytest.mark.once

ACCEPTED = v16.BootNotificationResponse(current_time=NOW, interval=300, status=v16.RegistrationStatus.ACCEPTED)
FINE, FREE = v16.ChargePointErrorCode.NO_ERROR, v16.ChargePointStatus.AVAILABLE


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
    names = names_of("station.md")
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
