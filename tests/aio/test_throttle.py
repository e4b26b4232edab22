"""Wrong passwords are throttled by source and identity; a right one from elsewhere gets in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import BasicAuth, Event, Handshake, Limit, LimitReached, Refusal
from ocpp_fast.aio import throttle as module
from ocpp_fast.aio.throttle import SECONDS, Throttle

from .exchanges import afterwards
from .harness import Site, on_one_loop, scenario, serving, until
from .peer import handshake_bytes
from .refusals import credentials, serves

WRONG = credentials(b"CP1:wrong")
RIGHT = credentials(b"CP1:p")
KEY = ("192.0.2.1", "CP1")


class Counting:
    """A check that counts what it verifies; `fails` makes it raise."""

    def __init__(self) -> None:
        self.verified = 0
        self.fails = False

    def __call__(self, identity: str, password: bytes) -> bool:
        self.verified += 1
        if self.fails:
            raise OSError("the database is away")
        return password == b"p"


async def statuses(site: Site, times: int, *headers: str, path: str = "/CP1") -> list[int]:
    return [(await site.http(handshake_bytes(path, headers=[*headers]))).status for _ in range(times)]


@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_after_ten_wrong_passwords_no_more_are_verified_but_from_elsewhere(later: bool) -> None:
    check, told = Counting(), list[Event]()
    async with serving(auth=BasicAuth(afterwards(check) if later else check), trusted_proxies=["127.0.0.1"]) as site:
        site.central.on_event(told.append)
        assert await statuses(site, 12, WRONG) == [401] * 10 + [429] * 2
        assert await statuses(site, 1, RIGHT) == [429]
        assert check.verified == 10
        assert await statuses(site, 1, credentials(b"CP2:wrong"), path="/CP2") == [401]
        for address in ("192.0.2.1", "2001:db8::1"):  # as a trusted proxy says
            await serves(site, headers=[f"X-Forwarded-For: {address}", RIGHT], path="/CP1")
    (limit,) = [each for each in told if isinstance(each, LimitReached)]
    assert (limit.limit, limit.id) == (Limit.WRONG_PASSWORDS, "CP1")
    assert limit.remote_address is not None
    assert limit.remote_address[0] == "127.0.0.1"
    reasons = [each.reason for each in told if isinstance(each, Refusal)]
    assert reasons.count("too many wrong passwords") == 3


@scenario
async def test_tries_at_once_are_throttled_and_the_station_gets_in_each_time() -> None:
    check = Counting()
    async with serving(auth=BasicAuth(afterwards(check)), trusted_proxies=["127.0.0.1"]) as site:
        for _ in range(5):
            attackers = [await site.asking(headers=["X-Forwarded-For: 192.0.2.66", WRONG]) for _ in range(50)]
            await serves(site, "/CP1", headers=["X-Forwarded-For: 192.0.2.1", RIGHT])
            assert {(await each.http_answer()).status for each in attackers} <= {401, 429}
    assert check.verified == 10 + 5


@on_one_loop
async def test_neighbours_of_an_ipv6_network_are_one_source() -> None:
    async with serving(auth=BasicAuth({"CP1": b"p"}), trusted_proxies=["127.0.0.1"]) as site:
        tries = [await statuses(site, 1, f"X-Forwarded-For: 2001:db8::{each}", WRONG) for each in range(1, 12)]
        assert tries == [[401]] * 10 + [[429]]
        assert await statuses(site, 1, "X-Forwarded-For: 2001:db8:0:1::1", WRONG) == [401]


@on_one_loop
async def test_only_passwords_that_were_verified_and_wrong_count(caplog: pytest.LogCaptureFixture) -> None:
    check = Counting()
    async with serving(auth=BasicAuth(check), password_tries=2) as site:
        assert await statuses(site, 5) == [401] * 5  # without any
        check.fails = True
        assert await statuses(site, 5, RIGHT) == [500] * 5
        check.fails = False
        for _ in range(3):
            assert await statuses(site, 1, WRONG) == [401]
            assert await statuses(site, 1, RIGHT) == [101]
        assert await statuses(site, 3, WRONG) == [401, 401, 429]
    caplog.clear()


@on_one_loop
async def test_password_tries_0_is_off() -> None:
    async with serving(auth=BasicAuth({"CP1": b"p"}), password_tries=0) as site:
        assert await statuses(site, 15, WRONG) == [401] * 15


@on_one_loop
async def test_who_leaves_before_the_verdict_has_used_a_try() -> None:
    asked: list[str] = []

    async def check(identity: str, password: bytes) -> bool:
        asked.append(identity)
        await asyncio.get_running_loop().create_future()
        return True

    async with serving(auth=BasicAuth(check), password_tries=2) as site:
        for number in (1, 2):
            peer = await site.asking(headers=[WRONG])
            await until(lambda number=number: len(asked) == number)  # type: ignore[misc]  # a default binds it now
            peer.abort()
        assert await statuses(site, 1, RIGHT) == [429]


# Its table


def test_a_try_comes_back_every_30_seconds() -> None:
    throttle = Throttle(10)
    assert [throttle.take(KEY, 100.0) for _ in range(12)] == [True] * 10 + [False] * 2
    taken = [throttle.take(KEY, 100.0 + each) for each in range(1, 1000)]
    assert sum(taken) == 999 // SECONDS
    assert [throttle.take(KEY, 100.0 + 1000 + 10 * SECONDS) for _ in range(11)] == [True] * 10 + [False]


def test_it_forgets_what_was_right_and_whom_it_saw_the_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    throttle = Throttle(1)
    for each in "abcd":
        assert throttle.take(("", each), 0.0)
    assert [throttle.is_exhausted(("", each), 0.0) for each in "abcd"] == [False, True, True, True]
    throttle.clear(("", "d"))
    assert throttle.take(("", "d"), 0.0)
    throttle.give_back(("", "d"))
    assert throttle.take(("", "d"), 0.0)
    assert not throttle.take(("", "d"), 0.0)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1), "::ffff:192.0.2.1"),
        (("2001:db8::5:1", 1), "2001:db8::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("unix:/run/socket", 0), "unix:/run/socket"),
        (None, ""),
    ],
)
def test_what_a_handshake_counts_for(address: tuple[str, int] | None, source: str) -> None:
    def handshake(*headers: tuple[str, str]) -> Handshake:
        return Handshake("CP1", "/CP1", Headers([*headers]), tenant="acme", remote_address=address)

    assert Throttle(1).key(handshake(("authorization", "Basic"))) == (source, "acme/CP1")
    assert Throttle(1).key(handshake()) is None
    assert Throttle(0).key(handshake(("authorization", "Basic"))) is None


@pytest.mark.parametrize("tries", [-1, 1.5, True, None])
def test_unusable_numbers_of_tries_are_refused(tries: Any) -> None:
    with pytest.raises(ValueError, match="password_tries: expected a number"):
        Throttle(tries)
