"""One run of the fuzzer. `python -m tests.parity` runs it for longer.

OCPP_FAST_FUZZ_CASES says how many cases, OCPP_FAST_FUZZ_SEED with which seed; pytest's report ends with both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import SystemRandom

import pytest

from .fuzz import Fuzz

CASES = int(os.environ.get("OCPP_FAST_FUZZ_CASES") or 100_000)
SEED = int(os.environ.get("OCPP_FAST_FUZZ_SEED") or SystemRandom().randrange(2**32))


@pytest.mark.slow
def test_what_the_compiled_core_accepts_the_reference_accepts_with_an_equal_value(
    report: Callable[[str], None],
) -> None:
    fuzz = Fuzz(SEED)
    report(f"parity: seed {SEED}")
    fuzz.run(cases=CASES)
    report(f"parity: seed {SEED}: {fuzz.report()}")
