"""One timer for many things that take the same time, and pings that each station may want in its own interval."""

from __future__ import annotations

import asyncio
from typing import Any

from ocpp_fast import Handshake, Policy
from ocpp_fast.aio.timeouts import Timeouts

from .harness import on_one_loop, scenario, serving, until
from .peer import PING, PONG

SHORT = 0.01


def noted(seconds: float) -> tuple[Timeouts[int], list[tuple[int, Any]]]:
    """Timeouts, and what they have told of."""
    late: list[tuple[int, Any]] = []
    return Timeouts(asyncio.get_running_loop(), seconds, lambda *each: late.append(each)), late


def timers() -> int:
    loop: Any = asyncio.get_running_loop()
    return sum(not each.cancelled() for each in loop._scheduled)


@on_one_loop
async def test_what_was_not_stopped_is_told_of_in_order_with_its_note() -> None:
    timeouts, late = noted(SHORT)
    for number in range(5):
        timeouts.start(number, f"note {number}")
    timeouts.stop(2)
    timeouts.stop(2)
    assert [*timeouts] == [0, 1, 3, 4]
    assert (1 in timeouts, 2 in timeouts) == (True, False)
    await until(lambda: len(late) == 4)
    assert late == [(number, f"note {number}") for number in (0, 1, 3, 4)]
    assert [*timeouts] == []


@on_one_loop
async def test_what_begins_anew_is_told_of_last_and_once() -> None:
    timeouts, late = noted(SHORT)
    for number in (1, 2, 1):
        timeouts.start(number, number)
    await until(lambda: len(late) == 2)
    assert late == [(2, 2), (1, 1)]


@on_one_loop
async def test_a_note_may_grow_and_the_order_stays() -> None:
    timeouts, late = noted(SHORT)
    for number in (1, 2):
        timeouts.start(number, 10)
    timeouts.add(1, 5)
    timeouts.add(3, 5)
    await until(lambda: len(late) == 2)
    assert late == [(1, 15), (2, 10)]


@on_one_loop
async def test_all_share_one_timer_and_there_is_none_without_them() -> None:
    before = timers()
    timeouts, late = noted(60.0)
    assert timers() == before
    for number in range(100):
        timeouts.start(number)
    assert timers() == before + 1
    timeouts.close()
    assert (timers(), [*timeouts], late) == (before, [], [])


@on_one_loop
async def test_no_more_than_twenty_are_told_of_in_one_turn() -> None:
    timeouts, late = noted(0.0)
    for number in range(50):
        timeouts.start(number)
    counts = []
    while len(late) < 50:
        await asyncio.sleep(0)
        counts.append(len(late))
    assert {20, 40, 50} <= set(counts)
    assert set(counts) <= {0, 20, 40, 50}


@on_one_loop
async def test_who_is_told_may_begin_and_stop_others() -> None:
    late: list[int] = []

    def ring(each: int, _: object) -> None:
        late.append(each)
        if each == 1:
            timeouts.stop(2)
            timeouts.start(4)

    timeouts: Timeouts[int] = Timeouts(asyncio.get_running_loop(), SHORT, ring)
    for number in (1, 2, 3):
        timeouts.start(number)
    await until(lambda: 4 in late)
    assert late == [1, 3, 4]


@scenario
async def test_R38_each_station_may_have_its_own_interval_of_pings() -> None:
    intervals = {"never": 0.0, "often": 0.05, "as all": None}

    def policy(handshake: Handshake) -> Policy:
        return Policy(ping_interval=intervals[handshake.id.replace("-", " ")])

    async with serving(policy=policy, ping_interval=0.2) as site:
        peers = {name: await site.peer(f"/{name}") for name in ("never", "often", "as-all")}
        pings = dict.fromkeys(peers, 0)
        pings_enough = asyncio.Event()

        async def read(name: str) -> None:
            while (frame := await peers[name].frame()) is not None:
                assert frame.opcode == PING
                peers[name].send_frame(PONG, frame.payload)
                pings[name] += 1
                if pings["as-all"] == 2:
                    pings_enough.set()

        readers = [asyncio.create_task(read(name)) for name in peers]
        await pings_enough.wait()
        for each in readers:
            each.cancel()
        await asyncio.wait(readers)
        assert len(site.central) == 3
        assert pings["never"] == 0
        assert pings["often"] > pings["as-all"]
