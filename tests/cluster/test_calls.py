"""What a caller does with the answers of a node, without a node."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ocpp_fast import Unreachable
from ocpp_fast.cluster.calls import Caller, OutgoingCall, Target

READY = b'{"t":7.5}'


class Asked:
    """A caller that begins a call at 0 s, and what it has sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.outcomes: list[Any] = []
        self.caller = Caller(lambda _: Target("n0", "i0", 1, "1.6"), self._publish, lambda _: True)
        self.begin(0.0)

    def begin(self, now: float) -> None:
        """Begin a call."""
        self.caller.start(
            OutgoingCall("CP1", "1.6", "Reset", b"{}", now=now, deadline=now + 30.0, ended=self.outcomes.append), now
        )

    def _publish(self, inbox: str, payload: bytes, number: int) -> None:
        self.sent.append((orjson.loads(payload.partition(b"\n")[0])["op"], number))

    @property
    def words(self) -> list[str]:
        """What it has said."""
        return [word for word, _ in self.sent]

    def ready(self, now: float) -> None:
        """The node answers the last question."""
        self.caller.answered(self.sent[-1][1], READY, now)


def test_a_node_that_answers_is_told_to_go() -> None:
    asked = Asked()
    asked.ready(0.2)
    assert asked.words == ["ask", "go"]


def test_a_node_that_has_answered_just_now_is_not_asked() -> None:
    asked = Asked()
    asked.ready(0.2)
    asked.begin(0.209)
    asked.begin(0.22)
    assert asked.words == ["ask", "go", "go", "ask"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([0.3], ["ask", "ask"]),
        ([0.3, 0.31], ["ask", "ask", "go"]),
        ([0.3, 0.9], ["ask", "ask", "ask"]),
        ([0.3, 0.9, 1.5], ["ask", "ask", "ask", "go"]),  # a node that is so far away
    ],
)
def test_a_node_whose_answer_was_late_is_asked_again(answers: list[float], words: list[str]) -> None:
    asked = Asked()
    for moment in answers:
        asked.ready(moment)
    assert asked.words == words


def test_however_often_a_node_is_asked_the_call_ends_after_two_seconds() -> None:
    asked = Asked()
    asked.ready(0.9)
    asked.ready(1.8)
    asked.caller.tick(1.99)
    assert not asked.outcomes
    asked.caller.tick(2.0)
    (outcome,) = asked.outcomes
    assert isinstance(outcome, Unreachable) and outcome.delivered is False
    assert not len(asked.caller)
