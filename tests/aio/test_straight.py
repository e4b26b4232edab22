"""The straight way of a call is a shorter one, and no other: the same script with it and without.

It is played to a connection of either side whose frames are noted, once as it is and once with every call on the
general way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_fast import Policy

from .plays import FIRST, HEARTBEAT, MODULES, Play, Script, data_transfer

STREAM: Final = {"data": [{"t": 0, "v": "1"}], "id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z"}


def boot(number: str, status: str) -> bytes:
    of: dict[str, Any] = {"chargePointVendor": "V", "chargePointModel": status}
    if number == "2.1":
        of = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": status}}
    return json.dumps([2, "boot", "BootNotification", of]).encode()


DEEDS: Final = [name.removeprefix("_do_") for name in vars(Play) if name.startswith("_do_") and name != "_do_later"]
INVALID: Final = [
    b"",
    b"[",
    b"{}",
    b"[2]",
    b'[9,"1"]',
    b'[2,"1","Nonsense",{}]',
    b'[2,"1","DataTransfer",{}]',
    b'[2,"1","DataTransfer",{"vendorId":1}]',
    b'[2,"1","Authorize",{"idTag":"x"}]',
    b'[2,"","DataTransfer",{"vendorId":"V"}]',
    b'[5,"1","InternalError","",{}]',
    b'[6,"1","DataTransfer",{"vendorId":"V"}]',
]
ANSWERS: Final = [
    b'[3,"own-%d",{"status":"Accepted"}]',
    b'[3,"own-%d",{}]',
    b'[4,"own-%d","GenericError","",{}]',
    *(
        b'[3,"own-%%d",{"currentTime":"2026-01-01T00:00:00Z","interval":60,"status":"%b"}]' % status
        for status in (b"Accepted", b"Pending", b"Rejected")
    ),
]
HOOKS: Final = [
    "on_connect",
    "on_connect later",
    "on_frame",
    "on_any",
    "after",
    "after later",
    "middleware",
    "error",
]
USER: Final = ["turns", "turns", "turns", "call", "boot", "expect", "watch", "close", "stop", "register", "frames"]


def messages(number: str, is_central: bool) -> st.SearchStrategy[bytes]:
    """Messages of the peer."""
    deeds = [deed for deed in DEEDS if deed != "notify" or (number == "2.1" and not is_central)]
    behaviours = st.builds("{} {}".format, st.sampled_from(["now", "now", "soon", "later"]), st.sampled_from(deeds))
    plain = st.builds(data_transfer, st.sampled_from("123456"), st.just("now answer") | behaviours)
    answers = st.builds(lambda answer, number: answer % number, st.sampled_from(ANSWERS), st.integers(1, 4))
    rare: list[st.SearchStrategy[bytes]] = [st.sampled_from(INVALID), answers]
    if is_central:
        rare += [
            st.builds(boot, st.just(number), st.sampled_from(["Accepted", "Pending", "Rejected", "nonsense"])),
            st.just(HEARTBEAT),
            st.just(b'[6,"s","NotifyPeriodicEventStream",%b]' % json.dumps(STREAM).encode()),
        ]
    return st.one_of(plain, plain, *rare)


POLICIES: Final = [
    Policy(),
    Policy(),
    Policy(max_waiting_calls=1, reveal_exceptions=True),
    Policy(repeat_window=60.0),
    Policy(lets_strangers=False),
    Policy(registration_gate=False),
    Policy(max_open_calls=2, answer_malformed=False),
]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Scripts whose first call would let the next ones go straight, if anything may."""
    number, is_central = draw(st.sampled_from(list(MODULES))), draw(st.booleans())
    arrivals = st.lists(messages(number, is_central), min_size=1, max_size=6)
    steps = draw(st.lists(arrivals | arrivals | st.sampled_from(USER), min_size=1, max_size=8))
    return Script(
        [[FIRST], *steps],
        number=number,
        is_central=is_central,
        policy=draw(st.sampled_from(POLICIES)),
        status=draw(st.sampled_from([None, "Accepted", "Accepted", "Pending", "Rejected"])),
        wants_context=draw(st.booleans()),
        hooks=draw(st.frozensets(st.sampled_from(HOOKS), max_size=2)),
    )


def played(script: Script, *, straight: bool) -> Play:
    play = Play(script)
    asyncio.run(play.run(straight=straight))
    return play


@settings(max_examples=300)
@given(scripts())
def test_calls_that_go_straight_are_handled_as_the_others_are(script: Script) -> None:
    general = played(script, straight=False)
    assert not general.goes_straight
    assert played(script, straight=True).timeline == general.timeline


@pytest.mark.parametrize("is_central", [True, False])
@pytest.mark.parametrize("number", MODULES)
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("when", ["now", "soon", "later"])
def test_each_deed_of_a_handler_on_either_way(number: str, is_central: bool, deed: str, when: str) -> None:
    if deed == "notify" and (number, is_central) != ("2.1", False):
        return
    calls = [data_transfer(f"{place}", f"{when} {deed}") for place in range(3)]
    answers = [answer % place for place, answer in enumerate(ANSWERS[:3], 1)]
    script = Script([[FIRST], calls[:1], calls[1:], "turns", answers, "turns", [FIRST], "turns"], number, is_central)
    assert played(script, straight=True).timeline == played(script, straight=False).timeline


@pytest.mark.parametrize("status", [None, "Accepted", "Pending", "Rejected"])
@pytest.mark.parametrize("number", MODULES)
def test_a_registration_on_either_way(number: str, status: str | None) -> None:
    boots = [boot(number, each) for each in ("Accepted", "Pending", "Accepted", "Accepted", "Rejected", "nonsense")]
    steps: list[str | list[bytes]] = [[FIRST], *([each, FIRST] for each in boots), boots, [FIRST]]
    script = Script(steps, number, status=status)
    general = played(script, straight=False).timeline
    assert [each[0] for each in general].count("store") == 10
    assert played(script, straight=True).timeline == general


@pytest.mark.parametrize("is_central", [True, False])
@pytest.mark.parametrize(
    ("straight", "steps", "hooks"),
    [
        (True, [], ()),
        (True, [], ("after", "error")),
        (True, [], ("middleware",)),
        (False, ["expect"], ()),
        (False, ["watch"], ()),
        (False, ["frames"], ()),
        (False, ["stop"], ()),
        (False, ["register"], ()),
        (False, [], ("on_frame",)),
        (False, [], ("on_any",)),
    ],
)
def test_what_takes_the_straight_way(
    is_central: bool, straight: bool, steps: Sequence[str], hooks: Sequence[str]
) -> None:
    """Or the tests above would compare the general way with itself."""
    script = Script([[FIRST], *steps], is_central=is_central, hooks=frozenset(hooks))
    assert played(script, straight=True).goes_straight is straight
