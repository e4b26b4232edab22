"""The opening handshake: who is let in, as whom, with which version (R30-R34), and who is not."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import Handshake, Verdict, v21
from ocpp_fast.aio.admission import identity_of

from .harness import HEARTBEAT_JSON, central_system, scenario, serving, until
from .peer import TEXT, Peer, frame_bytes, handshake_bytes
from .refusals import AuthOf, refused, serves

# subprotocols


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("ocpp1.6", "ocpp1.6"),
        ("ocpp2.0.1", "ocpp2.0.1"),
        ("ocpp2.1", "ocpp2.1"),
        ("ocpp1.6, ocpp2.1", "ocpp1.6"),
        ("ocpp2.1,ocpp1.6", "ocpp2.1"),
        ("ocpp1.2, ocpp1.5, ocpp2.0.1, ocpp1.6", "ocpp2.0.1"),
    ],
)
@scenario
async def test_R30_client_order_decides(offered: str, chosen: str) -> None:
    async with serving() as site:
        peer = await site.tcp()
        peer.write(handshake_bytes(subprotocols=offered))
        assert (await peer.http_answer()).headers["sec-websocket-protocol"] == chosen
        station = await site.central.wait_connected("CP1")
        assert station.version.subprotocol == chosen
        assert station.handshake.subprotocols == tuple(offered.replace(" ", "").split(","))


@scenario
async def test_R30_offers_in_several_headers_are_one_list() -> None:
    async with serving() as site:
        peer = await site.tcp()
        again = ["Sec-WebSocket-Protocol: ocpp2.1"]
        peer.write(handshake_bytes(subprotocols="ocpp1.5", headers=again))
        assert (await peer.http_answer()).headers["sec-websocket-protocol"] == "ocpp2.1"


@scenario
async def test_R30_only_what_the_server_speaks_is_chosen() -> None:
    async with serving(versions=[v21]) as site:
        peer = await site.tcp()
        peer.write(handshake_bytes(subprotocols="ocpp1.6, ocpp2.0.1, ocpp2.1"))
        assert (await peer.http_answer()).headers["sec-websocket-protocol"] == "ocpp2.1"


@pytest.mark.parametrize("offered", [None, "ocpp1.5", "OCPP1.6", "ocpp1.60, xocpp2.1"])
@scenario
async def test_R31_no_common_subprotocol_is_closed_at_once(offered: str | None) -> None:
    connected: list[object] = []
    async with serving() as site:
        site.central.on_connect(connected.append)
        peer = await site.tcp()
        peer.write(handshake_bytes(subprotocols=offered))
        answer = await peer.http_answer()
        assert answer.status == 101
        assert "sec-websocket-protocol" not in answer.headers
        assert await peer.close_frame() == (1002, "no common subprotocol")
        assert len(site.central) == 0
    assert connected == []


@pytest.mark.parametrize("offered", [None, "ocpp1.5"])
@scenario
async def test_R31_no_common_subprotocol_is_400_when_so_set(offered: str | None) -> None:
    async with serving(refuse_unknown_subprotocols=True) as site:
        assert await refused(site, "/CP1", subprotocols=offered) == [400]
        await serves(site)


# identities


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP1", "CP1"),
        ("/ocpp/any/where/CP1", "CP1"),
        ("//CP1", "CP1"),
        ("/RDAM%20123", "RDAM 123"),
        ("/CP1?token=1/2&x=%2F", "CP1"),
        ("/CP1?", "CP1"),
        ("/%43%50%31", "CP1"),
        ("/Z%C3%BCrich", "Zürich"),
        ("/" + "a" * 48, "a" * 48),
        ("/" + "%C3%BC" * 48, "ü" * 48),
        ("/...", "..."),
        ("/a.b-c_d~e=f@g*h", "a.b-c_d~e=f@g*h"),
        ("/a+b", "a+b"),
        ("ws://example.com/ocpp/CP1", "CP1"),
    ],
)
def test_R32_identity_is_the_last_segment_decoded_once(path: str, identity: str) -> None:
    assert identity_of(path, Headers()) == identity


NO_IDENTITIES = {
    "empty": "/",
    "trailing slash": "/CP1/",
    "49 characters": "/" + "a" * 49,
    "49 characters of 2 bytes": "/" + "%C3%BC" * 49,
    "dot": "/.",
    "dots": "/..",
    "encoded dots": "/%2e%2E",
    "slash": "/a%2Fb",
    "backslash": "/a%5Cb",
    "colon": "/a:b",
    "encoded colon": "/a%3Ab",
    "percent": "/a%25b",
    "decoded once only": "/a%2541",
    "broken escape": "/a%zz",
    "half an escape": "/a%4",
    "question mark": "/a%3Fb",
    "hash": "/a%23b",
    "fragment": "/CP1#b",
    "null": "/a%00",
    "line feed": "/a%0Ab",
    "delete": "/a%7F",
    "no-break space": "/a%C2%A0b",
    "right-to-left mark": "/a%E2%80%8Fb",
    "invalid UTF-8": "/%FF",
    "cut UTF-8": "/%C3",
    "overlong UTF-8": "/%C0%AF",
    "surrogate": "/%ED%A0%80",
    "query only": "/?CP1",
}


@scenario
async def test_R32_invalid_identity_is_404() -> None:
    async with serving() as site:
        statuses = await refused(site, *NO_IDENTITIES.values())
        assert dict(zip(NO_IDENTITIES, statuses, strict=True)) == dict.fromkeys(NO_IDENTITIES, 404)
        await serves(site)


@scenario
async def test_R32_identity_reaches_hooks_and_mapping_decoded() -> None:
    async with serving() as site:
        await site.peer("/RDAM%20123")
        assert "RDAM 123" in site.central
        assert site.central["RDAM 123"].handshake.path == "/RDAM%20123"


@scenario
async def test_R32_identify_replaces_the_rule() -> None:
    def identify(path: str, headers: Headers) -> str | None:
        return path.split("/")[2] if path.startswith("/tenant/") else None

    async with serving(identify=identify) as site:
        await site.peer("/tenant/CP1/ocpp")
        assert "CP1" in site.central
        assert (await site.http(handshake_bytes("/CP1"))).status == 404


# requests that are none


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"method": "POST"}, 405),
        ({"method": "HEAD"}, 405),
        ({"version": "HTTP/1.0"}, 505),
        ({"without": "Upgrade"}, 426),
        ({"without": "Connection"}, 426),
        ({"without": "Sec-WebSocket-Key"}, 400),
        ({"without": "Sec-WebSocket-Version"}, 400),
        ({"headers": ["Sec-WebSocket-Version: 8"], "without": ""}, 400),
        ({"headers": ["Sec-WebSocket-Key: x"], "without": ""}, 400),
        ({"headers": ["Upgrade: h2c"]}, 426),
        ({"headers": ["Sec-WebSocket-Extensions: ;;;"]}, 400),
        ({"subprotocols": "ocpp1.6 ocpp2.1;"}, 400),
    ],
)
@scenario
async def test_request_that_is_no_handshake_is_refused(options: dict[str, Any], status: int) -> None:
    async with serving(open_timeout=1.0) as site:
        assert await refused(site, "/CP1", **options) == [status]
        await serves(site)


GARBAGE = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x81" * 500,
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(3000) + b"\n",
    "empty lines": b"\r\n" * 10,
    "no version": b"GET /CP1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3000": b"GET /CP1 HTTP/3000\r\n\r\n",
    "path not ASCII": "GET /Zürich HTTP/1.1\r\n\r\n".encode(),
    "method not ASCII": "GÊT /CP1 HTTP/1.1\r\n\r\n".encode(),
    "header without colon": b"GET /CP1 HTTP/1.1\r\nHost\r\n\r\n",
    "null in a header": b"GET /CP1 HTTP/1.1\r\nHost: \0\r\n\r\n",
    "folded header": b"GET /CP1 HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "line feeds only": b"GET /CP1 HTTP/1.1\nHost: a\n\n",
    "a body": b"POST /CP1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"POST /CP1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE)
@scenario
async def test_garbage_ends_the_connection(garbage: str) -> None:
    async with serving(open_timeout=1.0) as site:
        peer = await site.tcp()
        peer.write(GARBAGE[garbage])
        await asyncio.wait_for(peer.reader.read(), 2)
        await serves(site)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (handshake_bytes(headers=[f"X-{n}: x" for n in range(130)]), 431),
        (handshake_bytes(headers=["X: " + "x" * 8200]), 431),
        (handshake_bytes("/" + "x" * 8200), 414),
        (handshake_bytes(headers=[f"X-{n}: {'x' * 8000}" for n in range(3)]), 431),
        (handshake_bytes(headers=[f"X-{n}: {'x' * 8000}" for n in range(20)]), 431),
    ],
    ids=["130 headers", "long header", "long path", "24 KB", "160 KB"],
)
@scenario
async def test_too_large_a_handshake_is_refused(request_bytes: bytes, status: int) -> None:
    async with serving() as site:
        peer = await site.tcp()
        for start in range(0, len(request_bytes), 1000):
            peer.write(request_bytes[start : start + 1000])
        assert (await peer.http_answer()).status == status
        assert len(site.central) == 0
        await serves(site)


@scenario
async def test_handshake_of_nearly_16_kib_is_accepted() -> None:
    headers = [f"X-{n}: {'x' * 7900}" for n in range(2)]
    assert 15_900 < len(handshake_bytes(headers=headers)) <= 16_384
    async with serving() as site:
        await serves(site, headers=headers)


@scenario
async def test_handshake_may_come_byte_by_byte() -> None:
    async with serving() as site:
        peer = await site.tcp()
        for byte in handshake_bytes("/CP1"):
            peer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await peer.http_answer()).status == 101


@scenario
async def test_slow_handshake_is_cut_by_open_timeout() -> None:
    async with serving(open_timeout=0.2) as site:
        silent, dribbling = await site.tcp(), await site.tcp()

        async def dribble() -> None:
            dribbling.write(b"GET /CP1 HTTP/1.1\r\n")
            while not dribbling.reader.at_eof() and dribbling.reader.exception() is None:
                dribbling.write(b"X: x\r\n")
                await asyncio.sleep(0.01)

        async with asyncio.timeout(2):
            await asyncio.gather(dribble(), silent.eof(), dribbling.eof())
        await serves(site)


@scenario
async def test_slow_tls_handshake_is_cut_by_open_timeout() -> None:
    central = central_system(open_timeout=0.2)
    async with central.serve(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as server:
        silent = await Peer.connect(server.port)
        async with asyncio.timeout(2):
            await silent.eof()


@scenario
async def test_slow_authentication_is_cut_by_open_timeout() -> None:
    seen: list[str] = []

    async def decide(handshake: Handshake) -> Verdict:
        seen.append(handshake.identity)
        await until(lambda: len(seen) == 2)
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide), open_timeout=0.2) as site:
        slow = await site.tcp()
        slow.write(handshake_bytes("/CP1"))
        assert (await slow.http_answer()).status == 503
        await serves(site, "/CP2")
        assert "CP1" not in site.central


@scenario
async def test_authentication_that_hangs_ends_with_its_connection() -> None:
    """Or the tries of all stations would pile up while a database does not answer."""
    ended: list[str] = []

    async def decide(handshake: Handshake) -> Verdict:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(handshake.identity)
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide), open_timeout=0.1) as site:
        for number in range(3):
            peer = await site.tcp()
            peer.write(handshake_bytes(f"/CP{number}"))
        await until(lambda: len(ended) == 3)
        await until(lambda: not site.central._runtime.tasks._tasks)


@scenario
async def test_station_that_leaves_during_authentication_never_arrives() -> None:
    asked, may_go = asyncio.Event(), asyncio.Event()
    told: list[object] = []

    async def decide(handshake: Handshake) -> Verdict:
        asked.set()
        await may_go.wait()
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide)) as site:
        site.central.on_connect(lambda station: told.append((station.id, "connected")))
        site.central.on_disconnect(lambda station: told.append((station.id, "disconnected")))
        leaver = await site.tcp()
        leaver.write(handshake_bytes("/CP1"))
        await asked.wait()
        leaver.abort()
        may_go.set()
        await serves(site, "/CP2")
        await until(lambda: "CP1" not in site.central)
        assert told[-1:] == [("CP2", "connected")]
        assert told[:-1] in ([], [("CP1", "connected"), ("CP1", "disconnected")])


# what comes right behind the request, before the server has answered

EAGER = {
    "ping": frame_bytes(9, b"x"),
    "text": frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]'),
    "close": frame_bytes(8, b"\x03\xe8"),
    "unmasked": frame_bytes(TEXT, b"x", masked=False),
    "garbage": b"\xff" * 100,
    "too big": b"\x81\xff" + b"\x7f" * 8,
    "fragment": frame_bytes(TEXT, b"x", fin=False),
    "second request": handshake_bytes("/CP2"),
}


@pytest.mark.parametrize("eager", EAGER)
@pytest.mark.parametrize("path", ["/CP1", "/..", "/denied", "/broken"])
@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_what_comes_before_the_answer_breaks_nothing(
    eager: str, path: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def decide_later(handshake: Handshake) -> Verdict:
        await asyncio.sleep(0)
        return decide(handshake)

    def decide(handshake: Handshake) -> Verdict:
        if handshake.identity == "broken":
            raise RuntimeError("on purpose")
        return Verdict.UNAUTHORIZED if handshake.identity == "denied" else Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide_later if later else decide)) as site:
        peer = await site.tcp()
        peer.write(handshake_bytes(path) + EAGER[eager])
        peer.writer.write_eof()
        await asyncio.wait_for(peer.reader.read(), 2)
        await serves(site)
        await until(lambda: len(site.central) == 1)
    if path == "/broken":
        caplog.clear()


@scenario
async def test_handshake_and_first_call_of_an_eager_peer_in_one_segment() -> None:
    async with serving() as site:
        peer = await site.tcp()
        peer.write(handshake_bytes("/CP1") + frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]'))
        assert (await peer.http_answer()).status == 101
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]
