"""Security profiles 2 and 3: TLS, and certificates that name stations (R35)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import (
    BasicAuth,
    ChargePoint,
    ClientCertificate,
    Disconnected,
    Event,
    Handshake,
    HandshakeFailed,
    HandshakeRefused,
    Limit,
    LimitReached,
    NoAuth,
    Profile2,
    Profile3,
    Profiles,
    Station,
    client_context,
    identity_of,
    server_context,
    v16,
    v201,
)

from ..authority import Authority
from .exchanges import BOOTED, broken
from .harness import HEARTBEAT, Site, on_one_loop, scenario, serving, until
from .refusals import credentials, refused, serves
from .scripted_server import charge_point


@asynccontextmanager
async def secured(authority: Authority, auth: Any, *, require: bool = True, **options: Any) -> AsyncIterator[Site]:
    """A central system over TLS that asks for certificates."""
    context = server_context(authority.server(), client_ca=authority.ca, require_client=require)
    async with serving(auth=auth, tls=context, **options) as site:
        yield site


def station_of(
    site: Site, authority: Authority, certificate: Path | None, identity: str = "CP1", **options: Any
) -> ChargePoint:
    context = client_context(authority.ca, () if certificate is None else certificate)
    return charge_point(site.server.url, identity, ssl=context, **options)


async def outcome(station: ChargePoint) -> str:
    """What becomes of a station that connects and calls: "in", an HTTP status, or "TLS"."""
    try:
        async with station:
            assert await station.v16.heartbeat() == HEARTBEAT
            return "in"
    except HandshakeFailed as error:
        return "TLS" if error.status is None else str(error.status)
    except (OSError, Disconnected):
        return "TLS"


def in_tenant(path: str, headers: Any) -> tuple[str, str] | None:
    identity = identity_of(path)
    return None if identity is None else ("acme", identity)


# Profile 3


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        (["CP1"], {}, "in"),
        (["other"], {"serial": "CP1"}, "in"),
        (["other"], {"names": ["x.example", "CP1"]}, "in"),
        (["other"], {"organization": "CP1"}, "403"),
        (["CP2"], {}, "403"),
        (["cp1"], {}, "403"),
        (["CP1 "], {}, "403"),
        (["CP11"], {}, "403"),
        (["CN=CP1"], {}, "403"),
        (["CP1/CN=CP1"], {}, "403"),
        ([], {"organization": "acme"}, "403"),
        (["*"], {"names": ["*"]}, "403"),
        (["CP1"], {"expired": True}, "TLS"),
    ],
    ids=str,
)
@scenario
async def test_R35_a_certificate_is_that_of_the_identity_exactly(
    authority: Authority, names: Sequence[str], options: dict[str, Any], expected: str
) -> None:
    certificate = authority.station(*names, **options)
    async with secured(authority, Profile3()) as site:
        assert await outcome(station_of(site, authority, certificate)) == expected
        await until(lambda: len(site.central) == 0)


@scenario
async def test_R35_nobody_comes_without_a_certificate_of_the_ca(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path).station("CP1")
    for require in (True, False):
        async with secured(authority, Profile3(), require=require) as site:
            assert await outcome(station_of(site, authority, stranger)) == "TLS"
            expected = "TLS" if require else "403"
            assert await outcome(station_of(site, authority, None, password=b"p")) == expected
    async with serving(auth=Profile3()) as site:
        assert await refused(site, "/CP1", headers=[credentials(b"CP1:p")]) == [403]


@pytest.mark.parametrize(
    ("organizations", "organization", "expected"),
    [
        ([], None, "in"),
        (["Acme", "Other"], "Acme", "in"),
        (["Acme"], "ACME", "403"),
        (["Acme"], None, "403"),
        ({"": ["Acme"]}, "Acme", "in"),
        ({"acme": ["Acme"]}, "Acme", "403"),
    ],
)
@on_one_loop
async def test_R35_the_organization_is_one_of_a_list(
    authority: Authority, organizations: Any, organization: str | None, expected: str
) -> None:
    certificate = authority.station("CP1", organization=organization)
    async with secured(authority, ClientCertificate(organizations)) as site:
        assert await outcome(station_of(site, authority, certificate)) == expected


@pytest.mark.parametrize(
    ("organizations", "name", "organization", "expected"),
    [
        ((), "CP1", "Acme", "403"),
        ((), "acme/CP1", None, "in"),
        ((), "other/CP1", None, "403"),
        ({"acme": ["Acme"]}, "CP1", "Acme", "in"),
        ({"acme": ["Acme"]}, "CP1", "Other", "403"),
        ({"other": ["Acme"]}, "CP1", "Acme", "403"),
    ],
)
@on_one_loop
async def test_R35_a_certificate_of_one_tenant_opens_no_other(
    authority: Authority, organizations: Any, name: str, organization: str | None, expected: str
) -> None:
    certificate = authority.station(name, organization=organization)
    async with secured(authority, Profile3(organizations), identify=in_tenant) as site:
        assert await outcome(station_of(site, authority, certificate)) == expected


@on_one_loop
async def test_what_a_certificate_names_is_told(authority: Authority) -> None:
    certificate = authority.station("A", "B", serial="S", organization="O", names=["D"])
    async with (
        secured(authority, NoAuth()) as site,
        station_of(site, authority, certificate),
    ):
        handshake = (await site.central.wait_connected("CP1")).handshake
        assert handshake.certificate_names == (("A", "B"), ("S",), ("O",), ("D",))
        assert handshake.certificate == ssl.PEM_cert_to_DER_cert(certificate.read_text().partition("-----BEGIN P")[0])


# The serial number of the BootNotification


@pytest.mark.parametrize(
    ("names", "serial", "check", "told", "lives"),
    [
        (["CP1"], None, True, "CP1", True),
        (["CP1"], None, True, None, True),
        (["CP1"], None, True, "SN2", False),
        (["CP1"], None, False, "SN2", True),
        (["CP1"], "SN1", True, "SN1", True),
        (["CP1"], "SN1", True, "CP1", False),
        (["SN1"], "CP1", True, "SN1", False),
    ],
)
@pytest.mark.parametrize("straight", [False, True])
@on_one_loop
async def test_R35_a_serial_number_that_contradicts_the_certificate_ends_the_connection(
    authority: Authority,
    names: Sequence[str],
    serial: str | None,
    check: bool,
    told: str | None,
    lives: bool,
    straight: bool,
) -> None:
    handled: list[object] = []
    events: list[Event] = []
    async with secured(authority, Profile3(check_serial=check)) as site:

        @site.central.on(v16.BootNotificationRequest)
        def boot(_: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
            handled.append(request)
            return BOOTED

        site.central.on_event(events.append)
        ended: list[tuple[int | None, str]] = []
        site.central.on_disconnect(lambda station: ended.append((station.close_code, station.close_reason)))
        request = v16.BootNotificationRequest(
            charge_point_vendor="V", charge_point_model="M", charge_point_serial_number=told
        )
        async with station_of(site, authority, authority.station(*names, serial=serial)) as station:
            if straight:  # the second one goes straight to the handler
                await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
                assert site.central._runtime.straight
            if lives:
                assert await station.call(request) == BOOTED
                assert await station.v16.heartbeat() == HEARTBEAT
            else:
                with pytest.raises(Disconnected):
                    await station.call(request)
                await until(lambda: ended)
                assert ended[0] == (1008, "the serial number is not that of the certificate")
    limits = [each.limit for each in events if isinstance(each, LimitReached)]
    assert limits == ([] if lives else [Limit.SERIAL_NUMBER])
    assert len(handled) == straight + lives


@on_one_loop
async def test_R35_the_serial_number_of_2_x_is_compared_too(authority: Authority) -> None:
    async with secured(authority, Profile3()) as site:
        site.central.on(v201.BootNotificationRequest)(broken)
        station = ChargePoint(
            "CP1",
            site.server.url,
            versions=[v201],
            ssl=client_context(authority.ca, authority.station("CP1")),
        )
        async with station:
            kind = v201.ChargingStationType(model="M", vendor_name="V", serial_number="SN2")
            with pytest.raises(Disconnected):
                await station.v201.boot_notification(charging_station=kind, reason=v201.BootReasonEnumType.POWER_UP)


# Profile 2, and both on one address


@scenario
async def test_R35_profile_2_looks_at_no_password_that_did_not_come_over_tls(authority: Authority) -> None:
    asked: list[str] = []

    def check(identity: str, password: bytes) -> bool:
        asked.append(identity)
        return True

    right = [credentials(b"CP1:p")]
    async with serving(auth=Profile2(check), trusted_proxies=["127.0.0.1"]) as site:
        assert await refused(site, "/CP1", headers=right) == [403]
        assert await refused(site, "/CP1", headers=[*right, "X-Forwarded-Proto: http"]) == [403]
        assert asked == []
        await serves(site, "/CP1", headers=[*right, "X-Forwarded-Proto: https"])
    async with serving(auth=Profile2(check)) as site:
        assert await refused(site, "/CP1", headers=[*right, "X-Forwarded-Proto: https"]) == [403]
    async with secured(authority, Profile2(check), require=False) as site:
        assert await outcome(station_of(site, authority, None, password=b"p")) == "in"


@scenario
async def test_R35_profiles_2_and_3_share_an_address_and_nobody_is_talked_down(authority: Authority) -> None:
    mine, others = authority.station("CP1"), authority.station("CP2")
    auth = Profiles(Profile2({"CP1": b"p"}), Profile3())
    async with secured(authority, auth, require=False) as site:
        for certificate, identity, password, expected in (
            (None, "CP1", b"p", "in"),
            (None, "CP1", b"wrong", "401"),
            (None, "CP1", None, "401"),
            (None, "CP2", b"p", "401"),  # who has a certificate has no password
            (mine, "CP1", None, "in"),
            (mine, "CP1", b"wrong", "in"),
            (others, "CP2", None, "in"),
            (others, "CP1", b"p", "403"),  # a right password does not mend a wrong certificate
        ):
            station = station_of(site, authority, certificate, identity, password=password)
            assert await outcome(station) == expected, (certificate, identity, password)
            await until(lambda: len(site.central) == 0)
    async with serving(auth=auth) as site:
        assert await refused(site, "/CP1", headers=[credentials(b"CP1:p")]) == [403]


@pytest.mark.parametrize(
    "auths",
    [
        (),
        (Profile3(),),
        (Profile3(), Profile3()),
        (Profile3(), NoAuth()),
        (Profile2({}), BasicAuth({})),
        (Profile2({}), Profile3(), Profile3()),
    ],
    ids=len,
)
def test_other_pairs_of_profiles_are_refused(auths: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="expected an auth of profile 3 and one of passwords"):
        Profiles(*auths)


def test_one_organization_is_to_be_a_list() -> None:
    with pytest.raises(TypeError, match=r"expected a list, such as \['Acme'\]"):
        ClientCertificate("Acme")


def test_without_the_names_of_a_certificate_nobody_is_let_in() -> None:
    """An ASGI server tells none."""
    handshake = Handshake("CP1", "/CP1", Headers(), certificate=b"DER", secure=True)
    with pytest.raises(HandshakeRefused, match="it is not known whom it names"):
        Profile3().authenticate(handshake)
