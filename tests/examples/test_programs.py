"""The examples that are programs of their own, each run once as it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from ocpp_fast import BasicAuth, CentralSystem, ChargePoint, NoAuth, v16, v21

from ..cli.programs import PATIENCE, Program, in_time, program
from ..cluster.servers import free_port, nats_server
from ..sources import ROOT

pytestmark = pytest.mark.once

EXAMPLES = ROOT / "examples"
RESET = v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)


@asynccontextmanager
async def example(name: str, *arguments: str) -> AsyncIterator[Program]:
    async with program(str(EXAMPLES / name), *arguments) as running:
        yield running


async def answer(http: httpx.AsyncClient, method: str, path: str, *, after: Any = None) -> tuple[int, Any]:
    """Ask a program that may still be starting; ask again as long as the answer is `after`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(httpx.ConnectError):
                response = await http.request(method, path)
                if response.json() != after:
                    return response.status_code, response.json()
            await asyncio.sleep(0.05)


# OCPP 2.0.1 and 2.1


@in_time
async def test_a_station_of_either_version_charges_at_one_central_system() -> None:
    port = str(free_port())
    async with example("central_system_v2.py", port) as central:
        await central.line("listening on ")
        for version in ("2.0.1", "2.1"):
            async with example("charging_station_v2.py", port, version) as station:
                assert (await station.ended(), station.complaints) == (0, "")
                assert station.printed == [
                    f"the CSMS says Accepted, in OCPP {version}",
                    "the token is Accepted",
                    "charged 7400 Wh",
                ]
        async with example("central_system_v2.py", port) as second:
            assert await second.ended() == 1
            assert re.fullmatch("cannot listen: .*address already in use\n", second.complaints)
        await central.stop()
        told = [re.sub("transaction [-0-9a-f]{36}", "transaction", line) for line in central.printed[1:]]
        assert told == [
            line
            for version in ("2.0.1", "2.1")
            for line in (
                f"CP001 is a Model of Vendor, and speaks OCPP {version}",
                "CP001: EVSE 1 is Occupied",
                "CP001: transaction Started at [0.0] Wh",
                "CP001: transaction Updated at [3700.0] Wh",
                "CP001: transaction Ended at [7400.0] Wh",
            )
        ]


@pytest.mark.parametrize(
    ("central", "reason"),
    [
        (CentralSystem(auth=BasicAuth({"CP001": b"secret"}), versions=[v21]), ".*HTTP status 401: Unauthorized"),
        (CentralSystem(auth=NoAuth(), versions=[v16]), ".*(no subprotocol|none of the versions).*"),
    ],
    ids=["401", "no common version"],
)
@in_time
async def test_a_station_that_is_refused_says_why_in_one_line(central: CentralSystem, reason: str) -> None:
    async with central.serve() as server, example("charging_station_v2.py", server.url.rpartition(":")[2]) as station:
        assert await station.ended() == 1
        assert re.fullmatch(f"cannot charge: {reason}\n", station.complaints)


# TLS


@in_time
async def test_certificates_and_passwords_let_in_whom_they_name_and_nobody_else() -> None:
    async with example("tls.py") as both:
        assert (await both.ended(), both.complaints) == (0, "")
        expected = [
            "profile 2, the right password: Accepted",
            "profile 2, a wrong password: .*HTTP status 401.*",
            "profile 3, its certificate: Accepted",
            "profile 3, somebody else's certificate: .*HTTP status 403.*",
            "profile 3, a certificate of another CA: (?!Accepted).+",
            "a server that the station does not trust: .*CERTIFICATE_VERIFY_FAILED.*",
        ]
        assert len(both.printed) == len(expected)
        for line, pattern in zip(both.printed, expected, strict=True):
            assert re.fullmatch(pattern, line)


# One wallbox at home


