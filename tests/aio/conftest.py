"""What holds for every test of this folder."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest

from ocpp_fast import core

from ..authority import Authority


@pytest.fixture(autouse=True, scope="session")
def quick_collections() -> Iterator[None]:
    """What `harness.run` has set aside is returned in the end."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_unexpected_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test that leaves a warning or an error in the log; one that expects it does `caplog.clear()`."""
    yield
    bad = [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.WARNING]
    assert [each for each in bad if each != core] == []  # which is told once in a process, in any test


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA, made for this run."""
    return Authority(tmp_path_factory.mktemp("ca"))
