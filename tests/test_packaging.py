"""What is built from the sources, and what it holds: wheels with and without the compiled core, the sdist."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parents[1]
PACKAGES = ("ocpp_fast", "ocpp_fast_ext")
BUILT_FROM = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
SCRATCH = shutil.ignore_patterns("__pycache__", "*.c", "*.so", "*.pyd")
NO_COMPILER = "false"
WITHOUT_SOURCES = (
    "tests/aio/test_calls.py",
    "tests/kernels/test_payload.py",
    "tests/test_frames.py",
    "tests/test_session.py",
)
"""A part of the suite that takes seconds, and needs nothing of ours but what is installed."""

posix_only = pytest.mark.skipif(os.name != "posix", reason="the compiler cannot be replaced by CC")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is built from."""
    copy = tmp_path_factory.mktemp("sources")
    for name in BUILT_FROM:
        shutil.copy2(ROOT / name, copy)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=SCRATCH)
    return copy


def build(sources: Path, kind: str, out: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Build a "wheel" or an "sdist" of `sources` into `out` with the tools of this environment."""
    shutil.rmtree(sources / "build", ignore_errors=True)  # setuptools would use again what it finds there
    inherited = {name: value for name, value in os.environ.items() if name not in ("CC", "OCPP_FAST_BUILD_EXT")}
    return subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(out), str(sources)],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def wheel(sources: Path, out: Path, **environment: str) -> Path:
    """The wheel that such a build gives."""
    result = build(sources, "wheel", out, **environment)
    assert result.returncode == 0, result.stdout
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def pure_wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(sources, tmp_path_factory.mktemp("pure"), OCPP_FAST_BUILD_EXT="no")


@pytest.fixture(scope="module")
def compiled_wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(sources, tmp_path_factory.mktemp("compiled"), OCPP_FAST_BUILD_EXT="yes")


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


def test_the_pure_wheel_runs_anywhere_and_has_every_module_and_its_types(pure_wheel: Path) -> None:
    assert pure_wheel.name.endswith("-py3-none-any.whl")
    assert files(pure_wheel) == set(in_tree(".py", ".pyi", "py.typed"))


def test_the_compiled_wheel_adds_the_kernels_and_nothing_else(pure_wheel: Path, compiled_wheel: Path) -> None:
    added = files(compiled_wheel) - files(pure_wheel)
    assert sorted(path.name.split(".")[0] for path in added) == kernels()
    assert {path.suffix for path in added} <= {".so", ".pyd"}


@pytest.fixture(params=["pure", "compiled"])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bool]:
    """Where a wheel is unpacked, and whether it has the compiled core."""
    folder = tmp_path / "installed"
    with zipfile.ZipFile(request.getfixturevalue(f"{request.param}_wheel")) as archive:
        archive.extractall(folder)
    return folder, request.param == "compiled"


def test_the_core_of_a_wheel_is_the_one_that_is_chosen(run_python: RunPython, installed: tuple[Path, bool]) -> None:
    folder, compiled = installed
    show = "from ocpp_fast import _core; print(_core.accelerated, _core.__file__)"
    result = run_python("-c", show, path=[folder])
    assert result.stdout.split() == [str(compiled), str(folder / "ocpp_fast/_core/__init__.py")]


def test_a_wheel_passes_what_needs_no_sources(
    run_python: RunPython, tmp_path: Path, installed: tuple[Path, bool]
) -> None:
    folder, compiled = installed
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=SCRATCH)
    expected = "yes" if compiled else "no"
    result = run_python("-m", "pytest", "-q", *WITHOUT_SOURCES, path=[folder], OCPP_FAST_EXPECT_ACCELERATED=expected)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_command_is_installed(pure_wheel: Path) -> None:
    with zipfile.ZipFile(pure_wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        assert "ocpp-fast = ocpp_fast.cli:main" in archive.read(name).decode()


@posix_only
def test_without_a_compiler_the_build_says_so_and_falls_back(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, CC=NO_COMPILER)
    assert result.returncode == 0
    assert "The compiled core of ocpp_fast could not be built" in result.stdout
    (path,) = tmp_path.glob("*.whl")
    assert files(path) == set(in_tree(".py", ".pyi", "py.typed"))


@posix_only
def test_without_a_compiler_a_build_that_was_demanded_fails(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, CC=NO_COMPILER, OCPP_FAST_BUILD_EXT="yes")
    assert result.returncode != 0
    assert not list(tmp_path.glob("*.whl"))


@posix_only
def test_a_pure_build_asks_for_no_compiler(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, CC=NO_COMPILER, OCPP_FAST_BUILD_EXT="no")
    assert result.returncode == 0
    assert "could not be built" not in result.stdout


def test_another_value_of_the_switch_is_refused(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "wheel", tmp_path, OCPP_FAST_BUILD_EXT="maybe")
    assert result.returncode != 0
    assert "OCPP_FAST_BUILD_EXT must be yes, no or unset, not 'maybe'" in result.stdout


def test_the_sdist_has_the_kernels_in_cython_and_in_c(sources: Path, tmp_path: Path) -> None:
    result = build(sources, "sdist", tmp_path)
    assert result.returncode == 0, result.stdout
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {PurePosixPath(name).relative_to(path.name.removesuffix(".tar.gz")) for name in archive.getnames()}
    generated = {PurePosixPath("ocpp_fast_ext", f"{kernel}.c") for kernel in kernels()}
    assert names >= {
        *generated,
        *map(PurePosixPath, BUILT_FROM),
        *in_tree(".py", ".pyi", ".pyx", ".pxd", "py.typed"),
    }
