"""Copies of the sources, to be built or changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

__all__ = ["BUILT_FROM", "PACKAGES", "ROOT", "copy_of_sources"]

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("ocpp_fast", "ocpp_fast_ext")
BUILT_FROM: Final = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
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
