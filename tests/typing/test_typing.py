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
FOUND = re.compile(r"^[^:\n]*cases\.py:(\d+): error: .*\[(.*)\]$", re.MULTILINE)

pytestmark = pytest.mark.once


@pytest.fixture(params=["cases.py", "vendor_cases.py", "endpoint_cases.py"])
def cases(request: pytest.FixtureRequest) -> Path:
    """A file of cases."""
    return HERE / str(request.param)


@pytest.fixture
def bare(tmp_path: Path, cases: Path) -> Path:
    """A copy of the cases that ignores nothing."""
    path = tmp_path / cases.name
    path.write_text(IGNORE.sub("", cases.read_text("utf-8")), "utf-8")
    return path


def marked(cases: Path) -> list[tuple[int, str]]:
    """Return the lines that must be refused, with mypy's code of the error."""
    lines = enumerate(cases.read_text("utf-8").splitlines(), start=1)
    return [(number, match[1]) for number, line in lines if (match := IGNORE.search(line))]


def run(*command: str) -> str:
    """Return what a Python module prints, run where `ocpp_fast` is found."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    return done.stdout


def test_mypy_refuses_the_marked_lines_and_no_other(cases: Path, bare: Path, cache: pytest.Cache) -> None:
    options = ["--strict", "--config-file=", "--no-pretty", "--no-color-output", "--hide-error-context"]
    report = run("mypy", *options, f"--cache-dir={cache.mkdir('mypy')}", str(bare))
    assert [(int(line), code) for line, code in FOUND.findall(report)] == marked(cases), report


def test_pyright_refuses_the_marked_lines_and_no_other(cases: Path, bare: Path) -> None:
    pytest.importorskip("pyright")
    settings = {"include": [bare.name], "extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    bare.with_name("pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    report = run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(bare.parent))
    found = {each["range"]["start"]["line"] + 1 for each in json.loads(report)["generalDiagnostics"]}
    assert sorted(found) == [line for line, _ in marked(cases)], report
