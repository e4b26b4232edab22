"""Registrations in JetStream: what one node stores, another loads; and what happens without JetStream (R40)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest

from ocpp_fast import Cluster, Policy, v16
from ocpp_fast.cluster.registrations import ClusterRegistrations, key_of
from ocpp_fast.testing.memory_bus import MemoryBroker

from ..aio.exchanges import BOOTED, give
from ..aio.harness import HEARTBEAT_JSON, on_one_loop, scenario, serving, until
from ..aio.test_registrations import BOOT, REFUSED, first_answer
from .ends import End, bus_of, started
from .servers import NatsServer, nats_server

pytestmark = pytest.mark.once

NAMES = [
    "CP1",
    "*",
    ">",
    "a.b",
    "RDAM 123",
    "=41",
    "A",
    "a/b~c",
    "日" * 48,
    f"{'𝄞' * 48}/{'𝄞' * 48}",
    "".join(map(chr, range(0x20, 0x7F))),
]


def registrations(end: End[Any], namespace: str = "test", **options: Any) -> ClusterRegistrations:
    return ClusterRegistrations(SimpleNamespace(bus=end.bus, namespace=namespace), **options)


def test_keys_are_of_signs_that_jetstream_takes_and_differ_as_identities_do() -> None:
    keys = [key_of(each) for each in NAMES]
    assert [unquote(each.replace("=", "%")) for each in keys] == NAMES
    assert set("".join(keys)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
    assert key_of("RDAM.1 ü") == "RDAM=2E1=20=C3=BC"


@scenario
async def test_what_one_node_stores_another_loads(nats: NatsServer) -> None:
    async with started(bus_of(nats, name="a")) as one, started(bus_of(nats, name="b")) as other:
        here, there = registrations(one), registrations(other)
        assert await asyncio.gather(*(here.load(f"new{each}") for each in NAMES)) == [None] * len(NAMES)
        for at, name in enumerate(NAMES):
            await here.store(name, ["Accepted", "Pending", "Rejected"][at % 3])
        for at, name in enumerate(NAMES):
            assert await there.load(name) == ["Accepted", "Pending", "Rejected"][at % 3]
        await there.store("CP1", "Pending")
        assert await here.load("CP1") == "Pending"
        assert await registrations(one, "else").load("CP1") is None
        one.bus.reset()
        await one.back()
        assert await here.load("CP1") == "Pending"


@on_one_loop
async def test_a_value_that_is_no_status_is_unknown(nats: NatsServer) -> None:
    async with started(bus_of(nats)) as end:
        bucket = end.bus.bucket("ocpp-odd-registrations")
        for value in (b"", b"accepted", b"\xff", b"Accepted "):
            await bucket.put("CP1", value)
            assert await registrations(end, "odd").load("CP1") is None


@on_one_loop
async def test_R40_a_station_that_one_node_accepted_is_accepted_at_the_other_without_a_boot(nats: NatsServer) -> None:
    strict = Policy(lets_strangers=False)
    async with started(bus_of(nats, name="a")) as one, started(bus_of(nats, name="b")) as other:
        async with serving(registrations=registrations(one, "boot"), policy=strict) as site:
            site.central.on(v16.BootNotificationRequest)(give(BOOTED))
            peer = await site.peer()
            assert await first_answer(peer) == REFUSED
            peer.send(BOOT)
            await until_answered(peer, "b")
        async with serving(registrations=registrations(other, "boot"), policy=strict) as site:
            assert await first_answer(await site.peer()) == [3, "1", HEARTBEAT_JSON]


async def until_answered(peer: Any, unique_id: str) -> None:
    while (await peer.message())[1] != unique_id:
        pass


@pytest.mark.parametrize("way", ["killed", "paused", "without JetStream"])
@on_one_loop
async def test_R40_a_station_is_unknown_and_may_boot_while_jetstream_is_away(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with nats_server(tmp_path, config="jetstream: true\n") as server, started(bus_of(server)) as end:
        here = registrations(end)
        await here.store("CP1", "Accepted")
        assert await here.load("CP1") == "Accepted"
        if way == "killed":
            server.kill()
            await until(lambda: not end.bus.connected)
        elif way == "paused":
            server.pause()
        else:
            server.config = ""
            await server.restart()
            await end.back()
        async with asyncio.timeout(5):
            assert await here.load("CP1") is None
            async with serving(registrations=here, policy=Policy(lets_strangers=False)) as site:
                site.central.on(v16.BootNotificationRequest)(give(BOOTED))
                peer = await site.peer("/CP1")
                assert await first_answer(peer) == REFUSED
                assert (await peer.message())[2] == "TriggerMessage"
                peer.send(BOOT)
                await until_answered(peer, "b")
                assert site.central["CP1"].registration == "Accepted"
        told = [each.getMessage() for each in caplog.records if "registration" in each.getMessage()]
        assert len(told) == 1
        assert told[0].startswith("registrations of the cluster can't be reached: ")
        await back(server, end, way)
        assert await here.load("CP1") is None  # what was accepted meanwhile is not stored
        await here.store("CP1", "Pending")
        assert await here.load("CP1") == "Pending"
        assert "registrations of the cluster are back" in caplog.text


async def back(server: NatsServer, end: End[Any], way: str) -> None:
    """Let JetStream come back."""
    server.config = "jetstream: true\n"
    if way == "paused":
        server.resume()
    else:
        await server.restart()
        await until(lambda: end.told[-1] == "lost" or len(end.told) > 3)
    await until(lambda: end.bus.connected)


@on_one_loop
async def test_a_bus_without_a_store_is_refused() -> None:
    async with Cluster(namespace="test", bus=MemoryBroker().bus, directory=False) as cluster:
        with pytest.raises(TypeError, match="expected a cluster on NATS, not on MemoryBus"):
            await ClusterRegistrations(cluster).load("CP1")
