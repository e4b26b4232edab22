"""Whatever handlers do, in whatever order calls come: each call gets its one answer, in its turn, and nothing mutes.

Scripts of calls are played to a connection, and what it sends is compared with a model that knows no connection.
"""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_fast import Policy

from .plays import FIRST, Play, Script, data_transfer

ANSWERS: Final = {
    "answer": "result",
    "raise": "InternalError",
    "cancel": "InternalError",
    "refuse": "GenericError",
    "break": "InternalError",
    "nothing": "InternalError",
    "mistake": "InternalError",
    "confuse": "InternalError",
    "arrive": "result",
    "after": "result",
    "watch": "result",
    "register": "result",
}
"""What a handler does, and what its call is answered with."""
INVALID: Final = {
    '"DataTransfer",{"vendorId":1}': "TypeConstraintViolation",
    '"DataTransfer",{}': "OccurenceConstraintViolation",
    '"DataTransfer",[]': "FormationViolation",
    '"Nonsense",{}': "NotImplemented",
}
"""What is wrong with a call of 1.6, and its error code."""
IGNORED: Final = [b"", b'[3,"none",{}]', b'[4,"none","GenericError","",{}]', b'[9,"1"]', b'[4,"none"]']

CALLS: Final = st.one_of(
    st.builds("{} {}".format, st.sampled_from(["now", "soon", "later"]), st.sampled_from(list(ANSWERS))),
    st.sampled_from(list(INVALID)),
)
BURSTS: Final = st.lists(CALLS | st.sampled_from(IGNORED), min_size=1, max_size=6)
STEPS: Final = st.lists(BURSTS | st.sampled_from(["turns", "call", "expect"]), min_size=1, max_size=6)


def framed(unique_id: str, what: str) -> tuple[bytes, str]:
    """Return a call, and what it is to be answered with."""
    if what in INVALID:
        return f'[2,"{unique_id}",{what}]'.encode(), INVALID[what]
    return data_transfer(unique_id, what), ANSWERS[what.partition(" ")[2]]


@settings(max_examples=60)
@given(
    STEPS,
    st.integers(1, 3),
    st.booleans(),
    st.frozensets(st.sampled_from(["on_frame", "on_any", "after later", "middleware"]), max_size=2),
)
def test_every_call_gets_one_answer_in_its_turn(
    steps: list[list[Any] | str], waiting: int, is_central: bool, hooks: frozenset[str]
) -> None:
    expected: list[tuple[str, str]] = []
    script: list[str | list[bytes]] = [[FIRST]]
    for step in steps:
        if isinstance(step, str):
            script.append(step)
            continue
        frames = []
        for each in step:
            if isinstance(each, bytes):
                frames.append(each)
                continue
            raw, answer = framed(f"c{len(expected)}", each)
            frames.append(raw)
            expected.append((f"c{len(expected)}", answer))
        script.append(frames)
    script += ["turns"] * (len(expected) + 2) + [[data_transfer("end", "now answer")], "turns"]
    policy = Policy(max_waiting_calls=waiting)
    play = Play(Script(script, is_central=is_central, policy=policy, hooks=hooks))
    asyncio.run(play.run(straight=True))

    sent = [json.loads(raw) for kind, raw, *_ in filter(is_sent, play.timeline)]
    answers = [(each[1], "result" if each[0] == 3 else each[2]) for each in sent if each[0] in (3, 4)]
    assert [each for each in answers if each[0].startswith("c")] == expected
    assert answers[-1] == ("end", "result")
    pauses = [each for each in play.timeline if each in ("paused", "resumed")]
    assert all(first != second for first, second in pairwise(pauses))
    assert pauses[-1:] in ([], ["resumed"])
    assert [each for each in play.timeline if each[0] == "close"][-1:] == [("close", 1001)]  # by the play itself


def is_sent(event: Any) -> bool:
    return isinstance(event, tuple) and event[0] == "sent"


@pytest.mark.parametrize("waiting", [1, 3])
def test_a_peer_that_sends_more_than_may_wait_is_not_read_until_its_calls_are_answered(waiting: int) -> None:
    calls = [data_transfer(f"c{number}", "later answer") for number in range(3 * waiting)]
    play = Play(Script([[FIRST], calls, *["turns"] * len(calls)], policy=Policy(max_waiting_calls=waiting)))
    asyncio.run(play.run(straight=True))
    answered = [json.loads(raw)[1] for _, raw in filter(is_sent, play.timeline)]
    assert answered[-len(calls) :] == [f"c{number}" for number in range(3 * waiting)]
    first = play.timeline.index("paused")
    assert sum(is_sent(each) for each in play.timeline[first : play.timeline.index("resumed")]) >= 1
