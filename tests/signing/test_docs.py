"""The page about signing does what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

RunPython = Callable[..., "CompletedProcess[str]"]

PAGE = Path(__file__).parents[2] / "docs" / "signing.md"


def test_the_example_runs(run_python: RunPython) -> None:
    example = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    ended = run_python("-c", example[1])
    assert (ended.stdout, ended.stderr) == (
        "CP001 signed its Heartbeat with ES256\na OnIdle reset, signed: True\nAccepted\n",
        "",
    )
