"""More connections than there should be: all at once, above a limit, or more than there are files."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import Refusal
from ocpp_fast.aio import lean, limits

from ..cli.programs import program
from .exchanges import lives
from .harness import central_system, on_one_loop, scenario, server_context, until
from .peer import CLOSE, PATIENCE, HttpAnswer, Peer, frame_bytes, handshake_bytes

# All at once


@pytest.mark.parametrize("farewell", [b"", frame_bytes(CLOSE, b"")], ids=["without a word", "with a Close frame"])
@pytest.mark.parametrize("kind", ["tcp", "unix"])
@scenario
async def test_a_storm_waits_in_the_kernel_and_few_are_accepted_let_in_and_closed_a_turn(
    kind: str, farewell: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm, seen, let_in, looked_at, gone = 400, [0], [0], [0], [0]
    looks, read = list[bytes](), lean.read

    def reading(head: bytes) -> lean.LeanRequest | None:
        looks.append(head)
        return read(head)

    monkeypatch.setattr(lean, "read", reading)
    path = tmp_path / "ocpp.sock" if kind == "unix" else None
    central = central_system()
    async with central.serve(path=path) as server:
        family, address = (socket.AF_INET, ("127.0.0.1", server.port)) if path is None else (socket.AF_UNIX, str(path))
        with ExitStack() as opened:
            clients = []
            for _ in range(storm):  # the event loop stands still
                client = opened.enter_context(socket.socket(family))
                client.settimeout(PATIENCE)
                client.connect(address)
                clients.append(client)
            while seen[-1] < storm:
                await asyncio.sleep(0)
                seen.append(len(server._sockets))
            for number, client in enumerate(clients):
                client.sendall(handshake_bytes(f"/CP{number}"))
            while let_in[-1] < storm:
                await asyncio.sleep(0)
                let_in.append(len(central))
                looked_at.append(len(looks))
            for client in clients:
                assert client.recv(4096)  # or the end would be a reset
                client.sendall(farewell)
                client.shutdown(socket.SHUT_WR)
            while gone[-1] < storm:
                await asyncio.sleep(0)
                gone.append(storm - len(central))
    assert max(after - before for before, after in pairwise(seen)) <= 100
    for count in (looked_at, let_in, gone):
        assert max(after - before for before, after in pairwise(count)) <= 50


@scenario
async def test_whose_request_waits_to_be_looked_at_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    storm, central = 200, central_system()
    async with central.serve(max_handshakes=80) as server:
        with ExitStack() as opened:
            address = "127.0.0.1", server.port
            clients = [opened.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(storm)]
            await until(lambda: len(server._sockets) == storm)
            for number, client in enumerate(clients):
                client.sendall(handshake_bytes(f"/CP{number}"))
            while not server._sockets._later:  # noqa: ASYNC110  # until the turn in which all are read
                await asyncio.sleep(0)
            monkeypatch.setattr(limits, "_GRACE", 0)
            server._lobby._shed(asyncio.get_running_loop())
            await until(lambda: len(central) == storm)


# Above max_connections


async def is_turned_away(peer: Peer) -> None:
    answer = await peer.http_answer()
    assert answer == HttpAnswer(503, {"connection": "close", "content-length": "0", "retry-after": "30"})


@scenario
async def test_a_connection_too_many_is_answered_503_until_another_one_ends() -> None:
    central, refusals, begin = central_system(), list[Refusal](), time.monotonic()
    central.on_refused(refusals.append)
    async with central.serve(max_connections=2) as server:

        async def joined(identity: str) -> Peer:
            peer = await Peer.connect(server.port)
            peer.write(handshake_bytes(f"/{identity}"))
            assert (await peer.http_answer()).status == 101
            return peer

        first, silent = await joined("CP1"), await Peer.connect(server.port)
        await until(lambda: len(server._sockets) == 2)
        for number in range(5):
            peer = await Peer.connect(server.port)
            peer.write(handshake_bytes(f"/X{number}"))  # a reset would lose the answer
            await is_turned_away(peer)
        address = ("127.0.0.1", refusals[0].remote_address[1] if refusals[0].remote_address else 0)
        assert refusals[0] == Refusal("max_connections: 2 are open", 503, address, "")
        assert len(refusals) <= 1 + time.monotonic() - begin
        silent.abort()
        await until(lambda: len(server._sockets) == 1)
        await lives(await joined("CP2"))
        await lives(first)
        for each in Peer.opened:
            each.abort()


@scenario
async def test_what_was_not_told_is_told_with_its_number() -> None:
    central, refusals = central_system(), list[str]()
    central.on_refused(lambda refusal: refusals.append(refusal.reason))
    async with central.serve(max_connections=1) as server:
        await Peer.connect(server.port)
        await until(lambda: len(server._sockets) == 1)
        count = 0
        while len(refusals) < 2:
            await is_turned_away(await Peer.connect(server.port))
            count += 1
        assert refusals[1] == f"max_connections: 1 are open ({count - 1} refused since this was told last)"
        for each in Peer.opened:
            each.abort()


async def writes_on(peer: Peer) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            peer.write(b"x")
            await peer.writer.drain()
            await asyncio.sleep(0)


@scenario
async def test_one_that_was_turned_away_and_stays_is_cut() -> None:
    async with central_system().serve(max_connections=1) as server:
        await Peer.connect(server.port)
        await until(lambda: len(server._sockets) == 1)
        away = await Peer.connect(server.port)
        await is_turned_away(away)
        with pytest.raises(ConnectionError):
            await writes_on(away)
        (await Peer.connect(server.port)).write(b"x")  # the end of the server cuts it
        for each in Peer.opened[:1]:
            each.abort()


@scenario
async def test_a_connection_too_many_is_answered_under_tls_and_behind_a_proxy(certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=certificate)
    central, refusals = central_system(trusted_proxies=["127.0.0.1"]), list[Refusal]()
    central.on_refused(refusals.append)
    context = server_context(certificate)
    async with central.serve(ssl=context, proxy_protocol=True, max_connections=1) as server:

        async def behind_proxy() -> Peer:
            sock = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            sock.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.8 1000 2000\r\n")
            sock.setblocking(False)
            return Peer(*await asyncio.open_connection(sock=sock, ssl=trust, server_hostname="127.0.0.1"))

        first = await behind_proxy()
        await until(lambda: len(server._sockets) == 1)
        await is_turned_away(await behind_proxy())
        assert [each.remote_address for each in refusals] == [("192.0.2.7", 1000)]
        first.abort()


@scenario
async def test_of_many_that_come_at_once_under_tls_no_more_are_let_in(certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=certificate)
    async with central_system().serve(ssl=server_context(certificate), max_connections=3) as server:

        async def status() -> int:
            peer = Peer(*await asyncio.open_connection("127.0.0.1", server.port, ssl=trust))
            peer.write(handshake_bytes(f"/CP{id(peer)}"))
            return int((await peer.reader.readline()).split()[1])

        statuses = await asyncio.gather(*(status() for _ in range(20)))
        assert sorted(statuses) == [101] * 3 + [503] * 17


# More than there are files

FEW_FILES = """
import asyncio, logging, resource, sys
from ocpp_fast import CentralSystem, NoAuth, v16

