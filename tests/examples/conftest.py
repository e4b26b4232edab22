"""The databases that the CSMS of the examples runs on; and where it is imported from."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

NUMBERS = itertools.count(1)


class PostgreSQL:
    """A server on a Unix socket in a folder of its own; it refuses to run as root."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._user:
            shutil.chown(folder, "nobody")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs; raises `CalledProcessError` if that fails."""
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self._folder, stdout=subprocess.DEVNULL, check=True, **self._user)  # type: ignore[call-overload]  # user and groups

    def start(self) -> None:
        """Make a cluster, and return when it takes connections."""
        self.run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata=data")
        options = f"-F -c listen_addresses= -c unix_socket_directories={self._folder}"
        self.run("pg_ctl", "start", "--wait", "--pgdata=data", "--log=log", f"--options={options}")

    def stop(self) -> None:
        """End it, and the connections to it."""
        self.run("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata=data")

    def new_database(self) -> str:
        """Return the URL of an empty database."""
        name = f"csms{next(NUMBERS)}"
        self.run("createdb", f"--host={self._folder}", "--username=postgres", name)
        return f"postgresql+asyncpg://postgres@/{name}?host={self._folder}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server; skips where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin")
    with tempfile.TemporaryDirectory(prefix="csms") as folder:
        server = PostgreSQL(found[-1].parent, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/csms.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of an empty database, where it does not matter which."""
    return f"sqlite+aiosqlite:///{tmp_path}/csms.db"
