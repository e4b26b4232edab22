"""Before the first frame: identity and tenant, the user's hooks, and what is told of who is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import (
    LENIENT,
    BasicAuth,
    Handshake,
    HandshakeRefused,
    OcppError,
    Policy,
    Refusal,
    Verdict,
    identity_of,
    v16,
    v201,
)

from .harness import HEARTBEAT_JSON, Site, central_system, scenario, serving, until
from .peer import TEXT, frame_bytes, handshake_bytes
from .refusals import AuthOf, credentials, refused, serves


def later(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Make a function that answers at once answer later."""

    async def answer(*given: Any) -> Any:
        assert asyncio.current_task() is not None
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
            return function(*given)

    return answer


each_way = pytest.mark.parametrize("way", [lambda function: function, later], ids=["plain", "async"])


def by_tenant(path: str, headers: Any) -> tuple[str, str] | str | None:
    """The identity of `/tenant/identity`, or of `/identity`."""
    identity = identity_of(path)
    _, _, tenant = path.rpartition("/")[0].rpartition("/")
    return (tenant, identity) if identity and tenant else identity


# Identity and tenant


@each_way
@scenario
async def test_R32_stations_of_two_tenants_may_have_one_identity(way: Any) -> None:
    async with serving(identify=way(by_tenant)) as site:
        for path in ("/a/CP1", "/b/CP1", "/CP1"):
            await serves(site, path)
        assert sorted(station.id for station in site.central) == ["CP1", "a/CP1", "b/CP1"]
        station = site.central["a/CP1"]
        assert (station.tenant, station.identity, str(station)) == ("a", "CP1", "a/CP1")
        assert (site.central["CP1"].tenant, site.central["CP1"].identity) == (None, "CP1")
        with pytest.raises(OcppError, match="a/CP1: "):
            await station.v201.clear_cache()


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (None, 404),
        ("", 404),
        ("a/b", 404),
        (("", "CP1"), 404),
        (("a/b", "CP1"), 404),
        (("a", ""), 404),
        (("a", None), 404),
        (5, 500),
        ((5, "CP1"), 500),
        (("a", "b", "c"), 500),
    ],
)
@scenario
async def test_R32_what_identify_finds_is_checked(found: Any, status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(identify=lambda path, headers: found if path == "/x" else identity_of(path)) as site:
        assert await refused(site, "/x") == [status]
        await serves(site)
    caplog.clear()


@pytest.mark.parametrize(
    ("path", "identity"), [("/CP1/", "CP1"), ("/CP1", "CP1"), ("/a/CP1/?b", "CP1"), ("/CP1//", None), ("/", None)]
)
def test_R32_a_trailing_slash_can_be_tolerated(path: str, identity: str | None) -> None:
    assert partial(identity_of, trailing_slash=True)(path, Headers()) == identity


def test_who_was_authenticated_can_not_be_changed() -> None:
    handshake = Handshake("CP1", "/CP1", Headers(), tenant="a")
    for name in ("identity", "tenant", "id"):
        with pytest.raises(AttributeError):
            setattr(handshake, name, "CP2")


@each_way
@scenario
async def test_R34_basic_auth_of_tenants_is_asked_with_the_handshake(way: Any) -> None:
    def check(identity: str, password: bytes, handshake: Handshake) -> bool | None:
        return None if handshake.tenant is None else password == f"{handshake.tenant}:{identity}".encode()

    async with serving(identify=by_tenant, auth=BasicAuth(way(check))) as site:
        await serves(site, "/a/CP1", headers=[credentials(b"CP1:a:CP1")])
        answer = await site.http(handshake_bytes("/b/CP1", headers=[credentials(b"CP1:a:CP1")]))
        assert answer.status == 401


@scenario
async def test_R34_a_mapping_has_the_passwords_by_tenant_and_identity() -> None:
    async with serving(identify=by_tenant, auth=BasicAuth({"a/CP1": b"1", "b/CP1": b"2"})) as site:
        await serves(site, "/b/CP1", headers=[credentials(b"CP1:2")])
        answer = await site.http(handshake_bytes("/a/CP1", headers=[credentials(b"CP1:2")]))
        assert answer.status == 401


# The hooks


@each_way
@scenario
async def test_on_connecting_sets_the_state_and_the_policy_of_the_station(way: Any) -> None:
    central, seen = central_system(), []

    def connecting(handshake: Handshake) -> None:
        seen.append((handshake.id, len(central)))
        handshake.state = {"row": 7}
        handshake.policy = LENIENT

    central.on_connecting(way(connecting))
    central.on_connecting(lambda handshake: handshake.state.update(more=8))
    async with serving(central) as site:
        _, station = await site.station()
        assert seen == [("CP1", 0)]
        assert station.state == {"row": 7, "more": 8}
        assert station.policy is LENIENT
        station.state = None


@each_way
@scenario
async def test_on_connecting_comes_after_authentication_and_may_refuse(way: Any) -> None:
    verdicts = {"CP1": Verdict.UNAUTHORIZED}
    central, seen = central_system(auth=AuthOf(lambda handshake: verdicts.get(handshake.id, Verdict.ACCEPTED))), []

    def connecting(handshake: Handshake) -> None:
        seen.append(handshake.id)
        if handshake.id == "CP2":
            raise HandshakeRefused(HTTPStatus.FORBIDDEN, "the tenant has not paid")

    central.on_connecting(way(connecting))
    async with serving(central) as site:
        assert await refused(site, "/CP1", "/CP2") == [401, 403]
        await serves(site, "/CP3")
    assert seen == ["CP2", "CP3"]


@pytest.mark.parametrize("status", [0, 101, 200, 399, 600])
def test_a_refusal_has_the_status_of_an_error(status: int) -> None:
    with pytest.raises(ValueError, match=r"status: expected an HTTP status from 400 to 599"):
        HandshakeRefused(status)


@pytest.mark.parametrize("where", ["identify", "auth", "policy", "on_connecting"])
@each_way
@scenario
async def test_each_function_of_the_handshake_may_refuse_and_may_fail(
    way: Any, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    def raising(*given: Any) -> Any:
        path = given[0] if isinstance(given[0], str) else given[0].path
        raise HandshakeRefused(429) if path == "/CP1" else RuntimeError("on purpose")

    options: dict[str, Any] = {where: way(raising)} if where in ("identify", "policy") else {}
    if where == "auth":
        options["auth"] = AuthOf(way(raising))
    central = central_system(**options)
    if where == "on_connecting":
        central.on_connecting(way(raising))
    async with serving(central) as site:
        assert await refused(site, "/CP1", "/CP2") == [429, 500]
    assert [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR] != []
    caplog.clear()


@each_way
@scenario
async def test_policy_may_be_a_function_of_the_handshake(way: Any) -> None:
    def choose(handshake: Handshake) -> Policy:
        return Policy(max_open_calls=len(handshake.identity))

    async with serving(policy=way(choose)) as site:
        assert (await site.station("CP123"))[1].policy == Policy(max_open_calls=5)


@each_way
@scenario
async def test_what_is_no_policy_is_500(way: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(policy=way(lambda handshake: "lenient")) as site:
        assert await refused(site, "/CP1") == [500]
    caplog.clear()


@scenario
async def test_R51_a_policy_too_fine_for_the_version_is_500(caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(timespec="microseconds")
    async with serving(policy=lambda handshake: policy, versions=[v16, v201]) as site:
        assert await refused(site, "/CP1", subprotocols="ocpp2.0.1") == [500]
        assert (await site.station("CP2"))[1].policy == policy
    caplog.clear()


@scenario
async def test_who_has_left_while_it_was_decided_replaces_nobody() -> None:
    central, may_go = central_system(), asyncio.Event()
    waiting: list[Handshake] = []

    @central.on_connecting
    async def connecting(handshake: Handshake) -> None:
        if not waiting:
            waiting.append(handshake)
            await may_go.wait()

    async with serving(central) as site:
        first = await site.tcp()
        first.write(handshake_bytes("/CP1"))
        await until(lambda: waiting)
        first.abort()
        _, station = await site.station("CP1")
        may_go.set()
        await until(lambda: not central._runtime.tasks._tasks)
        assert central["CP1"] is station
        assert station.connected


@scenario
async def test_messages_right_behind_the_handshake_are_handled_when_it_is_decided() -> None:
    central = central_system()
    central.on_connecting(later(lambda handshake: None))
    async with serving(central) as site:
        peer = await site.tcp()
        call = frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]')
        peer.write(handshake_bytes("/CP1") + call + call[:7])
        assert (await peer.http_answer()).status == 101
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]
        peer.write(call[7:])
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]


@scenario
async def test_a_path_can_not_forge_lines_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp_fast")
    async with serving() as site:
        assert (await site.http(handshake_bytes("/a\x1b[2J\rforged/%2F" + "x" * 1000))).status == 400
    (line,) = (each.getMessage() for each in caplog.records if "refused" in each.getMessage())
    assert line.isprintable()
    assert len(line) < 300


# What is told of who is refused


async def nobody(site: Site) -> None:
    peer = await site.tcp()
    peer.abort()


@scenario
async def test_on_refused_is_told_of_every_handshake_that_came_to_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp_fast")
    told: list[Refusal] = []
    central = central_system(
        auth=BasicAuth({"CP1": b"1"}), duplicates="reject", refuse_unknown_subprotocols=True, open_timeout=0.3
    )
    central.on_refused(told.append)
    right = credentials(b"CP1:1")
    async with serving(central) as site:

        async def tell(request: bytes, status: int | None, reason: str, path: str, identity: str | None) -> None:
            peer = await site.tcp()
            peer.write(request)
            if status is not None:
                assert (await peer.http_answer()).status == status
            elif b"\r\n\r\n" in request:
                peer.abort()
            await until(lambda: told)
            refusal = told.pop()
            assert told == []
            assert refusal.status == status
            assert refusal.reason.startswith(reason)
            assert (refusal.path, refusal.id) == (path, identity)
            assert refusal.remote_address is not None
            assert refusal.remote_address[0] == "127.0.0.1"
            (record,) = (each for each in caplog.records if hasattr(each, "reason"))
            assert (record.reason, record.station, record.status) == (refusal.reason, identity, status)  # type: ignore[attr-defined]  # extra
            assert (record.peer, record.path) == (refusal.remote_address, path)  # type: ignore[attr-defined]  # extra
            caplog.clear()

        await tell(handshake_bytes("/"), 404, "the path names no station", "/", None)
        await tell(handshake_bytes("/a%2Fb"), 404, "the path names no", "/a%2Fb", None)
        await tell(handshake_bytes("/CP1?x"), 401, "there are no credentials of basic authentication", "/CP1?x", "CP1")
        other = handshake_bytes("/CP1", headers=[credentials(b"CP2:1")])
        await tell(other, 401, "the user name is not the identity", "/CP1", "CP1")
        unknown = handshake_bytes("/CP2", headers=[credentials(b"CP2:1")])
        await tell(unknown, 401, "there is no such station", "/CP2", "CP2")
        offers = handshake_bytes("/CP1", headers=[right], subprotocols="ocpp1.5, x")
        await tell(offers, 400, "no common subprotocol: it offers ocpp1.5, x", "/CP1", "CP1")
        await tell(
            b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 426, "the request asks for no WebSocket", "/health", None
        )
        await tell(b"GET /CP1 HTTP/1.1\r\n", None, "not complete within 0.3 s", "/CP1", None)
        no_key = handshake_bytes("/CP1", headers=[right]).replace(b"Sec-WebSocket-Key", b"X-Key")
        await tell(no_key, 400, "", "/CP1", "CP1")
        await nobody(site)
        await site.station(headers=[right])
        caplog.clear()
        again = handshake_bytes("/CP1", headers=[right])
        await tell(again, 409, "a station of this identity is connected already", "/CP1", "CP1")


@scenario
async def test_on_refused_is_told_of_one_without_a_version_and_of_one_who_left() -> None:
    told: list[Refusal] = []
    central = central_system()
    central.on_refused(told.append)
    async with serving(central) as site:
        peer = await site.tcp()
        peer.write(handshake_bytes("/CP1", subprotocols=None))
        assert (await peer.http_answer()).status == 101
        await until(lambda: told)
        assert (told[0].status, told[0].reason) == (101, "no common subprotocol: it offers none")
        leaving = await site.tcp()
        leaving.write(b"GET /CP2 HTTP/1.1\r\n")
        await leaving.writer.drain()
        leaving.writer.close()
        await until(lambda: len(told) == 2)
        assert (told[1].status, told[1].path) == (None, "/CP2")
