"""K10: whatever a stranger writes on the bus, nothing is raised, and nothing is believed. K6: claims that cross."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import CallTimeout, Cluster, DeliveryUnknown, InvalidResult, OcppError, Unreachable, v16
from ocpp_fast.cluster.presence import Announcer, read_presence
from ocpp_fast.testing.memory_bus import MemoryBroker

from ..aio.harness import on_one_loop, until
from .fleet import NAMESPACE, Fleet, fleet, memory
from .servers import NatsServer, routed_servers

PREFIX = f"ocpp.{NAMESPACE}"
GOOD = {"v": 1, "n": "n0", "i": "x", "b": 1, "c": 1.5, "s": 1, "h": 2, "p": "active", "d": [["+", "CP9", 5, "1.6"]]}

NOT_MESSAGES = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'"op"',
    b"[" * 100_000,
    b'{"op":"ask"' + b" " * 1_000_000 + b"}",
    b'{"op":["ask"],"id":{},"ep":"x"}',
    b'{"op":"ask","id":7,"ep":true}',
    b'{"op":"go"}',
    b'{"op":"go","id":"CP001","ep":1,"t":1e999,"T":1}',
    b'{"op":"go","id":"CP001","ep":1,"t":1.5,"T":-1,"ver":"1.6","action":"Reset"}\n[]',
    b"\n",
    b"\n{}",
    b"[]\n{}",
    b"[" * 100_000 + b"\n{}",
    b'{"op":"resend","since":-99999999999999999999}',
    b'{"op":"resend","since":"now"}',
    b'{"op":"snap","after":7}',
    b'{"op":"alive","id":[],"ep":{}}',
    b'{"op":"cancel"}',
    b'{"t":"soon"}',
    b'{"e":5}',
    b'{"ids":[["a"]],"s":-1,"more":true,"last":""}',
]

WRONG_FIELDS: list[dict[str, Any]] = [
    {"v": 2},
    {"n": "n1"},
    {"n": None},
    {"i": ""},
    {"i": 5},
    {"i": "x" * 1000},
    {"b": -1},
    {"c": 1},
    {"c": "now"},
    {"c": None},
    {"s": True},
    {"s": 1 << 63},
    {"s": 0},
    {"h": 1.5},
    {"p": "gone"},
    {"p": []},
    {"k": -1},
    {"k": "one"},
    {"d": {}},
    {"d": [["+", "CP9", 5]]},
    {"d": [["+", "", 5, "1.6"]]},
    {"d": [["+", "x" * 257, 5, "1.6"]]},
    {"d": [["+", "CP9", True, "1.6"]]},
    {"d": [["+", "CP9", 5, "1.6" * 10]]},
    {"d": [["*", "CP9", 5, "1.6"]]},
    {"d": ["+"]},
]


def told(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_a_presence_is_read() -> None:
    presence = read_presence(told(), "n0")
    assert presence is not None
    assert presence.changes[0] == ("+", "CP9", 5, "1.6")
    assert read_presence(told(future="field"), "n0") == presence


@pytest.mark.parametrize("changes", WRONG_FIELDS, ids=str)
def test_K10_a_presence_with_a_wrong_field_is_none(changes: dict[str, Any]) -> None:
    raw = json.dumps(GOOD | changes).encode()
    assert read_presence(raw, "n0") is None


def known(site: Fleet) -> list[Any]:
    return [
        (sorted(each.stations(), key=str), [(at.name, at.stations) for at in each.nodes()]) for each in site.clusters
    ]


@on_one_loop
async def test_K10_strangers_change_nothing(nats: NatsServer) -> None:
    async with fleet(2, {"servers": nats.url}) as site:
        await site.add_station("CP001", 1)
        before = known(site)
        bus = site.client.bus
        inboxes = [peer.inbox for peer in site.client._started().directory.peers.values()]
        incarnation = site.client._started().incarnation
        subjects = [f"{PREFIX}.node.{each}" for each in inboxes]
        subjects += [f"{PREFIX}.presence.n1", f"{PREFIX}.presence.stranger", f"{PREFIX}.hello", f"{PREFIX}.where"]
        subjects += [f"{PREFIX}.reply.{incarnation}.{each}" for each in ("0", "1", "x", "-1", "9" * 50, "²")]
        for subject in subjects:
            for message in NOT_MESSAGES:
                for reply in ("", "_INBOX.stranger", f"{PREFIX}.presence.n1"):
                    if len(message) < 1000 or not reply:
                        bus.publish(subject, message, reply=reply)
            await asyncio.sleep(0.01)
        peer = site.client._started().directory.peers["n1"]
        stale = {"n": "n1", "b": 0, "p": "left", "s": 5000, "d": []}
        bus.publish(f"{PREFIX}.presence.n1", json.dumps(GOOD | stale).encode())
        bus.publish(f"{PREFIX}.presence.n1", json.dumps(GOOD | stale | {"p": "active"}).encode())
        await asyncio.sleep(0.2)
        assert known(site) == before
        assert site.client._started().directory.peers["n1"] is peer
        answer = await site["CP001"].v16.reset(type=v16.ResetType.SOFT)
        assert answer.status == "Accepted"


@on_one_loop
async def test_a_node_answers_nowhere_but_where_answers_go() -> None:
    async with fleet(1) as site:
        node = site.nodes[0].cluster._started()
        heard: list[bytes] = []
        site.client.bus.subscribe("elsewhere", lambda subject, reply, payload: heard.append(payload))
        for message in (b'{"op":"ask","id":"CP1","ep":1}', b'{"op":"snap","after":""}'):
            site.client.bus.publish(f"{PREFIX}.node.n0.{node.incarnation}", message, reply="elsewhere")
        site.client.bus.publish(f"{PREFIX}.where", b'{"id":"CP1"}', reply="elsewhere")
        await asyncio.sleep(0.05)
        assert heard == []


@on_one_loop
async def test_K10_a_name_that_is_taken_later_is_lost() -> None:
    async with fleet(2) as site:
        await site.add_station("CP001", 0)
        other = Announcer("n0", "zombie", site.nodes[0].cluster._started().epochs.next() + 1000)
        site.client.bus.publish(f"{PREFIX}.presence.n0", other.message(1.5, 0, "active"))
        await until(lambda: site.nodes[0].cluster._started().namesake)
        assert not site.nodes[0].cluster.is_connected


class Answers:
    """A node that answers with what a test says."""

    def __init__(self, site: Fleet, *answers: dict[str, Any] | bytes) -> None:
        self.bus = site.client.bus
        self.answers = [*answers]
        announcer = Announcer("odd", "odd", 1)
        announcer.connected("CP666", 1 << 40, "1.6")
        self.bus.subscribe(f"{PREFIX}.node.odd.odd", self.asked)
        self.bus.publish(f"{PREFIX}.presence.odd", announcer.message(1.5, 0, "active"))
        self.bus.publish(f"{PREFIX}.presence.odd", announcer.message(1.6, 0, "active"))

    def asked(self, subject: str, reply: str, payload: bytes) -> None:
        if json.loads(payload.partition(b"\n")[0])["op"] == "snap":
            snapshot = {"s": 1, "ids": [["CP666", 1 << 40, "1.6"]], "last": "CP666", "more": False}
            self.bus.publish(reply, json.dumps(snapshot).encode())
        elif self.answers:
            answer = self.answers.pop(0)
            self.bus.publish(reply, answer if isinstance(answer, bytes) else json.dumps(answer).encode())


READY = {"t": 1.5, "ver": "1.6"}


@pytest.mark.parametrize(
    ("answers", "kind", "delivered"),
    [
        ([{}], Unreachable, False),
        ([{"t": "now"}], Unreachable, False),
        ([{"e": "fenced"}] * 100, Unreachable, False),
        ([READY, {}], DeliveryUnknown, None),
        ([READY, {"e": "explosion"}], DeliveryUnknown, None),
        ([READY, {"e": "timeout", "d": 7}], CallTimeout, None),
        ([READY, {"e": "unsent"}], Unreachable, False),
        ([READY], DeliveryUnknown, None),
        ([READY, b"{}\n5"], InvalidResult, True),
        ([READY, b"{}\n{"], InvalidResult, True),
        ([READY, b'{}\n{"status":"Maybe"}'], InvalidResult, True),
    ],
    ids=lambda value: str(value)[:60],
)
@on_one_loop
async def test_odd_answers_end_a_call_in_an_error_that_says_what_is_known(
    answers: list[dict[str, Any] | bytes], kind: type[OcppError], delivered: bool | None
) -> None:
    async with fleet(1) as site:
        Answers(site, *answers)
        await until(lambda: "CP666" in site.client)
        with pytest.raises(kind) as raised:
            await site["CP666"].call(v16.ResetRequest(type=v16.ResetType.SOFT), timeout=0.5)
        assert raised.value.delivered is delivered


@on_one_loop
async def test_a_node_that_is_lost_without_a_word_is_found_out_by_the_bus() -> None:
    options = memory()
    async with fleet(2, options) as site:
        await site.add_station("CP001", 1)
        broker: MemoryBroker = options["bus"].__self__
        dead = site.nodes[1].cluster
        bus = dead.bus
        broker._buses.remove(bus)  # type: ignore[arg-type]  # as if it was killed
        site.client._started()._connected_since -= 10  # the bus itself has been there for a while
        with pytest.raises(OcppError) as raised:
            await site.client.call("CP001", v16.ResetRequest(type=v16.ResetType.SOFT))
        assert raised.value.delivered is False
        assert "CP001" not in site.client
        assert [each.name for each in site.client.nodes()] == ["n0"]


@on_one_loop
async def test_K6_of_a_thousand_stations_at_three_nodes_at_once_each_has_one_owner(tmp_path: Path) -> None:
    async with routed_servers(tmp_path) as servers:
        options: dict[str, Any] = {}
        site = Fleet(options)
        async with site.stack:
            for server in servers:
                site.options = {"servers": server.url}
                await site.add_node()
            site.client = await site.stack.enter_async_context(Cluster(servers[0].url, namespace=NAMESPACE))
            members = [each.cluster._started() for each in site.nodes]
            await until(lambda: all(len(each.nodes()) == 3 for each in site.clusters))
            for number in range(1000):
                for member in members:
                    member.arrived(f"CP{number}", "1.6")
            await until(lambda: all(len(each) == 1000 for each in site.clusters))

            def owners() -> list[dict[str, str]]:
                return [{at.id: at.node for at in each.stations()} for each in site.clusters]

            await until(lambda: sum(len(each.announcer.own) for each in members) == 1000)
            await until(lambda: all(each == owners()[0] for each in owners()))
            assert owners()[0] == {identity: member.name for member in members for identity in member.announcer.own}
