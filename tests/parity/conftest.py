"""Parity wants both cores: without the compiled one there is nothing here to test."""

from collections.abc import Callable
from functools import partial

import pytest

from ocpp_fast._core import accelerated

collect_ignore_glob = [] if accelerated else ["test_*.py"]
REPORT = pytest.StashKey[str]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Call it with a line for the end of the run."""
    return partial(request.config.stash.__setitem__, REPORT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    line = config.stash.get(REPORT, "")
    if line:
        terminalreporter.line(line)
