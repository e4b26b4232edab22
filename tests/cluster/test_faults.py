"""Short forms of K2, K3 and K4: `python -m tests.cluster.faults` has the long ones."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from .faults import run

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]


@pytest.mark.parametrize(
    ("which", "options"),
    [
        ("k2", {"seconds": 2}),
        ("k3", {"seconds": 5, "pause": 4.5, "stations": 20}),
        ("k4", {"seconds": 6, "rate": 100, "servers": 3, "rest": 1.0}),
    ],
)
def test_at_most_once_and_what_failed_was_never_delivered(which: str, options: dict[str, Any], tmp_path: Path) -> None:
    history = asyncio.run(run(which, folder=tmp_path, **options))
    assert history.violations == []
    assert any(call.outcome == "ok" for call in history.calls)
