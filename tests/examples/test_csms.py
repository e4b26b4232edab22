"""The CSMS of the examples: its handlers in memory, its HTTP API, and all of it on a port."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from sqlalchemy import select

from examples.fastapi_csms import admin
from examples.fastapi_csms.admin import add_station, add_tenant
from examples.fastapi_csms.app import create_app
from examples.fastapi_csms.database import ChargingStation, Sessions, Transaction
from ocpp_fast import CallError, ChargePoint, HandshakeFailed, v16, v201
from ocpp_fast.testing import FakeClock, connect

pytestmark = pytest.mark.once

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RESET = v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)


def asyncio_test(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(test(**given))

    return run


class Site:
    """The CSMS with the tenants `acme` and `other`, and an HTTP client that has the API key of the first."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.central = app.state.central
        self.sessions: Sessions = app.state.sessions
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://csms")

    async def station(self, identity: str = "CP1", **options: Any) -> bytes:
        """Add a station of `acme`, and return its password."""
        return (await add_station(self.sessions, "acme", identity, **options)).encode()

    def connect(
        self, identity: str, version: Any, password: bytes, *, tenant: str = "acme", clock: FakeClock | None = None
    ) -> AbstractAsyncContextManager[ChargePoint]:
        path = f"/ocpp/{tenant}/{identity}"
        return connect(self.central, identity, version=version, password=password, path=path, clock=clock)

    async def post(self, path: str, body: object = None) -> tuple[int, Any]:
        answer = await self.http.post(f"/acme/stations/{path}", json={} if body is None else body)
        return answer.status_code, answer.json()

    async def only(self, table: type[Any]) -> Any:
        """The only row of a table."""
        async with self.sessions() as db:
            return (await db.scalars(select(table))).one()


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Site]:
    app = create_app(url)
    site = Site(app)
    async with app.router.lifespan_context(app), site.http:
        site.http.headers["X-API-Key"] = await add_tenant(site.sessions, "acme")
        await add_tenant(site.sessions, "other")
        yield site


async def boot(station: ChargePoint) -> v16.BootNotificationResponse:
    return await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")


# Handlers


@asyncio_test
async def test_a_station_of_1_6_boots_and_charges(database: str) -> None:
    async with running(database) as site:
        password = await site.station()
        async with site.connect("CP1", v16, password) as station:
            answer = await boot(station)
            assert (answer.status, answer.interval) == ("Accepted", 300)
            await station.v16.heartbeat()
            for connector_id, status in (
                (1, v16.ChargePointStatus.PREPARING),
                (2, v16.ChargePointStatus.AVAILABLE),
                (1, v16.ChargePointStatus.CHARGING),
            ):
                error_code = v16.ChargePointErrorCode.NO_ERROR
                await station.v16.status_notification(connector_id=connector_id, error_code=error_code, status=status)
            assert (await station.v16.authorize(id_tag="A")).id_tag_info.status == "Accepted"
            started = await station.v16.start_transaction(connector_id=1, id_tag="A", meter_start=1000, timestamp=NOON)
            again = await station.v16.start_transaction(connector_id=1, id_tag="A", meter_start=1000, timestamp=NOON)
            assert again == started
            sample = v16.SampledValue(value="1.5", unit=v16.UnitOfMeasure.KWH)
            await station.v16.meter_values(
                connector_id=1,
                transaction_id=started.transaction_id,
                meter_value=[v16.MeterValue(timestamp=NOON, sampled_value=[sample])],
            )
            transaction = await site.only(Transaction)
            assert (transaction.meter_start, transaction.meter_last, transaction.ended_at) == (1000, 1500, None)
            end = NOON.replace(hour=13)
            await station.v16.stop_transaction(meter_stop=2000, timestamp=end, transaction_id=started.transaction_id)
            transaction = await site.only(Transaction)
            assert (transaction.meter_last, transaction.ended_at.replace(tzinfo=UTC)) == (2000, end)
        row = await site.only(ChargingStation)
        assert (row.model, row.registration) == ("V M", "Accepted")
        assert row.connectors == {"1": "Charging", "2": "Available"}
        async with site.connect("CP1", v16, password):
            assert site.central["acme/CP1"].registration == "Accepted"


