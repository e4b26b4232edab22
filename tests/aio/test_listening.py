"""Where a central system listens: ports, sockets and paths, behind proxies or not, with plain HTTP beside."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import CentralSystem, Handshake, HttpRequest, HttpResponse, Server
from ocpp_fast.aio.proxies import TrustedProxies

from .harness import HEARTBEAT_JSON, central_system, scenario, server_context, serving, until, websocket_of
from .peer import Peer, handshake_bytes

LOCAL = ["127.0.0.0/8"]


async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str = "/CP1") -> Peer:
    """A peer on a connection of any kind, whose handshake and Heartbeat are answered."""
    peer = Peer(reader, writer)
    peer.write(handshake_bytes(path))
    assert (await peer.http_answer()).status == 101
    peer.heartbeat("1")
    assert await peer.message() == [3, "1", HEARTBEAT_JSON]
    return peer


# Sockets and paths


@pytest.mark.parametrize("way", ["port", "socket", "proxy"])
@scenario
async def test_small_messages_do_not_wait_for_acknowledgements(way: str) -> None:
    central = central_system(trusted_proxies=["127.0.0.1"])
    options: dict[str, Any] = {"sock": bound()} if way == "socket" else {"proxy_protocol": way == "proxy"}
    async with central.serve(**options) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write((b"PROXY UNKNOWN\r\n" if way == "proxy" else b"") + handshake_bytes())
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")
        sock = websocket_of(await central.wait_connected("CP1")).transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()


def bound() -> socket.socket:
    sock = socket.socket()  # which does not say that it is TCP
    sock.bind(("127.0.0.1", 0))
    return sock


@scenario
async def test_it_listens_on_a_unix_socket(tmp_path: Path) -> None:
    central, path = central_system(), tmp_path / "ocpp.sock"
    async with central.serve(path=path) as server:
        assert (server.host, server.port, server.url) == (str(path), 0, f"ws+unix://{path}")
        peer = await speaks(*await asyncio.open_unix_connection(path))
        assert central["CP1"].handshake.remote_address is None
        with pytest.raises(OSError, match="somebody listens there"):
            async with central_system().serve(path=path):
                raise AssertionError
        assert path.exists()
        peer.abort()
    assert not path.exists()


@scenario
async def test_a_path_that_nobody_listens_at_is_taken_and_a_file_is_not(tmp_path: Path) -> None:
    stale, file = tmp_path / "stale.sock", tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(stale))
    file.write_text("keep me")
    async with central_system().serve(path=stale):
        (await speaks(*await asyncio.open_unix_connection(stale))).abort()
    with pytest.raises(OSError, match="in use"):
        async with central_system().serve(path=file):
            raise AssertionError
    assert file.read_text() == "keep me"


@scenario
async def test_a_socket_that_has_taken_the_place_stays(tmp_path: Path) -> None:
    path = tmp_path / "ocpp.sock"
    async with central_system().serve(path=path):
        path.unlink()
        with socket.socket(socket.AF_UNIX) as newcomer:
            newcomer.bind(str(path))
    assert path.exists()
    with pytest.raises(ValueError, match="sock, path: expected one of them"), socket.socket() as sock:
        async with central_system().serve(sock=sock, path=path):
            raise AssertionError


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
@scenario
async def test_it_takes_over_a_socket_that_was_bound_before(family: socket.AddressFamily, tmp_path: Path) -> None:
    sock = socket.socket(family)
    sock.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "a.sock"))
    async with central_system().serve(sock=socket.socket(fileno=os.dup(sock.fileno()))) as server:
        if family == socket.AF_INET:
            assert server.port == sock.getsockname()[1]
            streams = await asyncio.open_connection(server.host, server.port)
        else:
            streams = await asyncio.open_unix_connection(server.host)
        (await speaks(*streams)).abort()
    sock.close()


@scenario
async def test_a_handshake_names_its_listener_and_whether_it_is_secure(certificate: Path) -> None:
    central, trust = central_system(), ssl.create_default_context(cafile=certificate)
    async with central.serve() as plain, central.serve(ssl=server_context(certificate)) as secure:
        await speaks(*await asyncio.open_connection(plain.host, plain.port), "/CP1")
        over_tls = await asyncio.open_connection(secure.host, secure.port, ssl=trust, server_hostname="127.0.0.1")
        await speaks(*over_tls, "/CP2")
        for identity, server, is_secure in (("CP1", plain, False), ("CP2", secure, True)):
            handshake = central[identity].handshake
            assert (handshake.listener, handshake.secure) == (server, is_secure)
            assert handshake.certificate is None
        for each in Peer.opened:
            each.abort()


# Plain HTTP


def health(request: HttpRequest) -> HttpResponse | None:
    if request.path == "/health":
        assert request.headers["Host"] == "localhost"
        assert request.remote_address is not None
        return HttpResponse(200, b"fine", {"Content-Type": "text/plain"})
    return HttpResponse(503) if request.path == "/busy" else None


async def health_later(request: HttpRequest) -> HttpResponse | None:
    await asyncio.sleep(0)
    return health(request)


@pytest.mark.parametrize("http", [health, health_later])
@scenario
async def test_plain_http_is_answered_by_a_function(http: Any) -> None:
    central, refused = central_system(), []
    central.on_refused(lambda refusal: refused.append((refusal.path, refusal.status)))
    async with central.serve(http=http) as server:

        async def get(path: str) -> tuple[int, str, str | None]:
            peer = await Peer.connect(server.port)
            peer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answer = await peer.http_answer()
            await peer.eof()
            return answer.status, answer.body, answer.headers.get("content-type")

        assert await get("/health") == (200, "fine", "text/plain")
        assert await get("/busy") == (503, "", "text/plain; charset=utf-8")
        assert (await get("/CP1"))[0] == 426
        await speaks(*await asyncio.open_connection(server.host, server.port), "/health")
        assert "health" in central
        for each in Peer.opened:
            each.abort()
    assert refused == [("/CP1", 426)]


@scenario
async def test_the_answer_to_a_head_has_no_body() -> None:
    async with central_system().serve(http=health) as server:
        peer = await Peer.connect(server.port)
        peer.write(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await peer.reader.read()).endswith(b"\r\n\r\n")


@scenario
async def test_a_function_that_fails_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async with central_system().serve(http=lambda request: 1 // 0) as server:  # type: ignore[arg-type, return-value]  # meant
        peer = await Peer.connect(server.port)
        peer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await peer.http_answer()).status == 500
    caplog.clear()


@scenario
async def test_without_one_plain_http_is_426_before_anybody_is_asked() -> None:
    async with serving(identify=lambda path, headers: 1 // 0) as site:
        answer = await site.http(b"GET /CP1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (answer.status, answer.headers["upgrade"]) == (426, "websocket")


# Proxies


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ([], "127.0.0.1", ["1.2.3.4"], "127.0.0.1"),
        (["10.0.0.0/8"], "127.0.0.1", ["1.2.3.4"], "127.0.0.1"),
        (LOCAL, "127.0.0.1", [], "127.0.0.1"),
        (LOCAL, "127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        (LOCAL, "127.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (LOCAL, "127.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (LOCAL, "127.0.0.1", ["1.2.3.4, 127.0.0.9"], "1.2.3.4"),
        (LOCAL, "127.0.0.1", ["127.0.0.8, 127.0.0.9"], "127.0.0.8"),
        (LOCAL, "127.0.0.1", ["1.2.3.4, nonsense"], "127.0.0.1"),
        (LOCAL, "127.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
        (LOCAL, "127.0.0.1", ["[2001:db8::1]:5678"], "2001:db8::1"),
        (LOCAL, "127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        (["::1"], "::1", ["1.2.3.4"], "1.2.3.4"),
        (LOCAL, "::ffff:127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        (["unix"], None, ["1.2.3.4"], "1.2.3.4"),
        (LOCAL, None, ["1.2.3.4"], None),
    ],
)
def test_only_trusted_proxies_say_where_a_client_is(
    trusted: list[str], peer: str | None, forwarded: list[str], address: str | None
) -> None:
    headers = Headers([("X-Forwarded-For", each) for each in forwarded])
    given = None if peer is None else (peer, 1)
    found, secure = TrustedProxies(trusted).origin(given, headers, secure=False)
    assert (None if found is None else found[0], secure) == (address, False)


@pytest.mark.parametrize(("trusted", "secure"), [(LOCAL, True), ([], False)])
def test_only_trusted_proxies_say_that_a_client_speaks_tls(trusted: list[str], secure: bool) -> None:
    headers = Headers([("X-Forwarded-Proto", "wss")])
    assert TrustedProxies(trusted).origin(("127.0.0.1", 1), headers, secure=False)[1] is secure


@pytest.mark.parametrize("networks", ["10.0.0.0/8", ["nonsense"], ["10.0.0.1/8"]])
def test_what_is_no_network_is_refused(networks: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        central_system(trusted_proxies=networks)


@asynccontextmanager
async def behind_proxies(central: CentralSystem, **options: Any) -> AsyncIterator[Server]:
    async with central.serve(proxy_protocol=True, **options) as server:
        yield server
        for each in Peer.opened:
            each.abort()


V2 = b"\r\n\r\n\x00\r\nQUIT\n"
IPV4 = socket.inet_aton("1.2.3.4") + socket.inet_aton("5.6.7.8") + struct.pack("!HH", 1000, 2000)
IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") * 2 + struct.pack("!HH", 1000, 2000)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 2000\r\n", ("1.2.3.4", 1000)),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 2000\r\n", ("2001:db8::1", 1000)),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (V2 + b"\x21\x11" + struct.pack("!H", len(IPV4)) + IPV4, ("1.2.3.4", 1000)),
        (V2 + b"\x21\x11" + struct.pack("!H", len(IPV4) + 5) + IPV4 + b"\x04\0\x02ab", ("1.2.3.4", 1000)),
        (V2 + b"\x21\x21" + struct.pack("!H", len(IPV6)) + IPV6, ("2001:db8::1", 1000)),
        (V2 + b"\x20\0\0\0", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 7])
@scenario
async def test_a_proxy_header_tells_where_the_client_is(header: bytes, address: Any, pieces: int) -> None:
    central = central_system(trusted_proxies=LOCAL)
    async with behind_proxies(central) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        size = -(-len(header) // pieces)
        for start in range(0, len(header), size):
            writer.write(header[start : start + size])
            await asyncio.sleep(0.001)
        await speaks(reader, writer)
        found = central["CP1"].handshake.remote_address
        assert found is not None
        assert found == address if isinstance(address, tuple) else found[0] == address


@scenario
async def test_tls_follows_a_proxy_header_at_once(certificate: Path) -> None:
    central = central_system(trusted_proxies=LOCAL)
    trust = ssl.create_default_context(cafile=certificate)
    async with behind_proxies(central, ssl=server_context(certificate)) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 2000\r\n")
        await writer.start_tls(trust, server_hostname="127.0.0.1")
        await speaks(reader, writer)
        handshake: Handshake = central["CP1"].handshake
        assert (handshake.remote_address, handshake.secure) == (("1.2.3.4", 1000), True)


@pytest.mark.parametrize(
    "header",
    [
        handshake_bytes(),
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1000\r\n" + b"x" * 200,
        b"PROXY TCP4 nowhere 5.6.7.8 1000 2000\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 x 2000\r\n",
        b"PROXY " + b"x" * 200,
        V2 + b"\x11\x11\0\0",
        V2 + b"\x21\x11\xff\xff",
        V2 + b"\x21\x11\0\x04abcd",
        V2 + b"\x22\x11\0\x0c" + IPV4,
    ],
)
@scenario
async def test_anything_else_is_cut_off(header: bytes) -> None:
    central = central_system(trusted_proxies=LOCAL)
    async with behind_proxies(central) as server:
        peer = await Peer.connect(server.port)
        peer.write(header)
        await peer.eof()
        assert len(central) == 0


@scenario
async def test_who_is_not_trusted_or_says_nothing_is_cut_off() -> None:
    for trusted, timeout in ((["10.0.0.0/8"], 10.0), (LOCAL, 0.1)):
        async with behind_proxies(central_system(trusted_proxies=trusted, open_timeout=timeout)) as server:
            peer = await Peer.connect(server.port)
            if timeout > 1:
                peer.write(b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 2000\r\n")
            await peer.eof()


@scenario
async def test_a_connection_without_a_header_yet_ends_with_the_server() -> None:
    central = central_system(trusted_proxies=LOCAL)
    async with asyncio.timeout(5):
        async with central.serve(proxy_protocol=True, grace=0.1) as server:
            peer = await Peer.connect(server.port)
            peer.write(b"PROXY ")
            await until(lambda: central._runtime.tasks._tasks)
        await peer.eof()


@scenario
async def test_the_proxy_protocol_needs_proxies_to_trust() -> None:
    with pytest.raises(ValueError, match="proxy_protocol: expected trusted_proxies"):
        async with central_system().serve(proxy_protocol=True):
            raise AssertionError
