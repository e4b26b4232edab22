"""`ocpp-fast station`: how it connects, boots, charges and ends, as a program of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import BasicAuth, CentralSystem, Station, v16

from ..simulator.csms import Commanded, Csms
from .programs import PATIENCE, Program, in_time, ocpp_fast, serve

Status = v16.ChargePointStatus

REFUSED = v16.IdTagInfo(status=v16.AuthorizationStatus.BLOCKED)


@asynccontextmanager
async def simulated(*options: str, sessions: int = 0, **answers: Any) -> AsyncIterator[tuple[Program, Csms, Station]]:
    """A simulated station of 1.6 as a program of its own, as soon as it is connected, with its central system."""
    central = Csms("1.6", **answers)
    async with (
        central.serve() as server,
        ocpp_fast(
            *("station", "--id", "CP001", "--url", server.url, "--interval", "0.05", "--retry", "0.05"),
            *(() if "--once" in options else ("--sessions", str(sessions))),
            *options,
        ) as program,
    ):
        async with asyncio.timeout(PATIENCE):
            station = await central.wait_connected("CP001")
        yield program, central, station


def told(request: Any) -> str:
    """A request in a word, and the status that it reports."""
    action: str = request.__action__.name
    return f"{action} {request.status}" if action == "StatusNotification" else action


# A session of its own


@in_time
async def test_one_session_and_then_the_end() -> None:
    async with simulated("--once", "--samples", "2", "--connectors", "1") as (program, central, _):
        assert (await program.ended(), program.complaints) == (0, "")
        assert [told(each) for each in central.received] == [
            "BootNotification",
            "StatusNotification Available",  # the station
            "StatusNotification Available",
            "Authorize",
            "StatusNotification Preparing",
            "StartTransaction",
            "StatusNotification Charging",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
            "StatusNotification Finishing",
            "StatusNotification Available",
        ]
        start = await central.next(v16.StartTransactionRequest, connector_id=1, id_tag="TAG0001")
        meter = await central.next(v16.MeterValuesRequest, connector_id=1, transaction_id=1)
        stop = await central.next(v16.StopTransactionRequest, reason=v16.Reason.LOCAL)
        assert start.meter_start <= stop.meter_stop
        sampled = {each.measurand: each.value for each in meter.meter_value[0].sampled_value}
        assert sampled[v16.Measurand.CURRENT_IMPORT] == "32.0"
        assert sampled[v16.Measurand.VOLTAGE] == "230.0"


@in_time
async def test_several_sessions_and_then_it_stays() -> None:
    async with simulated("--id-tag", "MINE", sessions=2) as (_, central, station):
        for _ in range(2):
            await central.next(v16.AuthorizeRequest, id_tag="MINE")
            await central.next(v16.StopTransactionRequest)
        assert (await station.v16.clear_cache()).status == "Rejected"
        assert "Heartbeat" not in central.told()


@in_time
async def test_an_id_tag_that_is_refused_does_not_charge() -> None:
    refused = v16.AuthorizeResponse(id_tag_info=REFUSED)
    async with simulated("--once", Authorize=refused) as (program, central, _):
        assert await program.ended() == 1
        assert "StartTransaction" not in central.told()


@in_time
async def test_a_transaction_that_is_refused_is_stopped_at_once() -> None:
    refused = v16.StartTransactionResponse(id_tag_info=REFUSED, transaction_id=5)
    async with simulated("--once", StartTransaction=refused) as (program, central, _):
        assert await program.ended() == 1
        await central.next(v16.StopTransactionRequest, transaction_id=5, reason=v16.Reason.DE_AUTHORIZED, id_tag=None)


# Registration


@in_time
async def test_an_acceptance_that_is_taken_back_holds_the_session_up() -> None:
    async with simulated() as (program, central, station):
        await central.next_status(2, Status.AVAILABLE)
        await Commanded.of(central).charge()
        central.answers["BootNotification"] = central.boot_answer("Rejected", 1)
        await station.v16.trigger_message(requested_message=v16.MessageTrigger.BOOT_NOTIFICATION)
        await program.line(r"CP001 is not accepted; it boots again in 1 s")
        del central.answers["BootNotification"]
        await central.next(v16.BootNotificationRequest)
        await central.next(v16.BootNotificationRequest)
        await central.next(v16.MeterValuesRequest)


# The connection


@in_time
async def test_it_waits_for_a_server_that_is_not_up_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"ws://127.0.0.1:{port}"
    async with ocpp_fast("station", "--id", "CP 1", "--url", url, "--retry", "0.05") as program:
        await program.line(rf"cannot connect to {url}/CP%201: nothing listens there")
        central = Csms("1.6")
        async with central.serve(port=port):
            await program.line(rf"CP 1 connected to {url}/CP%201, OCPP 1\.6")
            await central.next(v16.BootNotificationRequest)


@in_time
async def test_it_tells_why_a_server_refuses_it_and_tries_again() -> None:
    passwords = {"CP001": b"other"}
    central = CentralSystem(auth=BasicAuth(passwords), versions=[v16])
    async with central.serve() as server:
        given = ("--id", "CP001", "--url", server.url, "--password", "secret", "--retry", "0.05")
        async with ocpp_fast("station", *given) as program:
            await program.line("cannot connect to .*: the server refuses with HTTP status 401")
            passwords["CP001"] = b"secret"
            await program.line("CP001 connected")


@in_time
async def test_a_lost_connection_is_made_again_and_the_transaction_goes_on() -> None:
    async with simulated() as (program, central, station):
        await central.next_status(2, Status.AVAILABLE)
        await Commanded.of(central).charge()
        before = len(central.received)
        await station.close()
        await program.line("CP001 disconnected")
        again = await central.wait_connected("CP001")
        await central.next(v16.MeterValuesRequest, transaction_id=1)
        await again.v16.remote_stop_transaction(transaction_id=1)
        await central.next(v16.StopTransactionRequest, transaction_id=1, reason=v16.Reason.REMOTE)
        assert "BootNotification" not in central.told()[before:]


@pytest.mark.parametrize("kind", list(v16.ResetType))
@in_time
async def test_a_reset_stops_the_transaction_and_boots_again(kind: v16.ResetType) -> None:
    async with simulated() as (program, central, station):
        await central.next_status(2, Status.AVAILABLE)
        await station.v16.change_configuration(key="CpoName", value="Ours")
        await Commanded.of(central).charge()
        assert (await station.v16.reset(type=kind)).status == "Accepted"
        await central.next(v16.StopTransactionRequest, reason=v16.Reason(f"{kind}Reset"))
        await program.line("CP001 restarts")
        await central.next(v16.BootNotificationRequest)
        await central.next_status(1, Status.AVAILABLE)
        kept = await central["CP001"].v16.get_configuration(key=["CpoName"])
        assert kept.configuration_key == [v16.KeyValue(key="CpoName", readonly=False, value="Ours")]


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
@in_time
async def test_a_signal_ends_it_cleanly(with_signal: signal.Signals) -> None:
    left: asyncio.Future[Station] = asyncio.get_running_loop().create_future()
    async with simulated("--interval", "60", sessions=1) as (program, central, _):
        central.on_disconnect(left.set_result)
        await central.next_status(1, Status.CHARGING)
        assert (await program.stop(with_signal), program.complaints) == (0, "")
        assert (await left).close_code == 1000


@in_time
async def test_a_signal_ends_it_while_it_cannot_connect() -> None:
    async with ocpp_fast("station", "--id", "CP001", "--url", "ws://127.0.0.1:1") as program:
        await program.line("cannot connect")
        assert (await program.stop(), program.complaints) == (0, "")


@in_time
async def test_quiet_prints_nothing() -> None:
    async with simulated("--once", "--quiet") as (program, _, _):
        assert await program.ended() == 0
        assert (program.printed, program.complaints) == ([], "")


# Many, and scenarios


@in_time
async def test_several_stations_of_two_versions_play_a_scenario(tmp_path: Path) -> None:
    scenario = tmp_path / "day.toml"
    scenario.write_text('[[steps]]\ndo = "start"\n[[steps]]\ndo = "unplug"\n')
    async with serve("--no-auth") as (central, url):
        several = ("--count", "10", "--ramp", "100", "--ocpp", "1.6,2.1", "--scenario", str(scenario), "--json")
        async with ocpp_fast("station", "--id", "CP", "--url", url, *several) as program:
            assert (await program.ended(), program.complaints) == (0, "")
        last = json.loads(program.printed[-1])
        assert last == {"stations": 10, "accepted": 10, "ended": 10} | dict.fromkeys(last.keys() - STATED, 0)
        await central.line(r".*CP10.*")


STATED = {"stations", "accepted", "ended"}


@in_time
async def test_notes_are_json_if_asked_for() -> None:
    async with simulated("--once", "--json") as (program, _, _):
        assert await program.ended() == 0
        lines = [json.loads(line) for line in program.printed]
        assert all(line.keys() == {"time", "note"} for line in lines)
        assert any("CP001 connected" in line["note"] for line in lines)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--ocpp", "1.5"), "expected versions of OCPP"),
        (("--scenario", "nowhere.toml"), "nowhere.toml"),
    ],
)
@in_time
async def test_a_wrong_option_is_explained(options: tuple[str, ...], complaint: str) -> None:
    async with ocpp_fast("station", "--id", "CP001", "--url", "ws://127.0.0.1:1", *options) as program:
        assert await program.ended() == 2
        assert complaint in program.complaints
