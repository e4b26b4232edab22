"""Who may connect: basic authentication, and what hooks may do wrong (R33, R34)."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from ocpp_fast import BasicAuth, Handshake, NoAuth, Verdict

from .exchanges import afterwards, broken, broken_later, cancelled_later
from .harness import comings_and_goings, on_one_loop, scenario, serving
from .peer import handshake_bytes
from .refusals import AuthOf, credentials, refused, serves

# credentials

OLD_KEY = bytes.fromhex("0001020304050607" + "FF" * 12)


def check_now(identity: str, password: bytes) -> bool | None:
    return {"AL1000": OLD_KEY, "CP1": b"p"}.get(identity) == password if identity in ("AL1000", "CP1") else None


EACH_CHECK = pytest.mark.parametrize("passwords", [{"AL1000": OLD_KEY, "CP1": b"p"}, check_now, afterwards(check_now)])
Passwords = dict[str, bytes] | Callable[[str, bytes], "bool | Awaitable[bool | None] | None"]


@EACH_CHECK
@scenario
async def test_R34_a_station_with_its_key_is_let_in(passwords: Passwords) -> None:
    async with serving(auth=BasicAuth(passwords)) as site:
        await serves(site, "/AL1000", headers=["Authorization: Basic QUwxMDAwOgABAgMEBQYH////////////////"])
        assert "AL1000" in site.central


@EACH_CHECK
@pytest.mark.parametrize(
    "given",
    [
        [],
        *([credentials(each)] for each in (b"CP1:wrong", b"CP1:", b"CP1", b"CP2:p", b"cp1:p", b":p", b"CP1:p\0")),
        [credentials(b"CP1:p"), credentials(b"CP1:p")],
        *([f"Authorization: {each}"] for each in ("", "Bearer Q1AxOnA=", "Basic", "Basic " + "A" * 7000)),
        *([f"Authorization: Basic {each}"] for each in ("!!!", "Q1AxOnA", "Q1Ax OnA=", "\xff\xfe")),
    ],
    ids=lambda given: str(given)[:40],
)
@scenario
async def test_R33_wrong_credentials_are_401(passwords: Passwords, given: list[str]) -> None:
    async with serving(auth=BasicAuth(passwords)) as site:
        told = comings_and_goings(site.central)
        answer = await site.http(handshake_bytes("/CP1", headers=given))
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert len(site.central) == 0
        assert told == []
        await serves(site, "/CP1", headers=[credentials(b"CP1:p")])


@EACH_CHECK
@on_one_loop
async def test_R33_an_unknown_station_is_answered_as_a_wrong_password_is(passwords: Passwords) -> None:
    async with serving(auth=BasicAuth(passwords)) as site:
        reasons: list[str] = []
        site.central.on_refused(lambda refusal: reasons.append(refusal.reason))
        answers = [
            await site.http(handshake_bytes(f"/{each}", headers=[credentials(f"{each}:x".encode())]))
            for each in ("CP1", "CP2")
        ]
        wrong, unknown = [replace(each, headers={**each.headers, "date": ""}) for each in answers]
        assert wrong == unknown
        assert wrong.status == 401
        assert reasons == ["the credentials are wrong", "there is no such station"]


@EACH_CHECK
@on_one_loop
async def test_R33_unknown_status_tells_an_unknown_station(passwords: Passwords) -> None:
    async with serving(auth=BasicAuth(passwords, unknown_status=404)) as site:
        assert await refused(site, "/CP2", headers=[credentials(b"CP2:p")]) == [404]
        assert await refused(site, "/CP1", headers=[credentials(b"CP1:x")]) == [401]


@scenario
async def test_R34_password_may_hold_any_byte_and_the_scheme_any_case() -> None:
    every_byte = bytes(range(256)) + b"::"
    async with serving(auth=BasicAuth({"CP1": every_byte, "CP2": b"p", "Zürich": b""})) as site:
        await serves(site, "/CP1", headers=[credentials(b"CP1:" + every_byte)])
        await serves(site, "/CP2", headers=["authorization: bAsIc  Q1AyOnA= "])
        await serves(site, "/Z%C3%BCrich", headers=[credentials("Zürich:".encode())])


BREAKAGES: dict[str, Any] = {
    "no verdict": AuthOf(lambda _: True),
    "no verdict, later": AuthOf(lambda _: None, later=True),
    "check raises": BasicAuth(broken),
    "async check raises": BasicAuth(broken_later),
    "passwords are no bytes": BasicAuth(UserDict[str, Any](CP1="p")),
}


@pytest.mark.parametrize("auth", BREAKAGES.values(), ids=BREAKAGES)
@scenario
async def test_broken_auth_is_500_and_the_server_lives(auth: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(auth=auth) as site:
        assert await refused(site, "/CP1", "/CP1", headers=[credentials(b"CP1:p")]) == [500, 500]
        site.central._runtime.auth = NoAuth()
        await serves(site)
    assert {each.name for each in caplog.records if each.levelname == "ERROR"} == {"ocpp_fast"}
    caplog.clear()


@scenario
async def test_cancelled_auth_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(auth=AuthOf(cancelled_later)) as site:
        assert await refused(site, "/CP1", "/CP2") == [500, 500]
    assert "CP1: the handshake failed" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(Verdict.UNKNOWN, 404), (Verdict.CONCEALED, 401), (Verdict.UNAUTHORIZED, 401), (Verdict.ACCEPTED, 101)],
)
@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_auth_of_ones_own(verdict: Verdict, status: int, later: bool) -> None:
    def decide(handshake: Handshake) -> Verdict:
        assert handshake.headers["X-Test"] == "yes"
        assert handshake.remote_address is not None
        assert handshake.remote_address[0] == "127.0.0.1"
        return verdict

    async with serving(auth=AuthOf(decide, later=later)) as site:
        peer = await site.asking(headers=["X-Test: yes"])
        assert (await peer.http_answer()).status == status
