"""The simulator as others use it: from their own programs, without the shell."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ocpp_fast.simulator import Settings, simulated

from .csms import MODULES, Notes

PROGRAM = """
import sys
from ocpp_fast.simulator import Settings, simulated
print(simulated(Settings(id="CP001", url="ws://127.0.0.1", version=sys.argv[1]), None).charge_point.url)
unwanted = {"argparse", "ocpp_fast.cli", "ocpp_fast.v16", "ocpp_fast.v201", "ocpp_fast.v21"}
print(sorted(unwanted & set(sys.modules)))
"""


@pytest.mark.parametrize("number", list(MODULES))
def test_it_needs_no_shell_and_imports_only_the_version_that_a_station_speaks(number: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, number], capture_output=True, check=True, text=True)
    assert ended.stdout.splitlines() == ["ws://127.0.0.1/CP001", f"['ocpp_fast.v{number.replace('.', '')}']"]


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.6, 2\.0\.1 or 2\.1, not '1\.5'"):
        simulated(Settings(id="CP001", url="ws://127.0.0.1", version="1.5"), Notes())