logging.basicConfig(stream=sys.stdout, format="log: %(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
central = CentralSystem(auth=NoAuth(), versions=[v16])
central.run(path=sys.argv[2] or None, loop_factory=__import__(sys.argv[1]).new_event_loop,
            on_listening=lambda server: print("listening on port", server.port, flush=True))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files are not limited there")
@pytest.mark.parametrize("kind", ["tcp", "unix"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@on_one_loop
async def test_without_files_connections_wait_and_a_line_a_second_says_so(loop: str, kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "ocpp.sock") if kind == "unix" else ""
    line = r"log: no connections are accepted: fewer than \d+ files are left \(ulimit -n\)"
    async with program("-c", FEW_FILES, loop, path) as running:
        port = int((await running.line(r"listening on port (\d+)"))[1])
        connect: Callable[[], Awaitable[Any]] = (
            (lambda: asyncio.open_unix_connection(path))
            if path
            else (lambda: asyncio.open_connection("127.0.0.1", port))
        )
        peers = [Peer(*await connect()) for _ in range(300)]
        await running.line(line)
        begin = time.monotonic()
        await running.line(line)
        await running.line(line)
        assert time.monotonic() - begin > 1  # for two seconds
        for each in peers[:250]:
            each.abort()
        for number, each in enumerate(peers[250:]):  # nobody was dropped
            each.write(handshake_bytes(f"/CP{number}"))
            assert (await each.http_answer()).status == 101
        for each in peers[250:]:
            each.abort()
        assert await running.stop() == 0