@asyncio_test
async def test_a_station_of_2_0_1_boots_and_charges(database: str) -> None:
    async with running(database) as site, site.connect("CP1", v201, await site.station()) as station:
        answer = await station.v201.boot_notification(
            charging_station=v201.ChargingStationType(model="M", vendor_name="V"),
            reason=v201.BootReasonEnumType.POWER_UP,
        )
        assert answer.status == "Accepted"
        await station.v201.heartbeat()
        await station.v201.status_notification(
            timestamp=NOON, connector_status=v201.ConnectorStatusEnumType.OCCUPIED, evse_id=1, connector_id=2
        )
        token = v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.ISO14443)
        assert (await station.v201.authorize(id_token=token)).id_token_info.status == "Accepted"
        for seq_no, event_type, energy in (
            (0, v201.TransactionEventEnumType.STARTED, 1.0),
            (1, v201.TransactionEventEnumType.UPDATED, 1.5),
            (2, v201.TransactionEventEnumType.ENDED, 2.0),
        ):
            unit = v201.UnitOfMeasureType(unit="kWh")
            sample = v201.SampledValueType(value=energy, unit_of_measure=unit)
            event = await station.v201.transaction_event(
                event_type=event_type,
                meter_value=[v201.MeterValueType(timestamp=NOON, sampled_value=[sample])],
                timestamp=NOON.replace(minute=seq_no),
                trigger_reason=v201.TriggerReasonEnumType.AUTHORIZED,
                seq_no=seq_no,
                transaction_info=v201.TransactionType(transaction_id="T"),
                id_token=token,
            )
            assert event.id_token_info is not None
            assert event.id_token_info.status == "Accepted"
        row = await site.only(Transaction)
        assert (row.number, row.id_tag, row.meter_start, row.meter_last) == ("T", "A", 1000, 2000)
        assert (row.started_at.replace(tzinfo=UTC), row.ended_at.replace(tzinfo=UTC)) == (NOON, NOON.replace(minute=2))
        assert (await site.only(ChargingStation)).connectors == {"1.2": "Occupied"}


@asyncio_test
async def test_a_token_charges_at_one_station_of_a_tenant_at_a_time(sqlite: str) -> None:
    async with running(sqlite) as site:
        one, two = await site.station("CP1"), await site.station("CP2")
        foreign = (await add_station(site.sessions, "other", "CP1")).encode()
        async with (
            site.connect("CP1", v16, one) as first,
            site.connect("CP2", v16, two) as second,
            site.connect("CP1", v16, foreign, tenant="other") as third,
        ):
            started = await first.v16.start_transaction(connector_id=1, id_tag="A", meter_start=0, timestamp=NOON)
            for station, status in ((first, "Accepted"), (second, "ConcurrentTx"), (third, "Accepted")):
                assert (await station.v16.authorize(id_tag="A")).id_tag_info.status == status
            stop = v16.StopTransactionRequest(meter_stop=1, timestamp=NOON, transaction_id=started.transaction_id)
            with pytest.raises(CallError, match="PropertyConstraintViolation: there is no transaction 1"):
                await second.call(stop)
            await first.call(stop)
            assert (await second.v16.authorize(id_tag="A")).id_tag_info.status == "Accepted"


@asyncio_test
async def test_a_handler_that_fails_stores_nothing(sqlite: str) -> None:
    async with running(sqlite) as site, site.connect("CP1", v16, await site.station()) as station:
        sample = v16.SampledValue(value="7")
        started = await station.v16.start_transaction(connector_id=1, id_tag="A", meter_start=5, timestamp=NOON)
        for number, value in ((started.transaction_id, "n/a"), (2**70, "7")):
            values = [v16.MeterValue(timestamp=NOON, sampled_value=[sample.replace(value=value)])]
            call = station.v16.meter_values(connector_id=1, transaction_id=number, meter_value=values)
            with nullcontext() if value == "n/a" else pytest.raises(CallError, match="InternalError"):
                await call
        assert (await site.only(Transaction)).meter_last is None
        assert 'ocpp_calls_total{action="MeterValues",outcome="OverflowError"} 1.0' in await metrics(site)


# The handshake


async def metrics(site: Site) -> str:
    return (await site.http.get("/metrics")).text


@asyncio_test
async def test_who_is_not_known_or_has_another_password_is_refused(sqlite: str) -> None:
    async with running(sqlite) as site:
        password = await site.station()
        for identity, tenant, secret, status in (
            ("CP1", "acme", b"wrong", 401),
            ("CP2", "acme", password, 401),
            ("CP1", "other", password, 401),
        ):
            with pytest.raises(HandshakeFailed) as refused:
                await site.connect(identity, v16, secret, tenant=tenant).__aenter__()
            assert refused.value.status == status
        async with site.connect("CP1", v16, password):
            told = await metrics(site)
        assert 'ocpp_refused_handshakes_total{status="401"} 3.0' in told
        assert "ocpp_connected_stations 1.0" in told


# The HTTP API


@asyncio_test
async def test_a_tenant_sees_its_stations_with_its_key_alone(sqlite: str) -> None:
    async with running(sqlite) as site:
        password = await site.station()
        await site.station("CP2")
        await add_station(site.sessions, "other", "CP3")
        async with site.connect("CP1", v16, password) as station:
            await boot(station)
            answer = await site.http.get("/acme/stations")
            told = [(each["identity"], each["connected"], each["registration"]) for each in answer.json()]
            assert told == [("CP1", True, "Accepted"), ("CP2", False, None)]
        for tenant, key in (("other", site.http.headers["X-API-Key"]), ("acme", "x"), ("nobody", "x")):
            answer = await site.http.get(f"/{tenant}/stations", headers={"X-API-Key": key})
            assert answer.status_code == 401
        del site.http.headers["X-API-Key"]
        assert (await site.http.get("/acme/stations")).status_code == 401


