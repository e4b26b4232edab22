"""The WebSocket is what Autobahn expects it to be, on both sides: cases 1 to 7 and 10, and `make autobahn` the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..aio.harness import scenario
from .fuzzing import KOSOKU, ROLES, SHORT, fuzz, unexpected

pytestmark = pytest.mark.skipif(KOSOKU is None, reason="there is no kosoku for this machine")


@pytest.mark.parametrize("role", ROLES)
@scenario
async def test_every_case_is_judged_as_expected(role: str, tmp_path: Path) -> None:
    results = await fuzz(role, SHORT, tmp_path)
    assert len(results) == SHORT.size
    assert unexpected(role, results) == {}
