"""The output: whatever the terminal can show, and whether anybody reads it or not."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = r"""
import sys
from ocpp_fast.cli.console import Console, complain
console = Console(quiet=False)
console.say("st\xe4te")
console.note("second")
Console(quiet=True).note("unwanted")
complain("done")
"""


def test_what_the_terminal_cannot_show_is_written_as_escapes() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True, text=True)
    assert ended.stdout.splitlines() == ["st\\xe4te", "second"]
    assert ended.stderr == "ocpp-fast: done\n"


def test_a_reader_that_went_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], stdout=writer, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "ocpp-fast: done\n")