@in_time
async def test_a_wallbox_at_home_is_read_and_steered_by_http(monkeypatch: pytest.MonkeyPatch) -> None:
    async with example("home_bridge.py") as unsafe:
        assert await unsafe.ended() == 1
        assert unsafe.complaints.startswith("BRIDGE_TOKEN: ")
    monkeypatch.setenv("BRIDGE_TOKEN", "secret")
    port = free_port()
    url, headers = f"127.0.0.1:{port}", {"Authorization": "Bearer secret"}
    async with (
        example("home_bridge.py", str(port)),
        httpx.AsyncClient(base_url=f"http://{url}", headers=headers) as http,
    ):
        assert await answer(http, "GET", "/state") == (
            200,
            {"connected": False, "status": None, "transaction": None, "power": None, "energy": None},
        )
        assert (await http.get("/state", headers={"Authorization": "Bearer wrong"})).status_code == 401
        assert await answer(http, "POST", "/start") == (503, {"error": "wallbox: not connected"})
        assert (await answer(http, "POST", "/stop"))[0] == 409
        wallbox = ChargePoint("wallbox", f"ws://{url}/ocpp", versions=[v16], password=b"secret")
        limits: list[float] = []

        @wallbox.on(v16.SetChargingProfileRequest)
        def limit(request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
            limits.append(request.cs_charging_profiles.charging_schedule.charging_schedule_period[0].limit)
            return v16.SetChargingProfileResponse(status=v16.ChargingProfileStatus.ACCEPTED)

        @wallbox.on(v16.RemoteStartTransactionRequest)
        def start(request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
            return v16.RemoteStartTransactionResponse(status=v16.RemoteStartStopStatus.ACCEPTED)

        @wallbox.on(v16.RemoteStopTransactionRequest)
        def stop(request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
            known = request.transaction_id == started.transaction_id
            status = v16.RemoteStartStopStatus.ACCEPTED if known else v16.RemoteStartStopStatus.REJECTED
            return v16.RemoteStopTransactionResponse(status=status)

        async with wallbox:
            await wallbox.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
            assert await answer(http, "PUT", "/limit?amperes=10") == (200, {"status": "Accepted"})
            assert (await answer(http, "PUT", "/limit?amperes=64"))[0] == 422
            assert await answer(http, "POST", "/start") == (200, {"status": "Accepted"})
            await wallbox.v16.status_notification(
                connector_id=1,
                error_code=v16.ChargePointErrorCode.NO_ERROR,
                status=v16.ChargePointStatus.CHARGING,
            )
            now = (await wallbox.v16.heartbeat()).current_time
            started = await wallbox.v16.start_transaction(connector_id=1, id_tag="home", meter_start=0, timestamp=now)
            samples = [
                v16.SampledValue(value="3.7", measurand=v16.Measurand.POWER_ACTIVE_IMPORT, unit=v16.UnitOfMeasure.KW),
                v16.SampledValue(value="1200"),
            ]
            meter = v16.MeterValue(timestamp=now, sampled_value=samples)
            await wallbox.v16.meter_values(connector_id=1, meter_value=[meter])
            charging = {"connected": True, "status": "Charging", "power": 3700.0, "energy": 1200.0}
            known = {**charging, "transaction": started.transaction_id}
            assert await answer(http, "GET", "/state") == (200, known)
            assert await answer(http, "POST", "/stop") == (200, {"status": "Accepted"})
            await wallbox.v16.stop_transaction(transaction_id=started.transaction_id, meter_stop=1200, timestamp=now)
            assert (await answer(http, "GET", "/state"))[1]["power"] == 0.0
            assert limits == [10.0]
            async with example("home_bridge.py", str(port)) as second:
                assert await second.ended() != 0
                assert "address already in use" in second.complaints


# Django and Celery


@in_time
async def test_django_and_a_celery_task_reset_a_station_of_another_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, ocpp_port, http_port = EXAMPLES / "django_celery", free_port(), free_port()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BROKER_URL", f"sqla+sqlite:///{tmp_path}/broker.db")
    monkeypatch.setenv("RESULT_BACKEND", f"file://{tmp_path}")
    async with nats_server(tmp_path, config="jetstream: true\n") as nats:
        monkeypatch.setenv("NATS_URL", nats.url)
        async with (
            example("cluster/node.py", "node", str(ocpp_port), nats.url) as node,
            program(
                *("-m", "celery", "-A", "tasks", "worker", "--pool", "solo", "-l", "INFO"),
                stderr=asyncio.subprocess.STDOUT,
            ) as worker,
            example("django_celery/web.py", "runserver", "--noreload", f"127.0.0.1:{http_port}"),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", timeout=30) as http,
        ):
            await node.line("node listens on ")
            await worker.line(".* ready")  # or else both make the tables of the broker, and one fails
            station = ChargePoint("CP001", f"ws://127.0.0.1:{ocpp_port}", versions=[v16])
            resets: list[str] = []

            @station.on(v16.ResetRequest)
            def reset(request: v16.ResetRequest) -> v16.ResetResponse:
                resets.append(request.type)
                return RESET

            async with station:
                await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
                assert await answer(http, "GET", "/stations", after={}) == (200, {"CP001": "node"})
                assert await answer(http, "POST", "/stations/CP001/reset") == (200, {"status": "Accepted"})
                assert (await answer(http, "POST", "/stations/CP002/reset"))[0] == 404
                status, queued = await answer(http, "POST", "/stations/CP001/resets")
                assert status == 202
                outcome = await answer(http, "GET", f"/resets/{queued['id']}", after={"state": "PENDING"})
                assert outcome == (200, {"status": "Accepted"})
                assert resets == ["Soft", "Soft"]
