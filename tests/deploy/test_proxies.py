"""The configurations of nginx and HAProxy in `deploy` as they are, but for ports and paths: a station through each."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from ocpp_fast import (
    Auth,
    CentralSystem,
    ChargePoint,
    ClientCertificate,
    HandshakeFailed,
    HttpRequest,
    HttpResponse,
    Profile2,
    Server,
    Station,
    client_context,
    server_context,
    v16,
)

from ..authority import Authority
from ..cli.programs import PATIENCE, in_time
from ..sources import ROOT

STATION: Final = "127.0.0.2"
"""Where stations connect from; the proxies connect from 127.0.0.1."""
NGINX_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


def replaced(file: str, replacements: dict[str, str]) -> str:
    """A file of `deploy`, with each of these texts replaced by another."""
    text = (ROOT / "deploy" / file).read_text("utf-8")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, authority: Authority, listen: dict[str, int], behind: dict[str, int]) -> list[str]:
    """Write its configuration, and return its command."""
    pem = authority.server()
    paths = "".join(f"{each}_temp_path {folder}/{each};" for each in NGINX_TEMPORARY)
    text = replaced(
        "nginx.conf",
        {
            "listen 443 ssl": f"listen 127.0.0.1:{listen['stations']} ssl",
            "127.0.0.1:8887": f"127.0.0.1:{behind['central']}",
            "/etc/ocpp/certificate.pem": str(pem),
            "/etc/ocpp/key.pem": str(pem),
            "worker_processes auto;\nworker_rlimit_nofile 131072;": "worker_processes 1;",
            "worker_connections 65536": "worker_connections 64",
            "http {": f"http {{ {paths}",
        },
    )
    (folder / "nginx.conf").write_text(text, "utf-8")
    alone = f"daemon off; pid {folder}/pid; error_log stderr;"
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", alone]


def haproxy(folder: Path, authority: Authority, listen: dict[str, int], behind: dict[str, int]) -> list[str]:
    """Write its configuration, and return its command."""
    text = replaced(
        "haproxy.cfg",
        {
            "maxconn 65536": "maxconn 64",
            "bind :443": f"bind 127.0.0.1:{listen['stations']}",
            "bind :8443": f"bind 127.0.0.1:{listen['certificates']}",
            "127.0.0.1:8887": f"127.0.0.1:{behind['central']}",
            "127.0.0.1:8888": f"127.0.0.1:{behind['central_tls']}",
            "/etc/ocpp/certificate-and-key.pem": str(authority.server()),
        },
    )
    (folder / "haproxy.cfg").write_text(text, "utf-8")
    return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]


PROXIES: Final = {"nginx": nginx, "haproxy": haproxy}


@asynccontextmanager
async def running(command: list[str], port: int) -> AsyncIterator[None]:
    """A proxy, as soon as it listens; skips the test if it is not installed."""
    program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin")
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    process = await asyncio.create_subprocess_exec(program, *command[1:], stderr=asyncio.subprocess.PIPE)
    try:
        await _listens(process, port)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _listens(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                if process.returncode is not None:
                    assert process.stderr is not None
                    raise AssertionError((await process.stderr.read()).decode()) from None
                await asyncio.sleep(0)
            else:
                writer.close()
                return


@asynccontextmanager
async def proxied(name: str, authority: Authority, folder: Path, server: Server) -> AsyncIterator[tuple[int, int]]:
    """A proxy in front of a server; its ports for stations, and for those with certificates."""
    stations, certificates = free_ports(2)
    listen = {"stations": stations, "certificates": certificates}
    behind = {"central": server.port, "central_tls": server.port}
    async with running(PROXIES[name](folder, authority, listen, behind), stations):
        yield stations, certificates


def ready(request: HttpRequest) -> HttpResponse | None:
    """Say to a proxy that stations may come."""
    return HttpResponse(200) if request.path == "/readyz" else None


def central_of(auth: Auth) -> CentralSystem:
    central = CentralSystem(auth=auth, versions=[v16], trusted_proxies=["127.0.0.1"])

    @central.on(v16.DataTransferRequest)
    def echo(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=request.data)

    return central


def station(identity: str, port: int, context: ssl.SSLContext, password: bytes | None = None) -> ChargePoint:
    url = f"wss://127.0.0.1:{port}/ocpp"
    return ChargePoint(identity, url, versions=[v16], ssl=context, password=password, local_address=STATION)


@pytest.mark.parametrize("name", PROXIES)
@in_time
async def test_a_station_is_served_where_tls_ends_at_the_proxy_which_hands_its_address_on(
    name: str, authority: Authority, tmp_path: Path
) -> None:
    central = central_of(Profile2({"CP 1": b"a password of CP1"}))  # which asks whether it came by TLS
    trusting = client_context(authority.ca)
    async with central.serve(http=ready) as server, proxied(name, authority, tmp_path, server) as (stations, _):
        async with station("CP 1", stations, trusting, b"a password of CP1") as charge_point:
            at = central["CP 1"].handshake
            assert at.remote_address is not None
            assert (at.remote_address[0], at.secure, at.path) == (STATION, True, "/ocpp/CP%201")
            text = "€" * 10_000
            assert (await charge_point.v16.data_transfer(vendor_id="V", data=text)).data == text
        with pytest.raises(HandshakeFailed) as refused:
            await station("CP 1", stations, trusting, b"another password!").__aenter__()
        assert refused.value.status == 401


@pytest.mark.parametrize("name", PROXIES)
@in_time
async def test_what_a_client_says_of_its_address_is_not_handed_on(
    name: str, authority: Authority, tmp_path: Path
) -> None:
    central = central_of(Profile2({"CP1": b"a password of CP1"}))
    async with (
        central.serve(http=ready) as server,
        proxied(name, authority, tmp_path, server) as (stations, _),
        connect(
            f"wss://CP1:a%20password%20of%20CP1@127.0.0.1:{stations}/CP1",
            ssl=client_context(authority.ca),
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers={"X-Forwarded-For": "192.0.2.1, 127.0.0.1", "X-Forwarded-Proto": "http"},
            local_addr=(STATION, 0),
        ),
    ):
        at = (await central.wait_connected("CP1")).handshake
        assert at.remote_address is not None
        assert (at.remote_address[0], at.secure) == (STATION, True)


@in_time
async def test_a_stations_certificate_comes_through_haproxy_with_its_address_in_a_proxy_header(
    authority: Authority, tmp_path: Path
) -> None:
    central = central_of(ClientCertificate())
    context = server_context(authority.server(), client_ca=authority.ca, require_client=True)
    async with central.serve(ssl=context, proxy_protocol=True) as server:
        trusted = client_context(authority.ca, authority.station("CP1"))
        async with (
            proxied("haproxy", authority, tmp_path, server) as (_, certificates),
            station("CP1", certificates, trusted) as charge_point,
        ):
            at = central["CP1"].handshake
            assert at.remote_address is not None and at.certificate_names is not None
            assert (at.remote_address[0], at.certificate_names.common_names) == (STATION, ("CP1",))
            assert (await charge_point.v16.data_transfer(vendor_id="V", data="x")).data == "x"


def test_every_ping_comes_before_a_proxy_takes_the_connection_for_idle() -> None:
    for file, pattern in (("nginx.conf", r"proxy_read_timeout (\d+)s"), ("haproxy.cfg", r"timeout tunnel (\d+)s")):
        (seconds,) = re.findall(pattern, (ROOT / "deploy" / file).read_text("utf-8"))
        assert int(seconds) > 2 * 60  # a ping, and its pong or the next one
