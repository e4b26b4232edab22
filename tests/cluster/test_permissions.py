"""The example configuration of a NATS server lets each role do what it must, and nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from ocpp_fast import CentralSystem, ChargePoint, Cluster, NoAuth, client_context, v16
from ocpp_fast.cluster.registrations import ClusterRegistrations

from ..aio.harness import on_one_loop
from ..authority import Authority
from .ends import bus_of, started
from .secured import configured, password
from .servers import NatsServer

pytestmark = pytest.mark.once

KV: Final = "KV_ocpp-acme-registrations"
PUBLISHES: Final = {
    "node-a": "ocpp.acme.presence.node-a ocpp.acme.hello ocpp.acme.node.node-b.0f ocpp.acme.reply.0f.7 ocpp.acme.where"
    f" ocpp.acme.event.message.CP%2E1 $KV.ocpp-acme-registrations.CP=2E1 $JS.API.STREAM.INFO.{KV}"
    f" $JS.API.STREAM.CREATE.{KV} $JS.API.STREAM.MSG.GET.{KV}",
    "api": "ocpp.acme.hello ocpp.acme.node.node-b.0f ocpp.acme.where",
    "events": "$JS.API.STREAM.INFO.ocpp-acme-events $JS.API.STREAM.CREATE.ocpp-acme-events"
    " $JS.API.CONSUMER.INFO.ocpp-acme-events.database $JS.API.CONSUMER.CREATE.ocpp-acme-events.database"
    " $JS.API.CONSUMER.MSG.NEXT.ocpp-acme-events.database $JS.ACK.ocpp-acme-events.database.1.1.1.1.0",
}
SUBSCRIBES: Final = {
    "node-a": "ocpp.acme.presence.* ocpp.acme.hello ocpp.acme.node.node-a.0f ocpp.acme.reply.0f.* ocpp.acme.where"
    " ocpp.acme.event.> _INBOX.node-a.x.*",
    "api": "ocpp.acme.presence.* ocpp.acme.reply.0f.* ocpp.acme.event.>",
    "events": "ocpp.acme.event.> _INBOX.events.x.*",
}
TO_PUBLISH: Final = {each for text in PUBLISHES.values() for each in text.split()} | {
    f"$JS.API.STREAM.DELETE.{KV}",
    "$JS.API.STREAM.NAMES",
    "$KV.else.x",
    "$SYS.REQ.USER.INFO",
    "_INBOX.node-b.x.1",
    "hello",
    "ocpp.acme.presence.node-b",
    "ocpp.other.hello",
}
TO_SUBSCRIBE: Final = {each for text in SUBSCRIBES.values() for each in text.split()} | {
    ">",
    "$JS.>",
    "$KV.>",
    "$SYS.>",
    "_INBOX.>",
    "_INBOX.node-b.x.*",
    "ocpp.>",
    "ocpp.acme.>",
    "ocpp.acme.node.*.*",
    "ocpp.acme.node.node-b.0f",
    "ocpp.other.hello",
}


class Raw:
    """A client that sends the commands of a role as they are."""

    def __init__(self, server: NatsServer, context: ssl.SSLContext, **login: str) -> None:
        sock = socket.create_connection((server.host, server.port), timeout=10)
        assert json.loads(sock.recv(65536).removeprefix(b"INFO "))["tls_required"]
        self.sock = context.wrap_socket(sock, server_hostname=server.host)
        self.lines = self.sock.makefile("rb")
        self.greeting = self.answer(f"CONNECT {json.dumps({'verbose': False, **login})}")

    def answer(self, command: str) -> str:
        """Send a command; return the error that comes back, or nothing."""
        self.sock.sendall(f"{command}\r\nPING\r\n".encode())
        errors = ""
        for line in self.lines:
            if line == b"PONG\r\n":
                break
            errors += line.decode() if line.startswith(b"-ERR") else ""
        return errors

    def close(self) -> None:
        self.lines.close()
        self.sock.close()


@pytest.mark.parametrize("role", ["node-a", "api", "events"])
@on_one_loop
async def test_a_role_may_do_what_it_must_and_nothing_else(
    role: str, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with configured(tmp_path, authority, monkeypatch) as server:
        client = Raw(server, client_context(authority.ca), user=role, **{"pass": password(role)})
        assert client.greeting == ""
        assert {each for each in TO_PUBLISH if not client.answer(f"PUB {each} 0\r\n")} == {*PUBLISHES[role].split()}
        assert {each for each in TO_SUBSCRIBE if not client.answer(f"SUB {each} 1")} == {*SUBSCRIBES[role].split()}
        client.close()


@on_one_loop
async def test_a_stranger_is_not_let_in(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    async with configured(tmp_path, authority, monkeypatch) as server:
        context = client_context(authority.ca)
        for login in ({}, {"user": "node-a", "pass": "wrong"}, {"user": "else", "pass": password("else")}):
            stranger = Raw(server, context, **login)
            assert "Authorization Violation" in stranger.greeting
            stranger.close()
        with pytest.raises(PermissionError):
            await bus_of(server, tls=context).start(on_lost=lambda: None, on_back=lambda: None)
        with socket.create_connection((server.host, server.port), timeout=10) as plain:
            options = json.dumps({"user": "node-a", "pass": password("node-a"), "verbose": False})
            plain.sendall(f"CONNECT {options}\r\nPING\r\n".encode())
            assert b"PONG" not in b"".join(iter(lambda: plain.recv(65536), b""))


@on_one_loop
async def test_a_cluster_lives_with_these_permissions(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with configured(tmp_path, authority, monkeypatch) as server, AsyncExitStack() as stack:

        def cluster(name: str) -> Cluster:
            tls = client_context(authority.ca)
            login = (name, password(name))
            return Cluster(server.url, namespace="acme", name=name, credentials=login, tls=tls, versions=[v16])

        nodes = [cluster(name) for name in ("node-a", "node-b")]
        ports = []
        for each in nodes:
            central = CentralSystem(
                auth=NoAuth(), versions=[v16], cluster=each, registrations=ClusterRegistrations(each)
            )
            ports.append((await stack.enter_async_context(central.serve(grace=0.1))).url)
        client = await stack.enter_async_context(cluster("api"))
        told = client.events("CP.1")
        event = asyncio.ensure_future(anext(told))
        await asyncio.sleep(0)
        station = await stack.enter_async_context(ChargePoint("CP.1", ports[1], versions=[v16]))
        station.on(v16.ResetRequest)(lambda request: v16.ResetResponse(status=v16.ResetStatus.ACCEPTED))
        for each in (client, nodes[0]):
            remote = await each.wait_connected("CP.1")
            assert (await remote.v16.reset(type=v16.ResetType.SOFT)).status == "Accepted"
        assert ((await event).kind, (await event).node) == ("connected", "node-b")
        await told.aclose()
        assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


@on_one_loop
async def test_nodes_share_registrations_with_these_permissions(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with configured(tmp_path, authority, monkeypatch) as server:
        context = client_context(authority.ca)
        logins = {each: (each, password(each)) for each in ("node-a", "node-b")}
        async with (
            started(bus_of(server, name="node-a", credentials=logins["node-a"], tls=context)) as one,
            started(bus_of(server, name="node-b", credentials=logins["node-b"], tls=context)) as other,
        ):
            here, there = (
                ClusterRegistrations(SimpleNamespace(bus=each.bus, namespace="acme")) for each in (one, other)
            )
            assert await here.load("CP.1") is None
            await here.store("CP.1", "Accepted")
            assert await there.load("CP.1") == "Accepted"
            assert caplog.text == ""
            for _ in range(2):
                one.bus.publish("ocpp.acme.presence.node-b", b"{}")
            one.bus.publish("ocpp.other.hello", b"{}")
        told = [each.getMessage() for each in caplog.records]
        assert len(told) == 2
        assert "permissions violation for publish to" in told[0]
