"""Security profiles on a station's side: they never sink, and what they need is renewed without a restart (R35)."""

from __future__ import annotations

import asyncio
import re
import ssl
from pathlib import Path

import pytest

from ocpp_fast import (
    BasicAuth,
    HandshakeFailed,
    NetworkProfile,
    Profile2,
    Profile3,
    client_context,
    server_context,
)

from ..authority import Authority
from .harness import scenario, serving, until
from .scripted_server import (
    NEVER,
    charge_point,
    connected_to,
    failures,
)

# Security profiles (R35, A05)


@scenario
async def test_R35_security_profile_never_sinks(authority: Authority) -> None:
    tls = server_context(authority.server(), client_ca=authority.ca, require_client=False)
    lax, strict = client_context(authority.ca), client_context(authority.ca, authority.station("CP1"))
    auth = BasicAuth({"CP1": b"p"})
    async with serving(auth=auth) as plain, serving(auth=auth, tls=tls) as secure:
        both = [secure.server.url, plain.server.url]
        async with charge_point(plain.server.url, password=b"p", back_off=NEVER) as station:
            assert station.security_profile == 1
            with pytest.raises(ValueError, match="expected security profile 1, as before, or a higher one, not 0"):
                station.password = None
            with pytest.raises(ssl.SSLError):
                await station.reconnect(secure.server.url)  # it does not trust the certificate
            assert station.security_profile == 1
            await station.reconnect(plain.server.url)  # so it may still go back
            await station.reconnect(both, ssl=lax)
            assert station.security_profile == 2
            await connected_to(secure, station)
            assert station._uplink.plan.dialling.places == (NetworkProfile(secure.server.url),)
            for lower in (plain.server.url, both):
                with pytest.raises(ValueError, match="expected security profile 2"):
                    await station.reconnect(lower)
            await connected_to(secure, station)  # and it was not even closed
            await station.reconnect(ssl=strict)
            assert station.security_profile == 3
            with pytest.raises(ValueError, match="expected security profile 3"):
                station.ssl = lax
            await connected_to(secure, station)


@scenario
async def test_R35_password_and_certificate_are_renewed_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for each in ("old", "new"):
        (tmp_path / each).mkdir()
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    mine, trusted = tmp_path / "mine.pem", tmp_path / "trusted.pem"
    mine.write_bytes(old.station("CP1").read_bytes())
    trusted.write_bytes(old.ca.read_bytes())
    server = server_context(old.server(), client_ca=trusted)
    context = client_context(old.ca, mine)
    renewals: list[str] = []
    async with serving(auth=Profile3(), tls=server) as site:
        station = charge_point(site.server.url, ssl=context)

        @station.on_reconnect
        async def renew() -> None:
            await asyncio.sleep(0)
            mine.write_bytes(new.station("CP1").read_bytes())
            context.reload()
            renewals.append("certificate")

        async with station:
            seen = await connected_to(site, station)
            trusted.write_bytes(new.ca.read_bytes())
            server.reload()
            assert renewals == []
            await seen.close()
            await until(lambda: not station.connected)
            await connected_to(site, station)
    passwords = {"CP1": b"old"}
    async with serving(auth=Profile2(passwords), tls=server_context(old.server())) as site:
        station = charge_point(site.server.url, ssl=client_context(old.ca), password=b"old")

        @station.on_reconnect
        def renew_password() -> None:
            station.password = passwords["CP1"]
            renewals.append("password")
            raise ZeroDivisionError

        async with station:
            seen = await connected_to(site, station)
            passwords["CP1"] = b"new"
            await seen.close()
            await until(lambda: not station.connected)
            await connected_to(site, station)
    assert renewals == ["certificate", "password"]
    assert [each.levelname for each in caplog.records if each.levelname == "ERROR"] == ["ERROR"]
    caplog.clear()


@scenario
async def test_a_server_that_wants_a_certificate_says_so(authority: Authority) -> None:
    async with serving(auth=Profile3(), tls=server_context(authority.server(), client_ca=authority.ca)) as site:
        (failed,) = await failures(charge_point(site.server.url, ssl=client_context(authority.ca)))
    assert isinstance(failed, (HandshakeFailed, OSError))
    assert re.search("certificate.required|reset|ended", str(failed), re.IGNORECASE)
