"""Parity wants both cores: without the compiled one there is nothing here to test."""

import pytest

from ocpp_fast._core import accelerated

collect_ignore_glob = [] if accelerated else ["test_*.py"]
REPORT = pytest.StashKey[str]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> "Report":
    """Call it with a line for the end of the run."""
    return Report(request.config)


class Report:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __call__(self, line: str) -> None:
        self._config.stash[REPORT] = line


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    line = config.stash.get(REPORT, "")
    if line:
        terminalreporter.line(line)
