"""A station that is killed loses nothing that it has acknowledged; the short form of `python -m tests.queue.kills`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .kills import Outcome, judge, kill

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL"),
]


@pytest.mark.parametrize("ocpp", ["1.6", "2.0.1"])
def test_R43_killed_station_loses_nothing(ocpp: str, tmp_path: Path) -> None:
    outcome = kill(ocpp, 2, 1, tmp_path, cuts=0.05)
    assert outcome.faults == []
    assert outcome.acknowledged
    assert outcome.received >= outcome.acknowledged


def line(unique_id: str, seq_no: int, kind: str = "Updated", raw: str = "") -> dict[str, Any]:
    payload = {"transactionInfo": {"transactionId": "T"}, "seqNo": seq_no, "eventType": kind}
    return {"id": unique_id, "raw": raw, "payload": payload, "action": "TransactionEvent", "answer": {}, "cut": False}


FIRST, SECOND, LAST = line("a", 0, "Started"), line("b", 1), line("c", 2, "Ended")


@pytest.mark.parametrize(
    ("came", "acknowledged", "fault"),
    [
        ([FIRST, SECOND, LAST], [0, 1, 2], None),
        ([FIRST, SECOND, LAST], [0], None),
        ([FIRST, FIRST, SECOND, LAST], [0, 1, 2], None),
        ([FIRST, SECOND, LAST], [3], "lost its message 3"),
        ([FIRST, LAST], [], "out of order, twice or missing"),
        ([SECOND, FIRST, LAST], [], "out of order, twice or missing"),
        ([FIRST, line("d", 0, "Started"), SECOND, LAST], [], "out of order, twice or missing"),
        ([FIRST, SECOND], [], "ended 0 times"),
        ([FIRST, line("a", 0, "Started", raw="other"), SECOND, LAST], [], "came again with other bytes"),
        ([FIRST, FIRST, SECOND, SECOND, LAST], [], "more than there were kills"),
    ],
)
def test_what_the_judge_finds(came: list[Any], acknowledged: list[int], fault: str | None) -> None:
    found: Outcome = judge("2.0.1", 1, came, [["T", index] for index in acknowledged])
    assert len(found.faults) == (fault is not None)
    assert fault is None or fault in found.faults[0]
