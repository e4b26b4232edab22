"""What docs/adding_an_operation.md tells to do can be done, and does what it says."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from sysconfig import get_config_var, get_path
from typing import Final

import pytest

from ..conftest import RunPython
from ..sources import ROOT, copy_of_sources
from .exercise import edit, follow

PAGE: Final = (ROOT / "docs" / "adding_an_operation.md").read_text("utf-8")
PYTHON_PART: Final = PAGE.partition("## 4. ")[0]
COMPILER: Final = os.environ.get("CC") or get_config_var("CC") or "cl"

needs_compiler = pytest.mark.skipif(
    shutil.which(COMPILER.split()[0]) is None or not Path(get_path("include"), "Python.h").exists(),
    reason="no C compiler, or no headers of Python's",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the sources, with what is built of them in place: only what is changed is built again."""
    return copy_of_sources(tmp_path, "tests", built=True)


@pytest.fixture
def run_in_clone(run_python: RunPython, clone: Path) -> RunPython:
    """Run Python on the copy, on whichever core is there unless told otherwise."""
    return partial(run_python, PYTHONPATH=str(clone), OCPP_FAST_EXPECT_ACCELERATED=None)


@pytest.mark.once
def test_the_reference_core_learns_it(clone: Path, run_in_clone: RunPython) -> None:
    follow(PYTHON_PART, clone, run_in_clone)


@pytest.mark.once
@pytest.mark.slow
@needs_compiler
def test_both_cores_learn_it(clone: Path, run_in_clone: RunPython) -> None:
    follow(PAGE, clone, run_in_clone)


# Whoever moves a line that the page names is told so


def test_a_place_that_is_not_there_or_not_unique_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n  two\ntwo\n")
    for line, message in {"three": "a.py has 0 lines `three`", "two": "a.py has 2 lines `two`"}.items():
        with pytest.raises(AssertionError, match=message):
            edit(tmp_path, "a.py", "above", line, "")
    with pytest.raises(AssertionError, match=r"there is no b\.py"):
        edit(tmp_path, "b.py", "above", "one", "")


@pytest.mark.parametrize("words", ["Somewhere:", "In `a.py`, near `one`:", "In `a.py`, above `one`, we write:"])
def test_a_block_without_a_place_is_told(words: str, tmp_path: Path, run_python: RunPython) -> None:
    with pytest.raises(AssertionError, match="where does the block go"):
        follow(f"{words}\n\n```python\none\n```\n", tmp_path, run_python)


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("python -c 1/0", "ZeroDivisionError"),
        ("python -c 1/0  # fails: NameError", "ZeroDivisionError"),
        ("python -c 1  # fails: NameError", "fails: NameError"),
    ],
)
def test_a_command_that_does_not_do_as_told_is_told(
    code: str, printed: str, tmp_path: Path, run_python: RunPython
) -> None:
    with pytest.raises(AssertionError, match=printed):
        follow(f"Now:\n\n```sh\n{code}\n```\n", tmp_path, run_python)
