"""Each habit: what the strict policy says, which policy serves it, and what is told of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ocpp_fast import InvalidResult, Policy, Tolerance
from ocpp_fast.cli import main
from ocpp_fast.frames import Call, FrameFault
from ocpp_fast.testing import Pair, Side

from .shapes import EVERYTHING, Habit
from .stations import STATIONS

each_habit = pytest.mark.parametrize("habit", STATIONS, ids=lambda habit: habit.product)


def played(habit: Habit, policy: Policy) -> tuple[Side, str]:
    """Return the side that has received the frame, and what it says is wrong with it."""
    pair = Pair(habit.version.VERSION, central=policy, station=policy)
    side = getattr(pair, habit.at)
    call = side.call(habit.open_call) if habit.open_call is not None else None
    side.in_transit.clear()
    side.receive(habit.frame.encode())
    outcome = side.outcome(call) if call is not None else None
    if isinstance(outcome, InvalidResult):
        return side, f"{outcome.path or 'payload'}: expected {outcome.expected}"
    return side, next(
        (each.description for each in side.events if isinstance(each, FrameFault) and each.mended is None), ""
    )


def is_served(habit: Habit, side: Side) -> bool:
    """Whether the frame has come to its handler, or to the caller that waits for it."""
    if habit.open_call is None:
        return isinstance(side.handling, Call)
    return side.session.ignored_answers == 0 and any(type(each).__name__ == "CallEnded" for each in side.events)


@each_habit
def test_the_strict_policy_answers_by_the_documents(habit: Habit) -> None:
    _, said = played(habit, Policy())
    pattern = re.escape(habit.strict).replace(r"\*", ".*")
    assert re.fullmatch(pattern, said), said


@each_habit
def test_its_policy_serves_it_and_tells_what_it_did(habit: Habit) -> None:
    policy = habit.policy if habit.policy is not None else EVERYTHING
    side, said = played(habit, policy)
    told = [each.mended for each in side.events if isinstance(each, FrameFault) and each.mended is not None]
    assert [(each.rule, each.path, each.old, each.new) for each in told] == list(habit.told)
    if habit.policy is not None or not habit.strict:
        assert said == ""
        assert is_served(habit, side)
        assert side.in_transit == []
    else:  # nothing mends it
        assert re.fullmatch(re.escape(habit.strict).replace(r"\*", ".*"), said), said


@pytest.mark.parametrize("habit", [each for each in STATIONS if each.told], ids=lambda habit: habit.product)
def test_nothing_of_it_is_tolerated_in_another_action(habit: Habit) -> None:
    assert habit.policy is not None
    rows = [replace(row, action="NoAction") for row in habit.policy.rows]
    _, said = played(habit, Policy(tolerate=rows))
    assert said != ""


@each_habit
def test_the_lines_that_check_prints_let_it_pass(
    habit: Habit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    frames = [(habit.at != "central", habit.frame)]
    if habit.open_call is not None:
        call = [2, "1", habit.open_call.__action__.name, habit.open_call.to_dict()]
        frames.insert(0, (habit.at == "central", json.dumps(call)))
    lines = [json.dumps({"station": "A", "fromStation": not is_central, "frame": each}) for is_central, each in frames]
    log.write_text("\n".join(lines), "utf-8")
    main(["check", "--json", "--ocpp", habit.version.VERSION.number, str(log)])
    stations = json.loads(capsys.readouterr().out)["stations"]  # none if it looks like no frame of OCPP-J
    rows = [eval(each, {"Tolerance": Tolerance}) for station in stations for each in station["tolerate"]]
    if habit.at == "station":
        assert rows == []  # what the central system does wrong is ours to mend
        return
    side, said = played(habit, Policy(tolerate=rows))
    if habit.policy is not None or not habit.strict:
        assert said == ""
        assert is_served(habit, side)
    else:
        assert said != ""


def test_there_are_forty_habits_and_each_has_a_source_and_a_name() -> None:
    assert len(STATIONS) >= 40
    assert len({each.product for each in STATIONS}) == len(STATIONS)
    assert all(re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", each.source) for each in STATIONS)
