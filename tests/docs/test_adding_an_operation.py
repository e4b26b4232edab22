"""What docs/adding_an_operation.md tells to do can be done, and does what it says."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from sysconfig import get_path
from typing import Final

import pytest

from ..conftest import RunPython
from ..sources import COMPILER, ROOT, copy_of_sources, quick_compiler
from .exercise import edit, follow

PAGE: Final = (ROOT / "docs" / "adding_an_operation.md").read_text("utf-8")

needs_compiler = pytest.mark.skipif(
    shutil.which(COMPILER.split()[0]) is None or not Path(get_path("include"), "Python.h").exists(),
    reason="no C compiler, or no headers of Python's",
)


@pytest.mark.once
@pytest.mark.slow
@needs_compiler
def test_the_reference_core_learns_it_and_then_the_compiled_one(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, run_python: RunPython
) -> None:
    clone = copy_of_sources(tmp_path, "tests", generated=True, built=True)
    compiler = quick_compiler(tmp_path_factory.mktemp("compiler"))
    follow(PAGE, clone, partial(run_python, PYTHONPATH=str(clone), OCPP_FAST_EXPECT_ACCELERATED=None, **compiler))


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
