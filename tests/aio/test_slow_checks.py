"""Checks of passwords that are slow: in threads, remembered, and no quicker for a station that nobody knows (R33)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ocpp_fast import BasicAuth
from ocpp_fast.aio import slow_checks
from ocpp_fast.aio.slow_checks import Durations

from .exchanges import afterwards, broken
from .harness import on_one_loop, scenario, serving, until
from .refusals import credentials, refused, serves

RIGHT = [credentials(b"CP1:p")]
WRONG = [credentials(b"CP1:wrong")]


class Slow:
    """A check that takes as long as a test wants, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.password = b"p"
        self.running = 0
        self.most = 0
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def __call__(self, identity: str, password: bytes) -> bool | None:
        with self._lock:
            self.asked.append((identity, password))
            self.threads.add(threading.get_ident())
            self.running += 1
            self.most = max(self.most, self.running)
        self.gate.wait()
        with self._lock:
            self.running -= 1
        return None if identity == "nobody" else password == self.password


@pytest.fixture
def slow() -> Iterator[Slow]:
    check = Slow()
    yield check
    check.gate.set()


@scenario
async def test_the_event_loop_goes_on_while_a_bounded_number_of_threads_check(slow: Slow) -> None:
    async with serving(auth=BasicAuth(slow, threads=2), password_tries=0) as site:
        await serves(site, "/CP1", headers=RIGHT)
        slow.gate.clear()
        waiting = [await site.asking("/CP1", headers=WRONG) for _ in range(6)]
        await until(lambda: slow.running == 2)
        await serves(site, "/CP1", headers=RIGHT)  # it is remembered
        slow.gate.set()
        assert [(await each.http_answer()).status for each in waiting] == [401] * 6
    assert slow.most == 2
    assert threading.get_ident() not in slow.threads


@scenario
async def test_a_thread_is_not_held_by_who_has_left(slow: Slow) -> None:
    async with serving(auth=BasicAuth(slow, threads=1)) as site:
        slow.gate.clear()
        for _ in range(5):
            (await site.asking("/CP1", headers=WRONG)).abort()
        await until(lambda: slow.running == 1)
        waiting = await site.asking("/CP2", headers=[credentials(b"CP2:p")])
        slow.gate.set()
        assert (await waiting.http_answer()).status == 101
        await until(lambda: not slow.running)


@on_one_loop
async def test_the_last_right_password_is_remembered_until_the_check_says_no(slow: Slow) -> None:
    auth = BasicAuth(slow, threads=1)
    async with serving(auth=auth) as site:

        async def asks(headers: list[str], *, status: int) -> int:
            """How often the check is asked for a handshake."""
            before = len(slow.asked)
            assert (await (await site.asking("/CP1", headers=headers)).http_answer()).status == status
            return len(slow.asked) - before

        assert [await asks(RIGHT, status=101) for _ in range(3)] == [1, 0, 0]
        assert [await asks(WRONG, status=401) for _ in range(2)] == [1, 1]
        assert [await asks(RIGHT, status=101) for _ in range(2)] == [1, 0]
        auth.forget("CP1")
        slow.password = b"new"
        assert await asks(RIGHT, status=401) == 1
        assert await asks([credentials(b"CP1:new")], status=101) == 1
        assert await asks(RIGHT, status=401) == 1
    assert auth._slow is not None
    assert b"new" not in repr(auth._slow._remembered).encode()


@pytest.mark.parametrize("seconds", [0, 1e-9])
@on_one_loop
async def test_a_password_is_remembered_for_a_while_only(slow: Slow, seconds: float) -> None:
    async with serving(auth=BasicAuth(slow, threads=1, remember=seconds)) as site:
        for _ in range(3):
            await serves(site, "/CP1", headers=RIGHT)
    assert len(slow.asked) == 3


@on_one_loop
async def test_the_memory_of_passwords_is_bounded(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_checks, "_MOST_REMEMBERED", 2)
    async with serving(auth=BasicAuth(slow, threads=1)) as site:
        for identity in ("CP1", "CP2", "CP3", "CP3", "CP2", "CP1"):
            await serves(site, f"/{identity}", headers=[credentials(f"{identity}:p".encode())])
    assert [identity for identity, _ in slow.asked] == ["CP1", "CP2", "CP3", "CP1"]


@pytest.mark.parametrize("threads", [0, 1])
@scenario
async def test_R33_an_unknown_station_waits_for_as_long_as_others_are_checked(slow: Slow, threads: int) -> None:
    auth = BasicAuth(slow if threads else afterwards(slow), threads=threads)
    async with serving(auth=auth, open_timeout=0.3) as site:
        await auth._durations.settle(False, 60.0)  # a check has taken so long
        assert await refused(site, "/CP1", headers=WRONG) == [401]
        auth._durations._latest.pop()
        assert await refused(site, "/nobody", headers=[credentials(b"nobody:p")]) == [503]


@on_one_loop
async def test_the_first_unknown_station_waits_for_nobody() -> None:
    await Durations().settle(None, 0.0)


@scenario
async def test_a_slow_check_that_raises_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(auth=BasicAuth(broken, threads=1)) as site:
        assert await refused(site, "/CP1", headers=RIGHT) == [500]
    caplog.clear()


async def later(identity: str, password: bytes) -> bool:
    return True


@pytest.mark.parametrize(
    ("passwords", "options", "error"),
    [
        (later, {"threads": 1}, "threads: expected a plain function"),
        ({"CP1": b"p"}, {"threads": 1}, "threads: expected a plain function"),
        (print, {"threads": 1, "remember": -1}, "remember: expected seconds"),
        (print, {"threads": -1}, "max_workers"),
        (print, {"unknown_status": 403}, "unknown_status: expected 401 or 404"),
    ],
)
def test_unusable_arguments_are_refused(passwords: Any, options: dict[str, Any], error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        BasicAuth(passwords, **options)


def test_plain_checks_start_no_thread() -> None:
    before = threading.active_count()
    auth = BasicAuth(Slow(), threads=4)
    assert threading.active_count() == before
    auth.forget("CP1")
    asyncio.run(Durations().settle(True, 0.0))
