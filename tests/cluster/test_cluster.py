"""Stations of any process, called from any process: the API of `Cluster`, in memory and on a real NATS server."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import orjson
import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    CentralSystem,
    Cluster,
    ConnectionReplaced,
    Disconnected,
    NoAuth,
    NotConnected,
    OcppError,
    Policy,
    QueueFull,
    Station,
    TransferRefused,
    Unreachable,
    ValidationError,
    VersionMismatch,
    v16,
    v201,
)
from ocpp_fast.cluster import Lagged, StationConnected, StationDisconnected
from ocpp_fast.cluster.member import encoded

from ..aio.harness import HEARTBEAT, on_one_loop, until
from .fleet import NAMESPACE, VERSIONS, Fleet, fleet, memory
from .servers import NatsServer
from .vendor import Depot, Where

SOFT = v16.ResetRequest(type=v16.ResetType.SOFT)
ACCEPTED = v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

IDENTITIES = ["*", ">", "a.b", "RDAM 123", "日" * 48, "".join(set(string.printable[:95]) - set(r"/\:%?# "))[:48]]


@pytest.fixture(params=["memory", "nats"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "memory":
        return memory()
    nats: NatsServer = request.getfixturevalue("nats")
    return {"servers": nats.url}


@on_one_loop
async def test_a_station_of_any_node_is_called_from_anywhere(options: dict[str, Any]) -> None:
    async with fleet(2, options) as site:
        await site.add_station("CP001", 1)
        assert await site.client.call("CP001", SOFT) == ACCEPTED
        assert await site["CP001"].v16.reset(type=v16.ResetType.SOFT) == ACCEPTED
        for node in site.nodes:
            assert await node.cluster["CP001"].call(SOFT, timeout=5) == ACCEPTED
        future = await asyncio.to_thread(site.client.call_threadsafe, "CP001", SOFT)
        assert await asyncio.wrap_future(future) == ACCEPTED


@on_one_loop
async def test_a_handler_calls_a_station_of_another_node() -> None:
    async with fleet(2) as site:
        await site.add_station("CP001", 1)

        @site.nodes[0].on(v16.HeartbeatRequest)
        async def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
            answer = await site.nodes[0].cluster["CP001"].v16.reset(type=v16.ResetType.HARD)
            assert answer == ACCEPTED
            return HEARTBEAT

        caller = await site.add_station("CP002", 0)
        await caller.call(v16.HeartbeatRequest())


@on_one_loop
async def test_who_is_where(options: dict[str, Any]) -> None:
    async with fleet(2, options) as site:
        await site.add_station("CP001", 0)
        await site.add_station("CP002", 1, v201)
        assert "CP001" in site.client
        assert "CP003" not in site.client
        assert site.client.get("CP003") is None
        with pytest.raises(NotConnected):
            site.client["CP003"]
        assert len(site.client) == 2
        assert {(each.id, each.node, each.version) for each in site.client.stations()} == {
            ("CP001", "n0", "1.6"),
            ("CP002", "n1", "2.0.1"),
        }
        assert [each.id for each in site.client.stations(node="n1")] == ["CP002"]
        assert [(each.name, each.state, each.stations) for each in site.client.nodes()] == [
            ("n0", "active", 1),
            ("n1", "active", 1),
        ]
        assert (await site.client.wait_connected("CP001")).id == "CP001"
        later = asyncio.ensure_future(site.nodes[0].cluster.wait_connected("CP003"))
        await site.add_station("CP003", 1)
        assert (await later).id == "CP003"


@on_one_loop
async def test_a_call_ends_as_a_local_one_does() -> None:
    async with fleet(1, policy=Policy(max_queued_calls=1)) as site:
        station = await site.add_station("CP001")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        @station.on(v16.ClearCacheRequest)
        async def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
            await reply
            raise CallError("SecurityError", "no", {"why": 1.5})

        @station.on(v16.GetConfigurationRequest)
        async def get(request: v16.GetConfigurationRequest) -> Any:
            return v16.GetConfigurationResponse(configuration_key=[])

        async def ends(request: Any, timeout: float = 5.0) -> tuple[type, bool | None]:
            with pytest.raises(OcppError) as raised:
                await site.client.call("CP001", request, timeout=timeout)
            assert raised.value.station == "CP001"
            return type(raised.value), raised.value.delivered

        assert await ends(v16.UnlockConnectorRequest(connector_id=1)) == (CallError, True)
        assert await ends(v16.ChangeConfigurationRequest(key="x" * 51, value="")) == (ValidationError, False)
        assert await ends(v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)) == (VersionMismatch, False)
        assert await ends(v16.ClearCacheRequest(), 0.05) == (CallTimeout, None)
        open_call = asyncio.ensure_future(ends(v16.ClearCacheRequest()))
        await until(lambda: site.nodes[0]["CP001"]._session.has_open_calls)
        queued = asyncio.ensure_future(ends(SOFT, 0.5))
        await until(lambda: site.nodes[0]["CP001"]._session._queue)
        assert await ends(SOFT) == (QueueFull, False)
        assert await queued == (CallTimeout, False)
        reply.set_result(None)
        assert await open_call == (CallError, True)
        with pytest.raises(NotConnected) as unknown:
            await site.client.call("CP404", SOFT)
        assert unknown.value.delivered is False


@on_one_loop
async def test_details_of_a_call_error_come_over() -> None:
    async with fleet(1) as site:
        station = await site.add_station("CP001")

        @station.on(v16.ClearCacheRequest)
        def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
            raise CallError("SecurityError", "no", {"why": 1.5})

        with pytest.raises(CallError) as raised:
            await site["CP001"].v16.clear_cache()
        assert (raised.value.code, raised.value.description) == ("SecurityError", "no")
        assert raised.value.details == {"why": 1.5}


@on_one_loop
async def test_a_check_of_the_result_raises_here() -> None:
    async with fleet(1) as site:
        await site.add_station("CP001")

        def check(response: v16.ResetResponse) -> None:
            raise CallError("FormatViolation", str(response.status))

        with pytest.raises(CallError, match="FormatViolation: Accepted"):
            await site.client.call("CP001", SOFT, check=check)


@pytest.mark.parametrize("leave", ["disconnect", "replace", "move"])
@on_one_loop
async def test_a_call_ends_with_the_connection(leave: str) -> None:
    async with fleet(2) as site:
        station = await site.add_station("CP001", 0)
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        @station.on(v16.ClearCacheRequest)
        async def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
            return await never  # type: ignore[no-any-return]

        call = asyncio.ensure_future(site["CP001"].v16.clear_cache())
        await until(lambda: site.nodes[0]["CP001"]._session.has_open_calls)
        if leave == "disconnect":
            await site.nodes[0]["CP001"].abort()
        else:
            await site.add_station("CP001", 0 if leave == "replace" else 1)
        with pytest.raises(Disconnected) as raised:
            await call
        assert isinstance(raised.value, ConnectionReplaced) is (leave != "disconnect")
        assert raised.value.delivered is None


@on_one_loop
async def test_R36_a_station_that_connects_elsewhere_leaves_its_node(options: dict[str, Any]) -> None:
    async with fleet(2, options) as site:
        await site.add_station("CP001", 0)
        old = site.nodes[0]["CP001"]
        await site.add_station("CP001", 1)
        await old.wait_closed()
        assert (old.close_code, old.close_reason) == (1008, "replaced by a connection at another node")
        assert "CP001" not in site.nodes[0]
        assert site.nodes[0].cluster.where("CP001") == site.client.where("CP001")
        assert len(site.client) == 1


@pytest.mark.parametrize("identity", IDENTITIES, ids=ascii)
@on_one_loop
async def test_K9_any_identity_is_called_alone_and_stands_in_a_subject(nats: NatsServer, identity: str) -> None:
    async with fleet(1, {"servers": nats.url}) as site:
        others = [each for each in IDENTITIES if each != identity][:2]
        called: list[str] = []
        for each in [identity, *others]:
            station = await site.add_station(each)

            @station.on(v16.ClearCacheRequest)
            def clear(request: v16.ClearCacheRequest, each: str = each) -> v16.ClearCacheResponse:
                called.append(each)
                return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)

        await site[identity].v16.clear_cache()
        assert called == [identity]
        async with aclosing(site.client.events(identity, kinds=["disconnected"])) as events:
            told = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.05)
            for each in [*others, identity]:
                await site.nodes[0][each].close()
            assert (await told).id == identity


def test_identities_as_tokens_of_subjects() -> None:
    assert [encoded(each) for each in ("RDAM 123", "*", ">", "a.b", "A-z_0~", "日")] == [
        "RDAM%20123",
        "%2A",
        "%3E",
        "a%2Eb",
        "A-z_0~",
        "%E6%97%A5",
    ]


@on_one_loop
async def test_watching(options: dict[str, Any]) -> None:
    async with fleet(2, options) as site:
        await site.add_station("CP001", 0)
        async with aclosing(site.client.watch("CP*")) as changes:
            assert await anext(changes) == StationConnected("CP001", "n0")
            await site.add_station("XY001", 0)
            await site.add_station("CP002", 1)
            assert await anext(changes) == StationConnected("CP002", "n1")
            await site.nodes[0]["CP001"].close()
            assert await anext(changes) == StationDisconnected("CP001", "n0")


@on_one_loop
async def test_a_watcher_that_lags_begins_anew() -> None:
    async with fleet(1) as site:
        await site.add_station("CP001")
        async with aclosing(site.client.watch()) as changes:
            assert await anext(changes) == StationConnected("CP001", "n0")
            (watcher,) = site.client._watchers
            node = site.nodes[0].cluster._started()
            while not watcher.lags:
                for _ in range(500):
                    node.arrived("CP002", "1.6")
                    node.left("CP002")
                await asyncio.sleep(0.02)
            assert await anext(changes) == Lagged()
            assert await anext(changes) == StationConnected("CP001", "n0")


@on_one_loop
async def test_events_have_node_epoch_and_number(options: dict[str, Any]) -> None:
    async with (
        fleet(1, options, events=("connected", "message")) as site,
        aclosing(site.client.events(kinds=["connected", "message"])) as events,
    ):
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        await site.add_station("CP001")
        connected = await first
        presence = site.client.where("CP001")
        assert presence is not None
        assert (connected.kind, connected.id, connected.node) == ("connected", "CP001", "n0")
        assert connected.epoch == presence.epoch
        await site["CP001"].v16.reset(type=v16.ResetType.SOFT)
        out, back = await anext(events), await anext(events)
        assert [(each.kind, each.direction) for each in (out, back)] == [("message", "out"), ("message", "in")]
        assert [each.number - connected.number for each in (out, back)] == [1, 2]
        assert orjson.loads(out.frame)[2:] == ["Reset", {"type": "Soft"}]


@on_one_loop
async def test_a_vendors_message_and_an_unconfirmed_one() -> None:
    async with fleet(2) as site:
        station = await site.add_station("CP001", 1)

        @station.on(Where)
        def where(request: Where) -> Depot:
            if request.bay == 0:
                raise TransferRefused("Rejected")
            return Depot(name=f"bay {request.bay}")

        assert await site["CP001"].transfer(Where(bay=7)) == Depot(name="bay 7")
        assert await site.nodes[1].cluster["CP001"].transfer(Where(bay=7)) == Depot(name="bay 7")
        with pytest.raises(TransferRefused):
            await site["CP001"].transfer(Where(bay=0))


@on_one_loop
async def test_a_client_without_a_directory(options: dict[str, Any]) -> None:
    async with fleet(2, options) as site:
        await site.add_station("CP001", 1)
        async with Cluster(namespace=NAMESPACE, versions=VERSIONS, directory=False, **options) as client:
            assert await client["CP001"].v16.reset(type=v16.ResetType.SOFT) == ACCEPTED
            with pytest.raises(NotConnected):
                await client.call("CP404", SOFT)
            with pytest.raises(RuntimeError, match="directory=False"):
                len(client)


@on_one_loop
async def test_the_younger_of_two_nodes_of_one_name_refuses_to_start(options: dict[str, Any]) -> None:
    async with fleet(1, options) as site:
        await site.add_station("CP001")
        with pytest.raises(RuntimeError, match="another node has the name 'n0'"):
            await site.add_node("n0")
        assert await site.client.call("CP001", SOFT) == ACCEPTED


@on_one_loop
async def test_a_cancelled_call_is_taken_out_of_the_queue() -> None:
    async with fleet(1) as site:
        station = await site.add_station("CP001")
        hold: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        resets: list[object] = []

        @station.on(v16.ClearCacheRequest)
        async def clear(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
            await hold
            return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)

        station.on_any(lambda request: resets.append(request))
        first = asyncio.ensure_future(site["CP001"].v16.clear_cache())
        session = site.nodes[0]["CP001"]._session
        await until(lambda: session.has_open_calls)
        second = asyncio.ensure_future(site["CP001"].v16.reset(type=v16.ResetType.SOFT))
        await until(lambda: session._queue)
        second.cancel()
        await until(lambda: not session._queue)
        hold.set_result(None)
        await first
        assert resets == [v16.ClearCacheRequest()]
        assert len(site.client._started().caller) == 0


async def lose_the_bus(site: Fleet) -> None:
    bus: Callable[[], Any] = site.options["bus"]
    bus.__self__.stop()  # type: ignore[attr-defined]


@on_one_loop
async def test_without_the_bus_stations_stay_and_remote_calls_fail_at_once() -> None:
    async with fleet(1) as site:
        await site.add_station("CP001")
        await lose_the_bus(site)
        with pytest.raises(Unreachable) as raised:
            await site.client.call("CP001", SOFT)
        assert raised.value.delivered is False
        assert await site.nodes[0].cluster.call("CP001", SOFT) == ACCEPTED
        assert await site.nodes[0]["CP001"].call(SOFT) == ACCEPTED
        site.options["bus"].__self__.start()
        await until(lambda: site.client.is_connected)
        assert await site.client.call("CP001", SOFT) == ACCEPTED


@on_one_loop
async def test_a_client_that_finds_no_bus_says_so_and_a_node_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp_fast.cluster.life._START_SECONDS", 0.1)
    options: dict[str, Any] = memory()
    options["bus"].__self__.stop()
    with pytest.raises(Unreachable):
        async with Cluster(namespace=NAMESPACE, **options):
            pass
    cluster = Cluster(namespace=NAMESPACE, name="n0", **options)
    async with CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster).serve():
        assert cluster.nodes() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("namespace", "a.b"),
        ("namespace", ""),
        ("name", "n*"),
        ("name", "x" * 33),
        ("when_isolated", "panic"),
        ("events", ("frames",)),
        ("call_timeout", 0),
    ],
)
def test_unusable_arguments(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        Cluster(**({"namespace": "acme"} | {name: value}))


def test_a_cluster_has_one_central_system_and_must_be_started() -> None:
    cluster = Cluster(namespace="acme")
    central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster)
    assert central.cluster is cluster
    with pytest.raises(ValueError, match="has a central system already"):
        CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster)
    with pytest.raises(RuntimeError, match="not started"):
        len(cluster)
    with pytest.raises(RuntimeError, match="in no cluster"):
        CentralSystem(auth=NoAuth(), versions=[v16]).cluster  # noqa: B018
