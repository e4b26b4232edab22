"""Connections over TLS, whose transports end in another way (R35)."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from ocpp_fast import BasicAuth, ChargePoint, Disconnected, HandshakeFailed, Station, v16

from .harness import HEARTBEAT, scenario, server_context, serving, until, websocket_of
from .peer import TEXT, Peer, frame_bytes, handshake_bytes
from .scripted_server import charge_point

BIG = "x" * 600_000


def wss_charge_point(url: str, certificate: Path, identity: str = "CP1") -> ChargePoint:
    station = charge_point(url, identity, ssl=ssl.create_default_context(cafile=str(certificate)))
    station.on(v16.DataTransferRequest)(lambda _: ANSWER)
    return station


ANSWER = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=BIG)


@scenario
async def test_calls_of_both_sides_large_ones_too(certificate: Path) -> None:
    async with serving(tls=server_context(certificate), transfer=lambda *_: ANSWER) as site:
        assert site.server.url.startswith("wss://127.0.0.1:")
        async with wss_charge_point(site.server.url, certificate) as station:
            assert await station.v16.heartbeat() == HEARTBEAT
            seen = await site.central.wait_connected("CP1")
            there = [station.v16.data_transfer(vendor_id="V", data=BIG) for _ in range(3)]
            back = [seen.v16.data_transfer(vendor_id="V", data=BIG) for _ in range(3)]
            assert await asyncio.gather(*there, *back) == [ANSWER] * 6
        await until(lambda: len(site.central) == 0)


@scenario
async def test_either_side_closes_quickly(certificate: Path) -> None:
    told: list[int | None] = []
    async with serving(tls=server_context(certificate)) as site:
        site.central.on_disconnect(lambda station: told.append(station.close_code))
        async with asyncio.timeout(2):
            async with wss_charge_point(site.server.url, certificate) as station:
                await (await site.central.wait_connected("CP1")).close(4000)
                await until(lambda: told)
                await station.wait_connected()
            await until(lambda: len(told) == 2)
    assert told == [4000, 1000]


@scenario
async def test_R44_cut_connection_fails_what_is_pending(certificate: Path) -> None:
    async with (
        serving(tls=server_context(certificate)) as site,
        wss_charge_point(site.server.url, certificate) as station,
    ):
        seen = await site.central.wait_connected("CP1")
        calls = [asyncio.create_task(seen.v16.unlock_connector(connector_id=1)) for _ in range(2)]
        await asyncio.sleep(0)
        assert station._connection is not None
        websocket_of(station._connection).transport.abort()
        outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 1)
        assert Disconnected in {type(each) for each in outcomes}
        await until(lambda: not seen.connected)


@scenario
async def test_R35_plain_text_and_garbage_are_cut(certificate: Path) -> None:
    async with serving(tls=server_context(certificate), open_timeout=0.3) as site:
        for said in (b"GET /CP1 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b""):
            peer = await Peer.connect(site.server.port)
            peer.write(said)
            async with asyncio.timeout(2):
                await peer.eof()
        async with wss_charge_point(site.server.url, certificate) as station:
            assert await station.v16.heartbeat() == HEARTBEAT


@scenario
async def test_R35_profile_2_takes_nobody_without_password_trust_or_tls(certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    async with serving(auth=BasicAuth({"CP1": b"p"}), tls=server_context(certificate)) as site:
        for password in (None, b"", b"wrong"):
            with pytest.raises(HandshakeFailed) as refused:
                await charge_point(site.server.url, ssl=context, password=password).__aenter__()
            assert refused.value.status == 401
        with pytest.raises(ssl.SSLError):  # it does not trust the certificate
            await charge_point(site.server.url, password=b"p").__aenter__()
        with pytest.raises((HandshakeFailed, OSError)):
            await charge_point(site.server.url.replace("wss:", "ws:"), password=b"p").__aenter__()
        assert len(site.central) == 0
        async with charge_point(site.server.url, ssl=context, password=b"p") as station:
            assert await station.v16.heartbeat() == HEARTBEAT


@scenario
async def test_what_comes_before_the_end_of_the_stream_is_handled(certificate: Path) -> None:
    handled: list[object] = []

    def heartbeat(_: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        handled.append(request)
        return HEARTBEAT

    async with serving(tls=server_context(certificate)) as site:
        site.central.on(v16.HeartbeatRequest)(heartbeat)
        context = ssl.create_default_context(cafile=str(certificate))
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port, ssl=context)
        writer.write(handshake_bytes())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]') * 100)
        writer.close()
        await until(lambda: len(site.central) == 0)
    assert len(handled) == 100
