"""The portable form of `scan.h`, which no test machine would choose by itself, passes what the chosen one passes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ocpp_fast._core import accelerated

from .sources import ROOT, copy_of_sources, quick_compiler

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

FUZZ_SECONDS = 5

pytestmark = [
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.skipif(not accelerated, reason="proved by the run that tests the compiled core"),
    pytest.mark.skipif(os.name != "posix", reason="the compiler takes no CFLAGS"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our packages whose compiled core has the portable form."""
    copy = copy_of_sources(tmp_path_factory.mktemp("portable"), generated=True)
    flags = f"{os.environ.get('CFLAGS', '')} -DOCPP_FAST_PORTABLE"
    result = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"],
        env={
            **os.environ,
            **quick_compiler(tmp_path_factory.mktemp("compiler")),
            "CFLAGS": flags,
            "OCPP_FAST_BUILD_EXT": "yes",
        },
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return copy


@pytest.fixture
def run_built(run_python: RunPython, built: Path) -> RunPython:
    """Run Python with the portable form; any other compiled core ends it."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_python(*arguments, path=[built, ROOT], OCPP_FAST_EXPECT_ACCELERATED="yes")

    show = run("-c", "from ocpp_fast_ext import payload; print(payload.scan_form, payload.__file__)")
    form, file = show.stdout.split()
    assert (form, Path(file).parents[1]) == ("portable", built)
    return run


def test_it_passes_the_tests_of_the_compiled_kernels(run_built: RunPython) -> None:
    kernels = [str(ROOT / "tests/kernels" / name) for name in ("test_compiled.py", "test_compiled_frames.py")]
    result = run_built("-m", "pytest", "-q", "-p", "no:cacheprovider", *kernels)
    assert result.returncode == 0, result.stdout


def test_it_has_parity_with_the_reference(run_built: RunPython) -> None:
    result = run_built("-m", "tests.parity", "--seconds", str(FUZZ_SECONDS))
    assert result.returncode == 0, result.stdout + result.stderr
