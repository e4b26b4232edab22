"""`ocpp-fast serve`, as a program of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ocpp_fast import ChargePoint, HandshakeFailed, core, v16, v21

from ..aio.harness import leave
from ..aio.peer import PING, Peer, handshake_bytes
from ..nasty import NASTY
from ..test_masking import CANARY, V21
from .programs import in_time, ocpp_fast, serve

KEY = "0001020304050607" + "ff" * 12


def raw_client(url: str) -> connect:
    """A client that knows WebSocket, and nothing of OCPP."""
    return connect(f"{url}/CP001", subprotocols=[Subprotocol("ocpp1.6")])


async def be_refused(url: str, subprotocol: str | None = None) -> None:
    """Connect without a subprotocol, or with one that nobody speaks."""
    offered = None if subprotocol is None else [Subprotocol(subprotocol)]
    with pytest.raises(ConnectionClosed):
        async with connect(f"{url}/CP002", subprotocols=offered) as client:
            await client.recv()


async def answer(client: ClientConnection, frame: str) -> list[Any]:
    await client.send(frame)
    received: list[Any] = json.loads(await client.recv())
    return received


async def call(client: ClientConnection, action: str, payload: dict[str, Any]) -> list[Any]:
    return await answer(client, json.dumps([2, action, action, payload]))


# What it answers


@in_time
async def test_transaction_ids_increase_and_open_transactions_are_remembered() -> None:
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url), raw_client(url) as client:

        async def start(second: int, connector: int = 1) -> int:
            what = {"connectorId": connector, "idTag": "TAG", "meterStart": 5}
            answer = await call(client, "StartTransaction", what | {"timestamp": f"2030-01-01T00:00:0{second}Z"})
            number: int = answer[2]["transactionId"]
            return number

        async def stop(transaction: int) -> list[Any]:
            what = {"transactionId": transaction, "idTag": "TAG", "meterStop": 9}
            return await call(client, "StopTransaction", what | {"timestamp": "2030-01-01T00:00:09Z"})

        first, repeated, elsewhere = await start(1), await start(1), await start(1, connector=2)
        assert repeated == first < elsewhere
        await stop(first)
        assert await start(1) > elsewhere
        assert (await stop(4711))[0] == 3
        await program.line("CP001 stopped transaction 4711, which was not open")
        await start(2, connector=2)
        await program.line(f"CP001 did not stop transaction {elsewhere}")


# What it prints


@in_time
async def test_it_tells_who_comes_and_goes_and_what_it_refuses() -> None:
    async with serve("--no-auth", "--ocpp", "1.6", "--interval", "77") as (program, url):
        async with raw_client(url) as client:
            await program.line("CP001 connected, OCPP 1.6")
            boot = await call(client, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
            assert (boot[2]["status"], boot[2]["interval"]) == ("Accepted", 77)
            await call(client, "Heartbeat", {"odd": 1})
            await program.line(r"CP001 -> Heartbeat\(odd=1\): refused, FormationViolation: odd: ")
            await call(client, "Nonsense", {})
            await program.line(r"CP001 -> Nonsense\(\): refused, NotImplemented: ")
            await answer(client, "no JSON")
            await program.line("CP001 -> something unreadable: refused, FormationViolation: ")
        await program.line("CP001 disconnected, code 1000")


@in_time
async def test_nothing_that_a_peer_sends_breaks_a_line() -> None:
    nasty = {"a\nb": "\x1b[2J\n", "long": "x" * 10_000, "deep": [[[[[[[["x"]]]]]]]], "many": [1] * 10_000}

    async with serve("--no-auth", "--ocpp", "1.6") as (program, url), raw_client(url) as client:
        await call(client, "Heartbeat", nasty)
        for text in NASTY.values():
            await call(client, "Heartbeat", {text: text})
            await call(client, text, {text: text})
            await call(client, "DataTransfer", {"vendorId": text, "messageId": text, "data": text})
            await answer(client, json.dumps([2, text, text, text]))
            await client.send(json.dumps([4, text, text, text, {text: text}]))
        await be_refused(url, "x" * 5000)
        async with connect(f"{url}/CP003", subprotocols=[Subprotocol("ocpp1.6")]) as leaving:
            await leaving.close(4000, "\x1b[2J\n\u202e\0")
        await answer(client, "[" * 5000)
        await program.line(r"CP001 -> Heartbeat\(a\\nb=\\x1b\[2J\\n long=x+\.\.\. deep=")
        await program.line("CP001 -> something unreadable: refused, ")
        assert await program.stop() == 0
        assert max(map(len, program.printed)) < 500
        assert [each for each in program.printed if not each.isprintable()] == []
        assert r"CP003 disconnected, code 4000: \x1b[2J\n\u202e\x00" in program.printed
        assert program.complaints == ""


@in_time
async def test_no_secret_is_printed(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text(f"CP001:{CANARY}\n", encoding="utf-8")

    async with serve("--auth-file", str(passwords)) as (program, url):
        async with ChargePoint("CP001", url, versions=[v21], password=CANARY.encode()) as station:
            for name in ("NotifyReport", "NotifyEvent", "Authorize", "DataTransfer"):
                request: Any = v21.VERSION.actions[name].request
                await station.call(request.from_dict(V21[name]))
        await program.line("CP001 disconnected")
        assert await program.stop() == 0
        assert CANARY not in "\n".join([*program.printed, program.complaints])
        assert sum("***" in each for each in program.printed) >= 2  # the others are cut before


@in_time
async def test_a_station_tells_no_password_of_its_url() -> None:
    async with ocpp_fast("station", "--id", "CP1", "--url", f"http://CP1:{CANARY}@localhost") as program:
        assert await program.ended() == 2
        assert CANARY not in program.complaints
    async with ocpp_fast("station", "--id", "CP1", "--url", f"ws://CP1:{CANARY}@127.0.0.1:1/") as program:
        await program.line("cannot connect to ws://127.0.0.1:1/")
        await program.kill()
        assert CANARY not in "\n".join([*program.printed, program.complaints])


@in_time
async def test_each_refusal_has_one_line() -> None:
    refusals = {
        b"SSH-2.0-OpenSSH\r\n": "the request line is invalid",
        b"\x16\x03\x01\x02": "TLS on a port without TLS",
        b"GET /\x1b[2J HTTP/1.1\r\n": r"the request line is invalid \(/\\x1b\[2J\)",
        b"GET /CP1 HTTP/1.1\r\n\r\n": r"expected one Host header, found none \(/CP1\)",
        handshake_bytes("/" + "a" * 200): r"the path names no station \(/a{56}\.\.\.\)",
    }
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url):
        before = len(program.printed)
        try:
            for sent, line in refusals.items():
                peer = await Peer.connect(int(url.rpartition(":")[2]))
                peer.write(sent)
                await program.line(rf"127\.0\.0\.1:\d+ refused: {line}$")
        finally:
            await leave()
        assert await program.stop() == 0
        assert len(program.printed) - before == len(refusals)


@in_time
async def test_each_faulty_frame_has_one_line() -> None:
    frames = {
        '[3,"x",{}]': "CP001 -> faulty, answers no open call",
        '[4,"x","GenericError","",{}]': "CP001 -> faulty, answers no open call",
        '[9,"x",{}]': "CP001 -> faulty, no such message type",
        '[2,"1","Heartbeat",{"a":1}]': r"CP001 -> Heartbeat\(a=1\): refused, FormationViolation: a: expected no ",
        '[2,"1","Heartbeat"]': "CP001 -> something unreadable: refused, FormationViolation: expected 4 elements",
    }
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url), raw_client(url) as client:
        await program.line("CP001 connected")
        before = len(program.printed)
        for frame, line in frames.items():
            await client.send(frame)
            await program.line(line)
        assert len(program.printed) - before == len(frames)


@in_time
async def test_a_replaced_connection_is_told_of_with_both_addresses() -> None:
    place = r"127\.0\.0\.1:\d+"
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url), raw_client(url), raw_client(url):
        await program.line(f"CP001 replaced: it was connected from {place}, and is from {place}$")


@in_time
async def test_quiet_prints_only_where_it_listens() -> None:
    async with serve("--no-auth", "--ocpp", "1.6", "--quiet") as (program, url):
        async with raw_client(url) as client:
            await call(client, "Heartbeat", {})
        await be_refused(url)
        assert await program.stop() == 0
        assert (program.printed, program.complaints) == ([f"listening on {url}"], "")


# Who may connect


@in_time
async def test_the_auth_file_says_who_may_connect(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text(f"# ours\n\nCP001:pass:wörd \nAL1000:hex:{KEY}\n", encoding="utf-8")

    async with serve("--ocpp", "1.6", "--auth-file", str(passwords)) as (program, url):
        for identity, password in (("CP001", "pass:wörd ".encode()), ("AL1000", bytes.fromhex(KEY))):
            async with ChargePoint(identity, url, versions=[v16], password=password) as station:
                await station.v16.heartbeat()
        for identity, given, status in (("CP001", b"wrong", 401), ("CP001", None, 401), ("CP002", b"x", 401)):
            with pytest.raises(HandshakeFailed) as refused:
                async with ChargePoint(identity, url, versions=[v16], password=given):
                    pass
            assert refused.value.status == status
        await program.line("CP001 refused: the credentials are wrong")
        await program.line("CP001 refused: there are no credentials of basic authentication")
        await program.line("CP002 refused: there is no such station")


@in_time
async def test_a_client_without_the_subprotocol_is_told_of() -> None:
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url):
        await be_refused(url)
        await program.line("CP002 refused: no common subprotocol: it offers ")


@in_time
async def test_a_wrong_line_of_the_auth_file_is_named_without_its_password(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("CP001:a\nCP001:s3cret", encoding="utf-8")

    async with ocpp_fast("serve", "--auth-file", str(passwords)) as program:
        assert await program.ended() == 2
        assert f"{passwords}, line 2: CP001 stands there twice" in program.complaints
        assert "s3cret" not in program.complaints


@in_time
async def test_no_auth_is_for_loopback_unless_told_otherwise() -> None:
    options = ("serve", "--port", "0", "--host", "0.0.0.0", "--ocpp", "1.6")
    async with ocpp_fast(*options, "--no-auth") as program:
        assert await program.ended() == 2
        assert "NoAuth() is for loopback addresses, not 0.0.0.0" in program.complaints
        assert "--no-auth=anywhere" in program.complaints
    async with ocpp_fast(*options, "--no-auth=anywhere") as program:
        await program.line(r"listening on ws://0\.0\.0\.0:\d+$")
        await program.stop()
        assert "WARNING ocpp_fast: NoAuth() on 0.0.0.0: whoever reaches it may be any station" in program.complaints


# How it begins and ends


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@in_time
async def test_it_says_which_loop_and_core_it_runs_on(loop: str) -> None:
    pytest.importorskip(loop)
    async with serve("--no-auth", "--ocpp", "1.6", "--loop", loop) as (program, _):
        assert program.printed[1] == f"on {loop}, with the {core}"


@in_time
async def test_it_pings_and_turns_away_as_told() -> None:
    async with serve("--no-auth", "--ping-interval", "1", "--max-connections", "1") as (program, url):
        port = int(url.rpartition(":")[2])
        try:
            peer = await Peer.connect(port)
            peer.write(handshake_bytes())
            assert (await peer.http_answer()).status == 101
            assert (await (await Peer.connect(port)).http_answer()).status == 503
            await program.line(r"127\.0\.0\.1:\d+ refused: max_connections: 1 are open")
            ping = await peer.frame()
            assert ping is not None and ping.opcode == PING
        finally:
            await leave()


def test_the_garbage_collector_looks_seldom_and_not_at_the_program(run_python: Any) -> None:
    program = "import gc; from ocpp_fast.cli import running; running.collect_seldom(); "
    program += "print(gc.get_threshold(), gc.get_freeze_count() > 1000)"
    assert run_python("-c", program).stdout == "(1000, 5, 2000) True\n"


@pytest.mark.parametrize(
    ("with_signal", "code", "reason"),
    [(signal.SIGTERM, 1012, "the central system is draining"), (signal.SIGINT, 1001, "the central system stops")],
    ids=["SIGTERM", "SIGINT"],
)
@in_time
async def test_a_signal_ends_it_cleanly(with_signal: signal.Signals, code: int, reason: str) -> None:
    async with serve("--no-auth", "--ocpp", "1.6") as (program, url), raw_client(url) as client:
        await program.line("CP001 connected")
        ended = asyncio.create_task(program.stop(with_signal))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert (await ended, program.complaints) == (0, "")
        assert program.printed[-1] == f"CP001 disconnected, code {code}: {reason}"


@in_time
async def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with ocpp_fast("serve", "--no-auth", "--ocpp", "1.6", "--port", port) as program:
            assert await program.ended() == 1
            assert program.complaints == (f"ocpp-fast: cannot listen on 127.0.0.1, port {port}: the port is in use\n")
            assert program.printed[0] == "getting ready to speak OCPP 1.6"
            assert len(program.printed) == 2
