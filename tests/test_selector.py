"""Which core `ocpp_fast._core` chooses, each time in a process of its own."""

from collections.abc import Callable
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ocpp_fast import _core

RunPython = Callable[..., "CompletedProcess[str]"]

CHOICE = "from ocpp_fast import _core; print(_core.accelerated, _core.PendingTable.__module__)"
HIDE = "import sys; sys.modules['ocpp_fast_ext'] = None\n"
COMPILED = "True ocpp_fast_ext.correlation\n"
OTHER_KERNELS = ("decimals", "frames", "payload", "wire")
REFERENCE = "False ocpp_fast._core.correlation\n"

needs_extension = pytest.mark.skipif(
    find_spec("ocpp_fast_ext.correlation") is None, reason="the compiled core is not built"
)


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """An `ocpp_fast_ext` without modules, in a directory that `choose_beside_stub` searches first."""
    package = tmp_path / "stub" / "ocpp_fast_ext"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return package


@pytest.fixture
def choose_beside_stub(run_python: RunPython, stub: Path) -> RunPython:
    """Let the selector choose where `stub` stands in for the real `ocpp_fast_ext`."""
    return partial(run_python, "-c", CHOICE, path=[stub.parent, Path(_core.__file__).parents[2]])


@needs_extension
@pytest.mark.parametrize("value", [None, "", "0"])
def test_compiled_core_is_the_default(run_python: RunPython, value: str | None) -> None:
    assert run_python("-c", CHOICE, OCPP_FAST_NO_EXT=value).stdout == COMPILED


@pytest.mark.parametrize("value", ["1", "yes", "no", "00"])
def test_any_other_value_of_no_ext_selects_the_reference(run_python: RunPython, value: str) -> None:
    assert run_python("-c", CHOICE, OCPP_FAST_NO_EXT=value).stdout == REFERENCE


@pytest.mark.parametrize("modules", [(), OTHER_KERNELS], ids=["all", "one"])
def test_an_absent_module_selects_the_reference_for_all(
    choose_beside_stub: RunPython, stub: Path, modules: tuple[str, ...]
) -> None:
    for kernel in modules:
        (stub / f"{kernel}.py").touch()
    assert choose_beside_stub().stdout == REFERENCE


def test_an_absent_package_selects_the_reference(run_python: RunPython) -> None:
    assert run_python("-c", HIDE + CHOICE).stdout == REFERENCE


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        (f"correlation{EXTENSION_SUFFIXES[0]}", "not a library", "ImportError"),
        ("correlation.py", "import module_that_is_not_there", "No module named 'module_that_is_not_there'"),
    ],
)
def test_an_extension_that_can_not_be_imported_is_loud(
    choose_beside_stub: RunPython, stub: Path, file: str, content: str, error: str
) -> None:
    for kernel in OTHER_KERNELS:
        (stub / f"{kernel}.py").touch()
    (stub / file).write_text(content)
    result = choose_beside_stub()
    assert result.returncode != 0
    assert error in result.stderr


def test_no_ext_does_not_even_look_at_a_broken_extension(choose_beside_stub: RunPython, stub: Path) -> None:
    (stub / f"correlation{EXTENSION_SUFFIXES[0]}").write_bytes(b"not a library")
    assert choose_beside_stub(OCPP_FAST_NO_EXT="1").stdout == REFERENCE


FIRST_USE = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", stream=sys.stdout)
from ocpp_fast import CentralSystem, NoAuth, v16
for _ in range(2):
    CentralSystem(auth=NoAuth(), versions=[v16])
"""
SLOWER = "pure-Python core, which reads and writes messages 20 to 60 times slower"


def test_the_reference_core_is_logged_once_with_what_it_costs_and_why(run_python: RunPython) -> None:
    disabled = run_python("-c", FIRST_USE, OCPP_FAST_NO_EXT="1")
    assert disabled.stdout == f"INFO: {SLOWER}: OCPP_FAST_NO_EXT is set\n"
    absent = run_python("-c", HIDE + FIRST_USE)
    assert absent.stdout == f"WARNING: {SLOWER}: the compiled one was not built\n"


@needs_extension
def test_the_compiled_core_is_not_logged(run_python: RunPython) -> None:
    assert run_python("-c", FIRST_USE).stdout == ""


@needs_extension
def test_a_run_that_is_not_accelerated_as_expected_fails(run_python: RunPython) -> None:
    pytest_here = ("-m", "pytest", "--collect-only", __file__)
    result = run_python(*pytest_here, OCPP_FAST_NO_EXT="1", OCPP_FAST_EXPECT_ACCELERATED="yes")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "OCPP_FAST_EXPECT_ACCELERATED=yes, but accelerated is False" in result.stderr
