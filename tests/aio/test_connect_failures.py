"""What a station is told of connections that fail, and the URLs that it connects to."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import pytest

from ocpp_fast import (
    BasicAuth,
    Disconnected,
    HandshakeFailed,
    NoCommonVersion,
    client_context,
    server_context,
    v201,
)

from ..authority import Authority
from .harness import HEARTBEAT, central_system, no_other_tasks, scenario, serving, until
from .peer import PATIENCE
from .scripted_server import (
    charge_point,
    connected_to,
    failures,
    nobody,
)

# Failures


@pytest.mark.parametrize(
    ("central", "password", "status"),
    [
        ({"auth": BasicAuth({"CP1": b"p"})}, b"wrong", 401),
        ({"auth": BasicAuth({"CP2": b"p"}, unknown_status=404)}, b"p", 404),
        ({"versions": [v201]}, None, 101),
        ({"versions": [v201], "refuse_unknown_subprotocols": True}, None, 400),
    ],
)
@scenario
async def test_R31_R33_refusals_are_told_apart(central: dict[str, Any], password: bytes | None, status: int) -> None:
    async with serving(**central) as site:
        (failed,) = await failures(charge_point(site.server.url, password=password))
    assert isinstance(failed, HandshakeFailed)
    assert failed.status == status
    assert failed.reason == (
        "the server chose no subprotocol; offered were ocpp1.6" if status == 101 else HTTPStatus(status).phrase
    )
    assert isinstance(failed, NoCommonVersion) is (status == 101)
    assert str(failed).startswith("CP1: ")


@pytest.mark.parametrize(
    ("final", "goes_on"),
    [((), True), ([404], True), ([HTTPStatus.UNAUTHORIZED], False), ([401, 404], False), ({HandshakeFailed}, False)],
)
@scenario
async def test_failure_may_be_final(final: Any, goes_on: bool, caplog: pytest.LogCaptureFixture) -> None:
    failed: list[Exception] = []
    async with serving(auth=BasicAuth({"CP1": b"p"}), password_tries=0) as site:
        station = charge_point(site.server.url, password=b"wrong", start_offline=True, final=final)
        station.on_connect_failed(failed.append)
        async with station:
            if goes_on:
                await until(lambda: len(failed) > 3)
            else:
                with pytest.raises(Disconnected, match="refused for good") as given_up:
                    await asyncio.wait_for(station.wait_connected(), PATIENCE)
                assert given_up.value.__cause__ is failed[0]
                await no_other_tasks()
                assert len(failed) == 1
            await station.reconnect(password=b"p")
            await connected_to(site, station)
    assert ("CP1: gives up: the server refused with HTTP status 401: Unauthorized" in caplog.messages) is not goes_on
    caplog.clear()


@scenario
async def test_first_failure_that_is_final_ends_the_wait_for_the_server() -> None:
    async with serving(versions=[v201]) as site:
        with pytest.raises(NoCommonVersion):
            await charge_point(site.server.url, wait_for_server=True, final=[NoCommonVersion]).__aenter__()
        await no_other_tasks()


@scenario
async def test_every_failure_is_of_ours_or_of_the_system(authority: Authority) -> None:
    async with serving(tls=server_context(authority.server())) as site:
        plain = site.server.url.replace("wss:", "ws:")
        kinds = [
            type((await failures(each))[0])
            for each in (
                charge_point(nobody()),
                charge_point("ws://" + "a." * 20 + "invalid"),
                charge_point(site.server.url, local_address="192.0.2.1"),
                charge_point(site.server.url, ssl=client_context(Authority(authority.ca.parent, "other").ca)),
                charge_point(plain, open_timeout=PATIENCE),
            )
        ]
    wanted = [ConnectionRefusedError, socket.gaierror, OSError, ssl.SSLCertVerificationError, OSError]
    assert [issubclass(*each) for each in zip(kinds, wanted, strict=True)] == [True] * 5


# URLs (R32)

URLS = {
    "ws://127.0.0.1:{port}": "/CP%201",
    "ws://127.0.0.1:{port}/": "/CP%201",
    "ws://127.0.0.1:{port}///": "/CP%201",
    "WS://LOCALHOST:{port}/ocpp/": "/ocpp/CP%201",
    "ws://127.0.0.1:{port}/with space/100%/a%2fb%20c": "/with%20space/100%25/a%2fb%20c/CP%201",
    "ws://127.0.0.1:{port}/Zürich/ü?ort=Zürich West&x=%41": ("/Z%C3%BCrich/%C3%BC/CP%201?ort=Z%C3%BCrich%20West&x=%41"),
    "ws://127.0.0.1:{port}/a;b=c,d/(e)'f'!*~@:$&+": "/a;b=c,d/(e)'f'!*~@:$&+/CP%201",
    'ws://127.0.0.1:{port}/<"{{|}}^`\\>?<"a">': "/%3C%22%7B%7C%7D%5E%60%5C%3E/CP%201?%3C%22a%22%3E",
    "ws://CP%201:p%40%3A%C3%BC@127.0.0.1:{port}/x": "/x/CP%201",
    "ws://CP 1:p@:ü@127.0.0.1:{port}/x": "/x/CP%201",
}


@pytest.mark.parametrize("url", URLS)
@scenario
async def test_R32_urls_of_every_kind(url: str) -> None:
    async with serving() as site, charge_point(url.format(port=site.server.port), "CP 1") as station:
        seen = await site.central.wait_connected("CP 1")
        assert await station.v16.heartbeat() == HEARTBEAT
        assert seen.handshake.path == URLS[url].replace("{{", "{").replace("}}", "}")
        if "@127" in url:
            user_info = base64.b64decode(seen.handshake.headers["Authorization"].partition(" ")[2])
            assert user_info == "CP 1:p@:ü".encode()
            assert "p@" not in station.url


@scenario
async def test_R32_ipv6() -> None:
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(central_system().serve("::1"))
        except OSError:
            pytest.skip("this machine has no IPv6")
        async with charge_point(f"ws://[::1]:{server.port}/ocpp") as station:
            assert await station.v16.heartbeat() == HEARTBEAT
