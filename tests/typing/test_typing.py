"""mypy and pyright see the types that the cases state, and refuse the lines that it marks, and no other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IGNORE = re.compile(r"  # type: ignore\[(.*)\]$", re.MULTILINE)
FOUND = re.compile(r"^(?:.*[/\\])?(\w*cases\.py):(\d+): error: .*\[(.*)\]$", re.MULTILINE)
CASES = ["cases.py", "endpoint_cases.py", "vendor_cases.py"]

pytestmark = pytest.mark.once


@pytest.fixture
def bare(tmp_path: Path) -> list[str]:
    """Copies of the cases that ignore nothing."""
    paths = [tmp_path / name for name in CASES]
    for path in paths:
        path.write_text(IGNORE.sub("", (HERE / path.name).read_text("utf-8")), "utf-8")
    return [str(path) for path in paths]


def marked() -> list[tuple[str, int, str]]:
    """Return the files and lines that must be refused, with mypy's code of the error."""
    return [
        (name, number, match[1])
        for name in CASES
        for number, line in enumerate((HERE / name).read_text("utf-8").splitlines(), start=1)
        if (match := IGNORE.search(line))
    ]


def run(*command: str) -> str:
    """Return what a Python module prints, run where `ocpp_fast` is found."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    return done.stdout


def test_mypy_refuses_the_marked_lines_and_no_other(bare: list[str], cache: pytest.Cache) -> None:
    options = ["--strict", "--config-file=", "--no-pretty", "--no-color-output", "--hide-error-context"]
    report = run("mypy", *options, f"--cache-dir={cache.mkdir('mypy')}", *bare)
    assert sorted((name, int(line), code) for name, line, code in FOUND.findall(report)) == marked(), report


def test_pyright_refuses_the_marked_lines_and_no_other(bare: list[str], tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    settings = {"include": CASES, "extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    report = run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(tmp_path))
    found = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in json.loads(report)["generalDiagnostics"]
    }
    assert sorted(found) == [(name, line) for name, line, _ in marked()], report
