"""Copies of the sources, to be built or changed, and how they are built in little time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from sysconfig import get_config_var
from typing import Final

__all__ = ["BUILT_FROM", "COMPILER", "PACKAGES", "ROOT", "copy_of_sources", "quick_compiler"]

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("ocpp_fast", "ocpp_fast_ext")
BUILT_FROM: Final = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
COMPILER: Final[str] = os.environ.get("CC") or get_config_var("CC") or "cl"
_BUILT: Final = ("*.c", "*.so", "*.pyd")


def copy_of_sources(target: Path, *more: str, built: bool = False) -> Path:
    """Copy what the package is built from, and `more`, into a folder; what is built of it only if `built`."""
    ignore = shutil.ignore_patterns("__pycache__", *(() if built else _BUILT))
    for name in (*BUILT_FROM, *PACKAGES, *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=ignore)
        else:
            shutil.copy2(ROOT / name, target)
    return target


def quick_compiler(folder: Path) -> dict[str, str]:
    """Return the variable that has a build optimise nothing, which takes a third of the time; none on Windows."""
    if os.name != "posix":
        return {}
    script = folder / "cc"
    script.write_text(f'#!/bin/sh\nexec {COMPILER} "$@" -O0\n', "utf-8")  # the last option counts
    script.chmod(0o755)
    return {"CC": str(script)}
