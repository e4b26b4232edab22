"""What holds for every test of this folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_unexpected_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test that leaves an error in the log; one that expects it takes it with `caplog.clear()`."""
    yield
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []
