"""Starts fuzz targets: import this before the library, so that its compiled core finds libFuzzer's counters."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

_flags = sys.getdlopenflags()
sys.setdlopenflags(_flags | os.RTLD_GLOBAL)
import atheris  # noqa: E402
import atheris.core_with_libfuzzer  # noqa: E402
from atheris import instrument_imports  # noqa: E402

sys.setdlopenflags(_flags)

__all__ = ["fuzz", "instrument_imports"]


def fuzz(play: Callable[[bytes], None]) -> None:
    """Play inputs, as libFuzzer's options on the command line say; whatever is raised is a finding."""
    atheris.Setup(sys.argv, play, internal_libfuzzer=True)
    atheris.Fuzz()
