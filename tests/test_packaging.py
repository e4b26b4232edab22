"""The contents of what is built from the sources: wheels with and without the compiled core, the sdist."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

import ocpp_fast

from .sources import BUILT_FROM, PACKAGES, ROOT, copy_of_sources, quick_compiler

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

NO_COMPILER = "false"
WITHOUT_SOURCES = ("tests/aio/test_calls.py", "tests/test_frames.py", "tests/test_session.py")
"""A part of the suite that takes seconds, and needs nothing of ours but what is installed."""

pytestmark = pytest.mark.once
posix_only = pytest.mark.skipif(os.name != "posix", reason="the compiler cannot be replaced by CC")


class Build(NamedTuple):
    """What came of a build: whether it succeeded, what it said, and what it left."""

    succeeded: bool
    output: str
    made: list[Path]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is built from; what Cython makes of it stays there."""
    return copy_of_sources(tmp_path_factory.mktemp("sources"))


def build(sources: Path, kind: str, out: Path, **environment: str) -> Build:
    """Build a "wheel" or an "sdist" of `sources` into `out` with the tools of this environment."""
    shutil.rmtree(sources / "build", ignore_errors=True)  # setuptools would use again what it finds there
    inherited = {name: value for name, value in os.environ.items() if name not in ("CC", "OCPP_FAST_BUILD_EXT")}
    result = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(out), str(sources)],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Build(result.returncode == 0, result.stdout, [*out.glob("*.whl"), *out.glob("*.tar.gz")])


@pytest.fixture(scope="module")
def pure(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(sources, "wheel", tmp_path_factory.mktemp("pure"), OCPP_FAST_BUILD_EXT="no", CC=NO_COMPILER)


@pytest.fixture(scope="module")
def compiled(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    compiler = quick_compiler(tmp_path_factory.mktemp("compiler"))
    return build(sources, "wheel", tmp_path_factory.mktemp("compiled"), OCPP_FAST_BUILD_EXT="yes", **compiler)


def files(path: Path) -> set[PurePosixPath]:
    """The files of our packages in a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {PurePosixPath(name) for name in archive.namelist() if name.split("/")[0] in PACKAGES}


def in_tree(*endings: str) -> Iterator[PurePosixPath]:
    """The files of our packages in the tree that have one of these endings."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.name.endswith(endings):
                yield PurePosixPath(path.relative_to(ROOT).as_posix())


def kernels() -> list[str]:
    """The names of the compiled kernels."""
    return sorted(path.stem for path in in_tree(".pyx"))


def test_the_pure_wheel_runs_anywhere_has_every_module_and_its_types_and_asks_for_no_compiler(pure: Build) -> None:
    assert pure.succeeded, pure.output
    assert "could not be built" not in pure.output
    (wheel,) = pure.made
    assert wheel.name == f"ocpp_fast-{ocpp_fast.__version__}-py3-none-any.whl"
    assert files(wheel) == set(in_tree(".py", ".pyi", "py.typed"))


def test_the_compiled_wheel_adds_the_kernels_and_nothing_else(pure: Build, compiled: Build) -> None:
    assert compiled.succeeded, compiled.output
    added = files(compiled.made[0]) - files(pure.made[0])
    assert sorted(path.name.split(".")[0] for path in added) == kernels()
    assert {path.suffix for path in added} <= {".so", ".pyd"}


@pytest.mark.parametrize("kind", ["pure", "compiled"])
def test_a_wheel_chooses_its_core_and_passes_what_needs_no_sources(
    request: pytest.FixtureRequest, run_python: RunPython, tmp_path: Path, kind: str
) -> None:
    folder, accelerated = tmp_path / "installed", kind == "compiled"
    with zipfile.ZipFile(request.getfixturevalue(kind).made[0]) as archive:
        archive.extractall(folder)
    show = "from ocpp_fast import _core; print(_core.accelerated, _core.__file__)"
    shown = run_python("-c", show, path=[folder])
    assert shown.stdout.split() == [str(accelerated), str(folder / "ocpp_fast/_core/__init__.py")]
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    expected = "yes" if accelerated else "no"
    result = run_python("-m", "pytest", "-q", *WITHOUT_SOURCES, path=[folder], OCPP_FAST_EXPECT_ACCELERATED=expected)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_command_is_installed(pure: Build) -> None:
    with zipfile.ZipFile(pure.made[0]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        assert "ocpp-fast = ocpp_fast.cli:main" in archive.read(name).decode()


@posix_only
def test_without_a_compiler_the_build_says_so_and_falls_back(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, CC=NO_COMPILER)
    assert result.succeeded
    assert "The compiled core of ocpp_fast could not be built" in result.output
    assert result.made[0].name.endswith("-py3-none-any.whl")  # or a cache would take it for a compiled one
    assert files(result.made[0]) == set(in_tree(".py", ".pyi", "py.typed"))


@posix_only
def test_without_a_compiler_a_build_that_was_demanded_fails(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, CC=NO_COMPILER, OCPP_FAST_BUILD_EXT="yes")
    assert (result.succeeded, result.made) == (False, [])


def test_another_value_of_the_switch_is_refused(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, OCPP_FAST_BUILD_EXT="maybe")
    assert not result.succeeded
    assert "OCPP_FAST_BUILD_EXT must be yes, no or unset, not 'maybe'" in result.output


def test_the_sdist_has_the_kernels_in_cython_and_in_c(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "sdist", tmp_path)
    assert result.succeeded, result.output
    (path,) = result.made
    with tarfile.open(path) as archive:
        names = {PurePosixPath(name).relative_to(path.name.removesuffix(".tar.gz")) for name in archive.getnames()}
    generated = {PurePosixPath("ocpp_fast_ext", f"{kernel}.c") for kernel in kernels()}
    sources_of_it = {*map(PurePosixPath, BUILT_FROM), *in_tree(".py", ".pyi", ".pyx", ".pxd", "py.typed")}
    assert names >= generated | sources_of_it


def test_the_lowest_versions_that_are_allowed_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["signing"], *extras["speed"], *extras["load"], *extras["cluster"]]
    lowest = (ROOT / "tests" / "lowest.txt").read_text("utf-8").splitlines()
    assert {re.sub(r"\[.*\]", "", each.split(",")[0].replace(">=", "==")) for each in needed} == set(lowest[1:])
