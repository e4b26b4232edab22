"""`ocpp-fast serve` with several processes, and how it drains."""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ..aio.harness import leave
from ..aio.peer import Peer
from .programs import Program, in_time, ocpp_fast, serve


async def close_code_of(client: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await client.recv()
    return client.close_code


async def status(url: str, path: str) -> int:
    peer = await Peer.connect(int(url.rpartition(":")[2]))
    peer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return (await peer.http_answer()).status


@pytest.mark.parametrize(("options", "code"), [((), 1012), (("--drain", "0"), 1001)], ids=["drain", "none"])
@in_time
async def test_it_drains_on_sigterm_unless_told_otherwise(options: tuple[str, ...], code: int) -> None:
    async with serve("--no-auth", *options) as (program, url):
        assert [await status(url, path) for path in ("/healthz", "/readyz", "/")] == [200, 200, 426]
        async with connect(f"{url}/CP1", subprotocols=[Subprotocol("ocpp1.6")]) as client:
            await program.line("CP1 connected")
            program.send(signal.SIGTERM)
            assert await close_code_of(client) == code
        assert (await program.ended(), program.complaints) == (0, "")
        assert ("draining: 1 stations leave" in program.printed) is (code == 1012)
    await leave()


async def start(client: ClientConnection) -> tuple[int, Any]:
    """Start a transaction; the worker that has given it its number, and that."""
    what = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2030-01-01T00:00:00Z"}
    await client.send(json.dumps([2, "1", "StartTransaction", what]))
    transaction = json.loads(await client.recv())[2]["transactionId"]
    return transaction % 1000, transaction


async def listening(program: Program) -> str:
    found = await program.line(r"\[\d\] listening on (ws://127\.0\.0\.1:\d+)$")
    return found[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be forked")
@in_time
async def test_workers_share_a_port_and_tell_which_they_are() -> None:
    async with ocpp_fast("serve", "--port", "0", "--no-auth", "--ocpp", "1.6", "--workers", "2") as program:
        url = await listening(program)
        assert await listening(program) == url
        seen: dict[int, set[int]] = {1: set(), 2: set()}
        number = 0
        while not all(len(each) > 1 for each in seen.values()):
            number += 1
            async with connect(f"{url}/CP{number}", subprotocols=[Subprotocol("ocpp1.6")]) as client:
                worker, transaction = await start(client)
            seen[worker].add(transaction)
            await program.line(rf"\[{worker}\] CP{number} -> StartTransaction")
        assert await program.stop() == 0
        assert program.complaints == ""


@in_time
async def test_a_url_that_is_none_of_nats_is_told() -> None:
    async with ocpp_fast("serve", "--port", "0", "--no-auth", "--nats", "nothing://127.0.0.1") as program:
        assert await program.ended() == 2
        assert "--nats: servers: expected URLs such as nats://host:4222" in program.complaints
