"""The bus on NATS servers that are killed, paused, or refuse, and under messages that break every rule (K11)."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import nkeys
import pytest

from ocpp_fast import Cluster, Unreachable
from ocpp_fast.aio.tls import client_context
from ocpp_fast.cluster.bus import BusLost
from ocpp_fast.cluster.nats import NatsBus

from ..aio.harness import on_one_loop, scenario, until
from ..authority import Authority
from .ends import End, bus_of, server_of, started
from .servers import NatsServer, free_port, nats_server, routed_servers

pytestmark = pytest.mark.once

USERS = 'authorization { users: [{ user: "node", password: "good" }] }\n'


@scenario
async def test_a_paused_server_is_left_for_another_by_a_bus_that_is_idle_and_by_one_that_publishes_hard(
    tmp_path: Path,
) -> None:
    async with (
        routed_servers(tmp_path, 2) as servers,
        started(bus_of(*servers), "x") as idle,
        started(bus_of(*servers)) as busy,
    ):
        paused = server_of(idle.bus, servers)
        if server_of(busy.bus, servers) is not paused:
            busy.bus.reset()
            await busy.back()
        before = len(busy.told)
        paused.pause()
        while len(busy.told) == before:
            if busy.bus.connected:
                busy.bus.publish("hard", bytes(100_000))
            await asyncio.sleep(0)
        await idle.back()
        await until(lambda: busy.told[before:] == ["lost", "back"])
        busy.bus.publish("x", b"again")
        await idle.gets(("x", "", b"again"))
        assert server_of(busy.bus, servers) is server_of(idle.bus, servers) is not paused


@scenario
async def test_a_server_that_takes_too_little_is_left_before_memory_runs_out(tmp_path: Path) -> None:
    async with routed_servers(tmp_path, 2) as servers, started(bus_of(*servers)) as end:
        server_of(end.bus, servers).pause()
        for _ in range(100):
            if end.bus.connected:
                end.bus.publish("x", bytes(1_000_000))
                await asyncio.sleep(0)
        assert not end.bus.connected
        await end.back()


@scenario
async def test_a_bus_that_is_reset_goes_to_the_next_server_at_once(tmp_path: Path) -> None:
    async with routed_servers(tmp_path, 2) as servers, started(bus_of(*servers), "x") as end:
        paused = server_of(end.bus, servers)
        paused.pause()
        end.bus.publish("x", bytes(1_000_000))
        end.bus.reset()
        assert not end.bus.connected
        end.bus.reset()
        with pytest.raises(BusLost):
            end.bus.publish("x", b"while it is away")
        await end.back()
        assert server_of(end.bus, servers) is not paused
        assert end.got == []


@on_one_loop
async def test_nothing_that_was_published_while_the_server_is_down_comes_later(tmp_path: Path) -> None:
    async with (
        nats_server(tmp_path) as server,
        started(bus_of(server), "x", "answer") as end,
        started(bus_of(server)) as other,
    ):
        server.kill()
        await until(lambda: not other.bus.connected)
        with pytest.raises(BusLost):
            other.bus.publish("x", b"late", reply="answer")
        await server.start()
        await end.back()
        await other.back()
        other.bus.publish("x", b"now")
        await end.gets(("x", "", b"now"))


@on_one_loop
async def test_a_server_that_sends_an_error_and_closes_is_connected_to_again(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, started(bus_of(server), "x") as end:
        end.bus.publish("no subject of NATS", b"")
        await end.back()
        end.bus.publish("x", b"again")
        await end.gets(("x", "", b"again"))


@on_one_loop
async def test_a_server_is_tried_for_ever(tmp_path: Path) -> None:
    port, tries = free_port(), 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        writer.write([b"-ERR 'no'\r\n", b"INFO {}\r\n", b"INFO {\r\n", b"\xff" * 100_000, b"INFO 7\r\n"][tries % 5])
        writer.close()

    refusing = await asyncio.start_server(refuse, "127.0.0.1", port)
    end = End(NatsBus(f"nats://127.0.0.1:{port}", name="test"))
    starting = asyncio.create_task(end.start())
    await until(lambda: tries > 8)
    assert end.told == []
    refusing.close()
    async with nats_server(tmp_path, port=port):
        await end.back(times=1)
    await starting
    await end.bus.close()


@on_one_loop
async def test_a_bus_whose_reading_has_ended_notices_it(nats: NatsServer) -> None:
    async with started(bus_of(nats), "x") as end:
        reading: Any = end.bus.client._reading_task
        reading.cancel()
        await end.back()
        end.bus.publish("x", b"again")
        await end.gets(("x", "", b"again"))


@pytest.mark.parametrize(
    "message",
    [
        b"PUB x.\xff 2\r\nhi",
        b"PUB x.1 \xff 2\r\nhi",
        b"HPUB x.1 14 14\r\nNATS/1.0 503\r\n",
        b"HPUB x.1 4 4\r\nNATS",
        b"HPUB x.1 12 12\r\nNATS/1.0\xff\xff\r\n",
        b"HPUB x.1 22 24\r\nNATS/1.0\r\n\xff: \x00\xff\r\n\r\nhi",
        b"PUB x.1 0\r\n",
    ],
)
@scenario
async def test_a_message_that_breaks_the_rules_kills_nothing(nats: NatsServer, message: bytes) -> None:
    async with started(bus_of(nats), "x.*") as end, started(bus_of(nats)) as other:
        with foreigner(nats) as sock:
            sock.sendall(b'CONNECT {"verbose":false,"headers":true}\r\n' + message + b"\r\nPING\r\n")
            with sock.makefile("rb") as lines:
                assert any(line == b"PONG\r\n" or line.startswith(b"-ERR") for line in lines)
        other.bus.publish("x.2", b"good")
        await until(lambda: ("x.2", "", b"good") in end.got)
        assert end.told == ["back"]


@scenario
async def test_a_connection_that_is_written_to_after_its_end_is_left_at_once(nats: NatsServer) -> None:
    async with started(bus_of(nats), "x") as end:
        client: Any = end.bus.client
        client._pipe._io_writer.transport.abort()
        client.send(b"PING\r\n")  # as nats-py does when it can't read any more
        assert not end.bus.connected
        await end.back()


def foreigner(server: NatsServer) -> socket.socket:
    """Connect to a server as a client that sends what it likes."""
    return socket.create_connection((server.host, server.port), timeout=10)


@scenario
async def test_nothing_is_lost_while_the_event_loop_is_busy(nats: NatsServer) -> None:
    async with started(bus_of(nats), "x") as end, started(bus_of(nats)) as other:
        for at in range(20_000):
            other.bus.publish("x", b"%d" % at)
        await until(lambda: len(end.got) == 20_000)
        assert [int(each[2]) for each in end.got] == [*range(20_000)]
        assert end.told == ["back"]


@on_one_loop
async def test_a_message_that_is_too_large_is_refused_and_the_connection_stays(nats: NatsServer) -> None:
    async with started(bus_of(nats), "x") as end:
        with pytest.raises(BusLost, match="1048577 bytes are more than NATS takes"):
            end.bus.publish("x", bytes(1024 * 1024 + 1))
        end.bus.publish("x", bytes(1024 * 1024))
        await end.gets(("x", "", bytes(1024 * 1024)))
        assert end.told == ["back"]


def fail(*message: object) -> None:
    raise ZeroDivisionError


@on_one_loop
async def test_what_a_subscriber_raises_reaches_the_event_loop_and_ends_nothing(nats: NatsServer) -> None:
    raised: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: raised.append(context["exception"]))
    bus = bus_of(nats)
    bus.subscribe("x", fail)
    async with started(bus, "x") as end:
        for _ in range(2):
            bus.publish("x", b"")
        await until(lambda: len(end.got) == 2)
    assert [type(each) for each in raised] == [ZeroDivisionError] * 2


@on_one_loop
async def test_start_returns_though_the_server_is_down_and_the_bus_connects_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    async with started(NatsBus(f"nats://user:secret@127.0.0.1:{port}", name="test"), "x") as end:
        assert (end.bus.connected, end.told) == (False, [])
        async with nats_server(tmp_path, port=port):
            await end.back(times=1)
            end.bus.publish("x", b"1")
            await end.gets(("x", "", b"1"))
            (told,) = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert told.startswith(f"no connection to NATS at 127.0.0.1:{port}: ")
    assert "secret" not in caplog.text


@pytest.mark.parametrize("credentials", [None, ("node", "wrong")])
@scenario
async def test_refused_credentials_raise_at_the_first_try(tmp_path: Path, credentials: tuple[str, str] | None) -> None:
    async with nats_server(tmp_path, config=USERS) as server:
        end = End(bus_of(server, credentials=credentials))
        with pytest.raises(PermissionError, match=rf"127.0.0.1:{server.port}: .*Authorization Violation"):
            await end.start()
        assert (end.bus.connected, end.told) == (False, [])


@on_one_loop
async def test_credentials_that_are_refused_later_are_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        nats_server(tmp_path, config=USERS) as server,
        started(bus_of(server, credentials=("node", "good"))) as end,
    ):
        server.config = USERS.replace("good", "other")
        await server.restart()
        await until(lambda: "Authorization Violation" in caplog.text)
        server.config = USERS
        await server.restart()
        await end.back()


@on_one_loop
async def test_a_token_or_a_password_may_stand_in_the_url(tmp_path: Path) -> None:
    async with nats_server(tmp_path, config='authorization { token: "t0k" }\n') as server:
        async with started(NatsBus(server.url.replace("//", "//t0k@"), name="test")) as end:
            await end.back(times=1)
        server.config = USERS
        await server.restart()
        async with started(NatsBus(server.url.replace("//", "//node:good@"), name="test")) as end:
            await end.back(times=1)


def key_pair(prefix: int) -> Any:
    return nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), prefix)))


def token(issuer: Any, subject: Any, **claims: Any) -> str:
    """Return a JWT of NATS for a key, signed by another."""
    about = {"iss": issuer.public_key.decode(), "sub": subject.public_key.decode(), "nats": {"version": 2, **claims}}
    parts = ({"typ": "JWT", "alg": "ed25519-nkey"}, {"jti": "1", "iat": 1, "name": "test", **about})
    signed = b".".join(in_base64(json.dumps(each).encode()) for each in parts)
    return b".".join((signed, in_base64(issuer.sign(signed)))).decode()


def in_base64(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


@on_one_loop
async def test_a_file_of_credentials_is_read_for_each_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    operator, account, user = map(
        key_pair, (nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER)
    )
    limits = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
    tokens = (
        token(operator, operator, type="operator"),
        token(operator, account, type="account", limits={**limits, "wildcards": True}),
        token(account, user, type="user", pub={}, sub={}, subs=-1, data=-1, payload=-1),
    )
    config = f"""operator: "{tokens[0]}"
        resolver: MEMORY
        resolver_preload: {{ {account.public_key.decode()}: "{tokens[1]}" }}
    """
    file = tmp_path / "node.creds"
    parts = (("NATS USER JWT", tokens[2]), ("USER NKEY SEED", user.seed.decode()))
    good = "".join(f"-----BEGIN {name}-----\n{value}\n------END {name}------\n\n" for name, value in parts)
    file.write_text(good, "utf-8")
    async with (
        nats_server(tmp_path, config=config) as server,
        started(bus_of(server, credentials=file), "x") as end,
    ):
        end.bus.publish("x", b"1")
        await end.gets(("x", "", b"1"))
        for bad in ("", good.replace(user.seed.decode(), "S" * 58)):
            file.write_text(bad, "utf-8")
            caplog.clear()
            end.bus.reset()
            await until(lambda: "no connection to NATS" in caplog.text)
            file.write_text(good, "utf-8")
            await until(lambda: end.bus.connected)


@scenario
async def test_tls_is_begun_before_anything_is_sent(tmp_path: Path, authority: Authority) -> None:
    certificate = str(authority.server())
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}\n'
    context: ssl.SSLContext = client_context(authority.ca)
    async with (
        nats_server(tmp_path, config=USERS + tls) as server,
        started(bus_of(server, credentials=("node", "good"), tls=context), "x") as end,
    ):
        end.bus.publish("x", b"1")
        await end.gets(("x", "", b"1"))
        end.bus.publish("x", bytes(1_000_000))
        end.bus.reset()
        await end.back()


@on_one_loop
async def test_a_server_that_does_not_ask_for_tls_is_sent_nothing() -> None:
    sent: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","max_payload":1048576}\r\n')
        sent.append(await reader.read())
        writer.close()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    options: dict[str, Any] = {"name": "test", "credentials": ("node", "good")}
    for bus in (
        NatsBus(f"nats://127.0.0.1:{port}", tls=client_context(), **options),
        NatsBus(f"tls://127.0.0.1:{port}", **options),
    ):
        starting = asyncio.create_task(End(bus).start())
        await until(lambda: len(sent) > 1)
        assert not bus.connected
        starting.cancel()
        assert set(sent) == {b""}
        sent.clear()
    listener.close()


@scenario
async def test_a_bus_may_be_closed_in_any_state(tmp_path: Path, nats: NatsServer) -> None:
    await bus_of(nats).close()
    async with nats_server(tmp_path) as server:
        async with started(bus_of(server)) as end:
            server.kill()
            await until(lambda: not end.bus.connected)
        await end.bus.close()
        await server.start()
        async with started(bus_of(server)) as end:
            server.pause()
            end.bus.publish("x", bytes(1_000_000))
        assert end.told == ["back"]
        starting = asyncio.create_task(End(bus_of(server)).start())  # which is silent
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting


@pytest.mark.parametrize(
    ("servers", "options", "error"),
    [
        ([], {}, "servers: expected the URL of a NATS server"),
        ("ws://host:4222", {}, "servers: expected URLs such as nats://host:4222"),
        (["nats://host", "host:4222"], {}, "servers: expected URLs such as nats://host:4222"),
        ("nats://host:99999", {}, "servers: expected URLs such as nats://host:4222"),
        ("nats://host", {"credentials": __file__}, "expected the JWT and the seed of a NATS user"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(servers: Any, options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        NatsBus(servers, name="test", **options)
    with pytest.raises(FileNotFoundError):
        NatsBus("nats://host", name="test", credentials="/no such file")


@on_one_loop
async def test_a_cluster_that_can_not_be_joined_says_why() -> None:
    place = f"127.0.0.1:{free_port()}"
    message = f"^the cluster 'test' can't be joined: no connection to NATS at {place}: ConnectionRefusedError: "
    with pytest.raises(Unreachable, match=message):
        async with Cluster([f"nats://{place}"], namespace="test"):
            pass
