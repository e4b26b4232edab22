"""Copies of the sources, to be built or changed, and how they are built in little time."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from sysconfig import get_config_var, get_platform
from typing import Final

__all__ = ["BUILT_FROM", "COMPILER", "PACKAGES", "ROOT", "copy_of_sources", "quick_compiler"]

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("ocpp_fast", "ocpp_fast_ext")
BUILT_FROM: Final = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
COMPILER: Final[str] = os.environ.get("CC") or get_config_var("CC") or "cl"
_BINARY: Final = ("*.so", "*.pyd")


def copy_of_sources(target: Path, *more: str, generated: bool = False, built: bool = False) -> Path:
    """Copy what the package is built from, and `more`, into a folder, but nothing that was made of it.

    With `generated`, the C that Cython made is copied, too, and made again only of what changes; with `built`, so is
    the compiled core.
    """
    made = (*(() if generated else ("*.c",)), *(() if built else _BINARY))
    for name in (*BUILT_FROM, *PACKAGES, *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", *made))
        else:
            shutil.copy2(ROOT / name, target)
    if built:
        folder = target / f"build/lib.{get_platform()}-{sys.implementation.cache_tag}/ocpp_fast_ext"
        folder.mkdir(parents=True)
        for pattern in _BINARY:
            for path in (ROOT / "ocpp_fast_ext").glob(pattern):
                shutil.copy2(path, folder)  # where setuptools looks for what need not be built again
    return target


def quick_compiler(folder: Path) -> dict[str, str]:
    """Return the variable that has a build optimise nothing, which takes a third of the time; none on Windows."""
    if os.name != "posix":
        return {}
    script = folder / "cc"
    script.write_text(f'#!/bin/sh\nexec {COMPILER} "$@" -O0\n', "utf-8")  # the last option counts
    script.chmod(0o755)
    return {"CC": str(script)}
