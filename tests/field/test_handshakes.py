"""Each habit before the first message: who turns it away by default, what serves it, and what is told of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ocpp_fast import Event, NoAuth, Policy, Refusal, VersionAssumed, v16, v201

from ..aio.exchanges import lives
from ..aio.harness import HEARTBEAT_JSON, Site, central_system, on_one_loop, serving
from .handshakes import HANDSHAKES, HandshakeHabit

pytestmark = pytest.mark.once

each_habit = pytest.mark.parametrize("habit", HANDSHAKES, ids=lambda habit: habit.product)


def central_of(habit: HandshakeHabit, **options: Any) -> Any:
    """A central system of 1.6 and 2.0.1, and what its hooks of events are told."""
    given = {"versions": [v16, v201], "auth": habit.auth or NoAuth()} | options
    central = central_system(**given)
    central.on(v201.HeartbeatRequest)(lambda *_: v201.HeartbeatResponse.from_dict(HEARTBEAT_JSON))
    told: list[Event] = []
    central.on_event(told.append)
    return central, told


async def is_let_in(site: Site, habit: HandshakeHabit) -> None:
    peer = await site.tcp()
    peer.write(habit.sent)
    answer = await peer.http_answer()
    assert (answer.status, answer.headers.get("sec-websocket-protocol")) == (101, habit.answered)
    station = await site.central.wait_connected(habit.identity)
    assert station.version is habit.version.VERSION
    await lives(peer)


@each_habit
@on_one_loop
async def test_without_an_option_it_is_turned_away_or_let_in(habit: HandshakeHabit) -> None:
    central, told = central_of(habit)
    async with serving(central) as site:
        if habit.strict is None:
            await is_let_in(site, habit)
            assert told == []
        else:
            status, reason = habit.strict
            answer = await site.http(habit.sent)
            assert answer.status == status
            (refusal,) = told
            assert isinstance(refusal, Refusal)
            assert (refusal.status, refusal.reason) == (status, reason)


@pytest.mark.parametrize(
    "habit", [each for each in HANDSHAKES if each.strict and each.is_served], ids=lambda habit: habit.product
)
@on_one_loop
async def test_its_options_serve_it_and_an_assumed_version_is_told(habit: HandshakeHabit) -> None:
    central, told = central_of(habit, **habit.options)
    if habit.hook is not None:
        central.on_upgrade(habit.hook)
    async with serving(central) as site:
        await is_let_in(site, habit)
        assumed = [(each.id, each.version, each.offered) for each in told if isinstance(each, VersionAssumed)]
        number = habit.version.VERSION.number
        assert assumed == ([] if habit.offered is None else [(habit.identity, number, habit.offered)])
        assert len(told) == len(assumed)


@on_one_loop
async def test_a_jigu_wegood_is_left_without_the_close_frame_after_which_it_does_not_come_back() -> None:
    """https://github.com/lbbrhzn/ocpp/issues/1975"""
    async with serving(policy=Policy(close_frames=False)) as site:
        peer, station = await site.station()
        await site.peer("/CP1")
        assert await peer.frame() is None
        assert station.close_code == 1006


def test_each_handshake_has_a_source_and_a_name() -> None:
    assert len({each.product for each in HANDSHAKES}) == len(HANDSHAKES)
    source = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+")
    assert all(source.fullmatch(each.source) for each in HANDSHAKES)
