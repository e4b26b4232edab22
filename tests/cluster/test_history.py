"""The judge of K2, K3 and K4 tells what nobody could know from what somebody should have known."""

from __future__ import annotations

import time
from math import inf
from typing import Any

import pytest

from .history import Cut, History, Socket


def delivered_to_the_oldest(cuts: list[dict[str, Any]], *ages: float) -> History:
    """A history in which the oldest of a station's connections gets a frame; each newer one is so many seconds old."""
    now, history = time.monotonic(), History()
    oldest = last = Socket("CP1", "n0", now - 60)
    for number, age in enumerate(ages, 1):
        last.newer = last = Socket("CP1", f"n{number}", now - age)
    for each in cuts:
        since = now - each["ago"]
        history.cuts.append(Cut([each["node"]], since, since + each["lasted"], each["forgets"]))
    history.delivered(history.begin().number, oldest)
    assert len(history.stale) + len(history.untold) == (ages[0] > 0.25)
    return history


def cut(node: str, ago: float, lasted: float = inf, *, forgets: bool = False) -> dict[str, Any]:
    """A node that is cut off: since when, and for how many seconds."""
    return {"node": node, "ago": ago, "lasted": lasted, "forgets": forgets}


STALE = {
    "no node was cut off": ([], (5.0,)),
    "another node was": ([cut("n0", 9.0), cut("n2", 9.0)], (5.0,)),
    "the owner was, but long before": ([cut("n1", 9.0, 2.0)], (5.0,)),
    "the owner was, but later": ([cut("n1", 4.0)], (5.0,)),
    "the owner was, and has caught up": ([cut("n1", 6.0, 2.0)], (5.0,)),
    "the newest owner was, but not the one before it": ([cut("n2", 9.0)], (5.0, 2.0)),
    "the one before the newest owner was": ([cut("n1", 9.0)], (5.0, 2.0)),
}
UNTOLD = {
    "the owner is cut off": ([cut("n1", 9.0)], (5.0,)),
    "the owner was cut off just now": ([cut("n1", 9.0, 8.0)], (5.0,)),
    "the owner was killed": ([cut("n1", 5.1, 0.5, forgets=True)], (5.0,)),
    "both owners are": ([cut("n1", 9.0), cut("n2", 9.0)], (5.0, 2.0)),
}


@pytest.mark.parametrize(("cuts", "ages"), STALE.values(), ids=STALE)
def test_a_frame_is_stale_if_somebody_could_know(cuts: list[dict[str, Any]], ages: tuple[float, ...]) -> None:
    assert delivered_to_the_oldest(cuts, *ages).stale


@pytest.mark.parametrize(("cuts", "ages"), UNTOLD.values(), ids=UNTOLD)
def test_a_frame_is_not_stale_if_nobody_could_know(cuts: list[dict[str, Any]], ages: tuple[float, ...]) -> None:
    assert delivered_to_the_oldest(cuts, *ages).untold


def test_a_frame_may_come_shortly_after_another_connection_was_opened() -> None:
    history = delivered_to_the_oldest([], 0.1)
    assert (history.stale, history.untold) == ([], [])


@pytest.mark.parametrize(
    ("outcome", "delivered", "late", "is_wrong"),
    [
        ("CallTimeout", None, 0.1, False),  # it was on its way
        ("CallTimeout", None, 0.5, True),
        ("CallTimeout", False, 0.1, True),
        ("ok", True, 0.1, True),
        ("DeliveryUnknown", None, 0.5, False),
    ],
)
def test_a_frame_that_comes_after_the_end_of_its_call_is_judged_by_that(
    outcome: str, delivered: bool | None, late: float, *, is_wrong: bool
) -> None:
    history = History()
    call = history.begin()
    call.outcome, call.delivered, call.ended = outcome, delivered, time.monotonic() - late
    history.delivered(call.number, Socket("CP1", "n0"))
    assert bool(history.violations) is is_wrong
