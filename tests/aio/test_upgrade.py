"""Hooks that see a request before any check, and may mend it: what they change is all that is judged."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast import BasicAuth, HandshakeRefused, HttpRequest, HttpResponse, Refusal, UpgradeRequest

from .exchanges import lives
from .harness import Site, central_system, scenario, serving
from .peer import handshake_bytes
from .refusals import credentials, refused, serves


@scenario
async def test_path_and_headers_are_mended_before_all_checks() -> None:
    """Of ours and of websockets': each part of this handshake alone would be refused."""
    seen: list[Any] = []
    async with serving(auth=BasicAuth({"CP1": b"secret"}), refuse_unknown_subprotocols=True) as site:

        @site.central.on_upgrade
        def mend(request: UpgradeRequest) -> None:
            seen.append((request.path, request.headers.get("Authorization"), request.remote_address))
            assert "secret" not in repr(request)
            request.path = "/ocpp/CP1"
            request.set_header("Connection", "Upgrade")
            request.set_header("Host", "localhost")
            request.set_header("sec-websocket-protocol", "ocpp1.6")
            request.set_header("Authorization", credentials(b"CP1:secret").partition(": ")[2])
            request.set_header("X-Old", None)
            request.set_header("X-None", None)

        peer = await site.tcp()
        headers = ["Host: twice", "Authorization: x", "X-Old: 1", "X-Old: 2"]
        peer.write(handshake_bytes("/CP1/", subprotocols="a,b", headers=headers, without="Connection"))
        assert (await peer.http_answer()).status == 101
        station = await site.central.wait_connected("CP1")
        assert seen == [("/CP1/", "x", peer.writer.get_extra_info("sockname"))]
        assert (station.handshake.path, station.handshake.subprotocols) == ("/ocpp/CP1", ("ocpp1.6",))
        assert "X-Old" not in station.handshake.headers
        await lives(peer)


@scenario
async def test_hooks_see_one_after_another_what_is_plain_too_and_what_asks_for_no_websocket() -> None:
    def http(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, request.path.encode())

    central = central_system()
    central.on_upgrade(lambda request: setattr(request, "path", f"{request.path}2"))
    central.on_upgrade(lambda request: setattr(request, "path", f"{request.path}3"))
    async with central.serve(http=http, grace=1.0) as server:
        site = Site(central, server)
        await serves(site, "/CP")
        assert "CP23" in central
        answer = await site.http(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (answer.status, answer.body) == (200, "/health23")
        site.leave()


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [(HandshakeRefused(403, "not from there"), 403, "not from there"), (RuntimeError("no"), 500, "RuntimeError: no")],
)
@scenario
async def test_a_hook_may_refuse_and_may_fail(
    error: Exception, status: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Refusal] = []
    async with serving() as site:
        site.central.on_refused(told.append)

        @site.central.on_upgrade
        def refuse(request: UpgradeRequest) -> None:
            if request.path == "/CP1":
                raise error

        assert await refused(site, "/CP1") == [status]
        await serves(site)
    assert [(each.status, each.reason, each.path) for each in told] == [(status, reason, "/CP1")]
    assert ("`on_upgrade` failed" in caplog.text) is (status == 500)
    caplog.clear()


def test_an_async_hook_is_refused_when_it_is_registered() -> None:
    async def later(request: UpgradeRequest) -> None: ...

    with pytest.raises(TypeError, match="on_upgrade: expected a plain function"):
        central_system().on_upgrade(later)


@scenario
async def test_what_cannot_be_parsed_never_comes_to_a_hook() -> None:
    seen: list[UpgradeRequest] = []
    async with serving() as site:
        site.central.on_upgrade(seen.append)
        for each in (b"x\r\n\r\n", b"GET / HTTP/1.1\r\nHost\r\n\r\n"):
            assert (await site.http(each)).status == 400
        assert seen == []
