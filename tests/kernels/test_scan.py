"""`scan.h` in each of its forms does what a plain loop over bytes does; `scan.c` compares them."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("scan.c")
PORTABLE = "-DOCPP_FAST_PORTABLE"
BY_MACHINE = {"x86_64": "sse2", "aarch64": "neon", "arm64": "neon"}

pytestmark = [pytest.mark.once, pytest.mark.skipif(os.name != "posix", reason="scan.c wants mprotect")]


def first_of(*programs: str) -> str | None:
    return next((program for program in programs if shutil.which(program)), None)


def form_proved(tmp_path: Path, compiler: list[str], *runner: str) -> str:
    """Return the form of `scan.h` that such a build has, and in which all is right."""
    program = str(tmp_path / "scan")
    for command in ([*compiler, "-O3", "-Wall", "-o", program, str(SOURCE)], [*runner, program]):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def native() -> list[str]:
    """The compiler of this machine."""
    found = os.environ.get("CC") or first_of("cc", "gcc", "clang")
    if found is None:
        pytest.skip("there is no C compiler")
    return shlex.split(found)


def test_the_form_of_this_machine_and_the_portable_form_are_right(tmp_path: Path, native: list[str]) -> None:
    assert form_proved(tmp_path, native) == BY_MACHINE.get(platform.machine(), "portable")
    assert form_proved(tmp_path, [*native, PORTABLE]) == "portable"


@pytest.mark.slow
@pytest.mark.parametrize(("options", "form"), [([], "neon"), ([PORTABLE], "portable")])
def test_the_forms_of_an_emulated_arm_are_right(tmp_path: Path, options: list[str], form: str) -> None:
    compiler = first_of("aarch64-linux-gnu-gcc")
    emulator = first_of("qemu-aarch64-static", "qemu-aarch64")
    if compiler is None or emulator is None:
        pytest.skip("wants aarch64-linux-gnu-gcc and qemu-aarch64")
    assert form_proved(tmp_path, [compiler, "-static", *options], emulator) == form
