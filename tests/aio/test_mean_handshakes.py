"""Whoever does not come in is told of once, in events and in the log, and is answered where he may read it."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from ocpp_fast import Event, Handshake, Limit, LimitReached, Refusal
from ocpp_fast.aio import limits as limits_module

from .harness import central_system, on_one_loop, scenario, server_context, until
from .peer import PATIENCE, Peer, handshake_bytes

LOCAL: Final = ["127.0.0.0/8"]
V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
IPV4: Final = socket.inet_aton("1.2.3.4") + socket.inet_aton("5.6.7.8") + struct.pack("!HH", 1000, 2000)
PROXY: Final = b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 2000\r\n"


@dataclass(frozen=True, kw_only=True)
class Mean:
    """What a client sends, and what is told of it: status (None: no answer), reason, path, identity, limit.

    It leaves behind it if `leaves`, else it waits for the end.
    """

    sent: bytes
    status: int | None = 400
    reason: str = ""
    path: str = "/CP1"
    id: str | None = None
    limit: Limit | None = None
    leaves: bool = False


def header(*lines: str, **options: Any) -> bytes:
    return handshake_bytes(headers=lines, **options)


def bare(*lines: str, first: str = "GET /CP1 HTTP/1.1", end: str = "\r\n") -> bytes:
    return end.join([first, *lines, "", ""]).encode("latin-1")


def replaced(old: bytes, new: bytes) -> bytes:
    return handshake_bytes().replace(old, new, 1)


LINE: Final = "the request line is invalid"
NO_PATH: Final[dict[str, Any]] = {"path": "", "reason": LINE}
TLS_HELLO: Final = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x81" * 500
LARGE: Final[dict[str, Any]] = {"status": 431, "reason": "the request has more than 8192 bytes", "limit": Limit.HEAD}
MANY: Final[dict[str, Any]] = {"status": 431, "reason": "the request has more than 64 headers", "limit": Limit.HEAD}
LATE: Final[dict[str, Any]] = {"status": None, "reason": "not complete within 0.3 s", "limit": Limit.OPEN_TIMEOUT}
LEFT: Final[dict[str, Any]] = {"status": None, "reason": "it left before the handshake was complete", "leaves": True}
NO_HOST: Final = "expected one Host header, found "
HEADER: Final = "invalid HTTP header line"
KNOWN: Final[dict[str, Any]] = {"id": "CP1"}

PLAIN: Final = {
    "TLS": Mean(sent=TLS_HELLO, status=None, reason="TLS on a port without TLS", path=""),
    "a byte of TLS": Mean(sent=b"\x16", status=None, reason="TLS on a port without TLS", path=""),
    "zeros": Mean(sent=bytes(3000), status=None, reason="not HTTP", path=""),
    "a frame": Mean(sent=b"\x81\x80abcd", status=None, reason="not HTTP", path=""),
    "UTF-16": Mean(sent="GET / HTTP/1.1\r\n".encode("utf-16"), status=None, reason="not HTTP", path=""),
    "SSH": Mean(sent=b"SSH-2.0-OpenSSH_9.6\r\n", **NO_PATH),
    "empty lines": Mean(sent=b"\r\n" * 10, **NO_PATH),
    "a line feed": Mean(sent=b"\n", **NO_PATH),
    "one word": Mean(sent=b"nonsense\r\n\r\n", **NO_PATH),
    "a space first": Mean(sent=b" GET /CP1 HTTP/1.1\r\n", path="GET", reason="the request line is invalid"),
    "two spaces": Mean(sent=b"GET  /CP1 HTTP/1.1\r\n", **NO_PATH),
    "no version": Mean(sent=b"GET /CP1\r\n\r\n", reason=LINE),
    "HTTP/0.9": Mean(sent=bare(first="GET /CP1 HTTP/0.9"), reason=LINE),
    "HTTP/2": Mean(sent=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", reason=LINE, path="*"),
    "HTTP/3000": Mean(sent=bare(first="GET /CP1 HTTP/3000"), reason=LINE),
    "http/1.1": Mean(sent=bare(first="GET /CP1 http/1.1"), reason=LINE),
    "a space behind": Mean(sent=bare(first="GET /CP1 HTTP/1.1 "), reason=LINE),
    "a path beyond ASCII": Mean(sent="GET /Zürich HTTP/1.1\r\n\r\n".encode(), reason=LINE, path="/ZÃ¼rich"),
    "a path with a space": Mean(sent=bare(first="GET /CP 1 HTTP/1.1"), reason=LINE, path="/CP"),
    "a path with a control character": Mean(sent=bare(first="GET /\x1b[2J HTTP/1.1"), reason=LINE, path="/\x1b[2J"),
    "a path with NUL": Mean(sent=bare(first="GET /CP1\0 HTTP/1.1"), reason=LINE, path="/CP1\0"),
    "a method beyond ASCII": Mean(sent="GÊT /CP1 HTTP/1.1\r\n\r\n".encode(), reason=LINE),
    "a method with a comma": Mean(sent=bare(first="G,T /CP1 HTTP/1.1"), reason=LINE),
    "line feeds only": Mean(sent=bare(end="\n"), reason=LINE),
    "line feeds behind headers": Mean(sent=bare()[:-2] + b"Host: a\n\n", reason="a line ends without a carriage"),
    "a carriage return in a header": Mean(sent=bare("Host: a\rb"), reason=HEADER.replace("line", "value")),
    "a header without a colon": Mean(sent=bare("Host"), reason=HEADER),
    "a header without a name": Mean(sent=bare(": a"), reason="invalid HTTP header name"),
    "a space before the colon": Mean(sent=bare("Host : a"), reason="invalid HTTP header name"),
    "a header name beyond ASCII": Mean(sent=bare("Höst: a"), reason="invalid HTTP header name"),
    "NUL in a header": Mean(sent=bare("Host: \0"), reason="invalid HTTP header value"),
    "a folded header": Mean(sent=bare("Host: a", " b"), reason=HEADER),
    "a body": Mean(sent=header("Content-Length: 5") + b"hello", reason="unsupported request body"),
    "a negative body": Mean(sent=header("Content-Length: -1"), reason="unsupported request body"),
    "two lengths": Mean(sent=header("Content-Length: 0, 5"), reason="unsupported request body"),
    "chunks": Mean(sent=header("Transfer-Encoding: chunked") + b"0\r\n\r\n", reason="transfer codings aren't"),
    "a length and chunks": Mean(
        sent=header("Content-Length: 0", "Transfer-Encoding: chunked"), reason="transfer codings aren't"
    ),
    "an endless path": Mean(sent=b"GET /" + b"a" * 20_000, **LARGE | {"status": 414, "path": "/" + "a" * 20_000}),
    "an endless method": Mean(sent=b"A" * 20_000, **LARGE | {"status": 414, "path": ""}),
    "an endless header": Mean(sent=handshake_bytes()[:-2] + b"X: " + b"x" * 20_000, **LARGE),
    "8 KiB and a byte": Mean(sent=header("X: " + "x" * (8193 - len(header("X: ")))), **LARGE),
    "65 headers": Mean(sent=header(*(f"X-{number}: x" for number in range(59))), **MANY),
    "endless headers": Mean(sent=handshake_bytes()[:-2] + b"X: x\r\n" * 100, **MANY),
    "no Host": Mean(sent=header(without="Host"), reason=NO_HOST + "none"),
    "two Hosts": Mean(sent=header("Host: localhost"), reason=NO_HOST + "2"),
    "no Host, and no WebSocket": Mean(sent=bare("Accept: */*"), reason=NO_HOST + "none"),
    "two Hosts, and no WebSocket": Mean(sent=bare("Host: a", "host: b"), reason=NO_HOST + "2"),
    "no WebSocket": Mean(sent=bare("Host: a"), status=426, reason="the request asks for no WebSocket"),
    "HTTP/1.0, and no WebSocket": Mean(sent=bare(first="GET /CP1 HTTP/1.0"), status=426, reason="the request asks for"),
    "another protocol": Mean(sent=replaced(b"websocket", b"h2c"), status=426, reason="the request asks for no"),
    "two protocols": Mean(
        sent=replaced(b"websocket", b"websocket, h2c"), status=426, reason="invalid Upgrade", **KNOWN
    ),
    "POST": Mean(sent=header(method="POST"), status=405, reason="unsupported HTTP method", **KNOWN),
    "HEAD": Mean(sent=header(method="HEAD"), status=405, reason="unsupported HTTP method", **KNOWN),
    "HTTP/1.0": Mean(sent=header(version="HTTP/1.0"), status=505, reason="unsupported HTTP version", **KNOWN),
    "no Connection": Mean(sent=header(without="Connection"), status=426, reason="missing Connection", **KNOWN),
    "Connection: close": Mean(
        sent=replaced(b"Upgrade\r\nSec", b"close\r\nSec"), status=426, reason="invalid Co", **KNOWN
    ),
    "no key": Mean(sent=header(without="Sec-WebSocket-Key"), reason="missing Sec-WebSocket-Key", **KNOWN),
    "a short key": Mean(
        sent=re.sub(rb"Key: .*?\r", b"Key: x\r", handshake_bytes()), reason="invalid Sec-WebSocket-Key", **KNOWN
    ),
    "two keys": Mean(sent=header("Sec-WebSocket-Key: x"), reason="invalid Sec-WebSocket-Key", **KNOWN),
    "no WebSocket version": Mean(
        sent=header(without="Sec-WebSocket-Version"), reason="missing Sec-WebSocket-Ve", **KNOWN
    ),
    "WebSocket version 8": Mean(sent=replaced(b": 13", b": 8"), reason="invalid Sec-WebSocket-Version", **KNOWN),
    "two WebSocket versions": Mean(sent=header("Sec-WebSocket-Version: 8"), reason="invalid Sec-WebSocket-Ve", **KNOWN),
    "broken extensions": Mean(
        sent=header("Sec-WebSocket-Extensions: ;;;"), reason="invalid Sec-WebSocket-Extensions", **KNOWN
    ),
    "subprotocols without a comma": Mean(
        sent=header(subprotocols="ocpp1.6 ocpp2.1;"), reason="invalid Sec-WebSocket-Protocol", **KNOWN
    ),
    "no subprotocol": Mean(
        sent=header(subprotocols=None), status=101, reason="no common subprotocol: it offers none", **KNOWN
    ),
    "subprotocols that forge a line": Mean(
        sent=header(subprotocols="a, b\x80c"), reason="invalid Sec-WebSocket-Protocol", **KNOWN
    ),
    "an endless list of subprotocols": Mean(
        sent=header(subprotocols=", ".join(["x" * 100] * 50)), status=101, reason="no common subprotocol", **KNOWN
    ),
    "no identity": Mean(sent=handshake_bytes("/"), status=404, reason="the path names no station", path="/"),
    "an identity with a slash": Mean(sent=handshake_bytes("/a%2Fb"), status=404, reason="the path", path="/a%2Fb"),
    "a long identity": Mean(sent=handshake_bytes("/" + "a" * 49), status=404, reason="the path", path="/" + "a" * 49),
    "a path and no more": Mean(sent=b"GET /CP1 HTTP/1.1\r\n", **LATE),
    "half a request line": Mean(sent=b"GET /CP1 HT", **LATE),
    "a letter": Mean(sent=b"G", **LATE | {"path": ""}),
    "all but a byte": Mean(sent=handshake_bytes()[:-1], **LATE),
    "nothing": Mean(sent=b"", **LATE | {"path": ""}),
    "a letter, and it leaves": Mean(sent=b"G", **LEFT | {"path": ""}),
    "all but a byte, and it leaves": Mean(sent=handshake_bytes()[:-1], **LEFT),
}

GET: Final = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TLS: Final = {
    "plain HTTP": Mean(sent=GET, reason="TLS: none on a port with TLS"),
    "a handshake": Mean(sent=handshake_bytes(), reason="TLS: none on a port with TLS"),
    "zeros": Mean(sent=bytes(100), status=None, reason="TLS: none on a port with TLS"),
    "a broken record": Mean(sent=b"\x16\x03\x01\x00\x05hello", status=None, reason="TLS: "),
    "an unfinished record": Mean(
        sent=b"\x16\x03\x01\x02\x00\x01", **LATE | {"reason": "TLS: not complete within 0.3 s"}
    ),
    "an unfinished record, and it leaves": Mean(sent=b"\x16\x03\x01", **LEFT | {"reason": "TLS: it left"}),
    "nothing": Mean(sent=b"", **LATE | {"reason": "TLS: not complete within 0.3 s"}),
}

PROXIED: Final = {
    "a handshake": Mean(sent=handshake_bytes(), reason="no PROXY header"),
    "too few words": Mean(sent=b"PROXY TCP4 1.2.3.4 5.6.7.8 1000\r\n", reason="not a header of version 1"),
    "no address": Mean(sent=b"PROXY TCP4 nowhere 5.6.7.8 1000 2000\r\n", reason="'nowhere' does not appear to be"),
    "no port": Mean(sent=b"PROXY TCP4 1.2.3.4 5.6.7.8 x 2000\r\n", reason="not a header of version 1"),
    "an endless line": Mean(sent=b"PROXY " + b"x" * 200, reason="not a header of version 1"),
    "version 1 in version 2": Mean(sent=V2 + b"\x11\x11\0\0", reason="not a header of version 2"),
    "a long header": Mean(sent=V2 + b"\x21\x11\xff\xff", reason="not a header of version 2"),
    "a short address": Mean(sent=V2 + b"\x21\x11\0\x04abcd", reason="not a header of version 2"),
    "an unknown command": Mean(sent=V2 + b"\x22\x11\0\x0c" + IPV4, reason="not a header of version 2"),
    "half a header": Mean(sent=b"PROXY TCP4 1.2", reason="not complete within 0.3 s", limit=Limit.OPEN_TIMEOUT),
    "half a header, and it leaves": Mean(sent=b"PROXY TCP4 1.2", reason="it left", leaves=True),
}


@dataclass
class Told:
    """What is told by the hooks of a central system and its log."""

    refusals: list[Refusal]
    events: list[Event]
    caplog: pytest.LogCaptureFixture

    def check(self, mean: Mean, peer: tuple[str, int]) -> None:
        """Fails unless the end of one connection was told, once."""
        [refusal] = self.refusals
        assert refusal == Refusal(refusal.reason, mean.status, peer, mean.path[:8188], mean.id)
        assert refusal.reason.startswith(mean.reason)
        limits = [] if mean.limit is None else [mean.limit]
        assert [each.limit for each in self.events if isinstance(each, LimitReached)] == limits
        assert [each for each in self.events if not isinstance(each, LimitReached)] == [refusal]
        [record] = [each for each in self.caplog.records if each.name == "ocpp_fast" and each.levelno >= logging.INFO]
        line = record.getMessage()
        assert line.startswith(f"{mean.id or peer[0]}: refused: ")
        assert line.isprintable() and len(line) < 500
        assert (record.peer, record.status) == (peer, mean.status)  # type: ignore[attr-defined]  # extra


@asynccontextmanager
async def telling(
    caplog: pytest.LogCaptureFixture, *, trusted: list[str] = LOCAL, patience: float = 0.3, **options: Any
) -> AsyncIterator[tuple[int, Told]]:
    """The port of a central system, and what it tells."""
    caplog.set_level(logging.INFO, "ocpp_fast")
    central = central_system(open_timeout=patience, trusted_proxies=trusted)
    told = Told([], [], caplog)
    central.on_refused(told.refusals.append)
    central.on_event(told.events.append)
    async with central.serve(**options) as server:
        yield server.port, told
    assert len(central) == 0


async def meet(port: int, mean: Mean, told: Told) -> None:
    """Send what is mean, and see what comes of it."""
    peer = await Peer.connect(port)
    address = peer.writer.get_extra_info("sockname")
    peer.write(mean.sent)
    if mean.leaves:
        await peer.writer.drain()
        peer.writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        answer = b""
        with suppress(ConnectionResetError):
            answer = await peer.reader.read()
    status = int(answer.split(b" ", 2)[1]) if answer else None
    assert status == mean.status
    await until(lambda: told.refusals)
    peer.writer.close()
    told.check(mean, address)


@pytest.mark.parametrize("name", PLAIN)
@scenario
async def test_on_a_plain_port(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async with telling(caplog) as (port, told):
        await meet(port, PLAIN[name], told)


@pytest.mark.parametrize("name", TLS)
@scenario
async def test_on_a_port_with_tls(name: str, caplog: pytest.LogCaptureFixture, certificate: Path) -> None:
    async with telling(caplog, ssl=server_context(certificate)) as (port, told):
        await meet(port, replace(TLS[name], path=""), told)


@pytest.mark.parametrize("name", PROXIED)
@pytest.mark.parametrize("tls", [False, True])
@scenario
async def test_where_proxies_are_expected(
    name: str, tls: bool, caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    mean = PROXIED[name]
    async with telling(caplog, proxy_protocol=True, ssl=server_context(certificate) if tls else None) as (port, told):
        await meet(port, replace(mean, path="", status=None, reason=f"PROXY protocol: {mean.reason}"), told)


@scenario
async def test_who_is_no_trusted_proxy_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    async with telling(caplog, trusted=["10.0.0.0/8"], proxy_protocol=True) as (port, told):
        await meet(port, Mean(sent=PROXY, status=None, reason="PROXY protocol: not trusted", path=""), told)


@scenario
async def test_a_client_that_does_not_trust_the_certificate_is_told_of(
    caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    async with telling(caplog, ssl=server_context(certificate)) as (port, told):
        with socket.create_connection(("127.0.0.1", port)) as sock, pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(ssl.create_default_context().wrap_socket, sock, server_hostname="127.0.0.1")
        await until(lambda: told.refusals)
        assert [each.reason for each in told.refusals] == ["TLS: tlsv1 alert unknown ca"]


@scenario
async def test_a_client_without_the_certificate_that_is_asked_for_is_told_of(
    caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    context = server_context(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    async with telling(caplog, ssl=context) as (port, told):
        trust = ssl.create_default_context(cafile=certificate)
        with suppress(OSError):
            peer = Peer(*await asyncio.open_connection("127.0.0.1", port, ssl=trust))
            await peer.reader.read()
        await until(lambda: told.refusals)
        assert [each.reason for each in told.refusals] == ["TLS: peer did not return a certificate"]


@pytest.mark.parametrize("way", ["plain", "TLS", "PROXY"])
@pytest.mark.parametrize("resets", [False, True])
@scenario
async def test_a_port_check_without_a_byte_is_nobodys_business(
    way: str, resets: bool, caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    context = server_context(certificate) if way == "TLS" else None
    async with telling(caplog, ssl=context, proxy_protocol=way == "PROXY") as (port, told):
        caplog.set_level(logging.DEBUG, "ocpp_fast")
        peer = await Peer.connect(port)
        peer.abort() if resets else peer.writer.close()
        await until(lambda: "left without a byte" in caplog.text)
        assert told.events == []
        assert [each for each in caplog.records if each.levelno >= logging.INFO] == []


# Too many


@pytest.mark.parametrize("way", ["plain", "TLS", "PROXY"])
@scenario
async def test_the_oldest_without_a_whole_request_is_shed(
    way: str, caplog: pytest.LogCaptureFixture, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "_GRACE", 0.05)
    begun = {"plain": b"GET /CP", "TLS": TLS_HELLO[:3], "PROXY": PROXY[:8]}[way]
    options: dict[str, Any] = {"ssl": server_context(certificate) if way == "TLS" else None, "patience": 30.0}
    async with telling(caplog, proxy_protocol=way == "PROXY", max_handshakes=3, **options) as (port, told):
        peers = []
        for _ in range(5):
            peers.append(await Peer.connect(port))
            peers[-1].write(begun)
        for each in peers[:2]:
            with suppress(ConnectionResetError):
                assert await each.reader.read() == b""
        await until(lambda: len(told.events) == 4)
        assert all(each.reason.endswith("max_handshakes: the oldest without a whole request") for each in told.refusals)
        addresses = [each.writer.get_extra_info("sockname") for each in peers[:2]]
        assert [each.remote_address for each in told.refusals] == addresses
        limits = [(each.limit, each.remote_address) for each in told.events if isinstance(each, LimitReached)]
        assert limits == [(Limit.HANDSHAKES, each) for each in addresses]
        assert all(not each.reader.at_eof() for each in peers[2:])


@scenario
async def test_many_that_come_back_at_once_have_time_for_their_requests(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "_GRACE", 1.0)
    async with telling(caplog, max_handshakes=3, patience=30.0) as (port, told):
        peers = [await Peer.connect(port) for _ in range(24)]
        one_more = await Peer.connect(port)
        with suppress(ConnectionResetError):
            assert await peers[0].reader.read() == b""
        for number, each in enumerate((*peers[1:], one_more)):
            each.write(handshake_bytes(f"/CP{number}"))
            assert (await each.http_answer()).status == 101
        assert len(told.refusals) == 1


@pytest.mark.parametrize("tls", [False, True])
@scenario
async def test_who_waits_to_be_let_in_is_not_shed_and_others_wait_in_the_kernel(
    tls: bool, caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    may_go, events, asked = asyncio.Event(), list[Event](), list[str]()
    central = central_system()
    central.on_event(events.append)

    @central.on_connecting
    async def connecting(handshake: Handshake) -> None:
        asked.append(handshake.id)
        await may_go.wait()

    trust = ssl.create_default_context(cafile=certificate) if tls else None
    async with central.serve(max_handshakes=2, ssl=server_context(certificate) if tls else None) as server:

        async def knock(number: int) -> Peer:
            peer = Peer(*await asyncio.open_connection("127.0.0.1", server.port, ssl=trust))
            peer.write(handshake_bytes(f"/CP{number}"))
            return peer

        waiting = [await knock(1), await knock(2)]
        await until(lambda: len(asked) == 2)
        assert [(each.limit, each.detail) for each in events if isinstance(each, LimitReached)] == [
            (Limit.HANDSHAKES, "no more connections are accepted")
        ]
        late = asyncio.create_task(knock(3))
        assert "no connections are accepted: too many wait to be let in (max_handshakes)" in caplog.text
        may_go.set()
        waiting.append(await late)
        for each in waiting:
            assert (await each.http_answer()).status == 101
        assert asked == ["CP1", "CP2", "CP3"]
        for each in waiting:
            each.abort()
    caplog.clear()


@on_one_loop
async def test_max_handshakes_is_a_number() -> None:
    with pytest.raises(ValueError, match="max_handshakes: expected an integer greater than 0"):
        async with central_system().serve(max_handshakes=0):
            raise AssertionError
