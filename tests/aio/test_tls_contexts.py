"""The contexts of TLS: what they take, as scanners see it, and certificates that are renewed (R35)."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives import serialization

from ocpp_fast import Disconnected, HandshakeFailed, Profile3, TlsContext, client_context, server_context

from ..authority import Authority
from .harness import on_one_loop, scenario, serving
from .scripted_server import charge_point

pytestmark = pytest.mark.once

OF_THE_DOCUMENTS: Final = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
}
WITH_RSA: Final = {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"}
REFUSED: Final = (
    *(
        ("-tls1_2", "-cipher", f"{each}:@SECLEVEL=0")
        for each in ("AES128-SHA", "AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")
    ),
    *(("-tls1_2", "-cipher", f"{each}:@SECLEVEL=0") for each in ("ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-NULL-SHA")),
    ("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"),
    ("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"),
)
"""What `openssl s_client` is told to offer, in vain."""


async def output_of(*command: str, said: bytes = b"") -> str:
    """What a program prints when it is told something; skips the test where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=both)
    printed, _ = await process.communicate(said)
    return printed.decode()


async def s_client(port: int, *options: str, said: bytes = b"") -> str:
    return await output_of("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options, said=said)


async def agreed(port: int, *options: str) -> str:
    """The version and the suite that `openssl s_client` agrees on; empty if on none."""
    found = re.search(r"^New, (.*), Cipher is (?!\(NONE\))(.*)$", await s_client(port, *options), re.MULTILINE)
    return f"{found[1]} {found[2]}" if found else ""


async def each_agreed(port: int, *options: Sequence[str]) -> list[str]:
    return await asyncio.gather(*(agreed(port, *each) for each in options))


def both_kinds(authority: Authority) -> TlsContext:
    return server_context([authority.server("ec"), authority.server("rsa", kind="rsa")])


@on_one_loop
async def test_R35_openssl_agrees_on_the_suites_of_the_documents_only(authority: Authority) -> None:
    taken = sorted(OF_THE_DOCUMENTS | WITH_RSA)
    async with serving(tls=both_kinds(authority)) as site:
        port = site.server.port
        suites = await each_agreed(port, *(("-tls1_2", "-cipher", each) for each in taken))
        assert suites == [f"TLSv1.2 {each}" for each in taken]
        assert await agreed(port) == "TLSv1.3 TLS_AES_256_GCM_SHA384"
        both = "AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        assert await agreed(port, "-tls1_2", "-cipher", both) == "TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256"
        assert set(await each_agreed(port, *REFUSED)) == {""}
    lax = both_kinds(authority)
    lax.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    lax.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    async with serving(tls=lax) as site:  # it is not the client that refuses them
        assert "" not in await each_agreed(site.server.port, *REFUSED)


@on_one_loop
async def test_R35_a_client_cannot_renegotiate(authority: Authority) -> None:
    """It would cost the server more than the client."""
    async with serving(tls=both_kinds(authority)) as site:
        printed = await s_client(site.server.port, "-tls1_2", said=b"R\n")
    assert "RENEGOTIATING" in printed
    assert "no renegotiation" in printed


@on_one_loop
async def test_R35_sslscan_finds_no_other_version_suite_or_weakness(authority: Authority) -> None:
    async with serving(tls=both_kinds(authority)) as site:
        report = await output_of("sslscan", "--xml=-", "--no-colour", f"127.0.0.1:{site.server.port}")
    found = ElementTree.fromstring(report[report.index("<?xml") :])
    enabled = [each.get("version") for each in found.iter("protocol") if each.get("enabled") == "1"]
    assert enabled == ["1.2", "1.3"]
    suites = {each.get("cipher") for each in found.iter("cipher") if each.get("sslversion") == "TLSv1.2"}
    assert suites == OF_THE_DOCUMENTS | WITH_RSA
    assert [each.get("supported") for each in found.iter("renegotiation")] == ["0"]
    assert {each.get("vulnerable") for each in found.iter("heartbleed")} == {"0"}


def subject_of(context: ssl.SSLContext) -> Callable[..., Any]:
    async def subject(port: int) -> object:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        found = writer.get_extra_info("peercert")["serialNumber"]
        writer.close()
        await writer.wait_closed()
        return found

    return subject


@scenario
async def test_a_renewed_certificate_is_shown_after_reload_and_connections_stay(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    file = authority.server()
    context = server_context(file)
    number = subject_of(client_context(authority.ca))
    async with (
        serving(tls=context) as site,
        charge_point(site.server.url, ssl=client_context(authority.ca)) as station,
    ):
        first = await number(site.server.port)
        authority.server()
        assert await number(site.server.port) == first
        context.reload()
        assert await number(site.server.port) != first
        await station.v16.heartbeat()
        second = await number(site.server.port)
        file.write_text("nonsense")
        with pytest.raises(ValueError, match="expected a certificate and its key"):
            context.reload()
        assert await number(site.server.port) == second


@scenario
async def test_R35_a_ca_that_was_replaced_certifies_nobody_after_reload(tmp_path: Path) -> None:
    for each in ("old", "new"):
        (tmp_path / each).mkdir()
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(old.ca.read_bytes())
    context = server_context(old.server(), client_ca=trusted)
    mine = tmp_path / "mine.pem"
    mine.write_bytes(old.station("CP1").read_bytes())
    station = client_context(old.ca, mine)
    async with serving(auth=Profile3(), tls=context) as site:

        async def gets_in() -> bool:
            try:
                async with charge_point(site.server.url, ssl=station) as connected:
                    await connected.v16.heartbeat()
                    return True
            except (OSError, Disconnected, HandshakeFailed):
                return False

        assert await gets_in()
        trusted.write_bytes(new.ca.read_bytes())
        context.reload()
        assert not await gets_in()
        mine.write_bytes(new.station("CP1").read_bytes())
        station.reload()
        assert await gets_in()


@pytest.mark.parametrize("changed", ["check_hostname", "verify_mode", "minimum_version"])
def test_the_station_verifies_the_server(authority: Authority, changed: str) -> None:
    context = client_context(authority.ca)
    safe = {"check_hostname": True, "verify_mode": ssl.CERT_REQUIRED, "minimum_version": ssl.TLSVersion.TLSv1_2}
    assert getattr(context, changed) == safe[changed]
    assert {each["name"] for each in context.get_ciphers() if each["protocol"] == "TLSv1.2"} == (
        OF_THE_DOCUMENTS | WITH_RSA
    )


def test_without_a_ca_the_systems_are_trusted() -> None:
    assert client_context().verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda a, t: server_context(t / "none.pem"), FileNotFoundError, "none.pem"),
        (lambda a, t: server_context(a.server(), t / "none.key"), FileNotFoundError, "none.key"),
        (lambda a, t: server_context(a.ca), ValueError, "expected a certificate and its key"),
        (lambda a, t: server_context(a.server("a"), a.server("b")), ValueError, "KEY_VALUES_MISMATCH"),
        (lambda a, t: server_context([]), ValueError, "cert: expected a file"),
        (lambda a, t: server_context([a.server()], []), ValueError, "key: expected one for each of 1"),
        (lambda a, t: server_context(a.server(), client_ca=t / "none.pem"), FileNotFoundError, "none.pem"),
        (lambda a, t: server_context(a.server(), client_ca=t / "text"), ValueError, "client_ca: .*text: expected"),
        (lambda a, t: client_context(t / "text"), ValueError, "ca: .*text: expected certificates"),
        (lambda a, t: client_context(a.server()), ValueError, "expected the certificate of a CA"),
        (lambda a, t: client_context(a.ca, t / "text"), ValueError, "text: expected a certificate and its key"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    authority: Authority, tmp_path: Path, make: Any, error: type[Exception], text: str
) -> None:
    (tmp_path / "text").write_text("-----BEGIN CERTIFICATE-----")
    with pytest.raises(error, match=text):
        make(authority, tmp_path)


@pytest.mark.parametrize("password", [None, "wrong", "right", b"right"])
def test_an_encrypted_key_is_never_asked_for(
    authority: Authority, tmp_path: Path, password: str | bytes | None
) -> None:
    server = authority.server()
    plain = serialization.load_pem_private_key(server.read_bytes(), None)
    key = tmp_path / "key.pem"
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"right"),
        )
    )
    if password in ("right", b"right"):
        server_context(server, key, password=password)
    else:
        with pytest.raises(ValueError, match="expected a certificate and its key"):
            server_context(server, key, password=password)
