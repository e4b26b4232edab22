"""`ocpp-fast serve` and `station` over TLS, with passwords, certificates, or both."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from ocpp_fast import ChargePoint, Disconnected, HandshakeFailed, client_context, v16

from ..authority import Authority
from .programs import Program, in_time, ocpp_fast

QUICK = ("--once", "--interval", "0.01", "--samples", "1")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def url_of(program: Program) -> str:
    return (await program.line(r"listening on (wss://127\.0\.0\.1:\d+)$"))[1]


async def charges(url: str, authority: Authority, *options: str) -> None:
    """Fails unless a simulated station gets in, and charges."""
    async with ocpp_fast(
        "station", "--id", "CP1", "--url", url, "--ca", str(authority.ca), *QUICK, *options
    ) as station:
        assert (await station.ended(), station.complaints) == (0, "")


async def is_let_in(url: str, authority: Authority, *cert: Path, password: bytes = b"p") -> bool:
    context = client_context(authority.ca, cert)
    try:
        async with ChargePoint("CP1", url, versions=[v16], password=password, ssl=context) as station:
            await station.v16.heartbeat()
            return True
    except (HandshakeFailed, Disconnected, OSError):
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
@in_time
async def test_a_password_or_a_certificate_is_wanted_and_files_are_read_again_on_hangup(
    authority: Authority, tmp_path: Path
) -> None:
    passwords, server = tmp_path / "passwords", authority.server()
    passwords.write_text("CP1:p")
    options = ("--cert", str(server), "--auth-file", str(passwords), "--client-ca", str(authority.ca))
    async with ocpp_fast("serve", "--port", "0", "--ocpp", "1.6", *options) as program:
        url = await url_of(program)
        await charges(url, authority, "--password", "p")
        assert await is_let_in(url, authority, authority.station("CP1"), password=b"wrong")
        assert not await is_let_in(url, authority, authority.station("CP2"))
        await program.line("CP1 refused: the certificate is that of another station")
        authority.server(server.stem)
        passwords.write_text("CP1:new")
        program.send(signal.SIGHUP)
        await program.line("certificates and passwords were read again")
        assert await is_let_in(url, authority, password=b"new")
        assert not await is_let_in(url, authority, password=b"p")
        server.write_text("nonsense")
        program.send(signal.SIGHUP)
        assert await is_let_in(url, authority, password=b"new")
        await program.stop()
        assert f"not read again: {server}: expected a certificate and its key in PEM" in program.complaints


@in_time
async def test_profile_3_alone_wants_a_certificate_of_everyone(authority: Authority) -> None:
    ec, rsa, mine = authority.server("ec"), authority.server("rsa", kind="rsa"), authority.station("CP1")
    keys = ("--cert", str(ec), "--cert", str(rsa), "--key", str(ec), "--key", str(rsa))
    options = (*keys, "--client-ca", str(authority.ca))
    async with ocpp_fast("serve", "--port", "0", "--ocpp", "1.6", *options) as program:
        url = await url_of(program)
        assert not await is_let_in(url, authority)
        await charges(url, authority, "--cert", str(mine), "--key", str(mine))