@asyncio_test
async def test_a_command_is_answered_by_the_station_or_says_why_not(sqlite: str) -> None:
    clock, asked = FakeClock(), asyncio.Event()
    async with running(sqlite) as site:
        password = await site.station()
        assert await site.post("CP2/Reset", {"type": "Soft"}) == (404, {"detail": "there is no such station"})
        assert await site.post("CP1/Reset", {"type": "Soft"}) == (409, {"detail": "acme/CP1: not connected"})
        async with site.connect("CP1", v16, password, clock=clock) as station:

            @station.on(v16.ChangeConfigurationRequest)
            async def change(request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
                if request.key == "Slow":
                    asked.set()
                    await asyncio.Event().wait()
                raise CallError("SecurityError", "not you")

            station.on(v16.ResetRequest)(lambda request: RESET)
            for action in ("reset", "Reset"):
                assert await site.post(f"CP1/{action}", {"type": "Soft"}) == (200, {"status": "Accepted"})
                assert (await site.post(f"CP1/{action}", {"type": "Softly"}))[0] == 422
            assert await site.post("CP1/Rest") == (404, {"detail": "OCPP 1.6 has no action 'Rest'"})
            refused = {"detail": "acme/CP1: SecurityError: not you"}
            assert await site.post("CP1/ChangeConfiguration", {"key": "A", "value": "1"}) == (502, refused)
            slow = asyncio.create_task(site.post("CP1/ChangeConfiguration", {"key": "Slow", "value": "1"}))
            await asked.wait()
            await clock.advance(31)
            assert await slow == (504, {"detail": "acme/CP1: ChangeConfiguration was not answered in time"})


@asyncio_test
async def test_a_typed_command_is_of_one_version(sqlite: str) -> None:
    async with running(sqlite) as site, site.connect("CP1", v201, await site.station()):
        status, answer = await site.post("CP1/reset", {"type": "Soft"})
        assert status == 409
        assert "2.0.1" in answer["detail"]
        document = (await site.http.get("/openapi.json")).json()
        assert document["components"]["schemas"]["ResetRequest"]["required"] == ["type"]


# On a port


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[tuple[Site, str]]:
    """Run the CSMS by uvicorn as long as the context lasts; with its address, `host:port`."""
    site = Site(create_app(url))
    server = uvicorn.Server(uvicorn.Config(site.app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "{}:{}".format(*listener.getsockname())
        site.http = httpx.AsyncClient(base_url=f"http://{address}")
        running = asyncio.create_task(server.serve([listener]))
        async with site.http:
            assert (await site.http.get("/health")).json() == {"status": "ok"}
            site.http.headers["X-API-Key"] = await add_tenant(site.sessions, "acme")
            yield site, address
        server.should_exit = True
        await running


@asyncio_test
async def test_stations_and_http_clients_share_a_port(sqlite: str) -> None:
    async with serving(sqlite) as (site, address):
        password, url = await site.station(), f"ws://{address}/ocpp/acme"
        with pytest.raises(HandshakeFailed) as refused:
            await ChargePoint("CP1", url, versions=[v16], password=b"wrong").__aenter__()
        assert refused.value.status == 401
        charge_point = ChargePoint("CP1", url, versions=[v16], password=password)
        charge_point.on(v16.ResetRequest)(lambda request: RESET)
        async with charge_point:
            await boot(charge_point)
            assert await site.post("CP1/reset", {"type": "Soft"}) == (200, {"status": "Accepted"})


@asyncio_test
async def test_a_station_is_judged_as_its_row_says(sqlite: str) -> None:
    no_zone = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": "2026-01-01T12:00:00"}
    call = json.dumps([2, "1", "StatusNotification", no_zone])
    async with serving(sqlite) as (site, address):
        for identity, lenient, kind in (("CP1", False, 4), ("CP2", True, 3)):
            password = (await site.station(identity, lenient=lenient)).decode()
            url = f"ws://{identity}:{password}@{address}/ocpp/acme/{identity}"
            async with websockets.connect(url, subprotocols=[websockets.Subprotocol("ocpp1.6")]) as peer:
                await peer.send(call)
                assert json.loads(await peer.recv())[:2] == [kind, "1"]
        counted = await metrics(site)
        assert 'ocpp_faults_total{fault="PROPERTY"} 1.0' in counted
        assert 'ocpp_tolerated_total{rule="loose_time"} 1.0' in counted


@asyncio_test
async def test_tenants_and_stations_are_added_by_a_command(
    sqlite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite)
    await admin.main(["acme"])
    await admin.main(["acme", "CP1", "--lenient"])
    key, password = capsys.readouterr().out.split()
    site = Site(create_app())
    async with site.app.router.lifespan_context(site.app), site.http, site.connect("CP1", v16, password.encode()):
        assert site.central["acme/CP1"].policy.lenient is True
        answer = await site.http.get("/acme/stations", headers={"X-API-Key": key})
        assert [each["connected"] for each in answer.json()] == [True]
